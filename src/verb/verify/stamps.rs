//! What do the time stamps beside the ledger prove?

use std::path::Path;

use anyhow::{Context as _, Result};
use storage::Breach;
use storage::verify::Report;

use crate::exit;
use crate::timestamp::{self, Stamp};

/// Checks each time stamp; what does not hold goes to the report.
pub(super) fn check(
    dir: &Path,
    report: &mut Report,
    roots: Option<&str>,
) -> Result<Vec<(u64, Stamp)>> {
    let mut good = Vec::new();
    for stamped in std::mem::take(&mut report.stamps) {
        let path = dir.join(&stamped.path);
        let bytes =
            std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        match timestamp::check(&bytes, stamped.note.as_bytes(), roots.map(str::as_bytes)) {
            Ok(stamp) => good.push((stamped.version, stamp)),
            Err(error) => {
                let what = format!("the time stamp does not hold: {}", exit::message(&error));
                report.problem(Breach::Altered, &stamped.path, what);
            }
        }
        report.stamps.push(stamped);
    }
    Ok(good)
}
