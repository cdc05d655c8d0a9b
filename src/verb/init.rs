//! `dwell init`: makes a store, or says that there is one.

use anyhow::Result;
use storage::store::{InitOptions, Store};

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
    let store = Store::init(
        &dir,
        &InitOptions {
            group: args.group,
            key_dir: context.key_dir.clone(),
            fallback_dir: context.fallback_dir.clone(),
            fs: storage::fs::real(),
            now_us: context.now_us,
            by: context.by.clone(),
        },
    )?;
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
    } else {
        say::say(format_args!("there is a store at {} already: {}", dir.display(), store.id()));
    }
    Ok(Outcome::default())
}

/// Whether two paths lead to one folder, also if it is still to be made.
fn same(a: &std::path::Path, b: &std::path::Path) -> bool {
    let whole = |path: &std::path::Path| {
        std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).ok()
    };
    let tidy = |path: std::path::PathBuf| path.components().collect::<std::path::PathBuf>();
    whole(a).map(tidy) == whole(b).map(tidy)
}
