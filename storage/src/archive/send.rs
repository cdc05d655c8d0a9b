//! How does one object get to its place? It is sent unless it is there, read back whole, and compared.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

use super::run::RunOptions;
use super::target::{self, ArchiveTarget, ObjectLock, Upload};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::store::Store;

/// What went over the line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Objects sent.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Objects that were there already, and right.
    pub reused: u64,
    /// Bytes read back.
    pub read_bytes: u64,
}

impl Counters {
    pub(super) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.sent_bytes += other.sent_bytes;
        self.reused += other.reused;
        self.read_bytes += other.read_bytes;
    }
}

/// Sends objects to a target.
pub(super) struct Sender<'a> {
    store: &'a Store,
    target: &'a Arc<dyn ArchiveTarget>,
    lock: Option<ObjectLock>,
    options: &'a RunOptions<'a>,
    sent: AtomicU64,
    sent_bytes: AtomicU64,
    reused: AtomicU64,
    read_bytes: AtomicU64,
}

/// Counts what is read back.
struct Sink<'a>(&'a Sender<'a>);

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.read_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        (self.0.options.progress)(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> Sender<'a> {
    pub(super) fn new(
        store: &'a Store,
        target: &'a Arc<dyn ArchiveTarget>,
        lock: Option<ObjectLock>,
        options: &'a RunOptions<'a>,
    ) -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            store,
            target,
            lock,
            options,
            sent: zero(),
            sent_bytes: zero(),
            reused: zero(),
            read_bytes: zero(),
        }
    }

    pub(super) fn counters(&self) -> Counters {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            sent: get(&self.sent),
            sent_bytes: get(&self.sent_bytes),
            reused: get(&self.reused),
            read_bytes: get(&self.read_bytes),
        }
    }

    /// Sends a file of the store.
    pub(super) fn file(&self, name: &str, path: &str, bytes: u64, sha256: &Digest) -> Result<()> {
        let local = self.store.locate(path);
        let sent = self.object(name, &Upload::of_file(&local, bytes), sha256);
        match sent {
            // It is not what was signed because it was not here either?
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                check_local(&local, bytes, sha256)?;
                Err(error)
            }
            sent => sent,
        }
    }

    /// Sends something small.
    pub(super) fn paper(&self, name: &str, content: &[u8]) -> Result<()> {
        self.object(name, &Upload::of_bytes(content), &Digest::of(content))
    }

    fn object(&self, name: &str, upload: &Upload<'_>, sha256: &Digest) -> Result<()> {
        if (self.options.cancel)() {
            return Err(Error::new(ErrorKind::Interrupted, "stopped"));
        }
        if self.target.head(name)?.is_some() {
            match self.read_back(name, upload.bytes(), sha256) {
                Err(error) if error.kind() == ErrorKind::Integrity => self.target.delete(name)?,
                read => {
                    read?;
                    // A run that died may have got as far as the bytes.
                    self.lock.map_or(Ok(()), |lock| self.target.lock(name, lock))?;
                    self.reused.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
            }
        }
        self.target.put(name, upload, self.lock)?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.sent_bytes.fetch_add(upload.bytes(), Ordering::Relaxed);
        (self.options.progress)(upload.bytes());
        self.read_back(name, upload.bytes(), sha256).map_err(|error| match error.kind() {
            // The target holds something else than it was given: it must not pass for a copy.
            ErrorKind::Integrity => {
                let _ = self.target.delete(name);
                Error::new(ErrorKind::Integrity, "what was sent did not come back")
                    .caused_by(error)
                    .advise(
                        "the run can be repeated; if it persists, the target is not to be trusted",
                    )
            }
            _ => error,
        })
    }

    fn read_back(&self, name: &str, bytes: u64, sha256: &Digest) -> Result<()> {
        target::fetch(&**self.target, name, bytes, sha256, &mut Sink(self))
    }
}

/// Whether a file of the store is the one that was signed.
fn check_local(path: &Path, bytes: u64, sha256: &Digest) -> Result<()> {
    let mut file = std::fs::File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::integrity(path, "missing, though the ledger names it"),
        _ => Error::io("open", path, error),
    })?;
    let mut hasher = Sha256::new();
    let read = io::copy(&mut file, &mut HashOnly(&mut hasher))
        .map_err(|error| Error::io("read", path, error))?;
    if read == bytes && Digest::so_far(&hasher) == *sha256 {
        return Ok(());
    }
    Err(Error::integrity(path, "differs from the ledger: it was not archived"))
}

struct HashOnly<'a>(&'a mut Sha256);

impl Write for HashOnly<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
