//! How are the hits of rules told? A screen for people, everything for programs, the author of the rule with each.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use detect::finding::{Finding, Level, time};
use detect::order::groups;
use query::sigma::{Missing, Ran};
use serde_json::{Value, json};
use storage::Micros;

use super::files::Read;
use crate::args::sigma::Run;
use crate::context::Context;
use crate::exit::usage;
use crate::output::escape;
use crate::output::target::{Target, stdout_is_terminal};
use crate::output::{self, Format};
use crate::{say, when};

/// Version of the JSON document.
const REPORT_VERSION: u32 = 1;
/// The height of a screen that does not tell its own.
const LINES: usize = 40;

fn format(context: &Context, args: &Run) -> Format {
    let file = args.output.output.as_deref();
    match Format::choose(args.output.format, file, context.json) {
        // In a pipe a page of CSV says less than the screen.
        Format::Csv if args.output.format.is_none() && file.is_none() => Format::Table,
        format => format,
    }
}

/// Whether findings can be told as asked.
pub(super) fn check(context: &Context, args: &Run) -> Result<()> {
    match format(context, args) {
        Format::Vertical | Format::Parquet | Format::Arrow => {
            Err(usage("findings are told as table, json, ndjson, csv or markdown"))
        }
        _ => Ok(()),
    }
}

/// Tells what was found.
pub(super) fn tell(
    context: &Context,
    args: &Run,
    read: &Read,
    ran: &Ran,
    bounds: (Option<Micros>, Option<Micros>),
) -> Result<()> {
    let file = args.output.output.as_deref();
    let mut target = Target::open(file)?;
    match format(context, args) {
        Format::Json => {
            serde_json::to_writer_pretty(&mut target, &document(read, ran, bounds)?)?;
            writeln!(target)?;
        }
        Format::Ndjson => {
            for finding in &ran.findings {
                serde_json::to_writer(&mut target, finding)?;
                writeln!(target)?;
            }
        }
        format @ (Format::Csv | Format::Markdown) => {
            let batch = table(&ran.findings)?;
            let mut writer = output::writer(format, &batch.schema(), target)?;
            writer.batch(&batch)?;
            return writer.finish();
        }
        _ => {
            // A file or a pipe has no height.
            let height = (file.is_none() && stdout_is_terminal()).then(|| {
                terminal_size::terminal_size().map_or(LINES, |(_, height)| height.0.into())
            });
            screen(&mut target, read, ran, height)?;
        }
    }
    target.finish()
}

fn document(read: &Read, ran: &Ran, bounds: (Option<Micros>, Option<Micros>)) -> Result<Value> {
    let bound = |at: Option<Micros>| at.map(when::rfc3339);
    let missing = |missing: &[Missing]| -> Vec<Value> {
        missing.iter().map(|it| json!({"field": it.field, "column": it.column})).collect()
    };
    let rule = |(id, lacks): &(String, Vec<Missing>)| json!({"id": id, "missing": missing(lacks)});
    let refused = read.set.refused.iter().map(|it| {
        json!({"file": it.file, "line": it.refusal.line, "id": it.id, "title": it.title, "why": it.refusal.why})
    });
    Ok(json!({
        "report": "sigma",
        "schema_version": REPORT_VERSION,
        "since": bound(bounds.0),
        "until": bound(bounds.1),
        "findings": serde_json::to_value(&ran.findings)?,
        "ran": ran.ran.iter().map(rule).collect::<Vec<_>>(),
        "skipped": ran.skipped.iter().map(rule).collect::<Vec<_>>(),
        "refused": refused.collect::<Vec<_>>(),
        "below_level": ran.below,
    }))
}

/// All findings with the same columns, those of their entities too.
fn table(findings: &[Finding]) -> Result<RecordBatch> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in findings.iter().flat_map(|finding| &finding.entity) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let column = |of: &dyn Fn(&Finding) -> Option<String>| -> ArrayRef {
        Arc::new(findings.iter().map(of).collect::<StringArray>())
    };
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("id", column(&|it| Some(it.id.clone()))),
        ("hunt", column(&|it| Some(it.hunt.clone()))),
        ("level", column(&|it| Some(it.level.to_string()))),
        ("title", column(&|it| Some(it.title.clone()))),
        ("author", column(&|it| it.author.clone())),
        ("day", column(&|it| Some(it.day.to_string()))),
        ("first", column(&|it| Some(time(it.first)))),
        ("last", column(&|it| Some(time(it.last)))),
        ("count", column(&|it| Some(it.count.to_string()))),
        ("why", column(&|it| Some(it.why.clone()))),
        ("attack", column(&|it| Some(it.attack.join(" ")))),
    ];
    columns.extend(names.iter().map(|name| (*name, column(&|it| it.of(name)))));
    columns.push(("evidence", column(&|it| Some(it.evidence.clone()))));
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

/// One line that says how many there are of which level.
fn levels(findings: &[Finding]) -> String {
    let levels = Level::ALL.iter().rev().filter_map(|level| {
        let count = findings.iter().filter(|finding| finding.level == *level).count();
        (count > 0).then(|| format!("{} {level}", say::count(count as u64)))
    });
    let levels: Vec<_> = levels.collect();
    if levels.is_empty() { "nothing found".to_owned() } else { levels.join(", ") }
}

fn screen(target: &mut Target, read: &Read, ran: &Ran, height: Option<usize>) -> Result<()> {
    let groups = groups(&ran.findings);
    let room = height.map_or(usize::MAX, |height| height.saturating_sub(8).max(10));
    let (mut lines, mut shown) = (Vec::new(), 0);
    for group in &groups {
        let mut block = vec![format!("{} {} {}", group.level(), group.column, group.value)];
        for thread in &group.threads {
            let lead = thread.lead();
            let days = match thread.findings.len() {
                1 => lead.day.to_string(),
                more => format!("{} and {} more days", lead.day, more - 1),
            };
            let author = lead.author.as_deref().unwrap_or_default();
            block.push(format!("  [{}] {days}: {} (rule by {author})", lead.level, lead.why));
        }
        if lines.len() + block.len() > room && shown > 0 {
            break;
        }
        lines.extend(block);
        shown += 1;
    }
    for line in &lines {
        writeln!(target, "{}", escape::visible(line))?;
    }
    if shown < groups.len() {
        let more = say::count((groups.len() - shown) as u64);
        writeln!(target, "... and {more} more entities; --format json tells all")?;
    }
    let mut end = format!("{} ({} rules ran", levels(&ran.findings), ran.ran.len());
    for (count, what) in [
        (ran.skipped.len() as u64, "skipped"),
        (read.set.refused.len() as u64, "refused"),
        (ran.below, "below the level"),
    ] {
        if count > 0 {
            end.push_str(&format!(", {} {what}", say::count(count)));
        }
    }
    writeln!(target, "{end})")?;
    if let Some(lead) = groups.first().and_then(|group| group.threads.first()) {
        let evidence = escape::shell_word(&lead.lead().evidence);
        writeln!(target, "the rows behind the first: dwell sql {evidence}")?;
    }
    Ok(())
}
