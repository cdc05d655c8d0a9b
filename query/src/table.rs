//! The table `requests`: one version of the ledger as explicit files, pruned, filtered of hidden lines, scanned by
//! the engine's own Parquet source. A restored set is such a table, and so are all of them together.

pub(crate) mod doubles;
pub(crate) mod files;
pub(crate) mod hidden;
mod shown;
pub(crate) mod url;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use async_trait::async_trait;
use datafusion::catalog::{Session as EngineSession, TableProvider};
use datafusion::common::config::TableParquetOptions;
use datafusion::common::{DFSchema, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use storage::schema::{COLUMNS, Col, ColumnType, URL_AS_LOGGED};
use storage::store::{HiddenIndex, State};

use self::doubles::{Doubles, Part};
use self::files::{FileStatistics, SegmentFile};
use self::shown::{Filter, alike, shown};
use self::url::{PARTS, RebuildUrl};
use crate::limits;
use crate::reader::{Factory, OpenFiles};
use crate::session::Query;
use crate::system::external;
use crate::time_bounds::set::{Allowed, TimeSet, allowed};

/// `requests` as the engine sees it: text as views, times without zone (they are UTC), `day` last.
pub(crate) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| columns(|col| col.name()));
    Arc::clone(&SCHEMA)
}

/// The same with the names of the file: `url_as_logged` in the place of `url`.
fn file_table_schema() -> &'static TableSchema {
    static SCHEMA: LazyLock<TableSchema> = LazyLock::new(|| {
        let all = columns(|col| if col == Col::Url { URL_AS_LOGGED } else { col.name() });
        let mut fields = all.fields().to_vec();
        let day = fields.pop();
        let day: Vec<_> = day.into_iter().collect();
        TableSchema::builder(Arc::new(Schema::new(fields))).with_table_partition_cols(day).build()
    });
    &SCHEMA
}

fn columns(name: impl Fn(Col) -> &'static str) -> SchemaRef {
    let stored = storage::schema::requests_schema();
    let fields = Col::ALL.iter().zip(stored.fields()).map(|(&col, field)| {
        let kind = match COLUMNS[col as usize].kind {
            ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            ColumnType::Text => DataType::Utf8View,
            ColumnType::Binary => DataType::BinaryView,
            kind => kind.arrow(),
        };
        Field::new(name(col), kind, field.is_nullable())
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The table.
#[derive(Debug)]
pub(crate) struct Requests {
    /// Every segment, newest first.
    segments: Vec<SegmentFile>,
    /// The times that exist for this session.
    bounds: TimeSet,
    files: Arc<OpenFiles>,
    /// Which rows another of the parts has already; without it there is one part.
    doubles: Option<Doubles>,
    kind: TableType,
}

impl Requests {
    /// The segments of `state` within `bounds`.
    pub(crate) fn new(state: &State, bounds: TimeSet, files: Arc<OpenFiles>) -> Self {
        Self::of([state].into_iter(), bounds, files, None)
    }

    /// The segments of all `parts` within `bounds`; a row that an earlier one has, too, is shown once.
    pub(crate) fn all(parts: Vec<Part>, bounds: TimeSet, files: Arc<OpenFiles>) -> Self {
        let states: Vec<_> = parts.iter().map(|part| Arc::clone(part.state())).collect();
        let doubles = (parts.len() > 1).then(|| Doubles::new(parts, Arc::clone(&files)));
        let kind = TableType::View;
        Self { kind, ..Self::of(states.iter().map(|state| &**state), bounds, files, doubles) }
    }

    fn of<'a>(
        parts: impl Iterator<Item = &'a State>,
        bounds: TimeSet,
        files: Arc<OpenFiles>,
        doubles: Option<Doubles>,
    ) -> Self {
        let mut segments = Vec::new();
        for (part, state) in parts.enumerate() {
            let index = HiddenIndex::new(state);
            let files = state.segments().map(|(day, segment)| SegmentFile {
                meta: Arc::clone(&segment.meta),
                day,
                hidden: index.in_segment(&segment.meta, segment.seq),
                part,
                seal: state.days.get(&day).and_then(|held| doubles::root(held, segment.seal)),
            });
            segments.extend(
                files
                    .filter(|file| file.meta.rows > 0 && touches(&bounds, file))
                    .filter(|file| !file.hidden.covers_file(&file.meta)),
            );
        }
        segments.sort_by_key(|file| std::cmp::Reverse((file.day, file.meta.max_ts)));
        Self { segments, bounds, files, doubles, kind: TableType::Base }
    }

    /// The same files, without the rows that an earlier part has.
    fn once<'a>(&self, kept: Vec<&'a SegmentFile>) -> Result<Vec<Cow<'a, SegmentFile>>> {
        let Some(doubles) = &self.doubles else {
            return Ok(kept.into_iter().map(Cow::Borrowed).collect());
        };
        let mut once = Vec::with_capacity(kept.len());
        for file in kept {
            let hidden = doubles.hidden(file).map_err(external)?;
            if hidden == file.hidden {
                once.push(Cow::Borrowed(file));
            } else if !hidden.covers_file(&file.meta) {
                once.push(Cow::Owned(SegmentFile { hidden, ..file.clone() }));
            }
        }
        Ok(once)
    }

    /// The segments that can hold rows which pass `filters`.
    fn prune(&self, session: &dyn EngineSession, filters: &[Expr]) -> Result<Vec<&SegmentFile>> {
        let times =
            filters.iter().fold(TimeSet::all(), |times, one| times.and(&allowed(one).times));
        let mut left: Vec<_> = self.segments.iter().filter(|file| touches(&times, file)).collect();
        let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(left) };
        let schema = schema();
        // What the engine cannot prune by (a subquery, say) is no error; such a filter keeps every file.
        let columns = DFSchema::try_from(Arc::clone(&schema))?;
        let Ok(filter) = session.create_physical_expr(filter, &columns) else { return Ok(left) };
        let longest = session.config_options().execution.parquet.max_in_list_size;
        let builder = PruningPredicateBuilder::new()
            .with_file_schema(Arc::clone(&schema))
            .with_max_in_list_size(longest);
        if let Some(predicate) = builder.build(filter) {
            let statistics = FileStatistics { files: left.clone(), schema: &schema };
            if let Ok(kept) = predicate.prune(&statistics) {
                let mut kept = kept.into_iter();
                left.retain(|_| kept.next().unwrap_or(true));
            }
        }
        Ok(left)
    }
}

