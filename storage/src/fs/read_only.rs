//! What if nothing may be written below a folder? A file system that refuses to, so that nobody has to remember it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{FileWriter, Fs, Lock, Rights};
use crate::crypt::Vault;

/// A file system that writes everywhere but below one folder.
#[derive(Debug, Clone)]
pub struct ReadOnlyFs {
    inner: Arc<dyn Fs>,
    folder: PathBuf,
}

impl ReadOnlyFs {
    /// Keeps `folder` as it is.
    pub fn new(inner: Arc<dyn Fs>, folder: &Path) -> Self {
        Self { inner, folder: whole(folder) }
    }

    fn check(&self, path: &Path) -> io::Result<()> {
        if whole(path).starts_with(&self.folder) {
            let what = "the store was opened to be read only";
            return Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, what));
        }
        Ok(())
    }
}

/// The whole path, as far as it is there without its links, and in one spelling.
fn whole(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut missing = Vec::new();
    let mut there = path.as_path();
    let known = loop {
        match (there.canonicalize(), there.parent()) {
            (Ok(known), _) => break known,
            (Err(_), Some(parent)) => {
                missing.push(there.file_name());
                there = parent;
            }
            (Err(_), None) => break there.to_path_buf(),
        }
    };
    known.join(missing.into_iter().rev().flatten().collect::<PathBuf>())
}

impl Fs for ReadOnlyFs {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FileWriter>> {
        self.check(path)?;
        self.inner.create_new(path)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn FileWriter>> {
        self.check(path)?;
        self.inner.append(path)
    }

    fn create_dir(&self, path: &Path, rights: Rights) -> io::Result<()> {
        self.check(path)?;
        self.inner.create_dir(path, rights)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.check(from)?;
        self.check(to)?;
        self.inner.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.check(to)?;
        self.inner.link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.check(path)?;
        self.inner.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.check(path)?;
        self.inner.remove_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.check(path)?;
        self.inner.sync_dir(path)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Lock>> {
        self.check(path)?;
        self.inner.try_lock(path)
    }

    fn try_lock_shared(&self, path: &Path) -> io::Result<Option<Lock>> {
        self.inner.try_lock_shared(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.inner.read(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.inner.list(path)
    }

    fn vault(&self) -> Option<&Arc<Vault>> {
        self.inner.vault()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs;

    #[test]
    fn nothing_below_the_folder_changes_and_all_else_does() {
        let root = tempfile::tempdir().unwrap();
        let (kept, other) = (root.path().join("kept"), root.path().join("other"));
        let real = fs::real();
        real.create_dir(&kept, Rights::Private).unwrap();
        fs::write_new(&*real, &kept.join("file"), b"x").unwrap();
        let fs = ReadOnlyFs::new(Arc::clone(&real), &kept);
        fs.create_dir(&other, Rights::Private).unwrap();
        fs::write_new(&fs, &other.join("file"), b"y").unwrap();
        std::os::unix::fs::symlink(&kept, other.join("link")).unwrap();
        let refused = |result: io::Result<()>| {
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::ReadOnlyFilesystem);
        };
        refused(fs.create_new(&kept.join("new")).map(drop));
        refused(fs.create_new(&other.join("../kept/new")).map(drop));
        refused(fs.append(&other.join("link/file")).map(drop));
        refused(fs.create_dir(&kept.join("a/b"), Rights::Private));
        refused(fs.rename(&kept.join("file"), &other.join("gone")));
        refused(fs.rename(&other.join("file"), &kept.join("come")));
        refused(fs.link(&other.join("file"), &kept.join("come")));
        refused(fs.remove_file(&kept.join("file")));
        refused(fs.remove_dir(&kept));
        refused(fs.try_lock(&kept.join("lock")).map(drop));
        assert_eq!(fs.read(&kept.join("file")).unwrap(), b"x");
        assert_eq!(fs.list(&kept).unwrap(), ["file"]);
    }
}
