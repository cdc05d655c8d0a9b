//! `dwell recover`: after a loss, rebuilds the ledger from the files, or takes a copy as the store in use.

use anyhow::Result;
use storage::recover::{self, RecoverOptions};

use super::Outcome;
use crate::args::Recover;
use crate::context::Context;
use crate::exit::Exit;
use crate::say;

/// Recovers the store; the ledger says so ever after.
pub(super) fn run(context: &Context, args: &Recover) -> Result<Outcome> {
    let dir = &context.store_dir;
    let options = RecoverOptions {
        key_dir: context.key_dir.clone(),
        fallback_dir: context.fallback_dir.clone(),
        fs: storage::fs::real(),
        now_us: context.now_us,
        by: context.by.clone(),
        reason: args.reason.clone().unwrap_or_default(),
        new_key: args.new_key,
        accept_head: args.accept_head,
    };
    if !args.from_files {
        recover::accept_head(dir, &options)?;
        say::say(format_args!("{} counts as the store in use from here on", dir.display()));
        return Ok(Outcome::default());
    }
    let done = recover::from_files(dir, &options)?;
    for skipped in &done.skipped {
        say::note(format_args!("left out: {}: {}", skipped.path.display(), skipped.what));
    }
    say::say(format_args!(
        "ledger of {} rebuilt: {} sources, {} files, {} rows; {} records of the lost one are gone",
        done.store_id,
        say::count(done.sources),
        say::count(done.files),
        say::count(done.rows),
        say::count(done.records_lost),
    ));
    if done.records_lost > 0 && !args.accept_head {
        say::say("`dwell recover --accept-head --reason R` takes it as the store in use");
    }
    let exit = if done.skipped.is_empty() { Exit::Done } else { Exit::Partial };
    Ok(Outcome { exit, rows: done.rows, bytes_read: 0 })
}
