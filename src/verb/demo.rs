//! `dwell demo`: makes a day with planted incidents, ingests it, hunts it, and shows what an analyst would want to see.

mod hunts;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use dwell::sample::{self, day::DayOptions};
use futures::StreamExt;
use ingest::{IngestOptions, InputArg};
use query::{Session, SessionOptions};
use serde_json::json;
use storage::Day;
use storage::store::{InitOptions, Store};

use self::hunts::{HUNTS, Hunt};
use super::{Outcome, sql};
use crate::args::Demo;
use crate::context::Context;
use crate::exit::Interrupted;
use crate::output::cell::Column;
use crate::output::escape;
use crate::output::target::Target;
use crate::progress::IngestProgress;
use crate::reader::Reader;
use crate::say;

/// Findings shown of each hunt; the SQL below them shows the rest.
const SHOWN: usize = 4;

/// One row of a hunt: its columns as text.
type Row = BTreeMap<String, String>;

/// What the demo works with.
struct Place {
    dir: PathBuf,
    store: PathBuf,
    keys: PathBuf,
    day: Day,
}

/// Runs the whole demo.
pub(super) fn run(context: &Context, args: &Demo) -> Result<Outcome> {
    let day = args.day.unwrap_or_else(|| Day(Day::of(context.now_us).0 - 1));
    let place = Place {
        dir: args.dir.clone(),
        store: args.dir.join("store"),
        keys: args.dir.join("keys"),
        day,
    };
    let log = generate(&place, args)?;
    let store = open(context, &place)?;
    let (rows, bytes) = take_in(context, &store, &log)?;
    let found = hunt(context, &store, day)?;
    let mut target = Target::stdout();
    if context.json {
        write_json(&mut target, &found)?;
    } else {
        write_report(&mut target, &place, &found)?;
    }
    target.finish()?;
    Ok(Outcome::done(rows, bytes))
}

/// Writes the log of the day into the demo's folder.
fn generate(place: &Place, args: &Demo) -> Result<PathBuf> {
    let dir = &place.dir;
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    let path = dir.join(format!("access-{}.log", place.day));
    let what = || format!("cannot write `{}`", path.display());
    let file = File::create(&path).with_context(what)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let options = DayOptions { day: place.day, lines: args.lines, seed: args.seed };
    let (lines, clients) = sample::day::write(&options, &mut out).with_context(what)?;
    out.flush().with_context(what)?;
    say::say(format_args!(
        "made {}: {} lines of {clients} clients on {}",
        path.display(),
        say::count(lines),
        place.day
    ));
    Ok(path)
}

fn open(context: &Context, place: &Place) -> Result<Arc<Store>> {
    let store = Store::init(
        &place.store,
        &InitOptions {
            group: None,
            key_dir: Some(context.key_dir_named.clone().unwrap_or_else(|| place.keys.clone())),
            fallback_dir: None,
            fs: storage::fs::real(),
            now_us: context.now_us,
            by: context.by.clone(),
        },
    )?;
    for text in store.notes() {
        say::note(text);
    }
    Ok(store)
}

fn take_in(context: &Context, store: &Arc<Store>, log: &Path) -> Result<(u64, u64)> {
    let options = IngestOptions {
        logformat: Some(sample::LOGFORMAT.into()),
        by: context.by.clone(),
        wait_ms: context.wait_ms,
        ..IngestOptions::default()
    };
    let begin = std::time::Instant::now();
    let progress = IngestProgress::new(context.cancel.clone());
    let report = ingest::run(store, &[InputArg::from(log.to_path_buf())], &options, &progress);
    progress.clear();
    let report = report?;
    let counts = report.counts();
    if counts.lines == 0 {
        say::say("the store has this day already; nothing to ingest");
    } else {
        say::say(format_args!(
            "ingested {} rows, {} quarantined, in {:.1} s: every line parsed, proven byte-exact and signed",
            say::count(counts.rows),
            say::count(counts.quarantined),
            begin.elapsed().as_secs_f64()
        ));
    }
    Ok((counts.rows, progress.bytes()))
}

