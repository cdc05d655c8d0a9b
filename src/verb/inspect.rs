//! `dwell inspect`: what is in a file? A Parquet file shows its footer, a ledger file its records, a log its format.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};
use serde_json::{Value, json};

use super::{Outcome, formats};
use crate::args::{Inspect, OutputArgs};
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
        [b'P', b'A', b'R', b'1', ..] => parquet(context, path, &file),
        [b'{', b'"', ..] if looks_like_ledger(path) => ledger(path),
        _ => formats::try_file(context, path, None, &OutputArgs::default()),
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

fn parquet(context: &Context, path: &Path, file: &File) -> Result<Outcome> {
    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(file)
        .with_context(|| format!("`{}` begins like a Parquet file and is none", path.display()))?;
    let mut target = Target::stdout();
    if context.json {
        serde_json::to_writer_pretty(&mut target, &parquet_json(&metadata))?;
        writeln!(target)?;
    } else {
        parquet_text(&mut target, &metadata)?;
    }
    target.finish()?;
    let rows = metadata.file_metadata().num_rows();
    Ok(Outcome::done(u64::try_from(rows).unwrap_or(0), 0))
}

fn parquet_text(target: &mut Target, metadata: &ParquetMetaData) -> Result<()> {
    let facts = metadata.file_metadata();
    let groups = metadata.row_groups();
    writeln!(target, "Parquet, {} rows in {} row groups", facts.num_rows(), groups.len())?;
    writeln!(target, "created by {}", escape::visible(facts.created_by().unwrap_or("?")))?;
    for entry in facts.key_value_metadata().into_iter().flatten() {
        let value = escape::visible(entry.value.as_deref().unwrap_or(""));
        let short: String = value.chars().take(120).collect();
        let more = if short.len() < value.len() { "…" } else { "" };
        writeln!(target, "  {} = {short}{more}", escape::visible(&entry.key))?;
    }
    writeln!(
        target,
        "\n{:<22} {:<12} {:>12} {:>12} {:>7}  encodings",
        "column", "type", "stored", "plain", "bloom"
    )?;
    for column in columns(metadata) {
        writeln!(
            target,
            "{:<22} {:<12} {:>12} {:>12} {:>7}  {}",
            escape::visible(&column.name),
            column.kind,
            say::count(column.stored),
            say::count(column.plain),
            if column.bloom { "yes" } else { "" },
            column.encodings,
        )?;
    }
    Ok(())
}

fn parquet_json(metadata: &ParquetMetaData) -> Value {
    let facts = metadata.file_metadata();
    let entries = facts.key_value_metadata().into_iter().flatten();
    let entries: serde_json::Map<String, Value> =
        entries.map(|entry| (entry.key.clone(), json!(entry.value))).collect();
    let columns = columns(metadata).into_iter().map(|column| {
        json!({
            "name": column.name, "type": column.kind, "stored_bytes": column.stored,
            "plain_bytes": column.plain, "bloom_filter": column.bloom, "encodings": column.encodings,
        })
    });
    json!({
        "kind": "parquet",
        "rows": facts.num_rows(),
        "row_groups": metadata.row_groups().len(),
        "created_by": facts.created_by(),
        "metadata": entries,
        "columns": columns.collect::<Vec<_>>(),
    })
}

/// One column over all row groups.
struct ColumnSize {
    name: String,
    kind: String,
    stored: u64,
    plain: u64,
    bloom: bool,
    encodings: String,
}

fn columns(metadata: &ParquetMetaData) -> Vec<ColumnSize> {
    let number = metadata.file_metadata().schema_descr().num_columns();
    (0..number)
        .map(|at| {
            let chunks =
                || metadata.row_groups().iter().filter_map(|group| group.columns().get(at));
            let sum = |of: fn(&ColumnChunkMetaData) -> i64| {
                chunks().map(|chunk| u64::try_from(of(chunk)).unwrap_or(0)).sum()
            };
            let mut encodings: Vec<String> = chunks()
                .flat_map(|chunk| chunk.encodings())
                .map(|encoding| encoding.to_string())
                .collect();
            encodings.sort();
            encodings.dedup();
            let described = metadata.file_metadata().schema_descr().column(at);
            ColumnSize {
                name: described.path().string(),
                kind: described.physical_type().to_string(),
                stored: sum(ColumnChunkMetaData::compressed_size),
                plain: sum(ColumnChunkMetaData::uncompressed_size),
                bloom: chunks().any(|chunk| chunk.bloom_filter_offset().is_some()),
                encodings: encodings.join(" "),
            }
        })
        .collect()
}
