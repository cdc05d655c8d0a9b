//! `dwell verify`: is everything as it was signed? With `--deep` every byte is read, every seal computed anew and every
//! source given back.

mod rows;
mod shown;
mod stamps;

use std::path::{Path, PathBuf};

use anyhow::Result;
use storage::store::{OpenOptions, Standing, Store};
use storage::verify::{Report, VerifyOptions, verify, verify_set};

use super::{Outcome, archive};
use crate::args::verify::Verify;
use crate::context::{Context, read_text};
use crate::exit::{Exit, usage};
use crate::{say, when};

/// What lies at PATH.
#[derive(Debug)]
enum Place {
    /// A store, in use or a copy.
    Store(PathBuf),
    /// A restored set of a store.
    Set(PathBuf, String),
}

/// Finds out what lies at `path`: the folder of a restored set lies in a store.
fn place(path: &Path) -> Place {
    let set = || {
        let whole = path.canonicalize().ok()?;
        let name = whole.file_name()?.to_str()?.to_owned();
        let folder =
            whole.parent().filter(|it| it.file_name().is_some_and(|it| it == "restored"))?;
        let store = folder.parent().filter(|store| store.join("ledger").is_dir())?;
        Some(Place::Set(store.to_path_buf(), name))
    };
    set().unwrap_or_else(|| Place::Store(path.to_path_buf()))
}

/// Verifies the store, or what lies at PATH.
pub(super) fn run(context: &Context, args: &Verify) -> Result<Outcome> {
    let path = args.path.as_deref().unwrap_or(&context.store_dir);
    if archive::check::is_archive(path) {
        return archive::check::run(context, path, args);
    }
    let place = place(path);
    let (Place::Store(dir) | Place::Set(dir, _)) = &place;
    let live = same_folder(dir, &context.store_dir);
    let standing = if live { Standing::Live } else { Standing::Copy };
    let since = args.since.as_deref().map(|text| when::parse(text, context.now_us)).transpose();
    let options = VerifyOptions {
        deep: args.deep,
        since_us: since.map_err(usage)?,
        trusted: args.trusted.as_deref().map(read_text).transpose()?,
        pinned_key: context.pinned_key.clone(),
        key_dir: context.key_dir.clone(),
        fallback_dir: context.fallback_dir.clone(),
        standing,
        fs: context.fs_of(dir),
        now_us: context.now_us,
    };
    let mut report = match &place {
        Place::Store(dir) => verify(dir, &options)?,
        Place::Set(dir, name) => verify_set(dir, name, &options)?,
    };
    let roots = args.tsa_ca.as_deref().map(read_text).transpose()?;
    let stamps = stamps::check(dir, &mut report, roots.as_deref())?;
    let mut found = rows::Found::default();
    if args.deep && report.is_valid() {
        let open = OpenOptions { fs: context.fs_of(dir), ..context.open_options(standing) };
        let store = Store::open(dir, &open)?;
        match &place {
            Place::Store(_) => found.of_store(context, &store, args.renders, &mut report)?,
            Place::Set(_, name) => found.of_set(context, &store, name, &mut report)?,
        }
    }
    let shown =
        shown::Shown { context, args, path, report: &report, found: &found, stamps: &stamps };
    shown.write()?;
    if !report.is_valid() {
        say::error(format_args!("{} is not what was signed", path.display()));
    }
    let exit = if report.is_valid() { Exit::Done } else { Exit::Integrity };
    Ok(Outcome { exit, rows: report.rows, bytes_read: report.bytes })
}

fn same_folder(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// Notes an error of the integrity of something at `path`.
fn note(report: &mut Report, path: &Path, error: &storage::Error) {
    report.problem(error.breach(), path, error.to_string());
}
