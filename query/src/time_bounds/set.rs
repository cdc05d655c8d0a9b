//! Sets of times, and the set that a filter allows.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use storage::clock::DAY_US;
use storage::schema::Col;

/// Half-open ranges of microseconds, in order, not touching. Wide enough that no sum of two times overflows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeSet(Vec<(i128, i128)>);

/// Beyond every time an `i64` holds.
const LEAST: i128 = -(1 << 100);
const GREATEST: i128 = 1 << 100;

impl TimeSet {
    /// Every time.
    pub(crate) fn all() -> Self {
        Self(vec![(LEAST, GREATEST)])
    }

    /// No time.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    /// The times from `from` up to, not including, `to`.
    pub(crate) fn range(from: i128, to: i128) -> Self {
        if from < to { Self(vec![(from, to)]) } else { Self::none() }
    }

    /// The times from `from` on.
    pub(crate) fn from_on(from: i128) -> Self {
        Self::range(from, GREATEST)
    }

    /// The times before `to`.
    pub(crate) fn until(to: i128) -> Self {
        Self::range(LEAST, to)
    }

    /// Whether it is bounded on one side at least.
    pub(crate) fn is_bounded(&self) -> bool {
        let first = self.0.first().is_none_or(|(from, _)| *from != LEAST);
        first || self.0.last().is_none_or(|(_, to)| *to != GREATEST)
    }

    /// Its ranges, `None` where one is unbounded.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = (Option<i64>, Option<i64>)> {
        self.0.iter().map(|&(from, to)| (i64::try_from(from).ok(), i64::try_from(to).ok()))
    }

    /// The times in both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut both = Vec::new();
        for &(a, b) in &self.0 {
            for &(c, d) in &other.0 {
                if a.max(c) < b.min(d) {
                    both.push((a.max(c), b.min(d)));
                }
            }
        }
        Self(both)
    }

    /// The times in one of them.
    pub(crate) fn or(&self, other: &Self) -> Self {
        let mut every: Vec<_> = self.0.iter().chain(&other.0).copied().collect();
        every.sort_unstable();
        let mut merged: Vec<(i128, i128)> = Vec::with_capacity(every.len());
        for (from, to) in every {
            match merged.last_mut() {
                Some((_, end)) if *end >= from => *end = (*end).max(to),
                _ => merged.push((from, to)),
            }
        }
        Self(merged)
    }

    /// The times not in it.
    pub(crate) fn not(&self) -> Self {
        let mut rest = Vec::new();
        let mut from = LEAST;
        for &(a, b) in &self.0 {
            if from < a {
                rest.push((from, a));
            }
            from = b;
        }
        if from < GREATEST {
            rest.push((from, GREATEST));
        }
        Self(rest)
    }

    /// Whether some time from `from` up to, not including, `to` is in it.
    pub(crate) fn touches(&self, from: i64, to: i64) -> bool {
        let (from, to) = (i128::from(from), i128::from(to));
        let at = self.0.partition_point(|(_, end)| *end <= from);
        self.0.get(at).is_some_and(|(start, _)| *start < to)
    }

    /// Whether every time from `from` up to, not including, `to` is in it.
    pub(crate) fn covers(&self, from: i64, to: i64) -> bool {
        let (from, to) = (i128::from(from), i128::from(to));
        let at = self.0.partition_point(|(_, end)| *end <= from);
        self.0.get(at).is_some_and(|(start, end)| *start <= from && to <= *end)
    }
}

/// The times that a filter allows.
#[derive(Debug, Clone)]
pub(crate) struct Allowed {
    /// No row with a time outside passes.
    pub(crate) times: TimeSet,
    /// Every row with a time inside passes.
    pub(crate) exact: bool,
}

impl Allowed {
    fn unknown() -> Self {
        Self { times: TimeSet::all(), exact: false }
    }

    fn exactly(times: TimeSet) -> Self {
        Self { times, exact: true }
    }
}

