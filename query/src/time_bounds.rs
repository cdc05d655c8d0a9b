//! Which times can a row have that passes a filter? So that days and files outside are never opened.
//!
//! [`rewrite`] turns spellings the engine cannot prune by (`date_trunc`, `ts::date`, a cast to nanoseconds) into
//! plain comparisons of the column; [`set`] reads the times out of a filter.

pub(crate) mod rewrite;
pub(crate) mod set;
