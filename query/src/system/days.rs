//! `system.days`: which days does the store hold, and how much of each?

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{
    Date32Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use storage::day::Day;
use storage::store::{DayState, HiddenIndex, SegmentRef};

use super::{Facts, SystemTable, count, number, text, time};

pub(super) static TABLE: SystemTable = SystemTable { name: "days", schema, rows };

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("day", DataType::Date32, false),
        number("segments"),
        number("rows"),
        number("bytes"),
        number("sources"),
        time("first_ts"),
        time("last_ts"),
        // Rows of the day that retention has removed; a day without any row left stands in system.retired only.
        number("retired"),
        // The holds over it, by number.
        text("holds"),
        // The seals over it: its own and those of its addenda.
        number("seals"),
        // Rows that stand under no seal yet, hidden ones too.
        number("unsealed"),
    ])
}

fn rows(facts: &Facts, schema: SchemaRef) -> Result<RecordBatch> {
    let index = HiddenIndex::new(&facts.state);
    // What a later record has hidden whole (a corrected clock, say) is no longer part of the day.
    let shows = |one: &&SegmentRef| !index.in_segment(&one.meta, one.seq).covers_file(&one.meta);
    let shown = facts.state.days.iter().map(|(day, held)| {
        (
            day,
            DayState {
                segments: held.segments.iter().filter(shows).cloned().collect(),
                ..held.clone()
            },
        )
    });
    let days: Vec<_> = shown.filter(|(_, day)| !day.segments.is_empty()).collect();
    let numbers = |of: fn(&DayState) -> u64| {
        Arc::new(Int64Array::from_iter_values(days.iter().map(|(_, day)| count(of(day)))))
    };
    let times = |of: fn(&DayState) -> Option<i64>| {
        Arc::new(days.iter().map(|(_, day)| of(day)).collect::<TimestampMicrosecondArray>())
    };
    let retired = |day: &Day| -> u64 {
        let parts = facts.state.retired.get(day).into_iter().flatten();
        parts.flat_map(|part| &part.sources).map(|(_, rows)| rows).sum()
    };
    let holds = |day: &Day| -> String {
        let ids = storage::hold::protects(&facts.state, *day, facts.now_us);
        ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let batch = RecordBatch::try_new(
        schema,
        vec![
            Arc::new(Date32Array::from_iter_values(days.iter().map(|(day, _)| day.0))),
            numbers(|day| day.segments.len() as u64),
            numbers(|day| day.segments.iter().map(|one| one.meta.rows).sum()),
            numbers(|day| day.segments.iter().map(|one| one.meta.bytes).sum()),
            numbers(sources),
            times(|day| day.segments.iter().map(|one| one.meta.min_ts).min()),
            times(|day| day.segments.iter().map(|one| one.meta.max_ts).max()),
            Arc::new(Int64Array::from_iter_values(days.iter().map(|(day, _)| count(retired(day))))),
            Arc::new(StringViewArray::from_iter_values(days.iter().map(|(day, _)| holds(day)))),
            numbers(|day| day.seals.len() as u64),
            numbers(|day| {
                let open = day.segments.iter().filter(|one| one.seal.is_none());
                open.map(|one| one.meta.rows).sum()
            }),
        ],
    )?;
    Ok(batch)
}

fn sources(day: &DayState) -> u64 {
    let ranges = day.segments.iter().flat_map(|one| &one.meta.sources);
    ranges.map(|range| range.source_id).collect::<BTreeSet<_>>().len() as u64
}
