//! `dwell hunt run`: hunts over a range, one after the other, and what came of each.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use detect::finding::{Finding, Level};
use detect::hunt::{Allow, Hunt};
use query::hunts::{self, Filled, HuntOptions, Ran};
use query::{Session, SessionOptions};
use storage::Micros;
use storage::store::Store;

use super::super::{Outcome, sql};
use super::{catalogue, keep, page, tell};
use crate::args::hunt::Run;
use crate::context::{Context, read_text};
use crate::exit::{self, Exit, Interrupted, usage};
use crate::noted::Noted;
use crate::reader::Reader;
use crate::say;

/// What is looked for, and how.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// The hunts.
    pub(super) hunts: Vec<Hunt>,
    /// Parameters: hunt (none for all that have it), name, value.
    pub(super) params: Vec<(Option<String>, String, String)>,
    /// Who is excused.
    pub(super) allow: Allow,
    /// Nothing below is told.
    pub(super) min_level: Level,
    /// Only indicators that were added from this time on are matched with.
    pub(super) indicators_since: Option<Micros>,
    /// What was told of earlier days.
    pub(super) known: Vec<Finding>,
}

/// What came of hunts.
#[derive(Debug, Default)]
pub(in crate::verb) struct Found {
    /// The range that was looked at.
    pub(in crate::verb) bounds: (Option<Micros>, Option<Micros>),
    /// The hunts that ran, each with the milliseconds it took.
    pub(in crate::verb) ran: Vec<(Hunt, f64)>,
    /// All findings.
    pub(in crate::verb) findings: Vec<Finding>,
    /// Hunts that could find nothing, with the columns that are missing.
    pub(in crate::verb) skipped: Vec<(String, Vec<String>)>,
    /// Hunts that went wrong.
    pub(in crate::verb) failed: Vec<(String, String)>,
    /// Findings that were excused.
    pub(in crate::verb) excused: u64,
    /// Findings below the least level.
    pub(in crate::verb) below: u64,
    /// Which findings are new, by id, where that is known: the others are updates.
    pub(in crate::verb) new: Option<std::collections::BTreeSet<String>>,
}

/// Runs the command.
pub(super) fn run(context: &Context, args: &Run) -> Result<Outcome> {
    let request = request(args)?;
    tell::check(context, args)?;
    let store = context.open()?;
    let bounds = sql::bounds(context, &args.bounds)?;
    let found = if args.new {
        keep::only_new(context, &store, &request, bounds)?
    } else {
        hunt(context, &store, &request, bounds)?
    };
    for (id, columns) in &found.skipped {
        say::note(format_args!(
            "hunt {id} was skipped: no value in {} in this data",
            columns.join(", ")
        ));
    }
    for (id, error) in &found.failed {
        say::error(format_args!("hunt {id}: {error}"));
    }
    if let Some(path) = &args.html {
        page::write(context, &store, &found, path)?;
    }
    if let Some(path) = &args.findings {
        tell::append(path, &found)?;
    }
    tell::tell(context, args, &found)?;
    let exit = match (found.failed.is_empty(), args.fail_on_findings) {
        (false, _) => Exit::Failed,
        (true, true) if !found.findings.is_empty() => Exit::Findings,
        _ => Exit::Done,
    };
    Ok(Outcome { exit, ..Outcome::done(found.findings.len() as u64, 0) })
}

fn request(args: &Run) -> Result<Request> {
    let min_level = Level::parse(&args.min_level).ok_or_else(|| {
        let names: Vec<_> = Level::ALL.iter().map(|level| level.name()).collect();
        usage(format!("`{}` is no level; levels: {}", args.min_level, names.join(", ")))
    })?;
    let hunts = catalogue::chosen(catalogue::all(args.own.hunts.as_deref())?, &args.ids)?;
    let mut params = Vec::new();
    for text in &args.param {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| usage(format!("`{text}` is no parameter: NAME=VALUE")))?;
        let (hunt, name) = match name.split_once('.') {
            Some((hunt, name)) => (Some(hunt.to_owned()), name),
            None => (None, name),
        };
        let fits = |it: &Hunt| {
            hunt.as_ref().is_none_or(|hunt| *hunt == it.id)
                && it.params.iter().any(|param| param.name == name)
        };
        if !hunts.iter().any(fits) {
            return Err(usage(format!(
                "none of these hunts has a parameter `{name}`; `dwell hunt show ID` lists them"
            )));
        }
        params.push((hunt, name.to_owned(), value.to_owned()));
    }
    let mut allow = Allow::default();
    for path in &args.allow {
        allow.entries.extend(read_allow(path)?.entries);
    }
    Ok(Request { hunts, params, allow, min_level, indicators_since: None, known: Vec::new() })
}

