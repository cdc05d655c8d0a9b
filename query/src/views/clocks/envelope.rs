//! How many whole hours lie between a row and the syslog header that stood around its line?

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime};
use datafusion::common::cast::as_string_view_array;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};

use crate::functions::extra_get::members::{Members, text_of};

/// The member of `extra` with the time of the header, as it was written.
const MEMBER: &str = "syslog_time";

const HOUR_US: i64 = 3_600_000_000;

/// A relay gets a line this much later than it was written, at most; more is no whole hour.
const LATE_US: i64 = 120_000_000;

/// Clocks and zones lie no farther apart than this.
const HOURS_MAX: i64 = 26;

/// `syslog_hours(ts, extra)`: NULL without such a time, and where it lies no whole hours away.
pub(super) fn function() -> ScalarUDF {
    let takes = vec![DataType::Timestamp(TimeUnit::Microsecond, None), DataType::Utf8View];
    let body = |arguments: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        let [times, extras] = arrays.as_slice() else {
            return internal_err!("syslog_hours takes a time and a text");
        };
        Ok(ColumnarValue::Array(all(times, extras)?))
    };
    create_udf("syslog_hours", takes, DataType::Int32, Volatility::Immutable, Arc::new(body))
}

fn all(times: &ArrayRef, extras: &ArrayRef) -> Result<ArrayRef> {
    let Some(times) = times.as_primitive_opt::<TimestampMicrosecondType>() else {
        return internal_err!("syslog_hours takes a time");
    };
    let extras = as_string_view_array(extras)?;
    let hours = times.iter().zip(extras.iter()).map(|(ts, extra)| hours(ts?, extra?));
    Ok(Arc::new(hours.collect::<Int32Array>()))
}

fn hours(ts: i64, extra: &str) -> Option<i32> {
    let (_, value) = Members::of(extra).find(|(name, _)| *name == MEMBER)?;
    let mut text = String::new();
    if !text_of(value, &mut text) {
        return None;
    }
    // What is behind the header's hour is how late the relay was.
    let apart = ts.checked_sub(read(&text, ts)?)?;
    let hours = (apart + HOUR_US / 2).div_euclid(HOUR_US);
    let near = (apart - hours * HOUR_US).abs() <= LATE_US && hours.abs() <= HOURS_MAX;
    if near { i32::try_from(hours).ok() } else { None }
}

/// The time of a header in microseconds; without a zone as if it were UTC, without a year in the one next to `ts`.
fn read(text: &str, ts: i64) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_micros());
    }
    for pattern in ["%Y-%m-%dT%H:%M:%S%.f", "%Y:%m:%d-%H:%M:%S%.f", "%b %e %Y %H:%M:%S%.f"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, pattern) {
            return Some(time.and_utc().timestamp_micros());
        }
    }
    let row = DateTime::from_timestamp_micros(ts)?.date_naive();
    let near = [row.checked_sub_months(Months::new(6))?, row.checked_add_months(Months::new(6))?];
    let times = near.iter().filter_map(|date: &NaiveDate| {
        let dated = format!("{} {text}", date.year());
        let time = NaiveDateTime::parse_from_str(&dated, "%Y %b %e %H:%M:%S%.f").ok()?;
        Some(time.and_utc().timestamp_micros())
    });
    times.min_by_key(|time| time.abs_diff(ts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_hours_from_every_spelling() {
        let ts = 1_795_176_000_000_000; // 2026-11-20T12:00:00Z
        for (text, expected) in [
            ("Nov 20 12:00:01", Some(0)),
            ("Nov 20 10:00:01", Some(2)),
            ("Nov 20 13:01:30", Some(-1)),
            ("Nov 20 12:30:00", None),
            ("2026-11-20T12:00:00.25Z", Some(0)),
            ("2026-11-20T12:00:00+01:00", Some(1)),
            ("2026:11:20-13:00:00", Some(-1)),
            ("Nov 20 2026 12:00:00", Some(0)),
            ("Jan 99 12:00:00", None),
            ("", None),
        ] {
            let extra = format!(r#"{{"a":"b","syslog_time":"{text}"}}"#);
            assert_eq!(hours(ts, &extra), expected, "{text}");
        }
        assert_eq!(hours(ts, r#"{"other":"Nov 20 10:00:01"}"#), None);
        let new_year = 1_798_761_600_000_000; // 2027-01-01T00:00:00Z
        assert_eq!(hours(new_year, r#"{"syslog_time":"Dec 31 23:00:00"}"#), Some(1));
        assert_eq!(hours(new_year, r#"{"syslog_time":"Jan  1 01:00:02"}"#), Some(-1));
    }
}
