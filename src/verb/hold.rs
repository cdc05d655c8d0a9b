//! `dwell hold`: places, ends and lists holds, and asks the queries of holds before anything is removed.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use arrow::array::cast;
use arrow::datatypes::Date32Type;
use futures::StreamExt as _;
use query::Session;
use serde_json::json;
use storage::day::Day;
use storage::hold::{self, Asked, NewHold};
use storage::store::{State, Store};

use super::{Outcome, retain, sql};
use crate::args::retain::{Hold, PlaceHold};
use crate::context::Context;
use crate::exit::{Interrupted, usage};
use crate::output::target::Target;
use crate::reader::Reader;
use crate::{say, when};

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// A query that was asked of more days than this is noted in the ledger even if it found none, so that it need not be
/// asked of them again.
const ASKED_DAYS: usize = 31;

/// All holds, as `system.holds` has them.
const HOLDS: &str = "SELECT * FROM system.holds ORDER BY id";

/// Runs one of its commands.
pub(super) fn run(context: &Context, what: Hold) -> Result<Outcome> {
    match what {
        Hold::Place(args) => place(context, &args),
        Hold::List(output) => sql::listing(context, &output, HOLDS),
        Hold::Release { id, reason, by } => {
            given("reason", &reason)?;
            given("by", &by)?;
            let store = context.open()?;
            let options = storage::store::CommitOptions { by, ..retain::commit_options(context) };
            hold::release(&store, id, &reason, &options)?;
            report(context, "released", id, &store)?;
            Ok(Outcome::default())
        }
    }
}

fn given(name: &str, word: &str) -> Result<()> {
    if word.trim().is_empty() {
        return Err(usage(format!("--{name} is empty; the ledger keeps it")));
    }
    Ok(())
}

fn place(context: &Context, args: &PlaceHold) -> Result<Outcome> {
    for (name, word) in [("reason", &args.reason), ("case", &args.case), ("by", &args.by)] {
        given(name, word)?;
    }
    let until = args.until.as_deref().map(|text| when::parse(text, context.now_us).map_err(usage));
    let until = until.transpose()?;
    if until.is_some_and(|until| until <= context.now_us) {
        return Err(usage("--until lies in the past: such a hold would hold nothing"));
    }
    let store = context.open()?;
    let (days, query) = match (&args.days, &args.matching) {
        (Some(days), _) => (vec![when::days(days).map_err(usage)?], None),
        (None, Some(text)) => {
            let state = store.refresh()?;
            let days: Vec<Day> = state.days.keys().copied().collect();
            let found = matching(context, &store, &state, text, &days)
                .with_context(|| format!("cannot tell which days `{text}` means"))?;
            say::say(format_args!(
                "{} of {} days have such rows",
                say::count(found.len() as u64),
                say::count(days.len() as u64)
            ));
            (hold::ranges(&found), Some((text.clone(), state.records)))
        }
        (None, None) => return Err(usage("which days? give --days A..B or --where SQL")),
    };
    let hold = NewHold { days, query, until, reason: args.reason.clone(), case: args.case.clone() };
    let options =
        storage::store::CommitOptions { by: args.by.clone(), ..retain::commit_options(context) };
    let id = hold::place(&store, &hold, &options)?;
    report(context, "placed", id, &store)?;
    Ok(Outcome::done(1, 0))
}

/// The number on stdout; with `--json` the hold.
fn report(context: &Context, outcome: &str, id: u64, store: &Store) -> Result<()> {
    let mut target = Target::stdout();
    if context.json {
        let state = store.state();
        let hold = state.holds.get(&id);
        let days = hold.map_or(&[][..], |hold| &hold.days);
        let value = json!({
            "report": "hold",
            "schema_version": REPORT_VERSION,
            "outcome": outcome,
            "id": id,
            "days": days
                .iter()
                .map(|(first, last)| json!([first.to_string(), last.to_string()]))
                .collect::<Vec<_>>(),
            "until": hold.and_then(|hold| hold.until).map(when::rfc3339),
        });
        serde_json::to_writer_pretty(&mut target, &value)?;
        writeln!(target)?;
    } else if outcome == "placed" {
        writeln!(target, "{id}")?;
    } else {
        say::say(format_args!("hold {id} {outcome}"));
    }
    target.finish()
}

