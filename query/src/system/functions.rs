//! `system.functions`: which functions does dwell add to SQL?

use std::sync::Arc;

use arrow::array::{RecordBatch, StringViewArray};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::Result;

use super::{Facts, SystemTable, text};
use crate::functions::all;

pub(super) static TABLE: SystemTable = SystemTable { name: "functions", schema, rows };

fn schema() -> Schema {
    Schema::new(vec![
        text("name"),
        text("kind"),
        text("signature"),
        text("returns"),
        text("summary"),
        text("example"),
        text("source"),
    ])
}

fn rows(_: &Facts, schema: SchemaRef) -> Result<RecordBatch> {
    let kinds: Vec<String> = all().map(|doc| doc.kind.to_string()).collect();
    let batch = RecordBatch::try_new(
        schema,
        vec![
            Arc::new(StringViewArray::from_iter_values(all().map(|doc| doc.name))),
            Arc::new(StringViewArray::from_iter_values(kinds)),
            Arc::new(StringViewArray::from_iter_values(all().map(|doc| doc.signature))),
            Arc::new(StringViewArray::from_iter_values(all().map(|doc| doc.returns))),
            Arc::new(StringViewArray::from_iter_values(all().map(|doc| doc.summary))),
            Arc::new(StringViewArray::from_iter_values(all().map(|doc| doc.example))),
            Arc::new(StringViewArray::from_iter_values(all().map(|doc| doc.source))),
        ],
    )?;
    Ok(batch)
}
