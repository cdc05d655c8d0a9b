//! Is every data file there, as the ledger names it, and none besides?

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::ledger::Audit;
use super::named::{self, Content, Left, Named};
use super::{Finding, Report, VerifyOptions};
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Breach, Error, ErrorKind, Result};
use crate::fs;
use crate::ledger::record::NamedFile;
use crate::segment::{self, FileMeta};
use crate::store::clean::unfinished;
use crate::store::layout;

/// Folders whose files the ledger does not name: their writers answer for them.
const UNNAMED: &[&str] = &[layout::STAGING, layout::TRASH, layout::LEASES, "log"];

/// The largest side file that is read; the ledger says what each must be.
const SIDE_MAX: u64 = 1 << 32;

/// Checks every file that the newest version names, and that there is no other; with `set`, those of that restored set.
pub(super) fn check(
    dir: &Path,
    audit: &Audit,
    options: &VerifyOptions,
    set: Option<&str>,
    report: &mut Report,
) -> Result<()> {
    let state = &audit.folded.state;
    let wanted = named::all(state).into_iter().filter(|file| set.is_none() || file.set == set);
    let (asked, earlier): (Vec<_>, Vec<_>) = wanted.partition(|file| file.seq >= audit.since_seq);
    report.skipped = earlier.len() as u64;
    report.files = asked.len() as u64;
    report.bytes = asked.iter().map(Named::bytes).sum();
    report.rows = asked.iter().map(Named::rows).sum();
    let mut changed = BTreeSet::new();
    for (at, error) in check_all(dir, &asked, options.deep) {
        if error.kind() != ErrorKind::Integrity {
            return Err(error);
        }
        let file = &asked[at];
        changed.extend(file.sealed);
        report.problem(error.breach(), file.path(), error.without_path().to_string());
    }
    for day in changed {
        let what = "files that stand under its seal are not those of the ledger";
        report.problem(Breach::SealedDayChanged, day.to_string(), what);
    }
    // With a ledger that ends early, files of the commits behind that would look foreign.
    if audit.complete {
        check_foreign(dir, audit, options, set, report)?;
    } else {
        report.notes.push(
            "the ledger could not be read to its end: foreign files were not looked for".into(),
        );
    }
    Ok(())
}

/// Checks the files, on all cores if their bytes are to be read; gives the failures with the place in the list.
fn check_all(dir: &Path, files: &[Named<'_>], deep: bool) -> Vec<(usize, Error)> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if deep { cores.min(files.len()).max(1) } else { 1 };
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(at) else { break };
            let checked = match file.content {
                Content::Data(meta) => check_data(dir, meta, deep),
                Content::Side(file) => check_side(dir, file),
            };
            if let Err(error) = checked {
                let mut failures = failures.lock().unwrap_or_else(|it| it.into_inner());
                failures.insert(at, error);
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

/// Whether a regular file of the size that the ledger names is there; a link is none.
fn check_size(path: &Path, bytes: u64) -> Result<()> {
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::integrity(path, "it is not there").as_breach(Breach::Missing));
        }
        Err(error) => return Err(Error::io("look at", path, error)),
    };
    if !found.is_file() {
        return Err(Error::integrity(path, "no regular file"));
    }
    if found.len() != bytes {
        let what = format!("{} bytes long, {bytes} by the ledger", found.len());
        return Err(Error::integrity(path, what));
    }
    Ok(())
}

fn check_data(dir: &Path, meta: &FileMeta, deep: bool) -> Result<()> {
    let path = dir.join(&meta.path);
    check_size(&path, meta.bytes)?;
    if deep { segment::check_file(&path, meta) } else { Ok(()) }
}

/// Whether a file beside the data has the content that the ledger names; they are small enough to be read always.
fn check_side(dir: &Path, file: &NamedFile) -> Result<()> {
    let path = dir.join(&file.path);
    check_size(&path, file.bytes)?;
    if file.bytes > SIDE_MAX {
        return Err(Error::integrity(&path, "larger than any file beside the data"));
    }
    let bytes = std::fs::read(&path).map_err(|error| Error::io("read", &path, error))?;
    if Digest::of(&bytes) != file.sha256 {
        return Err(Error::integrity(&path, "not the content that the ledger names"));
    }
    Ok(())
}

fn check_foreign(
    dir: &Path,
    audit: &Audit,
    options: &VerifyOptions,
    set: Option<&str>,
    report: &mut Report,
) -> Result<()> {
    let all = named::all(&audit.folded.state);
    let names: BTreeSet<&str> = all.iter().map(Named::path).collect();
    let left = named::left(&*options.fs, dir, audit)?;
    for name in fs::list_if_there(&*options.fs, dir)? {
        let folder = layout::FOLDERS.iter().any(|(folder, _)| *folder == name);
        let keys = name == layout::KEYS && options.fs.vault().is_some();
        let own = folder || keys || name == layout::LOCK || name == crate::config::FILE_NAME;
        if !own {
            report.problem(Breach::ForeignFile, &name, "no part of a store");
        }
        if folder && std::fs::symlink_metadata(dir.join(&name)).is_ok_and(|it| !it.is_dir()) {
            report.problem(Breach::Altered, &name, "no folder, but a link or a file");
            continue;
        }
        let elsewhere = set.is_some() && name != layout::RESTORED;
        let is_ledger = name == crate::ledger::file::FOLDER;
        if !folder || UNNAMED.contains(&name.as_str()) || is_ledger || elsewhere {
            continue;
        }
        let below = set.map_or_else(|| name.clone().into(), |set| Path::new(&name).join(set));
        let mut found = Vec::new();
        walk(&*options.fs, dir, &below, &mut found)?;
        for path in found {
            let text = path.to_string_lossy();
            if names.contains(&*text) {
                continue;
            }
            match left_by(dir, &path, audit, report, &left) {
                Some(what) => {
                    let what = what.to_owned();
                    report.unfinished.push(Finding { path, what });
                }
                None => report.problem(Breach::ForeignFile, path, "no record names it"),
            }
        }
    }
    Ok(())
}

/// What a dead writer has to do with a file that no record names, if it was one.
fn left_by(
    dir: &Path,
    path: &Path,
    audit: &Audit,
    report: &Report,
    left: &Left,
) -> Option<&'static str> {
    let text = path.to_string_lossy();
    if left.leaving.contains(&*text) {
        return Some("no longer named, and not yet moved away");
    }
    if left.placed.contains(&*text) {
        return Some("of a commit that was not finished");
    }
    let folder = path.parent().and_then(Path::file_name)?;
    let in_a_day = Day::from_folder(&folder.to_string_lossy()).is_some();
    let unfinished = in_a_day && unfinished(&dir.join(path), &report.store_id, &audit.transactions);
    unfinished.then_some("of a commit that was not finished")
}

/// Every file below `folder`, relative to the store; links are not followed.
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
