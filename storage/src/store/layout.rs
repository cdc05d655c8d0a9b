//! Where does everything lie in a store?

use std::path::{Path, PathBuf};

use crate::fs::Rights;

/// Data being written, a folder for each transaction.
pub(crate) const STAGING: &str = "staging";
/// Files that the newest version no longer names.
pub(crate) const TRASH: &str = "trash";
/// Marks of readers.
pub(crate) const LEASES: &str = "leases";
/// Rows.
pub(crate) const REQUESTS: &str = "requests";
/// What is no row.
pub(crate) const LINES: &str = "lines";
/// The wrapped keys of an encrypted store; no other has this folder.
pub(crate) const KEYS: &str = crate::crypt::FOLDER;
/// Restored sets.
pub(crate) const RESTORED: &str = "restored";
/// The writer's lock.
pub(crate) const LOCK: &str = "lock";

/// The folders of a store, with the rights that `init` gives them.
pub(crate) const FOLDERS: &[(&str, Rights)] = &[
    (REQUESTS, Rights::Inherit),
    (LINES, Rights::Inherit),
    ("summaries", Rights::Inherit),
    ("tables", Rights::Inherit),
    (RESTORED, Rights::Inherit),
    ("findings", Rights::Inherit),
    ("log", Rights::Shared),
    (crate::ledger::file::FOLDER, Rights::Inherit),
    ("salts", Rights::Inherit),
    (STAGING, Rights::Inherit),
    (TRASH, Rights::Inherit),
    (LEASES, Rights::Shared),
];

/// The transaction's folder while it writes.
pub(crate) fn staging_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(STAGING).join(name)
}

/// Where the files lie that version `version` was the first not to name.
pub(crate) fn trash_folder(dir: &Path, version: u64) -> PathBuf {
    dir.join(TRASH).join(format!("{version:010}"))
}

/// The name of a file there: its path with `/` as `~`.
pub(crate) fn trash_name(file: &str) -> String {
    file.replace('/', "~")
}
