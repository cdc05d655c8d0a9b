//! How do files get their places? They are renamed to their days, and every folder above is made durable.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::fs::{self, Fs, Rights};

/// Renames files to their days and makes that durable, with every folder above.
pub(super) fn place(fs: &dyn Fs, moves: &[(PathBuf, PathBuf)]) -> Result<()> {
    let (mut days, mut above) = (BTreeSet::new(), BTreeSet::new());
    if let Some(vault) = fs.vault() {
        let mut data =
            moves.iter().filter(|(_, to)| to.extension().is_some_and(|it| it == "parquet"));
        data.try_for_each(|(staged, _)| vault.check_written(staged))?;
    }
    for (staged, target) in moves {
        let Some(day) = target.parent() else { continue };
        if days.insert(day) {
            ensure_folders(fs, day, &mut above)?;
        }
        fs.rename(staged, target).map_err(|error| Error::io("rename", staged, error))?;
    }
    above.extend(days.iter().filter_map(|day| day.parent()));
    for folder in days.into_iter().chain(above) {
        fs::sync_dir(fs, folder)?;
    }
    Ok(())
}

/// Makes a folder and those above it that are missing; notes those that have a new one in them.
fn ensure_folders<'a>(
    fs: &dyn Fs,
    folder: &'a Path,
    changed: &mut BTreeSet<&'a Path>,
) -> Result<()> {
    if let Some(above) = folder.parent().filter(|_| !folder.is_dir()) {
        ensure_folders(fs, above, changed)?;
        changed.insert(above);
    }
    fs::ensure_dir(fs, folder, Rights::Inherit).map(drop)
}
