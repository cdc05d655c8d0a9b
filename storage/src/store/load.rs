//! How is the ledger read? File by file, each under its signature, folded up into one state.

use std::path::Path;
use std::sync::Arc;

use super::state::State;
use super::{Standing, read_config};
use crate::crypt::{KeyPlaces, SealedFs, Vault};
use crate::error::{Breach, Error, ErrorKind, Result};
use crate::fs::{self, Fs};
use crate::ledger::chain::KeyChain;
use crate::ledger::file::{self, LedgerFile};
use crate::ledger::keys::Boundary;
use crate::ledger::note::VerifierKey;
use crate::ledger::record::{Body, Record};
use crate::ledger::text::{self, Text, TextLine};
use crate::ledger::tree::{self, Frontier};

/// The ledger folded up to one version, with what is needed to go on from there.
#[derive(Debug, Clone)]
pub(crate) struct Folded {
    pub(crate) state: Arc<State>,
    pub(crate) frontier: Frontier,
    /// The keys that its files are signed with; none before the first.
    pub(crate) keys: KeyChain,
    /// The signed checkpoint of that version.
    pub(crate) note: String,
    /// Bytes of ledger read since the snapshot: what the next opening would have to read again.
    pub(crate) unfolded_bytes: u64,
    /// Size of the snapshot; 0 if there is none.
    pub(crate) snapshot_bytes: u64,
    /// Whether there is a snapshot that is of no use.
    pub(crate) snapshot_is_bad: bool,
}

/// A record with its words.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) record: Record,
    pub(crate) text: Text,
    /// Whether its words were destroyed, as a later record must say.
    pub(crate) shredded: bool,
}

/// One file of the ledger, read and checked against its signature and the files before it.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) entries: Vec<Entry>,
    pub(crate) leaves: Vec<crate::Digest>,
    /// The tree with its records.
    pub(crate) frontier: Frontier,
    pub(crate) note: String,
    pub(crate) bytes: u64,
}

/// Reads file number `version` of the ledger in `dir`, which follows on `before`; `None` if there is none.
pub(crate) fn read(
    fs: &dyn Fs,
    dir: &Path,
    version: u64,
    key: &VerifierKey,
    before: &Frontier,
) -> Result<Option<Checked>> {
    let path = file::path(dir, version);
    let Some(bytes) = fs::read_if_there(fs, &path)? else { return Ok(None) };
    let file = LedgerFile::parse(&bytes).map_err(|error| error.at(&path))?;
    // The signature first: what nobody signed is not even read.
    let (leaves, frontier) = check(&file, key, before).map_err(|error| error.at(&path))?;
    let records = file
        .records
        .iter()
        .map(|line| Record::parse(line).map_err(|error| error.at(&path)))
        .collect::<Result<Vec<_>>>()?;
    let entries = with_words(fs, dir, version, records)?;
    let note = file.note.to_owned();
    Ok(Some(Checked { entries, leaves, frontier, note, bytes: bytes.len() as u64 }))
}

/// Whether the checkpoint of `file` is signed by `key` and covers its records on top of those before.
fn check(
    file: &LedgerFile<'_>,
    key: &VerifierKey,
    before: &Frontier,
) -> Result<(Vec<crate::Digest>, Frontier)> {
    let checkpoint = file.checkpoint(key)?;
    let leaves: Vec<_> = file.records.iter().map(|line| tree::leaf_hash(line)).collect();
    let mut frontier = before.clone();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    if (frontier.size(), frontier.root()) != (checkpoint.size, checkpoint.root) {
        let what = "its checkpoint does not cover its records and those before";
        return Err(Error::new(ErrorKind::Integrity, what));
    }
    Ok((leaves, frontier))
}

