//! Under which other names can the rows be read, and which rows are repeats? Views over `requests`, one file each.
//!
//! A view is a list of columns, each with the expression it comes from, from which `system.columns` and `docs/views.md`
//! are made; or, where rows are compared with each other, a text of SQL. It is planned when a query first names it.

mod agents;
mod cim_web;
mod clocks;
mod ecs;
mod event_key;
mod ocsf;
mod overlaps;
mod record_id;
mod requests_distinct;
mod sigma_proxy;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList as _, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider, Session, TableProvider,
};
use datafusion::common::plan_err;
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{Expr, LogicalPlan, ScalarUDF, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use futures::FutureExt as _;
use storage::store::State;

use crate::limits;
use crate::origin::Origin;
use crate::summary::Summaries;
use crate::table::{Requests, Unmeasured};

/// One column of a view.
#[derive(Debug, Clone, Copy)]
pub struct ViewColumn {
    /// The name, to be quoted in SQL unless it is a plain word.
    pub name: &'static str,
    /// The expression over the columns of `requests`.
    pub from: &'static str,
    /// What is to be known beyond that; empty where the column of `requests` says it all.
    pub doc: &'static str,
}

/// A view that gives the columns of `requests` other names.
#[derive(Debug)]
pub struct ViewDoc {
    /// The name in SQL.
    pub name: &'static str,
    /// What it is for, and what its readers should know.
    pub summary: &'static str,
    /// The file that defines it.
    pub source: &'static str,
    columns: &'static [ViewColumn],
}

impl ViewDoc {
    /// Its columns in order; the last ones lead back to the line and are the same in each view.
    pub fn columns(&self) -> impl Iterator<Item = &'static ViewColumn> {
        self.columns.iter().chain(OWN)
    }

    fn definition(&self) -> String {
        let mut sql = String::from("SELECT ");
        for (at, column) in self.columns().enumerate() {
            let comma = if at == 0 { "" } else { ",\n  " };
            let _ = write!(sql, "{comma}{} AS \"{}\"", column.from, column.name);
        }
        sql + "\nFROM requests"
    }
}

/// A column under another name.
const fn same(name: &'static str, from: &'static str) -> ViewColumn {
    ViewColumn { name, from, doc: "" }
}

/// A column with something to be known about it.
const fn told(name: &'static str, from: &'static str, doc: &'static str) -> ViewColumn {
    ViewColumn { name, from, doc }
}

/// What each view keeps under its own name.
static OWN: &[ViewColumn] = &[
    told("day", "day", "the partition; a filter on it prunes as it does on `requests`"),
    told("source_id", "source_id", "leads back to the line, with `line_no`"),
    same("line_no", "line_no"),
    told("extra", "extra", "every field without a column, for `extra_get`"),
];

/// The URL with scheme and host also where the log has only its path, and both are known.
macro_rules! full_url {
    () => {
        "CASE WHEN url LIKE '/%' AND host IS NOT NULL AND scheme NOT IN ('tunnel', 'error') \
         THEN concat(scheme, '://', CASE WHEN host LIKE '%:%' THEN concat('[', host, ']') ELSE host END, \
         CASE WHEN (scheme = 'http' AND port = 80) OR (scheme = 'https' AND port = 443) OR port IS NULL THEN '' \
         ELSE concat(':', CAST(port AS VARCHAR)) END, url) ELSE url END"
    };
}
use full_url;

/// The views that only give other names, by name.
static RENAMING: &[&ViewDoc] = &[&cim_web::VIEW, &ecs::VIEW, &ocsf::VIEW, &sigma_proxy::VIEW];

/// The views that give the columns of `requests` other names, by name.
pub fn all() -> impl ExactSizeIterator<Item = &'static ViewDoc> {
    RENAMING.iter().copied()
}

/// What a column of a view over rows that are compared means; `None` for those of `requests`.
pub(crate) fn meaning(view: &str, column: &str) -> Option<Cow<'static, str>> {
    let compared = [
        (requests_distinct::NAME, requests_distinct::COLUMNS),
        (overlaps::FULL_NAME, overlaps::COLUMNS),
        (clocks::FULL_NAME, clocks::COLUMNS),
        (agents::NAME, agents::COLUMNS),
        (agents::ALLOW, agents::ALLOW_COLUMNS),
    ];
    if let Some(doc) = crate::accepted::meaning(view, column) {
        return Some(Cow::Borrowed(doc));
    }
    if let Some(doc) = crate::summary::meaning(view, column) {
        return Some(Cow::Borrowed(doc));
    }
    if let Some(doc) = crate::intel::meaning(view, column) {
        return Some(Cow::Borrowed(doc));
    }
    if let Some(doc) = all().find(|doc| doc.name == view) {
        let found = doc.columns().find(|one| one.name == column)?;
        return Some(match found.doc {
            "" => Cow::Borrowed(found.from),
            doc => Cow::Owned(format!("{}: {doc}", found.from)),
        });
    }
    let (_, columns) = compared.iter().find(|(name, _)| *name == view)?;
    let found = columns.iter().find(|(name, _)| *name == column);
    found.map(|(_, doc)| Cow::Borrowed(*doc))
}

