//! Is everything as it was signed? Each signature, root and record, each file with its size and, if asked, each byte.

mod files;
mod keys;
mod ledger;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::clock::Micros;
use crate::config;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{self, Fs};
use crate::ledger::note::{Checkpoint, VerifierKey};
use crate::ledger::tree;
use crate::querylog;
use crate::store::{OpenOptions, Standing, Store};

/// How a store is verified.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// Whether every byte of every data file is read.
    pub deep: bool,
    /// A signed checkpoint (a C2SP note) that the ledger must contain.
    pub trusted: Option<String>,
    /// A C2SP verifier key line that the store must be signed with.
    pub pinned_key: Option<String>,
    /// The folder of keys and known heads.
    pub key_dir: Option<PathBuf>,
    /// Where heads go if the key folder can't be written.
    pub fallback_dir: Option<PathBuf>,
    /// Whether it is the store in use, or a copy.
    pub standing: Standing,
    /// The file system.
    pub fs: Arc<dyn Fs>,
    /// The time of day: records ahead of it are reported.
    pub now_us: Micros,
}

/// Something that was found, at a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
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
    /// What is not as it was signed; with any of these, the store is not valid.
    pub problems: Vec<Finding>,
    /// What a dead writer left: no failure, the next writer removes it.
    pub unfinished: Vec<Finding>,
    /// What else one should know.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether everything is as it was signed.
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, path: impl Into<PathBuf>, what: impl Into<String>) {
        let finding = Finding { path: path.into(), what: what.into() };
        if !self.problems.contains(&finding) {
            self.problems.push(finding);
        }
    }

    /// Takes an error as a problem if it is about what was found, not about how it was looked for.
    fn take(&mut self, dir: &Path, error: Error) -> Result<()> {
        match error.kind() {
            ErrorKind::Integrity | ErrorKind::InvalidInput => {
                let path = error.path().unwrap_or(dir);
                let path = path.strip_prefix(dir).unwrap_or(path);
                let whole = path.as_os_str().is_empty();
                let path = if whole { Path::new("ledger") } else { path }.to_path_buf();
                self.problem(path, error.without_path().to_string());
                Ok(())
            }
            _ => Err(error),
        }
    }
}

/// Verifies the store at `dir`. An error means that it could not be done; whatever is wrong stands in the report.
pub fn verify(dir: &Path, options: &VerifyOptions) -> Result<Report> {
    let mut report = Report::default();
    check_options(options)?;
    let options = &keys::with_keys(dir, options);
    if let Err(error) = open(dir, options, &mut report) {
        report.take(dir, error)?;
    }
    let key = match crate::store::own_key(&*options.fs, dir) {
        Ok(Some(key)) => key,
        Ok(None) => return Err(crate::store::no_ledger(&*options.fs, dir)),
        Err(error) => {
            report.take(dir, error)?;
            return Ok(report);
        }
    };
    key.name().clone_into(&mut report.store_id);
    let audit = ledger::audit(dir, &key, options, &mut report)?;
    report.version = audit.folded.state.version;
    report.records = audit.folded.state.records;
    report.checkpoint.clone_from(&audit.folded.note);
    if let Some(trusted) = &options.trusted {
        check_trusted(trusted, &key, &audit.leaves, &mut report);
    }
    check_settings(dir, options, audit.folded.state.config, &mut report)?;
    files::check(dir, &audit, options, &mut report)?;
    keys::check(dir, &audit.folded.state, options, &mut report)?;
    check_query_log(dir, options, &mut report)?;
    Ok(report)
}

/// The log of queries must be the chain that it was.
fn check_query_log(dir: &Path, options: &VerifyOptions, report: &mut Report) -> Result<()> {
    let log = querylog::verify(&*options.fs, dir, &BTreeSet::new())?;
    for (path, what) in log.problems {
        report.problem(path, what);
    }
    let notes = log.notes.into_iter().map(|(path, what)| format!("{}: {what}", path.display()));
    report.notes.extend(notes);
    if log.entries > 0 && report.is_valid() {
        report.notes.push(format!("{} entries of the log of queries hold together", log.entries));
    }
    Ok(())
}

/// What is wrong with the request is no problem of the store.
fn check_options(options: &VerifyOptions) -> Result<()> {
    match &options.pinned_key {
        Some(line) => VerifierKey::parse(line.trim()).map(|_| ()),
        None => Ok(()),
    }
}

/// Opens the store as any reader would: key and head are compared with those known here.
fn open(dir: &Path, options: &VerifyOptions, report: &mut Report) -> Result<()> {
    let store = Store::open(
        dir,
        &OpenOptions {
            key_dir: options.key_dir.clone(),
            fallback_dir: options.fallback_dir.clone(),
            pinned_key: options.pinned_key.clone(),
            standing: options.standing,
            fs: Arc::clone(&options.fs),
        },
    )?;
    report.notes = store.notes();
    Ok(())
}

/// Compares the ledger with a checkpoint that someone kept elsewhere.
fn check_trusted(note: &str, key: &VerifierKey, leaves: &[Digest], report: &mut Report) {
    let trusted = match key.open(note).and_then(Checkpoint::parse) {
        Ok(trusted) if trusted.origin == key.name() => trusted,
        Ok(_) => return report.problem("ledger", "the trusted checkpoint is of another store"),
        Err(error) => {
            return report.problem("ledger", format!("the trusted checkpoint: {error}"));
        }
    };
    let prefix = usize::try_from(trusted.size).ok().and_then(|size| leaves.get(..size));
    match prefix {
        None => report.problem(
            "ledger",
            format!(
                "rolled back: {} records, {} when the trusted checkpoint was signed",
                leaves.len(),
                trusted.size
            ),
        ),
        Some(prefix) if tree::root(prefix) == trusted.root => {
            let later = leaves.len() - prefix.len();
            report.notes.push(format!(
                "the trusted checkpoint covers {} records; {later} later ones are signed, but not witnessed",
                trusted.size
            ));
        }
        Some(_) => report.problem(
            "ledger",
            format!("its first {} records are not those of the trusted checkpoint", trusted.size),
        ),
    }
}

/// Compares `dwell.toml` with the digest that the ledger keeps of it.
fn check_settings(
    dir: &Path,
    options: &VerifyOptions,
    signed: Option<Digest>,
    report: &mut Report,
) -> Result<()> {
    let bytes = fs::read_if_there(&*options.fs, &dir.join(config::FILE_NAME))?;
    let found = bytes.as_deref().map(Digest::of);
    if found != signed {
        let what = match (found, signed) {
            (None, _) => "missing, though the ledger keeps its digest",
            (_, None) => "not there when a command last wrote to the store",
            _ => "changed since a command last wrote to the store (the next one notes the change)",
        };
        report.problem(config::FILE_NAME, what);
    }
    Ok(())
}