fn touches(times: &TimeSet, file: &SegmentFile) -> bool {
    let (from, to) = file.span();
    times.touches(from, to)
}

#[async_trait]
impl TableProvider for Requests {
    fn schema(&self) -> SchemaRef {
        schema()
    }

    fn table_type(&self) -> TableType {
        self.kind
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        // A filter on the time that keeps or drops whole files needs no second look at the rows, so that counts of
        // whole days come from the ledger. All others stay above the scan, and the engine pushes them into it.
        let whole_files = |filter: &Expr| {
            let Allowed { times, exact } = allowed(filter);
            exact
                && self.segments.iter().all(|file| {
                    let (from, to) = file.span();
                    times.covers(from, to) || !times.touches(from, to)
                })
        };
        Ok(filters
            .iter()
            .map(|filter| match whole_files(filter) {
                true => TableProviderFilterPushDown::Exact,
                false => TableProviderFilterPushDown::Inexact,
            })
            .collect())
    }

    async fn scan(
        &self,
        session: &dyn EngineSession,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.plan(session, projection, filters, limit, true)
    }
}

impl Requests {
    fn plan(
        &self,
        session: &dyn EngineSession,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
        measured: bool,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let every: Vec<usize>;
        let wanted = match projection {
            Some(wanted) => wanted.as_slice(),
            None => {
                every = (0..Col::ALL.len()).collect();
                &every
            }
        };
        let query = Query::of(session);
        let kept = self.once(self.prune(session, filters)?)?;
        let kept: Vec<&SegmentFile> = kept.iter().map(AsRef::as_ref).collect();
        let bounded = filters.iter().any(|filter| allowed(filter).times.is_bounded())
            || self.bounds.is_bounded();
        let (filtered, mut whole): (Vec<_>, Vec<_>) = kept.into_iter().partition(|file| {
            let (from, to) = file.span();
            !file.hidden.is_empty() || !self.bounds.covers(from, to)
        });
        if let Some(limit) = limit {
            // The limit comes down only if no filter stays above: the newest files that fill it are enough.
            let mut rows = 0;
            let enough = |file: &&SegmentFile| {
                let before = rows;
                rows += file.meta.rows;
                before < limit as u64
            };
            whole = whole.into_iter().take_while(enough).collect();
        }
        query.will_read(whole.iter().chain(&filtered).map(|file| (file.day, &*file.meta)), bounded);
        let scan = Scan { table: self, session, query: &query, wanted, limit, measured };
        let mut parts = Vec::new();
        if !whole.is_empty() {
            parts.push(scan.plan(&whole, None)?);
        }
        for files in alike(filtered) {
            let filter = shown(&files, &self.bounds);
            parts.push(scan.plan(&files, Some(filter))?);
        }
        match parts.len() {
            0 => Ok(Arc::new(EmptyExec::new(Arc::new(schema().project(wanted)?)))),
            1 => Ok(parts.remove(0)),
            _ => UnionExec::try_new(parts),
        }
    }
}

