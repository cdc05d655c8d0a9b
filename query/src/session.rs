//! How does a query run? A session over one version of a store, with its limits: from SQL text to a stream of batches.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, SchemaRef};
use chrono::DateTime;
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    SchemaProvider, Session as EngineSession,
};
use datafusion::error::DataFusionError;
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use detect::intel::matcher::Needs;
use storage::clock::Micros;
use storage::day::Day;
use storage::segment::FileMeta;
use storage::store::{State, Store};

use crate::answer::{Batches, utc_schema};
use crate::error::{Error, ErrorKind, Result};
use crate::intel::Lists;
use crate::mistakes::Names;
use crate::origin::Origin;
use crate::reader::{OpenFiles, Run};
use crate::summary::{self, Summaries};
use crate::table::Requests;
use crate::time_bounds::rewrite::CompareTheTime;
use crate::time_bounds::set::TimeSet;
use crate::{accepted, functions, guard, limits, mistakes, restored, system, views};

/// The limits and bounds of a session.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// Memory that the operators of one query may hold together.
    pub memory_bytes: usize,
    /// How many threads a query uses.
    pub threads: usize,
    /// Rows before this time do not exist for this session.
    pub since_us: Option<Micros>,
    /// Rows from this time on do not exist for this session.
    pub until_us: Option<Micros>,
    /// What `now()` says.
    pub now_us: Micros,
    /// Whether there is the table `history`: the rows that `requests` would have without bounds.
    pub history: bool,
    /// Only indicators that were added from this time on are matched with.
    pub indicators_since: Option<Micros>,
    /// A private folder for spill files; without one nothing spills.
    pub spill_dir: Option<PathBuf>,
}

impl SessionOptions {
    /// The default limits: 1 GiB, two threads, no bounds, no spill.
    pub fn new(now_us: Micros) -> Self {
        Self {
            memory_bytes: 1 << 30,
            threads: 2,
            since_us: None,
            until_us: None,
            now_us,
            history: false,
            indicators_since: None,
            spill_dir: None,
        }
    }

    fn bounds(&self) -> TimeSet {
        let all = TimeSet::all();
        let since = self.since_us.map_or_else(TimeSet::all, |at| TimeSet::from_on(at.into()));
        let until = self.until_us.map_or_else(TimeSet::all, |at| TimeSet::until(at.into()));
        all.and(&since).and(&until)
    }
}

/// What a function of one's own does with the columns it is called with.
pub type ScalarBody =
    Arc<dyn Fn(&[ArrayRef]) -> std::result::Result<ArrayRef, String> + Send + Sync>;

/// Plans and runs queries over one version of a store.
pub struct Session {
    options: SessionOptions,
    state: SessionState,
    summaries: Arc<Summaries>,
    lists: Arc<Lists>,
    names: Names,
}

/// What a plan is going to read of `requests`, before column pruning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanEstimate {
    /// How many segment files.
    pub files: u64,
    /// Their bytes; a query that needs few columns reads less.
    pub bytes: u64,
    /// Their rows.
    pub rows: u64,
    /// The first and the last day.
    pub days: Option<(Day, Day)>,
    /// Whether the query itself or the session bounds the time of every scan.
    pub time_bound: bool,
}

/// A query that is planned and may run.
pub struct Planned {
    plan: Arc<dyn ExecutionPlan>,
    state: SessionState,
    schema: SchemaRef,
    query: Query,
}

/// The answer to a query, as it comes. Dropping it cancels the query.
pub struct Answer {
    /// The columns; every timestamp carries the zone UTC.
    pub schema: SchemaRef,
    /// The batches.
    pub stream: Batches,
}

/// What belongs to one query, found by the tables it scans among the extensions of the engine's session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    run: Arc<Run>,
    estimate: Arc<Mutex<Option<ScanEstimate>>>,
}

impl Query {
    /// The query that `session` plans.
    pub(crate) fn of(session: &dyn EngineSession) -> Self {
        session
            .config()
            .get_extension::<Self>()
            .map_or_else(Self::default, |query| (*query).clone())
    }

    /// What it does while it runs.
    pub(crate) fn run(&self) -> &Arc<Run> {
        &self.run
    }

