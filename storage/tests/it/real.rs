//! Extents whose files are real segments, for what reads their bytes.

use std::sync::Arc;

use dwell_storage::extent::Extent;
use dwell_storage::schema::Col;
use dwell_storage::segment::{
    Coded, ColumnData, LineEntry, LinesWriter, RowGroup, SegmentHeader, SegmentWriter, SourceRange,
    encode,
};
use dwell_storage::store::{Outcome, Store, Transaction};
use dwell_storage::{Day, Result};

use crate::world::{NOON, options, outline};

fn rows(source_id: i32, first_line: i64, rows: u64, day: Day) -> RowGroup {
    let mut columns = vec![ColumnData::Null; Col::stored().len()];
    let mut set = |col: Col, data: ColumnData| columns[col as usize] = data;
    let count = rows as i64;
    let ts = (0..count).map(|row| day.start() + 1_000_000 * row).collect();
    set(Col::Ts, ColumnData::Int64 { values: ts, valid: None });
    set(Col::TsQuality, ColumnData::ConstText("exact".into()));
    set(Col::Verdict, ColumnData::ConstText("allowed".into()));
    set(Col::Parse, ColumnData::ConstText("ok".into()));
    set(Col::SourceId, ColumnData::ConstInt32(source_id));
    let lines = (first_line..first_line + count).collect();
    set(Col::LineNo, ColumnData::Int64 { values: lines, valid: None });
    let mut hosts = Coded::default();
    for row in 0..rows {
        hosts.codes.push(hosts.values.push(format!("{row}.example").as_bytes()));
    }
    set(Col::Host, ColumnData::Text(hosts));
    RowGroup { rows: rows as usize, columns }
}

/// Ten lines of the file at `path` from line `first`: nine rows over two days, one line in quarantine.
pub(crate) fn extent(store: &Store, tx: &Transaction, path: &str, first: i64) -> Result<Extent> {
    with_files(store, tx, outline(path, first, 10))
}

/// Writes the files of such an extent.
pub(crate) fn with_files(store: &Store, tx: &Transaction, mut extent: Extent) -> Result<Extent> {
    let first = extent.first_line;
    let json = extent.footer_json(tx.source_id())?;
    let today = Day::of(NOON);
    let header = |day| SegmentHeader {
        store_id: store.id().to_owned(),
        day,
        transaction: tx.id().to_owned(),
    };
    let range = |first_line, rows: u64| SourceRange {
        source_id: tx.source_id(),
        first_line,
        last_line: first_line + rows as i64 - 1,
        rows,
    };
    for (day, from, count) in [(today, first, 4), (Day(today.0 - 1), first + 4, 5)] {
        let mut writer = SegmentWriter::create(tx.fs(), tx.dir(), header(day))?;
        writer.append(encode(&rows(tx.source_id(), from, count, day))?)?;
        writer.set_extent(json.clone());
        extent.segments.push((day, writer.finish(vec![range(from, count)])?));
    }
    let mut writer = LinesWriter::create(tx.fs(), tx.dir(), header(today))?;
    writer.append(&LineEntry {
        source_id: tx.source_id(),
        line_no: first + 9,
        byte_offset: 10 * (first + 8),
        kind: "quarantined",
        reason: Some("bad_time"),
        bytes: b"what is no",
    })?;
    writer.set_extent(json);
    extent.lines = Some(writer.finish(vec![range(first + 9, 1)])?);
    Ok(extent)
}

/// Stores ten lines more of the made-up file at `path`, in real segments.
pub(crate) fn ingest(store: &Arc<Store>, path: &str) -> Result<Outcome> {
    let state = store.refresh()?;
    let known = state.sources.values().find(|it| it.path == std::path::Path::new(path));
    let (tx, first) = match known {
        Some(source) => (store.begin_for(source.id)?, source.next_line()),
        None => (store.begin()?, 1),
    };
    let extent = extent(store, &tx, path, first)?;
    tx.commit(&extent, &options())
}
