//! `dwell sql`: from a query text to a result in the format asked for.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};
use arrow::array::RecordBatch;
use futures::StreamExt;
use query::{Planned, Session, SessionOptions};
use storage::Micros;
use storage::store::Store;

use super::Outcome;
use crate::args::{Bounds, OutputArgs, Sql};
use crate::context::{Context, read_text};
use crate::exit::{Interrupted, usage};
use crate::noted::Noted;
use crate::output::target::{Target, stdout_is_terminal};
use crate::output::{self, Format};
use crate::reader::Reader;
use crate::{say, when};

/// Runs the query of the command line.
pub(super) fn run(context: &Context, args: &Sql) -> Result<Outcome> {
    let text = match (&args.query, &args.file) {
        (Some(text), _) => text.clone(),
        (None, Some(path)) if path.as_os_str() == "-" => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .context("cannot read the query from stdin")?;
            text
        }
        (None, Some(path)) => read_text(path)?,
        (None, None) => return Err(usage("no query; give one, or -f FILE")),
    };
    let format = format_for(context, &args.output)?;
    let store = context.open()?;
    let mut options = options(context, &store)?;
    (options.since_us, options.until_us) = bounds(context, &args.bounds)?;
    if let Some(memory) = &args.memory {
        options.memory_bytes = bytes(memory)?;
    }
    if let Some(threads) = args.threads {
        options.threads = threads.clamp(1, THREADS_MAX);
    }
    query(context, &store, options, &text, format, args.output.output.as_deref())
}

/// The times that a query may see.
pub(super) fn bounds(
    context: &Context,
    bounds: &Bounds,
) -> Result<(Option<Micros>, Option<Micros>)> {
    let bound = |text: &Option<String>| {
        text.as_deref().map(|text| when::parse(text, context.now_us).map_err(usage)).transpose()
    };
    Ok((bound(&bounds.since)?, bound(&bounds.until)?))
}

/// Runs a query that a command is made of.
pub(super) fn listing(context: &Context, args: &OutputArgs, text: &str) -> Result<Outcome> {
    let format = format_for(context, args)?;
    let store = context.open()?;
    let options = options(context, &store)?;
    query(context, &store, options, text, format, args.output.as_deref())
}

/// Writes rows that a command has made itself; returns how many.
pub(super) fn print(context: &Context, args: &OutputArgs, batch: &RecordBatch) -> Result<u64> {
    let format = format_for(context, args)?;
    let mut writer =
        output::writer(format, &batch.schema(), Target::open(args.output.as_deref())?)?;
    if batch.num_rows() > 0 {
        writer.batch(batch)?;
    }
    writer.finish()?;
    Ok(batch.num_rows() as u64)
}

fn format_for(context: &Context, args: &OutputArgs) -> Result<Format> {
    let format = Format::choose(args.format, args.output.as_deref(), context.json);
    if format.is_binary() && args.output.is_none() && stdout_is_terminal() {
        return Err(usage(
            "this format is not for a terminal; add -o FILE or send stdout elsewhere",
        ));
    }
    Ok(format)
}

/// The limits of a query, by the settings of the store and the machine.
pub(super) fn options(context: &Context, store: &Arc<Store>) -> Result<SessionOptions> {
    let mut options = SessionOptions::new(context.now_us);
    options.memory_bytes = usize::try_from(context.settings(store)?.query.memory_bytes)
        .context("memory_bytes is too large")?;
    options.threads = std::thread::available_parallelism().map_or(2, usize::from);
    Ok(options)
}

fn query(
    context: &Context,
    store: &Arc<Store>,
    mut options: SessionOptions,
    text: &str,
    format: Format,
    file: Option<&Path>,
) -> Result<Outcome> {
    let reader = Reader::new(store);
    options.spill_dir = reader.spill_dir().map(Path::to_path_buf);
    let runtime = runtime(options.threads)?;
    let noted = Noted::begin(context, store, &options, text)?;
    let result = runtime.block_on(async {
        let work = async {
            let session = Session::over(store, options)?;
            let planned = session.plan(text).await?;
            hint(&planned);
            let rows = write(&planned, format, file, noted.rows()).await?;
            Ok(Outcome::done(rows, planned.bytes_read()))
        };
        tokio::select! {
            biased;
            () = context.cancel.asked() => Err(anyhow::Error::new(Interrupted)),
            result = work => result,
        }
    });
    // Threads that still work on a cancelled query are not waited for.
    runtime.shutdown_background();
    noted.end(&result);
    result
}

/// More threads than this gain nothing, and the system may refuse them.
const THREADS_MAX: usize = 256;

/// The threads a query runs on.
pub(super) fn runtime(threads: usize) -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .context("cannot start the threads of the query")
}

/// Says what a query without a time bound is about to read, if that is much.
fn hint(planned: &Planned) {
    const MUCH: u64 = 256 << 20;
    let Some(estimate) = planned.scan_estimate() else { return };
    if estimate.time_bound || estimate.bytes < MUCH {
        return;
    }
    let days = estimate.days.map_or(String::new(), |(first, last)| format!(" ({first} to {last})"));
    say::note(format_args!(
        "no time bound: this reads up to {} in {} {}{days}; --since 7d or `ts >= ...` reads less",
        say::size(estimate.bytes),
        say::count(estimate.files),
        say::plural(estimate.files, "file", "files"),
    ));
}

async fn write(
    planned: &Planned,
    format: Format,
    file: Option<&Path>,
    written: &AtomicU64,
) -> Result<u64> {
    let mut answer = planned.run()?;
    let target = Target::open(file)?;
    let mut writer = output::writer(format, &answer.schema, target)?;
    let mut rows = 0;
    while let Some(batch) = answer.stream.next().await {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        // Writing may block on a slow reader; the other threads go on meanwhile.
        tokio::task::block_in_place(|| writer.batch(&batch))?;
        written.store(rows, Ordering::Relaxed);
    }
    writer.finish()?;
    Ok(rows)
}

/// Reads `512MiB`, `1GB`, `1073741824`.
fn bytes(text: &str) -> Result<usize> {
    let bad = || usage(format!("`{text}` is no size; write 512MiB or 1GiB"));
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: usize = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(bad()),
    };
    number.parse().ok().and_then(|number: usize| number.checked_mul(factor)).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        assert_eq!(bytes("512MiB").unwrap(), 512 << 20);
        assert_eq!(bytes("1gb").unwrap(), 1_000_000_000);
        assert_eq!(bytes("77").unwrap(), 77);
        assert!(bytes("many").is_err());
        assert!(bytes("99999999999999999999G").is_err());
    }
}
