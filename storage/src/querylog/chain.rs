//! Does the log of queries hold together? Every entry names the one before it, and the words are those of their entries.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{FOLDER, LOCK, LogLine, NIGHTLY, is_month};
use crate::digest::Digest;
use crate::error::Result;
use crate::fs::{self, Fs};

/// What was found in the log of queries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogReport {
    /// Entries.
    pub entries: u64,
    /// Queries whose words were removed by a redaction.
    pub shredded: u64,
    /// What does not hold: the file, relative to the store, and what is wrong with it.
    pub problems: Vec<(PathBuf, String)>,
    /// What a crash has left.
    pub notes: Vec<(PathBuf, String)>,
}

/// Checks the log of the store at `dir`. `shredded` are the places whose words a redaction has removed, as its record
/// names them (`log/2026-11.jsonl#17`): only there may words be missing.
///
/// A chain cannot tell whether its end was cut off; that is what `docs/redaction.md` says of it.
pub fn verify(fs: &dyn Fs, dir: &Path, shredded: &BTreeSet<String>) -> Result<LogReport> {
    let mut report = LogReport::default();
    let mut before: Option<(u64, Digest)> = None;
    for name in fs::list_if_there(fs, &dir.join(FOLDER))? {
        let path = Path::new(FOLDER).join(&name);
        if !is_month(&name) {
            match name.strip_suffix(".new") {
                _ if name == LOCK || name == NIGHTLY => {}
                Some(name) if name == NIGHTLY => {}
                Some(month) if is_month(month) => {
                    report.notes.push((path, "a rewriting that was not finished".into()));
                }
                _ => report.problems.push((path, "a foreign file".into())),
            }
            continue;
        }
        let Some(bytes) = fs::read_if_there(fs, &dir.join(&path))? else { continue };
        for (at, text) in bytes.split(|&byte| byte == b'\n').enumerate() {
            if text.is_empty() {
                continue;
            }
            let Ok(line) = LogLine::parse(text) else {
                let what = format!("line {} was cut off by a crash, or changed", at + 1);
                report.notes.push((path.clone(), what));
                continue;
            };
            check(&line, &path, &mut before, shredded, &mut report)?;
        }
    }
    Ok(report)
}

fn check(
    line: &LogLine,
    path: &Path,
    before: &mut Option<(u64, Digest)>,
    shredded: &BTreeSet<String>,
    report: &mut LogReport,
) -> Result<()> {
    let entry = &line.entry;
    let mut problem = |what: String| report.problems.push((path.to_path_buf(), what));
    let (number, previous) = before.map_or((1, Digest::default()), |(n, digest)| (n + 1, digest));
    if (entry.number, entry.previous) != (number, previous) {
        problem(format!("query log entry {} does not follow on the one before", entry.number));
    }
    if !line.words_hold()? {
        problem(format!("the words of query log entry {} are not the ones noted", entry.number));
    }
    if line.is_shredded() {
        report.shredded += 1;
        if !shredded.contains(&format!("{}#{}", path.display(), entry.number)) {
            let what = format!(
                "the words of query log entry {} are missing, and no redaction says so",
                entry.number
            );
            report.problems.push((path.to_path_buf(), what));
        }
    }
    report.entries += 1;
    *before = Some((entry.number, entry.digest()?));
    Ok(())
}
