//! The room as its users see it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and says what it leaves out"
)]
mod agents;
mod intel;
mod pdns;
