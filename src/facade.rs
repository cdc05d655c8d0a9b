//! How does another program use dwell? A store, an ingest and a query, each with the least that it needs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::TryStreamExt;
use ingest::{IngestOptions, IngestReport, InputArg};
use query::{Session, SessionOptions};
use storage::Micros;
use storage::clock::now_us;
use storage::store::{InitOptions, OpenOptions, Standing};

/// What went wrong, with where and what to do next in its text.
#[derive(Debug)]
pub enum Error {
    /// In the store, or while logs were taken in.
    Store(storage::Error),
    /// In a query.
    Query(Box<query::Error>),
    /// While the threads of a query were started.
    Io(std::io::Error),
}

/// A result of this library.
pub type Result<T> = std::result::Result<T, Error>;

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Query(error) => error.fmt(f),
            Self::Io(error) => write!(f, "cannot start the threads of the query: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match self {
            Self::Store(error) => error,
            Self::Query(error) => &**error,
            Self::Io(error) => error,
        })
    }
}

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        Self::Store(error)
    }
}

impl From<query::Error> for Error {
    fn from(error: query::Error) -> Self {
        Self::Query(Box::new(error))
    }
}

/// A store on disk, with the folder of its keys.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<storage::store::Store>,
}

impl Store {
    /// Makes a store at `dir`, or opens the one that is there; its private key goes to `keys`.
    ///
    /// # Errors
    /// The folder can't be written, or holds a store whose signatures don't hold.
    pub fn init(dir: &Path, keys: &Path) -> Result<Self> {
        let options = InitOptions {
            group: None,
            key_dir: Some(keys.to_path_buf()),
            fallback_dir: None,
            fs: storage::fs::real(),
            now_us: now_us(),
            by: "library".into(),
        };
        Ok(Self { inner: storage::store::Store::init(dir, &options)? })
    }

    /// Opens the store at `dir`. Without `keys` it can be read, not written.
    ///
    /// # Errors
    /// There is no store, or its signatures don't hold.
    pub fn open(dir: &Path, keys: Option<&Path>) -> Result<Self> {
        let options = OpenOptions {
            key_dir: keys.map(Path::to_path_buf),
            fallback_dir: None,
            pinned_key: None,
            standing: Standing::Live,
            fs: storage::fs::real(),
        };
        Ok(Self { inner: storage::store::Store::open(dir, &options)? })
    }

    /// What a person should know about the store, each said once.
    pub fn notes(&self) -> Vec<String> {
        self.inner.notes()
    }
}

/// Brings logs into a store.
#[derive(Debug)]
pub struct Ingest<'a> {
    store: &'a Store,
    options: IngestOptions,
}

impl<'a> Ingest<'a> {
    /// An ingest that finds the format of each input by its content.
    pub fn new(store: &'a Store) -> Self {
        Self { store, options: IngestOptions { by: "library".into(), ..IngestOptions::default() } }
    }

    /// Reads all inputs with this format.
    #[must_use]
    pub fn format(mut self, id: &str) -> Self {
        self.options.format = Some(id.into());
        self
    }

    /// Reads all inputs with this format string: Squid's, or another program's with its name before it.
    #[must_use]
    pub fn logformat(mut self, spec: &str) -> Self {
        self.options.logformat = Some(spec.into());
        self
    }

    /// Reads all inputs as texts without header with these columns, listed as a `#Fields` line does.
    #[must_use]
    pub fn fields(mut self, list: &str) -> Self {
        self.options.fields = Some(list.into());
        self
    }

    /// Takes the inputs in: files, folders, globs, `-`. What became of each stands in the report; the same content
    /// again is a no-op.
    ///
    /// # Errors
    /// The store can't be written. An input that can't be read is an entry of the report.
    pub fn run<P: AsRef<Path>>(self, inputs: impl IntoIterator<Item = P>) -> Result<IngestReport> {
        let inputs: Vec<InputArg> =
            inputs.into_iter().map(|path| InputArg::from(PathBuf::from(path.as_ref()))).collect();
        Ok(ingest::run(&self.store.inner, &inputs, &self.options, &())?)
    }
}

/// Answers SQL over the version of a store that is the newest when it is made.
pub struct Query {
    session: Session,
    runtime: tokio::runtime::Runtime,
}

impl Query {
    /// A query over everything.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn new(store: &Store) -> Result<Self> {
        Self::between(store, None, None)
    }

    /// A query over the rows from `since` on and before `until`, in microseconds since 1970 UTC.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn between(store: &Store, since: Option<Micros>, until: Option<Micros>) -> Result<Self> {
        let mut options = SessionOptions::new(now_us());
        options.threads = std::thread::available_parallelism().map_or(2, usize::from);
        (options.since_us, options.until_us) = (since, until);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.threads)
            .enable_all()
            .build()
            .map_err(Error::Io)?;
        Ok(Self { session: Session::over(&store.inner, options)?, runtime })
    }

    /// Runs one statement and collects its answer.
    ///
    /// # Errors
    /// The statement is wrong or does more than read, it needs too much memory, or bytes on disk are not the ones
    /// that were signed.
    pub fn collect(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        self.runtime.block_on(async {
            let answer = self.session.sql(sql).await?;
            Ok(answer.stream.try_collect().await?)
        })
    }

    /// The session below, for streaming and for registering functions.
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}
