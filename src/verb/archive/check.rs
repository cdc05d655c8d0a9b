//! `dwell verify` of an archive: every outcome under its word, for people and for programs.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use storage::archive::{self, ArchiveReport, Trust, VerifyOptions};
use storage::config::ArchiveConfig;

use super::super::Outcome;
use super::JOBS;
use crate::args::verify::Verify;
use crate::context::{Context, read_text};
use crate::exit::Exit;
use crate::output::escape;
use crate::output::target::Target;
use crate::progress::BytesProgress;
use crate::remote::{self, Missing};
use crate::say;

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// Whether what is to be verified is an archive.
pub(in crate::verb) fn is_archive(path: &Path) -> bool {
    path.to_str().is_some_and(remote::is_url) || archive::is_archive(path)
}

/// Verifies the archive at `path`.
pub(in crate::verb) fn run(context: &Context, path: &Path, arguments: &Verify) -> Result<Outcome> {
    let known = context.settings_alone()?.archive;
    let settings: ArchiveConfig = remote::settings(&known, &path.to_string_lossy());
    let target = remote::target(&settings, Missing::Refuse)?;
    let trust = Trust {
        trusted: arguments.trusted.as_deref().map(read_text).transpose()?,
        ..remote::trust(context)
    };
    let progress = BytesProgress::new("verify");
    let options = VerifyOptions {
        deep: arguments.deep,
        days: None,
        jobs: settings.jobs.unwrap_or(JOBS),
        trust: &trust,
        cancel: &|| context.cancel.is_asked(),
        progress: &|bytes| progress.advance(bytes),
    };
    let report = archive::verify(&target, &options)?;
    drop(progress);
    let mut out = Target::stdout();
    if context.json {
        serde_json::to_writer_pretty(&mut out, &as_json(&report, target.url(), arguments.deep))?;
        writeln!(out)?;
    } else {
        as_text(&mut out, &report, target.url(), arguments.deep)?;
    }
    out.finish()?;
    if !report.is_valid() {
        say::error(format_args!("{} is not what was signed", target.url()));
    }
    let exit = if report.is_valid() { Exit::Done } else { Exit::Integrity };
    Ok(Outcome { exit, rows: report.rows, bytes_read: report.bytes })
}

/// How many of each outcome.
fn outcomes(report: &ArchiveReport) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for problem in &report.problems {
        *counts.entry(problem.breach.word()).or_default() += 1;
    }
    if !report.unfinished.is_empty() {
        counts.insert("unfinished", report.unfinished.len() as u64);
    }
    let bad = report.bad_days.len() as u64;
    counts.insert("valid", report.days.saturating_sub(bad));
    counts
}

fn as_text(out: &mut Target, report: &ArchiveReport, url: &str, deep: bool) -> Result<()> {
    let mut line = |text: String| writeln!(out, "{}", escape::visible(&text));
    for problem in &report.problems {
        let word = problem.breach.word();
        let what = problem.what.strip_prefix(word).unwrap_or(&problem.what);
        let what = what.trim_start_matches([':', ' ']);
        let colon = if what.is_empty() { "" } else { ": " };
        line(format!("{word}: {}{colon}{what}", problem.path.display()))?;
    }
    for left in &report.unfinished {
        line(format!("unfinished: {}: {}", left.path.display(), left.what))?;
    }
    for note in &report.notes {
        line(format!("note: {note}"))?;
    }
    line(format!("archive of store {} at {url}, index {}", report.store_id, report.index))?;
    let checked = if deep { "read in full" } else { "checked by name and size; --deep reads them" };
    line(format!(
        "{} {}, {} objects, {} rows, {}, {checked}",
        say::count(report.days),
        say::plural(report.days, "day", "days"),
        say::count(report.objects),
        say::count(report.rows),
        say::size(report.bytes)
    ))?;
    match report.problems.len() as u64 {
        0 => line("valid".into())?,
        number => {
            line(format!("NOT VALID: {number} {}", say::plural(number, "problem", "problems")))?
        }
    }
    Ok(())
}

fn as_json(report: &ArchiveReport, url: &str, deep: bool) -> Value {
    let problems = report.problems.iter().map(|problem| {
        json!({
            "outcome": problem.breach.word(),
            "path": problem.path.display().to_string(),
            "what": problem.what,
        })
    });
    let unfinished = report
        .unfinished
        .iter()
        .map(|left| json!({"path": left.path.display().to_string(), "what": left.what}));
    json!({
        "report": "verify",
        "schema_version": REPORT_VERSION,
        "of": "archive",
        "at": url,
        "valid": report.is_valid(),
        "deep": deep,
        "store_id": report.store_id,
        "key": report.key,
        "index": report.index,
        "days": report.days,
        "objects": report.objects,
        "bytes": report.bytes,
        "rows": report.rows,
        "outcomes": outcomes(report),
        "bad_days": report.bad_days.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "problems": problems.collect::<Vec<_>>(),
        "unfinished": unfinished.collect::<Vec<_>>(),
        "notes": report.notes,
    })
}
