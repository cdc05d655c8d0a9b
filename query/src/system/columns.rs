//! `system.columns`: which columns does `requests` have, and what do they mean?

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringViewArray};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::Result;
use storage::schema::{COLUMNS, ColumnType, Origin};

use super::{Facts, SystemTable, number, text};

pub(super) static TABLE: SystemTable = SystemTable { name: "columns", schema, rows };

fn schema() -> Schema {
    Schema::new(vec![number("position"), text("name"), text("type"), text("origin"), text("doc")])
}

fn rows(_: &Facts, schema: SchemaRef) -> Result<RecordBatch> {
    let positions = (1..).take(COLUMNS.len());
    let kinds = COLUMNS.iter().map(|column| match column.kind {
        ColumnType::Timestamp => "timestamp(us, UTC)",
        ColumnType::Text => "utf8",
        ColumnType::Int32 => "int32",
        ColumnType::Int64 => "int64",
        ColumnType::Binary => "binary",
        ColumnType::Date => "date",
    });
    let origins = COLUMNS.iter().map(|column| match column.origin {
        Origin::Stored => "stored",
        Origin::Computed => "computed",
        Origin::Partition => "partition",
    });
    let batch = RecordBatch::try_new(
        schema,
        vec![
            Arc::new(Int64Array::from_iter_values(positions)),
            Arc::new(StringViewArray::from_iter_values(COLUMNS.iter().map(|column| column.name))),
            Arc::new(StringViewArray::from_iter_values(kinds)),
            Arc::new(StringViewArray::from_iter_values(origins)),
            Arc::new(StringViewArray::from_iter_values(COLUMNS.iter().map(|column| column.doc))),
        ],
    )?;
    Ok(batch)
}
