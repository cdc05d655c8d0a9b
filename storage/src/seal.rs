//! Which lines made up a day when it was closed, and is one of them among them? The seal: a root over the salted lines
//! of a day, which no rewriting of its files changes.

mod file;
mod paths;
mod rows;
mod salts;

pub use self::file::{Gone, SealFile};
pub use self::paths::Paths;
pub use self::rows::{
    Line, LineSource, OpenFile, RowsFile, SealedLine, SealedRoot, SealedRows, leaf,
};
pub use self::salts::{Secret, Seed};