/// Gives each record its words, checked against the digest that it keeps of them.
fn with_words(fs: &dyn Fs, dir: &Path, version: u64, records: Vec<Record>) -> Result<Vec<Entry>> {
    // Without its key, the words of an encrypted store are as good as none; its records hold all the same.
    if fs.vault().is_some_and(|vault| vault.is_locked()) {
        return Ok(records
            .into_iter()
            .map(|record| Entry { record, text: Text::default(), shredded: false })
            .collect());
    }
    let path = file::text_path(dir, version);
    let mut lines: Vec<TextLine> = Vec::new();
    if records.iter().any(|record| record.text.is_some()) {
        let bytes = fs::read_if_there(fs, &path)?
            .ok_or_else(|| Error::integrity(&path, "the words of signed records are missing"))
            .map_err(|error| error.as_breach(Breach::Missing))?;
        lines = text::parse(&bytes).map_err(|error| error.at(&path))?;
    }
    let mut lines = lines.into_iter();
    let mut entries = Vec::with_capacity(records.len());
    for record in records {
        let Some(expected) = record.text else {
            entries.push(Entry { record, text: Text::default(), shredded: false });
            continue;
        };
        let line = lines.next().filter(|line| line.seq == record.seq);
        match line {
            Some(line) if line.digest()? == expected => {
                let shredded = line.shredded.is_some();
                entries.push(Entry { record, text: line.text, shredded });
            }
            _ => {
                let what = format!("the words of record {} are not the ones signed", record.seq);
                return Err(Error::integrity(&path, what));
            }
        }
    }
    match lines.next() {
        None => Ok(entries),
        Some(line) => {
            Err(Error::integrity(&path, format!("words for record {}, which has none", line.seq)))
        }
    }
}

/// The public key that record 1 of the store in `dir` names, and that has signed it; `None` if there is no ledger.
pub(crate) fn own_key(fs: &dyn Fs, dir: &Path) -> Result<Option<VerifierKey>> {
    let path = file::path(dir, 1);
    let Some(bytes) = fs::read_if_there(fs, &path)? else { return Ok(None) };
    let file = LedgerFile::parse(&bytes).map_err(|error| error.at(&path))?;
    let first = file.records.first().copied().unwrap_or_default();
    // Where the key stands is the same in every version; the rest is read once its signature holds.
    let key = serde_json::from_slice::<serde_json::Value>(first)
        .ok()
        .and_then(|record| VerifierKey::parse(record.get("body")?.get("key")?.as_str()?).ok())
        .ok_or_else(|| Error::integrity(&path, "the first record holds no key"))?;
    check(&file, &key, &Frontier::default()).map_err(|error| error.at(&path))?;
    match Record::parse(first).map_err(|error| error.at(&path))?.body {
        Body::Key(key) => Ok(Some(key)),
        _ => Err(Error::integrity(&path, "the first record holds no key")),
    }
}

/// Whether the first file of the ledger in `dir` says that the store is encrypted. It is settled when a store is made, and
/// stands under the first signature, so that nothing turns it off.
pub(crate) fn is_encrypted(fs: &dyn Fs, dir: &Path) -> Result<bool> {
    let path = file::path(dir, 1);
    let Some(bytes) = fs::read_if_there(fs, &path)? else { return Ok(false) };
    let file = LedgerFile::parse(&bytes).map_err(|error| error.at(&path))?;
    Ok(file.records.iter().any(|line| {
        let record = serde_json::from_slice::<serde_json::Value>(line).ok();
        record.is_some_and(|record| record["kind"] == "encrypt")
    }))
}

/// The file system of the store in `dir`: `fs`, with its keys if it is encrypted.
pub(crate) fn with_keys(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    store_id: &str,
    key_dir: Option<&Path>,
    standing: Standing,
) -> Result<Arc<dyn Fs>> {
    if fs.vault().is_some() || !is_encrypted(&**fs, dir)? {
        return Ok(Arc::clone(fs));
    }
    Ok(of_encrypted(fs, dir, store_id, key_dir, standing))
}

/// The file system of a store that is known to be encrypted.
pub(crate) fn of_encrypted(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    store_id: &str,
    key_dir: Option<&Path>,
    standing: Standing,
) -> Arc<dyn Fs> {
    // Settings that can't be read say nothing of a key either.
    let settings = read_config(&**fs, dir).map(|(config, _)| config.encryption).unwrap_or_default();
    let places = KeyPlaces {
        settings,
        key_dir: key_dir.map(Path::to_path_buf),
        may_run: standing == Standing::Live,
    };
    let vault = Arc::new(Vault::new(store_id, dir, Arc::clone(fs), places));
    Arc::new(SealedFs::new(Arc::clone(fs), vault))
}

