//! `dwell intel add`: from files of others to a list in the store, with everything told that became no indicator.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use detect::intel::gather::{Gather, Gathered};
use detect::intel::{reader, table};
use query::intel::{INDICATORS, WARNINGLISTS};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use storage::digest::Digest;
use storage::store::Store;
use storage::tables::Kind;

use super::super::Outcome;
use super::super::lists::{self, NewList};
use crate::args::intel::Add;
use crate::context::Context;
use crate::exit::{Exit, usage};
use crate::output::target::Target;
use crate::say;

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;
/// How many unreadable records are told one by one to people.
const SHOWN: usize = 20;
/// What TLP knows.
const COLOURS: [&str; 6] = ["clear", "white", "green", "amber", "amber+strict", "red"];

/// Adds each path as a list.
pub(super) fn run(context: &Context, args: &Add) -> Result<Outcome> {
    if args.name.is_some() && args.paths.len() > 1 {
        return Err(usage("--name is for one path; add the others one by one"));
    }
    let tags = tags(args)?;
    let store = context.open()?;
    let mut reports = Vec::new();
    let (mut rows, mut partial) = (0, false);
    for path in &args.paths {
        let added = add(context, &store, args, &tags, path)?;
        rows += added.rows;
        partial |= added.partial;
        reports.push(added.report);
    }
    if context.json {
        let mut target = Target::stdout();
        let document =
            json!({"report": "intel_add", "schema_version": REPORT_VERSION, "lists": reports});
        serde_json::to_writer_pretty(&mut target, &document)?;
        writeln!(target)?;
        target.finish()?;
    }
    let exit = if partial { Exit::Partial } else { Exit::Done };
    Ok(Outcome { exit, ..Outcome::done(rows, 0) })
}

fn tags(args: &Add) -> Result<Vec<String>> {
    let mut tags = Vec::new();
    if let Some(colour) = &args.tlp {
        let colour = colour.to_ascii_lowercase();
        let colour = colour.strip_prefix("tlp:").unwrap_or(&colour);
        if !COLOURS.contains(&colour) {
            return Err(usage(format!("`{colour}` is no TLP; there are {}", COLOURS.join(", "))));
        }
        tags.push(format!("tlp:{colour}"));
    }
    tags.extend(args.tag.iter().cloned());
    Ok(tags)
}

/// What came of a path.
struct Added {
    rows: u64,
    partial: bool,
    report: Value,
}

fn add(
    context: &Context,
    store: &Arc<Store>,
    args: &Add,
    tags: &[String],
    path: &Path,
) -> Result<Added> {
    let now_us = storage::clock::now_us();
    let mut gather = Gather::new(now_us, tags.to_vec(), args.column.clone());
    let mut lost = Vec::new();
    lists::each_file(context, path, &mut |name, bytes| {
        match bytes {
            Ok(bytes) => gather.add(name, &bytes).map_err(usage)?,
            Err(why) => lost.push((name.to_owned(), why)),
        }
        Ok(())
    })?;
    let gathered = gather.finish();
    check_known(path, &gathered, &lost)?;
    let digest = digest(&gathered, args, tags);
    let state = store.refresh()?;
    let name = lists::name_of(path, args.name.as_deref());
    if let Some(known) = lists::known(&state, &super::TABLES, digest, args.name.as_deref()) {
        let name = &known.table.key.name;
        say::say(format_args!("{}: this content is there already, as `{name}`", path.display()));
        let report = json!({"path": path.display().to_string(), "name": name, "outcome": "known",
            "rows": known.table.rows, "sha256": digest.to_string()});
        return Ok(Added { rows: 0, partial: false, report });
    }
    let before = state.tables.get(&lists::key(INDICATORS, &name));
    let mut batches = gathered.batches.clone();
    let new = match before {
        Some(kept) => {
            let old = table::decode(&storage::tables::read(store, kept)?, None)?;
            table::keep_added_at(&mut batches, &old)?
        }
        None => gathered.rows,
    };
    let mut puts = Vec::new();
    if gathered.rows > 0 || gathered.warninglists.is_empty() {
        puts.push(NewList {
            key: lists::key(INDICATORS, &name),
            rows: gathered.rows,
            skipped: gathered.unreadable,
            input: digest,
            content: table::encode(&table::schema(), &batches)?,
        });
    }
    if !gathered.warninglists.is_empty() {
        let entries = gathered.warninglists.iter().map(|list| list.entries.len() as u64).sum();
        puts.push(NewList {
            key: lists::key(WARNINGLISTS, &name),
            rows: entries,
            skipped: gathered.unreadable,
            input: digest,
            content: serde_json::to_vec(&gathered.warninglists)?,
        });
    }
    let record = lists::keep(context, store, Kind::Intel, puts, path)
        .with_context(|| format!("cannot keep `{}`", path.display()))?;
    let replaced = before.is_some();
    tell(path, &name, &gathered, &lost, replaced.then_some(new));
    let unknown = gathered.files.iter().any(|file| file.format.is_none());
    Ok(Added {
        rows: gathered.rows,
        partial: gathered.unreadable > 0 || unknown || !lost.is_empty(),
        report: report(path, &name, &gathered, &lost, (replaced, new, record, digest)),
    })
}