/// `requests` without its numbers, so that the engine never takes it for the small side of a join, to be kept in memory.
#[derive(Debug)]
pub(crate) struct Unmeasured(pub(crate) Arc<Requests>);

#[async_trait]
impl TableProvider for Unmeasured {
    fn schema(&self) -> SchemaRef {
        schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        self.0.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        session: &dyn EngineSession,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.0.plan(session, projection, filters, limit, false)
    }
}

/// One scan being planned.
struct Scan<'a> {
    table: &'a Requests,
    session: &'a dyn EngineSession,
    query: &'a Query,
    /// The columns asked for, by their place in the table.
    wanted: &'a [usize],
    limit: Option<usize>,
    /// Whether the engine is told how much there is.
    measured: bool,
}

impl Scan<'_> {
    fn plan(
        &self,
        files: &[&SegmentFile],
        filter: Option<(Vec<Col>, Filter)>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wants_url = self.wanted.contains(&(Col::Url as usize));
        if !wants_url && filter.is_none() {
            return self.source(files, self.wanted.to_vec(), self.limit);
        }
        // `url` stands for its parts; the columns of the filter come along.
        let mut read: Vec<usize> = Vec::new();
        let parts = PARTS.iter().map(|&col| col as usize).filter(|_| wants_url);
        let plain = self.wanted.iter().copied().filter(|&at| at != Col::Url as usize);
        let tested = filter.iter().flat_map(|(columns, _)| columns.iter().map(|&col| col as usize));
        for at in plain.chain(parts).chain(tested) {
            if !read.contains(&at) {
                read.push(at);
            }
        }
        let limit = self.limit.filter(|_| filter.is_none());
        let mut plan = self.source(files, read.clone(), limit)?;
        let names = file_table_schema().table_schema();
        let column = |at: usize| {
            let place = read.iter().position(|&one| one == at).unwrap_or_default();
            Column::new(names.field(at).name(), place)
        };
        if let Some((_, filter)) = filter {
            let predicate = filter(&|col| column(col as usize));
            plan = Arc::new(FilterExec::try_new(predicate, plan)?);
        }
        let exprs = self.wanted.iter().map(|&at| {
            if at == Col::Url as usize {
                (self.rebuilt(&column), Col::Url.name().to_owned())
            } else {
                let column = column(at);
                let name = column.name().to_owned();
                (Arc::new(column) as Arc<dyn PhysicalExpr>, name)
            }
        });
        Ok(Arc::new(ProjectionExec::try_new(exprs.collect::<Vec<_>>(), plan)?))
    }

    fn rebuilt(&self, column: &impl Fn(usize) -> Column) -> Arc<dyn PhysicalExpr> {
        let parts = PARTS.iter().map(|&part| Arc::new(column(part as usize)) as _).collect();
        let field = Arc::new(schema().field(Col::Url as usize).clone());
        let config = Arc::new(self.session.config_options().clone());
        Arc::new(ScalarFunctionExpr::new(
            "rebuild_url",
            RebuildUrl::function(),
            parts,
            field,
            config,
        ))
    }

    fn source(
        &self,
        files: &[&SegmentFile],
        columns: Vec<usize>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let table = file_table_schema();
        let parquet = TableParquetOptions {
            global: self.session.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let factory = Factory::new(Arc::clone(&self.table.files), Arc::clone(self.query.run()));
        let source = ParquetSource::new(table.clone())
            .with_table_parquet_options(parquet)
            .with_parquet_file_reader_factory(Arc::new(factory));
        let partitions = self.session.config().target_partitions().min(files.len()).max(1);
        let mut groups = vec![Vec::new(); partitions];
        let mut statistics = Vec::with_capacity(files.len());
        // Dealt like cards, so that each partition begins with the newest.
        for (at, file) in files.iter().enumerate() {
            let mut file = file.partitioned(table.table_schema());
            file.statistics = file.statistics.filter(|_| self.measured);
            statistics.extend(file.statistics.clone());
            groups[at % partitions].push(file);
        }
        let total = match self.measured {
            true => Statistics::try_merge_iter(
                statistics.iter().map(Arc::as_ref),
                table.table_schema(),
            )?,
            false => Statistics::new_unknown(table.table_schema()),
        };
        let config = FileScanConfigBuilder::new(limits::store_url()?, Arc::new(source))
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_statistics(total)
            .with_limit(limit)
            .with_projection_indices(Some(columns))?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
