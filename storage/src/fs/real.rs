//! What the operating system does, with the rights of the house.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::{FileWriter, Fs, Rights};

/// The set-group-id bit: on a folder it says that the store is shared with a group.
const SET_GROUP_ID: u32 = 0o2000;

/// The right of a folder's group to add to it.
const GROUP_WRITES: u32 = 0o020;

/// The real file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFs;

/// A file held under a lock; dropping it (or the death of the process) gives it back.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Whether the locked file still has the name it was locked by.
    pub fn still_at(&self, path: &Path) -> bool {
        match (self.file.metadata(), fs::metadata(path)) {
            (Ok(held), Ok(named)) => held.ino() == named.ino() && held.dev() == named.dev(),
            _ => false,
        }
    }
}

#[derive(Debug)]
struct RealFile(File);

impl Write for RealFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl FileWriter for RealFile {
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}

fn mode_of(folder: Option<&Path>) -> io::Result<u32> {
    let folder = match folder {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    Ok(fs::metadata(folder)?.mode())
}

/// Whether new things below `folder` are to be readable by its group.
fn shared_with_group(folder: Option<&Path>) -> io::Result<bool> {
    Ok(mode_of(folder)? & SET_GROUP_ID != 0)
}

/// What a new file may be: of the group where its folder is; to be written by the group, too, where the group may
/// write the folder (`log/`, which every reader adds to).
fn file_mode(path: &Path) -> io::Result<u32> {
    Ok(match mode_of(path.parent())? {
        mode if mode & SET_GROUP_ID == 0 => 0o600,
        mode if mode & GROUP_WRITES != 0 => 0o660,
        _ => 0o640,
    })
}

fn open_with_rights(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let mode = file_mode(path)?;
    let file = options.mode(mode).open(path)?;
    // The umask may have taken more away than we meant to; it can never have added.
    if file.metadata()?.mode() & 0o777 != mode {
        file.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    Ok(file)
}

fn outcome(file: File, locked: Result<(), TryLockError>) -> io::Result<Option<Lock>> {
    match locked {
        Ok(()) => Ok(Some(Lock { file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

impl Fs for RealFs {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FileWriter>> {
        let file = open_with_rights(path, OpenOptions::new().write(true).create_new(true))?;
        Ok(Box::new(RealFile(file)))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn FileWriter>> {
        let file = open_with_rights(path, OpenOptions::new().append(true).create(true))?;
        Ok(Box::new(RealFile(file)))
    }

    fn create_dir(&self, path: &Path, rights: Rights) -> io::Result<()> {
        let mode = match rights {
            Rights::Private => 0o700,
            Rights::Group(_) => 0o2750,
            Rights::Inherit if shared_with_group(path.parent())? => 0o2750,
            Rights::Shared if shared_with_group(path.parent())? => 0o2770,
            Rights::Inherit | Rights::Shared => 0o700,
        };
        DirBuilder::new().mode(mode & 0o700).create(path)?;
        if let Rights::Group(gid) = rights {
            std::os::unix::fs::chown(path, None, Some(gid))?;
        }
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Lock>> {
        // A lock file of another user of the group can be locked without being written.
        let file = match OpenOptions::new().read(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut options = OpenOptions::new();
                open_with_rights(path, options.read(true).append(true).create(true))?
            }
            opened => opened?,
        };
        let locked = file.try_lock();
        outcome(file, locked)
    }

    fn try_lock_shared(&self, path: &Path) -> io::Result<Option<Lock>> {
        let file = OpenOptions::new().read(true).open(path)?;
        let locked = file.try_lock_shared();
        outcome(file, locked)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut names = fs::read_dir(path)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    }
}