/// Whether anything of it is known; one file that nobody knows is wrong use.
fn check_known(path: &Path, gathered: &Gathered, lost: &[(String, String)]) -> Result<()> {
    if gathered.files.iter().any(|file| file.format.is_some()) {
        return Ok(());
    }
    if let (true, Some((_, why))) = (gathered.files.is_empty(), lost.first()) {
        anyhow::bail!("`{}` {why}", path.display());
    }
    let why = gathered.files.first().and_then(|file| file.why.clone());
    let why = why.unwrap_or_else(|| "there is no file in it".to_owned());
    Err(usage(format!(
        "`{}`: {why}; kinds: {}; a CSV of any other layout is read with --column",
        path.display(),
        reader::known()
    )))
}

/// The digest of a list: that of its content; what was said about it on the command line counts too.
fn digest(gathered: &Gathered, args: &Add, tags: &[String]) -> Digest {
    let content = Digest(gathered.digest);
    if args.column.is_none() && tags.is_empty() {
        return content;
    }
    let said = json!([content.to_string(), args.column, tags]).to_string();
    Digest(Sha256::digest(said.as_bytes()).into())
}

/// Says what came of it, with the first of what could not be read.
fn tell(path: &Path, name: &str, gathered: &Gathered, lost: &[(String, String)], new: Option<u64>) {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for file in &gathered.files {
        *kinds.entry(file.format.unwrap_or("unknown")).or_default() += 1;
    }
    let kinds = kinds.iter().map(|(kind, count)| match count {
        1 => (*kind).to_owned(),
        count => format!("{count} {kind}"),
    });
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    let rows = say::count(gathered.rows);
    let new = new.map_or_else(String::new, |new| format!(", {} of them new", say::count(new)));
    say::say(format_args!("{}: list `{name}`: {rows} indicators{new} ({kinds})", path.display()));
    for list in &gathered.warninglists {
        let entries = say::count(list.entries.len() as u64);
        say::say(format_args!("  warninglist `{}`: {entries} entries", list.name));
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, skipped) in gathered.skipped.iter().filter(|(_, skipped)| !skipped.unreadable) {
        *reasons.entry(&skipped.why).or_default() += 1;
    }
    for (why, count) in reasons {
        say::say(format_args!("  {} left out: {why}", say::count(count)));
    }
    if gathered.context > 0 {
        let count = say::count(gathered.context);
        say::say(format_args!("  {count} only give context, as their source says"));
    }
    for file in &gathered.files {
        if let (None, Some(why)) = (file.format, &file.why) {
            say::say(format_args!("  {}: {why}", file.file));
        }
    }
    for (file, why) in lost {
        say::say(format_args!("  {file} {why}"));
    }
    let unreadable = gathered.skipped.iter().filter(|(_, skipped)| skipped.unreadable);
    for (file, skipped) in unreadable.take(SHOWN) {
        let raw = skipped.raw.split_whitespace().collect::<Vec<_>>().join(" ");
        say::say(format_args!("  not read: {file} {}: {}: {raw}", skipped.place, skipped.why));
    }
    if gathered.unreadable > SHOWN as u64 {
        let more = say::count(gathered.unreadable - SHOWN as u64);
        say::say(format_args!("  and {more} more that could not be read; --json tells them"));
    }
}

fn report(
    path: &Path,
    name: &str,
    gathered: &Gathered,
    lost: &[(String, String)],
    (replaced, new, record, digest): (bool, u64, u64, Digest),
) -> Value {
    let skipped = gathered.skipped.iter().map(|(file, skipped)| {
        let mut value = serde_json::to_value(skipped).unwrap_or_default();
        if let Some(members) = value.as_object_mut() {
            members.insert("source".to_owned(), json!(file));
        }
        value
    });
    json!({
        "path": path.display().to_string(),
        "name": name,
        "outcome": if replaced { "replaced" } else { "added" },
        "record": record,
        "sha256": digest.to_string(),
        "rows": gathered.rows,
        "new": new,
        "unreadable": gathered.unreadable,
        "left_out": gathered.left_out,
        "context": gathered.context,
        "files": gathered.files,
        "lost": lost.iter().map(|(file, why)| json!({"file": file, "why": why})).collect::<Vec<_>>(),
        "warninglists": gathered.warninglists.iter().map(|list| json!({
            "name": list.name, "type": list.form, "entries": list.entries.len(), "version": list.version,
        })).collect::<Vec<_>>(),
        "skipped": skipped.collect::<Vec<_>>(),
    })
}
