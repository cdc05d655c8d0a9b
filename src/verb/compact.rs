//! `dwell compact`: many small files of a day become few large ones, with the same rows.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::Result;
use ingest::raw::Lines;
use serde_json::{Value, json};
use storage::compact::{self, CompactOptions, Compacted, Kept, Plan, Policy, Report};
use storage::error::{Error, ErrorKind};
use storage::ledger::record::Table;
use storage::retention;
use storage::store::{CommitOptions, Store};

use super::Outcome;
use crate::args::compact::Compact;
use crate::context::Context;
use crate::output::target::Target;
use crate::say;

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// Puts together what gains by it, or says what would.
pub(super) fn run(context: &Context, args: &Compact) -> Result<Outcome> {
    let store = context.open()?;
    if args.dry_run {
        let plan = compact::plan(&*store.refresh()?, &policy(context, &store)?, context.now_us);
        return show_plan(context, &plan);
    }
    let report = apply(context, &store)?;
    let rows = report.groups.iter().map(|group| group.rows).sum();
    let bytes = report.groups.iter().map(|group| group.bytes_before).sum();
    if context.json {
        print(as_json(&report))?;
    } else {
        tell(&report);
    }
    Ok(Outcome::done(rows, bytes))
}

/// Sources that are kept for different times stay apart.
fn policy(context: &Context, store: &Arc<Store>) -> Result<Policy> {
    let retention = retention::Policy::new(&context.settings(store)?.retention, None);
    Ok(Policy { retention: Some(Arc::new(retention)), ..Policy::default() })
}

/// Puts together what gains by it; each day is told of when it is done.
pub(super) fn apply(context: &Context, store: &Arc<Store>) -> Result<Report> {
    let check = || match context.cancel.is_asked() {
        true => Err(Error::new(ErrorKind::Interrupted, "stopped; the days that are done stay")),
        false => Ok(()),
    };
    let done = |group: &Compacted| {
        if !context.json {
            say::say(sentence(group));
        }
    };
    let options = CompactOptions {
        policy: policy(context, store)?,
        commit: CommitOptions {
            now_us: storage::clock::now_us(),
            wait_ms: context.wait_ms,
            by: context.by.clone(),
        },
        lines: &Lines,
        check: &check,
        done: &done,
    };
    Ok(compact::run(store, &options)?)
}

fn table(table: Table) -> &'static str {
    match table {
        Table::Requests => "requests",
        Table::Lines => "lines",
    }
}

fn files(number: u64) -> String {
    format!("{} {}", say::count(number), say::plural(number, "file", "files"))
}

fn sentence(group: &Compacted) -> String {
    let sealed = if group.seal.is_some() { ", sealed" } else { "" };
    let mut text = format!(
        "{}  {:8}  {}, {} -> {}, {}; {} {}{sealed}",
        group.day,
        table(group.table),
        files(group.files_before),
        say::size(group.bytes_before),
        files(group.files_after),
        say::size(group.bytes_after),
        say::count(group.rows),
        say::plural(group.rows, "row", "rows"),
    );
    if group.dropped > 0 {
        text.push_str(&format!(", {} hidden dropped", say::count(group.dropped)));
    }
    text
}

fn tell(report: &Report) {
    let sum = |of: fn(&Compacted) -> u64| report.groups.iter().map(of).sum::<u64>();
    if report.groups.is_empty() {
        say::say("no day gains by being put together; nothing to do");
    } else {
        say::say(format_args!(
            "{} -> {}, {} -> {}",
            files(sum(|group| group.files_before)),
            files(sum(|group| group.files_after)),
            say::size(sum(|group| group.bytes_before)),
            say::size(sum(|group| group.bytes_after)),
        ));
    }
    tell_kept(&report.kept);
}

fn tell_kept(kept: &[Kept]) {
    for file in kept {
        say::say(format_args!("{}  {} stays: {}", file.day, file.path, file.why));
    }
}

/// The report for programs.
pub(super) fn as_json(report: &Report) -> Value {
    let groups: Vec<Value> = report
        .groups
        .iter()
        .map(|group| {
            json!({
                "table": table(group.table),
                "day": group.day.to_string(),
                "seal": group.seal,
                "why": group.why.name(),
                "files_before": group.files_before,
                "files_after": group.files_after,
                "bytes_before": group.bytes_before,
                "bytes_after": group.bytes_after,
                "rows": group.rows,
                "dropped": group.dropped,
            })
        })
        .collect();
    let sum = |of: fn(&Compacted) -> u64| report.groups.iter().map(of).sum::<u64>();
    json!({
        "report": "compact",
        "schema_version": REPORT_VERSION,
        "days": groups,
        "kept": kept_json(&report.kept),
        "files_before": sum(|group| group.files_before),
        "files_after": sum(|group| group.files_after),
        "bytes_before": sum(|group| group.bytes_before),
        "bytes_after": sum(|group| group.bytes_after),
        "rows": sum(|group| group.rows),
        "dropped": sum(|group| group.dropped),
    })
}

fn kept_json(kept: &[Kept]) -> Vec<Value> {
    let file =
        |file: &Kept| json!({"day": file.day.to_string(), "path": file.path, "why": file.why});
    kept.iter().map(file).collect()
}

fn show_plan(context: &Context, plan: &Plan) -> Result<Outcome> {
    if context.json {
        let groups: Vec<Value> = plan
            .groups
            .iter()
            .map(|group| {
                json!({
                    "table": table(group.table),
                    "day": group.day.to_string(),
                    "seal": group.seal,
                    "why": group.why.name(),
                    "files": group.inputs.len(),
                    "bytes": group.bytes(),
                })
            })
            .collect();
        print(json!({
            "report": "compact_plan",
            "schema_version": REPORT_VERSION,
            "days": groups,
            "kept": kept_json(&plan.kept),
        }))?;
        return Ok(Outcome::default());
    }
    for group in &plan.groups {
        say::say(format_args!(
            "{}  {:8}  {}, {}: {}",
            group.day,
            table(group.table),
            files(group.inputs.len() as u64),
            say::size(group.bytes()),
            group.why.name()
        ));
    }
    tell_kept(&plan.kept);
    if plan.groups.is_empty() {
        say::say("no day gains by being put together");
    } else {
        say::say("nothing was changed; without --dry-run it is done");
    }
    Ok(Outcome::default())
}

fn print(value: Value) -> Result<()> {
    let mut target = Target::stdout();
    serde_json::to_writer_pretty(&mut target, &value)?;
    target.write_all(b"\n")?;
    target.finish()
}
