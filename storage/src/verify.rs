//! Is everything as it was signed? Each signature, root and record, each file with its size and, if asked, each byte.

mod accounts;
mod files;
mod keys;
mod ledger;
mod named;
mod report;
mod trusted;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::report::{Finding, Problem, Report, Stamped};
use crate::clock::Micros;
use crate::config;
use crate::digest::Digest;
use crate::error::{Breach, Error, ErrorKind, Result};
use crate::fs::{self, Fs};
use crate::ledger::keys::KeyRing;
use crate::ledger::note::VerifierKey;
use crate::querylog;
use crate::store::{OpenOptions, Standing, Store};

/// How a store is verified.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// Whether every byte of every data file is read.
    pub deep: bool,
    /// Only files that records of this time and later brought; the ledger is always read whole.
    pub since_us: Option<Micros>,
    /// Signed checkpoints (a C2SP note, or a log they were sent to) that the ledger must contain.
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

/// Verifies the store at `dir`. An error means that it could not be done; whatever is wrong stands in the report.
pub fn verify(dir: &Path, options: &VerifyOptions) -> Result<Report> {
    verify_part(dir, options, None)
}

/// Verifies a restored set of the store at `dir`: the whole ledger, and of the files those of the set.
pub fn verify_set(dir: &Path, set: &str, options: &VerifyOptions) -> Result<Report> {
    verify_part(dir, options, Some(set))
}

fn verify_part(dir: &Path, options: &VerifyOptions, set: Option<&str>) -> Result<Report> {
    let mut report = Report::default();
    check_options(options)?;
    let options = &keys::with_keys(dir, options);
    let opened = open(dir, options, &mut report);
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
    if let Err(error) = opened {
        // What is wrong with a file of the ledger was found by now, with the right word.
        let known = error.path().and_then(|path| path.strip_prefix(dir).ok());
        if !report.problems.iter().any(|it| known == Some(&*it.path)) {
            report.take(dir, error)?;
        }
    }
    report.keys = audit.folded.keys.keys().map(VerifierKey::line).collect();
    report.version = audit.folded.state.version;
    report.records = audit.folded.state.records;
    report.checkpoint.clone_from(&audit.folded.note);
    if let Some(trusted) = &options.trusted {
        let (keys, fallback) = (options.key_dir.clone(), options.fallback_dir.clone());
        let ring = KeyRing::new(Arc::clone(&options.fs), keys, fallback);
        trusted::check(trusted, &ring.known_all(key.name())?, &audit, &mut report);
    }
    let state = &audit.folded.state;
    report.since_seq = audit.since_seq;
    report.retired = state.retired.len() as u64;
    let redacted = state.redacted.iter().map(|it| (it.last - it.first + 1).max(0).unsigned_abs());
    report.redacted = redacted.sum();
    if let Some(set) = set {
        if !state.restored.contains_key(set) && audit.complete {
            let what = format!("there is no restored set `{set}`");
            return Err(Error::new(ErrorKind::InvalidInput, what).at(dir));
        }
        files::check(dir, &audit, options, Some(set), &mut report)?;
        return Ok(report);
    }
    accounts::check(state, &mut report);
    check_settings(dir, options, state.config, &mut report)?;
    files::check(dir, &audit, options, None, &mut report)?;
    keys::check(dir, &audit.folded.state, options, &mut report)?;
    check_query_log(dir, options, &audit.shredded.places, &mut report)?;
    Ok(report)
}

/// The log of queries must be the chain that it was.
fn check_query_log(
    dir: &Path,
    options: &VerifyOptions,
    shredded: &BTreeSet<String>,
    report: &mut Report,
) -> Result<()> {
    let log = querylog::verify(&*options.fs, dir, shredded)?;
    for (path, what) in log.problems {
        report.problem(Breach::Altered, path, what);
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
    report.older_by = store.older_by();
    Ok(())
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
        let (breach, what) = match (found, signed) {
            (None, _) => (Breach::Missing, "it is gone, though the ledger keeps its digest"),
            (_, None) => (Breach::Altered, "not there when a command last wrote to the store"),
            _ => (
                Breach::Altered,
                "changed since a command last wrote to the store (the next one notes the change)",
            ),
        };
        report.problem(breach, config::FILE_NAME, what);
    }
    Ok(())
}
