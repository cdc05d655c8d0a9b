//! How are lines removed for good, lawfully and provably? Planned by their numbers, taken out of every place in one commit,
//! with a record of how many, which and why.

mod plan;
mod rewrite;

pub use self::plan::{Plan, Table, plan};
pub use self::rewrite::{Removed, Rewritten, held, lines_file, segment};