    /// Notes that a scan will read these files.
    pub(crate) fn will_read<'a>(
        &self,
        files: impl Iterator<Item = (Day, &'a FileMeta)>,
        time_bound: bool,
    ) {
        let mut estimate = self.estimate.lock().unwrap_or_else(PoisonError::into_inner);
        let estimate =
            estimate.get_or_insert(ScanEstimate { time_bound: true, ..ScanEstimate::default() });
        estimate.time_bound &= time_bound;
        for (day, meta) in files {
            estimate.files += 1;
            estimate.bytes += meta.bytes;
            estimate.rows += meta.rows;
            let (first, last) = estimate.days.unwrap_or((day, day));
            estimate.days = Some((first.min(day), last.max(day)));
        }
    }
}

impl Session {
    /// Opens a session over the newest version of `store`.
    pub fn over(store: &Arc<Store>, options: SessionOptions) -> Result<Self> {
        let state = store.state();
        Self::open(Arc::clone(store) as Arc<dyn Origin>, &state, options)
    }

    /// Opens a session over one version, the files of which `origin` finds.
    pub fn open(
        origin: Arc<dyn Origin>,
        state: &Arc<State>,
        options: SessionOptions,
    ) -> Result<Self> {
        let setup = |error: DataFusionError| Error::new(ErrorKind::Other, error.to_string());
        let files = Arc::new(OpenFiles::new(Arc::clone(&origin)));
        let public = MemorySchemaProvider::new();
        let requests = Arc::new(Requests::new(state, options.bounds(), Arc::clone(&files)));
        public.register_table("requests".to_owned(), Arc::clone(&requests) as _).map_err(setup)?;
        let systems = MemorySchemaProvider::new();
        let mut facts = system::Facts {
            origin,
            state: Arc::clone(state),
            files,
            now_us: options.now_us,
            views: vec![],
        };
        let sources = system::sources(&facts);
        let history = Arc::new(Requests::new(state, TimeSet::all(), Arc::clone(&facts.files)));
        if options.history {
            let table = Arc::clone(&history);
            public.register_table("history".to_owned(), table as _).map_err(setup)?;
        }
        let summaries = Summaries::new(Arc::clone(&facts.origin), Arc::clone(state), history);
        for (name, table) in summaries.tables() {
            public.register_table(name.to_owned(), table).map_err(setup)?;
        }
        let lists =
            Lists::new(Arc::clone(&facts.origin), Arc::clone(state), options.indicators_since);
        for (name, table) in lists.tables() {
            public.register_table(name.to_owned(), table).map_err(setup)?;
        }
        let accepted = accepted::tables(&facts.origin, state);
        for (name, table) in &accepted {
            public.register_table((*name).to_owned(), Arc::clone(table)).map_err(setup)?;
        }
        let ground = (&facts.origin, &**state);
        facts.views =
            views::register(&public, &systems, requests, sources, &summaries, &accepted, ground)
                .map_err(setup)?;
        facts.views.extend(summaries.tables());
        facts.views.extend(lists.tables());
        facts.views.extend(accepted);
        system::register(&public, &systems, &facts).map_err(setup)?;
        let sets = MemorySchemaProvider::new();
        restored::register(&public, &sets, &facts, &options.bounds()).map_err(setup)?;
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(limits::SCHEMA, Arc::new(public)).map_err(setup)?;
        catalog.register_schema("system", Arc::new(systems)).map_err(setup)?;
        catalog.register_schema("restored", Arc::new(sets)).map_err(setup)?;
        let catalogs = MemoryCatalogProviderList::new();
        use datafusion::catalog::CatalogProviderList as _;
        catalogs.register_catalog(limits::CATALOG.to_owned(), Arc::new(catalog));
        let engine = SessionStateBuilder::new()
            .with_config(limits::config(&options))
            .with_runtime_env(limits::runtime(&options).map_err(setup)?)
            .with_catalog_list(Arc::new(catalogs))
            .with_default_features()
            .with_optimizer_rules(rules())
            .build();
        let context = SessionContext::new_with_state(engine);
        functions::register(&context);
        context.register_udf(functions::ioc_match::over(Some(Arc::clone(&lists))));
        context.register_udf(functions::ioc_host::over(Some(Arc::clone(&lists))));
        let state = context.state();
        let names = names(&state);
        Ok(Self { options, state, summaries, lists, names })
    }

