//! `dwell seal`: which days are closed, and with what root.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use serde_json::{Value, json};
use storage::error::{Error, ErrorKind};
use storage::seal::{self, Line, LineSource, OpenDay, Receipt, SealPlan, SealPolicy};
use storage::segment::VerifiedFile;
use storage::store::{CommitOptions, Source, Store};

use super::{Outcome, sql};
use crate::args::seal::Seal;
use crate::cancel::Cancel;
use crate::context::Context;
use crate::output::target::Target;
use crate::{say, when};

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// The lines of ingest, until someone asks to stop.
pub(in crate::verb) struct Lines(pub(in crate::verb) Cancel);

impl LineSource for Lines {
    fn lines(
        &self,
        file: &VerifiedFile,
        seq: u64,
        sources: &BTreeMap<i32, Arc<Source>>,
        wanted: &dyn Fn(u64) -> bool,
        visit: &mut dyn FnMut(Line<'_>) -> storage::Result<()>,
    ) -> storage::Result<()> {
        ingest::raw::Lines.lines(file, seq, sources, wanted, &mut |line| {
            if self.0.is_asked() {
                return Err(Error::new(ErrorKind::Interrupted, "stopped on the way")
                    .advise("what is committed stays; the same command goes on from there"));
            }
            visit(line)
        })
    }
}

/// What was done.
#[derive(Debug)]
pub(super) struct Report {
    /// What was due, and what was not yet.
    pub(super) plan: SealPlan,
    /// The seals that were made.
    pub(super) seals: Vec<Receipt>,
}

/// Seals what is due, each day in a commit of its own.
pub(super) fn seal(
    context: &Context,
    store: &Arc<Store>,
    before: Option<storage::Day>,
) -> Result<Report> {
    let grace_hours = context.settings(store)?.seal.grace_hours;
    let plan = seal::plan(&*store.refresh()?, &SealPolicy { grace_hours, before }, context.now_us);
    let options =
        CommitOptions { now_us: context.now_us, wait_ms: context.wait_ms, by: context.by.clone() };
    let lines = Lines(context.cancel.clone());
    let mut seals = Vec::new();
    for open in &plan.due {
        seals.extend(seal::apply(store, open.day, &lines, &options)?);
    }
    Ok(Report { plan, seals })
}

/// Seals what is due and says it.
pub(super) fn run(context: &Context, args: &Seal) -> Result<Outcome> {
    let store = context.open()?;
    let report = seal(context, &store, args.before)?;
    let bytes = report.plan.due.iter().map(|open| open.bytes).sum();
    if context.json && args.output.format.is_none() {
        let mut target = Target::open(args.output.output.as_deref())?;
        serde_json::to_writer_pretty(&mut target, &as_json(&report))?;
        target.write_all(b"\n")?;
        target.finish()?;
    } else {
        sql::print(context, &args.output, &as_rows(&report.seals)?)?;
        tell(&report);
    }
    Ok(Outcome::done(report.seals.iter().map(|seal| seal.leaves).sum(), bytes))
}

fn tell(report: &Report) {
    if report.seals.is_empty() {
        say::say("nothing was due");
    }
    for open in &report.plan.waiting {
        let what = if open.number == 0 { "" } else { "late " };
        say::say(format_args!(
            "{}: {} {what}{} not sealed yet, due {}; --before closes it now",
            open.day,
            say::count(open.rows),
            say::plural(open.rows, "row", "rows"),
            when::rfc3339(open.due_us)
        ));
    }
}

fn as_rows(seals: &[Receipt]) -> Result<RecordBatch> {
    let column = |name: &'static str, values: ArrayRef| (name, values);
    let numbers = |of: &dyn Fn(&Receipt) -> i64| -> ArrayRef {
        Arc::new(seals.iter().map(of).collect::<Int64Array>())
    };
    let columns = [
        column("day", Arc::new(Date32Array::from_iter_values(seals.iter().map(|it| it.day.0)))),
        column("number", Arc::new(seals.iter().map(|it| it.number as i32).collect::<Int32Array>())),
        column("rows", numbers(&|it| it.leaves as i64)),
        column("sources", numbers(&|it| it.sources.len() as i64)),
        column("record", numbers(&|it| it.seq as i64)),
        column(
            "root",
            Arc::new(seals.iter().map(|it| it.root.to_string()).map(Some).collect::<StringArray>()),
        ),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// The report for programs.
pub(super) fn as_json(report: &Report) -> Value {
    let sealed = |seal: &Receipt| {
        let sources: Vec<Value> = seal
            .sources
            .iter()
            .map(|it| {
                json!({
                    "source_id": it.source_id,
                    "rows": it.rows,
                    "first_line": it.first_line,
                    "last_line": it.last_line,
                })
            })
            .collect();
        json!({
            "day": seal.day.to_string(),
            "number": seal.number,
            "rows": seal.leaves,
            "record": seal.seq,
            "root": seal.root.to_string(),
            "sources": sources,
        })
    };
    let waiting = |open: &OpenDay| {
        json!({
            "day": open.day.to_string(),
            "number": open.number,
            "rows": open.rows,
            "due": when::rfc3339(open.due_us),
        })
    };
    json!({
        "report": "seal",
        "schema_version": REPORT_VERSION,
        "sealed": report.seals.iter().map(sealed).collect::<Vec<_>>(),
        "waiting": report.plan.waiting.iter().map(waiting).collect::<Vec<_>>(),
    })
}
