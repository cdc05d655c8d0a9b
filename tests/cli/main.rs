//! End to end: what people see of `dwell`, and the rules of the house that no compiler checks.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod anew;
mod archive;
mod bad_input;
mod checkpoint;
mod compact;
mod cookbook;
mod encryption;
mod formats;
mod house;
mod hunts;
mod intel;
mod nightly;
mod output;
mod pivot;
mod privacy;
mod query_log;
mod redact;
mod restore;
mod retain;
mod seal;
mod signals;
mod verbs;
mod world;