    /// The options this session was opened with.
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }

    /// Adds a function of one's own: `body` gets its arguments as arrays of the types given, all of one length, and
    /// answers with an array of type `returns` of that length.
    pub fn register_scalar(
        &mut self,
        name: &str,
        arguments: Vec<DataType>,
        returns: DataType,
        body: ScalarBody,
    ) -> Result<()> {
        let call = move |arguments: &[ColumnarValue]| {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            body(&arrays).map(ColumnarValue::Array).map_err(DataFusionError::Execution)
        };
        let made = create_udf(name, arguments, returns, Volatility::Immutable, Arc::new(call));
        self.state
            .register_udf(Arc::new(made))
            .map_err(|error| Error::new(ErrorKind::Usage, error.to_string()))?;
        self.names.functions.push(name.to_owned());
        Ok(())
    }

    /// The summaries of a day, made from its rows: name, rows, and the bytes they are kept as.
    pub async fn summaries_of(&self, day: Day) -> Result<Vec<(&'static str, u64, Vec<u8>)>> {
        let made = self.summaries.make(&self.state, day).await.map_err(mistakes::running_error)?;
        let tables = summary::TABLES.iter().zip(&made);
        let kept = tables.map(|(table, batch)| {
            Ok((table.name, batch.num_rows() as u64, summary::content(batch)?))
        });
        kept.collect::<datafusion::error::Result<_>>().map_err(mistakes::running_error)
    }

    /// What of a request the indicators of this session are compared with, and whether paths alone are among them.
    pub fn indicator_needs(&self) -> Result<(Needs, bool)> {
        let known = self.lists.known().map_err(mistakes::running_error)?;
        Ok((known.matcher.needs(), known.matcher.has_paths()))
    }

    /// Parses, checks and plans one statement.
    pub async fn plan(&self, sql: &str) -> Result<Planned> {
        let statement = guard::parse(sql)?;
        let query = Query::default();
        let mut state = self.state.clone();
        state.config_mut().set_extension(Arc::new(query.clone()));
        state.execution_props_mut().query_execution_start_time =
            DateTime::from_timestamp_micros(self.options.now_us);
        let wrong = |error| mistakes::planning_error(sql, &self.names, error);
        let logical = state.statement_to_plan(statement).await.map_err(wrong)?;
        guard::check_plan(&logical)?;
        let plan = state.create_physical_plan(&logical).await.map_err(wrong)?;
        let schema = utc_schema(&plan.schema());
        Ok(Planned { plan, state, schema, query })
    }

    /// Plans and starts one statement.
    pub async fn sql(&self, sql: &str) -> Result<Answer> {
        self.plan(sql).await?.run()
    }
}

/// The engine's rules, ours among them: after constants are folded, and again once filters have gone down through the
/// columns of views, before two uses of one such column become a column of their own.
fn rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules = Optimizer::new().rules;
    for name in ["simplify_expressions", "push_down_filter"] {
        let after = rules.iter().position(|rule| rule.name() == name);
        rules.insert(after.map_or(0, |at| at + 1), Arc::new(CompareTheTime));
    }
    rules
}

fn names(state: &SessionState) -> Names {
    let mut tables = Vec::new();
    if let Some(catalog) = state.catalog_list().catalog(limits::CATALOG) {
        for schema in catalog.schema_names() {
            let Some(provider) = catalog.schema(&schema) else { continue };
            let prefix =
                if schema == limits::SCHEMA { String::new() } else { format!("{schema}.") };
            tables.extend(provider.table_names().iter().map(|table| format!("{prefix}{table}")));
        }
    }
    let functions = state
        .scalar_functions()
        .keys()
        .chain(state.aggregate_functions().keys())
        .chain(state.window_functions().keys())
        .cloned()
        .collect();
    Names { tables, functions }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("options", &self.options).finish_non_exhaustive()
    }
}

impl fmt::Debug for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planned").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Planned {
    /// The columns of the answer; every timestamp carries the zone UTC.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// What the query is going to read of `requests`; `None` if it does not use that table.
    pub fn scan_estimate(&self) -> Option<ScanEstimate> {
        self.query.estimate.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Bytes read from segments so far, for progress and the summary.
    pub fn bytes_read(&self) -> u64 {
        self.query.run.bytes()
    }

    /// Starts it.
    pub fn run(&self) -> Result<Answer> {
        let stream = execute_stream(Arc::clone(&self.plan), self.state.task_ctx())
            .map_err(mistakes::running_error)?;
        let stream = Batches::new(stream, Arc::clone(&self.query.run));
        Ok(Answer { schema: Arc::clone(stream.schema()), stream })
    }
}
