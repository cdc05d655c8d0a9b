//! End to end: what people see of `dwell`, and the rules of the house that no compiler checks.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod anew;
mod archive;
mod bad_input;
mod checkpoint;
mod compact;
mod encryption;
mod formats;
mod house;
mod nightly;
mod output;
mod privacy;
mod query_log;
<<<<<<< HEAD
mod redact;
=======
mod restore;
>>>>>>> 62c8d2c (restore: page, an archive of the first version as fixture, end-to-end tests, a store copied while logs come in)
mod retain;
mod seal;
mod signals;
mod verbs;
mod world;
