//! SQL over a dwell store: the table `requests` over one version of the ledger, the system tables, functions.
//!
//! The only room that knows DataFusion. It reads and never writes a store (spill files aside).

pub mod accepted;
pub mod answer;
pub mod error;
pub mod functions;
mod guard;
pub mod hunts;
pub mod intel;
mod limits;
mod mistakes;
pub mod origin;
mod reader;
mod restored;
pub mod session;
pub mod sigma;
pub mod summary;
mod system;
mod table;
mod time_bounds;
pub mod views;

pub use answer::Batches;
pub use error::{Error, ErrorKind, Place, Result};
pub use origin::Origin;
pub use session::{Answer, Planned, ScalarBody, ScanEstimate, Session, SessionOptions};
