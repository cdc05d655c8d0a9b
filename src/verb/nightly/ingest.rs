//! Which logs came in since the last night? The files that the `[[source]]` entries of `dwell.toml` mean.

use std::path::{Path, PathBuf};

use anyhow::Result;
use ingest::InputArg;
use serde_json::json;

use super::{Done, Night};
use crate::exit::Exit;
use crate::progress::IngestProgress;
use crate::say;
use crate::verb::ingest as verb;

/// Takes in what is new or has grown; what is stored already is recognised by its content.
pub(super) fn run(night: &mut Night<'_>) -> Result<Done> {
    let context = night.context;
    let store = context.open_quietly()?;
    let settings = context.settings(&store)?;
    // An entry such as `*.log` says how files are read, wherever they are; it does not say where they are.
    let named = settings.source.iter().map(|source| PathBuf::from(&source.path));
    let (inputs, vague): (Vec<PathBuf>, Vec<PathBuf>) = named.partition(|path| path.is_absolute());
    for path in vague {
        say::note(format_args!(
            "[[source]] `{}` is no full path: nightly does not look for its files",
            path.display()
        ));
    }
    let (inputs, empty): (Vec<PathBuf>, Vec<PathBuf>) =
        inputs.into_iter().partition(|path| is_there(path));
    if inputs.is_empty() && empty.is_empty() {
        let said = "no [[source]] with a full path in dwell.toml";
        return Ok(Done::new(said, json!({"sources": 0})));
    }
    let inputs: Vec<InputArg> = inputs.into_iter().map(InputArg::from).collect();
    let options = verb::options(context, &store)?;
    let progress = IngestProgress::new(context.cancel.clone());
    let report = ingest::run(&store, &inputs, &options, &progress);
    progress.clear();
    let report = report?;
    for source in report.sources.iter().filter(|source| source.needs_attention()) {
        say::note(verb::sentence(source));
    }
    let counts = report.counts();
    let new = report.sources.iter().filter(|source| source.extents > 0).count();
    let unread = report.sources.iter().filter(|source| !source.is_stored()).count();
    let mut said = format!(
        "{} files, {} with something new: {} rows, {} quarantined",
        say::count(report.sources.len() as u64),
        say::count(new as u64),
        say::count(counts.rows),
        say::count(counts.quarantined)
    );
    if unread > 0 {
        said.push_str(&format!(", {unread} unreadable"));
    }
    for path in &empty {
        said.push_str(&format!("; nothing at {}", path.display()));
    }
    let exit = if report.none_stored() {
        Exit::Failed
    } else if report.needs_attention() {
        Exit::Partial
    } else {
        Exit::Done
    };
    let report = json!({
        "inputs": report.sources.len(),
        "new": new,
        "unreadable": unread,
        "lines": counts.lines,
        "rows": counts.rows,
        "quarantined": counts.quarantined,
    });
    Ok(Done { exit, said, report })
}

/// Whether an entry means any file now: a night before the first log is no failure.
fn is_there(path: &Path) -> bool {
    let text = path.to_string_lossy();
    match text.find(['*', '?', '[']) {
        None => path.exists(),
        // The folder before the first wildcard.
        Some(at) => text[..at].rfind('/').is_some_and(|end| Path::new(&text[..=end]).exists()),
    }
}
