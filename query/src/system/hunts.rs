//! `system.hunts`: which hunts come with dwell, and what do they need?

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringViewArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use detect::hunt::Hunt;

use super::{Facts, SystemTable, text};
use crate::hunts;

pub(super) static TABLE: SystemTable = SystemTable { name: "hunts", schema, rows };

fn schema() -> Schema {
    Schema::new(vec![
        text("id"),
        text("title"),
        text("level"),
        // What it finds, and why that matters.
        text("finds"),
        text("because"),
        // Lists, separated by a comma and a blank.
        text("attack"),
        text("needs"),
        text("entity"),
        // name=default
        text("params"),
        Field::new("excusable", DataType::Boolean, false),
        text("author"),
        text("sql"),
    ])
}

fn rows(_: &Facts, schema: SchemaRef) -> Result<RecordBatch> {
    let hunts = hunts::shipped().map_err(|error| DataFusionError::External(Box::new(error)))?;
    let column = |of: &dyn Fn(&Hunt) -> String| -> ArrayRef {
        Arc::new(StringViewArray::from_iter_values(hunts.iter().map(of)))
    };
    let params = |hunt: &Hunt| {
        let set = hunt.params.iter().map(|param| format!("{}={}", param.name, param.default));
        set.collect::<Vec<_>>().join(", ")
    };
    let excusable: BooleanArray = hunts.iter().map(|hunt| Some(hunt.excusable)).collect();
    let batch = RecordBatch::try_new(
        schema,
        vec![
            column(&|hunt| hunt.id.clone()),
            column(&|hunt| hunt.title.clone()),
            column(&|hunt| hunt.level.name().to_owned()),
            column(&|hunt| hunt.finds.trim().to_owned()),
            column(&|hunt| hunt.because.trim().to_owned()),
            column(&|hunt| hunt.attack.join(", ")),
            column(&|hunt| hunt.needs.join(", ")),
            column(&|hunt| hunt.entity.join(", ")),
            column(&params),
            Arc::new(excusable),
            column(&|hunt| hunt.author.clone()),
            column(&|hunt| hunt.sql.clone()),
        ],
    )?;
    Ok(batch)
}
