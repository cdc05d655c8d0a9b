//! `system.restored`: which days of archives stand beside the live ones, since when and for how long?

use std::sync::Arc;

use arrow::array::{
    Date32Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use storage::store::{DayState, Restored};

use super::{Facts, SystemTable, count, number, text, time};

pub(super) static TABLE: SystemTable = SystemTable { name: "restored", schema, rows };

fn schema() -> Schema {
    Schema::new(vec![
        text("name"),
        Field::new("day", DataType::Date32, false),
        number("segments"),
        number("rows"),
        number("bytes"),
        text("origin"),
        number("seq"),
        time("restored_at"),
        time("until"),
    ])
}

fn rows(facts: &Facts, schema: SchemaRef) -> Result<RecordBatch> {
    let sets = facts.state.restored.values();
    let days: Vec<(&Restored, i32, &DayState)> =
        sets.flat_map(|set| set.days.iter().map(|(day, held)| (&**set, day.0, held))).collect();
    let numbers = |of: fn(&DayState) -> u64| {
        Arc::new(Int64Array::from_iter_values(days.iter().map(|(_, _, held)| count(of(held)))))
    };
    let words = |of: fn(&Restored) -> &String| {
        Arc::new(StringViewArray::from_iter_values(days.iter().map(|(set, ..)| of(set))))
    };
    let times = |of: fn(&Restored) -> Option<i64>| {
        Arc::new(days.iter().map(|(set, ..)| of(set)).collect::<TimestampMicrosecondArray>())
    };
    let seqs = days.iter().map(|(set, ..)| count(set.seq));
    let batch = RecordBatch::try_new(
        schema,
        vec![
            words(|set| &set.name),
            Arc::new(Date32Array::from_iter_values(days.iter().map(|(_, day, _)| *day))),
            numbers(|held| held.segments.len() as u64),
            numbers(|held| held.segments.iter().map(|segment| segment.meta.rows).sum()),
            numbers(|held| held.segments.iter().map(|segment| segment.meta.bytes).sum()),
            words(|set| &set.origin),
            Arc::new(Int64Array::from_iter_values(seqs)),
            times(|set| Some(set.at)),
            times(|set| set.until),
        ],
    )?;
    Ok(batch)
}
