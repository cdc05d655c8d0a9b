//! Where does one extent grow before it is committed? In a folder of its own below `staging/`, which nobody else
//! touches while it is locked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{State, Store, clean, layout};
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{Fs, Lock, Rights};

/// The file whose lock says that a folder's writer lives.
pub(super) const LOCK_NAME: &str = "lock";

/// How often a folder that another writer is just removing is asked for again.
const TRIES: u32 = 1_000;

/// One extent being written: a folder of its own below `staging/`, and a source id nobody else gets.
#[derive(Debug)]
pub struct Transaction {
    pub(super) store: Arc<Store>,
    id: String,
    source_id: i32,
    new: bool,
    folder: Folder,
    base: Arc<State>,
}

/// A folder below `staging/`, removed with everything in it when dropped.
#[derive(Debug)]
pub(super) struct Folder {
    fs: Arc<dyn Fs>,
    pub(super) path: PathBuf,
    /// Whether the next writer has still to read what lies in it.
    pub(super) keep: bool,
    _lock: Lock,
}

/// A private folder below `staging/` for what is too large for memory; removed when dropped.
#[derive(Debug)]
pub struct Scratch(Folder);

impl Scratch {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        // What stays is removed by the next writer, for the lock is gone.
        let _ = clean::remove_folder(&*self.fs, &self.path);
    }
}

impl Folder {
    /// Takes the folder of this name, new or left by a dead writer; `None` if a living one has it.
    pub(super) fn take(fs: &Arc<dyn Fs>, path: PathBuf) -> Result<Option<Self>> {
        for _ in 0..TRIES {
            match fs.create_dir(&path, Rights::Inherit) {
                // A cleaner takes a folder without a lock for a dead one, even if it is just being made.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(Error::io("create the folder", path, error));
                }
                _ => {}
            }
            let lock_path = path.join(LOCK_NAME);
            let lock = match fs.try_lock(&lock_path) {
                // A cleaner has just removed the folder.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                lock => lock.map_err(|error| Error::io("lock", &lock_path, error))?,
            };
            let Some(lock) = lock else { return Ok(None) };
            // A cleaner may have removed the file between our opening and locking it.
            if lock.still_at(&lock_path) {
                clean::empty_folder(&**fs, &path, &[LOCK_NAME])?;
                return Ok(Some(Self { fs: Arc::clone(fs), path, keep: false, _lock: lock }));
            }
        }
        Err(Error::new(ErrorKind::Io, "another process keeps removing the folder").at(path))
    }
}

/// Random digits for names.
pub(super) fn random() -> Result<u64> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| {
        Error::new(ErrorKind::Io, "the system gives no random bytes").caused_by(error)
    })?;
    Ok(u64::from_le_bytes(random))
}

impl Store {
    /// Begins the first extent of a new source.
    pub fn begin(self: &Arc<Self>) -> Result<Transaction> {
        self.writable()?;
        let mut source_id = 0;
        loop {
            let last = self.refresh()?.sources.last_key_value().map_or(0, |(id, _)| *id);
            source_id = last.max(source_id).checked_add(1).ok_or_else(|| {
                Error::new(ErrorKind::Unsupported, "there are no numbers left for sources")
            })?;
            let path = layout::staging_path(&self.dir, &format!("{source_id:010}"));
            let Some(folder) = Folder::take(&self.fs, path)? else { continue };
            // The number may have been committed, and its folder removed, since we looked.
            let base = self.refresh()?;
            if !base.sources.contains_key(&source_id) {
                return self.transaction(source_id, true, folder, base);
            }
        }
    }

    /// Begins the next extent of a source that is known.
    pub fn begin_for(self: &Arc<Self>, source_id: i32) -> Result<Transaction> {
        self.writable()?;
        let base = self.refresh()?;
        if !base.sources.contains_key(&source_id) {
            return Err(Error::new(ErrorKind::InvalidInput, format!("no source {source_id}")));
        }
        let (folder, _) = self.take_random(&format!("{source_id:010}"))?;
        self.transaction(source_id, false, folder, base)
    }

    /// Takes the folder of this name below `staging/`, so that nobody else has it at the same time; `None` if another still
    /// has it after `wait_ms`.
    pub(crate) fn scratch_alone(&self, name: &str, wait_ms: u64) -> Result<Option<Scratch>> {
        // Counting the pauses needs no clock.
        const PAUSE_MS: u64 = 20;
        let mut waited = 0;
        loop {
            let folder = Folder::take(&self.fs, layout::staging_path(&self.dir, name))?;
            if folder.is_some() || waited >= wait_ms {
                return Ok(folder.map(Scratch));
            }
            std::thread::sleep(std::time::Duration::from_millis(PAUSE_MS));
            waited += PAUSE_MS;
        }
    }

    /// Makes a private folder below `staging/`, for a query that spills.
    pub fn scratch(&self) -> Result<Scratch> {
        Ok(Scratch(self.take_random("scratch")?.0))
    }

    /// Takes a folder below `staging/` under a name that nobody else has; returns the number in it.
    pub(super) fn take_random(&self, prefix: &str) -> Result<(Folder, u64)> {
        for _ in 0..TRIES {
            let random = random()?;
            let path = layout::staging_path(&self.dir, &format!("{prefix}-{random:016x}"));
            // A cleaner may have the lock of one that is just being made, which it takes for a dead one.
            if let Some(folder) = Folder::take(&self.fs, path)? {
                return Ok((folder, random));
            }
        }
        Err(Error::new(ErrorKind::Internal, "other processes take every folder")
            .at(self.dir.join(layout::STAGING)))
    }

    fn transaction(
        self: &Arc<Self>,
        source_id: i32,
        new: bool,
        folder: Folder,
        base: Arc<State>,
    ) -> Result<Transaction> {
        let id = format!("{:010}-{source_id:010}-{:016x}", base.version, random()?);
        Ok(Transaction { store: Arc::clone(self), id, source_id, new, folder, base })
    }
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
        &self.folder.path
    }

    /// The file system to write through.
    pub fn fs(&self) -> &Arc<dyn Fs> {
        self.store.fs()
    }

    /// Whether it brings a new source.
    pub(super) fn is_new(&self) -> bool {
        self.new
    }

    /// The version that the plan stands on.
    pub(super) fn base(&self) -> &State {
        &self.base
    }
}
