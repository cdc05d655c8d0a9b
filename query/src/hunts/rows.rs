//! How does a row of a hunt's answer become a finding?

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use detect::finding::{Finding, Level};
use detect::hunt::Hunt;
use serde_json::Value;
use storage::day::Day;

use super::evidence;
use crate::error::{Error, ErrorKind, Result};

/// The columns of an answer, with the types that findings have.
struct Answer<'a> {
    hunt: &'a Hunt,
    batch: &'a RecordBatch,
}

impl Answer<'_> {
    fn wrong(&self, what: String) -> Error {
        Error::new(ErrorKind::Usage, format!("hunt `{}`: {what}", self.hunt.id))
    }

    fn optional(&self, name: &str, kind: &DataType) -> Result<Option<ArrayRef>> {
        let Some(column) = self.batch.column_by_name(name) else { return Ok(None) };
        let fit = cast(column, kind)
            .map_err(|error| self.wrong(format!("column `{name}` does not fit: {error}")))?;
        Ok(Some(fit))
    }

    fn needed(&self, name: &str, kind: &DataType) -> Result<ArrayRef> {
        let missing = || self.wrong(format!("its answer has no column `{name}`"));
        self.optional(name, kind)?.ok_or_else(missing)
    }

    /// Columns whose values are written as they are: numbers as numbers, the rest as text.
    fn value(&self, name: &str) -> Result<ArrayRef> {
        let missing = || self.wrong(format!("its answer has no column `{name}`"));
        let column = self.batch.column_by_name(name).ok_or_else(missing)?;
        let kind = if column.data_type().is_integer() { DataType::Int64 } else { DataType::Utf8 };
        self.needed(name, &kind)
    }
}

fn json(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.as_primitive_opt::<Int64Type>() {
        Some(numbers) => numbers.value(row).into(),
        None => column.as_string::<i32>().value(row).into(),
    }
}

fn text(column: Option<&ArrayRef>, row: usize) -> Option<String> {
    let column = column?.as_string_opt::<i32>()?;
    column.is_valid(row).then(|| column.value(row).to_owned())
}

fn number(column: &ArrayRef, row: usize) -> Option<f64> {
    let column = column.as_primitive_opt::<Float64Type>()?;
    let value = column.is_valid(row).then(|| column.value(row))?;
    value.is_finite().then_some(value)
}

/// Reads the rows of a batch; `predicate` is what else is true of the rows that are meant.
pub(super) fn read(
    hunt: &Hunt,
    batch: &RecordBatch,
    predicate: Option<&str>,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let answer = Answer { hunt, batch };
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let (first, last) = (answer.needed("first", &time)?, answer.needed("last", &time)?);
    let count = answer.needed("count", &DataType::Int64)?;
    let day = answer.needed("day", &DataType::Date32)?;
    let why = answer.needed("why", &DataType::Utf8)?;
    let level = answer.optional("level", &DataType::Utf8)?;
    let title = answer.optional("title", &DataType::Utf8)?;
    let score = answer.optional("score", &DataType::Float64)?;
    let mut named = Vec::new();
    for name in hunt.entity.iter().chain(&hunt.keys) {
        named.push((name.clone(), answer.value(name)?));
    }
    let mut parts = Vec::new();
    for field in batch.schema().fields() {
        if let Some(part) = field.name().strip_prefix("part_") {
            parts.push((part.to_owned(), answer.needed(field.name(), &DataType::Float64)?));
        }
    }
    let at = |column: &ArrayRef, row: usize| {
        let column = column.as_primitive_opt::<TimestampMicrosecondType>()?;
        column.is_valid(row).then(|| column.value(row))
    };
    for row in 0..batch.num_rows() {
        let (Some(first), Some(last)) = (at(&first, row), at(&last, row)) else {
            return Err(answer.wrong("`first` or `last` is NULL".into()));
        };
        let days = day.as_primitive::<Date32Type>();
        let day = if days.is_valid(row) { Day(days.value(row)) } else { Day::of(last) };
        let values: Vec<_> = named.iter().map(|(name, it)| (name.clone(), json(it, row))).collect();
        let entity = values.iter().take(hunt.entity.len());
        let entity: Vec<_> = entity.filter(|(_, value)| !value.is_null()).cloned().collect();
        let level = text(level.as_ref(), row);
        let level = level.as_deref().map_or(Some(hunt.level), Level::parse);
        let counts = count.as_primitive::<Int64Type>();
        findings.push(Finding {
            id: Finding::id_of(&hunt.id, &entity, day),
            hunt: hunt.id.clone(),
            level: level.ok_or_else(|| answer.wrong("`level` is none".into()))?,
            title: text(title.as_ref(), row).unwrap_or_else(|| hunt.title.clone()),
            why: text(Some(&why), row).unwrap_or_else(|| hunt.finds.clone()),
            day,
            first,
            last,
            count: u64::try_from(counts.value(row)).unwrap_or_default(),
            score: score.as_ref().and_then(|score| number(score, row)),
            parts: parts
                .iter()
                .filter_map(|(name, part)| Some((name.clone(), number(part, row)?)))
                .collect(),
            evidence: evidence::sql(hunt, (first, last), &values, predicate),
            attack: hunt.attack.clone(),
            author: (hunt.author != "dwell").then(|| hunt.author.clone()),
            entity,
        });
    }
    Ok(())
}
