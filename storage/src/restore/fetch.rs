//! How does a day come from an archive into `staging/`? Object by object, each compared with what the signed index leads
//! to; a day is there whole or not at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archive::{Archive, Object, Package};
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{self, Fs};
use crate::segment::{self, FileMeta, VerifiedFile};

/// How many bytes the columns of a file may come to once they are decompressed: so many for each byte of the file, and
/// this much for any. Segments of ours stay far below; a file made to fill the memory does not.
const MOST_TIMES: u64 = 2_000;
const MOST_ANYWAY: u64 = 256 << 20;

/// A day whose files lie in staging, every byte of them checked.
#[derive(Debug)]
pub(crate) struct Staged {
    /// Its package.
    pub(crate) package: Package,
}

/// What has been fetched so far, by the name in the origin's store: files of lines belong to many days.
pub(crate) struct Fetcher<'a> {
    /// Where it comes from.
    archive: &'a Archive,
    /// The folder in staging.
    dir: &'a Path,
    fs: &'a Arc<dyn Fs>,
    jobs: usize,
    progress: &'a (dyn Fn(u64) + Sync),
    files: BTreeMap<String, (Object, PathBuf)>,
    bytes: u64,
}

/// Tells of bytes on their way into a file.
struct Out<'a> {
    file: &'a mut dyn fs::FileWriter,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl std::io::Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        (self.progress)(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl<'a> Fetcher<'a> {
    /// Fetches from `archive` into `dir`, so many objects at a time; `progress` is told of every piece.
    pub(crate) fn new(
        archive: &'a Archive,
        dir: &'a Path,
        fs: &'a Arc<dyn Fs>,
        jobs: usize,
        progress: &'a (dyn Fn(u64) + Sync),
    ) -> Self {
        Self { archive, dir, fs, jobs: jobs.max(1), progress, files: BTreeMap::new(), bytes: 0 }
    }

    /// Bytes fetched so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where a fetched file lies in staging.
    pub(crate) fn staged(&self, name: &str) -> Option<&Path> {
        self.files.get(name).map(|(_, path)| path.as_path())
    }

    /// The package of a day: papers and proofs checked, no data file read yet.
    pub(crate) fn package(&self, day: Day) -> Result<Package> {
        self.archive.package(day)
    }

    /// Fetches the data files of a package.
    ///
    /// # Errors
    /// `Integrity`: an object is missing or not the one that was signed; what was fetched for this day is gone again.
    pub(crate) fn fetch(&mut self, package: Package) -> Result<Staged> {
        let contents = &package.manifest.contents;
        let mut new = Vec::new();
        for object in contents.objects() {
            match self.files.get(&object.name) {
                Some((known, _)) if *known == object => {}
                Some(_) => {
                    let what = "another file of this name belongs to another day";
                    return Err(Error::integrity(package.name_of(&object.name), what));
                }
                None => {
                    let path = self.dir.join(format!(
                        "{}-{}",
                        self.files.len() + new.len(),
                        file_name(&object.name)
                    ));
                    new.push((object, path));
                }
            }
        }
        let metas: BTreeMap<&str, &FileMeta> =
            contents.metas().map(|meta| (meta.path.as_str(), meta)).collect();
        // Nothing of an encrypted day can be read before its keys are there.
        let (keys, data): (Vec<_>, Vec<_>) =
            new.iter().cloned().partition(|(object, _)| object.name.starts_with("keys/"));
        let fetched = self
            .fetch_all(&package, &keys, &metas)
            .and_then(|()| self.take_in(&package, &keys))
            .and_then(|()| self.fetch_all(&package, &data, &metas));
        if let Err(error) = fetched {
            for (_, path) in &new {
                fs::remove_if_there(&**self.fs, path)?;
            }
            return Err(error);
        }
        self.bytes += new.iter().map(|(object, _)| object.bytes).sum::<u64>();
        self.files
            .extend(new.into_iter().map(|(object, path)| (object.name.clone(), (object, path))));
        Ok(Staged { package })
    }

    fn fetch_all(
        &self,
        package: &Package,
        new: &[(Object, PathBuf)],
        metas: &BTreeMap<&str, &FileMeta>,
    ) -> Result<()> {
        let one = |(object, path): &(Object, PathBuf)| {
            self.fetch_one(package, object, path)?;
            match metas.get(object.name.as_str()) {
                Some(meta) => self.check(path, meta).map_err(|error| {
                    // The place in staging says nothing to anybody; the object does.
                    error.at(package.name_of(&object.name))
                }),
                None => Ok(()),
            }
        };
        let mut done: Result<()> = Ok(());
        for result in crate::archive::each(self.jobs, new, one) {
            done = match (done, result) {
                // What stopped the work tells more than what it stopped.
                (Err(first), Err(error)) if first.kind() == ErrorKind::Interrupted => Err(error),
                (Ok(()), result) => result,
                (failed, _) => failed,
            };
        }
        done
    }

    /// Takes the wrapped keys of an encrypted day into the store.
    ///
    /// # Errors
    /// `InvalidInput`: this store is not encrypted, and will not hold what was.
    fn take_in(&self, package: &Package, keys: &[(Object, PathBuf)]) -> Result<()> {
        for (object, path) in keys {
            let Some(vault) = self.fs.vault() else {
                let what = "the day is of an encrypted store, and this one is not";
                return Err(Error::new(ErrorKind::InvalidInput, what)
                    .at(package.name_of(&object.name))
                    .advise("restore it into a store that was made with init --encrypt"));
            };
            let bytes = self.fs.read(path).map_err(|error| Error::io("read", path, error))?;
            vault
                .take_in(&object.name, &bytes)
                .map_err(|error| error.at(package.name_of(&object.name)))?;
        }
        Ok(())
    }

    fn fetch_one(&self, package: &Package, object: &Object, path: &Path) -> Result<()> {
        let mut file =
            self.fs.create_new(path).map_err(|error| Error::io("create", path, error))?;
        package.fetch(object, &mut Out { file: &mut *file, progress: self.progress })?;
        file.sync().map_err(|error| Error::io("sync", path, error))
    }

    /// Whether a data file is what the ledger says beyond its digest, and can be read without surprises.
    fn check(&self, path: &Path, meta: &FileMeta) -> Result<()> {
        segment::check_file(path, meta)?;
        let file = VerifiedFile::open_with(path, meta, self.fs.vault())?;
        let metadata = file.metadata();
        let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(u64::MAX);
        if rows != meta.rows {
            let what = format!("{rows} rows in the file, {} by the ledger", meta.rows);
            return Err(Error::integrity(path, what));
        }
        let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
        let sizes =
            columns.map(|column| u64::try_from(column.uncompressed_size()).unwrap_or(u64::MAX));
        let size = sizes.fold(0_u64, u64::saturating_add);
        if size > meta.bytes.saturating_mul(MOST_TIMES).saturating_add(MOST_ANYWAY) {
            let what = format!("{} bytes that would become {size} when they are read", meta.bytes);
            return Err(Error::integrity(path, what));
        }
        Ok(())
    }
}

/// The last word of an object's name.
fn file_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
