//! `dwell formats try`: how well does each format read a file, and what does one make of it?

use std::io::Write;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, Float64Array, StringArray};
use ingest::trial::{self, Record, Scores, Trial, Value};
use ingest::{FormatChoice, IngestOptions};
use serde_json::json;

use crate::args::{OutputArgs, Try};
use crate::context::Context;
use crate::output::escape;
use crate::output::target::Target;
use crate::progress::IngestProgress;
use crate::verb::{Outcome, ingest as ingest_verb};
use crate::{say, when};

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// Tries a file.
pub(super) fn run(context: &Context, args: &Try) -> Result<Outcome> {
    let config = context.settings_alone()?;
    let mut options = IngestOptions::from_config(&config.ingest);
    options.format.clone_from(&args.format);
    options.logformat.clone_from(&args.logformat);
    options.fields.clone_from(&args.fields);
    options.zone = args.tz.as_deref().map(ingest_verb::zone).transpose()?;
    if args.format.is_none() && args.logformat.is_none() && args.fields.is_none() {
        return scores(context, args, &trial::scores(&args.file, &config, &options)?);
    }
    let progress = IngestProgress::new(context.cancel.clone());
    let found = trial::run(&args.file, &config, &options, &progress)?;
    progress.clear();
    let mut target = Target::stdout();
    if context.json {
        serde_json::to_writer_pretty(&mut target, &as_json(args, &found))?;
        writeln!(target)?;
    } else {
        as_text(&mut target, args, &found)?;
    }
    target.finish()?;
    Ok(Outcome::done(found.counts.rows, found.bytes))
}

/// The table of all formats, and what an ingest would do.
fn scores(context: &Context, args: &Try, scores: &Scores) -> Result<Outcome> {
    let all = &scores.formats;
    let share = |value: f64| (value * 1_000.0).round() / 1_000.0;
    let names: StringArray = all.iter().map(|(name, _)| Some(name.as_str())).collect();
    let fit: Float64Array = all.iter().map(|(_, score)| Some(share(score.fit))).collect();
    let exact: Float64Array = all.iter().map(|(_, score)| Some(share(score.exact))).collect();
    let columns: Vec<(&str, ArrayRef)> =
        vec![("format", Arc::new(names)), ("fit", Arc::new(fit)), ("exact", Arc::new(exact))];
    let outcome = super::table(context, &OutputArgs::default(), columns)?;
    say::say(format_args!(
        "{}: {}",
        args.file.display(),
        taken(&scores.choice, scores.unread.is_some())
    ));
    Ok(outcome)
}

/// What an ingest would take.
fn taken(choice: &FormatChoice, unread: bool) -> String {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let mut text = match (unread, choice.score) {
        (true, _) => "no format would be taken".to_owned(),
        (false, Some(score)) => {
            format!("`{}` would be taken, which reads {} of the sample", choice.id, percent(score))
        }
        (false, None) => format!("`{}` would be taken, as dwell.toml says", choice.id),
    };
    if unread && let Some(score) = choice.score.filter(|score| *score > 0.0) {
        text.push_str(&format!("; the nearest, `{}`, reads {}", choice.id, percent(score)));
    }
    if let Some((name, score)) = choice.runner_up.as_ref().filter(|(_, score)| *score > 0.0) {
        text.push_str(&format!("; next `{name}` with {}", percent(*score)));
    }
    if let Some(margin) = choice.margin().filter(|_| !unread) {
        text.push_str(&format!("; margin {}", percent(margin)));
    }
    if let Some(note) = &choice.note {
        text.push_str(&format!("; {note}"));
    }
    text
}

