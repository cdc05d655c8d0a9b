//! How is a store of ten years opened in a moment? From the folded state of an earlier version, signed: a cache, that
//! nothing depends on.

mod codec;

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;

use self::codec::{Reader, Writer};
use super::load::{self, Folded};
use super::{Store, lock};
use crate::digest::Digest;
use crate::error::{Breach, Error, ErrorKind, Result};
use crate::fs::{self, Fs};
use crate::ledger::chain::KeyChain;
use crate::ledger::file;
use crate::ledger::note::{SignerKey, VerifierKey};

/// The snapshot's name in the folder of the ledger.
pub(crate) const NAME: &str = "snapshot";

/// The version of the bytes behind the note.
const FORMAT: &str = "snapshot 3";

/// What the line with the ledger files that bring new keys begins with.
const KEYS: &str = "keys ";

/// A snapshot is written anew when opening would have to read this much of the ledger besides it (some milliseconds) ...
const DUE_BYTES: u64 = 96 * 1024;

/// ... and at least this part of its own size, so that writing it stays small beside the data.
const DUE_PART: u64 = 64;

/// Where the snapshot lies.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join(file::FOLDER).join(NAME)
}

/// The bytes of a snapshot: a signed note with version, size and digest, and the folded state.
fn render(folded: &Folded, key: &SignerKey) -> Result<Vec<u8>> {
    let payload = encode(folded);
    let mut text = format!(
        "{} {FORMAT}\n{}\n{}\n{}\n",
        key.verifier()?.name(),
        folded.state.version,
        folded.state.records,
        BASE64_STANDARD.encode(Digest::of(&payload).0)
    );
    // Where the keys are found that lead from the first one to that of the signature.
    let rotations: Vec<_> = folded.keys.rotations().map(|version| version.to_string()).collect();
    if !rotations.is_empty() {
        text.push_str(&format!("{KEYS}{}\n", rotations.join(" ")));
    }
    let mut bytes = key.sign(&text).into_bytes();
    bytes.extend_from_slice(&payload);
    Ok(bytes)
}

/// The folded state as bytes, the same for the same state.
pub(crate) fn encode(folded: &Folded) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.folded(folded);
    writer.into_bytes()
}

/// The folded state of such bytes.
pub(crate) fn decode(payload: &Bytes) -> Result<Folded> {
    let none = || Error::new(ErrorKind::Integrity, "no folded state");
    Reader::new(payload).folded().ok_or_else(none)
}

/// A snapshot whose note is signed; whether the rest is what was signed is still to be seen.
struct Noted {
    payload: Bytes,
    digest: String,
    /// The keys that lead from the first one to that which has signed it.
    keys: KeyChain,
}

fn noted(fs: &dyn Fs, dir: &Path, bytes: &Bytes, first: &VerifierKey) -> Result<Noted> {
    let bad = |what: &str| Error::new(ErrorKind::Integrity, what);
    let text_end = bytes.windows(2).position(|pair| pair == b"\n\n");
    let text_end = text_end.ok_or_else(|| bad("no snapshot"))? + 2;
    let line = bytes[text_end..].iter().position(|&byte| byte == b'\n');
    let end = text_end + line.ok_or_else(|| bad("no snapshot"))? + 1;
    let note = std::str::from_utf8(&bytes[..end]).map_err(|_| bad("no snapshot"))?;
    // Not yet known to be signed, the note says only where to look; each key it leads to is vouched for.
    let mut keys = KeyChain::of(first);
    for word in
        note.lines().nth(4).and_then(|line| line.strip_prefix(KEYS)).unwrap_or("").split(' ')
    {
        match word.parse() {
            Ok(version) => load::take_rotation(fs, dir, version, &mut keys)?,
            Err(_) if word.is_empty() => {}
            Err(_) => return Err(bad("no snapshot")),
        }
    }
    let text = keys.newest().unwrap_or(first).open(note)?;
    let mut lines = text.lines();
    if lines.next() != Some(&format!("{} {FORMAT}", first.name())) {
        let what = "a snapshot of another version of dwell";
        return Err(Error::new(ErrorKind::Unsupported, what));
    }
    let digest = lines.nth(2).unwrap_or_default().to_owned();
    Ok(Noted { payload: bytes.slice(end..), digest, keys })
}

