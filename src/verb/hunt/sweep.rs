//! Which requests of all days meet indicators? First the days on which anything may, by their distinct hosts, agents and
//! server addresses; then the hunts for indicators over those days alone.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use arrow::array::cast;
use arrow::datatypes::Date32Type;
use detect::finding::Level;
use detect::hunt::Allow;
use futures::StreamExt as _;
use query::Session;
use query::intel::INDICATORS;
use query::summary::is_kept;
use storage::Micros;
use storage::clock::DAY_US;
use storage::day::Day;
use storage::ledger::record::TableKey;
use storage::ledger::text::Text;
use storage::store::{State, Store};
use storage::tables::{self, Kind, Place, Put};

use super::super::{Outcome, restore, sql};
use super::keep::{self, ranges};
use super::run::{Found, Request, hunt};
use super::{catalogue, tell};
use crate::args::hunt::Run;
use crate::args::intel::Sweep;
use crate::context::Context;
use crate::exit::{Exit, Interrupted, usage};
use crate::reader::Reader;
use crate::{say, when};

/// The hunts, in the order of [`Days`].
const HUNTS: [&str; 3] = ["indicators", "indicator-agents", "indicator-addresses"];

/// The days that each hunt has to look at.
type Days = [BTreeSet<Day>; 3];

/// `dwell intel sweep`
pub(in crate::verb) fn sweep(context: &Context, args: Sweep) -> Result<Outcome> {
    let min_level = Level::parse(&args.min_level)
        .ok_or_else(|| usage(format!("`{}` is no level", args.min_level)))?;
    let since = args.added_since.as_deref();
    let since = since.map(|text| when::parse(text, context.now_us).map_err(usage)).transpose()?;
    let run = Run {
        bounds: args.bounds,
        min_level: args.min_level,
        fail_on_findings: args.fail_on_findings,
        output: args.output,
        ..Run::default()
    };
    tell::check(context, &run)?;
    let store = context.open()?;
    let bounds = sql::bounds(context, &run.bounds)?;
    let request = request(since, min_level)?;
    let found = find(context, &store, &request, bounds)?;
    for (id, error) in &found.failed {
        say::error(format_args!("hunt {id}: {error}"));
    }
    tell::tell(context, &run, &found)?;
    let exit = match (found.failed.is_empty(), run.fail_on_findings) {
        (false, _) => Exit::Failed,
        (true, true) if !found.findings.is_empty() => Exit::Findings,
        _ => Exit::Done,
    };
    Ok(Outcome { exit, ..Outcome::done(found.findings.len() as u64, 0) })
}

fn request(indicators_since: Option<Micros>, min_level: Level) -> Result<Request> {
    let ids = HUNTS.map(str::to_owned);
    let hunts = catalogue::chosen(catalogue::all(None)?, &ids)?;
    Ok(Request {
        hunts,
        params: Vec::new(),
        allow: Allow::default(),
        min_level,
        indicators_since,
        known: Vec::new(),
    })
}

/// What the hunts for indicators find within the bounds.
fn find(
    context: &Context,
    store: &Arc<Store>,
    request: &Request,
    bounds: (Option<Micros>, Option<Micros>),
) -> Result<Found> {
    let mut all = Found { bounds, ..Found::default() };
    let days = candidates(context, store, request.indicators_since, bounds)?;
    for (hunt_id, days) in HUNTS.iter().zip(&days) {
        let days: Vec<Day> = days.iter().copied().collect();
        let hunts: Vec<_> = request.hunts.iter().filter(|it| it.id == *hunt_id).cloned().collect();
        for (first, last) in ranges(&days) {
            let since = bounds.0.map_or(first.start(), |since| since.max(first.start()));
            let until = bounds.1.map_or(last.end(), |until| until.min(last.end()));
            let one = Request { hunts: hunts.clone(), ..request.clone() };
            let found = hunt(context, store, &one, (Some(since), Some(until)))?;
            all.findings.extend(found.findings);
            all.below += found.below;
            all.failed.extend(found.failed);
        }
        all.ran.extend(hunts.into_iter().map(|it| (it, 0.0)));
    }
    Ok(all)
}

