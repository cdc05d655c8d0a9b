//! What does a reader take with it? A lease on its version, and a private folder for what is too large for memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use storage::store::{Lease, Scratch, Store};

use crate::context::environment;
use crate::say;

/// Held while a query runs; dropped, everything is gone again.
#[derive(Debug)]
pub(crate) struct Reader {
    _lease: Option<Lease>,
    spill: Spill,
}

/// Where a query spills.
#[derive(Debug)]
enum Spill {
    /// Below the store's `staging/`.
    Store(Scratch),
    /// A folder of its own, elsewhere.
    Elsewhere(PathBuf),
    /// Nowhere.
    None,
}

impl Reader {
    /// Takes a lease and a folder, and says so where one of them can't be had.
    pub(crate) fn new(store: &Arc<Store>) -> Self {
        let lease = store.lease().ok().filter(Lease::is_written);
        if lease.is_none() {
            say::note(
                "no lease can be written here; a file that is removed meanwhile ends the query",
            );
        }
        // What spills is in the clear.
        let may_spill = store.vault().is_none() || store.config().encryption.spill;
        if !may_spill {
            return Self { _lease: lease, spill: Spill::None };
        }
        let spill = match store.scratch() {
            Ok(scratch) => Spill::Store(scratch),
            Err(_) => elsewhere().map_or(Spill::None, Spill::Elsewhere),
        };
        if matches!(spill, Spill::None) {
            say::note("no folder for spill files; DWELL_SPILL_DIR names one for large queries");
        }
        Self { _lease: lease, spill }
    }

    /// The folder for spill files.
    pub(crate) fn spill_dir(&self) -> Option<&Path> {
        match &self.spill {
            Spill::Store(scratch) => Some(scratch.path()),
            Spill::Elsewhere(path) => Some(path),
            Spill::None => None,
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Spill::Elsewhere(path) = &self.spill {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

/// A private folder in `DWELL_SPILL_DIR`, or in the user's cache.
fn elsewhere() -> Option<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    let base = environment("DWELL_SPILL_DIR")
        .or_else(|| environment("XDG_CACHE_HOME").map(|cache| cache.join("dwell")))
        .or_else(|| environment("HOME").map(|home| home.join(".cache/dwell")))?;
    let mut private = std::fs::DirBuilder::new();
    private.mode(0o700).recursive(true);
    private.create(&base).ok()?;
    let path = base.join(format!("spill-{}", std::process::id()));
    std::fs::DirBuilder::new().mode(0o700).create(&path).ok()?;
    Some(path)
}
