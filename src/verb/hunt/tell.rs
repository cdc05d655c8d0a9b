//! How are findings told? A screen for people, everything for programs.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use detect::finding::{Finding, Level, time};
use detect::listing;
use detect::order::groups;
use serde_json::{Value, json};

use super::run::Found;
use crate::args::hunt::Run;
use crate::context::Context;
use crate::exit::usage;
use crate::output::escape;
use crate::output::target::{Target, stdout_is_terminal};
use crate::output::{self, Format};
use crate::{say, when};

/// Version of the JSON document.
const REPORT_VERSION: u32 = 1;

/// Longer SQL is not printed below the findings.
const EVIDENCE: usize = 1_000;

/// Columns and rows of a screen that does not tell its own.
const SCREEN: (usize, usize) = (100, 40);

fn format(context: &Context, args: &Run) -> Format {
    let file = args.output.output.as_deref();
    match Format::choose(args.output.format, file, context.json) {
        // In a pipe people's tables are of no use, but a page of CSV says less than one of JSON lines.
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

/// A finding as JSON, with what is known of its state.
fn as_json(found: &Found, finding: &Finding) -> Result<Value> {
    let mut value = serde_json::to_value(finding)?;
    if let (Some(new), Some(map)) = (&found.new, value.as_object_mut()) {
        let state = if new.contains(&finding.id) { "new" } else { "updated" };
        map.insert("state".to_owned(), state.into());
    }
    Ok(value)
}

/// Appends findings to a file, one a line.
pub(super) fn append(path: &Path, found: &Found) -> Result<()> {
    let what = || format!("cannot append to `{}`", path.display());
    let mut lines = String::new();
    for finding in &found.findings {
        lines.push_str(&serde_json::to_string(&as_json(found, finding)?)?);
        lines.push('\n');
    }
    output::target::append(path, lines.as_bytes()).with_context(what)
}

/// Tells what was found.
pub(super) fn tell(context: &Context, args: &Run, found: &Found) -> Result<()> {
    let file = args.output.output.as_deref();
    let format = format(context, args);
    let mut target = Target::open(file)?;
    match format {
        Format::Json => {
            write_json(&mut target, found)?;
        }
        Format::Ndjson => {
            for finding in &found.findings {
                serde_json::to_writer(&mut target, &as_json(found, finding)?)?;
                writeln!(target)?;
            }
        }
        Format::Csv => return csv(found, target),
        Format::Markdown => write!(target, "{}", markdown(found))?,
        _ => {
            // A file or a pipe has no size.
            let size = (file.is_none() && stdout_is_terminal()).then(|| {
                terminal_size::terminal_size()
                    .map_or(SCREEN, |(width, height)| (width.0.into(), height.0.into()))
            });
            screen(&mut target, found, size)?;
        }
    }
    target.finish()
}

/// One document with all findings.
pub(in crate::verb) fn write_json(target: &mut Target, found: &Found) -> Result<()> {
    serde_json::to_writer_pretty(&mut *target, &document(found)?)?;
    writeln!(target)?;
    Ok(())
}

fn document(found: &Found) -> Result<Value> {
    let findings = found.findings.iter().map(|finding| as_json(found, finding));
    let bound = |at: Option<storage::Micros>| at.map(when::rfc3339);
    Ok(json!({
        "report": "hunt",
        "schema_version": REPORT_VERSION,
        "since": bound(found.bounds.0),
        "until": bound(found.bounds.1),
        "findings": findings.collect::<Result<Vec<_>>>()?,
        "ran": found.ran.iter().map(|(hunt, ms)| json!({"id": hunt.id, "ms": ms.round()})).collect::<Vec<_>>(),
        "skipped": found.skipped.iter().map(|(id, missing)| json!({"id": id, "missing": missing})).collect::<Vec<_>>(),
        "failed": found.failed.iter().map(|(id, error)| json!({"id": id, "error": error})).collect::<Vec<_>>(),
        "excused": found.excused,
        "below_level": found.below,
    }))
}

/// All findings with the same columns, those of their entities too.
fn csv(found: &Found, target: Target) -> Result<()> {
    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in found.findings.iter().flat_map(|finding| &finding.entity) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let column = |of: &dyn Fn(&Finding) -> Option<String>| -> ArrayRef {
        Arc::new(found.findings.iter().map(of).collect::<StringArray>())
    };
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("id", column(&|it| Some(it.id.clone()))),
        ("hunt", column(&|it| Some(it.hunt.clone()))),
        ("level", column(&|it| Some(it.level.to_string()))),
        ("title", column(&|it| Some(it.title.clone()))),
        ("day", column(&|it| Some(it.day.to_string()))),
        ("first", column(&|it| Some(time(it.first)))),
        ("last", column(&|it| Some(time(it.last)))),
        ("count", column(&|it| Some(it.count.to_string()))),
        ("score", column(&|it| it.score.map(|score| score.to_string()))),
        ("why", column(&|it| Some(it.why.clone()))),
        ("attack", column(&|it| Some(it.attack.join(" ")))),
        ("author", column(&|it| it.author.clone())),
    ];
    columns.extend(names.iter().map(|name| (*name, column(&|it| it.of(name)))));
    columns.push(("evidence", column(&|it| Some(it.evidence.clone()))));
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )?;
    let mut writer = output::writer(Format::Csv, &batch.schema(), target)?;
    writer.batch(&batch)?;
    writer.finish()
}

