//! How does one open a store, read a version of it, and commit to it?

mod state;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::state::{DayState, ExtentRef, Hidden, LinesRef, SegmentRef, Source, State};
use crate::clock::Micros;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::extent::Extent;
use crate::fs::Fs;

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
}

/// A reader's mark that it works on one version; while it lives, no file of that version is deleted.
#[derive(Debug)]
pub struct Lease {
    written: bool,
}

impl Lease {
    /// Whether the mark could be written; on a read-only store it can't, and the reader says so.
    pub fn is_written(&self) -> bool {
        self.written
    }
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

/// One extent being written: a folder of its own below `staging/`, and a source id nobody else gets.
#[derive(Debug)]
pub struct Transaction {
    store: Arc<Store>,
    id: String,
    source_id: i32,
    dir: PathBuf,
}

fn unbuilt<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}

impl Store {
    /// Makes a store at `dir`, or opens the one that is there; [`Store::is_new`] tells which.
    pub fn init(dir: &Path, options: &InitOptions) -> Result<Arc<Self>> {
        let _ = (dir, options);
        unbuilt()
    }

    /// Opens the store at `dir`.
    pub fn open(dir: &Path, options: &OpenOptions) -> Result<Arc<Self>> {
        let _ = (dir, options);
        unbuilt()
    }

    /// Whether [`Store::init`] made it just now.
    pub fn is_new(&self) -> bool {
        false
    }

    /// What the person at the keyboard should know, each said once.
    pub fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The store's id.
    pub fn id(&self) -> &str {
        ""
    }

    /// The settings, as read when the store was opened.
    pub fn config(&self) -> &Config {
        unimplemented_config()
    }

    /// The file system it is written through.
    pub fn fs(&self) -> &Arc<dyn Fs> {
        unimplemented_config()
    }

    /// The newest version seen so far.
    pub fn state(&self) -> Arc<State> {
        Arc::new(State::default())
    }

    /// Looks for newer versions and returns the newest.
    pub fn refresh(&self) -> Result<Arc<State>> {
        unbuilt()
    }

    /// Marks the newest version as being read.
    pub fn lease(&self) -> Result<Lease> {
        unbuilt()
    }

    /// The absolute path of a data file of some version: where the ledger names it, or in `trash/` if a later
    /// version no longer names it.
    pub fn locate(&self, file: &str) -> PathBuf {
        self.dir.join(file)
    }

    /// Begins the first extent of a new source.
    pub fn begin(self: &Arc<Self>) -> Result<Transaction> {
        unbuilt()
    }

    /// Begins the next extent of a source that is known.
    pub fn begin_for(self: &Arc<Self>, source_id: i32) -> Result<Transaction> {
        let _ = source_id;
        unbuilt()
    }

    /// The records of the newest version, for `system.ledger`.
    pub fn ledger_entries(&self) -> Result<Vec<LedgerEntry>> {
        unbuilt()
    }
}

fn unimplemented_config<T>() -> T {
    unreachable!("not built yet")
}

impl Transaction {
    /// Its name, for the footers of its segments.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The source it adds to.
    pub fn source_id(&self) -> i32 {
        self.source_id
    }

    /// Its folder below `staging/`: segments and the file of lines are written here.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file system to write through.
    pub fn fs(&self) -> &Arc<dyn Fs> {
        self.store.fs()
    }

    /// Makes the extent part of the store, all its days at once. [`ErrorKind::Conflict`]: plan anew.
    ///
    /// Paths of files in `extent` are file names in [`Transaction::dir`].
    pub fn commit(self, extent: &Extent, options: &CommitOptions) -> Result<Outcome> {
        let _ = (extent, options);
        unbuilt()
    }
}
