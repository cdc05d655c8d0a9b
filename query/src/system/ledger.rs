//! `system.ledger`: what was done to the store, when, by whom?

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::Result;

use super::{Facts, SystemTable, count, external, number, text, time};

pub(super) static TABLE: SystemTable = SystemTable { name: "ledger", schema, rows };

fn schema() -> Schema {
    Schema::new(vec![number("seq"), time("at"), text("kind"), text("by"), text("detail")])
}

fn rows(facts: &Facts, schema: SchemaRef) -> Result<RecordBatch> {
    let entries = facts.origin.ledger_entries().map_err(external)?;
    let batch = RecordBatch::try_new(
        schema,
        vec![
            Arc::new(Int64Array::from_iter_values(entries.iter().map(|one| count(one.seq)))),
            Arc::new(TimestampMicrosecondArray::from_iter_values(entries.iter().map(|one| one.at))),
            Arc::new(StringViewArray::from_iter_values(entries.iter().map(|one| &one.kind))),
            Arc::new(StringViewArray::from_iter_values(entries.iter().map(|one| &one.by))),
            Arc::new(StringViewArray::from_iter_values(entries.iter().map(|one| &one.detail))),
        ],
    )?;
    Ok(batch)
}
