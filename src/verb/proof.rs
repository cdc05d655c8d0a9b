//! `dwell export --proof`: the rows of a query as a folder that proves itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures::StreamExt;
use query::Session;
use serde_json::json;
use storage::Digest;
use storage::fs::{self, Rights};
use storage::seal::{Evidence, MOST_LINES, RowProof, prove};
use storage::store::Store;

use super::{Outcome, seal, sql};
use crate::args::proof::Export;
use crate::context::Context;
use crate::exit::{Interrupted, usage};
use crate::output::escape;
use crate::reader::Reader;
use crate::{say, when};

/// What the folder says of itself.
const README: &str = include_str!("proof.md");

/// The checker.
const CHECKER: &str = include_str!("../../docs/verify_proof.py");

/// How many lines without proof are named one by one.
const NAMED: usize = 20;

/// Writes the rows that were asked for, and what proves them.
pub(super) fn run(context: &Context, args: &Export, dir: &Path) -> Result<Outcome> {
    let text = match (&args.condition, &args.query) {
        (Some(condition), _) => {
            format!("SELECT source_id, line_no FROM requests WHERE (\n{condition}\n)")
        }
        (None, Some(query)) => query.clone(),
        (None, None) => return Err(usage("which rows? Give --where or --query")),
    };
    refuse_full(dir)?;
    let store = context.open()?;
    let (wanted, bytes) = lines(context, &store, args, &text)?;
    if wanted.is_empty() {
        say::say("no row matches; nothing was written");
        return Ok(Outcome::done(0, bytes));
    }
    let evidence = prove(&store, &wanted, &seal::Lines(context.cancel.clone()))?;
    name_unsealed(&evidence);
    if evidence.rows.is_empty() {
        bail!(
            "none of the {} rows is sealed, so none can be proven; `dwell seal --before DAY` closes days",
            say::count(wanted.len() as u64)
        );
    }
    write(context, &store, &evidence, &text, dir)?;
    let rows = evidence.rows.len() as u64;
    say::say(format_args!(
        "{} {} with proof in {}; give the public key to whoever checks it on another way: {}",
        say::count(rows),
        say::plural(rows, "line", "lines"),
        dir.display(),
        store.key().line()
    ));
    Ok(Outcome::done(rows, bytes))
}

/// Nothing is written over.
fn refuse_full(dir: &Path) -> Result<()> {
    let full = fs::list_if_there(&*fs::real(), dir)?;
    if full.is_empty() {
        return Ok(());
    }
    Err(usage(format!("`{}` is not empty; name a new folder", dir.display())))
}

