//! What may go wrong with keeping logs for years? Clock, space, nights, archives, what was not read for long, what waits
//! for its seal.

use anyhow::Result;
use storage::Micros;
use storage::clock::DAY_US;
use storage::config::Config;
use storage::day::Day;
use storage::seal::{self, SealPolicy};
use storage::store::{State, Store};

use crate::context::Context;
use crate::verb::nightly::Memory;
use crate::{say, when};

/// A night that is older than this has been missed.
const NIGHT_US: Micros = 36 * 3_600_000_000;
/// Less free space than this share of the store is little.
const LITTLE_PERCENT: u64 = 5;

/// One thing: whether it is well, and what it is.
type Line = (bool, String);

/// Looks at them.
pub(super) fn lines(context: &Context, store: &Store) -> Result<Vec<Line>> {
    let state = store.state();
    let config = context.settings(store)?;
    let memory = Memory::read(store);
    let now = context.now_us;
    let mut lines = vec![clock(&state, now), space(store, &state, &config)?];
    lines.push(night(&memory, &config, now));
    lines.extend(archives(&state, &config, &memory));
    lines.extend(unread(&state, &config, &memory, now));
    let policy = SealPolicy { grace_hours: config.seal.grace_hours, before: None };
    let due = seal::plan(&state, &policy, now).due.len() as u64;
    if due > 0 {
        let days = say::plural(due, "day is", "days are");
        lines.push((false, format!("{} {days} due to be sealed: `dwell seal`", say::count(due))));
    }
    let holds = storage::hold::active(&state, now).count() as u64;
    if holds > 0 {
        let number = say::count(holds);
        lines.push((
            true,
            format!("{number} {} active", say::plural(holds, "hold is", "holds are")),
        ));
    }
    Ok(lines)
}

fn clock(state: &State, now: Micros) -> Line {
    let last = state.last.values().copied().max().unwrap_or(now);
    let ahead = last.saturating_sub(now);
    if ahead > 0 {
        let what = format!(
            "clock: the ledger was written {} ahead of this clock, which says {}",
            span(ahead),
            when::rfc3339(now)
        );
        return (false, what);
    }
    (
        true,
        format!("clock: {}; the ledger was last written {} ago", when::rfc3339(now), span(-ahead)),
    )
}

fn space(store: &Store, state: &State, config: &Config) -> Result<Line> {
    let free = storage::fs::free_bytes(store.dir())?;
    let held: u64 = state.files().map(|file| file.bytes).sum();
    let wanted = config.retention.min_free.unwrap_or(0).max(held / 100 * LITTLE_PERCENT);
    let text = format!("space: {} free, the store takes {}", say::size(free), say::size(held));
    if free >= wanted {
        return Ok((true, text));
    }
    let text =
        format!("{text}; less than {} is free (`min_free`, or 5 % of it)", say::size(wanted));
    Ok((false, text))
}

fn night(memory: &Memory, config: &Config, now: Micros) -> Line {
    let expected = !config.source.is_empty() || !config.archive.is_empty();
    let Some(last) = &memory.last else {
        return (!expected, "nightly: it never ran here".into());
    };
    let age = now.saturating_sub(last.at);
    let bad = last.steps.iter().filter(|(_, code)| !matches!(code, 0 | 3));
    let bad: Vec<String> = bad
        .map(|(step, code)| {
            let since = match memory.success.get(step) {
                Some(at) => format!("last well {} ago", span(now.saturating_sub(*at))),
                None => "never well".into(),
            };
            format!("{step} ended with {code} ({since})")
        })
        .collect();
    let text = format!("nightly: {} ago", span(age));
    match (bad.is_empty(), age <= NIGHT_US) {
        (true, true) => (true, format!("{text}, all steps well")),
        (true, false) => (false, format!("{text}: nights were missed")),
        (false, _) => (false, format!("{text}: {}", bad.join(", "))),
    }
}

fn archives(state: &State, config: &Config, memory: &Memory) -> Vec<Line> {
    let sealed = |day: &Day| state.days.get(day).is_some_and(|held| !held.seals.is_empty());
    let mut lines = Vec::new();
    for target in &config.archive {
        let known =
            state.archives.values().find(|it| it.url == target.to || it.url.ends_with(&target.to));
        let Some(known) = known else {
            lines.push((false, format!("archive {}: nothing is in it yet", target.name)));
            continue;
        };
        let missing = state.days.keys().filter(|day| sealed(day) && !known.days.contains_key(day));
        let missing = missing.count() as u64;
        let newest = known.days.keys().next_back().map_or_else(|| "none".into(), Day::to_string);
        let text = format!(
            "archive {}: {} days, the newest {newest}; {} sealed {} not in it",
            target.name,
            say::count(known.days.len() as u64),
            say::count(missing),
            say::plural(missing, "day is", "days are")
        );
        lines.push((missing == 0, text));
    }
    let bad = memory.bad_days();
    if let (Some(first), Some(last)) = (bad.first(), bad.last()) {
        let text =
            format!("archives: {} days were bad when last read, {first} to {last}", bad.len());
        lines.push((false, text));
    }
    lines
}

/// Days whose files no night has read for twice as long as it should take.
fn unread(state: &State, config: &Config, memory: &Memory, now: Micros) -> Option<Line> {
    memory.last.as_ref()?;
    let limit = Micros::from(config.nightly.verify_nights).saturating_mul(2 * DAY_US);
    let old = |day: &Day, held_since: Micros| {
        let read = memory.days.get(day).copied().unwrap_or(held_since);
        now.saturating_sub(read) > limit
    };
    let unread = state.days.iter().filter(|(day, held)| old(day, held.ingested_us)).count() as u64;
    let total = say::count(state.days.len() as u64);
    Some(match unread {
        0 => (
            true,
            format!(
                "all of {total} days were read within {} nights or are new",
                2 * config.nightly.verify_nights
            ),
        ),
        _ => (
            false,
            format!(
                "{} of {total} days were not read and compared for long: `dwell verify --deep`",
                say::count(unread)
            ),
        ),
    })
}

/// A span of time for people.
fn span(us: Micros) -> String {
    let minutes = us / 60_000_000;
    match (minutes / 1_440, minutes / 60, minutes) {
        (days, _, _) if days > 1 => format!("{days} days"),
        (_, hours, _) if hours > 1 => format!("{hours} hours"),
        (_, _, minutes) => {
            format!("{minutes} {}", say::plural(minutes.unsigned_abs(), "minute", "minutes"))
        }
    }
}