/// The state of an empty ledger.
pub(crate) fn nothing() -> Folded {
    let frontier = Frontier::default();
    let state = State { root: frontier.root(), ..State::default() };
    Folded {
        state: Arc::new(state),
        frontier,
        keys: KeyChain::default(),
        note: String::new(),
        unfolded_bytes: 0,
        snapshot_bytes: 0,
        snapshot_is_bad: false,
    }
}

/// Folds file number `version` on top of `folded`, which is of no use after an error.
pub(crate) fn fold(folded: &mut Folded, dir: &Path, version: u64, checked: &Checked) -> Result<()> {
    let path = file::path(dir, version);
    // Whoever shares the state with us keeps the version he has; alone, we change it in place.
    let state = Arc::make_mut(&mut folded.state);
    for entry in &checked.entries {
        state.apply(&entry.record, &entry.text).map_err(|error| error.at(&path))?;
        take_key(&mut folded.keys, version, &entry.record).map_err(|error| error.at(&path))?;
    }
    state.version = version;
    state.root = checked.frontier.root();
    folded.frontier = checked.frontier.clone();
    folded.note.clone_from(&checked.note);
    folded.unfolded_bytes += checked.bytes;
    Ok(())
}

/// Notes the key that a record brings: the first one, or one that the newest vouches for.
fn take_key(keys: &mut KeyChain, version: u64, record: &Record) -> Result<()> {
    match &record.body {
        Body::Key(key) if record.seq == 1 => *keys = KeyChain::of(key),
        Body::Rotate(rotation) => keys.rotate(version, record.seq, rotation)?,
        _ => {}
    }
    Ok(())
}

/// Adds to `keys` the one that ledger file `version` brings. Its records are not compared with the tree: what counts
/// are the signatures of both keys in the record itself.
pub(crate) fn take_rotation(
    fs: &dyn Fs,
    dir: &Path,
    version: u64,
    keys: &mut KeyChain,
) -> Result<()> {
    let path = file::path(dir, version);
    let bytes = fs::read_if_there(fs, &path)?.unwrap_or_default();
    let file = LedgerFile::parse(&bytes).map_err(|error| error.at(&path))?;
    for line in file.records {
        let record = Record::parse(line).map_err(|error| error.at(&path))?;
        if matches!(record.body, Body::Rotate(_)) {
            return take_key(keys, version, &record).map_err(|error| error.at(&path));
        }
    }
    Err(Error::integrity(path, "it brings no new key"))
}

/// Folds every file that is there beyond `folded` (of no use after an error); tells whether there was one. `first` is
/// the key of record 1.
pub(crate) fn catch_up(
    folded: &mut Folded,
    fs: &dyn Fs,
    dir: &Path,
    first: &VerifierKey,
) -> Result<bool> {
    let mut moved = false;
    loop {
        let next = folded.state.version + 1;
        let key = &folded.keys.of_file(next).unwrap_or(first).clone();
        let Some(checked) = read(fs, dir, next, key, &folded.frontier)? else { return Ok(moved) };
        fold(folded, dir, next, &checked)?;
        moved = true;
    }
}

/// Calls `each` with every file of the ledger up to `newest`. `first` is the key of record 1.
pub(crate) fn walk(
    fs: &dyn Fs,
    dir: &Path,
    newest: u64,
    first: &VerifierKey,
    mut each: impl FnMut(Checked),
) -> Result<()> {
    let mut frontier = Frontier::default();
    let mut keys = KeyChain::of(first);
    for version in 1..=newest {
        let key = keys.of_file(version).unwrap_or(first);
        let checked = read(fs, dir, version, key, &frontier)?.ok_or_else(|| {
            Error::integrity(file::path(dir, version), "a file of the ledger is missing")
                .as_breach(Breach::Missing)
        })?;
        frontier.clone_from(&checked.frontier);
        for entry in &checked.entries {
            let path = || file::path(dir, version);
            take_key(&mut keys, version, &entry.record).map_err(|error| error.at(path()))?;
        }
        each(checked);
    }
    Ok(())
}

