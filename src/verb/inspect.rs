//! `dwell inspect`: what is in a file? A Parquet file shows its footer, a ledger file its records, a log its format.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use storage::segment::Inspection;
use storage::store::{Standing, Store};

use super::{Outcome, formats};
use crate::args::Inspect;
use crate::context::Context;
use crate::exit::usage;
use crate::output::escape;
use crate::output::target::Target;
use crate::say;

/// Looks at the file's first bytes and shows what it is.
pub(super) fn run(context: &Context, args: &Inspect) -> Result<Outcome> {
    let path = &args.file;
    let what = || format!("cannot read `{}`", path.display());
    let mut file = File::open(path).with_context(what)?;
    if file.metadata().with_context(what)?.is_dir() {
        return Err(usage(format!(
            "`{}` is a folder; `dwell verify {0}` checks a store",
            path.display()
        )));
    }
    let mut magic = [0; 8];
    let read = file.read(&mut magic).with_context(what)?;
    match &magic[..read] {
        [b'P', b'A', b'R', b'1' | b'E', ..] => parquet(context, path),
        [b'{', b'"', ..] if looks_like_ledger(path) => ledger(path),
        _ => formats::scores(context, path),
    }
}

/// A ledger file's name is ten digits.
fn looks_like_ledger(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.len() == 10 && name.bytes().all(|byte| byte.is_ascii_digit())
}

fn ledger(path: &Path) -> Result<Outcome> {
    let text = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let mut target = Target::stdout();
    for line in String::from_utf8_lossy(&text).lines() {
        writeln!(target, "{}", escape::visible(line))?;
    }
    target.finish()?;
    Ok(Outcome::default())
}

fn parquet(context: &Context, path: &Path) -> Result<Outcome> {
    let store = store_of(context, path);
    let vault = store.as_ref().and_then(|store| store.vault());
    let inspection = storage::segment::inspect_with(path, vault)?;
    let mut target = Target::stdout();
    if context.json {
        serde_json::to_writer_pretty(&mut target, &inspection)?;
        writeln!(target)?;
    } else {
        as_text(&mut target, &inspection)?;
    }
    target.finish()?;
    Ok(Outcome::done(inspection.rows, 0))
}

/// The store that a file lies in, for the keys of an encrypted one.
fn store_of(context: &Context, path: &Path) -> Option<Arc<Store>> {
    let path = path.canonicalize().ok()?;
    let dir = path.ancestors().skip(1).find(|dir| dir.join("ledger").is_dir())?;
    Store::open(dir, &context.open_options(Standing::Copy)).ok()
}

fn as_text(target: &mut Target, file: &Inspection) -> Result<()> {
    let groups = file.row_groups.len() as u64;
    writeln!(
        target,
        "Parquet, {} rows in {groups} row {}, {}",
        say::count(file.rows),
        say::plural(groups, "group", "groups"),
        say::size(file.bytes)
    )?;
    let writer = file.created_by.as_deref().unwrap_or("an unknown program");
    writeln!(target, "written by {}", escape::visible(writer))?;
    for (key, value) in &file.keys {
        let value = escape::visible(value);
        let short: String = value.chars().take(100).collect();
        let more = if short.len() < value.len() { "…" } else { "" };
        writeln!(target, "  {} = {short}{more}", escape::visible(key))?;
    }
    let head = ["column", "type", "stored", "plain", "bloom", "encodings"];
    let [name, kind, stored, plain, bloom, encodings] = head;
    writeln!(target, "\n{name:<22} {kind:<28} {stored:>12} {plain:>12} {bloom:>9}  {encodings}")?;
    for column in &file.columns {
        writeln!(
            target,
            "{:<22} {:<28} {:>12} {:>12} {:>9}  {}",
            escape::visible(&column.name),
            escape::visible(&column.kind),
            say::count(column.compressed),
            say::count(column.uncompressed),
            say::count(column.bloom_bytes),
            column.encodings.join(" "),
        )?;
    }
    Ok(())
}
