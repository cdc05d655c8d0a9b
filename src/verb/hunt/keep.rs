//! Which findings are new? Those that the store does not keep yet; it keeps them by day, with the hunts of that day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use detect::finding::{Finding, Level};
use detect::hunt::Allow;
use storage::Micros;
use storage::day::Day;
use storage::ledger::record::TableKey;
use storage::ledger::text::Text;
use storage::store::{State, Store};
use storage::tables::{self, Kind, Place, Put};

use super::super::restore;
use super::run::{Found, Request, hunt, read_allow};
use super::{catalogue, days, page, sweep, tell};
use crate::args::hunt::Nightly;
use crate::context::Context;
use crate::exit::usage;

/// How many days back a finding is the same story.
const STORY_DAYS: i32 = 14;

/// The table of findings, as the ledger names it.
const TABLE: &str = "findings";

fn key(day: Day) -> TableKey {
    TableKey { day: Some(day), name: String::new(), table: TABLE.to_owned() }
}

/// What was due, and what came of it.
#[derive(Debug, Default)]
pub(in crate::verb) struct Kept {
    /// Days that were hunted.
    pub(in crate::verb) days: u64,
    /// Days that were never hunted, and are too old for the first run.
    pub(in crate::verb) never: u64,
    /// Days that got summaries.
    pub(in crate::verb) summarized: u64,
    /// New findings, by level.
    pub(in crate::verb) new: BTreeMap<Level, u64>,
    /// Findings that were known and have changed.
    pub(in crate::verb) updated: u64,
    /// Hunts that could find nothing, with the columns that are missing.
    pub(in crate::verb) skipped: Vec<(String, Vec<String>)>,
    /// Hunts that went wrong.
    pub(in crate::verb) failed: Vec<(String, String)>,
}

/// The days that were not hunted since they last changed, and how many are left out because they are older than the
/// first run looks back.
fn due(state: &State, first_days: u32) -> (Vec<Day>, u64) {
    let newest = state.days.keys().next_back().copied().unwrap_or(Day(0));
    let reach = i32::try_from(first_days).unwrap_or(i32::MAX);
    let began = state.tables(TABLE).map(|kept| kept.seq).min();
    let (mut due, mut never) = (Vec::new(), 0);
    for (day, held) in &state.days {
        match state.tables.get(&key(*day)) {
            Some(kept) if state.is_current(kept) => {}
            Some(_) => due.push(*day),
            // What came in after the first run counts, however old it is.
            None if began.is_some_and(|began| held.changed > began) => due.push(*day),
            None if newest.0.saturating_sub(day.0) < reach => due.push(*day),
            None => never += 1,
        }
    }
    (due, never)
}

/// Days that follow each other, as ranges.
pub(super) fn ranges(days: &[Day]) -> Vec<(Day, Day)> {
    let mut ranges: Vec<(Day, Day)> = Vec::new();
    for day in days {
        match ranges.last_mut() {
            Some((_, last)) if last.0 + 1 == day.0 => *last = *day,
            _ => ranges.push((*day, *day)),
        }
    }
    ranges
}

/// The findings that a version keeps of a day.
fn known(store: &Store, state: &State, day: Day) -> Result<BTreeMap<String, Finding>> {
    let Some(kept) = state.tables.get(&key(day)) else { return Ok(BTreeMap::new()) };
    let bytes = tables::read(store, kept)?;
    let lines = std::str::from_utf8(&bytes).context("findings that are no text")?.lines();
    let read = lines.map(|line| {
        let finding: Finding =
            serde_json::from_str(line).context("a finding that can't be read")?;
        Ok((finding.id.clone(), finding))
    });
    read.collect()
}

/// `hunt run --new`: the days within the bounds that have changed, or were never hunted.
pub(super) fn only_new(
    context: &Context,
    store: &Arc<Store>,
    request: &Request,
    (since, until): (Option<Micros>, Option<Micros>),
) -> Result<Found> {
    let state = store.refresh()?;
    let within = |day: &Day| {
        since.is_none_or(|since| day.start() >= since)
            && until.is_none_or(|until| day.end() <= until)
    };
    // Whoever names a range means all of it.
    let reach = if since.is_some() { u32::MAX } else { store.config().hunts.first_days };
    let days: Vec<Day> = due(&state, reach).0.into_iter().filter(within).collect();
    let mut found = over(context, store, request, &days)?;
    found.bounds = (since, until);
    Ok(found)
}

/// Hunts these days and keeps what is found; tells what is new or has changed.
fn over(context: &Context, store: &Arc<Store>, request: &Request, days: &[Day]) -> Result<Found> {
    let mut told = Found { new: Some(BTreeSet::new()), ..Found::default() };
    for (first, last) in ranges(days) {
        let state = store.refresh()?;
        // Everything is kept, whatever is told.
        let mut all = Request { min_level: Level::Informational, ..request.clone() };
        for day in (1..=STORY_DAYS).filter_map(|back| first.0.checked_sub(back)) {
            all.known.extend(known(store, &state, Day(day))?.into_values());
        }
        let found = hunt(context, store, &all, (Some(first.start()), Some(last.end())))?;
        let mut by_day: BTreeMap<Day, Vec<Finding>> = BTreeMap::new();
        for finding in found.findings {
            by_day.entry(finding.day).or_default().push(finding);
        }
        let range = days.iter().filter(|day| (first..=last).contains(day));
        let mut puts = Vec::new();
        for day in range {
            let mut kept = known(store, &state, *day)?;
            for finding in by_day.remove(day).unwrap_or_default() {
                note(&mut told, kept.get(&finding.id), &finding, request.min_level);
                kept.insert(finding.id.clone(), finding);
            }
            puts.push(put(*day, state.records, &kept)?);
        }
        let words = Text::by(&context.by);
        let options = restore::commit_options(context);
        tables::change(store, Kind::Table, puts, Vec::new(), words, &options)?;
        told.ran = found.ran;
        told.skipped = found.skipped;
        told.failed = found.failed;
        told.excused += found.excused;
    }
    Ok(told)
}

