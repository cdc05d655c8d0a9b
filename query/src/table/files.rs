//! What does the plan know of a file before it is opened? Its day and the ledger's statistics.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{Column, ColumnStatistics, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use object_store::ObjectMeta;
use object_store::path::Path;
use storage::day::Day;
use storage::digest::Digest;
use storage::schema::Col;
use storage::segment::{ColumnStats, FileMeta};
use storage::store::HiddenLines;

/// A segment with what the plan needs of it.
#[derive(Debug, Clone)]
pub(crate) struct SegmentFile {
    /// The ledger's facts.
    pub(crate) meta: Arc<FileMeta>,
    /// Its day.
    pub(crate) day: Day,
    /// Lines in it that are not shown.
    pub(crate) hidden: HiddenLines,
    /// Which part of the table it belongs to: live data is the first, restored sets follow.
    pub(crate) part: usize,
    /// The root of the seal that its rows stand under.
    pub(crate) seal: Option<Digest>,
}

impl SegmentFile {
    /// The first microsecond of its rows and the first after them.
    pub(crate) fn span(&self) -> (i64, i64) {
        (self.meta.min_ts, self.meta.max_ts.saturating_add(1))
    }

    /// The file for a scan. `schema` is that of the table, `day` last.
    pub(crate) fn partitioned(&self, schema: &SchemaRef) -> PartitionedFile {
        let file = PartitionedFile::new_from_meta(ObjectMeta {
            location: Path::from(self.meta.path.as_str()),
            // A segment never changes; nothing asks for its age.
            last_modified: chrono::DateTime::UNIX_EPOCH,
            size: self.meta.bytes,
            e_tag: None,
            version: None,
        });
        file.with_partition_values(vec![ScalarValue::Date32(Some(self.day.0))])
            .with_statistics(Arc::new(self.statistics(schema)))
            .with_extension(Arc::clone(&self.meta))
    }

    /// Statistics of the columns in the file; those of the partition are added by the engine.
    fn statistics(&self, schema: &SchemaRef) -> Statistics {
        let rows = usize::try_from(self.meta.rows).unwrap_or(usize::MAX);
        let known = |name: &str| self.meta.stats.iter().find(|stats| stats.column == name);
        let columns = schema.fields().iter().filter(|field| field.name() != Col::Day.name());
        let column_statistics = columns
            .map(|field| {
                // Of a column that the ledger says nothing about (younger than the file) nothing is assumed.
                known(field.name()).map_or_else(ColumnStatistics::new_unknown, |stats| {
                    column_statistics(stats, field.data_type())
                })
            })
            .collect();
        Statistics {
            num_rows: Precision::Exact(rows),
            total_byte_size: Precision::Absent,
            column_statistics,
        }
    }

    fn stats(&self, column: &str) -> Option<&ColumnStats> {
        self.meta.stats.iter().find(|stats| stats.column == column)
    }
}

fn column_statistics(stats: &ColumnStats, kind: &DataType) -> ColumnStatistics {
    let value = |number: Option<i64>| match number.and_then(|number| scalar(number, kind)) {
        Some(value) => Precision::Exact(value),
        None => Precision::Absent,
    };
    ColumnStatistics {
        null_count: Precision::Exact(usize::try_from(stats.nulls).unwrap_or(usize::MAX)),
        min_value: value(stats.min),
        max_value: value(stats.max),
        ..ColumnStatistics::new_unknown()
    }
}

/// A number of the ledger as a value of a column.
fn scalar(number: i64, kind: &DataType) -> Option<ScalarValue> {
    match kind {
        DataType::Timestamp(_, zone) => {
            Some(ScalarValue::TimestampMicrosecond(Some(number), zone.clone()))
        }
        DataType::Int64 => Some(ScalarValue::Int64(Some(number))),
        DataType::Int32 => Some(ScalarValue::Int32(Some(i32::try_from(number).ok()?))),
        _ => None,
    }
}

/// The statistics of many files, as pruning asks for them.
pub(crate) struct FileStatistics<'a> {
    /// The files.
    pub(crate) files: Vec<&'a SegmentFile>,
    /// The schema of the table.
    pub(crate) schema: &'a SchemaRef,
}

impl FileStatistics<'_> {
    fn values(
        &self,
        column: &Column,
        pick: impl Fn(&ColumnStats) -> Option<i64>,
    ) -> Option<ArrayRef> {
        let field = self.schema.field_with_name(&column.name).ok()?;
        let kind = field.data_type();
        if *kind == DataType::Date32 {
            let days = self.files.iter().map(|file| ScalarValue::Date32(Some(file.day.0)));
            return ScalarValue::iter_to_array(days).ok();
        }
        scalar(0, kind)?;
        let values = self.files.iter().map(|file| {
            let number = file.stats(&column.name).and_then(&pick);
            let value = number.and_then(|number| scalar(number, kind));
            value.map_or_else(|| ScalarValue::try_from(kind), Ok)
        });
        ScalarValue::iter_to_array(values.collect::<Result<Vec<_>, _>>().ok()?).ok()
    }
}

impl PruningStatistics for FileStatistics<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.values(column, |stats| stats.min)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.values(column, |stats| stats.max)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        if column.name == Col::Url.name() {
            return None;
        }
        let counts = self.files.iter().map(|file| {
            if column.name == Col::Day.name() {
                return Some(0);
            }
            file.stats(&column.name).map(|stats| stats.nulls)
        });
        Some(Arc::new(counts.collect::<UInt64Array>()))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        let counts = self.files.iter().map(|file| Some(file.meta.rows));
        Some(Arc::new(counts.collect::<UInt64Array>()))
    }

    fn contained(
        &self,
        _: &Column,
        _: &std::collections::HashSet<ScalarValue>,
    ) -> Option<BooleanArray> {
        None
    }
}
