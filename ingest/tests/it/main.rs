//! Do inputs become evidence? Formats alone, and the pipeline against real stores.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and says what it has seen"
)]

mod archives;
mod columns;
mod compact;
mod cuts;
mod damage;
mod envelopes;
mod evidence;
mod exact;
mod faults;
mod formats;
mod fuzz;
mod golden;
mod growth;
mod headers;
mod inputs;
mod languages;
mod matrix;
mod mistaken;
mod named;
mod own;
mod parsed;
mod privacy;
mod redact;
mod retry;
mod samples;
mod seal;
mod shift;
mod support;
mod wrong;