impl Noted {
    fn check(&self) -> Result<()> {
        if self.digest == BASE64_STANDARD.encode(Digest::of(&self.payload).0) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Integrity, "its content is not the one signed"))
    }

    /// Digests the content and decodes it at the same time: what comes of bytes that nobody signed is dropped.
    fn open(self) -> Result<Folded> {
        let decoded = std::thread::scope(|scope| {
            let checked = scope.spawn(|| self.check());
            let decoded = decode(&self.payload);
            let failed = || Error::new(ErrorKind::Internal, "a thread has failed");
            checked.join().map_err(|_| failed())??;
            decoded
        })?;
        Ok(Folded { keys: self.keys, ..decoded })
    }
}

/// The payload of a snapshot, and the keys that lead from the first one to that which has signed it.
pub(crate) fn payload(
    fs: &dyn Fs,
    dir: &Path,
    bytes: &Bytes,
    first: &VerifierKey,
) -> Result<(Bytes, KeyChain)> {
    let noted = noted(fs, dir, bytes, first)?;
    noted.check()?;
    Ok((noted.payload, noted.keys))
}

/// Reads the snapshot of the store in `dir`. What is wrong with it, but for a missing ledger, goes to `notes`: the
/// ledger itself is read then.
pub(super) fn read(
    fs: &dyn Fs,
    dir: &Path,
    key: &VerifierKey,
    notes: &mut Vec<String>,
) -> Result<Folded> {
    let path = path(dir);
    if fs.vault().is_some_and(|vault| vault.is_locked()) {
        return Ok(load::nothing());
    }
    let bytes = match fs::read_if_there(fs, &path) {
        // It can't be decrypted.
        Err(error) if error.kind() == ErrorKind::Integrity => {
            return Ok(give_up(&path, &error.without_path().to_string(), notes));
        }
        bytes => bytes?,
    };
    let Some(bytes) = bytes else { return Ok(load::nothing()) };
    let bytes = Bytes::from(bytes);
    let opened = noted(fs, dir, &bytes, key).and_then(Noted::open);
    let mut folded = match opened {
        Ok(folded) => folded,
        // An older version of dwell wrote it, which is no reason to alarm anyone.
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            return Ok(Folded { snapshot_is_bad: true, ..load::nothing() });
        }
        Err(error) => return Ok(give_up(&path, &error.to_string(), notes)),
    };
    let version = folded.state.version;
    if fs::read_if_there(fs, &file::path(dir, version))?.is_none() {
        let what = format!("it is missing, though a signed snapshot of version {version} is there");
        let error = Error::integrity(file::path(dir, version), what);
        return Err(error.as_breach(Breach::RolledBack));
    }
    let (boundary, note) = load::boundary_at(fs, dir, version, &folded.keys)?;
    if boundary != (folded.state.records, folded.state.root) {
        return Ok(give_up(&path, "it does not follow from the ledger", notes));
    }
    folded.note = note;
    folded.snapshot_bytes = bytes.len() as u64;
    Ok(folded)
}

fn give_up(path: &Path, why: &str, notes: &mut Vec<String>) -> Folded {
    notes.push(format!(
        "the snapshot {} is of no use ({why}): the ledger is read instead, and the next command that writes makes a new one",
        path.display()
    ));
    Folded { snapshot_is_bad: true, ..load::nothing() }
}

