//! Is the root that of the lines in their order, whatever files they lie in, in whatever windows it is computed?

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::file::SealFile;
use super::rows::{Line, LineSource, RowsFile, SealedRows, leaf};
use crate::day::Day;
use crate::digest::Digest;
use crate::error::Result;
use crate::ledger::tree;
use crate::schema::Col;
use crate::segment::{
    ColumnData, FileMeta, RowGroup, SegmentHeader, SegmentWriter, SourceRange, VerifiedFile, encode,
};
use crate::store::Source;

/// Source, line, and what tells this row from others of the same line.
type Row = (i32, i64, u64);

/// Gives back what was written, file by file.
struct Known(BTreeMap<String, Vec<Row>>);

fn text(row: &Row) -> Vec<u8> {
    format!("{row:?}").into_bytes()
}

impl LineSource for Known {
    fn lines(
        &self,
        file: &VerifiedFile,
        _seq: u64,
        _sources: &BTreeMap<i32, Arc<Source>>,
        wanted: &dyn Fn(u64) -> bool,
        visit: &mut dyn FnMut(Line<'_>) -> Result<()>,
    ) -> Result<()> {
        let name = file.path().file_name().unwrap().to_string_lossy().into_owned();
        for (row, it) in (0..).zip(&self.0[&name]).filter(|(row, _)| wanted(*row)) {
            visit(Line { row, source_id: it.0, line_no: it.1, bytes: &text(it) })?;
        }
        Ok(())
    }
}

/// Writes a segment with these rows.
fn write(dir: &Path, nth: u64, rows: &[Row]) -> RowsFile {
    let mut columns = vec![ColumnData::Null; Col::stored().len()];
    let mut set = |col: Col, data: ColumnData| columns[col as usize] = data;
    let numbers = |of: &dyn Fn(&Row) -> i64| ColumnData::Int64 {
        values: rows.iter().map(of).collect(),
        valid: None,
    };
    set(Col::Ts, numbers(&|_| 0));
    set(Col::TsQuality, ColumnData::ConstText("exact".into()));
    set(Col::Verdict, ColumnData::ConstText("allowed".into()));
    set(Col::Parse, ColumnData::ConstText("ok".into()));
    set(Col::SourceId, ColumnData::Int32(rows.iter().map(|row| Some(row.0)).collect()));
    set(Col::LineNo, numbers(&|row| row.1));
    let header =
        SegmentHeader { store_id: "store".into(), day: Day(0), transaction: format!("tx{nth}") };
    let mut writer = SegmentWriter::create(&crate::fs::real(), dir, header).unwrap();
    writer.append(encode(&RowGroup { rows: rows.len(), columns }).unwrap()).unwrap();
    let range = SourceRange { source_id: 1, first_line: 1, last_line: 9, rows: rows.len() as u64 };
    RowsFile { meta: Arc::new(writer.finish(vec![range]).unwrap()), seq: nth }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_root_depends_on_the_lines_alone(
        lines in proptest::collection::vec((1..4_i32, 1..12_i64, 0..4_u64, any::<bool>()), 1..60),
        window in 1..70_u64,
        secret: [u8; 32],
        turn: bool,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut files: BTreeMap<u64, Vec<(Row, bool)>> = BTreeMap::new();
        for (nth, (source_id, line_no, file, goes)) in (0..).zip(lines) {
            files.entry(file).or_default().push(((source_id, line_no, nth), goes));
        }
        // The plain way: all rows in the order of source, line and file.
        let mut all: Vec<(Row, u64, usize, bool)> = Vec::new();
        for (file, rows) in &files {
            all.extend(rows.iter().enumerate().map(|(at, (row, goes))| (*row, *file, at, *goes)));
        }
        all.sort_by_key(|(row, file, at, _)| (row.0, row.1, *file, *at));
        let mut salts = SealFile::of_secret(all.len() as u64, secret).unwrap();
        let mut leaves = Vec::new();
        salts.each_salt(0, u64::MAX, &mut |index, salt| {
            leaves.push(leaf(salt, &text(&all[index as usize].0)));
        });
        let root = tree::root(&leaves);
        let kept = all.iter().filter(|(.., goes)| !goes).count();
        for leave in [false, true] {
            if leave {
                let gone = (0..).zip(&all).filter(|(_, (.., goes))| *goes);
                let gone: Vec<(u64, Digest)> =
                    gone.map(|(index, _)| (index, leaves[index as usize])).collect();
                salts.remove(gone).unwrap();
            }
            let mut known = Known(BTreeMap::new());
            let mut written = Vec::new();
            for (nth, rows) in &files {
                let rows = rows.iter().filter(|(_, goes)| !(leave && *goes));
                let rows: Vec<Row> = rows.map(|(row, _)| *row).collect();
                if !rows.is_empty() {
                    let file = write(dir.path(), *nth, &rows);
                    known.0.insert(file.meta.path.clone(), rows);
                    written.push(file);
                }
            }
            if turn {
                written.reverse();
            }
            let open = |meta: &FileMeta| VerifiedFile::open(dir.path().join(&meta.path), meta);
            let sources = BTreeMap::new();
            let mut rows = SealedRows::new(written, &open, &sources, &known);
            rows.window = window;
            let mut seen = Vec::new();
            let found = rows
                .fold(&salts, &mut |line, paths| {
                    paths.want(line.index);
                    seen.push(line.index);
                    Ok(())
                })
                .unwrap();
            prop_assert_eq!(found.root, root);
            let expected = if leave { kept } else { all.len() };
            prop_assert_eq!((seen.len(), found.paths.len()), (expected, expected));
            let size = leaves.len() as u64;
            for (index, path) in found.paths {
                let leaf = &leaves[index as usize];
                prop_assert!(tree::verify_inclusion(leaf, index, size, &path, &root));
            }
        }
    }
}