/// The lines that the query gives, and how much was read for it.
fn lines(
    context: &Context,
    store: &Arc<Store>,
    args: &Export,
    text: &str,
) -> Result<(BTreeSet<(i32, i64)>, u64)> {
    let mut options = sql::options(context, store)?;
    (options.since_us, options.until_us) = sql::bounds(context, &args.bounds)?;
    let reader = Reader::new(store);
    options.spill_dir = reader.spill_dir().map(Path::to_path_buf);
    let runtime = sql::runtime(options.threads)?;
    let result = runtime.block_on(async {
        let work = async {
            let session = Session::over(store, options)?;
            let planned = session.plan(text).await?;
            let mut answer = planned.run()?;
            let mut wanted = BTreeSet::new();
            while let Some(batch) = answer.stream.next().await {
                take(&batch?, &mut wanted)?;
                if wanted.len() > MOST_LINES {
                    let most = say::count(MOST_LINES as u64);
                    return Err(usage(format!(
                        "more than {most} rows in one proof; ask for fewer"
                    )));
                }
            }
            Ok((wanted, planned.bytes_read()))
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

/// Takes the lines of a batch of the answer.
fn take(batch: &RecordBatch, wanted: &mut BTreeSet<(i32, i64)>) -> Result<()> {
    let column = |name: &str, kind: &DataType| {
        let column = batch.column_by_name(name).and_then(|column| cast(column, kind).ok());
        column.ok_or_else(|| usage(format!("the query must give the numbers `{name}`")))
    };
    let ids = column("source_id", &DataType::Int32)?;
    let lines = column("line_no", &DataType::Int64)?;
    let (ids, lines) = (ids.as_primitive::<Int32Type>(), lines.as_primitive::<Int64Type>());
    for row in 0..batch.num_rows() {
        if ids.is_valid(row) && lines.is_valid(row) {
            wanted.insert((ids.value(row), lines.value(row)));
        }
    }
    Ok(())
}

/// Says which rows can't be proven yet.
fn name_unsealed(evidence: &Evidence) {
    for (source_id, line_no, day) in evidence.unsealed.iter().take(NAMED) {
        match day {
            Some(day) => say::say(format_args!(
                "line {line_no} of source {source_id} is not sealed yet ({day})"
            )),
            None => say::say(format_args!("line {line_no} of source {source_id} is not sealed")),
        }
    }
    let more = evidence.unsealed.len().saturating_sub(NAMED);
    if more > 0 {
        say::say(format_args!("... and {} more", say::count(more as u64)));
    }
}

fn hex(path: &[Digest]) -> Vec<String> {
    path.iter().map(ToString::to_string).collect()
}

fn as_json(row: &RowProof) -> serde_json::Value {
    json!({
        "day": row.day.to_string(),
        "index": row.index,
        "line": BASE64_STANDARD.encode(&row.line),
        "line_no": row.line_no,
        "proof": hex(&row.path),
        "salt": Digest(row.salt).to_string(),
        "seal": row.seal,
        "source_id": row.source_id,
    })
}

/// Writes the folder.
fn write(
    context: &Context,
    store: &Store,
    evidence: &Evidence,
    query: &str,
    dir: &Path,
) -> Result<()> {
    let fs = fs::real();
    fs::ensure_dir(&*fs, dir, Rights::Inherit)?;
    let put = |name: &str, bytes: &[u8]| fs::write_new(&*fs, &dir.join(name), bytes);
    let (mut rows, mut log) = (String::new(), Vec::new());
    for row in &evidence.rows {
        writeln!(rows, "{}", as_json(row))?;
        log.extend_from_slice(&row.line);
        log.push(b'\n');
    }
    let mut ledger = String::new();
    for record in &evidence.records {
        let text = String::from_utf8_lossy(&record.record);
        let line = json!({"index": record.seq - 1, "proof": hex(&record.path), "record": text});
        writeln!(ledger, "{line}")?;
    }
    put("rows.jsonl", rows.as_bytes())?;
    put("rows.log", &log)?;
    put("ledger.jsonl", ledger.as_bytes())?;
    put("checkpoint", evidence.checkpoint.as_bytes())?;
    put("key", format!("{}\n", store.key().line()).as_bytes())?;
    put("verify_proof.py", CHECKER.as_bytes())?;
    put("README.md", readme(context, store, evidence, query).as_bytes())?;
    Ok(fs::sync_dir(&*fs, dir)?)
}

fn readme(context: &Context, store: &Store, evidence: &Evidence, query: &str) -> String {
    let days: BTreeSet<_> = evidence.rows.iter().map(|row| row.day).collect();
    let days: Vec<String> = days.iter().map(ToString::to_string).collect();
    let query: Vec<String> =
        query.lines().map(|line| format!("    {}", escape::visible(line))).collect();
    let state = store.state();
    let seals: BTreeSet<u64> = evidence.rows.iter().map(|row| row.seal).collect();
    let sealed: BTreeSet<_> =
        seals.iter().filter_map(|seq| state.seal(*seq)).map(|sealed| sealed.at).collect();
    let sealed: Vec<String> = sealed.into_iter().map(when::rfc3339).collect();
    README
        .replace("{rows}", &say::count(evidence.rows.len() as u64))
        .replace("{days}", &days.join(", "))
        .replace("{at}", &when::rfc3339(context.now_us))
        .replace("{store}", store.id())
        .replace("{sealed}", &sealed.join(", "))
        .replace("{query}", &query.join("\n"))
}
