//! What has verifying found? Each thing that is not as it was signed under its word, and a table of all outcomes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::clock::Micros;
use crate::error::{Breach, Error, ErrorKind, Result};

/// Something that was found, at a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file or folder, relative to the store where it lies in it.
    pub path: PathBuf,
    /// What was found, as a lower-case fragment.
    pub what: String,
}

/// Something that is not as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// In which way.
    pub breach: Breach,
    /// The file or folder, relative to the store where it lies in it.
    pub path: PathBuf,
    /// What was found, as a lower-case fragment.
    pub what: String,
}

/// What verifying has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The store's id; empty if not even that can be read.
    pub store_id: String,
    /// The keys that its ledger was signed with, as verifier key lines, oldest first.
    pub keys: Vec<String>,
    /// Files of the ledger that were checked.
    pub version: u64,
    /// Records in them.
    pub records: u64,
    /// The signed checkpoint of the newest.
    pub checkpoint: String,
    /// Data files that were checked.
    pub files: u64,
    /// Their bytes, by the ledger.
    pub bytes: u64,
    /// Rows in them, by the ledger.
    pub rows: u64,
    /// The first record of the time asked for: what earlier ones brought was left out.
    pub since_seq: u64,
    /// Data files that were left out, because their records lie before the time asked for.
    pub skipped: u64,
    /// What is not as it was signed; with any of these, the store is not valid.
    pub problems: Vec<Problem>,
    /// What a dead writer left: no failure, the next writer removes it.
    pub unfinished: Vec<Finding>,
    /// Days that retention has removed.
    pub retired: u64,
    /// Lines that were redacted.
    pub redacted: u64,
    /// By how many records it is older than the store seen on this machine.
    pub older_by: u64,
    /// Time stamps of other authorities that lie beside the ledger: whether they hold is for the caller to check.
    pub stamps: Vec<Stamped>,
    /// What else one should know.
    pub notes: Vec<String>,
}

/// A file beside the ledger that is to prove when a checkpoint was there at the latest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamped {
    /// The file, relative to the store.
    pub path: PathBuf,
    /// The ledger file whose checkpoint it is over.
    pub version: u64,
    /// That checkpoint, signed.
    pub note: String,
    /// The time of that ledger file, by its own records.
    pub at: Micros,
}

impl Report {
    /// Whether everything is as it was signed.
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    /// How many of each outcome, in the order of the page on verifying; those of failures are counted by file or day.
    pub fn outcomes(&self) -> Vec<(&'static str, u64)> {
        let broken: BTreeSet<&Path> = self.problems.iter().map(|it| it.path.as_path()).collect();
        let checked = self.version + self.files;
        let mut table = vec![("valid", checked.saturating_sub(broken.len() as u64))];
        for breach in Breach::ALL {
            let count = self.problems.iter().filter(|it| it.breach == breach).count();
            table.push((breach.word(), count as u64));
        }
        table.push(("retired", self.retired));
        table.push(("redacted", self.redacted));
        table.push(("unfinished", self.unfinished.len() as u64));
        table.push(("older", self.older_by));
        table
    }

    /// Notes a problem, once.
    pub fn problem(&mut self, breach: Breach, path: impl Into<PathBuf>, what: impl Into<String>) {
        let problem = Problem { breach, path: path.into(), what: what.into() };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Takes an error as a problem if it is about what was found, not about how it was looked for.
    pub(super) fn take(&mut self, dir: &Path, error: Error) -> Result<()> {
        match error.kind() {
            ErrorKind::Integrity | ErrorKind::InvalidInput => {
                let path = error.path().unwrap_or(dir);
                let path = path.strip_prefix(dir).unwrap_or(path);
                let whole = path.as_os_str().is_empty();
                let path = if whole { Path::new("ledger") } else { path }.to_path_buf();
                let breach = error.breach();
                self.problem(breach, path, error.without_path().to_string());
                Ok(())
            }
            _ => Err(error),
        }
    }
}
