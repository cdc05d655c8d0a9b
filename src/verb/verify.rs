//! `dwell verify`: is everything as it was signed? With `--deep` every byte is read and every source given back.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Result;
use ingest::raw::RawRequest;
use serde_json::{Value, json};
use storage::store::{Standing, Store};
use storage::verify::{Finding, Problem, Report, VerifyOptions};
use storage::{Breach, ErrorKind};

use super::Outcome;
use crate::args::Verify;
use crate::context::{Context, read_text};
use crate::exit::{Exit, Interrupted};
use crate::output::escape;
use crate::output::target::Target;
use crate::say;

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// What giving back the sources has shown.
#[derive(Debug, Default)]
struct Sources {
    exact: u64,
    bytes: u64,
    /// Sources under a privacy rule, each with what was given up: their lines are all there, their bytes are not.
    withheld: Vec<(i32, String)>,
    /// Sources of which retention has removed rows: source, rows that are gone, rows it had.
    retired: Vec<(i32, u64, u64)>,
    problems: Vec<Problem>,
    /// Whether the store is encrypted, and its key is not here.
    not_checked: bool,
}

/// Verifies the store, or what lies at PATH.
pub(super) fn run(context: &Context, args: &Verify) -> Result<Outcome> {
    let dir = args.path.as_deref().unwrap_or(&context.store_dir);
    let standing =
        if same_folder(dir, &context.store_dir) { Standing::Live } else { Standing::Copy };
    let report = storage::verify::verify(
        dir,
        &VerifyOptions {
            deep: args.deep,
            since_us: None,
            trusted: args.trusted.as_deref().map(read_text).transpose()?,
            pinned_key: context.pinned_key.clone(),
            key_dir: context.key_dir.clone(),
            fallback_dir: context.fallback_dir.clone(),
            standing,
            fs: storage::fs::real(),
            now_us: context.now_us,
        },
    )?;
    let mut sources = Sources::default();
    if args.deep && report.is_valid() {
        give_back(context, dir, standing, &mut sources)?;
    }
    let valid = report.is_valid() && sources.problems.is_empty();
    let mut target = Target::stdout();
    if context.json {
        serde_json::to_writer_pretty(&mut target, &as_json(&report, &sources, args.deep))?;
        writeln!(target)?;
    } else {
        as_text(&mut target, dir, &report, &sources, args.deep)?;
    }
    target.finish()?;
    if !valid {
        say::error(format_args!("{} is not what was signed", dir.display()));
    }
    let exit = if valid { Exit::Done } else { Exit::Integrity };
    Ok(Outcome { exit, rows: report.rows, bytes_read: report.bytes })
}

