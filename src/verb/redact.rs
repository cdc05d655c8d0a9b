//! `dwell redact`: removes lines for good, for a reason that the ledger keeps; without `--yes` it shows what would go.

mod archives;
mod found;
mod report;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Result, bail};
use ingest::raw::{Leavings, Lines};
use storage::error::ErrorKind;
use storage::hold as holds;
use storage::ledger::text::Text;
use storage::querylog::{self, Place};
use storage::redact::{self, Naming, Redaction, Request};
use storage::store::{CommitOptions, State, Store};
use storage::{Day, Micros};

use self::found::Found;
use super::{Outcome, hold, retain};
use crate::args::redact::Redact;
use crate::context::Context;
use crate::exit::usage;
use crate::say;

/// How often a redaction is planned anew because another writer was faster, or brought more such lines.
const TRIES: u32 = 20;

/// What would go, or has gone.
struct Shown {
    done: Redaction,
    naming: Naming,
    queries: Vec<Place>,
    /// Held days among them, with the holds.
    held: BTreeMap<Day, Vec<u64>>,
    /// Restored sets that have such rows, and how many.
    sets: BTreeMap<String, u64>,
    /// Archives that hold these days, by URL.
    archives: BTreeMap<String, BTreeSet<Day>>,
}

/// Shows what would go, or lets it go.
pub(super) fn run(context: &Context, args: &Redact) -> Result<Outcome> {
    let texts = wanted(args)?;
    let store = context.open()?;
    let shown = if args.yes {
        apply(context, &store, args, &texts)?
    } else {
        dry_run(context, &store, args, &texts)?
    };
    let renewed = match args.yes && args.archives {
        true => archives::renew(context, &store)?,
        false => Vec::new(),
    };
    report::show(context, args, &texts, &shown, &renewed)?;
    let rows = if args.yes { shown.iter().map(|it| it.done.all_rows()).sum() } else { 0 };
    Ok(Outcome { exit: archives::worst(&renewed), rows, bytes_read: 0 })
}

/// The texts that must not stay in words; the words of the record itself must not have them either.
fn wanted(args: &Redact) -> Result<Vec<String>> {
    let conditions = [&args.matching, &args.quarantine].into_iter().flatten();
    let texts: Vec<String> = if args.text.is_empty() {
        conditions.flat_map(|condition| texts::of(condition)).collect()
    } else {
        args.text.iter().map(|text| text.trim().to_owned()).collect()
    };
    if texts.iter().any(String::is_empty) {
        return Err(usage("--text is empty: every word would be removed"));
    }
    for (name, word) in [("reason", &args.reason), ("case", &args.case), ("by", &args.by)] {
        if word.trim().is_empty() {
            return Err(usage(format!("--{name} is empty; the ledger keeps it")));
        }
        let lower = word.to_lowercase();
        if let Some(text) = texts.iter().find(|text| lower.contains(&text.to_lowercase())) {
            return Err(usage(format!(
                "--{name} names `{text}`, which is to be removed, and the ledger would keep it; say it in other words"
            )));
        }
    }
    Ok(texts)
}

/// What words and queries name one of the texts.
fn words(store: &Store, state: &State, texts: &[String]) -> Result<(Naming, Vec<Place>)> {
    if texts.is_empty() {
        return Ok((Naming::default(), Vec::new()));
    }
    let now_us = storage::clock::now_us();
    let naming = redact::naming(store, state, texts, now_us)?;
    Ok((naming, querylog::naming(&**store.fs(), store.dir(), texts)?))
}

fn dry_run(
    context: &Context,
    store: &Arc<Store>,
    args: &Redact,
    texts: &[String],
) -> Result<Vec<Shown>> {
    let state = hold::preview(context, store)?;
    let Found { lines, sets, .. } = found::lines(context, store, &state, args, texts)?;
    let (naming, queries) = words(store, &state, texts)?;
    let done = redact::survey(store, &state, &lines, &naming.sources)?;
    let held = held(&state, &done, &sets, context.now_us);
    let archives = archives::holding(&state, &done.days);
    Ok(vec![Shown { done, naming, queries, held, sets, archives }])
}

