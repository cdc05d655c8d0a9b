//! What does one value look like as text or as JSON? Every output format asks here, so that all of them agree.

use std::fmt::Write as _;

use anyhow::Result;
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Int64Array, StringArray, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int64Type, TimeUnit, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

use super::escape;

/// A column of a batch, made ready to be written value by value.
pub(crate) struct Column {
    nulls: Option<arrow::buffer::NullBuffer>,
    values: Values,
}

enum Values {
    Null,
    Bool(BooleanArray),
    Int(Int64Array),
    UInt(UInt64Array),
    Float32(arrow::array::Float32Array),
    Float(arrow::array::Float64Array),
    Text(StringArray),
    Bytes(BinaryArray),
    Time(Int64Array, TimeUnit),
    Date(arrow::array::Date32Array),
    List {
        ends: Vec<usize>,
        item: Box<Column>,
    },
    Struct(Vec<(String, Column)>),
    /// Whatever else there is, in Arrow's own words.
    Other(ArrayRef),
}

impl Column {
    /// Prepares a column; types that look the same in text are brought to one.
    pub(crate) fn new(array: &ArrayRef) -> Result<Self> {
        let nulls = array.logical_nulls();
        Ok(Self { nulls, values: Values::new(array)? })
    }

    /// Whether the value of `row` is NULL.
    pub(crate) fn is_null(&self, row: usize) -> bool {
        matches!(self.values, Values::Null)
            || self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Appends the value as text; NULL appends nothing. Nested values are JSON.
    pub(crate) fn push_text(&self, row: usize, out: &mut String) -> Result<()> {
        if self.is_null(row) {
            return Ok(());
        }
        match &self.values {
            Values::Text(values) => out.push_str(values.value(row)),
            Values::Bytes(values) => escape::push_bytes(out, values.value(row)),
            Values::Time(values, unit) => push_time(out, values.value(row), *unit),
            Values::Date(values) => push_date(out, values.value(row)),
            Values::Float(values) => write!(out, "{:?}", values.value(row))?,
            Values::Float32(values) => write!(out, "{:?}", values.value(row))?,
            Values::Other(values) => {
                let options = FormatOptions::default();
                write!(out, "{}", ArrayFormatter::try_new(values, &options)?.value(row))?;
            }
            _ => self.push_json(row, out)?,
        }
        Ok(())
    }

    /// Appends the value as JSON. Numbers stay numbers; what JSON has no word for (NaN, infinity) is null.
    pub(crate) fn push_json(&self, row: usize, out: &mut String) -> Result<()> {
        if self.is_null(row) {
            out.push_str("null");
            return Ok(());
        }
        match &self.values {
            Values::Null => out.push_str("null"),
            Values::Bool(values) => write!(out, "{}", values.value(row))?,
            Values::Int(values) => write!(out, "{}", values.value(row))?,
            Values::UInt(values) => write!(out, "{}", values.value(row))?,
            Values::Float(values) if values.value(row).is_finite() => {
                write!(out, "{:?}", values.value(row))?;
            }
            Values::Float32(values) if values.value(row).is_finite() => {
                write!(out, "{:?}", values.value(row))?;
            }
            Values::Float(_) | Values::Float32(_) => out.push_str("null"),
            Values::Text(values) => push_json_text(out, values.value(row)),
            Values::List { ends, item } => {
                let start = row.checked_sub(1).map_or(0, |before| ends[before]);
                out.push('[');
                for at in start..ends[row] {
                    if at > start {
                        out.push(',');
                    }
                    item.push_json(at, out)?;
                }
                out.push(']');
            }
            Values::Struct(fields) => {
                out.push('{');
                for (at, (name, column)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    push_json_text(out, name);
                    out.push(':');
                    column.push_json(row, out)?;
                }
                out.push('}');
            }
            Values::Other(values) if values.data_type().is_numeric() => self.push_text(row, out)?,
            _ => {
                let mut text = String::new();
                self.push_text(row, &mut text)?;
                push_json_text(out, &text);
            }
        }
        Ok(())
    }

    /// Whether half a value is worse than none: numbers, times and days.
    pub(crate) fn is_rigid(&self) -> bool {
        self.is_number() || matches!(&self.values, Values::Time(..) | Values::Date(_))
    }

    /// Whether people expect the values at the right edge.
    pub(crate) fn is_number(&self) -> bool {
        match &self.values {
            Values::Int(_) | Values::UInt(_) | Values::Float(_) | Values::Float32(_) => true,
            Values::Other(values) => values.data_type().is_numeric(),
            _ => false,
        }
    }
}

impl Values {
    fn new(array: &ArrayRef) -> Result<Self> {
        use DataType as T;
        let to = |kind: &DataType| cast(array, kind);
        Ok(match array.data_type() {
            T::Null => Self::Null,
            T::Boolean => Self::Bool(array.as_boolean().clone()),
            T::Int8 | T::Int16 | T::Int32 | T::Int64 => {
                Self::Int(to(&T::Int64)?.as_primitive::<Int64Type>().clone())
            }
            T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => {
                Self::UInt(to(&T::UInt64)?.as_primitive::<UInt64Type>().clone())
            }
            T::Float32 => Self::Float32(array.as_primitive::<Float32Type>().clone()),
            T::Float16 | T::Float64 => {
                Self::Float(to(&T::Float64)?.as_primitive::<Float64Type>().clone())
            }
            T::Utf8 | T::LargeUtf8 | T::Utf8View => {
                Self::Text(to(&T::Utf8)?.as_string::<i32>().clone())
            }
            T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) => {
                Self::Bytes(to(&T::Binary)?.as_binary::<i32>().clone())
            }
            T::Timestamp(unit, _) => {
                Self::Time(to(&T::Int64)?.as_primitive::<Int64Type>().clone(), *unit)
            }
            T::Date32 => Self::Date(array.as_primitive::<Date32Type>().clone()),
            T::Dictionary(_, value) => return Self::new(&to(value)?),
            T::List(_) => {
                let list = array.as_list::<i32>();
                let ends = list.value_offsets().iter().skip(1);
                Self::List {
                    ends: ends.map(|&end| usize::try_from(end)).collect::<Result<_, _>>()?,
                    item: Box::new(Column::new(list.values())?),
                }
            }
            T::Struct(fields) => {
                let columns = fields.iter().zip(array.as_struct().columns());
                let columns =
                    columns.map(|(field, column)| Ok((field.name().clone(), Column::new(column)?)));
                Self::Struct(columns.collect::<Result<_>>()?)
            }
            _ => Self::Other(array.clone()),
        })
    }
}

