//! Is the ledger whole? It is read from its first file, without the snapshot, and so is the snapshot afterwards.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Report, Stamped, VerifyOptions};
use crate::digest::Digest;
use crate::error::{Breach, Error, ErrorKind, Result};
use crate::fs;
use crate::ledger::file::{self, LedgerFile};
use crate::ledger::json;
use crate::ledger::note::VerifierKey;
use crate::ledger::record::Body;
use crate::store::load::{self, Checked, Folded};
use crate::store::{DayState, State, snapshot};

/// What was found in the ledger, as far as it holds.
pub(super) struct Audit {
    pub(super) folded: Folded,
    pub(super) leaves: Vec<Digest>,
    /// The names of all transactions.
    pub(super) transactions: BTreeSet<String>,
    /// Paths that some record has named and the newest version does not.
    pub(super) once: BTreeSet<String>,
    /// What redactions say that they destroyed.
    pub(super) shredded: Shredded,
    /// Whether the whole ledger could be read.
    pub(super) complete: bool,
    /// The first record of the time asked for; all from 1 if none was.
    pub(super) since_seq: u64,
}

/// Words that redactions have destroyed.
#[derive(Debug, Default)]
pub(super) struct Shredded {
    /// Numbers of the records whose words are missing.
    missing: BTreeSet<u64>,
    /// Numbers of those that a redaction names.
    named: BTreeSet<u64>,
    /// Other things that redactions name: places in the log of queries among them.
    pub(super) places: BTreeSet<String>,
}

impl Shredded {
    fn note(&mut self, entry: &load::Entry) {
        if entry.shredded {
            self.missing.insert(entry.record.seq);
        }
        if let Body::Redact(redact) = &entry.record.body {
            self.named.extend(&redact.words);
            self.places.extend(redact.shredded.iter().cloned());
        }
    }

