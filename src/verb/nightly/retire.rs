//! What goes this night? What `dwell retain apply` would remove without being told twice; and what the trash has kept long
//! enough.

use anyhow::Result;
use serde_json::json;
use storage::retention::Policy;

use super::{Done, Night};
use crate::say;
use crate::verb::retain;

/// Retires.
pub(super) fn run(night: &mut Night<'_>) -> Result<Done> {
    let context = night.context;
    let store = context.open_quietly()?;
    let policy = Policy::new(&context.settings(&store)?.retention, None);
    let removed = retain::retire(context, &store, &policy, false, &night.memory.bad_days())?;
    Ok(Done { exit: removed.exit(), said: removed.sentence(), report: removed.as_json() })
}

/// Deletes for good.
pub(super) fn purge(night: &mut Night<'_>) -> Result<Done> {
    let context = night.context;
    let store = context.open_quietly()?;
    let policy = Policy::new(&context.settings(&store)?.retention, None);
    let purged = store.purge(storage::clock::now_us(), policy.grace_us(), context.wait_ms)?;
    let said = format!(
        "{} files deleted from trash/ ({}), {} wait",
        say::count(purged.files),
        say::size(purged.bytes),
        say::count(purged.waiting)
    );
    let report = json!({
        "files": purged.files,
        "bytes": purged.bytes,
        "waiting_files": purged.waiting,
    });
    Ok(Done::new(said, report))
}
