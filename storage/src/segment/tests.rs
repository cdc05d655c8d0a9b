//! Both encoders against each other, and the whole way: row group, file, verified reading.

use arrow::array::{AsArray as _, RecordBatch};
use arrow::compute::concat_batches;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use proptest::prelude::*;
use tempfile::TempDir;

use super::reader::{self, ReadOptions};
use super::*;
use crate::day::Day;
use crate::fs;
use crate::schema::{Col, ColumnType, stored_schema};

mod encrypted;

type Encoder = fn(&RowGroup) -> crate::Result<EncodedRowGroup>;

fn header() -> SegmentHeader {
    SegmentHeader { store_id: "s".into(), day: Day(20_000), transaction: "7".into() }
}

fn write(dir: &TempDir, groups: &[RowGroup], encoder: Encoder) -> FileMeta {
    let mut writer = SegmentWriter::create(&fs::real(), dir.path(), header()).unwrap();
    for group in groups {
        writer.append(encoder(group).unwrap()).unwrap();
    }
    let rows = writer.rows();
    writer.finish(vec![SourceRange { source_id: 3, first_line: 1, last_line: 9, rows }]).unwrap()
}

fn read(dir: &TempDir, meta: &FileMeta) -> RecordBatch {
    let file = VerifiedFile::open(dir.path().join(&meta.path), meta).unwrap();
    let batches = reader::rows(&file, Col::stored(), &ReadOptions::default()).unwrap();
    let batches: Vec<_> = batches.collect::<crate::Result<_>>().unwrap();
    concat_batches(&stored_schema(), &batches).unwrap()
}

/// Some rows with every kind of column.
fn small(rows: usize) -> RowGroup {
    let mut columns = vec![ColumnData::Null; Col::stored().len()];
    let text = |values: &[&str], every: usize| {
        let mut coded = Coded::default();
        values.iter().for_each(|value| _ = coded.values.push(value.as_bytes()));
        let code = |row: usize| {
            if row.is_multiple_of(every) { (row % values.len()) as u32 } else { NULL_CODE }
        };
        coded.codes = (0..rows).map(code).collect();
        ColumnData::Text(coded)
    };
    let ts = (0..rows as i64).map(|row| 1_728_000_000_000_000 + row * 1_000_003).collect();
    columns[Col::Ts as usize] = ColumnData::Int64 { values: ts, valid: None };
    columns[Col::TsQuality as usize] = ColumnData::ConstText("exact".into());
    columns[Col::Verdict as usize] = text(&["allowed"], 1);
    columns[Col::Parse as usize] = ColumnData::ConstText("ok".into());
    columns[Col::SourceId as usize] = ColumnData::ConstInt32(3);
    columns[Col::LineNo as usize] =
        ColumnData::Int64 { values: (1..=rows as i64).collect(), valid: None };
    columns[Col::Host as usize] = text(&["a.example", "b.example", "c.example"], 1);
    columns[Col::User as usize] = text(&["ann", "bob"], 2);
    columns[Col::Status as usize] =
        ColumnData::Int32((0..rows).map(|row| (row % 5 != 0).then_some(200)).collect());
    columns[Col::DurationMs as usize] = ColumnData::Int64 {
        values: (0..rows as i64).map(|row| if row % 3 == 0 { 0 } else { row * 7 % 1000 }).collect(),
        valid: Some((0..rows).map(|row| row % 3 != 0).collect()),
    };
    RowGroup { rows, columns }
}

#[test]
fn a_segment_goes_out_and_comes_back() {
    let dir = TempDir::new().unwrap();
    let meta = write(&dir, &[small(100), small(1)], encode);
    assert_eq!(meta.path, "7-00.parquet");
    assert_eq!(meta.rows, 101);
    assert_eq!(meta.min_ts, 1_728_000_000_000_000);
    assert_eq!(meta.max_ts, 1_728_000_000_000_000 + 99 * 1_000_003);
    assert_eq!(read(&dir, &meta).num_rows(), 101);
    let path = dir.path().join(&meta.path);
    check_file(&path, &meta).unwrap();
    assert_eq!(describe(&path).unwrap(), meta);
    let inspection = inspect(&path).unwrap();
    assert_eq!(inspection.rows, 101);
    assert_eq!(inspection.row_groups.len(), 2);
    let status = inspection.columns.iter().find(|column| column.name == "status").unwrap();
    assert_eq!((status.min, status.max, status.nulls), (Some(200), Some(200), Some(21)));
    let keys = footer(&path).unwrap();
    assert_eq!(keys[key::STORE], "s");
    assert_eq!(keys[key::DAY], "2024-10-04");
    let oracle = TempDir::new().unwrap();
    let same = write(&oracle, &[small(100), small(1)], encode_with_arrow);
    assert_eq!(read(&oracle, &same), read(&dir, &meta));
    assert_eq!(same.stats, meta.stats);
}

