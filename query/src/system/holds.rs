//! `system.holds`: which days may not be removed, why, for whom, and since when?

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use storage::store::HoldState;

use super::{Facts, SystemTable, count, number, text, time};

pub(super) static TABLE: SystemTable = SystemTable { name: "holds", schema, rows };

fn schema() -> Schema {
    Schema::new(vec![
        number("id"),
        // active, ended (by its own date), released
        text("state"),
        // 2026-11-01..2026-11-20, 2026-12-01
        text("days"),
        // The condition over `requests` that says which days, where there is one.
        Field::new("query", DataType::Utf8View, true),
        time("until"),
        text("reason"),
        text("case_id"),
        text("by"),
        time("placed_at"),
        time("released_at"),
        // How many live days it protects now.
        number("live_days"),
    ])
}

fn rows(facts: &Facts, schema: SchemaRef) -> Result<RecordBatch> {
    let holds: Vec<&HoldState> = facts.state.holds.values().map(|hold| &**hold).collect();
    let words = |of: &dyn Fn(&HoldState) -> String| -> ArrayRef {
        Arc::new(StringViewArray::from_iter_values(holds.iter().map(|hold| of(hold))))
    };
    let times = |of: fn(&HoldState) -> Option<i64>| -> ArrayRef {
        Arc::new(holds.iter().map(|hold| of(hold)).collect::<TimestampMicrosecondArray>())
    };
    let queries = holds.iter().map(|hold| {
        let query = hold.words.get("where");
        (!query.is_empty()).then_some(query)
    });
    let live = |hold: &HoldState| {
        let days = facts.state.days.keys().filter(|day| hold.covers(**day));
        if hold.is_active(facts.now_us) { days.count() as u64 } else { 0 }
    };
    let batch = RecordBatch::try_new(
        schema,
        vec![
            Arc::new(Int64Array::from_iter_values(holds.iter().map(|hold| count(hold.id)))),
            words(&|hold| state(hold, facts.now_us).to_owned()),
            words(&days),
            Arc::new(queries.collect::<StringViewArray>()),
            times(|hold| hold.until),
            words(&|hold| hold.words.get("reason").to_owned()),
            words(&|hold| hold.words.get("case").to_owned()),
            words(&|hold| hold.words.get("by").to_owned()),
            times(|hold| Some(hold.at)),
            times(|hold| hold.released),
            Arc::new(Int64Array::from_iter_values(holds.iter().map(|hold| count(live(hold))))),
        ],
    )?;
    Ok(batch)
}

fn state(hold: &HoldState, now_us: i64) -> &'static str {
    match (hold.released, hold.is_active(now_us)) {
        (Some(_), _) => "released",
        (None, true) => "active",
        (None, false) => "ended",
    }
}

/// Its days as ranges; those that touch are shown as one.
fn days(hold: &HoldState) -> String {
    let mut ranges: Vec<(i32, i32)> = Vec::new();
    for (first, last) in &hold.days {
        match ranges.last_mut() {
            Some((_, end)) if first.0 <= end.saturating_add(1) => *end = last.0.max(*end),
            _ => ranges.push((first.0, last.0)),
        }
    }
    let shown = ranges.into_iter().map(|(first, last)| {
        let (first, last) = (storage::Day(first), storage::Day(last));
        if first == last { first.to_string() } else { format!("{first}..{last}") }
    });
    shown.collect::<Vec<_>>().join(", ")
}
