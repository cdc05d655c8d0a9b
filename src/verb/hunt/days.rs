//! Which days have summaries that say what their rows say? Those that have not get them.

use std::sync::Arc;

use anyhow::Result;
use query::Session;
use storage::day::Day;
use storage::ledger::record::TableKey;
use storage::ledger::text::Text;
use storage::store::{State, Store};
use storage::tables::{self, Kind, Place, Put};

use super::super::{Outcome, restore, sql};
use crate::args::Bounds;
use crate::context::Context;
use crate::exit::Interrupted;
use crate::reader::Reader;
use crate::say;

/// `dwell hunt summarize`
pub(super) fn run(context: &Context, args: &Bounds) -> Result<Outcome> {
    let store = context.open()?;
    let (since, until) = sql::bounds(context, args)?;
    let within = |day: &Day| {
        since.is_none_or(|since| day.end() > since) && until.is_none_or(|until| day.start() < until)
    };
    let days: Vec<Day> = stale(&store.state()).into_iter().filter(within).collect();
    let rows = summarize(context, &store, &days)?;
    say::say(format_args!(
        "{} days summarized, {} rows of summaries",
        say::count(days.len() as u64),
        say::count(rows)
    ));
    Ok(Outcome::done(rows, 0))
}

/// The days without current summaries.
pub(in crate::verb) fn stale(state: &State) -> Vec<Day> {
    let is_stale = |day: &Day| {
        query::summary::TABLES.iter().any(|table| !query::summary::is_kept(state, *day, table.name))
    };
    state.days.keys().copied().filter(is_stale).collect()
}

/// Makes and keeps the summaries of these days, each in a commit of its own.
pub(in crate::verb) fn summarize(
    context: &Context,
    store: &Arc<Store>,
    days: &[Day],
) -> Result<u64> {
    let mut total = 0;
    for day in days {
        if context.cancel.is_asked() {
            return Err(Interrupted.into());
        }
        total += one(context, store, *day)?;
    }
    Ok(total)
}

fn one(context: &Context, store: &Arc<Store>, day: Day) -> Result<u64> {
    let state = store.refresh()?;
    if !state.days.contains_key(&day) {
        return Ok(0);
    }
    let reader = Reader::new(store);
    let mut options = sql::options(context, store)?;
    options.spill_dir = reader.spill_dir().map(std::path::Path::to_path_buf);
    let runtime = sql::runtime(options.threads)?;
    let made = runtime.block_on(async {
        let session = Session::open(Arc::clone(store) as _, &state, options)?;
        session.summaries_of(day).await
    });
    runtime.shutdown_background();
    let put = |(table, rows, content): (&str, u64, Vec<u8>)| Put {
        place: Place::Summaries,
        key: TableKey { day: Some(day), name: String::new(), table: table.to_owned() },
        rows,
        basis: state.records,
        input: None,
        skipped: 0,
        content,
    };
    let made = made?;
    let rows = made.iter().map(|(_, rows, _)| rows).sum();
    let puts = made.into_iter().map(put).collect();
    let words = Text::by(&context.by);
    tables::change(store, Kind::Table, puts, Vec::new(), words, &restore::commit_options(context))?;
    Ok(rows)
}
