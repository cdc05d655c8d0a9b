//! Which lines does a condition mean? It is asked of the live rows, of restored sets, and of the quarantine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type};
use futures::StreamExt as _;
use query::Session;
use storage::store::{HiddenLines, Restored, State, Store};

use crate::args::redact::Redact;
use crate::context::Context;
use crate::exit::Interrupted;
use crate::reader::Reader;
use crate::verb::sql;

/// What the conditions mean in one version.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Lines of the live data.
    pub(super) lines: HiddenLines,
    /// Lines of this store's days in restored sets.
    pub(super) elsewhere: HiddenLines,
    /// Restored sets that have such rows (or whose sources are called so), with how many.
    pub(super) sets: BTreeMap<String, u64>,
}

/// Asks the conditions of one version.
pub(super) fn lines(
    context: &Context,
    store: &Arc<Store>,
    state: &Arc<State>,
    args: &Redact,
    texts: &[String],
) -> Result<Found> {
    let mut found = Found::default();
    let (mut ranges, mut elsewhere) = (Vec::new(), Vec::new());
    if let Some(condition) = &args.matching {
        ranges.extend(ask(context, store, state, "requests", condition)?);
    }
    for (name, set) in &state.restored {
        let rows = match &args.matching {
            Some(condition) => {
                ask(context, store, state, &format!("restored.\"{name}\""), condition)?
            }
            None => Vec::new(),
        };
        if !rows.is_empty() || names(store, set, texts)? {
            found.sets.insert(name.clone(), HiddenLines::new(rows.clone()).count());
        }
        if set.origin == state.store_id {
            elsewhere.extend(rows);
        }
    }
    if let Some(condition) = &args.quarantine {
        ranges.extend(ask(context, store, state, "quarantine", condition)?);
    }
    found.lines = HiddenLines::new(ranges);
    found.elsewhere = HiddenLines::new(elsewhere);
    Ok(found)
}

/// Whether what is known of a set's sources has one of the texts in it.
fn names(store: &Store, set: &Restored, texts: &[String]) -> Result<bool> {
    let Some(file) = &set.sources_file else { return Ok(false) };
    let path = store.locate(&file.path);
    let bytes =
        store.fs().read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let words = String::from_utf8_lossy(&bytes).to_lowercase();
    Ok(texts.iter().any(|text| words.contains(&text.to_lowercase())))
}

/// Source and line of the rows of a table for which a condition is true, as ranges.
fn ask(
    context: &Context,
    store: &Arc<Store>,
    state: &Arc<State>,
    table: &str,
    condition: &str,
) -> Result<Vec<(i32, i64, i64)>> {
    let mut options = sql::options(context, store)?;
    // Its mark keeps the files of this version while they are read.
    let reader = Reader::new(store);
    options.spill_dir = reader.spill_dir().map(Path::to_path_buf);
    let runtime = sql::runtime(options.threads)?;
    // The line end closes a comment that the condition may end with.
    let text = format!("SELECT source_id, line_no FROM {table} WHERE (\n{condition}\n)");
    let found = runtime.block_on(async {
        let work = async {
            let session = Session::open(Arc::clone(store) as _, state, options)?;
            let mut stream = session.sql(&text).await?.stream;
            let mut ranges: Vec<(i32, i64, i64)> = Vec::new();
            while let Some(batch) = stream.next().await {
                let batch = batch?;
                let ids = batch.column(0).as_primitive_opt::<Int32Type>();
                let lines = batch.column(1).as_primitive_opt::<Int64Type>();
                let (ids, lines) = ids.zip(lines).context("the table has other columns")?;
                for (&id, &line) in ids.values().iter().zip(lines.values()) {
                    match ranges.last_mut() {
                        Some(last) if last.0 == id && last.2 + 1 == line => last.2 = line,
                        _ => ranges.push((id, line, line)),
                    }
                }
            }
            Ok(ranges)
        };
        tokio::select! {
            biased;
            () = context.cancel.asked() => Err(anyhow::Error::new(Interrupted)),
            found = work => found,
        }
    });
    runtime.shutdown_background();
    found
}
