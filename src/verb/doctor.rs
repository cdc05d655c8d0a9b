//! `dwell doctor`: what may go wrong soon? Rights, keys, clock, space, nights and archives, each as one line.

mod keeping;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Result;
use storage::store::Store;

use super::Outcome;
use crate::context::Context;
use crate::exit::{self, Exit};
use crate::output::escape;
use crate::output::target::Target;
use crate::say;

/// Looks at everything and says what it found.
pub(super) fn run(context: &Context) -> Result<Outcome> {
    let mut target = Target::stdout();
    let mut exit = Exit::Done;
    let mut line = |good: bool, text: String| -> Result<()> {
        let mark = if good { "ok  " } else { "look" };
        writeln!(target, "{mark}  {}", escape::visible(&text))?;
        Ok(())
    };
    line(true, format!("dwell {}", env!("CARGO_PKG_VERSION")))?;
    if let Some(keys) = &context.key_dir {
        let (good, text) = private(keys);
        line(good, format!("keys: {text}"))?;
    }
    let formats = context.settings_alone().and_then(|config| {
        let own = ingest::format::own::all(&config)?;
        Ok(own.iter().map(|own| own.name().to_owned()).collect::<Vec<_>>())
    });
    match formats {
        Ok(own) if own.is_empty() => {}
        Ok(own) => line(true, format!("formats of dwell.toml: {}", own.join(", ")))?,
        Err(error) => line(false, exit::message(&error))?,
    }
    match context.open() {
        Ok(store) => {
            let state = store.state();
            let rows: u64 = state.sources.values().map(|source| source.counts.rows).sum();
            line(true, format!("store {} at {}", store.id(), context.store_dir.display()))?;
            line(
                true,
                format!(
                    "{} records, {} sources, {} days, {} rows",
                    say::count(state.version),
                    say::count(state.sources.len() as u64),
                    say::count(state.days.len() as u64),
                    say::count(rows)
                ),
            )?;
            let (good, text) = private(store.dir());
            line(good, format!("rights: {text}"))?;
            let key = context.key_dir.as_ref().map(|keys| keys.join(format!("{}.key", store.id())));
            let writable = key.is_some_and(|key| key.exists());
            let text = if writable {
                "is here"
            } else {
                "is not here: the store can be read, not written"
            };
            line(writable, format!("private key {text}"))?;
            if let Some((good, text)) = encryption(&store) {
                line(good, text)?;
            }
            for (good, text) in keeping::lines(context, &store)? {
                line(good, text)?;
            }
            if state.sources.values().any(|source| source.privacy.is_some()) {
                match store.privacy_key() {
                    Ok(_) => line(true, "privacy key is here; keep a copy of it".into())?,
                    Err(error) => line(false, error.to_string())?,
                }
            }
        }
        Err(error) => {
            exit = exit::of(&error);
            line(false, exit::message(&error))?;
        }
    }
    target.finish()?;
    Ok(Outcome { exit, ..Outcome::default() })
}

/// Whether the key of an encrypted store is here.
fn encryption(store: &Store) -> Option<(bool, String)> {
    let vault = store.vault()?;
    Some(match vault.check().and_then(|()| Ok(vault.store_key()?.id().to_owned())) {
        Ok(id) => {
            (true, format!("encrypted (AES-256-GCM); store key {id} is here; keep a copy of it"))
        }
        Err(error) => (false, format!("encrypted: {error}")),
    })
}

/// Whether a folder is closed to the world.
fn private(path: &Path) -> (bool, String) {
    match std::fs::metadata(path) {
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o7777;
            let open = mode & 0o007 != 0;
            let advice = if open { "; chmod o-rwx closes it to the world" } else { "" };
            (!open, format!("{} has mode {mode:04o}{advice}", path.display()))
        }
        Err(error) => (false, format!("{}: {error}", path.display())),
    }
}
