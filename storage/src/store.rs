//! How does one open a store, read a version of it, and commit to it?

pub(crate) mod clean;
pub(crate) mod commit;
mod facts;
mod fold;
mod growth;
mod heads;
mod hidden;
pub(crate) mod init;
mod kept;
mod keys;
pub(crate) mod layout;
mod lease;
pub(crate) mod load;
pub(crate) mod maintain;
mod place;
mod privacy;
mod rights;
mod rotate;
pub(crate) mod snapshot;
mod state;
mod transaction;
mod trash;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::facts::SourceFacts;
pub use self::growth::{Head, nonce};
use self::heads::Trust;
pub(crate) use self::heads::check_key;
pub use self::hidden::{HiddenIndex, HiddenLines};
pub use self::init::NewStoreKey;
pub use self::kept::{
    ArchiveState, ArchivedDay, HoldState, KeptTable, Redacted, Restored, RetiredDay, Sealed,
};
pub use self::lease::Lease;
use self::load::Folded;
pub(crate) use self::load::{no_ledger, own_key};
pub use self::maintain::Maintenance;
pub(crate) use self::rights::refuse_world;
pub use self::state::{DayState, ExtentRef, Hidden, LinesRef, SegmentRef, Source, State};
pub use self::transaction::{Scratch, Transaction};
pub use self::trash::Purged;
use crate::clock::Micros;
use crate::config::{self, Config};
use crate::crypt::Vault;
use crate::digest::Digest;
use crate::error::{ErrorKind, Result};
use crate::fs::{self, Fs};
use crate::ledger::chain::KeyChain;
use crate::ledger::keys::KeyRing;
use crate::ledger::note::VerifierKey;
use crate::segment::{FileMeta, VerifiedFile};

/// How long a commit waits for the writer's lock, unless told otherwise.
pub const LOCK_WAIT_MS: u64 = 10_000;

/// How a new store is made.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// A group (name or number) whose members may read the store.
    pub group: Option<String>,
    /// The folder of keys and known heads; without it the store can be read, not written.
    pub key_dir: Option<PathBuf>,
    /// Where heads go if the key folder can't be written.
    pub fallback_dir: Option<PathBuf>,
    /// The file system.
    pub fs: Arc<dyn Fs>,
    /// The time of day.
    pub now_us: Micros,
    /// Who does it.
    pub by: String,
}

/// Whether a folder is the store in use, or a copy of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// The store in use: it must not lie behind the head last seen.
    #[default]
    Live,
    /// A copy or an archive: it may be older, if it is a prefix of what was last seen.
    Copy,
}

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The folder of keys and known heads; without it nothing is known and nothing can be signed.
    pub key_dir: Option<PathBuf>,
    /// Where heads go if the key folder can't be written.
    pub fallback_dir: Option<PathBuf>,
    /// A C2SP verifier key line that the store must be signed with.
    pub pinned_key: Option<String>,
    /// Whether it is the store in use.
    pub standing: Standing,
    /// The file system.
    pub fs: Arc<dyn Fs>,
}

/// How a commit is made.
#[derive(Debug, Clone)]
pub struct CommitOptions {
    /// The time of day.
    pub now_us: Micros,
    /// How long to wait for the writer's lock ([`LOCK_WAIT_MS`]).
    pub wait_ms: u64,
    /// Who does it (a person, or a program); kept beside the record.
    pub by: String,
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The extent is stored and durable.
    Committed {
        /// Number of its record.
        seq: u64,
        /// The source it belongs to.
        source_id: i32,
    },
    /// The same content was there already; nothing was stored.
    AlreadyStored {
        /// The source that holds it.
        source_id: i32,
    },
}

/// An open store. Cheap to share behind an `Arc`; all its methods take `&self`.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    fs: Arc<dyn Fs>,
    keys: KeyRing,
    /// The key of record 1.
    key: VerifierKey,
    config: Config,
    standing: Standing,
    is_new: bool,
    /// What speaks for its newest key.
    trust: Trust,
    /// By how many records a copy is older than the store seen on this machine.
    older_by: AtomicU64,
    folded: Mutex<Folded>,
    notes: Mutex<Vec<String>>,
    /// Set when it is not known whether a commit reached the disk: nothing is signed after that.
    poisoned: AtomicBool,
    /// Set once the folders were searched for what a dead writer left.
    cleaned: AtomicBool,
}

/// One row of `system.ledger`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Number of the record, from 1.
    pub seq: u64,
    /// When.
    pub at: Micros,
    /// What kind of record.
    pub kind: String,
    /// Who; empty where it is not kept (or redacted).
    pub by: String,
    /// What, in a few words.
    pub detail: String,
}

impl Store {
    /// Opens the store at `dir`.
    pub fn open(dir: &Path, options: &OpenOptions) -> Result<Arc<Self>> {
        let store = Self::open_whatever_head(dir, options)?;
        store.check_head()?;
        Ok(store)
    }

