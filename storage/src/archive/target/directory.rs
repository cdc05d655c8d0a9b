//! How does an archive lie in a folder? Each object a file that is written aside, made durable, and linked into its
//! place; links that lead elsewhere are refused.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write as _};
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ArchiveTarget, Listed, ObjectLock, Put, Upload, missing, name};
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{Fs, Rights};

/// The folder of objects that are being written.
const INCOMING: &str = "incoming";

/// Bytes copied at once.
const COPY_BYTES: usize = 256 << 10;

/// A folder as target.
#[derive(Debug)]
pub struct DirTarget {
    root: PathBuf,
    url: String,
    fs: Arc<dyn Fs>,
}

fn not_found(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

impl DirTarget {
    /// The archive in an existing folder.
    pub fn open(path: &Path, fs: Arc<dyn Fs>) -> Result<Self> {
        let root = path.canonicalize().map_err(|error| {
            if not_found(&error) {
                Error::new(ErrorKind::NoStore, "no archive").at(path)
            } else {
                Error::io("open the folder", path, error)
            }
        })?;
        if !root.is_dir() {
            return Err(Error::new(ErrorKind::InvalidInput, "no folder").at(path));
        }
        let url = root.to_string_lossy().into_owned();
        Ok(Self { root, url, fs })
    }

    /// The archive in a folder that is made if it is not there.
    pub fn create(path: &Path, fs: Arc<dyn Fs>) -> Result<Self> {
        let missing: Vec<&Path> = path
            .ancestors()
            .take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists())
            .collect();
        for dir in missing.into_iter().rev() {
            make_folder(&*fs, dir, Rights::Private)?;
        }
        Self::open(path, fs)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where an object lies; nothing on the way may lead elsewhere.
    fn path(&self, object: &str) -> Result<PathBuf> {
        name::check(object)?;
        let mut path = self.root.clone();
        for word in object.split('/') {
            path.push(word);
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_symlink() => {
                    return Err(Error::integrity(object, "altered: a symbolic link"));
                }
                Err(error) if !not_found(&error) => return Err(Error::io("look at", path, error)),
                _ => {}
            }
        }
        Ok(path)
    }

    /// The file of an object, if it is there and a plain file.
    fn plain(&self, object: &str) -> Result<Option<(PathBuf, Metadata)>> {
        let path = self.path(object)?;
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => Ok(Some((path, found))),
            Ok(_) => Err(Error::integrity(object, "altered: no plain file")),
            Err(error) if not_found(&error) => Ok(None),
            Err(error) => Err(Error::io("look at", path, error)),
        }
    }

    /// Makes the folders above a file that is to be, each durable in the one above it.
    fn make_folders(&self, path: &Path) -> Result<()> {
        let above: Vec<&Path> =
            path.ancestors().skip(1).take_while(|dir| *dir != self.root).collect();
        above.into_iter().rev().try_for_each(|dir| make_folder(&*self.fs, dir, Rights::Inherit))
    }

    /// Writes an object aside, durably.
    fn stage(&self, upload: &Upload<'_>, path: &Path) -> Result<()> {
        let create = |error| Error::io("create", path, error);
        let write = |error| Error::io("write", path, error);
        let mut from = upload.open().map_err(|error| {
            Error::new(ErrorKind::Io, "cannot read what is to be archived").caused_by(error)
        })?;
        let mut to = self.fs.create_new(path).map_err(create)?;
        let mut buffer = vec![0; COPY_BYTES];
        let mut copied = 0;
        loop {
            let read = from.read(&mut buffer).map_err(|error| {
                Error::new(ErrorKind::Io, "cannot read what is to be archived").caused_by(error)
            })?;
            if read == 0 {
                break;
            }
            to.write_all(&buffer[..read]).map_err(write)?;
            copied += read as u64;
        }
        if copied != upload.bytes() {
            let what = format!("{copied} bytes were read in place of {}", upload.bytes());
            return Err(Error::new(ErrorKind::Integrity, what));
        }
        to.sync().map_err(|error| Error::io("sync", path, error))
    }

    /// Gives a staged file its name, unless that is taken.
    fn settle(&self, staged: &Path, path: &Path) -> Result<Put> {
        match self.fs.link(staged, path) {
            Ok(()) => Ok(Put::Stored),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Put::Taken),
            // File systems of memory sticks and some network shares know no second names.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
                ) && !path.exists() =>
            {
                self.fs.rename(staged, path).map_err(|error| Error::io("rename", staged, error))?;
                Ok(Put::Stored)
            }
            Err(error) => Err(Error::io("link", path, error)),
        }
    }

    fn walk(&self, folder: &Path, object: &str, found: &mut Vec<Listed>) -> Result<()> {
        for word in crate::fs::list_if_there(&*self.fs, folder)? {
            let path = folder.join(&word);
            let name = if object.is_empty() { word } else { format!("{object}/{word}") };
            let there = match fs::symlink_metadata(&path) {
                Err(error) if not_found(&error) => continue,
                there => there.map_err(|error| Error::io("look at", &path, error))?,
            };
            if there.is_dir() {
                self.walk(&path, &name, found)?;
            } else {
                found.push(Listed { name, bytes: there.size(), is_odd: !there.is_file() });
            }
        }
        Ok(())
    }
}

