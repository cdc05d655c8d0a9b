//! Which lines made up a day when it was closed, and is one of them among them? The seal: a root over the salted lines
//! of a day, which no rewriting of its files changes.

mod apply;
mod check;
mod file;
mod paths;
mod plan;
mod prove;
mod rows;
mod salts;

pub use self::apply::{Receipt, apply, salts_path, write_salts};
pub use self::check::{check, check_rows, files, salts, without};
pub use self::file::{Gone, SealFile};
pub use self::paths::Paths;
pub use self::plan::{OpenDay, SealPlan, SealPolicy, plan};
pub use self::prove::{Evidence, MOST_LINES, RecordProof, RowProof, prove};
pub use self::rows::{
    Line, LineSource, OpenFile, RowsFile, SealedLine, SealedRoot, SealedRows, Visit, leaf,
};
pub use self::salts::{Secret, Seed};

#[cfg(test)]
mod tests;
