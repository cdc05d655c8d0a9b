//! Is every data file there, as the ledger names it, and none besides?

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::ledger::Audit;
use super::{Finding, Report, VerifyOptions};
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::fs;
use crate::ledger::record::NamedFile;
use crate::segment::{self, FileMeta};
use crate::store::clean::unfinished;
use crate::store::layout;

/// Folders whose files the ledger does not name: their writers answer for them.
const UNNAMED: &[&str] = &[layout::STAGING, layout::TRASH, layout::LEASES, "log"];

/// Checks every file that the newest version names, and that there is no other.
pub(super) fn check(
    dir: &Path,
    audit: &Audit,
    options: &VerifyOptions,
    report: &mut Report,
) -> Result<()> {
    let state = &audit.folded.state;
    let metas: Vec<&FileMeta> = state.files().collect();
    report.files = metas.len() as u64;
    report.bytes = metas.iter().map(|meta| meta.bytes).sum();
    report.rows = state.segments().map(|(_, segment)| segment.meta.rows).sum();
    for (path, error) in check_all(dir, &metas, options.deep) {
        match error.kind() {
            ErrorKind::Integrity => report.problem(path, error.without_path().to_string()),
            _ => return Err(error),
        }
    }
    for file in state.side_files() {
        if let Err(error) = check_side(dir, file) {
            match error.kind() {
                ErrorKind::Integrity => {
                    report.problem(&file.path, error.without_path().to_string());
                }
                _ => return Err(error),
            }
        }
    }
    // With a ledger that ends early, files of the commits behind that would look foreign.
    if audit.complete {
        check_foreign(dir, audit, options, report)?;
    } else {
        report.notes.push(
            "the ledger could not be read to its end: foreign files were not looked for".into(),
        );
    }
    Ok(())
}

/// Checks the files, on all cores if their bytes are to be read.
fn check_all(dir: &Path, metas: &[&FileMeta], deep: bool) -> Vec<(PathBuf, Error)> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if deep { cores.min(metas.len()).max(1) } else { 1 };
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    let work = || {
        while let Some(meta) = metas.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = check_one(dir, meta, deep) {
                let mut failures = failures.lock().unwrap_or_else(|it| it.into_inner());
                failures.insert(PathBuf::from(&meta.path), error);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    failures.into_inner().unwrap_or_else(|it| it.into_inner()).into_iter().collect()
}

/// Whether a file beside the data has the content that the ledger names; they are small enough to be read always.
fn check_side(dir: &Path, file: &NamedFile) -> Result<()> {
    let path = dir.join(&file.path);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::integrity(&path, "missing"));
        }
        Err(error) => return Err(Error::io("read", &path, error)),
    };
    if bytes.len() as u64 != file.bytes || Digest::of(&bytes) != file.sha256 {
        return Err(Error::integrity(&path, "not the content that the ledger names"));
    }
    Ok(())
}

fn check_one(dir: &Path, meta: &FileMeta, deep: bool) -> Result<()> {
    let path = dir.join(&meta.path);
    let found = match std::fs::symlink_metadata(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::integrity(&path, "missing"));
        }
        Err(error) => return Err(Error::io("look at", &path, error)),
    };
    if !found.is_file() {
        return Err(Error::integrity(&path, "no regular file"));
    }
    if found.len() != meta.bytes {
        let what = format!("{} bytes long, {} by the ledger", found.len(), meta.bytes);
        return Err(Error::integrity(&path, what));
    }
    if deep { segment::check_file(&path, meta) } else { Ok(()) }
}

fn check_foreign(
    dir: &Path,
    audit: &Audit,
    options: &VerifyOptions,
    report: &mut Report,
) -> Result<()> {
    let state = &audit.folded.state;
    let files = state.files().map(|meta| meta.path.as_str());
    let side = state.side_files().map(|file| file.path.as_str());
    let named: BTreeSet<&str> = files.chain(side).collect();
    for name in fs::list_if_there(&*options.fs, dir)? {
        let folder = layout::FOLDERS.iter().any(|(folder, _)| *folder == name);
        let keys = name == layout::KEYS && options.fs.vault().is_some();
        let own = folder || keys || name == layout::LOCK || name == crate::config::FILE_NAME;
        if !own {
            report.problem(&name, "a foreign file");
        }
        if !folder || UNNAMED.contains(&name.as_str()) || name == crate::ledger::file::FOLDER {
            continue;
        }
        let mut found = Vec::new();
        walk(&*options.fs, dir, Path::new(&name), &mut found)?;
        for path in found {
            let text = path.to_string_lossy();
            if named.contains(&*text) {
                continue;
            }
            let in_a_day = path
                .parent()
                .and_then(Path::file_name)
                .is_some_and(|day| Day::from_folder(&day.to_string_lossy()).is_some());
            if in_a_day && unfinished(&dir.join(&path), &report.store_id, &audit.transactions) {
                let what = "of a commit that was not finished".into();
                report.unfinished.push(Finding { path, what });
            } else {
                report.problem(path, "a foreign file");
            }
        }
    }
    Ok(())
}

/// Every file below `folder`, relative to the store.
fn walk(fs: &dyn fs::Fs, dir: &Path, folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for name in crate::fs::list_if_there(fs, &dir.join(folder))? {
        let path = folder.join(name);
        if std::fs::symlink_metadata(dir.join(&path)).is_ok_and(|it| it.is_dir()) {
            walk(fs, dir, &path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}