    /// Words may be missing only where a redaction says so.
    fn check(&self, report: &mut Report) {
        for seq in self.missing.difference(&self.named) {
            let what = format!("the words of record {seq} are missing, and no redaction says so");
            report.problem(Breach::Altered, "ledger", what);
        }
    }
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
        once: BTreeSet::new(),
        shredded: Shredded::default(),
        complete: true,
        since_seq: if options.since_us.is_some() { u64::MAX } else { 1 },
    };
    let snapshot = read_snapshot(dir, key, options, report)?;
    loop {
        let version = audit.folded.state.version + 1;
        let before = audit.folded.frontier.clone();
        let signer = audit.folded.keys.of_file(version).unwrap_or(key).clone();
        let read = load::read(fs, dir, version, &signer, &before).and_then(|checked| {
            let Some(checked) = checked else { return Ok(false) };
            fold(&mut audit, dir, version, &checked)?;
            audit.since_seq = audit.since_seq.min(first_since(&checked, options.since_us));
            note_records(&checked, options, report, &mut audit.transactions);
            checked.entries.iter().for_each(|entry| audit.shredded.note(entry));
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
                report.take(dir, in_its_place(fs, dir, version, error)?)?;
                audit.complete = false;
                // What a failed step leaves is of no use: fold what holds once more.
                audit.folded = load::nothing();
                for version in 1..version {
                    let before = audit.folded.frontier.clone();
                    let signer = audit.folded.keys.of_file(version).unwrap_or(key).clone();
                    if let Some(checked) = load::read(fs, dir, version, &signer, &before)? {
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
        let what = "signed for a later version than the ledger has";
        report.problem(Breach::RolledBack, "ledger/snapshot", what);
    }
    audit.shredded.check(report);
    check_names(dir, options, &audit, report)?;
    Ok(audit)
}

/// Folds a file of the ledger, and notes which files its records take away.
fn fold(audit: &mut Audit, dir: &Path, version: u64, checked: &Checked) -> Result<()> {
    for entry in &checked.entries {
        take_away(&audit.folded.state, &entry.record.body, &mut audit.once);
    }
    load::fold(&mut audit.folded, dir, version, checked)
}

/// The files that a record takes away from those that the state before it names.
fn take_away(state: &State, body: &Body, gone: &mut BTreeSet<String>) {
    let salts_of = |day| {
        let seals = state.days.get(&day).into_iter().flat_map(|held: &DayState| &held.seals);
        seals.map(|sealed| sealed.seal.salts.path.clone())
    };
    gone.extend(state.table_files_gone(body));
    match body {
        Body::Compact(compact) => {
            gone.extend(salts_of(compact.day));
            gone.extend(compact.inputs.iter().cloned());
        }
        Body::Retire(retire) => {
            for day in &retire.days {
                gone.extend(salts_of(day.day));
                gone.extend(day.files.iter().map(|file| file.path.clone()));
            }
            gone.extend(retire.lines.iter().map(|file| file.path.clone()));
        }
        Body::Drop(drop) => {
            if let Some(set) = state.restored.get(&drop.name) {
                gone.extend(set.files().map(|meta| meta.path.clone()));
                gone.extend(set.side_files().map(|file| file.path.clone()));
            }
        }
        Body::Redact(redact) => {
            gone.extend(redact.replaced.iter().map(|file| file.path.clone()));
            gone.extend(redact.shredded.iter().cloned());
        }
        _ => {}
    }
}

/// What an error of ledger file `version` means: without a signature that holds it is an unsigned commit at the end, and
/// altered where later files stand on it.
fn in_its_place(fs: &dyn fs::Fs, dir: &Path, version: u64, error: Error) -> Result<Error> {
    let unsigned = error.kind() == ErrorKind::Integrity && error.breach() == Breach::UnsignedCommit;
    let followed = fs::read_if_there(fs, &file::path(dir, version + 1))?.is_some();
    Ok(if unsigned && followed { error.as_breach(Breach::Altered) } else { error })
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
    let opened = snapshot::payload(&*options.fs, dir, &bytes.into(), key);
    match opened.and_then(|(payload, _)| Ok((payload.clone(), snapshot::decode(&payload)?))) {
        Ok((payload, folded)) => {
            Ok(Some(Snapshot { version: folded.state.version, payload: payload.to_vec() }))
        }
        // An older version of dwell wrote it: the next command that writes makes a new one.
        Err(error) if error.kind() == crate::ErrorKind::Unsupported => Ok(None),
        Err(error) => {
            // Nobody's commit: a cache that is not the one written.
            let breach = match error.breach() {
                Breach::WrongKey => Breach::WrongKey,
                _ => Breach::Altered,
            };
            report.take(dir, error.at(path).as_breach(breach))?;
            Ok(None)
        }
    }
}

fn compare(folded: &Folded, snapshot: Option<&Snapshot>, report: &mut Report) {
    if snapshot.is_some_and(|it| it.payload != snapshot::encode(folded)) {
        let what = "signed, but not what the ledger says";
        report.problem(Breach::Altered, "ledger/snapshot", what);
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
        report.problem(Breach::Altered, name, "a record that is not in canonical form");
    }
    Ok(())
}

/// The first record in a file that is not older than `since`.
fn first_since(checked: &Checked, since: Option<crate::clock::Micros>) -> u64 {
    let late = |entry: &&load::Entry| since.is_none_or(|since| entry.record.at >= since);
    checked.entries.iter().find(late).map_or(u64::MAX, |entry| entry.record.seq)
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
            report.problem(Breach::WrongKey, "ledger", what);
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
        if let Some(version) = file::stamp_of(&name).filter(|version| *version <= newest) {
            report.stamps.push(stamped(dir, path, version, options)?);
            continue;
        }
        let words_of = name.strip_suffix(".text").and_then(file::version_of);
        match (file::version_of(&name), words_of) {
            (Some(version), _) if version > newest && audit.complete && !grown => {
                let what = format!("there is no file {} before it", file::name(newest + 1));
                report.problem(Breach::Missing, path, what);
            }
            (Some(_), _) => {}
            (_, Some(version)) if version == newest + 1 && audit.complete => {
                let what = "words of a commit that was not finished".to_owned();
                report.unfinished.push(super::Finding { path, what });
            }
            (_, Some(version)) if version <= newest && has_words(dir, version, options)? => {}
            (_, Some(_)) if !audit.complete || grown => {}
            _ if name == snapshot::NAME => {}
            _ => report.problem(Breach::ForeignFile, path, "no file of this ledger"),
        }
    }
    Ok(())
}

/// What a time stamp beside the ledger is to be over.
fn stamped(
    dir: &Path,
    path: std::path::PathBuf,
    version: u64,
    options: &VerifyOptions,
) -> Result<Stamped> {
    let bytes = fs::read_if_there(&*options.fs, &file::path(dir, version))?.unwrap_or_default();
    let file = LedgerFile::parse(&bytes)?;
    let last = file.records.last().copied().unwrap_or_default();
    let at = crate::ledger::record::Record::parse(last)?.at;
    Ok(Stamped { path, version, note: file.note.to_owned(), at })
}

fn has_words(dir: &Path, version: u64, options: &VerifyOptions) -> Result<bool> {
    let bytes = fs::read_if_there(&*options.fs, &file::path(dir, version))?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.contains("\"text\":\""))
}
