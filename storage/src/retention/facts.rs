//! What must be looked up before one can plan? Rows that are really shown, free space, and what the trash holds.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::AsArray as _;
use arrow::datatypes::{Int32Type, Int64Type};

use super::inventory::Facts;
use crate::error::{Error, Result};
use crate::fs;
use crate::schema::Col;
use crate::segment::reader::{self, ReadOptions};
use crate::store::layout;
use crate::store::{HiddenIndex, HiddenLines, SegmentRef, State, Store};

impl Facts {
    /// Looks them up for a version of a store.
    pub fn gather(store: &Store, state: &State) -> Result<Self> {
        let index = HiddenIndex::new(state);
        let mut shown = BTreeMap::new();
        for (_, segment) in state.segments() {
            let hidden = index.in_segment(&segment.meta, segment.seq);
            if !hidden.is_empty() {
                shown.insert(segment.meta.path.clone(), rows_shown(store, segment, &hidden)?);
            }
        }
        Ok(Self {
            shown,
            free_bytes: Some(fs::free_bytes(store.dir())?),
            trash_bytes: trash_bytes(store)?,
            bad_copies: BTreeSet::new(),
        })
    }
}

/// How many rows of a segment are shown, by source: its line numbers have to be read, for a hidden range may hold lines
/// that are in other files.
fn rows_shown(
    store: &Store,
    segment: &SegmentRef,
    hidden: &HiddenLines,
) -> Result<Vec<(i32, u64)>> {
    let mut counts: BTreeMap<i32, u64> = BTreeMap::new();
    if hidden.covers_file(&segment.meta) {
        return Ok(Vec::new());
    }
    let file = store.open_file(&segment.meta)?;
    let columns = [Col::SourceId, Col::LineNo];
    for batch in reader::rows(&file, &columns, &ReadOptions::default())? {
        let batch = batch?;
        let ids = batch.column(0).as_primitive_opt::<Int32Type>();
        let lines = batch.column(1).as_primitive_opt::<Int64Type>();
        let (Some(ids), Some(lines)) = (ids, lines) else {
            return Err(Error::integrity(file.path(), "lines without numbers"));
        };
        for at in 0..ids.len() {
            if !hidden.covers(ids.value(at), lines.value(at)) {
                *counts.entry(ids.value(at)).or_default() += 1;
            }
        }
    }
    Ok(counts.into_iter().collect())
}

/// Bytes of what was moved away and waits to be deleted.
fn trash_bytes(store: &Store) -> Result<u64> {
    let trash = store.dir().join(layout::TRASH);
    let mut bytes = 0;
    for version in fs::list_if_there(&**store.fs(), &trash)? {
        let folder = trash.join(version);
        if !folder.is_dir() {
            continue;
        }
        for name in fs::list_if_there(&**store.fs(), &folder)? {
            bytes += std::fs::metadata(folder.join(name)).map_or(0, |it| it.len());
        }
    }
    Ok(bytes)
}
