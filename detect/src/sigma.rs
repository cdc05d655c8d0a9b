//! Which requests match a Sigma rule? Rules as YAML become trees of tests, are bound to the columns of `requests`, and run
//! all at once over batches of rows, or as SQL.
//!
//! Text (`yaml`) -> rule (`rule`, `modifier`, `condition`) -> tree (`tree`) -> bound to columns (`fields`, `bind`) -> one
//! pass over the rows (`engine`), or SQL (`sql`). Rules that count or put events in order: `correlation`, `window`.

pub mod bind;
mod condition;
pub mod correlation;
pub mod engine;
pub mod fields;
mod modifier;
pub mod pattern;
mod rule;
mod set;
pub mod sql;
pub mod tree;
pub mod window;
pub mod yaml;

use std::collections::BTreeMap;
use std::fmt;

pub use rule::{About, Rule};
pub use set::{Correlated, Ready, Refused, Set};

/// For which kind of log a rule is written: a few fields mean more in one than in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogKind {
    /// A proxy's.
    Proxy,
    /// A web server's.
    Webserver,
}

/// What the user decides about the reading of rules.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What `%name%` stands for in values with `expand`.
    pub placeholders: BTreeMap<String, Vec<String>>,
}

/// Why a rule is not taken, and where it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The line of the file, from 1.
    pub line: u64,
    /// A lower-case fragment.
    pub why: String,
}

impl Refusal {
    /// A refusal at this line.
    pub fn new(line: u64, why: impl Into<String>) -> Self {
        Self { line, why: why.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for Refusal {}
