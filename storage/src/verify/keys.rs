//! Are the keys of an encrypted store there, and is nothing of it in the clear? What can be told without the store key is
//! told without it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::{Finding, Report, VerifyOptions};
use crate::crypt::{CryptoMetadata, Scope, Vault};
use crate::day::Day;
use crate::error::{Breach, Error, ErrorKind, Result};
use crate::segment::{FileMeta, VerifiedFile};
use crate::store::{State, layout, load, own_key};

/// The options with the keys of the store at hand, if it is encrypted. What is wrong with the ledger is said elsewhere.
pub(super) fn with_keys(dir: &Path, options: &VerifyOptions) -> VerifyOptions {
    let mut options = options.clone();
    if let Ok(Some(key)) = own_key(&*options.fs, dir)
        && let Ok(fs) = load::with_keys(
            &options.fs,
            dir,
            key.name(),
            options.key_dir.as_deref(),
            options.standing,
        )
    {
        options.fs = fs;
    }
    options
}

/// Checks the files of the keys, that none is missing, and with `deep` that each data file is encrypted with its own.
pub(super) fn check(
    dir: &Path,
    state: &State,
    options: &VerifyOptions,
    report: &mut Report,
) -> Result<()> {
    let Some(vault) = options.fs.vault() else { return Ok(()) };
    if let Err(error) = vault.check() {
        report.notes.push(format!("rows, lines and words were not checked: {error}"));
    }
    let (keys, others) = vault.files()?;
    for key in &keys {
        if let Err(error) = vault.check_file(key) {
            match error.kind() {
                // Wrapped with another key than the one at hand: that was said above.
                ErrorKind::Io => {}
                _ => report.take(dir, error)?,
            }
        }
    }
    for path in others {
        if path.ends_with(".new") {
            let what = "a key that was being written".into();
            report.unfinished.push(Finding { path: path.into(), what });
        } else {
            report.problem(Breach::ForeignFile, path, "no part of a store");
        }
    }
    let there: BTreeSet<Scope> = keys.iter().map(|key| key.scope).collect();
    let needed = state.files().filter_map(scope_of).chain([Scope::Ledger]);
    for scope in needed.collect::<BTreeSet<_>>().difference(&there) {
        let what = "the key of what the ledger names is not there";
        report.problem(Breach::Missing, scope.folder(), what);
    }
    if options.deep {
        for meta in state.files() {
            if let Err(error) = check_file(dir, meta, vault) {
                report.take(dir, error)?;
            }
        }
    }
    Ok(())
}

/// Which key a file of the ledger needs.
fn scope_of(meta: &FileMeta) -> Option<Scope> {
    let mut parts = meta.path.split('/');
    let is_lines = parts.clone().any(|part| part == layout::LINES);
    let day = parts.find_map(Day::from_folder)?;
    Some(if is_lines { Scope::Lines(day) } else { Scope::Day(day) })
}

fn check_file(dir: &Path, meta: &FileMeta, vault: &Arc<Vault>) -> Result<()> {
    let path = dir.join(&meta.path);
    if !path.is_file() {
        // That it is missing is said elsewhere.
        return Ok(());
    }
    let plain = || Error::integrity(&path, "not encrypted, though its store is");
    let clear = CryptoMetadata::of_file(&path)?.ok_or_else(plain)?;
    let is_called = clear.file().is_some_and(|file| file.is_called(&meta.path));
    if !is_called {
        return Err(Error::integrity(&path, "encrypted as another file"));
    }
    if !clear.key().is_some_and(|key| vault.has(&key)) {
        let error = Error::integrity(&path, "its key is missing");
        return Err(error.as_breach(Breach::Missing));
    }
    if vault.is_locked() {
        return Ok(());
    }
    VerifiedFile::open_with(&path, meta, Some(vault)).map(drop)
}