/// When file number `version` was written: the time of its last record.
pub(crate) fn written_at(
    fs: &dyn Fs,
    dir: &Path,
    version: u64,
    key: &VerifierKey,
) -> Result<crate::Micros> {
    let path = file::path(dir, version);
    let bytes = fs::read_if_there(fs, &path)?
        .ok_or_else(|| Error::integrity(&path, "a file of the ledger is missing"))?;
    let file = LedgerFile::parse(&bytes).map_err(|error| error.at(&path))?;
    file.checkpoint(key).map_err(|error| error.at(&path))?;
    let last = file.records.last().copied().unwrap_or_default();
    Ok(Record::parse(last).map_err(|error| error.at(&path))?.at)
}

/// The boundary (size and root) of file number `version`, with its signed note.
pub(crate) fn boundary_at(
    fs: &dyn Fs,
    dir: &Path,
    version: u64,
    keys: &KeyChain,
) -> Result<(Boundary, String)> {
    let path = file::path(dir, version);
    let bytes = fs::read_if_there(fs, &path)?
        .ok_or_else(|| Error::integrity(&path, "a file of the ledger is missing"))
        .map_err(|error| error.as_breach(Breach::Missing))?;
    let file = LedgerFile::parse(&bytes).map_err(|error| error.at(&path))?;
    let key = keys.of_file(version).ok_or_else(|| Error::integrity(&path, "no key is known"))?;
    let checkpoint = file.checkpoint(key).map_err(|error| error.at(&path))?;
    Ok(((checkpoint.size, checkpoint.root), file.note.to_owned()))
}

/// The number of the file that holds record `seq`, if it is there.
pub(crate) fn version_of(
    fs: &dyn Fs,
    dir: &Path,
    newest: u64,
    keys: &KeyChain,
    seq: u64,
) -> Result<Option<u64>> {
    let (mut low, mut high) = (1, newest + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let ((size, _), _) = boundary_at(fs, dir, middle, keys)?;
        if size < seq {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(Some(low).filter(|version| *version <= newest))
}

/// The boundaries of a ledger up to `version` whose size is beyond `size`.
pub(crate) fn boundaries_since(
    fs: &dyn Fs,
    dir: &Path,
    version: u64,
    keys: &KeyChain,
    size: u64,
) -> Result<Vec<Boundary>> {
    let mut found = Vec::new();
    for version in (1..=version).rev() {
        let (boundary, _) = boundary_at(fs, dir, version, keys)?;
        if boundary.0 <= size {
            break;
        }
        found.push(boundary);
    }
    found.reverse();
    Ok(found)
}

/// The root that the ledger had at exactly `size` records, if a commit ended there.
pub(crate) fn root_at_size(
    fs: &dyn Fs,
    dir: &Path,
    version: u64,
    keys: &KeyChain,
    size: u64,
) -> Result<Option<crate::Digest>> {
    let (mut low, mut high) = (1, version);
    while low <= high {
        let middle = low + (high - low) / 2;
        let ((at, root), _) = boundary_at(fs, dir, middle, keys)?;
        match at.cmp(&size) {
            std::cmp::Ordering::Equal => return Ok(Some(root)),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle - 1,
        }
    }
    Ok(None)
}

/// The error of a folder that holds no ledger: no store at all, or one whose ledger is lost.
pub(crate) fn no_ledger(fs: &dyn Fs, dir: &Path) -> Error {
    let days = fs::list_if_there(fs, &dir.join("requests")).unwrap_or_default();
    if days.iter().any(|name| name.starts_with("day=")) {
        return Error::integrity(dir, "the ledger of this store is lost")
            .advise("`dwell recover --from-files` rebuilds it from the footers of the files");
    }
    Error::new(ErrorKind::NoStore, "no store").at(dir).advise("`dwell init` makes one")
}
