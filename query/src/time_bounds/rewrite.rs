//! An optimizer rule: a comparison of a rounded or cast time with a constant becomes one of the time itself.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use chrono::{Datelike, Months, NaiveDate};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{InList, ScalarFunction};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Between, BinaryExpr, Cast, Expr, ExprSchemable, LogicalPlan, Operator, and, binary_expr, or,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

/// The rule. It holds for every expression of type timestamp, so it works through views and aliases alike.
#[derive(Debug, Default)]
pub(crate) struct CompareTheTime;

impl OptimizerRule for CompareTheTime {
    fn name(&self) -> &str {
        "compare_the_time"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        if !matches!(
            plan,
            LogicalPlan::Filter(_) | LogicalPlan::TableScan(_) | LogicalPlan::Join(_)
        ) {
            return Ok(Transformed::no(plan));
        }
        let schema = match &plan {
            // A filter of a scan may use columns that the scan does not give.
            LogicalPlan::TableScan(scan) => Arc::new(DFSchema::try_from_qualified_schema(
                scan.table_name.clone(),
                &scan.source.schema(),
            )?),
            other => Arc::new(merge_schema(&other.inputs())),
        };
        plan.map_expressions(|expr| expr.transform_up(|expr| Ok(compare(expr, &schema))))
    }
}

fn compare(expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let renewed = match &expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => comparison(left, *op, right, schema)
            .or_else(|| comparison(right, op.swap()?, left, schema)),
        Expr::Between(Between { expr: inner, negated, low, high }) => {
            between(inner, *negated, low, high, schema)
        }
        Expr::InList(InList { expr: inner, list, negated }) if !list.is_empty() => {
            in_list(inner, list, *negated, schema)
        }
        _ => None,
    };
    renewed.map_or_else(|| Transformed::no(expr), Transformed::yes)
}

fn between(
    inner: &Expr,
    negated: bool,
    low: &Expr,
    high: &Expr,
    schema: &DFSchema,
) -> Option<Expr> {
    if negated {
        let below = comparison(inner, Operator::Lt, low, schema)?;
        return Some(or(below, comparison(inner, Operator::Gt, high, schema)?));
    }
    let from = comparison(inner, Operator::GtEq, low, schema)?;
    Some(and(from, comparison(inner, Operator::LtEq, high, schema)?))
}

fn in_list(inner: &Expr, list: &[Expr], negated: bool, schema: &DFSchema) -> Option<Expr> {
    let (op, join): (_, fn(Expr, Expr) -> Expr) =
        if negated { (Operator::NotEq, and) } else { (Operator::Eq, or) };
    let each = list.iter().map(|value| comparison(inner, op, value, schema));
    each.collect::<Option<Vec<_>>>()?.into_iter().reduce(join)
}

/// `f(time) op value` as a comparison of the time; `None` where `f` is not understood or nothing would change.
fn comparison(side: &Expr, op: Operator, value: &Expr, schema: &DFSchema) -> Option<Expr> {
    let Expr::Literal(value, _) = value else { return None };
    if value.is_null() || matches!(side, Expr::Column(_)) {
        return None;
    }
    let value = unit(side, schema)?.number(value)?;
    // The least times for which f(time) >= value, and for which f(time) > value.
    let (inner, from) = invert(side, value, schema)?;
    let (_, after) = invert(side, value + 1, schema)?;
    let kind = inner.get_type(schema).ok()?;
    let bound = |op, at| {
        Some(binary_expr(
            inner.clone(),
            op,
            Expr::Literal(Unit::of(&kind)?.literal(at, &kind)?, None),
        ))
    };
    match op {
        Operator::Eq => Some(and(bound(Operator::GtEq, from)?, bound(Operator::Lt, after)?)),
        Operator::NotEq => Some(or(bound(Operator::Lt, from)?, bound(Operator::GtEq, after)?)),
        Operator::Lt => bound(Operator::Lt, from),
        Operator::LtEq => bound(Operator::Lt, after),
        Operator::Gt => bound(Operator::GtEq, after),
        Operator::GtEq => bound(Operator::GtEq, from),
        _ => None,
    }
}

/// What a whole number of a time type counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

