//! Which tables tell about the store itself? One file for each, all made from one version of the ledger.

mod columns;
mod days;
mod functions;
mod holds;
mod hunts;
mod ledger;
mod quarantine;
mod restored;
mod retired;
mod segments;
mod sources;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use async_trait::async_trait;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider, Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use storage::store::State;

use crate::origin::Origin;
use crate::reader::OpenFiles;

/// What the tables are made from.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// Where the ledger's records come from.
    pub(crate) origin: Arc<dyn Origin>,
    /// The version.
    pub(crate) state: Arc<State>,
    /// Its files, for those tables that read some.
    pub(crate) files: Arc<OpenFiles>,
    /// What `now()` says.
    pub(crate) now_us: storage::Micros,
    /// The views, by name.
    pub(crate) views: Vec<(&'static str, Arc<dyn TableProvider>)>,
}

/// A table that is small enough to be made whole when a query asks for it.
#[derive(Debug)]
struct SystemTable {
    name: &'static str,
    schema: fn() -> Schema,
    rows: fn(&Facts, SchemaRef) -> Result<RecordBatch>,
}

/// The tables of schema `system`.
static TABLES: &[&SystemTable] = &[
    &columns::TABLE,
    &days::TABLE,
    &functions::TABLE,
    &holds::TABLE,
    &hunts::TABLE,
    &ledger::TABLE,
    &restored::TABLE,
    &retired::TABLE,
    &segments::TABLE,
    &sources::TABLE,
];

/// Adds `quarantine` to `public`, and the others to `system`.
pub(crate) fn register(
    public: &MemorySchemaProvider,
    system: &MemorySchemaProvider,
    facts: &Facts,
) -> Result<()> {
    let quarantine = quarantine::Quarantine::new(&facts.state, Arc::clone(&facts.files));
    public.register_table("quarantine".to_owned(), Arc::new(quarantine))?;
    for &table in TABLES {
        system.register_table(table.name.to_owned(), Arc::new(Provider::new(table, facts)))?;
    }
    Ok(())
}

/// `system.sources`, for views over it.
pub(crate) fn sources(facts: &Facts) -> Arc<dyn TableProvider> {
    Arc::new(Provider::new(&sources::TABLE, facts))
}

/// Text that is never NULL.
fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8View, false)
}

/// A number that is never NULL.
fn number(name: &str) -> Field {
    Field::new(name, DataType::Int64, false)
}

/// A time that may be unknown.
fn time(name: &str) -> Field {
    Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, None), true)
}

/// A count as SQL has it.
fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[derive(Debug)]
struct Provider {
    table: &'static SystemTable,
    schema: SchemaRef,
    facts: Facts,
}

impl Provider {
    fn new(table: &'static SystemTable, facts: &Facts) -> Self {
        Self { table, schema: Arc::new((table.schema)()), facts: facts.clone() }
    }
}

#[async_trait]
impl TableProvider for Provider {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = (self.table.rows)(&self.facts, self.schema())?;
        let plan =
            MemorySourceConfig::try_new_exec(&[vec![rows]], self.schema(), projection.cloned())?;
        Ok(plan)
    }
}

/// An error of the ground floor on its way through the engine.
pub(crate) fn external(error: storage::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