fn as_text(target: &mut Target, args: &Try, found: &Trial) -> Result<()> {
    for record in &found.records {
        show(target, record)?;
    }
    let counts = &found.counts;
    let of = say::plural(counts.lines, "line", "lines");
    writeln!(
        target,
        "{}: {} {of} as `{}`",
        escape::visible(&args.file.display().to_string()),
        say::count(counts.lines),
        escape::visible(&found.choice.id)
    )?;
    for (name, count) in [
        ("rows", counts.rows),
        ("partial", found.partial),
        ("raw", found.raw),
        ("quarantined", counts.quarantined),
        ("headers", counts.headers),
        ("blank", counts.blank),
    ] {
        writeln!(target, "  {name:<12} {:>9}", say::count(count))?;
    }
    if found.assumed_zone > 0 {
        let rows = say::count(found.assumed_zone);
        writeln!(target, "  no zone      {rows:>9}, taken as UTC; --tz ZONE says otherwise")?;
    }
    if let Some((first, last)) = found.ts_range {
        writeln!(target, "  {:<12} {} to {}", "times", when::rfc3339(first), when::rfc3339(last))?;
    }
    for (reason, (lines, line_no, bytes)) in &found.reasons {
        let text = escape::visible(&String::from_utf8_lossy(bytes));
        writeln!(target, "quarantined as {reason}: {}, first line {line_no}:", say::count(*lines))?;
        writeln!(target, "  {text}")?;
    }
    if !found.extra.is_empty() {
        writeln!(target, "without a column, in `extra`:")?;
        for (name, rows) in by_count(found) {
            writeln!(target, "  {} {}", escape::visible(name), say::count(*rows))?;
        }
    }
    if let Some(why) = &found.damaged {
        writeln!(target, "the content ends early: {}", escape::visible(why))?;
    } else if !found.whole {
        writeln!(target, "only the first {} were read", say::size(found.bytes))?;
    }
    Ok(())
}

/// The fields without a column, the most frequent first.
fn by_count(found: &Trial) -> Vec<(&String, &u64)> {
    let mut names: Vec<_> = found.extra.iter().collect();
    names.sort_by_key(|(_, rows)| std::cmp::Reverse(**rows));
    names
}

fn show(target: &mut Target, record: &Record) -> Result<()> {
    writeln!(target, "line {}", record.line_no)?;
    for (col, value) in &record.values {
        let mut text = String::new();
        match value {
            Value::Time(us) => text = when::rfc3339(*us),
            Value::Int(number) => text = number.to_string(),
            Value::Text(value) => escape::push_visible(&mut text, value),
            Value::Bytes(bytes) => {
                let mut whole = String::new();
                escape::push_bytes(&mut whole, bytes);
                escape::push_visible(&mut text, &whole);
            }
        }
        writeln!(target, "  {:<20} {text}", format!("{}:", col.name()))?;
    }
    writeln!(target)?;
    Ok(())
}

fn as_json(args: &Try, found: &Trial) -> serde_json::Value {
    let records = found.records.iter().map(|record| {
        let value = |value: &Value| match value {
            Value::Time(us) => json!(when::rfc3339(*us)),
            Value::Int(number) => json!(number),
            Value::Text(text) => json!(text),
            Value::Bytes(bytes) => {
                let mut text = String::new();
                escape::push_bytes(&mut text, bytes);
                json!(text)
            }
        };
        let members = record.values.iter().map(|(col, it)| (col.name().to_owned(), value(it)));
        let mut members: serde_json::Map<String, serde_json::Value> = members.collect();
        members.insert("line_no".into(), json!(record.line_no));
        serde_json::Value::Object(members)
    });
    let reasons = found.reasons.iter().map(|(reason, (lines, line_no, bytes))| {
        let example = String::from_utf8_lossy(bytes);
        json!({"reason": reason, "lines": lines, "first_line": line_no, "example": example})
    });
    let counts = &found.counts;
    json!({
        "report": "formats try",
        "schema_version": REPORT_VERSION,
        "path": args.file.display().to_string(),
        "format": found.choice.id,
        "score": found.choice.score,
        "note": found.choice.note,
        "lines": counts.lines,
        "rows": counts.rows,
        "partial": found.partial,
        "raw_rows": found.raw,
        "quarantined": counts.quarantined,
        "headers": counts.headers,
        "blank": counts.blank,
        "assumed_zone": found.assumed_zone,
        "first_ts": found.ts_range.map(|(first, _)| when::rfc3339(first)),
        "last_ts": found.ts_range.map(|(_, last)| when::rfc3339(last)),
        "reasons": reasons.collect::<serde_json::Value>(),
        "extra": found.extra,
        "bytes": found.bytes,
        "whole": found.whole,
        "damaged": found.damaged,
        "records": records.collect::<serde_json::Value>(),
    })
}