/// Keeps findings that came of something else than the hunts of their days; tells what is new or has changed. A day that
/// was not hunted yet stays due.
pub(super) fn add(
    context: &Context,
    store: &Arc<Store>,
    found: Found,
    least: Level,
) -> Result<Found> {
    let state = store.refresh()?;
    let mut told = Found { new: Some(BTreeSet::new()), findings: Vec::new(), ..found };
    let mut by_day: BTreeMap<Day, Vec<Finding>> = BTreeMap::new();
    for finding in found.findings {
        by_day.entry(finding.day).or_default().push(finding);
    }
    let mut puts = Vec::new();
    for (day, findings) in by_day {
        let mut kept = known(store, &state, day)?;
        for finding in findings {
            note(&mut told, kept.get(&finding.id), &finding, least);
            kept.insert(finding.id.clone(), finding);
        }
        let basis = state.tables.get(&key(day)).map_or(0, |kept| kept.table.basis);
        puts.push(put(day, basis, &kept)?);
    }
    if !puts.is_empty() {
        let words = Text::by(&context.by);
        let options = restore::commit_options(context);
        tables::change(store, Kind::Table, puts, Vec::new(), words, &options)?;
    }
    Ok(told)
}

/// Tells a finding if it is not known as it is.
fn note(told: &mut Found, known: Option<&Finding>, finding: &Finding, least: Level) {
    if finding.level < least {
        told.below += 1;
        return;
    }
    let same = |known: &Finding| {
        (known.count, known.level, known.first, known.last)
            == (finding.count, finding.level, finding.first, finding.last)
    };
    match known {
        Some(known) if same(known) => return,
        Some(_) => {}
        None => told.new.get_or_insert_default().extend([finding.id.clone()]),
    }
    told.findings.push(finding.clone());
}

fn put(day: Day, basis: u64, findings: &BTreeMap<String, Finding>) -> Result<Put> {
    let mut content = Vec::new();
    for finding in findings.values() {
        serde_json::to_writer(&mut content, finding)?;
        content.push(b'\n');
    }
    Ok(Put {
        place: Place::Findings,
        key: key(day),
        rows: findings.len() as u64,
        basis,
        input: None,
        skipped: 0,
        content,
    })
}

/// What a night does: summaries for days that have none, hunts over days that have changed.
pub(in crate::verb) fn night(context: &Context, args: &Nightly) -> Result<Kept> {
    let store = context.open_quietly()?;
    let settings = context.settings(&store)?.hunts;
    let min_level = Level::parse(&settings.min_level).ok_or_else(|| {
        usage(format!("`{}` is no level (dwell.toml, hunts)", settings.min_level))
    })?;
    let below = |path: &std::path::PathBuf| store.dir().join(path);
    let mut allow = Allow::default();
    for path in &settings.allow {
        allow.entries.extend(read_allow(&below(path))?.entries);
    }
    let hunts = catalogue::all(settings.dir.as_ref().map(below).as_deref())?;
    let request = Request {
        hunts,
        params: Vec::new(),
        allow,
        min_level,
        indicators_since: None,
        known: Vec::new(),
    };
    let stale = days::stale(&store.state());
    days::summarize(context, &store, &stale)?;
    let (days, never) = due(&*store.refresh()?, settings.first_days);
    let mut found = over(context, &store, &request, &days)?;
    if let Some(more) = sweep::news(context, &store, min_level)? {
        found.findings.extend(more.findings);
        found.new.get_or_insert_default().extend(more.new.unwrap_or_default());
        found.failed.extend(more.failed);
    }
    if let Some(path) = &args.findings {
        tell::append(path, &found)?;
    }
    if let Some(path) = &args.html {
        page::write(context, &store, &found, path)?;
    }
    let is_new =
        |finding: &&Finding| found.new.as_ref().is_some_and(|new| new.contains(&finding.id));
    let mut kept = Kept {
        days: days.len() as u64,
        never,
        summarized: stale.len() as u64,
        skipped: found.skipped.clone(),
        failed: found.failed.clone(),
        ..Kept::default()
    };
    for finding in found.findings.iter().filter(is_new) {
        *kept.new.entry(finding.level).or_default() += 1;
    }
    kept.updated = found.findings.len() as u64 - kept.new.values().sum::<u64>();
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_a_row_are_one_range() {
        let days: Vec<Day> = [1, 2, 3, 7, 9, 10].map(Day).into();
        let expect = [(Day(1), Day(3)), (Day(7), Day(7)), (Day(9), Day(10))];
        assert_eq!(ranges(&days), expect);
        assert!(ranges(&[]).is_empty());
    }
}
