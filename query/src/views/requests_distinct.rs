//! `requests_distinct`: which rows are left when an event that was logged, shipped or replayed twice counts once?

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown,
};
use datafusion::physical_plan::ExecutionPlan;
use storage::schema::Col;
use storage::store::{Source, State};

use super::{Planner, View, event_key};

pub(super) const NAME: &str = "requests_distinct";

/// What it has beyond the columns of `requests`.
pub(super) const COLUMNS: &[(&str, &str)] = &[
    ("repeats", "how many rows of requests this one stands for beside itself"),
    ("copy", "1, or n for the n-th of rows in one source that are alike and may all be genuine"),
];

/// The formats whose shippers replay their buffer into one source, by the beginning of their names.
const REPLAYING: &str = "zscaler";

/// The numbers of the sources that `holds` is true for, as a list of SQL; `None` without any.
fn sources(state: &State, holds: impl Fn(&Source) -> bool) -> Option<String> {
    let ids = state.sources.values().filter(|source| holds(source)).map(|one| one.id.to_string());
    let ids: Vec<_> = ids.collect();
    (!ids.is_empty()).then(|| ids.join(", "))
}

/// An expression that is NULL where alike rows of one source are replays, else the source they are compared within:
/// the second of two alike lines may well be a second event, and only an id, or a shipper known to replay, says that it is
/// none.
pub(super) fn genuine(state: &State) -> String {
    let replays = |one: &Source| one.format.starts_with(REPLAYING) && one.privacy.is_none();
    match sources(state, replays) {
        None => "CASE WHEN record_id IS NULL THEN source_id END".to_owned(),
        Some(ids) => {
            format!("CASE WHEN record_id IS NULL AND source_id NOT IN ({ids}) THEN source_id END")
        }
    }
}

/// The key of a row, given its record id. A privacy rule takes away what tells events apart, so without an id the rows of such
/// a source are like no rows of others.
pub(super) fn key(state: &State) -> String {
    let apart = match sources(state, |source| source.privacy.is_some()) {
        None => "CAST(NULL AS INT)".to_owned(),
        Some(ids) => format!("CASE WHEN source_id IN ({ids}) THEN source_id END"),
    };
    event_key::call("record_id", &apart)
}

/// The n-th alike row of one source is compared with the n-th of the others, and the one of the lowest source stays.
/// Only times and keys are sorted; what is known of the rows that have others like them joins the rows themselves.
fn definition(state: &State) -> String {
    let columns: Vec<_> = Col::ALL.iter().map(|col| format!("r.\"{}\"", col.name())).collect();
    let columns = columns.join(", ");
    let genuine = genuine(state);
    let key = key(state);
    format!(
        "SELECT {columns}, coalesce(e.repeats, 0) AS repeats, coalesce(e.copy, 1) AS copy
FROM (
  SELECT source_id, line_no, copy, count(*) OVER (PARTITION BY ts, event_key, copy) - 1 AS repeats,
    row_number() OVER (PARTITION BY ts, event_key, copy ORDER BY source_id, line_no) AS place
  FROM (
    SELECT *, CASE WHEN genuine_in IS NULL THEN 1 ELSE
      CAST(row_number() OVER (PARTITION BY ts, event_key, genuine_in ORDER BY line_no) AS BIGINT) END AS copy
    FROM (
      SELECT *, count(*) OVER (PARTITION BY ts, event_key) AS alike
      FROM (
        SELECT ts, source_id, line_no, {key} AS event_key, {genuine} AS genuine_in
        FROM (SELECT *, record_id(extra) AS record_id FROM requests)))
    WHERE alike > 1)) e
RIGHT JOIN streamed r ON e.source_id = r.source_id AND e.line_no = r.line_no
WHERE coalesce(e.place, 1) = 1"
    )
}

/// What alike rows have in common, whatever makes them alike: a filter on these keeps all of them or none, so it may come
/// before they are compared.
const COMMON: [Col; 4] = [Col::Ts, Col::Day, Col::Host, Col::ClientIp];

/// The view. Filters on what alike rows have in common go below the comparison, into both scans.
#[derive(Debug)]
pub(super) struct Distinct(View);

impl Distinct {
    /// The view over one version.
    pub(super) fn new(state: &State, planner: Arc<Planner>) -> Self {
        Self(View::new(definition(state), planner))
    }
}

#[async_trait]
impl TableProvider for Distinct {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.0.get_table_definition()
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let common = |filter: &Expr| {
            let mut columns = filter.column_refs().into_iter();
            columns.all(|column| COMMON.iter().any(|col| col.name() == column.name))
        };
        Ok(filters
            .iter()
            .map(|filter| match common(filter) && !filter.is_volatile() {
                true => TableProviderFilterPushDown::Exact,
                false => TableProviderFilterPushDown::Unsupported,
            })
            .collect())
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(filter) = conjunction(filters.iter().cloned()) else {
            return self.0.scan(session, projection, &[], limit).await;
        };
        let passed = self.0.plan()?.clone().transform_up(|node| match node {
            LogicalPlan::TableScan(_) => {
                LogicalPlanBuilder::from(node).filter(filter.clone())?.build().map(Transformed::yes)
            }
            other => Ok(Transformed::no(other)),
        });
        ViewTable::new(passed?.data, None).scan(session, projection, &[], limit).await
    }
}
