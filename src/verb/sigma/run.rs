//! `dwell sigma run`: all rules over a range, in one pass.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use detect::finding::Level;
use query::Session;
use query::sigma::{self, Ran};
use storage::Micros;
use storage::store::Store;

use super::super::{Outcome, sql};
use super::files::{self, Read};
use super::{check, tell};
use crate::args::sigma::Run;
use crate::context::Context;
use crate::exit::{Interrupted, usage};
use crate::noted::Noted;
use crate::reader::Reader;
use crate::say;

/// Runs the command.
pub(super) fn run(context: &Context, args: &Run) -> Result<Outcome> {
    let min_level = Level::parse(&args.min_level).ok_or_else(|| {
        let names: Vec<_> = Level::ALL.iter().map(|level| level.name()).collect();
        usage(format!("`{}` is no level; levels: {}", args.min_level, names.join(", ")))
    })?;
    tell::check(context, args)?;
    let read = files::read(&args.rules)?;
    for refused in &read.set.refused {
        say::note(format_args!("{} is refused, {}", refused.file, refused.refusal));
    }
    let store = context.open()?;
    let bounds = sql::bounds(context, &args.bounds)?;
    let ran = over(context, &store, &read, min_level, bounds)?;
    for (rule, missing) in &ran.skipped {
        let why = check::told(missing, false).unwrap_or_default();
        say::note(format_args!("{rule} is skipped: {why}"));
    }
    tell::tell(context, args, &read, &ran, bounds)?;
    let exit = check::exit(&read, read.set.refused.len() as u64);
    Ok(Outcome { exit, ..Outcome::done(ran.findings.len() as u64, ran.bytes_read) })
}

fn over(
    context: &Context,
    store: &Arc<Store>,
    read: &Read,
    min_level: Level,
    bounds: (Option<Micros>, Option<Micros>),
) -> Result<Ran> {
    let reader = Reader::new(store);
    let mut options = sql::options(context, store)?;
    (options.since_us, options.until_us) = bounds;
    options.spill_dir = reader.spill_dir().map(Path::to_path_buf);
    let ids: Vec<String> = read.set.rules.iter().map(|rule| rule.about.hunt()).collect();
    let text = format!("-- sigma run {}", ids.join(" "));
    let noted = Noted::begin(context, store, &options, &text)?;
    let runtime = sql::runtime(options.threads)?;
    let result: Result<Ran> = runtime.block_on(async {
        let work = async {
            let mut session = Session::over(store, options)?;
            Ok(sigma::run(&mut session, &read.set, min_level).await?)
        };
        tokio::select! {
            biased;
            () = context.cancel.asked() => Err(anyhow::Error::new(Interrupted)),
            result = work => result,
        }
    });
    runtime.shutdown_background();
    if let Ok(ran) = &result {
        let rows = ran.findings.len() as u64;
        noted.rows().store(rows, std::sync::atomic::Ordering::Relaxed);
    }
    noted.end(&result);
    result
}
