//! `system.segments`: which files hold the rows?

use std::sync::Arc;

use arrow::array::{
    Date32Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;

use super::{Facts, SystemTable, count, number, text, time};

pub(super) static TABLE: SystemTable = SystemTable { name: "segments", schema, rows };

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("day", DataType::Date32, false),
        text("path"),
        number("seq"),
        number("rows"),
        number("bytes"),
        number("sources"),
        time("first_ts"),
        time("last_ts"),
        text("sha256"),
        // Number of the record of the seal that it stands under.
        Field::new("seal", DataType::Int64, true),
    ])
}

fn rows(facts: &Facts, schema: SchemaRef) -> Result<RecordBatch> {
    let segments: Vec<_> = facts.state.segments().collect();
    let metas = || segments.iter().map(|(_, segment)| &segment.meta);
    let digests: Vec<String> = metas().map(|meta| meta.sha256.to_string()).collect();
    let batch = RecordBatch::try_new(
        schema,
        vec![
            Arc::new(Date32Array::from_iter_values(segments.iter().map(|(day, _)| day.0))),
            Arc::new(StringViewArray::from_iter_values(metas().map(|meta| &meta.path))),
            Arc::new(Int64Array::from_iter_values(segments.iter().map(|(_, one)| count(one.seq)))),
            Arc::new(Int64Array::from_iter_values(metas().map(|meta| count(meta.rows)))),
            Arc::new(Int64Array::from_iter_values(metas().map(|meta| count(meta.bytes)))),
            Arc::new(Int64Array::from_iter_values(
                metas().map(|meta| count(meta.sources.len() as u64)),
            )),
            Arc::new(TimestampMicrosecondArray::from_iter_values(metas().map(|meta| meta.min_ts))),
            Arc::new(TimestampMicrosecondArray::from_iter_values(metas().map(|meta| meta.max_ts))),
            Arc::new(StringViewArray::from_iter_values(digests)),
            Arc::new(segments.iter().map(|(_, one)| one.seal.map(count)).collect::<Int64Array>()),
        ],
    )?;
    Ok(batch)
}
