//! How does the engine read a segment? Through blocks that were checked, with metadata that fits the table.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{ParquetFileMetrics, ParquetFileReaderFactory};
use datafusion::error::{DataFusionError, Result as DfResult};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::ARROW_SCHEMA_META_KEY;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::basic::{LogicalType, TimestampType};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{
    FileMetaData, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataOptions,
};
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type};
use storage::segment::{FileMeta, VerifiedFile, guarded};

use crate::origin::Origin;

/// How many files may stay open, and how much their metadata may weigh, before the longest unused are let go.
const MAX_OPEN: usize = 384;
const MAX_METADATA_BYTES: usize = 96 << 20;

/// Takes a lock; a thread that panicked while it held one leaves a value that is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one query does while it runs: for progress, for the summary, and to name a file that failed.
#[derive(Debug, Default)]
pub(crate) struct Run {
    bytes: AtomicU64,
    fault: Mutex<Option<storage::Error>>,
    reading: Mutex<Vec<PathBuf>>,
    latest: Mutex<Option<PathBuf>>,
}

impl Run {
    /// Bytes taken from files so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The first error of the ground floor, if there was one. The engine keeps but the text of it.
    pub(crate) fn take_fault(&self) -> Option<storage::Error> {
        lock(&self.fault).take()
    }

    /// The file that is being read, or was the last to be opened.
    pub(crate) fn suspect(&self) -> Option<PathBuf> {
        let reading = lock(&self.reading).last().cloned();
        reading.or_else(|| lock(&self.latest).clone())
    }

    fn failed(&self, error: storage::Error) -> ParquetError {
        let told = ParquetError::General(error.to_string());
        lock(&self.fault).get_or_insert(error);
        told
    }

    fn began(&self, path: PathBuf) {
        *lock(&self.latest) = Some(path.clone());
        lock(&self.reading).push(path);
    }

    fn ended(&self, path: &PathBuf) {
        let mut reading = lock(&self.reading);
        if let Some(at) = reading.iter().rposition(|one| one == path) {
            reading.swap_remove(at);
        }
    }
}

/// One open file: its checked blocks, and its metadata as the engine wants it.
#[derive(Debug)]
struct OpenFile {
    file: VerifiedFile,
    metadata: Arc<ParquetMetaData>,
}

/// The open files of a process: a block is checked once, a footer decoded once.
#[derive(Debug)]
pub(crate) struct OpenFiles {
    origin: Arc<dyn Origin>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    by_path: HashMap<String, (u64, Arc<OpenFile>)>,
    weight: usize,
    clock: u64,
}

impl OpenFiles {
    /// Files of `origin`, none open yet.
    pub(crate) fn new(origin: Arc<dyn Origin>) -> Self {
        Self { origin, open: Mutex::default() }
    }

    /// Where a file of the ledger lies.
    pub(crate) fn path(&self, meta: &FileMeta) -> PathBuf {
        self.origin.locate(&meta.path)
    }

    /// The file as the ground floor reads it.
    pub(crate) fn verified(&self, meta: &FileMeta) -> storage::Result<VerifiedFile> {
        Ok(self.get(meta)?.file.clone())
    }

    fn get(&self, meta: &FileMeta) -> storage::Result<Arc<OpenFile>> {
        {
            let mut open = lock(&self.open);
            open.clock += 1;
            let now = open.clock;
            if let Some((used, file)) = open.by_path.get_mut(&meta.path) {
                *used = now;
                return Ok(Arc::clone(file));
            }
        }
        let path = self.path(meta);
        let file = self.origin.open_file(meta)?;
        let metadata = guarded(&path, || without_zone(&file))?;
        let opened = Arc::new(OpenFile { file, metadata: Arc::new(metadata) });
        lock(&self.open).keep(&meta.path, Arc::clone(&opened));
        Ok(opened)
    }
}

impl Open {
    fn keep(&mut self, path: &str, file: Arc<OpenFile>) {
        self.weight += file.metadata.memory_size();
        let now = self.clock;
        if let Some((_, old)) = self.by_path.insert(path.to_owned(), (now, file)) {
            self.weight = self.weight.saturating_sub(old.metadata.memory_size());
        }
        while self.by_path.len() > MAX_OPEN
            || (self.weight > MAX_METADATA_BYTES && self.by_path.len() > 1)
        {
            let oldest = self.by_path.iter().min_by_key(|(_, (used, _))| *used);
            let Some(path) = oldest.map(|(path, _)| path.clone()) else { break };
            if let Some((_, old)) = self.by_path.remove(&path) {
                self.weight = self.weight.saturating_sub(old.metadata.memory_size());
            }
        }
    }
}