#[test]
fn long_columns_have_pages_that_can_be_skipped() {
    let rows = PAGE_ROWS * 2 + 100;
    let dir = TempDir::new().unwrap();
    let group = small(rows);
    let meta = write(&dir, std::slice::from_ref(&group), encode);
    let oracle = write(&dir, &[group], encode_with_arrow);
    let whole = read(&dir, &meta);
    assert_eq!(whole, read(&dir, &oracle));
    let file = VerifiedFile::open(dir.path().join(&meta.path), &meta).unwrap();
    let index = file.metadata().offset_index().unwrap();
    assert_eq!(index[0][Col::Ts as usize].page_locations().len(), 3);
    let metadata =
        ArrowReaderMetadata::try_new(file.metadata().clone(), Default::default()).unwrap();
    let selection =
        RowSelection::from_consecutive_ranges([40_000..40_100, 65_530..65_540].into_iter(), rows);
    let selected = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
        .with_row_selection(selection)
        .build()
        .unwrap();
    let batches: Vec<_> = selected.collect::<Result<_, _>>().unwrap();
    let selected = concat_batches(&stored_schema(), &batches).unwrap();
    let expected = [whole.slice(40_000, 100), whole.slice(65_530, 10)];
    assert_eq!(selected, concat_batches(&stored_schema(), &expected).unwrap());
}

#[test]
fn bloom_filters_know_the_values() {
    let dir = TempDir::new().unwrap();
    let meta = write(&dir, &[small(100)], encode);
    let file = VerifiedFile::open(dir.path().join(&meta.path), &meta).unwrap();
    let properties = ReaderProperties::builder().set_read_bloom_filter(true).build();
    let options = ReadOptionsBuilder::new().with_reader_properties(properties).build();
    let reader = SerializedFileReader::new_with_options(file, options).unwrap();
    let group = reader.get_row_group(0).unwrap();
    let host = group.get_column_bloom_filter(Col::Host as usize).unwrap();
    assert!(host.check("b.example") && !host.check("d.example"));
    assert!(group.get_column_bloom_filter(Col::User as usize).unwrap().check("ann"));
    assert!(group.get_column_bloom_filter(Col::Path as usize).is_none());
}

/// Whatever both encoders say of a column chunk, they say the same.
fn check_statistics(dir: &TempDir, ours: &FileMeta, oracle: &FileMeta) {
    let open = |meta: &FileMeta| VerifiedFile::open(dir.path().join(&meta.path), meta).unwrap();
    let (ours, oracle) = (open(ours), open(oracle));
    for (group, other) in ours.metadata().row_groups().iter().zip(oracle.metadata().row_groups()) {
        for (chunk, other) in group.columns().iter().zip(other.columns()) {
            let (chunk, other) = (chunk.statistics().unwrap(), other.statistics().unwrap());
            assert_eq!(chunk.null_count_opt(), other.null_count_opt());
            if chunk.min_bytes_opt().is_some() && chunk.min_is_exact() && other.min_is_exact() {
                assert_eq!(chunk.min_bytes_opt(), other.min_bytes_opt());
            }
            if chunk.max_bytes_opt().is_some() && chunk.max_is_exact() && other.max_is_exact() {
                assert_eq!(chunk.max_bytes_opt(), other.max_bytes_opt());
            }
        }
    }
    let (Some(ours), Some(oracle)) =
        (ours.metadata().column_index(), oracle.metadata().column_index())
    else {
        panic!("no page index")
    };
    for (ours, oracle) in ours.iter().flatten().zip(oracle.iter().flatten()) {
        use parquet::file::page_index::column_index::ColumnIndexMetaData as Index;
        match (ours, oracle) {
            (Index::INT32(ours), Index::INT32(oracle)) => {
                assert!(ours.min_values_iter().eq(oracle.min_values_iter()));
                assert!(ours.max_values_iter().eq(oracle.max_values_iter()));
            }
            (Index::INT64(ours), Index::INT64(oracle)) => {
                assert!(ours.min_values_iter().eq(oracle.min_values_iter()));
                assert!(ours.max_values_iter().eq(oracle.max_values_iter()));
            }
            _ => {}
        }
    }
}

fn is_send<T: Send>() {}