/// Removes what the conditions mean, until they mean nothing any more.
fn apply(
    context: &Context,
    store: &Arc<Store>,
    args: &Redact,
    texts: &[String],
) -> Result<Vec<Shown>> {
    let mut all: Vec<Shown> = Vec::new();
    for _ in 0..TRIES {
        let asked = hold::ask(context, store)?;
        let state = store.refresh()?;
        let Found { lines, elsewhere, sets } = found::lines(context, store, &state, args, texts)?;
        let (naming, queries) = words(store, &state, texts)?;
        let request = Request {
            lines,
            elsewhere,
            sets: sets.keys().cloned().collect(),
            paths: naming.sources.clone(),
            words: naming.records.keys().copied().collect(),
            queries: queries.clone(),
            text: record_words(args),
        };
        let prepared = redact::prepare(store, &request, (&Leavings, &Lines))?;
        let is_done = prepared.is_empty() && queries.is_empty();
        if is_done && !all.is_empty() {
            return Ok(all);
        }
        let now_us = storage::clock::now_us();
        refuse_held(&held(&state, prepared.done(), &sets, now_us))?;
        let days = protected_days(&state, prepared.done(), &sets);
        let archives = archives::holding(&state, &prepared.done().days);
        let shown = |done| Shown { done, naming, queries, held: BTreeMap::new(), sets, archives };
        if is_done {
            return Ok(vec![shown(prepared.done().clone())]);
        }
        let options = CommitOptions { by: args.by.clone(), ..retain::commit_options(context) };
        let recheck = |newest: &State| asked.recheck(newest, days.iter().copied(), now_us);
        match prepared.commit(&options, &recheck) {
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            done => all.push(shown(done?)),
        }
    }
    bail!("other writers keep changing the same lines; what was removed by then stays removed")
}

/// What the record says: who, why, for which case, and the conditions without their texts.
fn record_words(args: &Redact) -> Text {
    let masked =
        |condition: &Option<String>| condition.as_deref().map(texts::masked).unwrap_or_default();
    Text::by(&args.by)
        .with("reason", &args.reason)
        .with("case", &args.case)
        .with("where", &masked(&args.matching))
        .with("quarantine", &masked(&args.quarantine))
}

/// Days that a hold over them protects from this redaction: those of its rows, those of sets that go, and those of the
/// sources whose other lines go, for these lines have no day of their own.
fn protected_days(state: &State, done: &Redaction, sets: &BTreeMap<String, u64>) -> BTreeSet<Day> {
    let mut days = done.days.clone();
    let sets = state.restored.values().filter(|set| sets.contains_key(&set.name));
    days.extend(sets.flat_map(|set| set.days.keys().copied()));
    for (day, segment) in state.segments() {
        if segment.meta.sources.iter().any(|range| done.others.contains_key(&range.source_id)) {
            days.insert(day);
        }
    }
    days
}

fn held(
    state: &State,
    done: &Redaction,
    sets: &BTreeMap<String, u64>,
    now_us: Micros,
) -> BTreeMap<Day, Vec<u64>> {
    let days = protected_days(state, done, sets).into_iter();
    let with_holds = days.map(|day| (day, holds::protects(state, day, now_us)));
    with_holds.filter(|(_, holds)| !holds.is_empty()).collect()
}

fn refuse_held(held: &BTreeMap<Day, Vec<u64>>) -> Result<()> {
    let Some((day, numbers)) = held.first_key_value() else { return Ok(()) };
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let more = match held.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more {})", say::plural(more as u64, "day", "days")),
    };
    bail!(
        "{day}{more} is held by hold {}: nothing was removed; a hold ends by `dwell hold release`",
        numbers.join(", ")
    )
}
