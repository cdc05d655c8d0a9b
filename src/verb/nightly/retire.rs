//! What goes this night? What `dwell retain apply` would remove without being told twice; and what the trash has kept long
//! enough.

use anyhow::Result;
use serde_json::json;
use storage::restore;
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

/// Drops restored sets whose time is over, and deletes for good.
pub(super) fn purge(night: &mut Night<'_>) -> Result<Done> {
    let context = night.context;
    let store = context.open_quietly()?;
    let dropped = restore::expired(&store.state(), storage::clock::now_us());
    for name in &dropped {
        restore::drop_set(&store, name, &retain::commit_options(context))?;
    }
    let policy = Policy::new(&context.settings(&store)?.retention, None);
    let purged = retain::purge(context, &store, &policy)?;
    let said = format!(
        "{} files deleted from trash/ ({}), {} wait",
        say::count(purged.files),
        say::size(purged.bytes),
        say::count(purged.waiting)
    );
    let said = match dropped.is_empty() {
        true => said,
        false => {
            format!("{said}; dropped for their time: restored.{}", dropped.join(", restored."))
        }
    };
    let report = json!({
        "dropped": dropped,
        "files": purged.files,
        "bytes": purged.bytes,
        "waiting_files": purged.waiting,
    });
    Ok(Done::new(said, report))
}
