//! How is a store written? Through this door only: a trait with a real, a fault-injecting and a recording
//! implementation.
//!
//! New files and folders take their rights from the folder they lie in: below a folder with the set-group-id bit
//! (`init --group`) they are 0640 and 2750, anywhere else 0600 and 0700. World access is never given.

mod faulty;
mod real;

use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub use faulty::{FaultKind, FaultyFs};
pub use real::{Lock, RealFs};

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
}

/// The real file system.
pub fn real() -> Arc<dyn Fs> {
    Arc::new(RealFs)
}
