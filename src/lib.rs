//! dwell: years of proxy logs as signed, queryable evidence; the library.
//!
//! Three types: a [`Store`] on disk, an [`Ingest`] that brings logs into it, a [`Query`] that answers SQL with Arrow
//! batches. The binary `dwell` is made of the same parts.
//!
//! ```
//! use dwell::{Ingest, Query, Store};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let line = "1795169425.918      4 10.1.1.5 TCP_MISS/200 349 GET http://www.example.org/ - HIER_DIRECT/192.0.2.1 text/html\n";
//! # let log = dir.path().join("access.log");
//! # std::fs::write(&log, line.repeat(3))?;
//! let store = Store::init(&dir.path().join("store"), &dir.path().join("keys"))?;
//! let report = Ingest::new(&store).format("squid").run([&log])?;
//! assert_eq!(report.counts().rows, 3);
//!
//! let batches = Query::new(&store)?.collect("SELECT host, count(*) AS requests FROM requests GROUP BY host")?;
//! assert_eq!(batches[0].num_rows(), 1);
//! # Ok(())
//! # }
//! ```

mod facade;
#[doc(hidden)]
pub mod sample;

pub use facade::{Error, Ingest, Query, Result, Store};
pub use ingest::IngestReport;
