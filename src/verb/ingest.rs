//! `dwell ingest`: brings logs into the store and says what became of every input.

use std::sync::Arc;

use anyhow::Result;
use ingest::{IngestOptions, IngestReport, InputArg, SourceReport};
use serde_json::{Value, json};
use storage::extent::Counts;
use storage::store::Store;

use super::Outcome;
use crate::args::Ingest;
use crate::context::Context;
use crate::exit::{Exit, usage};
use crate::output::target::Target;
use crate::progress::IngestProgress;
use crate::{say, when};

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// Ingests the inputs of the command line.
pub(super) fn run(context: &Context, args: Ingest) -> Result<Outcome> {
    let store = context.open()?;
    let mut options = options(context, &store)?;
    options.format = args.format.filter(|format| format != "auto");
    options.logformat = args.logformat;
    options.fields = args.fields;
    options.zone = args.tz.as_deref().map(zone).transpose()?;
    options.source_name = args.source;
    if let Some(shift) = &args.shift {
        options.shift_us = when::shift(shift).map_err(usage)?;
    }
    if let Some(jobs) = args.jobs {
        options.jobs = jobs;
    }
    let inputs: Vec<InputArg> = args.paths.into_iter().map(InputArg::from).collect();
    let progress = IngestProgress::new(context.cancel.clone());
    let report = ingest::run(&store, &inputs, &options, &progress);
    progress.clear();
    let report = report?;
    self::report(context, &report)?;
    warn(&report, context.settings(&store)?.ingest.reject_percent);
    let exit = if report.none_stored() {
        Exit::Failed
    } else if report.needs_attention() {
        Exit::Partial
    } else {
        Exit::Done
    };
    Ok(Outcome { exit, rows: report.counts().rows, bytes_read: progress.bytes() })
}

/// How an ingest works, by the store's settings.
pub(super) fn options(context: &Context, store: &Arc<Store>) -> Result<IngestOptions> {
    let settings = context.settings(store)?;
    Ok(IngestOptions {
        by: context.by.clone(),
        wait_ms: context.wait_ms,
        settings: context.config.is_some().then(|| settings.clone()),
        ..IngestOptions::from_config(&settings.ingest)
    })
}

/// Reads the name of a time zone.
pub(super) fn zone(name: &str) -> Result<chrono_tz::Tz> {
    name.parse().map_err(|_| {
        usage(format!(
            "`{name}` is no time zone; write a name of the tz database, such as Europe/Berlin"
        ))
    })
}

/// Says what became of each input, in words or as JSON.
pub(super) fn report(context: &Context, report: &IngestReport) -> Result<()> {
    if context.json {
        return print_json(report);
    }
    tell(report);
    Ok(())
}

fn tell(report: &IngestReport) {
    for source in &report.sources {
        say::say(sentence(source));
        for (reason, lines) in &source.reasons {
            say::say(format_args!("    quarantined {}: {reason}", say::count(*lines)));
        }
        if source.assumed_zone > 0 {
            say::say(format_args!(
                "    {} lines print no time zone: taken as UTC; --tz ZONE says otherwise",
                say::count(source.assumed_zone)
            ));
        }
        if let Some(privacy) = &source.privacy {
            say::say(format_args!("    privacy rule: {privacy}"));
        }
        let notes = source.format.iter().filter_map(|format| format.note.as_ref());
        for text in notes.chain(&source.message) {
            say::say(format_args!("    {text}"));
        }
        if let Some(next) = &source.next {
            say::say(format_args!("    next: {next}"));
        }
    }
    if report.sources.is_empty() {
        say::say("no input files; nothing to do");
    }
    if report.sources.len() > 1 {
        let counts = report.counts();
        say::say(format_args!(
            "{} inputs: {} rows, {}, {} lines",
            report.sources.len(),
            say::count(counts.rows),
            quarantined(&counts),
            say::count(counts.lines),
        ));
    }
}

/// How many lines SQL does not see, and which share that is.
fn quarantined(counts: &Counts) -> String {
    let number = say::count(counts.quarantined);
    match counts.quarantined {
        0 => format!("{number} quarantined"),
        some => format!("{number} quarantined ({})", say::percent(some, counts.lines)),
    }
}

