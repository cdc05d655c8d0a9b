//! `system.sources`: which inputs went in, and what became of their lines?

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int32Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use storage::store::Source;

use super::{Facts, SystemTable, count, number, text, time};

pub(super) static TABLE: SystemTable = SystemTable { name: "sources", schema, rows };

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("source_id", DataType::Int32, false),
        text("path"),
        text("sha256"),
        text("format"),
        text("state"),
        number("bytes"),
        number("lines"),
        number("rows"),
        number("quarantined"),
        number("headers"),
        number("blank"),
        time("first_ts"),
        time("last_ts"),
        number("retired"),
        number("redacted"),
        // What `sha256` is: of the content itself, or keyed, so that nobody can test a guess at the content.
        text("digest"),
        // What a privacy rule took away: the fields for which byte-exactness is given up.
        Field::new("privacy", DataType::Utf8View, true),
        number("shift_us"),
    ])
}

fn rows(facts: &Facts, schema: SchemaRef) -> Result<RecordBatch> {
    let sources = &facts.state.sources;
    let numbers = |of: fn(&Source) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(sources.values().map(|source| count(of(source)))))
    };
    let words = |of: fn(&Source) -> String| -> ArrayRef {
        Arc::new(StringViewArray::from_iter_values(sources.values().map(|source| of(source))))
    };
    let times = |of: fn(&Source) -> Option<i64>| -> ArrayRef {
        Arc::new(sources.values().map(|source| of(source)).collect::<TimestampMicrosecondArray>())
    };
    let batch = RecordBatch::try_new(
        schema,
        vec![
            Arc::new(Int32Array::from_iter_values(sources.keys().copied())),
            words(|source| source.path.display().to_string()),
            words(|source| source.sha256.to_string()),
            words(|source| source.format.clone()),
            words(|source| source.state.name().to_owned()),
            numbers(|source| source.bytes),
            numbers(|source| source.counts.lines),
            numbers(|source| source.counts.rows),
            numbers(|source| source.counts.quarantined),
            numbers(|source| source.counts.headers),
            numbers(|source| source.counts.blank),
            times(|source| source.first_ts),
            times(|source| source.last_ts),
            numbers(|source| source.retired),
            numbers(|source| source.redacted),
            words(|source| match source.privacy {
                Some(_) => "hmac-sha256".into(),
                None => "sha256".into(),
            }),
            Arc::new(StringViewArray::from_iter(
                sources.values().map(|it| it.privacy.as_ref().map(|it| it.rule.describe())),
            )),
            Arc::new(Int64Array::from_iter_values(sources.values().map(|source| source.shift_us))),
        ],
    )?;
    Ok(batch)
}
