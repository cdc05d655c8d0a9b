//! `quarantine`: which lines could not become rows, why, and what do they say?

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::common::config::TableParquetOptions;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, Operator, TableProviderFilterPushDown};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, Literal};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use storage::segment::FileMeta;
use storage::store::{HiddenIndex, HiddenLines, State};

use crate::limits;
use crate::reader::{Factory, OpenFiles};
use crate::session::Query;
use crate::table::hidden;

/// The columns of a file of lines, by their place in it.
const SOURCE_ID: usize = 0;
const LINE_NO: usize = 1;
const BYTE_OFFSET: usize = 2;
const KIND: usize = 3;
const REASON: usize = 4;
const BYTES: usize = 5;

/// The kind of line that this table shows.
const QUARANTINED: &str = "quarantined";

/// The columns of the table: name, and place in the file.
const COLUMNS: [(&str, usize); 5] = [
    ("source_id", SOURCE_ID),
    ("line_no", LINE_NO),
    ("byte_offset", BYTE_OFFSET),
    ("reason", REASON),
    ("raw", BYTES),
];

fn file_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("source_id", DataType::Int32, true),
        Field::new("line_no", DataType::Int64, true),
        Field::new("byte_offset", DataType::Int64, true),
        Field::new("kind", DataType::Utf8View, true),
        Field::new("reason", DataType::Utf8View, true),
        Field::new("bytes", DataType::BinaryView, true),
    ]))
}

/// The table: `lines/`, but of its lines only those in quarantine that are not hidden.
#[derive(Debug)]
pub(super) struct Quarantine {
    lines: Vec<(Arc<FileMeta>, HiddenLines)>,
    files: Arc<OpenFiles>,
    schema: SchemaRef,
}

impl Quarantine {
    /// The table over one version.
    pub(super) fn new(state: &State, files: Arc<OpenFiles>) -> Self {
        let index = HiddenIndex::new(state);
        let lines = state.lines.iter().filter_map(|file| {
            let hidden = index.in_lines(&file.meta, file.seq);
            (!hidden.covers_file(&file.meta)).then(|| (Arc::clone(&file.meta), hidden))
        });
        let file = file_schema();
        let fields = COLUMNS.iter().map(|&(name, at)| file.field(at).clone().with_name(name));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Self { lines: lines.collect(), files, schema }
    }

    fn source(
        &self,
        session: &dyn Session,
        metas: &[&Arc<FileMeta>],
        hidden: &HiddenLines,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let parquet = TableParquetOptions {
            global: session.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let query = Query::of(session);
        let factory = Factory::new(Arc::clone(&self.files), Arc::clone(query.run()));
        let source = ParquetSource::new(file_schema())
            .with_table_parquet_options(parquet)
            .with_parquet_file_reader_factory(Arc::new(factory));
        let files = metas.iter().map(|&meta| {
            PartitionedFile::new(meta.path.clone(), meta.bytes).with_extension(Arc::clone(meta))
        });
        let config = FileScanConfigBuilder::new(limits::store_url()?, Arc::new(source))
            .with_file_group(FileGroup::new(files.collect()))
            .build();
        let scan = DataSourceExec::from_data_source(config);
        Ok(Arc::new(FilterExec::try_new(shown(hidden), scan)?))
    }
}

/// In quarantine, and not hidden.
fn shown(hidden: &HiddenLines) -> Arc<dyn PhysicalExpr> {
    let schema = file_schema();
    let column =
        |at: usize| Arc::new(Column::new(schema.field(at).name(), at)) as Arc<dyn PhysicalExpr>;
    let literal = |value: ScalarValue| Arc::new(Literal::new(value)) as Arc<dyn PhysicalExpr>;
    let binary =
        |left, op, right| Arc::new(BinaryExpr::new(left, op, right)) as Arc<dyn PhysicalExpr>;
    let kind = literal(ScalarValue::Utf8View(Some(QUARANTINED.to_owned())));
    let mut all = binary(column(KIND), Operator::Eq, kind);
    if !hidden.is_empty() {
        all =
            binary(all, Operator::And, hidden::shown(hidden, [column(SOURCE_ID), column(LINE_NO)]));
    }
    all
}

#[async_trait]
impl TableProvider for Quarantine {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (hiding, plain): (Vec<_>, Vec<_>) =
            self.lines.iter().partition(|(_, hidden)| !hidden.is_empty());
        let mut parts = Vec::new();
        if !plain.is_empty() {
            let metas: Vec<_> = plain.iter().map(|(meta, _)| meta).collect();
            parts.push(self.source(session, &metas, &HiddenLines::default())?);
        }
        for (meta, hidden) in hiding {
            parts.push(self.source(session, &[meta], hidden)?);
        }
        let wanted: Vec<usize> =
            projection.cloned().unwrap_or_else(|| (0..COLUMNS.len()).collect());
        if parts.is_empty() {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(&wanted)?))));
        }
        let lines = UnionExec::try_new(parts)?;
        let file = file_schema();
        let exprs = wanted.iter().map(|&at| {
            let (name, place) = COLUMNS[at];
            let column: Arc<dyn PhysicalExpr> =
                Arc::new(Column::new(file.field(place).name(), place));
            (column, name.to_owned())
        });
        Ok(Arc::new(ProjectionExec::try_new(exprs.collect::<Vec<_>>(), lines)?))
    }
}
