//! Which days of archives can be read beside the live ones? Schema `restored`: of each set its rows and its sources.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider as _, Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use storage::ledger::record::NamedFile;
use storage::restore;
use storage::store::{Source, State};

use crate::origin::Origin;
use crate::reader::OpenFiles;
use crate::system::{self, Facts, external};
use crate::table::Requests;
use crate::table::doubles::Part;
use crate::time_bounds::set::TimeSet;

/// The table over live data and all restored sets, without doubles.
pub(crate) const ALL: &str = "requests_all";

/// What came of reading the sources of a set.
type Read = std::result::Result<BTreeMap<i32, Arc<Source>>, Arc<storage::Error>>;

/// The sources of a restored set, read from their file when a query first needs them.
#[derive(Debug)]
pub(crate) struct Sources {
    origin: Arc<dyn Origin>,
    file: Option<NamedFile>,
    read: OnceLock<Read>,
}

impl Sources {
    /// The sources by their numbers in the store that they came from.
    pub(crate) fn get(&self) -> storage::Result<&BTreeMap<i32, Arc<Source>>> {
        let read = || {
            let Some(file) = &self.file else { return Ok(BTreeMap::new()) };
            restore::read_sources(&self.origin.locate(&file.path), file).map_err(Arc::new)
        };
        match self.read.get_or_init(read) {
            Ok(sources) => Ok(sources),
            Err(error) => Err(storage::Error::new(error.kind(), error.to_string())),
        }
    }
}

/// One restored set as tables see it.
#[derive(Debug)]
struct Set {
    name: String,
    /// A version of the store it came from, without the sources.
    state: Arc<State>,
    sources: Arc<Sources>,
}

fn sets(state: &State, origin: &Arc<dyn Origin>) -> Vec<Set> {
    let sets = state.restored.values().map(|set| Set {
        name: set.name.clone(),
        state: Arc::new(set.as_state()),
        sources: Arc::new(Sources {
            origin: Arc::clone(origin),
            file: set.sources_file.clone(),
            read: OnceLock::new(),
        }),
    });
    sets.collect()
}

/// Adds the tables of each set to `restored`, and `requests_all` to `public`.
pub(crate) fn register(
    public: &MemorySchemaProvider,
    restored: &MemorySchemaProvider,
    facts: &Facts,
    bounds: &TimeSet,
) -> Result<()> {
    let sets = sets(&facts.state, &facts.origin);
    let files: &Arc<OpenFiles> = &facts.files;
    let mut parts = vec![Part::live(Arc::clone(&facts.state))];
    for set in sets {
        let rows = Requests::new(&set.state, bounds.clone(), Arc::clone(files));
        restored.register_table(set.name.clone(), Arc::new(rows))?;
        parts.push(Part::restored(Arc::clone(&set.state), Arc::clone(&set.sources)));
        let name = format!("{}_sources", set.name);
        restored.register_table(name, Arc::new(SourcesTable { set, facts: facts.clone() }))?;
    }
    let all = Requests::all(parts, bounds.clone(), Arc::clone(files));
    public.register_table(ALL.to_owned(), Arc::new(all))?;
    Ok(())
}

/// `system.sources` of a restored set.
#[derive(Debug)]
struct SourcesTable {
    set: Set,
    facts: Facts,
}

#[async_trait]
impl TableProvider for SourcesTable {
    fn schema(&self) -> SchemaRef {
        system::sources(&self.facts).schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let sources = self.set.sources.get().map_err(external)?.clone();
        let state = Arc::new(State { sources, ..(*self.set.state).clone() });
        let facts = Facts { state, ..self.facts.clone() };
        system::sources(&facts).scan(session, projection, filters, limit).await
    }
}
