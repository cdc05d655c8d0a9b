//! Is the ledger whole? It is read from its first file, without the snapshot, and so is the snapshot afterwards.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Report, VerifyOptions};
use crate::digest::Digest;
use crate::error::Result;
use crate::fs;
use crate::ledger::file::{self, LedgerFile};
use crate::ledger::json;
use crate::ledger::note::VerifierKey;
use crate::ledger::record::Body;
use crate::store::load::{self, Checked, Folded};
use crate::store::snapshot;

/// What was found in the ledger, as far as it holds.
pub(super) struct Audit {
    pub(super) folded: Folded,
    pub(super) leaves: Vec<Digest>,
    /// The names of all transactions.
    pub(super) transactions: BTreeSet<String>,
    /// Whether the whole ledger could be read.
    pub(super) complete: bool,
}

/// Reads the whole ledger; what is wrong with it goes to the report.
pub(super) fn audit(
    dir: &Path,
    key: &VerifierKey,
    options: &VerifyOptions,
    report: &mut Report,
) -> Result<Audit> {
    let fs = &*options.fs;
    let mut audit = Audit {
        folded: load::nothing(),
        leaves: Vec::new(),
        transactions: BTreeSet::new(),
        complete: true,
    };
    let snapshot = read_snapshot(dir, key, options, report)?;
    loop {
        let version = audit.folded.state.version + 1;
        let before = audit.folded.frontier.clone();
        let read = load::read(fs, dir, version, key, &before).and_then(|checked| {
            let Some(checked) = checked else { return Ok(false) };
            load::fold(&mut audit.folded, dir, version, &checked)?;
            note_records(&checked, options, report, &mut audit.transactions);
            audit.leaves.extend(checked.leaves);
            Ok(true)
        });
        match read {
            Ok(true) => {
                check_form(dir, version, options, report)?;
                if snapshot.as_ref().is_some_and(|it| it.version == version) {
                    compare(&audit.folded, snapshot.as_ref(), report);
                }
            }
            Ok(false) => break,
            Err(error) => {
                report.take(dir, error)?;
                audit.complete = false;
                // What a failed step leaves is of no use: fold what holds once more.
                audit.folded = load::nothing();
                for version in 1..version {
                    let before = audit.folded.frontier.clone();
                    if let Some(checked) = load::read(fs, dir, version, key, &before)? {
                        load::fold(&mut audit.folded, dir, version, &checked)?;
                    }
                }
                break;
            }
        }
    }
    let newest = audit.folded.state.version;
    let beyond = snapshot.filter(|it| audit.complete && it.version > newest);
    if beyond.is_some_and(|it| !file::path(dir, it.version).exists()) {
        report.problem("ledger/snapshot", "signed for a later version than the ledger has");
    }
    check_names(dir, options, &audit, report)?;
    Ok(audit)
}

/// A snapshot that was signed: the version it stands on, and its content.
struct Snapshot {
    version: u64,
    payload: Vec<u8>,
}

fn read_snapshot(
    dir: &Path,
    key: &VerifierKey,
    options: &VerifyOptions,
    report: &mut Report,
) -> Result<Option<Snapshot>> {
    let path = snapshot::path(dir);
    if options.fs.vault().is_some_and(|vault| vault.is_locked()) {
        return Ok(None);
    }
    let bytes = match fs::read_if_there(&*options.fs, &path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(None),
        Err(error) => {
            report.take(dir, error)?;
            return Ok(None);
        }
    };
    match snapshot::payload(&bytes, key).and_then(|it| Ok((it, snapshot::decode(it)?))) {
        Ok((payload, folded)) => {
            Ok(Some(Snapshot { version: folded.state.version, payload: payload.to_vec() }))
        }
        // An older version of dwell wrote it: the next command that writes makes a new one.
        Err(error) if error.kind() == crate::ErrorKind::Unsupported => Ok(None),
        Err(error) => {
            report.take(dir, error.at(path))?;
            Ok(None)
        }
    }
}

fn compare(folded: &Folded, snapshot: Option<&Snapshot>, report: &mut Report) {
    if snapshot.is_some_and(|it| it.payload != snapshot::encode(folded)) {
        report.problem("ledger/snapshot", "signed, but not what the ledger says");
    }
}

/// Every record must be in canonical form, and nothing may stand between them.
fn check_form(
    dir: &Path,
    version: u64,
    options: &VerifyOptions,
    report: &mut Report,
) -> Result<()> {
    let path = file::path(dir, version);
    let Some(bytes) = fs::read_if_there(&*options.fs, &path)? else { return Ok(()) };
    let Ok(file) = LedgerFile::parse(&bytes) else { return Ok(()) };
    if !file.records.iter().all(|record| json::is_canonical(record)) {
        let name = Path::new(file::FOLDER).join(file::name(version));
        report.problem(name, "a record that is not in canonical form");
    }
    Ok(())
}

fn note_records(
    checked: &Checked,
    options: &VerifyOptions,
    report: &mut Report,
    transactions: &mut BTreeSet<String>,
) {
    for entry in &checked.entries {
        let record = &entry.record;
        if record.at > options.now_us {
            let ahead = (record.at - options.now_us) / 1_000_000;
            report.notes.push(format!("record {} lies {ahead} s ahead of this clock", record.seq));
        }
        transactions.extend(record.body.transaction().map(str::to_owned));
        let Body::Recover(recover) = &record.body else { continue };
        report.notes.push(format!("record {}: {}", record.seq, record.body.detail()));
        if let Some(old) = &recover.old_key
            && options.pinned_key.is_none()
        {
            let what = format!(
                "record {} replaced the key {old}, whose private half was lost: pin the new one with --key",
                record.seq
            );
            report.problem("ledger", what);
        }
    }
}

/// No file may lie in the folder of the ledger that is none of it.
fn check_names(
    dir: &Path,
    options: &VerifyOptions,
    audit: &Audit,
    report: &mut Report,
) -> Result<()> {
    let newest = audit.folded.state.version;
    // A commit may have come since we read the ledger.
    let grown = file::path(dir, newest + 1).exists();
    for name in fs::list_if_there(&*options.fs, &dir.join(file::FOLDER))? {
        let path = Path::new(file::FOLDER).join(&name);
        let words_of = name.strip_suffix(".text").and_then(file::version_of);
        match (file::version_of(&name), words_of) {
            (Some(version), _) if version > newest && audit.complete && !grown => {
                let what = format!("there is no file {} before it", file::name(newest + 1));
                report.problem(path, what);
            }
            (Some(_), _) => {}
            (_, Some(version)) if version == newest + 1 && audit.complete => {
                let what = "words of a commit that was not finished".to_owned();
                report.unfinished.push(super::Finding { path, what });
            }
            (_, Some(version)) if version <= newest && has_words(dir, version, options)? => {}
            (_, Some(_)) if !audit.complete || grown => {}
            _ if name == snapshot::NAME => {}
            _ => report.problem(path, "a foreign file"),
        }
    }
    Ok(())
}

fn has_words(dir: &Path, version: u64, options: &VerifyOptions) -> Result<bool> {
    let bytes = fs::read_if_there(&*options.fs, &file::path(dir, version))?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.contains("\"text\":\""))
}
