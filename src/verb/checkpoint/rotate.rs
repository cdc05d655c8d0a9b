//! `dwell checkpoint rotate-key`: the store gets a new key, and the old one vouches for it.

use std::io::Write;

use anyhow::Result;
use serde_json::json;
use storage::store::CommitOptions;

use crate::args::checkpoint::RotateKey;
use crate::context::Context;
use crate::output::target::Target;
use crate::say;
use crate::verb::Outcome;

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// Replaces the key.
pub(super) fn run(context: &Context, args: &RotateKey) -> Result<Outcome> {
    let store = context.open()?;
    let old = store.key();
    let options =
        CommitOptions { now_us: context.now_us, wait_ms: context.wait_ms, by: context.by.clone() };
    let new = store.rotate_key(&args.reason, &options)?;
    let mut target = Target::stdout();
    if context.json {
        let report = json!({
            "report": "checkpoint_rotate_key",
            "schema_version": REPORT_VERSION,
            "store_id": store.id(),
            "old_key": old.line(),
            "new_key": new.line(),
            "checkpoint": store.checkpoint(),
        });
        writeln!(target, "{report:#}")?;
    } else {
        writeln!(target, "{}", new.line())?;
    }
    target.finish()?;
    say::say(format_args!(
        "the ledger is signed by {} from here on; {} vouches for it",
        new.id(),
        old.id()
    ));
    say::note(format_args!(
        "the old private key stays in the key folder as {}.key.old-{}: only a backup from before this needs it; destroy it when there is none",
        store.id(),
        old.id()
    ));
    Ok(Outcome::default())
}
