//! What does a house accept? The list that `dwell hunt accept agents` keeps, as the tables `accepted_agents` and `accepted_platforms`,
//! and what that list is made from.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, Float64Array, Int64Array, RecordBatch, StringViewArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session as EngineSession, TableProvider};
use datafusion::common::exec_datafusion_err;
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use detect::agents::accept::{Accepted, Seen};
use storage::day::Day;
use storage::ledger::record::TableKey;
use storage::store::State;

use crate::hunts::batches;
use crate::origin::Origin;
use crate::session::Session;
use crate::system::external;

/// The name of the table of accepted agents, under which the ledger has the list.
pub const AGENTS: &str = "accepted_agents";
/// The name of the table of usual systems.
pub const PLATFORMS: &str = "accepted_platforms";

/// Where the ledger names the list.
pub fn key() -> TableKey {
    TableKey { day: None, name: String::new(), table: AGENTS.to_owned() }
}

/// The agents of all clients on days from `since` on and before `until`, of the whole store.
///
/// # Errors
/// The engine's troubles, and those of the files below it.
pub async fn seen(
    session: &Session,
    since: Option<Day>,
    until: Option<Day>,
) -> crate::error::Result<Vec<Seen>> {
    let mut bounds = String::new();
    if let Some(since) = since {
        bounds += &format!(" AND day >= DATE '{since}'");
    }
    if let Some(until) = until {
        bounds += &format!(" AND day < DATE '{until}'");
    }
    let sql = format!(
        "SELECT user_agent AS agent, client_ip AS client, max(computer) AS computer, CAST(sum(requests) AS BIGINT) AS requests, \
         CAST(min(day) AS VARCHAR) AS first, CAST(max(day) AS VARCHAR) AS last FROM daily_agents \
         WHERE user_agent IS NOT NULL AND client_ip IS NOT NULL{bounds} GROUP BY user_agent, client_ip ORDER BY user_agent, client_ip"
    );
    let mut rows = Vec::new();
    for batch in batches(session, &sql).await? {
        let text = |at: usize| cast(batch.column(at), &DataType::Utf8View);
        let columns: Vec<ArrayRef> = [0, 1, 2, 4, 5]
            .into_iter()
            .map(text)
            .collect::<std::result::Result<_, _>>()
            .map_err(|error| crate::mistakes::running_error(error.into()))?;
        let requests = batch.column(3).as_primitive_opt::<Int64Type>();
        for row in 0..batch.num_rows() {
            let cell = |at: usize| {
                let column = columns[at].as_string_view();
                column.is_valid(row).then(|| column.value(row).to_owned())
            };
            rows.push(Seen {
                agent: cell(0).unwrap_or_default(),
                client: cell(1).unwrap_or_default(),
                computer: cell(2),
                requests: requests.map_or(0, |counts| counts.value(row).max(0) as u64),
                first: cell(3).unwrap_or_default(),
                last: cell(4).unwrap_or_default(),
            });
        }
    }
    Ok(rows)
}

/// The tables over one version of a store.
pub(crate) fn tables(
    origin: &Arc<dyn Origin>,
    state: &Arc<State>,
) -> [(&'static str, Arc<dyn TableProvider>); 2] {
    let table = |columns: &'static [Column]| -> Arc<dyn TableProvider> {
        let (origin, state) = (Arc::clone(origin), Arc::clone(state));
        Arc::new(Table { columns, schema: schema(columns), origin, state })
    };
    [(AGENTS, table(AGENT_COLUMNS)), (PLATFORMS, table(PLATFORM_COLUMNS))]
}

/// What a column says, by name.
pub(crate) fn meaning(table: &str, column: &str) -> Option<&'static str> {
    let columns = match table {
        AGENTS => AGENT_COLUMNS,
        PLATFORMS => PLATFORM_COLUMNS,
        _ => return None,
    };
    columns.iter().find(|(name, ..)| *name == column).map(|(_, _, doc, _)| *doc)
}

/// Name, type, meaning, and how its values come from a list.
type Column = (&'static str, DataType, &'static str, fn(&Accepted) -> ArrayRef);

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringViewArray::from_iter_values(values))
}

fn counts(values: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values.map(|n| i64::try_from(n).unwrap_or(i64::MAX))))
}

fn shares(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

const AGENT_COLUMNS: &[Column] = &[
    ("pattern", DataType::Utf8View, "the agent without versions, as ua_pattern gives it", |list| {
        texts(list.agents.iter().map(|agent| agent.pattern.as_str()))
    }),
    ("class", DataType::Utf8View, "its class", |list| {
        texts(list.agents.iter().map(|agent| agent.class.as_str()))
    }),
    ("clients", DataType::Int64, "clients that sent it in the weeks that were read", |list| {
        counts(list.agents.iter().map(|agent| agent.clients))
    }),
    ("share", DataType::Float64, "their share of all clients, 0 to 1", |list| {
        let all = list.clients.max(1) as f64;
        shares(list.agents.iter().map(|agent| agent.clients as f64 / all))
    }),
    ("requests", DataType::Int64, "requests with it", |list| {
        counts(list.agents.iter().map(|agent| agent.requests))
    }),
    ("first", DataType::Utf8View, "the first day", |list| {
        texts(list.agents.iter().map(|agent| agent.first.as_str()))
    }),
    ("last", DataType::Utf8View, "the last day", |list| {
        texts(list.agents.iter().map(|agent| agent.last.as_str()))
    }),
    ("example", DataType::Utf8View, "one of the agents, as it was sent", |list| {
        texts(list.agents.iter().map(|agent| agent.example.as_str()))
    }),
];

const PLATFORM_COLUMNS: &[Column] = &[
    (
        "computers",
        DataType::Utf8View,
        "the pattern of their names, as computer_pattern gives it, or its coarse form",
        |list| texts(list.platforms.iter().map(|one| one.computers.as_str())),
    ),
    ("system", DataType::Utf8View, "the system that they usually have", |list| {
        texts(list.platforms.iter().map(|one| one.system.as_str()))
    }),
    ("usual", DataType::Int64, "how many of them have it", |list| {
        counts(list.platforms.iter().map(|one| one.usual))
    }),
    ("named", DataType::Int64, "how many have such a name", |list| {
        counts(list.platforms.iter().map(|one| one.named))
    }),
];

fn schema(columns: &[Column]) -> SchemaRef {
    let field = |(name, kind, ..): &Column| Field::new(*name, kind.clone(), false);
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

/// One of the tables: read whole when a query names it.
#[derive(Debug)]
struct Table {
    columns: &'static [Column],
    schema: SchemaRef,
    origin: Arc<dyn Origin>,
    state: Arc<State>,
}

impl Table {
    fn list(&self) -> Result<Accepted> {
        let Some(kept) = self.state.tables.get(&key()) else { return Ok(Accepted::default()) };
        let bytes = self.origin.table(kept).map_err(external)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            exec_datafusion_err!(
                "the accepted list can't be read: {error}; `dwell hunt accept agents` makes it anew"
            )
        })
    }
}

#[async_trait]
impl TableProvider for Table {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn EngineSession,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let list = self.list()?;
        let columns = self.columns.iter().map(|(.., of)| of(&list)).collect();
        let batch = RecordBatch::try_new(self.schema(), columns)?;
        Ok(MemorySourceConfig::try_new_exec(&[vec![batch]], self.schema(), projection.cloned())?)
    }
}