fn same_folder(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// Renders every source and compares its digest with the one taken at ingest; of a source under a privacy rule, the
/// lines are counted.
fn give_back(context: &Context, dir: &Path, standing: Standing, found: &mut Sources) -> Result<()> {
    let store = Store::open(dir, &context.open_options(standing))?;
    if store.vault().is_some_and(|vault| vault.is_locked()) {
        found.not_checked = true;
        return Ok(());
    }
    for source in store.state().sources.values() {
        if context.cancel.is_asked() {
            return Err(Interrupted.into());
        }
        if source.retired > 0 {
            found.retired.push((source.id, source.retired, source.counts.rows));
            continue;
        }
        let request = match &source.privacy {
            None => RawRequest::Source(source.id),
            Some(_) => RawRequest::Kept(source.id),
        };
        match (ingest::raw::write(&store, request, &mut io::sink()), &source.privacy) {
            (Ok(_), Some(privacy)) => found.withheld.push((source.id, privacy.rule.describe())),
            (Ok(raw), None) => {
                found.exact += 1;
                found.bytes += raw.bytes;
            }
            (Err(error), _) if error.kind() == ErrorKind::Integrity => {
                found.problems.push(Problem {
                    breach: Breach::Altered,
                    path: error.path().unwrap_or(&source.path).to_path_buf(),
                    what: format!("source {}: {error}", source.id),
                })
            }
            (Err(error), _) => return Err(error.into()),
        }
    }
    Ok(())
}

fn as_text(
    target: &mut Target,
    dir: &Path,
    report: &Report,
    sources: &Sources,
    deep: bool,
) -> Result<()> {
    let mut line = |text: String| writeln!(target, "{}", escape::visible(&text));
    for problem in report.problems.iter().chain(&sources.problems) {
        let word = problem.breach.word();
        line(format!("{word}: {}: {}", problem.path.display(), problem.what))?;
    }
    for leftover in &report.unfinished {
        line(format!(
            "unfinished: {}: {}; the next writer removes it",
            leftover.path.display(),
            leftover.what
        ))?;
    }
    for text in &report.notes {
        line(format!("note: {text}"))?;
    }
    let checked = if deep { "read in full" } else { "checked by name and size; --deep reads them" };
    line(format!("store {} at {}", report.store_id, dir.display()))?;
    line(format!(
        "{} records in {} signed ledger files",
        say::count(report.records),
        say::count(report.version)
    ))?;
    line(format!(
        "{} data files, {} rows, {}, {checked}",
        say::count(report.files),
        say::count(report.rows),
        say::size(report.bytes)
    ))?;
    if sources.not_checked {
        line("rows were not checked: the store is encrypted, and its key is not here".into())?;
    } else if deep && report.is_valid() {
        line(format!(
            "{} {} given back byte for byte ({})",
            say::count(sources.exact),
            say::plural(sources.exact, "source", "sources"),
            say::size(sources.bytes)
        ))?;
    }
    for (id, rule) in &sources.withheld {
        line(format!(
            "source {id}: every line is accounted for; its bytes were given up by a privacy rule ({rule})"
        ))?;
    }
    for (id, gone, rows) in &sources.retired {
        let state = if gone == rows { "retired" } else { "retired in part" };
        line(format!(
            "source {id}: {state}: {} of its {} rows are gone by retention; the ledger has the receipts",
            say::count(*gone),
            say::count(*rows)
        ))?;
    }
    let problems = report.problems.len() + sources.problems.len();
    match problems {
        0 => line("valid".into())?,
        number => line(format!(
            "NOT VALID: {number} {}",
            say::plural(number as u64, "problem", "problems")
        ))?,
    }
    Ok(())
}

fn as_json(report: &Report, sources: &Sources, deep: bool) -> Value {
    let findings = |list: &mut dyn Iterator<Item = &Finding>| -> Vec<Value> {
        list.map(
            |finding| json!({"path": finding.path.display().to_string(), "what": finding.what}),
        )
        .collect()
    };
    json!({
        "report": "verify",
        "schema_version": REPORT_VERSION,
        "valid": report.is_valid() && sources.problems.is_empty(),
        "deep": deep,
        "store_id": report.store_id,
        "ledger_files": report.version,
        "records": report.records,
        "checkpoint": report.checkpoint,
        "files": report.files,
        "bytes": report.bytes,
        "rows": report.rows,
        "sources_given_back": sources.exact,
        "rows_not_checked": sources.not_checked,
        "sources_withheld": sources
            .withheld
            .iter()
            .map(|(id, rule)| json!({"source_id": id, "privacy": rule}))
            .collect::<Vec<_>>(),
        "sources_retired": sources
            .retired
            .iter()
            .map(|(id, gone, rows)| json!({"source_id": id, "retired": gone, "rows": rows}))
            .collect::<Vec<_>>(),
        "problems": report
            .problems
            .iter()
            .chain(&sources.problems)
            .map(|problem| {
                json!({
                    "outcome": problem.breach.word(),
                    "path": problem.path.display().to_string(),
                    "what": problem.what,
                })
            })
            .collect::<Vec<_>>(),
        "unfinished": findings(&mut report.unfinished.iter()),
        "notes": report.notes,
    })
}
