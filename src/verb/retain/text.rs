//! How does a person read a plan of retention? What goes day by day, what stays in ranges of days with one reason.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::Result;
use storage::day::Day;
use storage::retention::{Kept, Plan, Policy, Why};

use crate::output::escape;
use crate::say;

/// Days in a row that stay for the same reasons.
struct Range<'a> {
    first: Day,
    last: Day,
    days: u64,
    rows: u64,
    bytes: u64,
    why: &'a BTreeSet<Why>,
    expires: Option<Day>,
}

/// Writes the plan.
pub(super) fn write(target: &mut dyn Write, plan: &Plan, policy: &Policy) -> Result<()> {
    let mut line = |text: String| writeln!(target, "{}", escape::visible(&text));
    if policy.keeps_everything() {
        line("no policy: everything is kept; `[retention]` in dwell.toml sets one".into())?;
    }
    if plan.is_empty() {
        line("nothing to retire".into())?;
    } else {
        line(format!(
            "to retire: {} {}, {} rows ({} of all), {} in {} {}",
            say::count(plan.retired.len() as u64),
            say::plural(plan.retired.len() as u64, "day", "days"),
            say::count(plan.rows()),
            say::percent(plan.rows(), plan.live_rows),
            say::size(plan.bytes()),
            say::count(plan.files()),
            say::plural(plan.files(), "file", "files"),
        ))?;
    }
    for (day, part) in &plan.retired {
        let causes: Vec<String> = part.causes.iter().map(ToString::to_string).collect();
        let rest = if part.whole { "" } else { "; a part of the day stays" };
        line(format!(
            "    {day}  {} rows, {}: {}{rest}",
            say::count(part.shown()),
            say::size(part.bytes()),
            causes.join(", "),
        ))?;
    }
    if !plan.lines.is_empty() {
        let bytes = plan.lines.iter().map(|lines| lines.file.bytes).sum();
        line(format!(
            "    {} {} of lines that are no rows, {}",
            say::count(plan.lines.len() as u64),
            say::plural(plan.lines.len() as u64, "file", "files"),
            say::size(bytes)
        ))?;
    }
    if !plan.kept.is_empty() {
        line(format!("kept: {} days", say::count(plan.kept.len() as u64)))?;
    }
    for range in ranges(plan) {
        line(range.sentence())?;
    }
    if plan.short_bytes > 0 {
        line(format!(
            "    {} more would have to go for `max_bytes` or `min_free`, and nothing unprotected is left",
            say::size(plan.short_bytes)
        ))?;
    }
    Ok(())
}

fn ranges(plan: &Plan) -> Vec<Range<'_>> {
    let mut ranges: Vec<Range<'_>> = Vec::new();
    for (day, kept) in &plan.kept {
        let Kept { rows, bytes, why, expires, .. } = kept;
        match ranges.last_mut() {
            Some(range) if range.why == why => {
                range.last = *day;
                range.days += 1;
                range.rows += rows;
                range.bytes += bytes;
                range.expires = range.expires.into_iter().chain(*expires).min();
            }
            _ => ranges.push(Range {
                first: *day,
                last: *day,
                days: 1,
                rows: *rows,
                bytes: *bytes,
                why,
                expires: *expires,
            }),
        }
    }
    ranges
}

impl Range<'_> {
    fn sentence(&self) -> String {
        let days = if self.first == self.last {
            self.first.to_string()
        } else {
            format!("{}..{}", self.first, self.last)
        };
        let why: Vec<String> = self.why.iter().map(ToString::to_string).collect();
        let waits = self.why.iter().all(|why| matches!(why, Why::Young | Why::LastIngest));
        let next = match self.expires {
            Some(day) if waits && self.days > 1 => format!("; the first goes on {day}"),
            Some(day) if waits => format!("; goes on {day}"),
            _ => String::new(),
        };
        format!(
            "    {days}  {} {}, {} rows, {}: {}{next}",
            say::count(self.days),
            say::plural(self.days, "day", "days"),
            say::count(self.rows),
            say::size(self.bytes),
            why.join(", "),
        )
    }
}