/// What views are planned with: the tables below them, and the functions they use.
#[derive(Debug)]
struct Planner {
    requests: Arc<Requests>,
    sources: Arc<dyn TableProvider>,
    /// The summaries and the accepted list, by name.
    daily: Vec<(&'static str, Arc<dyn TableProvider>)>,
    functions: Vec<ScalarUDF>,
    state: OnceLock<Option<SessionState>>,
}

impl Planner {
    /// A session that knows the tables, and no view. Made when the first view is asked for.
    fn state(&self) -> Option<&SessionState> {
        let make = || -> Result<SessionState> {
            let public = MemorySchemaProvider::new();
            public.register_table("requests".to_owned(), Arc::clone(&self.requests) as _)?;
            let streamed = Unmeasured(Arc::clone(&self.requests));
            public.register_table("streamed".to_owned(), Arc::new(streamed))?;
            for (name, table) in &self.daily {
                public.register_table((*name).to_owned(), Arc::clone(table))?;
            }
            let systems = MemorySchemaProvider::new();
            systems.register_table("sources".to_owned(), Arc::clone(&self.sources))?;
            let catalog = MemoryCatalogProvider::new();
            catalog.register_schema(limits::SCHEMA, Arc::new(public))?;
            catalog.register_schema("system", Arc::new(systems))?;
            let catalogs = MemoryCatalogProviderList::new();
            catalogs.register_catalog(limits::CATALOG.to_owned(), Arc::new(catalog));
            let state = SessionStateBuilder::new()
                .with_config(limits::names_only())
                .with_catalog_list(Arc::new(catalogs))
                .with_default_features()
                .build();
            let context = SessionContext::new_with_state(state);
            crate::functions::register(&context);
            context.register_udf(record_id::function());
            context.register_udf(event_key::function());
            self.functions.iter().for_each(|one| context.register_udf(one.clone()));
            Ok(context.state())
        };
        self.state.get_or_init(|| make().ok()).as_ref()
    }

    /// Tables of ours answer at once, so planning never waits.
    fn plan(&self, sql: &str) -> Option<LogicalPlan> {
        self.state()?.create_logical_plan(sql).now_or_never()?.ok()
    }
}

/// A view that is planned when it is first used.
#[derive(Debug)]
struct View {
    definition: String,
    planner: Arc<Planner>,
    table: OnceLock<Option<ViewTable>>,
}

impl View {
    fn new(definition: String, planner: Arc<Planner>) -> Self {
        Self { definition, planner, table: OnceLock::new() }
    }

    fn plan(&self) -> Result<&LogicalPlan> {
        match self.table() {
            Some(table) => Ok(table.logical_plan()),
            None => plan_err!("the view cannot be planned: {}", self.definition),
        }
    }

    fn table(&self) -> Option<&ViewTable> {
        let make = || Some(ViewTable::new(self.planner.plan(&self.definition)?, None));
        self.table.get_or_init(make).as_ref()
    }
}

#[async_trait]
impl TableProvider for View {
    fn schema(&self) -> SchemaRef {
        self.table().map_or_else(|| Arc::new(Schema::empty()), TableProvider::schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn get_table_definition(&self) -> Option<&str> {
        Some(&self.definition)
    }

    fn get_logical_plan(&self) -> Option<Cow<'_, LogicalPlan>> {
        self.table()?.get_logical_plan()
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Exact; filters.len()])
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let table = ViewTable::new(self.plan()?.clone(), None);
        table.scan(session, projection, filters, limit).await
    }
}

/// Adds the views: to `public`, and `overlaps` and `clocks` to `systems`. Gives them back by the names that queries use.
pub(crate) fn register(
    public: &MemorySchemaProvider,
    systems: &MemorySchemaProvider,
    requests: Arc<Requests>,
    sources: Arc<dyn TableProvider>,
    summaries: &Arc<Summaries>,
    accepted: &[(&'static str, Arc<dyn TableProvider>)],
    (origin, state): (&Arc<dyn Origin>, &State),
) -> Result<Vec<(&'static str, Arc<dyn TableProvider>)>> {
    let planner = Arc::new(Planner {
        requests,
        sources,
        daily: summaries.tables().into_iter().chain(accepted.iter().cloned()).collect(),
        functions: clocks::functions(origin, state).into(),
        state: OnceLock::new(),
    });
    let view = |name, definition| -> (_, Arc<dyn TableProvider>) {
        (name, Arc::new(View::new(definition, Arc::clone(&planner))))
    };
    let mut views: Vec<_> = all().map(|doc| view(doc.name, doc.definition())).collect();
    let distinct = requests_distinct::Distinct::new(state, Arc::clone(&planner));
    views.push((requests_distinct::NAME, Arc::new(distinct)));
    views.push(view(agents::NAME, agents::DEFINITION.to_owned()));
    views.push(view(agents::ALLOW, agents::ALLOW_DEFINITION.to_owned()));
    for (name, view) in &views {
        public.register_table((*name).to_owned(), Arc::clone(view))?;
    }
    for (short, (name, table)) in [
        (overlaps::NAME, view(overlaps::FULL_NAME, overlaps::definition(state))),
        (clocks::NAME, view(clocks::FULL_NAME, clocks::definition(state))),
    ] {
        systems.register_table(short.to_owned(), Arc::clone(&table))?;
        views.push((name, table));
    }
    Ok(views)
}

/// The name of a type in documents.
pub(crate) fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => "utf8".to_owned(),
        DataType::Binary | DataType::BinaryView => "binary".to_owned(),
        DataType::Timestamp(..) => "timestamp(us, UTC)".to_owned(),
        DataType::Date32 => "date".to_owned(),
        other => other.to_string().to_ascii_lowercase(),
    }
}