/// The metadata of a file as the table has it: times without zone (a zoned `date_trunc` is three times slower), and
/// no embedded Arrow schema, which would put the zone back.
fn without_zone(file: &VerifiedFile) -> ParquetResult<ParquetMetaData> {
    let schema = zoneless_schema(file.metadata().file_metadata().schema_descr())?;
    let options = ParquetMetaDataOptions::new().with_schema(Arc::clone(&schema));
    let metadata = file.decode_metadata(options)?;
    let told = metadata.file_metadata();
    // An encrypted file embeds none; what decrypts its pages comes with this metadata and with no copy of it.
    if file.is_encrypted() {
        return Ok(metadata);
    }
    let pairs = told.key_value_metadata().map(|pairs| {
        pairs.iter().filter(|pair| pair.key != ARROW_SCHEMA_META_KEY).cloned().collect::<Vec<_>>()
    });
    let renewed = FileMetaData::new(
        told.version(),
        told.num_rows(),
        told.created_by().map(str::to_owned),
        pairs,
        schema,
        told.column_orders().cloned(),
    );
    let (columns, offsets) = (metadata.column_index().cloned(), metadata.offset_index().cloned());
    Ok(ParquetMetaDataBuilder::new(renewed)
        .set_row_groups(metadata.row_groups().to_vec())
        .set_column_index(columns)
        .set_offset_index(offsets)
        .build())
}

fn zoneless_schema(schema: &SchemaDescriptor) -> ParquetResult<SchemaDescPtr> {
    let fields = schema.root_schema().get_fields().iter().map(|field| {
        let info = field.get_basic_info();
        let Some(LogicalType::Timestamp(TimestampType { is_adjusted_to_u_t_c: true, unit })) =
            info.logical_type_ref()
        else {
            return Ok(Arc::clone(field));
        };
        let zoneless = TimestampType { is_adjusted_to_u_t_c: false, unit: *unit };
        Type::primitive_type_builder(info.name(), field.get_physical_type())
            .with_repetition(info.repetition())
            .with_logical_type(Some(LogicalType::Timestamp(zoneless)))
            .with_id(info.has_id().then(|| info.id()))
            .build()
            .map(Arc::new)
    });
    let fields = fields.collect::<ParquetResult<Vec<_>>>()?;
    let root = Type::group_type_builder(schema.root_schema().name()).with_fields(fields).build()?;
    Ok(Arc::new(SchemaDescriptor::new(Arc::new(root))))
}

/// Makes readers of checked blocks for the scans of one query.
#[derive(Debug)]
pub(crate) struct Factory {
    files: Arc<OpenFiles>,
    run: Arc<Run>,
}

impl Factory {
    /// Readers of `files` that report to `run`.
    pub(crate) fn new(files: Arc<OpenFiles>, run: Arc<Run>) -> Self {
        Self { files, run }
    }
}

impl ParquetFileReaderFactory for Factory {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> DfResult<Box<dyn AsyncFileReader + Send>> {
        let Some(meta) = file.extension::<Arc<FileMeta>>() else {
            return Err(DataFusionError::Internal(format!("{} is in no ledger", file.path())));
        };
        let path = self.files.path(meta);
        self.run.began(path.clone());
        Ok(Box::new(Reader {
            meta: Arc::clone(meta),
            path,
            files: Arc::clone(&self.files),
            run: Arc::clone(&self.run),
            open: None,
            metrics: ParquetFileMetrics::new(partition_index, file.path().as_ref(), metrics),
        }))
    }
}

/// Reads one file for one partition of a scan.
struct Reader {
    meta: Arc<FileMeta>,
    path: PathBuf,
    files: Arc<OpenFiles>,
    run: Arc<Run>,
    open: Option<Arc<OpenFile>>,
    metrics: ParquetFileMetrics,
}

impl Reader {
    fn open(&mut self) -> ParquetResult<&OpenFile> {
        match &mut self.open {
            Some(open) => Ok(open),
            none => {
                let opened = self.files.get(&self.meta).map_err(|error| self.run.failed(error))?;
                Ok(none.insert(opened))
            }
        }
    }

    fn read(&mut self, range: Range<u64>) -> ParquetResult<Bytes> {
        let length = range.end.saturating_sub(range.start);
        let read = self.open()?.file.read(range);
        let bytes = read.map_err(|error| self.run.failed(error))?;
        self.run.bytes.fetch_add(length, Ordering::Relaxed);
        self.metrics.bytes_scanned.add(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(bytes)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A panic of the decoder is reported with the file it was reading, so that stays on the list.
        if !std::thread::panicking() {
            self.run.ended(&self.path);
        }
    }
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        futures::future::ready(self.read(range)).boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        let read = ranges.into_iter().map(|range| self.read(range)).collect();
        futures::future::ready(read).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        let metadata = self.open().map(|open| Arc::clone(&open.metadata));
        futures::future::ready(metadata).boxed()
    }
}
