//! Into which interval of equal length does a time fall?
//!
//! DataFusion's `date_bin` does the work: this only takes the interval as a short text too, and starts weeks on Monday. A call with
//! a constant interval is replaced by `date_bin` while the query is planned, so that whatever prunes by the one prunes by both.

use super::{FunctionDoc, FunctionKind, Made};
use arrow::datatypes::{DataType, Field, IntervalMonthDayNano, IntervalUnit, TimeUnit};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::functions::datetime::date_bin;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};
use std::sync::Arc;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "time_bin",
    signature: "time_bin(interval INTERVAL or TEXT, ts TIMESTAMP)",
    kind: FunctionKind::Scalar,
    returns: "TIMESTAMP",
    summary: "The beginning of the interval in which a time lies, counted in UTC: time_bin('15m', ts). The interval is a number and a unit, s, m, h, d, w, \
        month or year or their names, or a constant INTERVAL. Weeks begin on Monday, everything else is counted from 1970-01-01. NULL gives NULL.",
    example: "SELECT time_bin('15m', ts) AS quarter, time_bin('1d', ts) AS day, time_bin('1w', ts) AS week, time_bin(INTERVAL '1 month', ts) AS month \
        FROM (VALUES (TIMESTAMP '2026-03-04 05:44:59')) AS t(ts)",
    source: "query/src/functions/time_bin.rs",
    make,
};

const DAY: i64 = 86_400_000_000_000;
/// 1970-01-05, the first Monday.
const MONDAY: i64 = 4 * DAY;

/// An interval as a number and a unit.
fn parse(text: &str) -> Option<IntervalMonthDayNano> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let n: i32 = if digits == 0 { 1 } else { text[..digits].parse().ok()? };
    let unit = text[digits..].trim().to_ascii_lowercase();
    let seconds = |s: i64| {
        Some(IntervalMonthDayNano::new(
            0,
            0,
            i64::from(n).checked_mul(s)?.checked_mul(1_000_000_000)?,
        ))
    };
    let interval = match unit.as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => seconds(1),
        "m" | "min" | "mins" | "minute" | "minutes" => seconds(60),
        "h" | "hour" | "hours" => seconds(3600),
        "d" | "day" | "days" => Some(IntervalMonthDayNano::new(0, n, 0)),
        "w" | "week" | "weeks" => Some(IntervalMonthDayNano::new(0, n.checked_mul(7)?, 0)),
        "month" | "months" => Some(IntervalMonthDayNano::new(n, 0, 0)),
        "y" | "year" | "years" => Some(IntervalMonthDayNano::new(n.checked_mul(12)?, 0, 0)),
        _ => None,
    };
    interval.filter(|_| n > 0)
}

/// The interval that an argument means, `None` for NULL.
fn interval(value: &ScalarValue) -> Result<Option<IntervalMonthDayNano>> {
    if let Some(text) = value.try_as_str() {
        let Some(text) = text else { return Ok(None) };
        return match parse(text) {
            Some(interval) => Ok(Some(interval)),
            None => plan_err!(
                "time_bin: '{text}' is no interval: expected such as '30s', '15m', '1h', '1d', '1w', '1 month'"
            ),
        };
    }
    match value.cast_to(&DataType::Interval(IntervalUnit::MonthDayNano))? {
        ScalarValue::IntervalMonthDayNano(interval) => Ok(interval),
        other => plan_err!(
            "time_bin can't take {} as an interval: expected {}",
            other.data_type(),
            DOC.signature
        ),
    }
}

/// Whole weeks start on Monday.
fn origin(interval: IntervalMonthDayNano) -> ScalarValue {
    let weeks = interval.months == 0 && interval.nanoseconds == 0 && interval.days % 7 == 0;
    ScalarValue::TimestampNanosecond(Some(if weeks { MONDAY } else { 0 }), None)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TimeBin {
    signature: Signature,
}

fn make() -> Made {
    let signature = Signature::user_defined(Volatility::Immutable);
    Made::Scalar(ScalarUDF::from(TimeBin { signature }))
}

impl ScalarUDFImpl for TimeBin {
    fn name(&self) -> &str {
        DOC.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(arg_types[1].clone())
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let [interval, time] = arg_types else {
            return plan_err!(
                "time_bin takes other arguments: expected {}, got {} of them",
                DOC.signature,
                arg_types.len()
            );
        };
        let interval = match interval {
            DataType::Interval(_) => DataType::Interval(IntervalUnit::MonthDayNano),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => {
                DataType::Utf8
            }
            other => {
                return plan_err!(
                    "time_bin can't take {other} as argument 1: expected {}",
                    DOC.signature
                );
            }
        };
        let time = match time {
            DataType::Timestamp(_, _) => time.clone(),
            DataType::Date32 | DataType::Date64 | DataType::Null => {
                DataType::Timestamp(TimeUnit::Microsecond, None)
            }
            other => {
                return plan_err!(
                    "time_bin can't take {other} as argument 2: expected {}",
                    DOC.signature
                );
            }
        };
        Ok(vec![interval, time])
    }

    fn simplify(&self, args: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let constant = match args.first() {
            Some(Expr::Literal(value, _)) => interval(value)?,
            _ => None,
        };
        let (Some(constant), [_, time]) = (constant, args.as_slice()) else {
            return Ok(ExprSimplifyResult::Original(args));
        };
        let length = lit(ScalarValue::IntervalMonthDayNano(Some(constant)));
        Ok(ExprSimplifyResult::Simplified(date_bin().call(vec![
            length,
            time.clone(),
            lit(origin(constant)),
        ])))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let ColumnarValue::Scalar(first) = &args.args[0] else {
            return plan_err!(
                "time_bin takes only a constant as its interval: expected {}",
                DOC.signature
            );
        };
        let Some(length) = interval(first)? else {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from(args.return_type())?));
        };
        let origin = origin(length);
        let length = ScalarValue::IntervalMonthDayNano(Some(length));
        let field = |name: &str, kind: DataType| Arc::new(Field::new(name, kind, true));
        let arg_fields = vec![
            field("interval", length.data_type()),
            Arc::clone(&args.arg_fields[1]),
            field("origin", origin.data_type()),
        ];
        let values = vec![
            ColumnarValue::Scalar(length),
            args.args[1].clone(),
            ColumnarValue::Scalar(origin),
        ];
        date_bin().invoke_with_args(ScalarFunctionArgs { args: values, arg_fields, ..args })
    }

    fn output_ordering(
        &self,
        inputs: &[datafusion::logical_expr::sort_properties::ExprProperties],
    ) -> Result<datafusion::logical_expr::sort_properties::SortProperties> {
        // Binning keeps the order of times.
        Ok(inputs[1].sort_properties)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_a_number_and_a_unit() {
        let nanos = |n| Some(IntervalMonthDayNano::new(0, 0, n));
        assert_eq!(parse("30s"), nanos(30_000_000_000));
        assert_eq!(parse(" 15 Minutes "), nanos(900_000_000_000));
        assert_eq!(parse("hour"), nanos(3_600_000_000_000));
        assert_eq!(parse("1w"), Some(IntervalMonthDayNano::new(0, 7, 0)));
        assert_eq!(parse("2 years"), Some(IntervalMonthDayNano::new(24, 0, 0)));
        for wrong in ["", "5", "0m", "-1h", "5x", "1h30m", "99999999999s", "9999999999999999999y"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