/// The days on which anything may meet an indicator.
fn candidates(
    context: &Context,
    store: &Arc<Store>,
    indicators_since: Option<Micros>,
    bounds: (Option<Micros>, Option<Micros>),
) -> Result<Days> {
    let state = store.refresh()?;
    let within = |day: &Day| {
        bounds.0.is_none_or(|since| day.end() > since)
            && bounds.1.is_none_or(|until| day.start() < until)
    };
    let all: BTreeSet<Day> = state.days.keys().copied().filter(within).collect();
    let mut options = sql::options(context, store)?;
    options.indicators_since = indicators_since;
    let reader = Reader::new(store);
    options.spill_dir = reader.spill_dir().map(Path::to_path_buf);
    let runtime = sql::runtime(options.threads)?;
    let found = runtime.block_on(async {
        let work = async {
            let session = Session::open(Arc::clone(store) as _, &state, options)?;
            let (needs, paths) = session.indicator_needs()?;
            let mut days = Days::default();
            if !needs.host || all.is_empty() {
                return Ok(days);
            }
            // A path may be asked of any host.
            days[0] = match paths {
                true => all.clone(),
                false => of_hosts(&session, &state, &all).await?,
            };
            if needs.user_agent {
                let met = "ioc_match(NULL, NULL, NULL, NULL, user_agent) IS NOT NULL";
                days[1] = of_summaries(&session, &state, &all, "daily_agents", met).await?;
            }
            if needs.server_ip {
                let met = "server_ip IS NOT NULL AND ioc_match(NULL, NULL, server_ip, port, NULL) IS NOT NULL";
                days[2] = of(&session, "requests", &all, met).await?;
            }
            Ok(days)
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

async fn of_hosts(session: &Session, state: &State, all: &BTreeSet<Day>) -> Result<BTreeSet<Day>> {
    of_summaries(session, state, all, "daily_hosts", "ioc_host(host)").await
}

/// Days by their summaries where these are kept; by the column itself, which is cheaper than making one, elsewhere.
async fn of_summaries(
    session: &Session,
    state: &State,
    all: &BTreeSet<Day>,
    table: &str,
    met: &str,
) -> Result<BTreeSet<Day>> {
    let (kept, others) = all.iter().partition(|day| is_kept(state, **day, table));
    let mut days = of(session, table, &kept, met).await?;
    days.extend(of(session, "requests", &others, met).await?);
    Ok(days)
}

async fn of(
    session: &Session,
    table: &str,
    days: &BTreeSet<Day>,
    met: &str,
) -> Result<BTreeSet<Day>> {
    let mut found = BTreeSet::new();
    if days.is_empty() {
        return Ok(found);
    }
    let days: Vec<Day> = days.iter().copied().collect();
    let within = ranges(&days).into_iter();
    let within =
        within.map(|(first, last)| format!("day BETWEEN DATE '{first}' AND DATE '{last}'"));
    let within = within.collect::<Vec<_>>().join(" OR ");
    let text = format!("SELECT DISTINCT day FROM {table} WHERE ({within}) AND {met}");
    let mut stream = session.sql(&text).await?.stream;
    while let Some(batch) = stream.next().await {
        let column = cast::as_primitive_array::<Date32Type>(batch?.column(0).as_ref()).clone();
        found.extend(column.iter().flatten().map(Day));
    }
    Ok(found)
}

/// The table that says up to when all days were searched with all indicators there were.
const SWEPT: &str = "swept";

fn key() -> TableKey {
    TableKey { day: None, name: String::new(), table: SWEPT.to_owned() }
}

/// Searches all days for indicators that have come in since the last time; tells what is new, which is kept. `None` if
/// none have come.
pub(super) fn news(
    context: &Context,
    store: &Arc<Store>,
    min_level: Level,
) -> Result<Option<Found>> {
    let state = store.refresh()?;
    let newest = state.tables(INDICATORS).map(|kept| kept.at).max();
    let last = state.tables.get(&key());
    let last = last.map(|kept| tables::read(store, kept)).transpose()?;
    let last = last.and_then(|bytes| String::from_utf8(bytes).ok()?.trim().parse::<Micros>().ok());
    if newest.is_none_or(|newest| last.is_some_and(|last| newest < last)) {
        return Ok(None);
    }
    // A list carries the time at which its reading began, and its record a later one.
    let since = last.map(|last| last - DAY_US / 24);
    let begin = storage::clock::now_us();
    let request = request(since, Level::Informational)?;
    let found = find(context, store, &request, (None, None))?;
    let told = keep::add(context, store, found, min_level)?;
    let put = Put {
        place: Place::Tables,
        key: key(),
        rows: 1,
        basis: store.refresh()?.records,
        input: None,
        skipped: 0,
        content: begin.to_string().into_bytes(),
    };
    let options = restore::commit_options(context);
    let words = Text::by(&context.by);
    tables::change(store, Kind::Table, vec![put], Vec::new(), words, &options)
        .context("cannot note up to when indicators were searched for")?;
    Ok(Some(told))
}
