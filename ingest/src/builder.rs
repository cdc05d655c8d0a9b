//! Which rows are open: one builder a day collects rows and turns them into a row group of coded columns.

pub(crate) mod day;
pub(crate) mod moved;
pub mod sink;
