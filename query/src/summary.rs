//! What was usual? Small tables of each day, from which baselines are read without scanning weeks: kept beside the data,
//! or made from `requests` where none are kept, or where rows have come or gone since.
//!
//! Never a second truth: a kept table counts only while the ledger says that nothing has changed its day.

mod kept;
mod tables;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{ArrayRef, AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{
    CatalogProvider as _, CatalogProviderList as _, MemTable, MemoryCatalogProvider,
    MemoryCatalogProviderList, MemorySchemaProvider, SchemaProvider as _, Session as EngineSession,
    TableProvider,
};
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::{ExecutionPlan, collect};
use storage::day::Day;
use storage::store::State;

pub(crate) use self::kept::{content, current};
pub use self::tables::{TABLES, Table};
use crate::limits;
use crate::origin::Origin;
use crate::system::external;
use crate::table::Requests;
use crate::time_bounds::set::{TimeSet, allowed};

/// A table of a day in pieces of some thousand rows, each with its own text: an operator counts, keeps or sends on what a
/// piece holds, and not all text of the table with each.
type Pieces = Vec<RecordBatch>;

/// Rows of a piece; what the engine works with at a time.
const PIECE: usize = 8_192;

/// What all summaries of a session share: how to make them, and those made so far.
#[derive(Debug)]
pub(crate) struct Summaries {
    origin: Arc<dyn Origin>,
    state: Arc<State>,
    requests: Arc<Requests>,
    /// By day, in the order of [`TABLES`].
    known: Mutex<BTreeMap<Day, Arc<Vec<Pieces>>>>,
    /// Kept ones that were read, by day and place in [`TABLES`]: many hunts look at the same weeks.
    read: Mutex<BTreeMap<(Day, usize), Pieces>>,
}

impl Summaries {
    /// Over every row of a version; `requests` has no bounds.
    pub(crate) fn new(
        origin: Arc<dyn Origin>,
        state: Arc<State>,
        requests: Arc<Requests>,
    ) -> Arc<Self> {
        Arc::new(Self { origin, state, requests, known: Mutex::default(), read: Mutex::default() })
    }

    /// Their tables, by name.
    pub(crate) fn tables(self: &Arc<Self>) -> Vec<(&'static str, Arc<dyn TableProvider>)> {
        let table = |(at, table): (usize, &'static Table)| -> (_, Arc<dyn TableProvider>) {
            let schema = Arc::new(table.schema());
            (table.name, Arc::new(Daily { at, schema, summaries: Arc::clone(self) }))
        };
        TABLES.iter().enumerate().map(table).collect()
    }

    /// Table number `at` of a day.
    async fn of(&self, session: &dyn EngineSession, at: usize, day: Day) -> Result<Option<Pieces>> {
        if let Some(made) = self.known(day) {
            return Ok(made.get(at).cloned());
        }
        if let Some(kept) = current(&self.state, day, TABLES[at].name) {
            let cached = lock(&self.read).get(&(day, at)).cloned();
            if cached.is_some() {
                return Ok(cached);
            }
            let bytes = self.origin.table(kept).map_err(external)?;
            let table = pieces(&kept::read(&TABLES[at], bytes)?)?;
            lock(&self.read).insert((day, at), table.clone());
            return Ok(Some(table));
        }
        let made = self.make(session, day).await?;
        let made = Arc::new(made.iter().map(pieces).collect::<Result<_>>()?);
        let mut known = lock(&self.known);
        Ok(known.entry(day).or_insert(made).get(at).cloned())
    }

    fn known(&self, day: Day) -> Option<Arc<Vec<Pieces>>> {
        lock(&self.known).get(&day).cloned()
    }