/// Asks the queries of all holds over the days that have changed since, and notes what they find. Whoever removes calls
/// it first; if a query can't be asked, nothing may be removed.
pub(super) fn ask(context: &Context, store: &Arc<Store>) -> Result<Asked> {
    let state = store.refresh()?;
    for (held, days) in hold::due(&state, storage::clock::now_us()) {
        let found = found(context, store, &state, &held, &days)?;
        let news: Vec<Day> = found.into_iter().filter(|day| !held.covers(*day)).collect();
        if !news.is_empty() || days.len() > ASKED_DAYS {
            let options = retain::commit_options(context);
            hold::extend(store, held.id, &news, state.records, &options)?;
        }
    }
    Ok(Asked::at(&state))
}

/// The newest version with what [`ask`] would note, for plans that change nothing.
pub(super) fn preview(context: &Context, store: &Arc<Store>) -> Result<Arc<State>> {
    let state = store.refresh()?;
    let mut with = State::clone(&state);
    for (held, days) in hold::due(&state, context.now_us) {
        let found = found(context, store, &state, &held, &days)?;
        if let Some(held) = with.holds.get_mut(&held.id) {
            Arc::make_mut(held).days.extend(hold::ranges(&found));
        }
    }
    Ok(Arc::new(with))
}

fn found(
    context: &Context,
    store: &Arc<Store>,
    state: &Arc<State>,
    held: &storage::store::HoldState,
    days: &[Day],
) -> Result<Vec<Day>> {
    let text = held.words.get("where");
    if text.is_empty() {
        anyhow::bail!(
            "the query of hold {} is gone: which days it holds can't be told, and nothing is removed; \
             release it, or place one by days",
            held.id
        );
    }
    matching(context, store, state, text, days).with_context(|| {
        format!("the query of hold {} can't be asked; nothing is removed", held.id)
    })
}

/// Those of `days` with rows for which the condition is true.
fn matching(
    context: &Context,
    store: &Arc<Store>,
    state: &Arc<State>,
    condition: &str,
    days: &[Day],
) -> Result<Vec<Day>> {
    if days.is_empty() {
        return Ok(Vec::new());
    }
    let mut options = sql::options(context, store)?;
    // Its mark keeps the files of this version while they are read.
    let reader = Reader::new(store);
    options.spill_dir = reader.spill_dir().map(Path::to_path_buf);
    let runtime = sql::runtime(options.threads)?;
    let within: Vec<String> = hold::ranges(days)
        .iter()
        .map(|(first, last)| format!("day BETWEEN DATE '{first}' AND DATE '{last}'"))
        .collect();
    // The line end closes a comment that the condition may end with.
    let text = format!(
        "SELECT DISTINCT day FROM requests WHERE (\n{condition}\n) AND ({}) ORDER BY day",
        within.join(" OR ")
    );
    let found = runtime.block_on(async {
        let work = async {
            let session = Session::open(Arc::clone(store) as _, state, options)?;
            let mut stream = session.sql(&text).await?.stream;
            let mut found = Vec::new();
            while let Some(batch) = stream.next().await {
                let column =
                    cast::as_primitive_array::<Date32Type>(batch?.column(0).as_ref()).clone();
                found.extend(column.iter().flatten().map(Day));
            }
            Ok(found)
        };
        tokio::select! {
            biased;
            () = context.cancel.asked() => Err(anyhow::Error::new(Interrupted)),
            found = work => found,
        }
    });
    runtime.shutdown_background();
    found
}