/// Appends a JSON string. Beyond what JSON asks for, characters that move a terminal are written as `\u....` too.
pub(crate) fn push_json_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if escape::is_unsafe(c) => {
                // JSON knows 16 bits at a time.
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn push_time(out: &mut String, value: i64, unit: TimeUnit) {
    let time: Option<DateTime<Utc>> = match unit {
        TimeUnit::Second => DateTime::from_timestamp(value, 0),
        TimeUnit::Millisecond => DateTime::from_timestamp_millis(value),
        TimeUnit::Microsecond => DateTime::from_timestamp_micros(value),
        TimeUnit::Nanosecond => Some(DateTime::from_timestamp_nanos(value)),
    };
    match time {
        Some(time) => out.push_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        None => out.push_str(&value.to_string()),
    }
}

fn push_date(out: &mut String, days: i32) {
    match NaiveDate::from_epoch_days(days) {
        Some(date) => {
            let _ = write!(out, "{date}");
        }
        None => out.push_str(&days.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, ListArray, TimestampMicrosecondArray};

    use super::*;

    fn text(array: ArrayRef, row: usize) -> (String, String) {
        let column = Column::new(&array).unwrap();
        let (mut text, mut json) = (String::new(), String::new());
        column.push_text(row, &mut text).unwrap();
        column.push_json(row, &mut json).unwrap();
        (text, json)
    }

    #[test]
    fn every_text_is_json_again() {
        for text in ["a\"\\\n\u{1b}", "\u{202e}\u{e0041}x", "日本\u{fe0f}\u{10ffff}"] {
            let mut json = String::new();
            push_json_text(&mut json, text);
            assert!(!json.chars().any(escape::is_unsafe), "{json}");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn values_keep_their_type() {
        let time = Arc::new(TimestampMicrosecondArray::from(vec![1_795_169_425_918_000]));
        let spelled = "2026-11-20T10:10:25.918Z";
        assert_eq!(text(time, 0), (spelled.into(), format!("\"{spelled}\"")));
        let float = Arc::new(Float64Array::from(vec![1.0, f64::NAN]));
        assert_eq!(text(float.clone(), 0), ("1.0".into(), "1.0".into()));
        assert_eq!(text(float, 1), ("NaN".into(), "null".into()));
        let bytes = Arc::new(BinaryArray::from_vec(vec![b"a\xff"]));
        assert_eq!(text(bytes, 0), ("a\\xff".into(), "\"a\\\\xff\"".into()));
        let list = ListArray::from_iter_primitive::<Int64Type, _, _>([
            Some(vec![Some(1)]),
            None,
            Some(vec![Some(2), None]),
        ]);
        assert_eq!(text(Arc::new(list), 2), ("[2,null]".into(), "[2,null]".into()));
    }
}
