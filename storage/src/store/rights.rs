//! Who may read a store? Never the world: such a store is read with a warning and not written at all.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::layout;
use crate::error::{Error, ErrorKind, Result};

/// The rights of everybody else.
const WORLD: u32 = 0o007;

/// The first of the places that matter which the world may enter or read.
fn open_to_world(dir: &Path) -> Option<PathBuf> {
    let folders = layout::FOLDERS.iter().map(|(name, _)| dir.join(name));
    std::iter::once(dir.to_path_buf())
        .chain(folders)
        .find(|path| std::fs::metadata(path).is_ok_and(|it| it.mode() & WORLD != 0))
}

fn command(dir: &Path) -> String {
    format!("chmod -R o-rwx {}", dir.display())
}

/// Refuses a store that the world may enter.
pub(crate) fn refuse_world(dir: &Path) -> Result<()> {
    let Some(path) = open_to_world(dir) else { return Ok(()) };
    Err(Error::new(ErrorKind::Io, "everybody on this machine may enter the store")
        .at(path)
        .advise(format!("close it first: {}", command(dir))))
}

/// What a reader says of a store that the world may enter.
pub(super) fn warning(dir: &Path) -> Option<String> {
    let path = open_to_world(dir)?;
    Some(format!(
        "everybody on this machine may enter {}: close it with {}",
        path.display(),
        command(dir)
    ))
}
