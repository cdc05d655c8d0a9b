//! What of the lists of others does a session know? The tables `indicators` and `passive_dns`, read when a query names
//! them, and the matcher behind `ioc_match`, built when a query calls it.

mod columns;
mod table;

use std::sync::{Arc, OnceLock};

use arrow::array::{
    Array as _, ArrayRef, BooleanBuilder, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::error::{DataFusionError, Result};
use detect::intel::Kind;
use detect::intel::matcher::{COLUMNS, Matcher, asked};
use detect::intel::table::{at, decode, entry, schema, text, truth};
use detect::intel::warning::{Warninglist, Warnings};
use storage::Micros;
use storage::store::{KeptTable, State};

pub(crate) use self::columns::meaning;
use crate::origin::Origin;
use crate::system::external;

/// The name of the table of indicators, under which the ledger has its lists.
pub const INDICATORS: &str = "indicators";
/// The name under which the ledger has warninglists.
pub const WARNINGLISTS: &str = "warninglists";
/// The name of the table of passive DNS.
pub const PASSIVE_DNS: &str = "passive_dns";

/// The lists of one version of a store.
#[derive(Debug)]
pub(crate) struct Lists {
    origin: Arc<dyn Origin>,
    state: Arc<State>,
    /// Only indicators that were added from this time on are matched with.
    added_since: Option<Micros>,
    warnings: OnceLock<Arc<Warnings>>,
    matcher: OnceLock<Arc<Known>>,
}

/// A matcher, and what is told of the indicators in it.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) matcher: Matcher,
    batches: Vec<RecordBatch>,
    starts: Vec<u32>,
    lists: Vec<String>,
}

impl Known {
    /// The batch and row of an indicator, and its list.
    pub(crate) fn at(&self, row: u32) -> (&RecordBatch, usize, &str) {
        let batch = self.starts.partition_point(|start| *start <= row).saturating_sub(1);
        (&self.batches[batch], (row - self.starts[batch]) as usize, &self.lists[batch])
    }
}

/// What is told of an indicator that was met, beside the columns of the matcher.
const TOLD: [&str; 5] = ["name", "orgc", "tags", "event", "added_at"];

impl Lists {
    pub(crate) fn new(
        origin: Arc<dyn Origin>,
        state: Arc<State>,
        added_since: Option<Micros>,
    ) -> Arc<Self> {
        let (warnings, matcher) = (OnceLock::new(), OnceLock::new());
        Arc::new(Self { origin, state, added_since, warnings, matcher })
    }

