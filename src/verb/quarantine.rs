//! `dwell quarantine`: which lines did not become rows, why, and another try for them.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use ingest::IngestReport;
use ingest::format::Reason;
use ingest::quarantine::{EXAMPLE_BYTES, Quarantined};
use storage::store::{State, Store};

use super::{Outcome, ingest as ingest_verb, listing, sql};
use crate::args::{OutputArgs, Quarantine};
use crate::context::Context;
use crate::exit::{Exit, usage};
use crate::output::escape;
use crate::progress::IngestProgress;
use crate::say;

/// Runs one of its commands.
pub(super) fn run(context: &Context, what: Quarantine) -> Result<Outcome> {
    match what {
        Quarantine::List { source, output } => list(context, source, &output),
        Quarantine::Show { source, reason, limit, output } => {
            let store = context.open_quietly()?;
            check_source(&store, source)?;
            let mut tests = Vec::new();
            tests.extend(source.map(|source| format!("source_id = {source}")));
            if let Some(reason) = &reason {
                check_reason(reason)?;
                tests.push(format!("reason = '{reason}'"));
            }
            let tests = if tests.is_empty() {
                String::new()
            } else {
                format!("WHERE {}", tests.join(" AND "))
            };
            let limit = limit.map_or(String::new(), |limit| format!("LIMIT {limit}"));
            let text = format!(
                "SELECT source_id, line_no, byte_offset, reason, raw FROM quarantine {tests} \
                 ORDER BY source_id, line_no {limit}"
            );
            sql::listing(context, &output, &text)
        }
        Quarantine::Retry { source, format, logformat, fields, tz, original } => {
            let store = context.open()?;
            let mut options = ingest_verb::options(context, &store)?;
            options.format = format.filter(|format| format != "auto");
            options.logformat = logformat;
            options.fields = fields;
            options.zone = tz.as_deref().map(ingest_verb::zone).transpose()?;
            let progress = IngestProgress::new(context.cancel.clone());
            let one = |report| IngestReport { sources: vec![report] };
            let report = match (source, original) {
                (Some(source), None) => {
                    ingest::quarantine::retry(&store, source, &options, &progress).map(one)
                }
                (Some(source), Some(file)) => {
                    ingest::quarantine::retry_from(&store, source, &file, &options, &progress)
                        .map(one)
                }
                (None, _) => ingest::quarantine::retry_all(&store, &options, &progress),
            };
            progress.clear();
            let report = report?;
            if report.sources.is_empty() && !context.json {
                say::say("no lines in quarantine that could be read anew; nothing to do");
                return Ok(Outcome::default());
            }
            ingest_verb::report(context, &report)?;
            let exit = if report.needs_attention() { Exit::Partial } else { Exit::Done };
            Ok(Outcome { exit, rows: report.counts().rows, bytes_read: progress.bytes() })
        }
    }
}

fn check_source(store: &Store, source: Option<i32>) -> Result<()> {
    match source {
        Some(id) if !store.state().sources.contains_key(&id) => {
            Err(usage(format!("there is no source {id}; `dwell sources` lists them")))
        }
        _ => Ok(()),
    }
}

fn check_reason(reason: &str) -> Result<()> {
    if Reason::ALL.iter().any(|known| known.name() == reason) {
        return Ok(());
    }
    let known: Vec<_> = Reason::ALL.iter().map(|known| known.name()).collect();
    Err(usage(format!("no line has the reason `{reason}`; the reasons are {}", known.join(", "))))
}

fn list(context: &Context, source: Option<i32>, output: &OutputArgs) -> Result<Outcome> {
    let store = context.open()?;
    check_source(&store, source)?;
    let mut list = ingest::quarantine::list(&store, source)?;
    list.sort_by(|a, b| {
        (a.source_id, std::cmp::Reverse(a.lines), &a.reason).cmp(&(
            b.source_id,
            std::cmp::Reverse(b.lines),
            &b.reason,
        ))
    });
    let rows = sql::print(context, output, &batch(&store.state(), &list)?)?;
    listing::outside(&store, source);
    Ok(Outcome::done(rows, 0))
}

fn batch(state: &State, list: &[Quarantined]) -> Result<RecordBatch> {
    let words = |of: &dyn Fn(&Quarantined) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(list.iter().map(of)))
    };
    let numbers = |of: &dyn Fn(&Quarantined) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(list.iter().map(of)))
    };
    let ids: ArrayRef =
        Arc::new(Int32Array::from_iter_values(list.iter().map(|entry| entry.source_id)));
    let percents = list.iter().map(|entry| percent(state, entry));
    let percents: ArrayRef = Arc::new(Float64Array::from_iter_values(percents));
    Ok(RecordBatch::try_from_iter([
        ("source_id", ids),
        ("path", words(&|entry| entry.path.display().to_string())),
        ("reason", words(&|entry| entry.reason.clone())),
        ("lines", numbers(&|entry| i64::try_from(entry.lines).unwrap_or(i64::MAX))),
        ("first_line", numbers(&|entry| entry.first_line)),
        ("last_line", numbers(&|entry| entry.last_line)),
        ("percent", percents),
        ("example", words(&example)),
    ])?)
}

/// The share of the source's lines, in percent with two digits.
#[expect(clippy::cast_precision_loss, reason = "a share for people has a few digits")]
fn percent(state: &State, entry: &Quarantined) -> f64 {
    let lines = state.sources.get(&entry.source_id).map_or(0, |source| source.counts.lines);
    (entry.lines as f64 * 10_000.0 / lines.max(1) as f64).round() / 100.0
}

/// The beginning of a line, harmless wherever it is shown.
fn example(entry: &Quarantined) -> String {
    let mut text = String::new();
    escape::push_bytes(&mut text, &entry.example);
    let mut text = escape::visible(&text);
    if entry.example.len() >= EXAMPLE_BYTES {
        text.push_str("...");
    }
    text
}
