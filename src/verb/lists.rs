//! How do lists of others come into the store and out of it again? Files are read whole, kept as tables, named in the ledger.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use ingest::InputArg;
use ingest::input::archive::{self, Archive, Entry};
use ingest::input::{Input, ReadError};
use storage::digest::Digest;
use storage::ledger::record::TableKey;
use storage::ledger::text::Text;
use storage::store::{KeptTable, State, Store};
use storage::tables::{self, Kind, Place, Put};

use super::{Outcome, retain, sql};
use crate::args::OutputArgs;
use crate::context::Context;
use crate::exit::usage;
use crate::say;

/// What is done with a file: its name, and its bytes or why they can't be had.
type Take<'a> = dyn FnMut(&str, Result<Vec<u8>, String>) -> Result<()> + 'a;

/// The largest file that is taken.
const BYTES_MAX: u64 = 4 << 30;

/// Gives every file of a path, decompressed, with its name within the path; or why one can't be read.
pub(super) fn each_file(context: &Context, path: &Path, take: &mut Take<'_>) -> Result<()> {
    let arguments = [InputArg::from(path.to_path_buf())];
    let mut inputs = Vec::new();
    for found in ingest::input::expand(&arguments, &context.store_dir) {
        match found {
            Ok(input) => inputs.push(input),
            Err(missing) => anyhow::bail!("{}: {}", missing.path.display(), missing.message),
        }
    }
    // What a feed promises is read before what it promises it of.
    inputs.sort_by_key(|input| input.name.file_name().is_none_or(|name| name != "manifest.json"));
    for input in inputs {
        if context.cancel.is_asked() {
            return Err(crate::exit::Interrupted.into());
        }
        let within = input.name.strip_prefix(path).ok().filter(|rest| !rest.as_os_str().is_empty());
        let name = within.or(input.name.file_name().map(Path::new)).unwrap_or(&input.name);
        one_file(&input, &name.to_string_lossy(), take)?;
    }
    Ok(())
}

fn told(error: &ReadError) -> String {
    match error {
        ReadError::Io(error) => format!("cannot be read: {error}"),
        ReadError::Damaged(why) => format!("cannot be decompressed: {why}"),
    }
}

fn one_file(input: &Input, name: &str, take: &mut Take<'_>) -> Result<()> {
    let mut content = match input.open() {
        Ok(content) => content,
        Err(error) => return take(name, Err(told(&error))),
    };
    let mut head = Vec::new();
    if let Err(error) = (&mut content).take(64 << 10).read_to_end(&mut head) {
        return take(name, Err(format!("cannot be read: {error}")));
    }
    let Some(kind) = archive::kind(&head) else {
        return take(name, whole(head, content));
    };
    let mut archive = Archive::open(kind, content, head, 0);
    loop {
        match archive.entry() {
            Entry::Member(member) => {
                let inner = format!("{name}{}{}", ingest::input::MEMBER, member.name);
                let bytes = member.content().map_err(|error| told(&error));
                take(&inner, bytes.and_then(|content| whole(Vec::new(), content)))?;
            }
            Entry::Unreadable { name: inner, why } => take(&inner, Err(why))?,
            Entry::Nothing => {}
            Entry::Broken(error) => return take(name, Err(told(&error))),
            Entry::End => return Ok(()),
        }
    }
}

fn whole(mut bytes: Vec<u8>, content: impl std::io::Read) -> Result<Vec<u8>, String> {
    let read = content.take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(format!("has more than {}", say::size(BYTES_MAX)));
    }
    Ok(bytes)
}

/// The name of a list: the one given, else by its path.
pub(super) fn name_of(path: &Path, given: Option<&str>) -> String {
    // Feeds and warninglists call their files alike; their folders tell them apart.
    let stem = path.file_stem().filter(|stem| *stem != "list" && *stem != "manifest");
    let resolved = std::fs::canonicalize(path).ok();
    let folder = resolved.as_deref().and_then(|path| {
        if path.is_dir() { path.file_name() } else { path.parent().and_then(Path::file_name) }
    });
    let stem = stem.filter(|_| path.is_file()).or(folder).unwrap_or_default();
    tables::name_of(given.unwrap_or(&stem.to_string_lossy()))
}

/// The key of a list in the ledger.
pub(super) fn key(table: &str, name: &str) -> TableKey {
    TableKey { day: None, name: name.to_owned(), table: table.to_owned() }
}

