//! `dwell init`: makes a store, or says that there is one.

use std::path::PathBuf;

use anyhow::Result;
use storage::store::{InitOptions, NewStoreKey, Store};

use super::Outcome;
use crate::args::Init;
use crate::context::Context;
use crate::exit::usage;
use crate::say;

/// Makes the store.
pub(super) fn run(context: &Context, args: Init) -> Result<Outcome> {
    let dir = match args.dir {
        Some(dir) if context.store_named && !same(&dir, &context.store_dir) => {
            return Err(usage(format!(
                "two stores are named: `{}` and --store `{}`; name one",
                dir.display(),
                context.store_dir.display()
            )));
        }
        Some(dir) => dir,
        None => context.store_dir.clone(),
    };
    let key = encryption(args.encrypt, args.encryption_key, args.encryption_command)?;
    let options = InitOptions {
        group: args.group,
        key_dir: context.key_dir.clone(),
        fallback_dir: context.fallback_dir.clone(),
        fs: storage::fs::real(),
        now_us: context.now_us,
        by: context.by.clone(),
    };
    let store = match &key {
        Some(key) => Store::init_encrypted(&dir, &options, key)?,
        None => Store::init(&dir, &options)?,
    };
    for text in store.notes() {
        say::note(text);
    }
    if store.is_new() {
        say::say(format_args!("new store {} at {}", store.id(), dir.display()));
        if let Some(keys) = &context.key_dir {
            let key = keys.join(format!("{}.key", store.id()));
            say::say(format_args!(
                "its private key is {}; keep a copy of it elsewhere, never in the store",
                key.display()
            ));
        }
        if let Some(vault) = store.vault() {
            say::say(format_args!("encrypted; its store key is {}", vault.store_key()?.id()));
            say::say(match key_place(context, &store) {
                Some(path) => format!(
                    "  it lies in {}; without it nobody can read the store: keep a copy of it elsewhere",
                    path.display()
                ),
                None => {
                    "  without it nobody can read the store: keep a copy of it elsewhere".into()
                }
            });
        }
    } else {
        say::say(format_args!("there is a store at {} already: {}", dir.display(), store.id()));
    }
    Ok(Outcome::default())
}

/// Where the key of an encrypted store is to lie.
fn encryption(
    encrypt: bool,
    file: Option<PathBuf>,
    command: Option<String>,
) -> Result<Option<NewStoreKey>> {
    Ok(match (encrypt, file, command) {
        (false, ..) => None,
        (true, Some(file), _) => Some(NewStoreKey::File(std::path::absolute(file)?)),
        (true, None, Some(command)) => Some(NewStoreKey::Command(command)),
        (true, None, None) => Some(NewStoreKey::KeyDir),
    })
}

/// The file of the store key, where it comes from one.
fn key_place(context: &Context, store: &Store) -> Option<PathBuf> {
    let settings = &store.config().encryption;
    if settings.key_command.is_some() {
        return None;
    }
    let own = || Some(context.key_dir.as_ref()?.join(format!("{}.encryption", store.id())));
    settings.key_file.clone().or_else(own)
}

/// Whether two paths lead to one folder, also if it is still to be made.
fn same(a: &std::path::Path, b: &std::path::Path) -> bool {
    let whole = |path: &std::path::Path| {
        std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).ok()
    };
    let tidy = |path: std::path::PathBuf| path.components().collect::<std::path::PathBuf>();
    whole(a).map(tidy) == whole(b).map(tidy)
}