#[test]
fn lines_go_out_and_come_back() {
    let dir = TempDir::new().unwrap();
    let mut writer = LinesWriter::create(&fs::real(), dir.path(), header()).unwrap();
    for line_no in 0..1000 {
        let bytes = vec![b'x'; (line_no % 50) as usize];
        let reason = (line_no % 2 == 0).then_some("bad_time");
        let kind = if reason.is_some() { "quarantined" } else { "header" };
        let entry = LineEntry {
            source_id: 1,
            line_no,
            byte_offset: line_no * 9,
            kind,
            reason,
            bytes: &bytes,
        };
        writer.append(&entry).unwrap();
    }
    let meta = writer.finish(Vec::new()).unwrap();
    let path = dir.path().join(&meta.path);
    let file = VerifiedFile::open(&path, &meta).unwrap();
    is_send::<(reader::Batches, SegmentWriter, LinesWriter, EncodedRowGroup)>();
    let all = reader::batches(&path, &meta, &["bytes"], None, 100).unwrap();
    assert_eq!(all.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 1000);
    let lines = reader::row_group_lines(&file).unwrap();
    assert_eq!(lines, [reader::GroupLines { first_line: 0, last_line: 999, rows: 1000 }]);
    let batches: Vec<_> = reader::lines(&file, &ReadOptions::default())
        .unwrap()
        .collect::<crate::Result<_>>()
        .unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 1000);
    assert_eq!(describe(&path).unwrap(), meta);
}

#[test]
fn long_lines_have_pages_of_their_own() {
    let dir = TempDir::new().unwrap();
    let mut writer = LinesWriter::create(&fs::real(), dir.path(), header()).unwrap();
    let lines: Vec<Vec<u8>> = (0..12u8).map(|n| vec![n; 3 << 19]).collect();
    for (line, line_no) in lines.iter().zip(1..) {
        let entry = LineEntry {
            source_id: 1,
            line_no,
            byte_offset: line_no * (3 << 19),
            kind: "quarantined",
            reason: Some("line_too_long"),
            bytes: line,
        };
        writer.append(&entry).unwrap();
    }
    let meta = writer.finish(Vec::new()).unwrap();
    let path = dir.path().join(&meta.path);
    let groups = reader::row_group_lines(&VerifiedFile::open(&path, &meta).unwrap()).unwrap();
    assert_eq!(groups.iter().map(|group| group.rows).collect::<Vec<_>>(), [6, 6]);
    let batches = reader::batches(&path, &meta, &["bytes"], Some(vec![1]), 4).unwrap();
    let mut back = Vec::new();
    for batch in batches {
        back.extend(
            batch.unwrap().column(0).as_binary::<i32>().iter().map(|line| line.unwrap().to_vec()),
        );
    }
    assert_eq!(back, lines[6..]);
}

#[test]
fn any_flipped_bit_is_noticed_when_read() {
    let dir = TempDir::new().unwrap();
    let meta = write(&dir, &[small(300)], encode);
    let path = dir.path().join(&meta.path);
    let good = std::fs::read(&path).unwrap();
    for bit in (0..good.len() * 8).step_by(37) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &bad).unwrap();
        assert!(check_file(&path, &meta).is_err());
        let outcome = VerifiedFile::open(&path, &meta).and_then(|file| {
            reader::rows(&file, Col::stored(), &ReadOptions::default())?
                .collect::<crate::Result<Vec<_>>>()
        });
        assert_eq!(outcome.unwrap_err().kind(), crate::ErrorKind::Integrity, "bit {bit}");
        // Not against a ledger, but never a panic, either.
        let _ = describe(&path);
        let _ = footer(&path);
        let _ = inspect(&path);
    }
    std::fs::write(&path, &good[..good.len() - 1]).unwrap();
    assert_eq!(VerifiedFile::open(&path, &meta).unwrap_err().kind(), crate::ErrorKind::Integrity);
}

#[test]
fn pages_of_nonsense_never_get_further_than_an_error() {
    let group = small(500);
    let mut seed = 1u64;
    let mut failed = 0;
    for _ in 0..300 {
        let mut encoded = encode(&group).unwrap();
        let encode::Chunks::Own(chunks) = &mut encoded.chunks else { unreachable!() };
        for chunk in chunks {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let mut bytes = chunk.bytes.to_vec();
            let at = (seed >> 33) as usize % bytes.len();
            bytes[at] ^= (seed >> 20) as u8 & 0x7f;
            chunk.bytes = bytes.into();
        }
        let dir = TempDir::new().unwrap();
        let mut writer = SegmentWriter::create(&fs::real(), dir.path(), header()).unwrap();
        writer.append(encoded).unwrap();
        let meta = writer.finish(Vec::new()).unwrap();
        // The digests are those of the nonsense, so that it reaches the decoder.
        let file = VerifiedFile::open(dir.path().join(&meta.path), &meta).unwrap();
        for &col in Col::stored() {
            let rows = reader::rows(&file, &[col], &ReadOptions::default());
            let batches = rows.and_then(|rows| rows.collect::<crate::Result<Vec<_>>>());
            if let Err(error) = batches {
                assert_eq!(error.kind(), crate::ErrorKind::Integrity, "{error}");
                failed += 1;
            }
        }
    }
    assert!(failed > 100, "{failed}");
}

