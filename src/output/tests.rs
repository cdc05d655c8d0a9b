//! Every format on one small result with everything that may go wrong in it.

use std::io::Read;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringViewArray,
    TimestampMicrosecondArray,
};

use super::*;

fn sample() -> RecordBatch {
    let time = TimestampMicrosecondArray::from(vec![Some(1_795_169_425_918_000), None, Some(0)]);
    let text = StringViewArray::from(vec![Some("a,\"b\"|\u{1b}[2J\n"), Some(""), None]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("ts", Arc::new(time)),
        ("user_agent", Arc::new(text)),
        ("n", Arc::new(Int64Array::from(vec![Some(9_007_199_254_740_993), None, Some(-1)]))),
        ("score", Arc::new(Float64Array::from(vec![Some(0.5), Some(1.0), None]))),
        ("odd", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("day", Arc::new(Date32Array::from(vec![Some(20_777), None, None]))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn written(format: Format, batches: &[RecordBatch]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    let schema = sample().schema();
    let mut writer = writer(format, &schema, Target::open(Some(&path)).unwrap()).unwrap();
    assert!(!path.exists(), "the file appears only when it is whole");
    for batch in batches {
        writer.batch(batch).unwrap();
    }
    writer.finish().unwrap();
    let mut bytes = Vec::new();
    std::fs::File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    bytes
}

fn text(format: Format) -> String {
    String::from_utf8(written(format, &[sample()])).unwrap()
}

#[test]
fn csv_is_exact() {
    insta::assert_snapshot!(text(Format::Csv).escape_debug().to_string().replace("\\n", "\n"));
    let empty = String::from_utf8(written(Format::Csv, &[])).unwrap();
    assert_eq!(empty, "ts,user_agent,n,score,odd,day\n");
}

#[test]
fn json_keeps_types() {
    insta::assert_snapshot!(text(Format::Json));
    let parsed: serde_json::Value = serde_json::from_str(&text(Format::Json)).unwrap();
    assert_eq!(parsed[0]["n"], 9_007_199_254_740_993_i64);
    assert_eq!(parsed[0]["user_agent"], "a,\"b\"|\u{1b}[2J\n");
    assert_eq!(String::from_utf8(written(Format::Json, &[])).unwrap(), "[]\n");
    assert_eq!(text(Format::Ndjson).lines().count(), 3);
}

#[test]
fn tables_for_people() {
    insta::assert_snapshot!("table", text(Format::Table));
    insta::assert_snapshot!("markdown", text(Format::Markdown));
    insta::assert_snapshot!("vertical", text(Format::Vertical));
    for format in [Format::Table, Format::Markdown, Format::Vertical] {
        assert!(!text(format).contains('\u{1b}'), "{format:?}");
    }
}

#[test]
fn parquet_and_arrow_come_back() {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let bytes = written(Format::Parquet, &[sample()]);
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    assert_eq!(batch.num_rows(), 3);
    assert_eq!(batch.schema().field(0).data_type().to_string(), "Timestamp(µs, \"UTC\")");
    let bytes = written(Format::Arrow, &[sample()]);
    let mut reader =
        arrow::ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap();
    assert_eq!(reader.next().unwrap().unwrap(), batch);
}

#[test]
fn a_cell_is_cut_with_a_mark() {
    assert_eq!(table::cut("abcdef", 6), "abcdef");
    assert_eq!(table::cut("abcdefg", 6), "abcde…");
    assert_eq!(table::cut("日本語", 4), "日…");
}