    /// Makes all tables of a day from its rows: once grouped finely, and each table from that.
    pub(crate) async fn make(
        &self,
        session: &dyn EngineSession,
        day: Day,
    ) -> Result<Vec<RecordBatch>> {
        let task = session.task_ctx();
        let fine = tables::FINE.replace("{day}", &day.to_string());
        let planner = planner(Arc::clone(&self.requests) as _, session)?;
        let fine = run(&planner, &task, &fine).await?;
        let schema = fine.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        if fine.is_empty() {
            return Ok(TABLES
                .iter()
                .map(|it| RecordBatch::new_empty(it.schema().into()))
                .collect());
        }
        let planner = planner_of_fine(schema, fine, session)?;
        let mut made = Vec::with_capacity(TABLES.len());
        for table in TABLES {
            let batches = run(&planner, &task, table.sql).await?;
            made.push(as_table(table, &batches)?);
        }
        Ok(made)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The batches as one, with the types of the table.
fn as_table(table: &Table, batches: &[RecordBatch]) -> Result<RecordBatch> {
    let schema = Arc::new(table.schema());
    let Some(first) = batches.first() else { return Ok(RecordBatch::new_empty(schema)) };
    let joined = arrow::compute::concat_batches(&first.schema(), batches)?;
    fit(&schema, &joined)
}

/// The columns of a batch, in their order, with the types of the schema.
fn fit(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = schema.fields().iter().zip(batch.columns());
    let columns = columns.map(|(field, column)| cast(column, field.data_type()));
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
    own_text(&RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// A batch that holds its own text only. The batches of an aggregation are slices, and each holds all text of all of them: joined, moved between
/// threads or spilled, that is the same text hundreds of times.
fn own_text(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(|column| match column.as_string_view_opt() {
        Some(text) => Arc::new(text.gc()) as ArrayRef,
        None => Arc::clone(column),
    });
    Ok(RecordBatch::try_new(batch.schema(), columns.collect())?)
}

/// A table cut into pieces.
fn pieces(table: &RecordBatch) -> Result<Pieces> {
    let rows = table.num_rows();
    let starts = (0..rows).step_by(PIECE);
    starts.map(|at| own_text(&table.slice(at, PIECE.min(rows - at)))).collect()
}

async fn run(
    planner: &SessionState,
    task: &Arc<TaskContext>,
    sql: &str,
) -> Result<Vec<RecordBatch>> {
    let logical = planner.create_logical_plan(sql).await?;
    let plan = planner.create_physical_plan(&logical).await?;
    let batches = collect(plan, Arc::clone(task)).await?;
    batches.iter().filter(|batch| batch.num_rows() > 0).map(own_text).collect()
}

/// A planner that knows one table, and plans as `session` does.
fn planner(table: Arc<dyn TableProvider>, session: &dyn EngineSession) -> Result<SessionState> {
    let public = MemorySchemaProvider::new();
    public.register_table("requests".to_owned(), table)?;
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(limits::SCHEMA, Arc::new(public))?;
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(limits::CATALOG.to_owned(), Arc::new(catalog));
    Ok(SessionStateBuilder::new()
        .with_config(session.config().clone().with_information_schema(false))
        .with_runtime_env(Arc::clone(session.runtime_env()))
        .with_catalog_list(Arc::new(catalogs))
        .with_default_features()
        .build())
}

fn planner_of_fine(
    schema: SchemaRef,
    fine: Vec<RecordBatch>,
    session: &dyn EngineSession,
) -> Result<SessionState> {
    planner(Arc::new(MemTable::try_new(schema, vec![fine])?), session)
}

/// One of the tables.
#[derive(Debug)]
struct Daily {
    at: usize,
    schema: SchemaRef,
    summaries: Arc<Summaries>,
}

#[async_trait]
impl TableProvider for Daily {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        session: &dyn EngineSession,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let times = filters.iter().fold(TimeSet::all(), |all, it| all.and(&allowed(it).times));
        let summaries = &self.summaries;
        let days = summaries.state.days.keys();
        let days = days.filter(|day| times.touches(day.start(), day.end() - 1));
        let mut parts = vec![Vec::new(); session.config().target_partitions().max(1)];
        let mut number = 0;
        for day in days {
            for piece in summaries.of(session, self.at, *day).await?.into_iter().flatten() {
                let part = number % parts.len();
                parts[part].push(piece);
                number += 1;
            }
        }
        parts.retain(|part| !part.is_empty());
        if parts.is_empty() {
            parts.push(Vec::new());
        }
        let plan = MemorySourceConfig::try_new_exec(&parts, self.schema(), projection.cloned())?;
        Ok(plan)
    }
}

/// Whether a table of a day is kept and says what its rows say.
pub fn is_kept(state: &State, day: Day, table: &str) -> bool {
    current(state, day, table).is_some()
}

/// What a column of a summary means.
pub(crate) fn meaning(table: &str, column: &str) -> Option<&'static str> {
    let table = TABLES.iter().find(|known| known.name == table)?;
    if column == "day" {
        return Some("the UTC day");
    }
    table.columns.iter().find(|(name, ..)| *name == column).map(|(_, _, doc)| *doc)
}