#[test]
fn broken_row_groups_are_refused() {
    let mut short = small(4);
    short.columns[Col::LineNo as usize] = ColumnData::Int64 { values: vec![1], valid: None };
    let mut null = small(4);
    null.columns[Col::Verdict as usize] = ColumnData::Null;
    let mut code = small(4);
    let coded = Coded { codes: vec![0; 4], ..Coded::default() };
    code.columns[Col::Host as usize] = ColumnData::Text(coded);
    let mut bytes = small(4);
    let mut coded = Coded { codes: vec![0; 4], ..Coded::default() };
    coded.values.push(b"\xff");
    bytes.columns[Col::Host as usize] = ColumnData::Text(coded);
    for group in [short, null, code, bytes] {
        assert_eq!(encode(&group).unwrap_err().kind(), crate::ErrorKind::Internal);
        assert_eq!(encode_with_arrow(&group).unwrap_err().kind(), crate::ErrorKind::Internal);
    }
}

/// A column of `rows` values of whatever kind the schema allows.
fn column(col: Col, rows: usize) -> BoxedStrategy<ColumnData> {
    let required = !stored_schema().field(col as usize).is_nullable();
    let validity = move || {
        let nulls =
            if required { Just(0).boxed() } else { prop_oneof![Just(0), 1..=10u32].boxed() };
        nulls.prop_flat_map(move |nulls| {
            proptest::collection::vec((0..10u32).prop_map(move |draw| draw >= nulls), rows)
        })
    };
    let coded = move |value: &'static str| {
        let values = proptest::collection::btree_set(value, 1..40);
        (values, proptest::collection::vec(any::<u32>(), rows), validity()).prop_map(
            |(values, draws, valid)| {
                let mut coded = Coded::default();
                values.iter().for_each(|value| _ = coded.values.push(value.as_bytes()));
                let codes = draws.iter().zip(&valid).map(|(draw, valid)| {
                    if *valid { draw % values.len() as u32 } else { NULL_CODE }
                });
                coded.codes = codes.collect();
                coded
            },
        )
    };
    let numbers = |top: i64| {
        prop_oneof![
            proptest::collection::vec(-3..top, rows),
            proptest::collection::vec(any::<i64>(), rows),
            any::<i64>().prop_map(move |first| (0..rows as i64)
                .map(|n| first.wrapping_add(n * 5))
                .collect()),
        ]
    };
    let values = match col.column().kind {
        ColumnType::Text => prop_oneof![
            3 => coded("[a-zé]{0,8}").prop_map(ColumnData::Text),
            1 => coded("\\PC{60,90}").prop_map(ColumnData::Text),
            1 => "[a-z]{0,9}".prop_map(ColumnData::ConstText),
        ]
        .boxed(),
        ColumnType::Binary => coded("\\PC{0,20}").prop_map(ColumnData::Binary).boxed(),
        ColumnType::Int32 => prop_oneof![
            (numbers(40), validity()).prop_map(|(values, valid)| {
                let values = values.iter().zip(valid);
                ColumnData::Int32(values.map(|(&v, ok)| ok.then_some(v as i32)).collect())
            }),
            any::<i32>().prop_map(ColumnData::ConstInt32),
        ]
        .boxed(),
        _ => (numbers(2000), validity())
            .prop_map(|(mut values, valid)| {
                if valid.iter().all(|&valid| valid) {
                    return ColumnData::Int64 { values, valid: None };
                }
                values
                    .iter_mut()
                    .zip(&valid)
                    .filter(|(_, valid)| !**valid)
                    .for_each(|(v, _)| *v = 0);
                ColumnData::Int64 { values, valid: Some(valid) }
            })
            .boxed(),
    };
    if required { values } else { prop_oneof![1 => Just(ColumnData::Null), 4 => values].boxed() }
}

fn row_groups() -> impl Strategy<Value = RowGroup> {
    prop_oneof![1..20usize, 120..140usize].prop_flat_map(|rows| {
        let columns: Vec<_> = Col::stored().iter().map(|&col| column(col, rows)).collect();
        columns.prop_map(move |columns| RowGroup { rows, columns })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn both_encoders_write_the_same_rows(groups in proptest::collection::vec(row_groups(), 1..3)) {
        let dir = TempDir::new().unwrap();
        let ours = write(&dir, &groups, encode);
        let oracle = write(&dir, &groups, encode_with_arrow);
        prop_assert_eq!(read(&dir, &ours), read(&dir, &oracle));
        prop_assert_eq!(&ours.stats, &oracle.stats);
        check_statistics(&dir, &ours, &oracle);
        prop_assert_eq!(&describe(&dir.path().join(&ours.path)).unwrap(), &ours);
    }
}
