//! What comes out of a query: batches whose times say that they are UTC, errors of ours, and no panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{
    DataType, Field, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use futures::{Stream, StreamExt};

use crate::error::{Error, ErrorKind, Result};
use crate::mistakes;
use crate::reader::Run;

/// The zone that times without one are in.
const UTC: &str = "UTC";

/// `schema` with UTC as the zone of every time that has none.
pub fn utc_schema(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Timestamp(unit, None) => {
            let kind = DataType::Timestamp(*unit, Some(UTC.into()));
            Arc::new(Field::new(field.name(), kind, field.is_nullable()))
        }
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// `batch` with UTC as the zone of every time that has none. No value changes: only the type says more.
pub fn utc_batch(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> std::result::Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(zoned).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn zoned(column: &ArrayRef) -> ArrayRef {
    let DataType::Timestamp(unit, None) = column.data_type() else { return Arc::clone(column) };
    match unit {
        TimeUnit::Second => {
            Arc::new(column.as_primitive::<TimestampSecondType>().clone().with_timezone(UTC))
        }
        TimeUnit::Millisecond => {
            Arc::new(column.as_primitive::<TimestampMillisecondType>().clone().with_timezone(UTC))
        }
        TimeUnit::Microsecond => {
            Arc::new(column.as_primitive::<TimestampMicrosecondType>().clone().with_timezone(UTC))
        }
        TimeUnit::Nanosecond => {
            Arc::new(column.as_primitive::<TimestampNanosecondType>().clone().with_timezone(UTC))
        }
    }
}

/// The batches of a query that runs. Dropping them cancels it.
pub struct Batches {
    schema: SchemaRef,
    inner: Option<SendableRecordBatchStream>,
    run: Arc<Run>,
}

impl Batches {
    pub(crate) fn new(inner: SendableRecordBatchStream, run: Arc<Run>) -> Self {
        Self { schema: utc_schema(&inner.schema()), inner: Some(inner), run }
    }

    /// The columns; every time carries the zone UTC.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// All batches at once; for answers known to be small.
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>> {
        let mut all = Vec::new();
        while let Some(batch) = self.next().await {
            all.push(batch?);
        }
        Ok(all)
    }

    fn failed(&self, error: DataFusionError) -> Error {
        if let Some(fault) = self.run.take_fault() {
            return fault.into();
        }
        let of_the_decoder = match error.find_root() {
            DataFusionError::ParquetError(_) => true,
            DataFusionError::ArrowError(error, _) => {
                matches!(error.as_ref(), ArrowError::ParquetError(_))
            }
            _ => false,
        };
        match self.run.suspect() {
            Some(path) if of_the_decoder => {
                mistakes::decoder_failed(&path, &error.find_root().strip_backtrace())
            }
            _ => mistakes::running_error(error),
        }
    }

    /// A panic below is the decoder's, on bytes it cannot take: the file being read is not what a writer wrote.
    fn panicked(&self, payload: &(dyn std::any::Any + Send)) -> Error {
        let what = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "panic".to_owned());
        match self.run.suspect() {
            Some(path) => mistakes::decoder_failed(&path, &what),
            None => Error::new(ErrorKind::Other, format!("the engine failed: {what}")),
        }
    }
}

impl Stream for Batches {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        let polled = catch_unwind(AssertUnwindSafe(|| inner.poll_next_unpin(cx)));
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Some(Ok(batch)))) => {
                let batch = utc_batch(&batch, &self.schema)
                    .map_err(|error| mistakes::running_error(error.into()));
                return Poll::Ready(Some(batch));
            }
            Ok(Poll::Ready(None)) => None,
            Ok(Poll::Ready(Some(Err(error)))) => Some(Err(self.failed(error))),
            Err(payload) => Some(Err(self.panicked(&*payload))),
        };
        self.inner = None;
        Poll::Ready(ended)
    }
}
