//! `dwell pivot`: what is there to know about one entity, over all days? Its days and hours, whom it meets, with what, and
//! what hunts have found about it.

mod story;
mod tell;
mod timeline;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Result;
use query::Session;
use storage::store::Store;

use super::{Outcome, sql};
use crate::args::pivot::{Pivot, PivotFormat};
use crate::context::Context;
use crate::exit::{Interrupted, usage};
use crate::noted::Noted;
use crate::output::target::Target;
use crate::reader::Reader;
use crate::say;

/// Runs the command.
pub(super) fn run(context: &Context, args: &Pivot) -> Result<Outcome> {
    let candidates = detect::pivot::candidates(&args.entity);
    if candidates.iter().all(|candidate| candidate.value.is_empty()) {
        return Err(usage("an entity is an address, a host, a user, a computer or a user agent"));
    }
    let store = context.open()?;
    let mut options = sql::options(context, &store)?;
    (options.since_us, options.until_us) = sql::bounds(context, &args.bounds)?;
    let bounds = (options.since_us, options.until_us);
    let reader = Reader::new(&store);
    options.spill_dir = reader.spill_dir().map(Path::to_path_buf);
    let noted = Noted::begin(context, &store, &options, &format!("-- pivot {}", args.entity))?;
    let runtime = sql::runtime(options.threads)?;
    let result = runtime.block_on(async {
        let work = async {
            let session = Session::over(&store, options)?;
            work(context, args, &store, &session, candidates, bounds).await
        };
        tokio::select! {
            biased;
            () = context.cancel.asked() => Err(anyhow::Error::new(Interrupted)),
            result = work => result,
        }
    });
    runtime.shutdown_background();
    if let Ok(outcome) = &result {
        noted.rows().store(outcome.rows, Ordering::Relaxed);
    }
    noted.end(&result);
    result
}

async fn work(
    context: &Context,
    args: &Pivot,
    store: &Arc<Store>,
    session: &Session,
    candidates: Vec<detect::pivot::Candidate>,
    bounds: story::Bounds,
) -> Result<Outcome> {
    let format =
        args.format.unwrap_or(if context.json { PivotFormat::Json } else { PivotFormat::Table });
    let Some((entity, others)) = story::chosen(session, candidates).await? else {
        say::note(format_args!("no row is about `{}`", args.entity));
        return nothing(args, format);
    };
    for (other, rows) in &others {
        let (column, value) = (other.kind.column(), &other.value);
        say::note(format_args!(
            "also {} as {column}: `dwell pivot {column}:{value}`",
            say::count(*rows)
        ));
    }
    let file = args.output.as_deref();
    let findings = story::findings(store, &entity, bounds)?;
    let rows = if matches!(format, PivotFormat::Timesketch | PivotFormat::Bodyfile) {
        timeline::write(session, &entity, &findings, format, file).await?
    } else {
        let top = usize::try_from(args.top)?;
        let story = story::told(session, entity, findings, top).await?;
        let mut target = Target::open(file)?;
        let rows = tell::tell(&mut target, &story, format)?;
        target.finish()?;
        rows
    };
    Ok(Outcome::done(rows, 0))
}

/// What programs get where there is nothing.
fn nothing(args: &Pivot, format: PivotFormat) -> Result<Outcome> {
    let mut target = Target::open(args.output.as_deref())?;
    tell::nothing(&mut target, &args.entity, format)?;
    target.finish()?;
    Ok(Outcome::done(0, 0))
}