/// Says loudly which files were rejected to a large part.
fn warn(report: &IngestReport, reject_percent: u32) {
    for source in &report.sources {
        let counts = &source.counts;
        let over = u128::from(counts.quarantined) * 100
            > u128::from(counts.lines) * u128::from(reject_percent);
        if !over {
            continue;
        }
        let id = source.source_id.map_or(String::new(), |id| format!(" --source {id}"));
        say::warning(format_args!(
            "{}: {} of {} lines ({}) became no rows, more than {reject_percent} % of the file: SQL does not see \
             them. `dwell quarantine list{id}` shows why; the limit is `reject_percent` in dwell.toml",
            source.path.display(),
            say::count(counts.quarantined),
            say::count(counts.lines),
            say::percent(counts.quarantined, counts.lines),
        ));
    }
}

/// What became of one input, as a sentence.
pub(super) fn sentence(source: &SourceReport) -> String {
    let mut text =
        format!("{}: {}", source.path.display(), source.outcome.name().replace('_', " "));
    if let Some(id) = source.source_id {
        text.push_str(&format!(" as source {id}"));
    }
    let counts = &source.counts;
    if counts.lines > 0 {
        text.push_str(&format!(
            ": {} {} of {} {}, {}",
            say::count(counts.rows),
            say::plural(counts.rows, "row", "rows"),
            say::count(counts.lines),
            say::plural(counts.lines, "line", "lines"),
            say::size(source.bytes)
        ));
        if counts.quarantined > 0 {
            text.push_str(&format!(", {}", quarantined(counts)));
        }
    }
    if let Some(format) = &source.format {
        text.push_str(&format!(", format {}", format.id));
        if let Some(score) = format.score {
            text.push_str(&format!(" ({:.0} % of the sample", score * 100.0));
            if let Some((name, next)) = &format.runner_up {
                text.push_str(&format!("; next {name} {:.0} %", next * 100.0));
            }
            text.push(')');
        }
    }
    text
}

fn print_json(report: &IngestReport) -> Result<()> {
    let sources: Vec<Value> = report.sources.iter().map(source_json).collect();
    let counts = report.counts();
    let value = json!({
        "report": "ingest",
        "schema_version": REPORT_VERSION,
        "sources": sources,
        "lines": counts.lines,
        "rows": counts.rows,
        "quarantined": counts.quarantined,
        "headers": counts.headers,
        "blank": counts.blank,
        "bytes": report.bytes(),
        "raw_rows": report.raw_rows(),
    });
    let mut target = Target::stdout();
    serde_json::to_writer_pretty(&mut target, &value)?;
    std::io::Write::write_all(&mut target, b"\n")?;
    target.finish()
}

fn source_json(source: &SourceReport) -> Value {
    let reasons: serde_json::Map<String, Value> =
        source.reasons.iter().map(|(reason, lines)| (reason.to_string(), json!(lines))).collect();
    let format = source.format.as_ref().map(|format| {
        json!({
            "id": format.id,
            "score": format.score,
            "runner_up": format.runner_up.as_ref().map(|(id, score)| json!({"id": id, "score": score})),
            "note": format.note,
        })
    });
    json!({
        "path": source.path.display().to_string(),
        "source_id": source.source_id,
        "outcome": source.outcome.name(),
        "format": format,
        "lines": source.counts.lines,
        "rows": source.counts.rows,
        "quarantined": source.counts.quarantined,
        "headers": source.counts.headers,
        "blank": source.counts.blank,
        "bytes": source.bytes,
        "raw_rows": source.raw_rows,
        "reasons": reasons,
        "first_ts": source.ts_range.map(|(first, _)| when::rfc3339(first)),
        "last_ts": source.ts_range.map(|(_, last)| when::rfc3339(last)),
        "assumed_zone": source.assumed_zone,
        "extents": source.extents,
        "privacy": source.privacy,
        "message": source.message,
        "next": source.next,
    })
}
