//! `system.columns`: which columns do `requests` and the views have, and what do they mean?

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringViewArray};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::Result;
use storage::schema::{COLUMNS, Col, Origin};

use super::{Facts, SystemTable, number, text};
use crate::views::{meaning, type_name};

pub(super) static TABLE: SystemTable = SystemTable { name: "columns", schema, rows };

fn schema() -> Schema {
    Schema::new(vec![
        number("position"),
        text("name"),
        text("type"),
        text("origin"),
        text("doc"),
        text("table_name"),
    ])
}

/// One row.
struct Row {
    position: i64,
    name: String,
    kind: String,
    origin: &'static str,
    doc: String,
    table: &'static str,
}

/// Those of `requests` come first.
fn all(facts: &Facts) -> Vec<Row> {
    let requests = (1..).zip(COLUMNS).map(|(position, column)| Row {
        position,
        name: column.name.to_owned(),
        kind: column.kind.name().to_owned(),
        origin: match column.origin {
            Origin::Stored => "stored",
            Origin::Computed => "computed",
            Origin::Partition => "partition",
        },
        doc: column.doc.to_owned(),
        table: "requests",
    });
    let mut rows: Vec<_> = requests.collect();
    for (table, view) in &facts.views {
        let fields = view.schema();
        rows.extend((1..).zip(fields.fields()).map(|(position, field)| {
            let stored = || Col::from_name(field.name()).map(|col| col.column().doc.into());
            Row {
                position,
                name: field.name().clone(),
                kind: type_name(field.data_type()),
                origin: "view",
                doc: meaning(table, field.name()).or_else(stored).unwrap_or_default().into_owned(),
                table,
            }
        }));
    }
    rows
}

fn rows(facts: &Facts, schema: SchemaRef) -> Result<RecordBatch> {
    let rows = all(facts);
    let words =
        |of: fn(&Row) -> &str| Arc::new(StringViewArray::from_iter_values(rows.iter().map(of)));
    let batch = RecordBatch::try_new(
        schema,
        vec![
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.position))),
            words(|row| &row.name),
            words(|row| &row.kind),
            words(|row| row.origin),
            words(|row| &row.doc),
            words(|row| row.table),
        ],
    )?;
    Ok(batch)
}