    /// Opens the store at `dir`, even if it is not the one that was seen before.
    pub(crate) fn open_whatever_head(dir: &Path, options: &OpenOptions) -> Result<Arc<Self>> {
        let fs = Arc::clone(&options.fs);
        let Some(key) = load::own_key(&*fs, dir)? else {
            return Err(load::no_ledger(&*fs, dir));
        };
        let fs =
            load::with_keys(&fs, dir, key.name(), options.key_dir.as_deref(), options.standing)?;
        let keys =
            KeyRing::new(Arc::clone(&fs), options.key_dir.clone(), options.fallback_dir.clone());
        let mut notes = Vec::new();
        let mut folded = snapshot::read(&*fs, dir, &key, &mut notes)?;
        load::catch_up(&mut folded, &*fs, dir, &key)?;
        let pinned = options.pinned_key.as_deref();
        let trust = heads::check_key(&keys, &folded.keys, pinned, &mut notes)?;
        notes.extend(rights::warning(dir));
        if let Some(Err(error)) = fs.vault().map(|vault| vault.check()) {
            notes.push(format!("rows, lines and words of the store can't be read: {error}"));
        }
        // Whoever only reads can do with the defaults; whoever writes is refused.
        let config = match read_config(&*fs, dir) {
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                notes.push(format!("settings are not read, defaults are used: {error}"));
                Config::default()
            }
            read => read?.0,
        };
        Ok(Arc::new(Self {
            dir: dir.to_path_buf(),
            config,
            fs,
            keys,
            key,
            standing: options.standing,
            is_new: false,
            trust,
            older_by: AtomicU64::new(0),
            folded: Mutex::new(folded),
            notes: Mutex::new(notes),
            poisoned: AtomicBool::new(false),
            cleaned: AtomicBool::new(false),
        }))
    }

    /// By how many records this copy is older than the store seen on this machine; 0 for one that is not.
    pub fn older_by(&self) -> u64 {
        self.older_by.load(Ordering::SeqCst)
    }

    /// Whether [`Store::init`] made it just now.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// What the person at the keyboard should know, each said once.
    pub fn notes(&self) -> Vec<String> {
        lock(&self.notes).clone()
    }

    fn note(&self, note: String) {
        let mut notes = lock(&self.notes);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The store's id.
    pub fn id(&self) -> &str {
        self.key.name()
    }

    /// The public key that the newest file of its ledger is signed with.
    pub fn key(&self) -> VerifierKey {
        lock(&self.folded).keys.newest().unwrap_or(&self.key).clone()
    }

    /// The public key that record 1 names.
    pub(crate) fn first_key(&self) -> &VerifierKey {
        &self.key
    }

    /// All keys that its ledger has been signed with.
    pub fn keys(&self) -> KeyChain {
        lock(&self.folded).keys.clone()
    }

    /// Whether dwell.toml can be read now: a writer must not go on with defaults in its place.
    ///
    /// # Errors
    /// `InvalidInput`, naming the line.
    pub fn check_settings(&self) -> Result<()> {
        read_config(&*self.fs, &self.dir).map(drop)
    }

    /// The settings, as read when the store was opened; defaults (and a note) where the file can't be read as such.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The keys of the store, if it is encrypted.
    pub fn vault(&self) -> Option<&Arc<Vault>> {
        self.fs.vault()
    }

    /// The file system it is written through.
    pub fn fs(&self) -> &Arc<dyn Fs> {
        &self.fs
    }

    /// The newest version seen so far.
    pub fn state(&self) -> Arc<State> {
        Arc::clone(&lock(&self.folded).state)
    }

    /// The signed checkpoint of the newest version seen so far.
    pub fn checkpoint(&self) -> String {
        lock(&self.folded).note.clone()
    }

    /// Looks for newer versions and returns the newest.
    pub fn refresh(&self) -> Result<Arc<State>> {
        let mut folded = lock(&self.folded).clone();
        if load::catch_up(&mut folded, &*self.fs, &self.dir, &self.key)? {
            let mut newest = lock(&self.folded);
            if newest.state.version < folded.state.version {
                *newest = folded;
            }
        }
        Ok(self.state())
    }

    /// Opens a data file of some version, wherever it lies, for checked reading: the way to read one, for it has what an
    /// encrypted store needs besides.
    ///
    /// # Errors
    /// `Integrity`: it is not as the ledger says. `Conflict`: a newer version has removed it; ask that one.
    pub fn open_file(&self, meta: &FileMeta) -> Result<VerifiedFile> {
        let path = self.locate(&meta.path);
        let open = |path: &Path| VerifiedFile::open_with(path, meta, self.vault());
        // It may have been moved to the trash since it was looked for.
        let opened = match open(&path) {
            Err(_) if !path.exists() => open(&self.locate(&meta.path)),
            opened => opened,
        };
        opened.map_err(|error| match self.locate(&meta.path).exists() {
            true => error,
            false => self.missing(meta, error),
        })
    }

    /// The records of the newest version, for `system.ledger`.
    pub fn ledger_entries(&self) -> Result<Vec<LedgerEntry>> {
        let mut entries = Vec::new();
        load::walk(&*self.fs, &self.dir, self.state().version, &self.key, |checked| {
            entries.extend(checked.entries.into_iter().map(|entry| LedgerEntry {
                seq: entry.record.seq,
                at: entry.record.at,
                kind: entry.record.body.kind().to_owned(),
                by: entry.text.get("by").to_owned(),
                detail: detail(&entry),
            }));
        })?;
        Ok(entries)
    }
}

fn detail(entry: &load::Entry) -> String {
    let mut detail = entry.record.body.detail();
    for word in [entry.text.get("path"), entry.text.get("reason")] {
        if !word.is_empty() {
            detail.push_str("; ");
            detail.push_str(word);
        }
    }
    detail
}

/// Takes a lock whose holder can't have left anything half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads `dwell.toml`, with the digest of its bytes; defaults if there is none.
pub(crate) fn read_config(fs: &dyn Fs, dir: &Path) -> Result<(Config, Option<Digest>)> {
    let path = dir.join(config::FILE_NAME);
    let Some(bytes) = fs::read_if_there(fs, &path)? else { return Ok((Config::default(), None)) };
    let config = Config::parse(&bytes).map_err(|error| {
        error.at(&path).advise("mend the line, or move the file away to use the defaults")
    })?;
    Ok((config, Some(Digest::of(&bytes))))
}