    /// The tables, by name.
    pub(crate) fn tables(self: &Arc<Self>) -> [(&'static str, Arc<dyn TableProvider>); 2] {
        [
            (INDICATORS, Arc::new(table::Kept::indicators(Arc::clone(self)))),
            (PASSIVE_DNS, Arc::new(table::Kept::passive_dns(Arc::clone(self)))),
        ]
    }

    fn kept(&self, table: &str) -> impl Iterator<Item = &KeptTable> {
        let of_table = move |kept: &&Arc<KeptTable>| kept.table.key.table == table;
        self.state.tables.values().filter(of_table).map(|kept| &**kept)
    }

    fn warnings(&self) -> Result<Arc<Warnings>> {
        if let Some(known) = self.warnings.get() {
            return Ok(Arc::clone(known));
        }
        let mut lists: Vec<Warninglist> = Vec::new();
        for kept in self.kept(WARNINGLISTS) {
            let bytes = self.origin.table(kept).map_err(external)?;
            let list = serde_json::from_slice::<Vec<Warninglist>>(&bytes);
            lists.extend(list.map_err(|error| broken(kept, error))?);
        }
        Ok(Arc::clone(self.warnings.get_or_init(|| Arc::new(Warnings::new(&lists)))))
    }

    /// The matcher over all lists.
    pub(crate) fn known(&self) -> Result<Arc<Known>> {
        if let Some(known) = self.matcher.get() {
            return Ok(Arc::clone(known));
        }
        let columns: Vec<&str> = COLUMNS.iter().chain(&TOLD).copied().collect();
        let mut known = Known::default();
        let mut rows = 0_u32;
        for kept in self.kept(INDICATORS) {
            let bytes = self.origin.table(kept).map_err(external)?;
            for batch in decode(&bytes, Some(&columns)).map_err(|error| broken(kept, error))? {
                let batch = self.added_since.map_or(Ok(batch.clone()), |at| since(&batch, at))?;
                known.starts.push(rows);
                known.lists.push(kept.table.key.name.clone());
                rows = rows.saturating_add(u32::try_from(batch.num_rows()).unwrap_or(u32::MAX));
                known.batches.push(batch);
            }
        }
        let warnings = self.warnings()?;
        known.matcher = Matcher::new(&known.batches, &warnings);
        Ok(Arc::clone(self.matcher.get_or_init(|| Arc::new(known))))
    }

    /// All rows of the table `indicators`.
    fn indicators(&self) -> Result<Vec<RecordBatch>> {
        let warnings = self.warnings()?;
        let mut all = Vec::new();
        for kept in self.kept(INDICATORS) {
            let bytes = self.origin.table(kept).map_err(external)?;
            for batch in decode(&bytes, None).map_err(|error| broken(kept, error))? {
                all.push(judged(&kept.table.key.name, &batch, &warnings)?);
            }
        }
        Ok(all)
    }

    /// All rows of the table `passive_dns`.
    fn passive_dns(&self) -> Result<Vec<RecordBatch>> {
        let mut all = Vec::new();
        for kept in self.kept(PASSIVE_DNS) {
            let bytes = self.origin.table(kept).map_err(external)?;
            for batch in decode(&bytes, None).map_err(|error| broken(kept, error))? {
                let list = named(&kept.table.key.name, batch.num_rows());
                let columns = std::iter::once(list).chain(batch.columns().iter().cloned());
                all.push(RecordBatch::try_new(passive_dns_schema(), columns.collect())?);
            }
        }
        Ok(all)
    }
}

fn broken(kept: &KeptTable, error: impl std::fmt::Display) -> DataFusionError {
    let what = format!("{} cannot be read: {error}", kept.table.key);
    external(storage::Error::new(storage::ErrorKind::Integrity, what))
}

/// The rows that were added from this time on.
fn since(batch: &RecordBatch, since: Micros) -> Result<RecordBatch> {
    let added = at(batch, "added_at")
        .cloned()
        .unwrap_or_else(|| TimestampMicrosecondArray::new_null(batch.num_rows()));
    let kept = added.iter().map(|at| Some(at.is_some_and(|at| at >= since)));
    Ok(arrow::compute::filter_record_batch(batch, &kept.collect())?)
}

fn named(list: &str, rows: usize) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(std::iter::repeat_n(list, rows)))
}

fn with_list(schema: &Schema, more: Vec<Field>) -> SchemaRef {
    let mut fields = vec![Field::new("list", DataType::Utf8, true)];
    fields.extend(schema.fields().iter().map(|field| field.as_ref().clone()));
    fields.extend(more);
    Arc::new(Schema::new(fields))
}

fn passive_dns_schema() -> SchemaRef {
    with_list(&detect::pdns::table::schema(), Vec::new())
}

fn indicators_schema() -> SchemaRef {
    let more = vec![
        Field::new("warninglists", DataType::Utf8, true),
        Field::new("hunted", DataType::Boolean, true),
    ];
    with_list(&schema(), more)
}

/// A batch with its list, the warninglists that hold its values, and whether they are hunted with.
fn judged(list: &str, batch: &RecordBatch, warnings: &Warnings) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let texts = |name| text(batch, name);
    let (kinds, values, hosts, ips) = (texts("type"), texts("value"), texts("host"), texts("ip"));
    let (misp, to_ids) = (texts("misp_type"), truth(batch, "to_ids"));
    let mut flags = StringBuilder::new();
    let mut hunted = BooleanBuilder::with_capacity(rows);
    for row in 0..rows {
        let kind = entry(kinds, row).and_then(Kind::parse);
        let value = entry(values, row).unwrap_or_default();
        let names = match kind {
            Some(kind) if !warnings.is_empty() => warnings.of(asked(
                kind,
                value,
                entry(hosts, row),
                entry(ips, row),
                entry(misp, row),
            )),
            _ => Vec::new(),
        };
        let refused = to_ids.is_some_and(|c| c.is_valid(row) && !c.value(row));
        let context = matches!(kind, None | Some(Kind::HttpMethod));
        hunted.append_value(!refused && !context && names.is_empty());
        flags.append_option((!names.is_empty()).then(|| names.join(", ")));
    }
    let mut columns = vec![named(list, rows)];
    // A list that an older version kept may lack columns: they are found by name.
    for field in schema().fields() {
        let column = batch.column_by_name(field.name()).cloned();
        columns
            .push(column.unwrap_or_else(|| arrow::array::new_null_array(field.data_type(), rows)));
    }
    columns.push(Arc::new(flags.finish()));
    columns.push(Arc::new(hunted.finish()));
    Ok(RecordBatch::try_new(indicators_schema(), columns)?)
}