impl Unit {
    fn of(kind: &DataType) -> Option<Self> {
        Some(match kind {
            DataType::Date32 => Self::Day,
            DataType::Timestamp(TimeUnit::Second, None) => Self::Second,
            DataType::Timestamp(TimeUnit::Millisecond, None) => Self::Millisecond,
            DataType::Timestamp(TimeUnit::Microsecond, None) => Self::Microsecond,
            DataType::Timestamp(TimeUnit::Nanosecond, None) => Self::Nanosecond,
            _ => return None,
        })
    }

    fn nanoseconds(self) -> i128 {
        match self {
            Self::Day => 86_400_000_000_000,
            Self::Second => 1_000_000_000,
            Self::Millisecond => 1_000_000,
            Self::Microsecond => 1_000,
            Self::Nanosecond => 1,
        }
    }

    /// The number of a constant of this type; times before 1970 round otherwise and are left alone.
    fn number(self, value: &ScalarValue) -> Option<i128> {
        let number = match (self, value) {
            (Self::Day, ScalarValue::Date32(Some(at))) => i128::from(*at),
            (Self::Second, ScalarValue::TimestampSecond(Some(at), None))
            | (Self::Millisecond, ScalarValue::TimestampMillisecond(Some(at), None))
            | (Self::Microsecond, ScalarValue::TimestampMicrosecond(Some(at), None))
            | (Self::Nanosecond, ScalarValue::TimestampNanosecond(Some(at), None))
            | (_, ScalarValue::Int64(Some(at))) => i128::from(*at),
            _ => return None,
        };
        (number >= 0).then_some(number)
    }

    fn literal(self, at: i128, kind: &DataType) -> Option<ScalarValue> {
        let at64 = i64::try_from(at).ok()?;
        Some(match (self, kind) {
            (Self::Day, _) => ScalarValue::Date32(Some(i32::try_from(at).ok()?)),
            (Self::Second, _) => ScalarValue::TimestampSecond(Some(at64), None),
            (Self::Millisecond, _) => ScalarValue::TimestampMillisecond(Some(at64), None),
            (Self::Microsecond, _) => ScalarValue::TimestampMicrosecond(Some(at64), None),
            (Self::Nanosecond, _) => ScalarValue::TimestampNanosecond(Some(at64), None),
        })
    }
}

/// What the whole numbers of `side` count: those of a time, or those that a time was cast to.
fn unit(side: &Expr, schema: &DFSchema) -> Option<Unit> {
    let kind = side.get_type(schema).ok()?;
    match side {
        _ if kind != DataType::Int64 => Unit::of(&kind),
        Expr::Cast(Cast { expr, .. }) => Unit::of(&expr.get_type(schema).ok()?),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, .. }) => unit(left, schema),
        _ => None,
    }
}

/// The innermost time of `side`, and the least value of it for which `side >= value`.
fn invert(side: &Expr, value: i128, schema: &DFSchema) -> Option<(Expr, i128)> {
    let outer = unit(side, schema)?;
    let number = |expr: &Expr| Some(expr.get_type(schema).ok()? == DataType::Int64);
    match side {
        Expr::Cast(Cast { expr, .. }) => {
            let from = unit(expr, schema)?;
            // A number stays what it is; of another unit, it is the least that is not before `value`.
            let value = match number(side)? || number(expr)? {
                true => value,
                false => ceil(value * outer.nanoseconds(), from.nanoseconds()),
            };
            invert(expr, value, schema)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right }) => {
            let Expr::Literal(ScalarValue::Int64(Some(by @ 1..)), _) = right.as_ref() else {
                return None;
            };
            invert(left, value.checked_mul(i128::from(*by))?, schema)
        }
        Expr::ScalarFunction(ScalarFunction { func, args }) => match (func.name(), args.as_slice())
        {
            (
                "to_timestamp_seconds"
                | "to_timestamp_millis"
                | "to_timestamp_micros"
                | "to_timestamp_nanos",
                [inner],
            ) if number(inner)? => invert(inner, value, schema),
            (name, args) => {
                let (inner, step) = rounded(name, args)?;
                let from = unit(inner, schema)?;
                let at = step.first_at_or_after(value * outer.nanoseconds())?;
                invert(inner, ceil(at, from.nanoseconds()), schema)
            }
        },
        // What is no function of a time is the time.
        Expr::Column(_) => Some((side.clone(), value)),
        _ => None,
    }
}