fn markdown(found: &Found) -> String {
    let cell = listing::markdown_cell;
    let mut text =
        String::from("| level | hunt | about | day | count | why |\n|---|---|---|---|---|---|\n");
    for group in groups(&found.findings) {
        for it in group.findings() {
            text.push_str(&format!(
                "| {} | {} | {} | {} | {} | {} |\n",
                it.level,
                cell(&it.hunt),
                cell(&it.entity_line()),
                it.day,
                it.count,
                cell(&it.why)
            ));
        }
    }
    text
}

/// One line that says how many there are of which level.
fn levels(found: &Found) -> String {
    let levels = Level::ALL.iter().rev().filter_map(|level| {
        let count = found.findings.iter().filter(|finding| finding.level == *level).count();
        (count > 0).then(|| format!("{} {level}", say::count(count as u64)))
    });
    let levels: Vec<_> = levels.collect();
    if levels.is_empty() { "nothing found".to_owned() } else { levels.join(", ") }
}

/// Findings for people, by entity, as many as fit on a screen of so many columns and rows.
pub(in crate::verb) fn screen(
    target: &mut Target,
    found: &Found,
    size: Option<(usize, usize)>,
) -> Result<()> {
    let groups = groups(&found.findings);
    // What follows the findings takes some lines too.
    let rows = size.map(|(_, rows)| rows.saturating_sub(8).max(10));
    let screen = listing::screen(&groups, rows, size.map_or(usize::MAX, |(columns, _)| columns));
    let lines = &screen.lines;
    for line in lines {
        writeln!(target, "{line}")?;
    }
    if screen.left > 0 {
        writeln!(
            target,
            "... and {} findings about {} more entities; --format json tells all, --html FILE shows them, --min-level high the worst",
            say::count(screen.left_findings as u64),
            say::count(screen.left as u64)
        )?;
    }
    if !lines.is_empty() {
        writeln!(target)?;
    }
    let mut end = format!("{} ({} hunts ran", levels(found), found.ran.len());
    for (count, what) in [
        (found.skipped.len() as u64, "skipped"),
        (found.failed.len() as u64, "failed"),
        (found.excused, "findings excused"),
        (found.below, "below the level"),
    ] {
        if count > 0 {
            end.push_str(&format!(", {} {what}", say::count(count)));
        }
    }
    writeln!(target, "{end})")?;
    let lead = groups.first().and_then(|group| group.threads.first());
    if let Some(sql) = lead.map(|lead| &lead.lead().evidence).filter(|sql| sql.len() <= EVIDENCE) {
        writeln!(target, "the rows behind the first: dwell sql {}", escape::shell_word(sql))?;
    }
    Ok(())
}
