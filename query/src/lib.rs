//! SQL over a dwell store: the table `requests` over one version of the ledger, the system tables, functions.
//!
//! The only room that knows DataFusion. It reads and never writes a store (spill files aside).

pub mod error;
pub mod functions;
pub mod session;
pub mod state;

pub use error::{Error, ErrorKind, Place, Result};
pub use session::{Answer, Planned, ScanEstimate, Session, SessionOptions};
