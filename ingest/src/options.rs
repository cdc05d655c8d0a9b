//! What the caller decides: which inputs, which format, how much at once, and how it hears of progress.

use std::path::PathBuf;

use chrono_tz::Tz;
use storage::clock::{self, Micros};
use storage::config::{Config, IngestConfig};

/// One input as given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputArg {
    /// Standard input (`-`).
    Stdin,
    /// A file, a folder (taken recursively, in order of names, hidden entries left out) or a glob.
    Path(PathBuf),
}

impl From<&str> for InputArg {
    fn from(text: &str) -> Self {
        Self::from(PathBuf::from(text))
    }
}

impl From<PathBuf> for InputArg {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::Path(path) }
    }
}

/// How [`crate::run`] works.
#[derive(Debug, Clone)]
pub struct IngestOptions {
    /// Format id; `None` (or `auto`) finds it out by content.
    pub format: Option<String>,
    /// A Squid `logformat` to compile (without its name), instead of `format`.
    pub logformat: Option<String>,
    /// The columns of a text without header, as a `#Fields` line lists them, instead of `format`.
    pub fields: Option<String>,
    /// The zone of times that print none; `None` is UTC, and `ts_quality` says that it was assumed.
    pub zone: Option<Tz>,
    /// The stated correction of the clock of new sources, added to every time that they print.
    pub shift_us: Micros,
    /// Name the source by this instead of its path (standard input, mostly).
    pub source_name: Option<String>,
    /// Formats and rules for paths instead of those of the store's dwell.toml.
    pub settings: Option<Config>,
    /// Worker threads; 0 takes one for each core.
    pub jobs: usize,
    /// Who asks, for the ledger.
    pub by: String,
    /// How long to wait for the store's lock.
    pub wait_ms: u64,
    /// A longer line goes to quarantine whole.
    pub line_bytes_max: usize,
    /// Bytes of input after which what was read is committed.
    pub extent_bytes: u64,
    /// Microseconds after which what was read is committed.
    pub extent_us: Micros,
    /// Bytes of input a worker takes at once.
    pub chunk_bytes: usize,
    /// The clock: times of commits, of extents, and the moment after which event times are in the future.
    pub clock: fn() -> Micros,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            format: None,
            logformat: None,
            fields: None,
            zone: None,
            shift_us: 0,
            source_name: None,
            settings: None,
            jobs: 0,
            by: String::new(),
            wait_ms: 10_000,
            line_bytes_max: 1 << 20,
            extent_bytes: 1 << 30,
            extent_us: 5 * 60 * 1_000_000,
            chunk_bytes: 16 << 20,
            clock: clock::now_us,
        }
    }
}

impl IngestOptions {
    /// What a store's dwell.toml says; the rest as by default.
    pub fn from_config(config: &IngestConfig) -> Self {
        Self {
            jobs: config.jobs,
            line_bytes_max: usize::try_from(config.max_line_bytes).unwrap_or(usize::MAX),
            extent_bytes: config.extent,
            extent_us: i64::try_from(config.extent_minutes)
                .unwrap_or(i64::MAX)
                .saturating_mul(60_000_000),
            ..Self::default()
        }
    }
}

/// Hears how far a run has come, and may end it. Called from worker threads, a few times a second at most by each.
pub trait Progress: Sync {
    /// The bytes the inputs have on disk, where that is known before they are read.
    fn begin(&self, _input_bytes: Option<u64>) {}
    /// So many more bytes (decompressed) were read and rows made.
    fn advance(&self, _bytes: u64, _rows: u64) {}
    /// One source is done.
    fn finished(&self, _source: &crate::SourceReport) {}
    /// Whether to stop: what is committed stays, the rest is dropped, and the run ends with `ErrorKind::Interrupted`.
    fn cancelled(&self) -> bool {
        false
    }
}

/// No one listens.
impl Progress for () {}
