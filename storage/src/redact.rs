//! How are lines removed for good, lawfully and provably? Planned by their numbers, taken out of every place in one commit,
//! with a record of how many, which and why.

mod apply;
mod plan;
mod rewrite;
mod trash;
mod words;

pub use self::apply::{Left, Prepared, Redaction, Remainder, Request, prepare, survey};
pub use self::plan::{Plan, Table, plan};
pub(crate) use self::rewrite::append_entries;
pub use self::rewrite::{Loss, Removed, Rewritten, held, lines_file, segment};
pub(crate) use self::words::shred as shred_words;
pub use self::words::{Naming, naming};
