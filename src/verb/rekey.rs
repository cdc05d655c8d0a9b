//! `dwell rekey`: an encrypted store gets a new store key; its data keys are wrapped anew, its data stays as it is.

use anyhow::{Context as _, Result};
use storage::crypt::StoreKey;
use storage::store::CommitOptions;

use super::Outcome;
use crate::args::encryption::Rekey;
use crate::context::Context;
use crate::say;

/// Changes the store key and says where the new one lies.
pub(super) fn run(context: &Context, args: &Rekey) -> Result<Outcome> {
    let given = args.new_key.as_ref().map(|path| {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        anyhow::Ok(StoreKey::parse(&bytes).map_err(|error| error.at(path))?)
    });
    let given = given.transpose()?;
    let store = context.open()?;
    let options = CommitOptions {
        now_us: storage::clock::now_us(),
        wait_ms: context.wait_ms,
        by: context.by.clone(),
    };
    let count = store.rekey(given, &options)?;
    say::say(format_args!("{} data keys wrapped with the new store key", say::count(count)));
    match store.vault().and_then(|vault| vault.key_path()) {
        Some(path) => say::say(format_args!(
            "it lies in {0}; keep a copy of it elsewhere. {0}.old opens what was archived until now",
            path.display()
        )),
        None => say::say("from now on the key command has to print the new key"),
    }
    Ok(Outcome::default())
}