impl Store {
    /// Writes a new snapshot if it is due. The caller holds the writer's lock; a failure costs nothing but time.
    pub(super) fn write_snapshot(&self, staging: &Path, key: &SignerKey) {
        let folded = lock(&self.folded).clone();
        let due = DUE_BYTES.max(folded.snapshot_bytes / DUE_PART);
        if folded.unfolded_bytes < due && !folded.snapshot_is_bad {
            return;
        }
        match self.try_snapshot(&folded, staging, key) {
            Ok(bytes) => {
                let mut newest = lock(&self.folded);
                newest.snapshot_bytes = bytes;
                newest.unfolded_bytes = 0;
                newest.snapshot_is_bad = false;
            }
            Err(error) => self.note(format!("no new snapshot of the ledger: {error}")),
        }
    }

    fn try_snapshot(&self, folded: &Folded, staging: &Path, key: &SignerKey) -> Result<u64> {
        let bytes = render(folded, key)?;
        let staged = staging.join(NAME);
        fs::write_new(&*self.fs, &staged, &bytes)?;
        let target = path(&self.dir);
        self.fs.rename(&staged, &target).map_err(|error| Error::io("rename", &staged, error))?;
        fs::sync_dir(&*self.fs, &self.dir.join(file::FOLDER))?;
        Ok(bytes.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::extent::{Counts, FileIdentity, LineEnd, SourceState};
    use crate::ledger::record::{NamedFile, Seal, TableFile, TableKey};
    use crate::ledger::text::Text;
    use crate::segment::{ColumnStats, FileMeta, SourceRange};
    use crate::store::{
        ArchiveState, ArchivedDay, DayState, ExtentRef, Hidden, HoldState, KeptTable, LinesRef,
        Redacted, Restored, RetiredDay, Sealed, SegmentRef, Source, State,
    };

    fn example() -> Folded {
        let mut folded = load::nothing();
        folded.frontier.push(Digest::of(b"leaf"));
        let meta = Arc::new(FileMeta {
            path: "requests/day=2026-11-20/a.parquet".into(),
            bytes: 10,
            sha256: Digest::of(b"a"),
            tail: 3,
            root: Digest::of(b"b"),
            rows: 1,
            min_ts: i64::MIN,
            max_ts: i64::MAX,
            sources: vec![SourceRange { source_id: 7, first_line: 1, last_line: 2, rows: 1 }],
            stats: vec![
                ColumnStats { column: "ts".into(), nulls: 0, min: Some(-1), max: Some(i64::MAX) },
                ColumnStats { column: "of another".into(), nulls: 1, min: None, max: None },
            ]
            .into(),
        });
        let rule = toml::from_str("cut_query = true").unwrap();
        let privacy = crate::privacy::Privacy { rule, key_id: "0123".into() };
        let source = Source {
            id: 7,
            path: "/a/é".into(),
            sha256: Digest::of(b"s"),
            prefix: Digest::of(b"p"),
            identity: Some(FileIdentity { device: u64::MAX, inode: 1 }),
            format: "squid".into(),
            format_spec: "%ts".into(),
            zone: "UTC".into(),
            line_end: LineEnd::Crlf,
            bom: vec![1, 2, 3],
            final_newline: false,
            state: SourceState::Damaged,
            bytes: 99,
            counts: Counts { lines: 5, rows: 1, quarantined: 1, headers: 2, blank: 1 },
            first_ts: Some(-4),
            last_ts: None,
            extents: vec![ExtentRef {
                from: 0,
                to: 99,
                sha256: Digest::of(b"s"),
                first_line: 1,
                lines: 5,
                seq: 1,
            }],
            retired: 2,
            redacted: 3,
            privacy: Some(Arc::new(privacy)),
            shift_us: 0,
            shifts: vec![(0, 0), (3, 60)],
            remaining: Some((4, Digest::of(b"r"))),
            redacted_others: 1,
        };
        let day = "2026-11-20".parse().unwrap();
        let segment = SegmentRef { meta: Arc::clone(&meta), seq: 1, seal: Some(4) };
        folded.state = Arc::new(State {
            store_id: "s".into(),
            version: 1,
            records: 1,
            root: folded.frontier.root(),
            schema: 1,
            config: Some(Digest::of(b"c")),
            sources: [(7, Arc::new(source))].into(),
            days: [(day, DayState { segments: vec![segment], ..DayState::default() })].into(),
            lines: vec![LinesRef { meta, day, seq: 1 }],
            hidden: vec![Hidden { source_id: 7, first: 1, last: 2, before_seq: 1, rows: true }],
            ..State::default()
        });
        folded
    }

    /// Adds everything that stands beside the rows.
    fn with_kept(mut folded: Folded) -> Folded {
        let state = Arc::make_mut(&mut folded.state);
        let (&day, held) = state.days.first_key_value().unwrap();
        let mut held = held.clone();
        let seal = Seal {
            day,
            leaves: 1,
            number: 0,
            root: Digest::of(b"r"),
            salts: NamedFile::of("salts/a", b"a"),
            sources: held.segments[0].meta.sources.clone(),
            stats: Vec::new(),
            ts: (i64::MIN, i64::MAX),
        };
        let sealed = Sealed { at: 4, seal, seq: 4 };
        held.seals.push(Arc::new(sealed.clone()));
        (held.changed, held.ingested_us) = (3, -5);
        let words = Text::by("anna").with("reason", "a case");
        let retired = RetiredDay {
            at: 1,
            bytes: 2,
            seq: 3,
            sources: vec![(7, 2)],
            seals: vec![sealed],
            why: "keep_days".into(),
        };
        let hold = HoldState {
            at: 1,
            days: vec![(day, day)],
            id: 1,
            query_at: Some(9),
            released: None,
            seq: 4,
            until: Some(i64::MAX),
            words,
        };
        let archived =
            ArchivedDay { at: 1, bytes: 2, manifest: Digest::of(b"m"), packed_at: 3, rows: 4 };
        let archive = ArchiveState { days: [(day, archived)].into(), url: "/mnt".into() };
        let set = Restored {
            name: "old".into(),
            days: [(day, held.clone())].into(),
            lines: state.lines.clone(),
            hidden: state.hidden.clone(),
            sources: vec![(7, 1)],
            sources_file: Some(NamedFile::of("restored/old/sources", b"s")),
            until: Some(5),
            ..Restored::default()
        };
        state.days.insert(day, held);
        state.retired.insert(day, vec![retired]);
        state.holds.insert(1, Arc::new(hold));
        state.archives.insert(Digest::of(b"u"), Arc::new(archive));
        state.restored.insert("old".into(), Arc::new(set));
        state.redacted = vec![Redacted { source_id: 7, first: 1, last: 2, seq: 8 }];
        state.last.insert("seal".into(), 7);
        let table = TableFile {
            basis: 8,
            file: NamedFile::of("summaries/hosts/a.table", b"t"),
            input: Some(Digest::of(b"i")),
            key: TableKey { day: Some(day), name: "n".into(), table: "hosts".into() },
            rows: 3,
            skipped: 1,
        };
        let kept = KeptTable { at: -1, seq: 9, table: table.clone() };
        state.tables.insert(table.key, Arc::new(kept));
        folded
    }

    #[test]
    fn a_state_survives_and_no_cut_does() {
        let folded = with_kept(example());
        let bytes = Bytes::from(encode(&folded));
        let read = decode(&bytes).unwrap();
        assert_eq!(read.state, folded.state);
        assert_eq!(read.frontier, folded.frontier);
        assert_eq!(encode(&read), bytes);
        for end in 0..bytes.len() {
            assert!(decode(&bytes.slice(..end)).is_err(), "{end}");
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let signer = SignerKey::from_seed("s", &[1; 32]).unwrap();
        let key = signer.verifier().unwrap();
        let bytes = Bytes::from(render(&example(), &signer).unwrap());
        let fs = fs::real();
        payload(&*fs, Path::new(""), &bytes, &key).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let flipped = Bytes::from(flipped);
            assert!(payload(&*fs, Path::new(""), &flipped, &key).is_err(), "bit {bit}");
        }
    }
}