/// Creates a folder, durably, if it is not there.
fn make_folder(fs: &dyn Fs, dir: &Path, rights: Rights) -> Result<()> {
    if !crate::fs::ensure_dir(fs, dir, rights)? {
        return Ok(());
    }
    match dir.parent() {
        Some(parent) if parent.as_os_str().is_empty() => crate::fs::sync_dir(fs, Path::new(".")),
        Some(parent) => crate::fs::sync_dir(fs, parent),
        None => Ok(()),
    }
}

impl ArchiveTarget for DirTarget {
    fn url(&self) -> &str {
        &self.url
    }

    fn put(&self, object: &str, upload: &Upload<'_>, _lock: Option<ObjectLock>) -> Result<Put> {
        if self.plain(object)?.is_some() {
            return Ok(Put::Taken);
        }
        let path = self.path(object)?;
        let folder = path.parent().unwrap_or(&self.root).to_path_buf();
        let incoming = self.root.join(INCOMING);
        make_folder(&*self.fs, &incoming, Rights::Inherit)?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| {
            Error::new(ErrorKind::Io, "the system gives no random bytes").caused_by(error)
        })?;
        let staged = incoming.join(format!("{:016x}", u64::from_le_bytes(random)));
        let put = self
            .stage(upload, &staged)
            .and_then(|()| self.make_folders(&path))
            .and_then(|()| self.settle(&staged, &path))
            .and_then(|put| crate::fs::sync_dir(&*self.fs, &folder).map(|()| put));
        // What stays is removed by the next run.
        let _ = crate::fs::remove_if_there(&*self.fs, &staged);
        put
    }

    fn get(&self, object: &str, range: Range<u64>) -> Result<Vec<u8>> {
        let (path, found) = self.plain(object)?.ok_or_else(|| missing(object))?;
        if range.start > range.end || range.end > found.size() {
            return Err(Error::integrity(object, "altered: it ends early"));
        }
        let file = File::open(&path).map_err(|error| Error::io("open", &path, error))?;
        let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut bytes, range.start)
            .map_err(|error| Error::io("read", &path, error))?;
        Ok(bytes)
    }

    fn head(&self, object: &str) -> Result<Option<u64>> {
        Ok(self.plain(object)?.map(|(_, found)| found.size()))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>> {
        let mut found = Vec::new();
        let object = prefix.strip_suffix('/').unwrap_or(prefix);
        let folder = if object.is_empty() { self.root.clone() } else { self.path(object)? };
        if folder.is_dir() {
            self.walk(&folder, object, &mut found)?;
        }
        Ok(found)
    }

    fn delete(&self, object: &str) -> Result<()> {
        let path = self.path(object)?;
        crate::fs::remove_if_there(&*self.fs, &path)?;
        let mut folder = path.parent();
        let mut changed = None;
        while let Some(dir) = folder.filter(|dir| *dir != self.root) {
            changed = dir.parent();
            match self.fs.remove_dir(dir) {
                Ok(()) => folder = dir.parent(),
                Err(error) if not_found(&error) => folder = dir.parent(),
                // There is more in it: its entry above stays.
                Err(_) => {
                    changed = Some(dir);
                    break;
                }
            }
        }
        changed.map_or(Ok(()), |dir| crate::fs::sync_dir(&*self.fs, dir))
    }

    fn clean(&self) -> Result<()> {
        let incoming = self.root.join(INCOMING);
        for name in crate::fs::list_if_there(&*self.fs, &incoming)? {
            crate::fs::remove_if_there(&*self.fs, &incoming.join(name))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::fs::{FaultKind, FaultyFs, real};

    fn put(target: &DirTarget, object: &str, content: &[u8]) -> Result<Put> {
        target.put(object, &Upload::of_bytes(content), None)
    }

    #[test]
    fn objects_are_put_once_listed_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("a/b");
        let target = DirTarget::create(&root, real()).unwrap();
        assert_eq!(put(&target, "days/x/one", b"1234").unwrap(), Put::Stored);
        assert_eq!(put(&target, "days/x/one", b"56").unwrap(), Put::Taken);
        assert_eq!(target.get("days/x/one", 1..3).unwrap(), b"23");
        assert_eq!(target.head("days/x/one").unwrap(), Some(4));
        assert_eq!(target.head("days/y").unwrap(), None);
        let listed = target.list("days/").unwrap();
        assert_eq!(listed, [Listed { name: "days/x/one".into(), bytes: 4, is_odd: false }]);
        assert_eq!(target.list("none/").unwrap(), []);
        assert!(target.get("days/x/one", 2..5).is_err());
        target.delete("days/x/one").unwrap();
        target.delete("days/x/one").unwrap();
        assert_eq!(target.list("").unwrap(), []);
        assert!(!root.join("days").exists());
        let mode = std::fs::metadata(&root).unwrap().mode() & 0o777;
        assert_eq!(mode, 0o700);
    }

    #[test]
    fn links_are_refused_whoever_made_them() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret"), "x").unwrap();
        let target = DirTarget::create(&dir.path().join("t"), real()).unwrap();
        std::os::unix::fs::symlink(dir.path(), target.root().join("days")).unwrap();
        std::os::unix::fs::symlink("../secret", target.root().join("index")).unwrap();
        for object in ["days/secret", "index"] {
            assert_eq!(target.head(object).unwrap_err().kind(), ErrorKind::Integrity);
            assert_eq!(target.get(object, 0..1).unwrap_err().kind(), ErrorKind::Integrity);
            assert!(put(&target, object, b"y").is_err() && target.delete(object).is_err());
        }
        assert!(target.get("../secret", 0..1).is_err());
        assert_eq!(std::fs::read(dir.path().join("secret")).unwrap(), b"x");
        // A link is listed as what it is, never followed.
        let names: Vec<_> = target.list("").unwrap().into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["days", "index"]);
    }

    #[test]
    fn an_object_is_whole_or_not_there_whatever_call_fails() {
        let content = vec![7; 300_000];
        for kind in [FaultKind::Error, FaultKind::Torn, FaultKind::Dead] {
            for fail_at in 1.. {
                let dir = tempfile::tempdir().unwrap();
                DirTarget::create(&dir.path().join("t"), real()).unwrap();
                let faulty = Arc::new(FaultyFs::new(real(), fail_at, kind));
                let target =
                    DirTarget::open(&dir.path().join("t"), Arc::clone(&faulty) as _).unwrap();
                let done = put(&target, "a/b", &content);
                let whole = DirTarget::open(&dir.path().join("t"), real()).unwrap();
                match whole.head("a/b").unwrap() {
                    None => assert!(done.is_err()),
                    Some(bytes) => {
                        let mut out = Vec::new();
                        let sha256 = Digest::of(&content);
                        super::super::fetch(&whole, "a/b", bytes, &sha256, &mut out).unwrap();
                    }
                }
                put(&whole, "a/b", &content).unwrap();
                whole.clean().unwrap();
                assert_eq!(whole.list("").unwrap().len(), 1);
                if faulty.fired() == 0 {
                    assert!(fail_at > 5 && done.is_ok());
                    break;
                }
            }
        }
    }
}
