//! `system.retired`: which days, or parts of days, has retention removed, when and why? Each row is a receipt.

use std::sync::Arc;

use arrow::array::{
    Date32Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;

use super::{Facts, SystemTable, count, number, text, time};

pub(super) static TABLE: SystemTable = SystemTable { name: "retired", schema, rows };

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("day", DataType::Date32, false),
        time("retired_at"),
        number("rows"),
        number("bytes"),
        number("sources"),
        // How many seals stood over the day.
        number("seals"),
        text("why"),
        // Number of the record that keeps the digests of the files.
        number("seq"),
    ])
}

fn rows(facts: &Facts, schema: SchemaRef) -> Result<RecordBatch> {
    let retired = facts.state.retired.iter();
    let all: Vec<_> =
        retired.flat_map(|(day, parts)| parts.iter().map(move |part| (day, part))).collect();
    let numbers = |of: fn(&storage::store::RetiredDay) -> u64| {
        Arc::new(Int64Array::from_iter_values(all.iter().map(|(_, part)| count(of(part)))))
    };
    let batch = RecordBatch::try_new(
        schema,
        vec![
            Arc::new(Date32Array::from_iter_values(all.iter().map(|(day, _)| day.0))),
            Arc::new(TimestampMicrosecondArray::from_iter_values(
                all.iter().map(|(_, part)| part.at),
            )),
            numbers(|part| part.sources.iter().map(|(_, rows)| rows).sum()),
            numbers(|part| part.bytes),
            numbers(|part| part.sources.len() as u64),
            numbers(|part| part.seals.len() as u64),
            Arc::new(StringViewArray::from_iter_values(all.iter().map(|(_, part)| &part.why))),
            numbers(|part| part.seq),
        ],
    )?;
    Ok(batch)
}
