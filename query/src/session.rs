//! How a query runs: a session over one version of a store, with its limits, from SQL text to a stream of batches.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use storage::clock::Micros;
use storage::day::Day;

use crate::error::{Error, ErrorKind, Result};
use crate::state::State;

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
            spill_dir: None,
        }
    }
}

/// Plans and runs queries over one version of a store.
#[derive(Debug)]
pub struct Session {
    options: SessionOptions,
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
    /// Whether the query itself or the session bounds the time.
    pub time_bound: bool,
}

/// A query that is planned and may run.
#[derive(Debug)]
pub struct Planned {
    schema: SchemaRef,
    estimate: ScanEstimate,
}

/// The answer to a query, as it comes. Dropping it cancels the query.
pub struct Answer {
    /// The columns; every timestamp carries the zone UTC.
    pub schema: SchemaRef,
    /// The batches.
    pub stream: SendableRecordBatchStream,
}

impl Session {
    /// Opens a session over `state`, the files of which lie below `dir`.
    pub fn open(dir: &Path, state: Arc<State>, options: SessionOptions) -> Result<Self> {
        let _ = (dir, state);
        Ok(Self { options })
    }

    /// The options this session was opened with.
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }

    /// Parses, checks and plans one statement.
    pub async fn plan(&self, sql: &str) -> Result<Planned> {
        let _ = sql;
        Err(Error::new(ErrorKind::Other, "no query can run yet"))
    }

    /// Plans and starts one statement.
    pub async fn sql(&self, sql: &str) -> Result<Answer> {
        self.plan(sql).await?.run()
    }
}

impl Planned {
    /// The columns of the answer.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// What the query is going to read of `requests`.
    pub fn scan_estimate(&self) -> &ScanEstimate {
        &self.estimate
    }

    /// Bytes read from segments so far, for progress and the summary.
    pub fn bytes_read(&self) -> u64 {
        0
    }

    /// Starts it.
    pub fn run(&self) -> Result<Answer> {
        Err(Error::new(ErrorKind::Other, "no query can run yet"))
    }
}
