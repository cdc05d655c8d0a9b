//! All integration tests of this crate, in one binary. Answers of SQL belong into `tests/slt`, what SQL can't say here.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod clocks;
mod functions;
mod hunts;
mod integrity;
mod limits;
mod mistakes;
mod restored;
mod shipped;
mod sigma;
mod slt;
mod store;
mod times;
mod views;
