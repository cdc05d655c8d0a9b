//! For how long are the rows of a source kept? The settings, and what the command line puts in their place.

use std::fmt;

use crate::clock::{DAY_US, Micros};
use crate::config::{RetentionConfig, RuleConfig};
use crate::day::Day;
use crate::store::Source;

/// What decides which rows go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    settings: RetentionConfig,
    /// What the command line gives in the place of every `keep_days`.
    keep_days: Option<u32>,
}

/// How long rows are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Terms {
    /// Days after which they may go, by date and last ingest.
    pub keep_days: Option<u32>,
    /// Days after which they must go, by date alone.
    pub max_days: Option<u32>,
    /// `keep_days` as the settings alone have it.
    own_keep_days: Option<u32>,
}

/// Why rows go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Date and last ingest are older than so many days.
    KeepDays(u32),
    /// The date is older than so many days.
    MaxDays(u32),
    /// The live files take more than `max_bytes`.
    MaxBytes,
    /// Less than `min_free` is free.
    MinFree,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeepDays(days) => write!(f, "keep_days {days}"),
            Self::MaxDays(days) => write!(f, "max_days {days}"),
            Self::MaxBytes => f.write_str("max_bytes"),
            Self::MinFree => f.write_str("min_free"),
        }
    }
}

/// How many days ago a day was; negative for days to come.
pub(super) fn age(day: Day, now: Micros) -> i64 {
    i64::from(Day::of(now).0) - i64::from(day.0)
}

fn days_us(days: u32) -> Micros {
    Micros::from(days).saturating_mul(DAY_US)
}

impl Policy {
    /// The policy of the settings; `keep_days` takes the place of every `keep_days` in them.
    pub fn new(settings: &RetentionConfig, keep_days: Option<u32>) -> Self {
        Self { settings: settings.clone(), keep_days }
    }

    /// The settings.
    pub fn settings(&self) -> &RetentionConfig {
        &self.settings
    }

    /// How long retired files stay in the trash.
    pub fn grace_us(&self) -> Micros {
        days_us(self.settings.trash_days)
    }

    /// Whether nothing ever expires by it.
    pub fn keeps_everything(&self) -> bool {
        let RetentionConfig { keep_days, max_days, rule, max_bytes, min_free, .. } = &self.settings;
        let timed = self.keep_days.or(*keep_days).or(*max_days).is_some() || !rule.is_empty();
        !timed && max_bytes.is_none() && min_free.is_none()
    }

    /// How long the rows of a source are kept. Sources with equal terms may share a file.
    pub fn terms(&self, source: &Source) -> Terms {
        let rule = self.settings.rule.iter().find(|rule| matches(rule, source));
        let (keep, max) = rule.map_or((None, None), |rule| (rule.keep_days, rule.max_days));
        self.with(keep, max)
    }

    /// How long rows are kept that no rule speaks of.
    pub fn general_terms(&self) -> Terms {
        self.with(None, None)
    }

    fn with(&self, keep: Option<u32>, max: Option<u32>) -> Terms {
        let own_keep_days = keep.or(self.settings.keep_days);
        Terms {
            keep_days: self.keep_days.or(own_keep_days),
            max_days: max.or(self.settings.max_days),
            own_keep_days,
        }
    }
}

fn matches(rule: &RuleConfig, source: &Source) -> bool {
    rule.source.as_ref().is_none_or(|glob| glob.matches_path(&source.path))
        && rule.format.as_ref().is_none_or(|format| *format == source.format)
}

impl Terms {
    /// Why rows of a day go now, if they do: both its date and its last ingest have to be older than `keep_days`, or its
    /// date alone than `max_days`.
    pub fn expired(&self, day: Day, ingested_us: Micros, now: Micros) -> Option<Cause> {
        let age = age(day, now);
        let over = |days: &u32| age > i64::from(*days);
        let settled = |days: &u32| ingested_us.saturating_add(days_us(*days)) <= now;
        let max = self.max_days.filter(over).map(Cause::MaxDays);
        max.or_else(|| self.keep_days.filter(over).filter(settled).map(Cause::KeepDays))
    }

    /// Whether they go by the settings alone, whatever the command line says.
    pub(super) fn expired_by_settings(&self, day: Day, ingested_us: Micros, now: Micros) -> bool {
        let own = Self { keep_days: self.own_keep_days, ..*self };
        own.expired(day, ingested_us, now).is_some()
    }

    /// Whether the settings alone keep rows for less than so many days.
    pub(super) fn shorter_than(&self, days: i64) -> bool {
        let shorter = |own: Option<u32>| own.is_some_and(|own| i64::from(own) < days);
        shorter(self.own_keep_days) || shorter(self.max_days)
    }

    /// The first day on which they go, and whether it is the last ingest that they wait for; none if they stay for ever.
    pub fn expires(&self, day: Day, ingested_us: Micros) -> Option<(Day, bool)> {
        let after = |days: u32| {
            let days = i32::try_from(days).unwrap_or(i32::MAX);
            Day(day.0.saturating_add(days).saturating_add(1))
        };
        let keep = self.keep_days.map(|days| {
            let settled = Day::of(ingested_us.saturating_add(days_us(days)));
            (after(days).max(settled), settled > after(days))
        });
        let max = self.max_days.map(|days| (after(days), false));
        keep.into_iter().chain(max).min()
    }
}