/// The time that a function rounds down, and to which steps.
fn rounded<'a>(name: &str, args: &'a [Expr]) -> Option<(&'a Expr, Step)> {
    Some(match (name, args) {
        ("date_trunc", [Expr::Literal(step, _), inner]) => {
            (inner, Step::named(step.try_as_str().flatten()?)?)
        }
        ("date_bin", [Expr::Literal(step, _), inner]) => (inner, Step::interval(step, 0)?),
        ("date_bin", [Expr::Literal(step, _), inner, Expr::Literal(origin, _)]) => {
            let unit = Unit::of(&origin.data_type())?;
            let origin = unit.number(origin)? * unit.nanoseconds();
            (inner, Step::interval(step, origin)?)
        }
        _ => return None,
    })
}

fn ceil(a: i128, b: i128) -> i128 {
    a.div_euclid(b) + i128::from(a.rem_euclid(b) != 0)
}

/// The steps that a rounded time can have.
enum Step {
    /// So many nanoseconds, counted from `origin`.
    Fixed { length: i128, origin: i128 },
    /// So many calendar months.
    Months(u32),
}

impl Step {
    fn named(name: &str) -> Option<Self> {
        let fixed = |length| Some(Self::Fixed { length, origin: 0 });
        match name.to_ascii_lowercase().as_str() {
            "microsecond" => fixed(1_000),
            "millisecond" => fixed(1_000_000),
            "second" => fixed(1_000_000_000),
            "minute" => fixed(60_000_000_000),
            "hour" => fixed(3_600_000_000_000),
            "day" => fixed(86_400_000_000_000),
            // Weeks begin on Monday; 1970 began on a Thursday.
            "week" => {
                Some(Self::Fixed { length: 7 * 86_400_000_000_000, origin: 4 * 86_400_000_000_000 })
            }
            "month" => Some(Self::Months(1)),
            "quarter" => Some(Self::Months(3)),
            "year" => Some(Self::Months(12)),
            _ => None,
        }
    }

    fn interval(step: &ScalarValue, origin: i128) -> Option<Self> {
        let ScalarValue::IntervalMonthDayNano(Some(step)) = step else { return None };
        let length = i128::from(step.days) * 86_400_000_000_000 + i128::from(step.nanoseconds);
        (step.months == 0 && length > 0).then_some(Self::Fixed { length, origin })
    }

    /// The first step, in nanoseconds since 1970, that is not before `at`.
    fn first_at_or_after(&self, at: i128) -> Option<i128> {
        const DAY: i128 = 86_400_000_000_000;
        match *self {
            Self::Fixed { length, origin } => Some(ceil(at - origin, length) * length + origin),
            Self::Months(months) => {
                let date = NaiveDate::from_epoch_days(i32::try_from(at.div_euclid(DAY)).ok()?)?;
                let month0 = date.month0() / months * months;
                let start = NaiveDate::from_ymd_opt(date.year(), month0 + 1, 1)?;
                let on = i128::from(start.to_epoch_days()) * DAY;
                if on == at {
                    return Some(at);
                }
                let next = start.checked_add_months(Months::new(months))?;
                Some(i128::from(next.to_epoch_days()) * DAY)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_found() {
        const DAY: i128 = 86_400_000_000_000;
        let month = Step::Months(1);
        // 2026-11-01 is day 20,758.
        assert_eq!(month.first_at_or_after(20_758 * DAY), Some(20_758 * DAY));
        assert_eq!(month.first_at_or_after(20_758 * DAY + 1), Some(20_788 * DAY));
        let week = Step::named("week").unwrap();
        // 2026-11-23 is a Monday.
        assert_eq!(week.first_at_or_after(20_777 * DAY), Some(20_780 * DAY));
        assert_eq!(week.first_at_or_after(20_780 * DAY), Some(20_780 * DAY));
        assert_eq!(ceil(7, 3), 3);
        assert_eq!(ceil(6, 3), 2);
    }
}
