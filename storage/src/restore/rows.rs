//! How many rows of each source does a file show? All that it has, but for its hidden lines.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
use crate::fs::Fs;
use crate::ledger::record::RestoredFile;
use crate::redact;
use crate::segment::VerifiedFile;
use crate::store::{Hidden, HiddenIndex, State};

/// The rows of `file`, which lies at `path`, that `hidden` leaves.
pub(super) fn shown(
    path: &Path,
    fs: &Arc<dyn Fs>,
    file: &RestoredFile,
    hidden: &[Hidden],
) -> Result<BTreeMap<i32, u64>> {
    let mut rows: BTreeMap<i32, u64> = BTreeMap::new();
    for range in &file.file.sources {
        *rows.entry(range.source_id).or_default() += range.rows;
    }
    let state = State { hidden: hidden.to_vec(), ..State::default() };
    let lines = HiddenIndex::new(&state).in_segment(&file.file, file.seq);
    if lines.is_empty() {
        return Ok(rows);
    }
    let opened = VerifiedFile::open_with(path, &file.file, fs.vault())?;
    for (id, _) in redact::held(&opened, &file.file, &lines)? {
        if let Some(rows) = rows.get_mut(&id) {
            *rows = rows.saturating_sub(1);
        }
    }
    Ok(rows)
}
