//! Which rows of some files are shown? Those of lines that are not hidden, within the times of the session.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, Literal};
use storage::schema::Col;

use super::files::SegmentFile;
use super::hidden;
use crate::time_bounds::set::TimeSet;

/// A filter on columns of the file, built once it is known where in the scan they stand.
pub(super) type Filter = Box<dyn Fn(&dyn Fn(Col) -> Column) -> Arc<dyn PhysicalExpr>>;

/// Files with the same hidden lines, together.
pub(super) fn alike(files: Vec<&SegmentFile>) -> Vec<Vec<&SegmentFile>> {
    let mut groups: Vec<Vec<&SegmentFile>> = Vec::new();
    for file in files {
        match groups.iter_mut().find(|group| group[0].hidden == file.hidden) {
            Some(group) => group.push(file),
            None => groups.push(vec![file]),
        }
    }
    groups
}

/// The filter that leaves the lines of `files` that are shown: not hidden (all hide the same), and within the
/// session's times.
pub(super) fn shown(files: &[&SegmentFile], bounds: &TimeSet) -> (Vec<Col>, Filter) {
    let of_file = files.first().map(|file| file.hidden.clone()).unwrap_or_default();
    let mut columns = Vec::new();
    if !of_file.is_empty() {
        columns.extend([Col::SourceId, Col::LineNo]);
    }
    let covered = files.iter().all(|file| {
        let (from, to) = file.span();
        bounds.covers(from, to)
    });
    let bounds = (!covered).then(|| bounds.clone());
    if bounds.is_some() {
        columns.push(Col::Ts);
    }
    let filter = move |column: &dyn Fn(Col) -> Column| {
        let mut all: Option<Arc<dyn PhysicalExpr>> = None;
        let mut add = |one: Arc<dyn PhysicalExpr>| {
            all = Some(match all.take() {
                Some(before) => binary(before, Operator::And, one),
                None => one,
            });
        };
        if !of_file.is_empty() {
            let columns = [column(Col::SourceId), column(Col::LineNo)];
            add(hidden::shown(&of_file, columns.map(|column| Arc::new(column) as _)));
        }
        if let Some(bounds) = &bounds {
            add(within(bounds, &column(Col::Ts)));
        }
        all.unwrap_or_else(|| literal(ScalarValue::from(true)))
    };
    (columns, Box::new(filter))
}

/// Whether `ts` is in `times`.
fn within(times: &TimeSet, ts: &Column) -> Arc<dyn PhysicalExpr> {
    let at = |at: i64| literal(ScalarValue::TimestampMicrosecond(Some(at), None));
    let ranges = times.ranges().map(|(from, to)| {
        let lower = from.map(|from| binary(Arc::new(ts.clone()), Operator::GtEq, at(from)));
        let upper = to.map(|to| binary(Arc::new(ts.clone()), Operator::Lt, at(to)));
        match (lower, upper) {
            (Some(lower), Some(upper)) => binary(lower, Operator::And, upper),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => literal(ScalarValue::from(true)),
        }
    });
    ranges
        .reduce(|a, b| binary(a, Operator::Or, b))
        .unwrap_or_else(|| literal(ScalarValue::from(false)))
}

fn binary(
    left: Arc<dyn PhysicalExpr>,
    op: Operator,
    right: Arc<dyn PhysicalExpr>,
) -> Arc<dyn PhysicalExpr> {
    Arc::new(BinaryExpr::new(left, op, right))
}

fn literal(value: ScalarValue) -> Arc<dyn PhysicalExpr> {
    Arc::new(Literal::new(value))
}