/// The times that a row may have if `filter` is true for it. `ts` and `day` are never NULL, and `day` follows from
/// `ts`, so comparisons of both with constants say everything.
pub(crate) fn allowed(filter: &Expr) -> Allowed {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            let (left, right) = (allowed(left), allowed(right));
            Allowed { times: left.times.and(&right.times), exact: left.exact && right.exact }
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let (left, right) = (allowed(left), allowed(right));
            Allowed { times: left.times.or(&right.times), exact: left.exact && right.exact }
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => compared(left, *op, right)
            .or_else(|| compared(right, op.swap()?, left))
            .map_or_else(Allowed::unknown, Allowed::exactly),
        Expr::Not(inner) => match allowed(inner) {
            Allowed { times, exact: true } => Allowed::exactly(times.not()),
            Allowed { exact: false, .. } => Allowed::unknown(),
        },
        Expr::Between(Between { expr, negated, low, high }) => {
            let from = compared(expr, Operator::GtEq, low);
            let to = compared(expr, Operator::LtEq, high);
            match (from, to) {
                (Some(from), Some(to)) if *negated => Allowed::exactly(from.and(&to).not()),
                (Some(from), Some(to)) => Allowed::exactly(from.and(&to)),
                _ => Allowed::unknown(),
            }
        }
        Expr::InList(list) => {
            let each = list.list.iter().map(|value| compared(&list.expr, Operator::Eq, value));
            match each.collect::<Option<Vec<_>>>() {
                Some(sets) => {
                    let any = sets.iter().fold(TimeSet::none(), |any, one| any.or(one));
                    Allowed::exactly(if list.negated { any.not() } else { any })
                }
                None => Allowed::unknown(),
            }
        }
        Expr::IsNotNull(inner) if is_time(inner) => Allowed::exactly(TimeSet::all()),
        Expr::IsNull(inner) if is_time(inner) => Allowed::exactly(TimeSet::none()),
        Expr::Literal(ScalarValue::Boolean(Some(true)), _) => Allowed::exactly(TimeSet::all()),
        Expr::Literal(ScalarValue::Boolean(Some(false) | None), _) => Allowed {
            times: TimeSet::none(),
            // NOT NULL is no more true than NULL.
            exact: matches!(filter, Expr::Literal(ScalarValue::Boolean(Some(_)), _)),
        },
        _ => Allowed::unknown(),
    }
}

fn is_time(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(column) if column.name == Col::Ts.name() || column.name == Col::Day.name())
}

/// The times for which `column op value` is true.
fn compared(column: &Expr, op: Operator, value: &Expr) -> Option<TimeSet> {
    let (Expr::Column(column), Expr::Literal(value, _)) = (column, value) else { return None };
    // The value stands for the times from `from` up to `to`: one microsecond, or one day.
    let (from, to) = match value {
        ScalarValue::TimestampMicrosecond(Some(at), _) if column.name == Col::Ts.name() => {
            (i128::from(*at), i128::from(*at) + 1)
        }
        ScalarValue::Date32(Some(day)) if column.name == Col::Day.name() => {
            let start = i128::from(*day) * i128::from(DAY_US);
            (start, start + i128::from(DAY_US))
        }
        _ => return None,
    };
    Some(match op {
        Operator::Eq => TimeSet::range(from, to),
        Operator::NotEq => TimeSet::range(from, to).not(),
        Operator::Lt => TimeSet::range(LEAST, from),
        Operator::LtEq => TimeSet::range(LEAST, to),
        Operator::Gt => TimeSet::range(to, GREATEST),
        Operator::GtEq => TimeSet::range(from, GREATEST),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::{col, lit};

    use super::*;

    fn ts(at: i64) -> Expr {
        Expr::Literal(ScalarValue::TimestampMicrosecond(Some(at), None), None)
    }

    fn day(day: i32) -> Expr {
        Expr::Literal(ScalarValue::Date32(Some(day)), None)
    }

    #[test]
    fn bounds_meet() {
        let both = allowed(&col("ts").gt_eq(ts(10)).and(col("ts").lt(ts(20))));
        assert_eq!(both.times, TimeSet::range(10, 20));
        assert!(both.exact);
        assert!(both.times.covers(10, 20) && !both.times.covers(10, 21));
        assert!(both.times.touches(19, 30) && !both.times.touches(20, 30));
        let either = allowed(&col("ts").lt(ts(5)).or(col("day").eq(day(1))));
        assert!(either.times.touches(0, 5) && !either.times.touches(5, DAY_US));
        assert!(either.times.covers(DAY_US, 2 * DAY_US));
    }

    #[test]
    fn what_is_not_understood_allows_every_time() {
        let filter = col("host").eq(lit("a"));
        assert!(allowed(&filter).times.eq(&TimeSet::all()) && !allowed(&filter).exact);
        let mixed = allowed(&filter.clone().and(col("ts").lt(ts(5))));
        assert!(!mixed.exact && !mixed.times.touches(5, 6));
        assert!(allowed(&filter.or(col("ts").lt(ts(5)))).times.eq(&TimeSet::all()));
        let not = allowed(&Expr::Not(Box::new(col("ts").lt(ts(5)))));
        assert!(not.exact && not.times.touches(5, 6) && !not.times.touches(4, 5));
    }

    #[test]
    fn null_is_neither_true_nor_its_negation() {
        let null = Expr::Literal(ScalarValue::Boolean(None), None);
        assert_eq!(allowed(&null).times, TimeSet::none());
        assert!(allowed(&Expr::Not(Box::new(null))).times.eq(&TimeSet::all()));
    }
}
