//! The ground floor of dwell: schema, normal forms, segments, the ledger and the commit protocol.
//!
//! It knows bytes on disk and nothing of log formats or SQL. Every write into a store goes through [`fs`], every
//! clock read through [`clock`].

pub mod archive;
pub mod clock;
pub mod compact;
pub mod config;
pub mod crypt;
pub mod day;
pub mod digest;
pub mod error;
pub mod extent;
pub mod fs;
pub mod hold;
pub mod ledger;
pub mod merge;
pub mod nearest;
pub mod observable;
pub mod privacy;
pub mod querylog;
pub mod recover;
pub mod redact;
pub mod restore;
pub mod retention;
pub mod schema;
pub mod seal;
pub mod segment;
pub mod store;
pub mod tables;
mod varint;
pub mod verify;
pub mod views;

pub use clock::Micros;
pub use day::Day;
pub use digest::Digest;
pub use error::{Breach, Error, ErrorKind, Result};