/// Runs all hunts over all days, as they come.
pub(in crate::verb) fn everything(context: &Context, store: &Arc<Store>) -> Result<Found> {
    let request = Request {
        hunts: catalogue::all(None)?,
        params: Vec::new(),
        allow: Allow::default(),
        min_level: Level::Informational,
        indicators_since: None,
        known: Vec::new(),
    };
    hunt(context, store, &request, (None, None))
}

/// Reads an allow list.
pub(super) fn read_allow(path: &Path) -> Result<Allow> {
    Allow::parse(&read_text(path)?)
        .map_err(|error| usage(format!("allow list `{}`, {error}", path.display())))
}

/// Hunts may use this many times the memory of a query. What a join keeps is counted several times over where its batches
/// share their text: a day of ten million lines needs 4 GiB of that account.
const SHARE: usize = 4;

/// Runs the hunts over a range.
pub(super) fn hunt(
    context: &Context,
    store: &Arc<Store>,
    request: &Request,
    bounds: (Option<Micros>, Option<Micros>),
) -> Result<Found> {
    let reader = Reader::new(store);
    let mut options = sql::options(context, store)?;
    (options.since_us, options.until_us) = bounds;
    options.history = true;
    options.memory_bytes = options.memory_bytes.saturating_mul(SHARE);
    options.indicators_since = request.indicators_since;
    options.spill_dir = reader.spill_dir().map(Path::to_path_buf);
    let names: Vec<&str> = request.hunts.iter().map(|hunt| hunt.id.as_str()).collect();
    let noted =
        Noted::begin(context, store, &options, &format!("-- hunt run {}", names.join(" ")))?;
    let runtime = sql::runtime(options.threads)?;
    let result = runtime.block_on(async {
        tokio::select! {
            biased;
            () = context.cancel.asked() => Err(anyhow::Error::new(Interrupted)),
            result = each(context, store, options, request) => result,
        }
    });
    runtime.shutdown_background();
    if let Ok(found) = &result {
        let rows = found.findings.len() as u64;
        noted.rows().store(rows, std::sync::atomic::Ordering::Relaxed);
    }
    noted.end(&result);
    result
}

async fn each(
    context: &Context,
    store: &Arc<Store>,
    options: SessionOptions,
    request: &Request,
) -> Result<Found> {
    let bounds = (options.since_us, options.until_us);
    let session = Session::over(store, options)?;
    let filled = Filled::of(&session).await.context("cannot see which columns have values")?;
    let mut found = Found { bounds, ..Found::default() };
    for hunt in &request.hunts {
        let begin = Instant::now();
        let params = request.params.iter().filter(|(of, name, _)| {
            of.as_ref().is_none_or(|of| *of == hunt.id)
                && hunt.params.iter().any(|param| param.name == *name)
        });
        let options = HuntOptions {
            params: params.map(|(_, name, value)| (name.clone(), value.clone())).collect(),
            allow: request.allow.clone(),
            min_level: request.min_level,
            known: request.known.clone(),
        };
        match hunts::run(&session, hunt, &filled, &options).await {
            Ok(Ran::Done { findings, excused, below }) => {
                found.findings.extend(findings);
                found.excused += excused;
                found.below += below;
            }
            Ok(Ran::Skipped(columns)) => {
                found.skipped.push((hunt.id.clone(), columns));
                continue;
            }
            // One of many that goes wrong does not end the others; what is wrong with the store does.
            Err(error) if may_go_on(&error, request.hunts.len()) => {
                found.failed.push((hunt.id.clone(), exit::message(&error.into())));
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        found.ran.push((hunt.clone(), begin.elapsed().as_secs_f64() * 1_000.0));
        if context.cancel.is_asked() {
            return Err(Interrupted.into());
        }
    }
    Ok(found)
}

fn may_go_on(error: &query::Error, hunts: usize) -> bool {
    use query::ErrorKind::{Cancelled, Integrity};
    hunts > 1 && !matches!(error.kind(), Integrity | Cancelled)
}