/// The list of one of these tables that was made of this content, under this name if one was given.
pub(super) fn known<'a>(
    state: &'a State,
    tables: &[&str],
    digest: Digest,
    name: Option<&str>,
) -> Option<&'a KeptTable> {
    let name = name.map(tables::name_of);
    state.tables.values().map(|kept| &**kept).find(|kept| {
        tables.contains(&kept.table.key.table.as_str())
            && kept.table.input == Some(digest)
            && name.as_ref().is_none_or(|name| *name == kept.table.key.name)
    })
}

/// What is kept of a list.
pub(super) struct NewList {
    /// The table it is part of, and its name.
    pub(super) key: TableKey,
    /// Its rows.
    pub(super) rows: u64,
    /// What of it could not be read.
    pub(super) skipped: u64,
    /// Digest of its content.
    pub(super) input: Digest,
    /// Its columns as bytes.
    pub(super) content: Vec<u8>,
}

/// Keeps lists in one commit; returns the number of its record.
pub(super) fn keep(
    context: &Context,
    store: &Arc<Store>,
    kind: Kind,
    lists: Vec<NewList>,
    path: &Path,
) -> Result<u64> {
    let basis = store.state().records;
    let put = |list: NewList| Put {
        place: Place::Tables,
        key: list.key,
        rows: list.rows,
        basis,
        input: Some(list.input),
        skipped: list.skipped,
        content: list.content,
    };
    let puts = lists.into_iter().map(put).collect();
    let options = retain::commit_options(context);
    let words = Text::by(&context.by).with_path(path);
    Ok(tables::change(store, kind, puts, Vec::new(), words, &options)?)
}

/// Removes lists of some tables.
pub(super) fn remove(
    context: &Context,
    kind: Kind,
    tables: &[&str],
    names: &[String],
) -> Result<Outcome> {
    let store = context.open()?;
    let state = store.refresh()?;
    let mut gone = Vec::new();
    for name in names {
        let of_name = |key: &&TableKey| key.name == *name && tables.contains(&key.table.as_str());
        let found: Vec<TableKey> = state.tables.keys().filter(of_name).cloned().collect();
        if found.is_empty() {
            let there = state.tables.keys().filter(|key| tables.contains(&key.table.as_str()));
            let near = storage::nearest::nearest(name, there.map(|key| key.name.as_str()));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(usage(format!("there is no list `{name}`{hint}")));
        }
        gone.extend(found);
    }
    gone.dedup();
    let options = retain::commit_options(context);
    let words = Text::by(&context.by);
    storage::tables::change(&store, kind, Vec::new(), gone.clone(), words, &options)?;
    for key in &gone {
        say::say(format_args!("{key} removed; the ledger keeps that it was there"));
    }
    Ok(Outcome::done(gone.len() as u64, 0))
}

/// Shows the lists of some tables.
pub(super) fn list(context: &Context, output: &OutputArgs, tables: &[&str]) -> Result<Outcome> {
    let store = context.open()?;
    let state = store.state();
    let kept: Vec<&KeptTable> = state
        .tables
        .values()
        .map(|kept| &**kept)
        .filter(|kept| tables.contains(&kept.table.key.table.as_str()))
        .collect();
    let texts = |of: &dyn Fn(&KeptTable) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(kept.iter().map(|kept| of(kept))))
    };
    let numbers = |of: &dyn Fn(&KeptTable) -> u64| -> ArrayRef {
        let number = |kept: &&KeptTable| i64::try_from(of(kept)).unwrap_or(i64::MAX);
        Arc::new(Int64Array::from_iter_values(kept.iter().map(number)))
    };
    let at = TimestampMicrosecondArray::from_iter_values(kept.iter().map(|kept| kept.at));
    let digest = |kept: &KeptTable| kept.table.input.map_or_else(String::new, |it| it.to_string());
    let batch = RecordBatch::try_from_iter([
        ("name", texts(&|kept| kept.table.key.name.clone())),
        ("table", texts(&|kept| kept.table.key.table.clone())),
        ("rows", numbers(&|kept| kept.table.rows)),
        ("unreadable", numbers(&|kept| kept.table.skipped)),
        ("added_at", Arc::new(at.with_timezone("UTC")) as ArrayRef),
        ("record", numbers(&|kept| kept.seq)),
        ("bytes", numbers(&|kept| kept.table.file.bytes)),
        ("sha256", texts(&digest)),
    ])
    .context("cannot show the lists")?;
    Ok(Outcome::done(sql::print(context, output, &batch)?, 0))
}