/// Runs every hunt over the day.
fn hunt(context: &Context, store: &Arc<Store>, day: Day) -> Result<Vec<(&'static Hunt, Vec<Row>)>> {
    let mut options: SessionOptions = sql::options(context, store)?;
    options.since_us = Some(day.start());
    options.until_us = Some(day.end());
    let reader = Reader::new(store);
    options.spill_dir = reader.spill_dir().map(Path::to_path_buf);
    let runtime = sql::runtime(options.threads)?;
    let result = runtime.block_on(async {
        let work = async {
            let session = Session::over(store, options)?;
            let mut found = Vec::new();
            for hunt in HUNTS {
                found.push((hunt, rows(&session, hunt.sql).await?));
            }
            Ok(found)
        };
        tokio::select! {
            biased;
            () = context.cancel.asked() => Err(anyhow::Error::new(Interrupted)),
            result = work => result,
        }
    });
    runtime.shutdown_background();
    result
}

async fn rows(session: &Session, text: &str) -> Result<Vec<Row>> {
    let mut answer = session.sql(text).await?;
    let mut rows = Vec::new();
    while let Some(batch) = answer.stream.next().await {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            rows.push(row_of(&batch, row)?);
        }
    }
    Ok(rows)
}

fn row_of(batch: &arrow::array::RecordBatch, row: usize) -> Result<Row> {
    let schema = batch.schema();
    let fields = schema.fields().iter().zip(batch.columns());
    let cells = fields.map(|(field, array)| {
        let mut text = String::new();
        Column::new(array)?.push_text(row, &mut text)?;
        Ok((field.name().clone(), text))
    });
    cells.collect()
}

fn write_report(
    target: &mut Target,
    place: &Place,
    found: &[(&'static Hunt, Vec<Row>)],
) -> Result<()> {
    let total: usize = found.iter().map(|(_, rows)| rows.len()).sum();
    writeln!(target, "\n{total} findings on {}\n", place.day)?;
    for (number, (hunt, rows)) in found.iter().filter(|(_, rows)| !rows.is_empty()).enumerate() {
        writeln!(target, "{}. {} [{}]: {}", number + 1, hunt.title, hunt.level, rows.len())?;
        writeln!(target, "   {}\n", hunt.why)?;
        for row in rows.iter().take(SHOWN) {
            writeln!(target, "   * {}", escape::visible(&hunt.sentence(row)))?;
        }
        if rows.len() > SHOWN {
            writeln!(target, "   * ... and {} more", rows.len() - SHOWN)?;
        }
        writeln!(target, "\n   The SQL behind it:")?;
        for line in hunt.sql.trim().lines() {
            writeln!(target, "     {line}")?;
        }
        writeln!(target)?;
    }
    let program = std::env::args().next().unwrap_or_else(|| "dwell".into());
    writeln!(target, "Try next:\n")?;
    writeln!(
        target,
        "  export DWELL_STORE={} DWELL_KEY_DIR={}",
        place.store.display(),
        place.keys.display()
    )?;
    for text in hunts::NEXT {
        writeln!(target, "  {program} sql \"{text}\"")?;
    }
    writeln!(
        target,
        "\nand `{program} verify --deep` proves that nothing in the store was changed."
    )?;
    Ok(())
}

fn write_json(target: &mut Target, found: &[(&'static Hunt, Vec<Row>)]) -> Result<()> {
    let all = found.iter().flat_map(|(hunt, rows)| {
        rows.iter().map(|row| {
            json!({
                "hunt": hunt.id,
                "level": hunt.level,
                "title": hunt.title,
                "why": hunt.sentence(row),
                "evidence": hunt.sql.trim(),
                "facts": row,
            })
        })
    });
    serde_json::to_writer_pretty(&mut *target, &all.collect::<Vec<_>>())?;
    writeln!(target)?;
    Ok(())
}
