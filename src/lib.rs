//! dwell: years of proxy logs as signed, queryable evidence.
//!
//! Placeholder of the facade.

pub mod sample;
