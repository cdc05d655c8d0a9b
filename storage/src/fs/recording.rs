//! What may a power loss leave? A file system that records every call and builds, from any prefix of its log, the
//! states that a disk may be in afterwards: unsynced data and entries of folders kept, dropped, or torn.
//!
//! A kill tells nothing about missing syncs, for the kernel keeps what was written; this does. It is harsher than
//! real file systems: entries of a folder survive only after a sync of that very folder, and the two halves of a
//! rename between folders may survive apart. A rename within a folder is one step, as POSIX promises.

mod disk;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use self::disk::CrashState;
use self::disk::{Disk, Keep};
use super::{FileWriter, Fs, Lock, RealFs, Rights};
use crate::digest::Digest;

/// One recorded change. Paths are relative to the root.
#[derive(Debug, Clone)]
enum Op {
    Create(PathBuf),
    /// Bytes appended to the file that was opened by this number.
    Write(usize, Vec<u8>),
    SyncFile(usize),
    /// An existing file was opened for appending: it gets the next number.
    Reopen(PathBuf),
    Mkdir(PathBuf),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Unlink(PathBuf),
    SyncDir(PathBuf),
}

#[derive(Debug, Default)]
struct Log {
    ops: Vec<Op>,
    opened: usize,
}

/// A file system that records what is done below a root.
#[derive(Debug, Clone)]
pub struct RecordingFs {
    root: PathBuf,
    base: Disk,
    log: Arc<Mutex<Log>>,
}

impl RecordingFs {
    /// Records what happens below `root`; what is there now counts as durable.
    pub fn new(root: &Path) -> io::Result<Self> {
        let base = Disk::read(root)?;
        Ok(Self { root: root.to_path_buf(), base, log: Arc::default() })
    }

    fn with_log<T>(&self, change: impl FnOnce(&mut Log) -> T) -> T {
        change(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn record(&self, op: impl FnOnce(&dyn Fn(&Path) -> Option<PathBuf>) -> Option<Op>) {
        let relative = |path: &Path| path.strip_prefix(&self.root).ok().map(Path::to_path_buf);
        if let Some(op) = op(&relative) {
            self.with_log(|log| log.ops.push(op));
        }
    }

    /// How many changes were recorded.
    pub fn len(&self) -> usize {
        self.with_log(|log| log.ops.len())
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The states that a power loss after the first `changes` may leave, each once.
    pub fn crash_states(&self, changes: usize) -> Vec<CrashState> {
        let mut disk = self.base.clone();
        self.with_log(|log| log.ops.iter().take(changes).for_each(|op| disk.apply(op)));
        let mut seen = BTreeSet::new();
        let mut states = Vec::new();
        for keep in Keep::all(&disk, changes as u64) {
            let state = disk.crash(&keep);
            if seen.insert(state.digest()) {
                states.push(state);
            }
        }
        states
    }

    fn opened(&self, path: &Path, inner: Box<dyn FileWriter>, new: bool) -> Box<dyn FileWriter> {
        let Ok(relative) = path.strip_prefix(&self.root) else { return inner };
        let relative = relative.to_path_buf();
        let number = self.with_log(|log| {
            log.ops.push(if new { Op::Create(relative) } else { Op::Reopen(relative) });
            log.opened += 1;
            log.opened - 1
        });
        Box::new(RecordedFile { fs: self.clone(), inner, number })
    }
}

struct RecordedFile {
    fs: RecordingFs,
    inner: Box<dyn FileWriter>,
    number: usize,
}

impl Write for RecordedFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buf)?;
        let op = Op::Write(self.number, buf[..written].to_vec());
        self.fs.with_log(|log| log.ops.push(op));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl FileWriter for RecordedFile {
    fn sync(&mut self) -> io::Result<()> {
        self.inner.sync()?;
        self.fs.with_log(|log| log.ops.push(Op::SyncFile(self.number)));
        Ok(())
    }
}

impl Fs for RecordingFs {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FileWriter>> {
        let inner = RealFs.create_new(path)?;
        Ok(self.opened(path, inner, true))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn FileWriter>> {
        let new = !path.exists();
        let inner = RealFs.append(path)?;
        Ok(self.opened(path, inner, new))
    }

    fn create_dir(&self, path: &Path, rights: Rights) -> io::Result<()> {
        RealFs.create_dir(path, rights)?;
        self.record(|relative| Some(Op::Mkdir(relative(path)?)));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealFs.rename(from, to)?;
        self.record(|relative| Some(Op::Rename(relative(from)?, relative(to)?)));
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealFs.link(from, to)?;
        self.record(|relative| Some(Op::Link(relative(from)?, relative(to)?)));
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        RealFs.remove_file(path)?;
        self.record(|relative| Some(Op::Unlink(relative(path)?)));
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        RealFs.remove_dir(path)?;
        self.record(|relative| Some(Op::Unlink(relative(path)?)));
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        RealFs.sync_dir(path)?;
        self.record(|relative| Some(Op::SyncDir(relative(path)?)));
        Ok(())
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Lock>> {
        let new = !path.exists();
        let lock = RealFs.try_lock(path)?;
        if new {
            self.record(|relative| Some(Op::Create(relative(path)?)));
            self.with_log(|log| log.opened += 1);
        }
        Ok(lock)
    }

    fn try_lock_shared(&self, path: &Path) -> io::Result<Option<Lock>> {
        RealFs.try_lock_shared(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        RealFs.read(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        RealFs.list(path)
    }
}

impl CrashState {
    /// A digest of all names and contents.
    fn digest(&self) -> Digest {
        let mut bytes = Vec::new();
        for (path, content) in self.entries() {
            bytes.extend_from_slice(path.as_os_str().as_encoded_bytes());
            bytes.push(0);
            bytes.extend_from_slice(&content.map_or([1; 32], |content| Digest::of(content).0));
        }
        Digest::of(&bytes)
    }
}
