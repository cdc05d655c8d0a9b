//! How is a store written? Through this door only: a trait with a real, a fault-injecting and a recording
//! implementation.
//!
//! New files and folders take their rights from the folder they lie in: below a folder with the set-group-id bit
//! (`init --group`) they are 0640 and 2750 (0660 in a folder that the group may write), anywhere else 0600 and 0700. World
//! access is never given.

mod faulty;
mod read_only;
mod real;
mod recording;

use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use faulty::{FaultKind, FaultyFs};
pub use read_only::ReadOnlyFs;
pub use real::{Lock, RealFs};
pub use recording::{CrashState, RecordingFs};

use crate::crypt::Vault;
use crate::error::{Error, Result};

/// A new file that is being written.
pub trait FileWriter: io::Write + Send {
    /// Makes everything written so far survive power loss. An error is final: the file must be given up.
    fn sync(&mut self) -> io::Result<()>;
}

/// Who may use a new folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// As the folder it lies in: 2750 below a folder of a group, else 0700.
    Inherit,
    /// A folder that the group may write, too: 2770 below a folder of a group, else 0700.
    Shared,
    /// The root of a store: 0700.
    Private,
    /// The root of a store that a group (by number) may read: 2750.
    Group(u32),
}

/// Everything dwell does to the files of a store (and of the key folder).
pub trait Fs: Debug + Send + Sync {
    /// Creates a file that must not exist yet.
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FileWriter>>;
    /// Opens a file at its end, creating it if needed.
    fn append(&self, path: &Path) -> io::Result<Box<dyn FileWriter>>;
    /// Creates a folder that must not exist yet; its parent must.
    fn create_dir(&self, path: &Path, rights: Rights) -> io::Result<()>;
    /// Renames a file or folder, replacing a file of that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name; fails with `AlreadyExists` if the name is taken.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes the entries of a folder survive power loss. An error is final, as in [`FileWriter::sync`].
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Locks a file against all other openers, creating it if needed; `None` if another holds it.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Lock>>;
    /// Locks an existing file together with others of its kind; `None` if one holds it alone.
    fn try_lock_shared(&self, path: &Path) -> io::Result<Option<Lock>>;
    /// Reads a whole file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The names in a folder, sorted.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    /// The keys of the store, if it is an encrypted one: then every data file that is written is encrypted.
    fn vault(&self) -> Option<&Arc<Vault>> {
        None
    }
}

/// The real file system.
pub fn real() -> Arc<dyn Fs> {
    Arc::new(RealFs)
}

/// Writes a new file and makes its content durable (its name is, once the folder is synced).
pub fn write_new(fs: &dyn Fs, path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = fs.create_new(path).map_err(|error| Error::io("create", path, error))?;
    file.write_all(bytes).map_err(|error| Error::io("write", path, error))?;
    file.sync().map_err(|error| Error::io("sync", path, error))
}

/// Makes the entries of a folder durable.
pub fn sync_dir(fs: &dyn Fs, path: &Path) -> Result<()> {
    fs.sync_dir(path).map_err(|error| Error::io("sync the folder", path, error))
}

/// Creates a folder if it is not there; tells whether it made it.
pub fn ensure_dir(fs: &dyn Fs, path: &Path, rights: Rights) -> Result<bool> {
    match fs.create_dir(path, rights) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::io("create the folder", path, error)),
    }
}

/// Reads a file, if there is one.
pub fn read_if_there(fs: &dyn Fs, path: &Path) -> Result<Option<Vec<u8>>> {
    match fs.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path, error)),
    }
}

/// Removes a file, if there is one.
pub fn remove_if_there(fs: &dyn Fs, path: &Path) -> Result<()> {
    match fs.remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, error))
        }
        _ => Ok(()),
    }
}

/// The names in a folder; none if there is no such folder.
pub fn list_if_there(fs: &dyn Fs, path: &Path) -> Result<Vec<String>> {
    match fs.list(path) {
        Ok(names) => Ok(names),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io("list the folder", path, error)),
    }
}

/// Puts a file in the place of the one of that name, if there is one; readers see the old or the new one, whole.
pub fn replace(fs: &dyn Fs, path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let staged = path.with_file_name(name);
    remove_if_there(fs, &staged)?;
    write_new(fs, &staged, bytes)?;
    fs.rename(&staged, path).map_err(|error| Error::io("rename", &staged, error))?;
    path.parent().map_or(Ok(()), |folder| sync_dir(fs, folder))
}

/// The bytes that are free for us on the disk that `path` lies on.
pub fn free_bytes(path: &Path) -> Result<u64> {
    let disk = rustix::fs::statvfs(path)
        .map_err(|error| Error::io("ask for free space", path, error.into()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Waits up to `wait_ms` for the lock at `path`; `None` if another still holds it then.
pub fn wait_for_lock(fs: &dyn Fs, path: &Path, wait_ms: u64) -> Result<Option<Lock>> {
    // The kernel's own waiting cannot be bounded, so we ask again; counting the pauses needs no clock.
    const PAUSE_MS: u64 = 5;
    let mut waited = 0;
    loop {
        let lock = fs.try_lock(path).map_err(|error| Error::io("lock", path, error))?;
        if lock.is_some() || waited >= wait_ms {
            return Ok(lock);
        }
        std::thread::sleep(Duration::from_millis(PAUSE_MS));
        waited += PAUSE_MS;
    }
}
