//! What does a record say of a table beside the rows: indicators, passive DNS, summaries of a day, findings?

use super::form;
use super::side::NamedFile;
use crate::day::Day;
use crate::digest::Digest;

/// Tables that were written, and such that are gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    /// Written; each takes the place of the one of the same key.
    pub put: Vec<TableFile>,
    /// Gone without another in their place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<TableKey>,
}

/// Which table, of which day, under which name.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct TableKey {
    /// The day whose rows it was made of, and with which it goes; none if it was not made of rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// Its name among those of its table: a list of indicators, say.
    pub name: String,
    /// The table.
    pub table: String,
}

/// A file of a table.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// How many records the ledger had when it was made: it is current while nothing later has changed its day.
    #[serde(with = "form::int")]
    pub basis: u64,
    /// The file.
    pub file: NamedFile,
    /// SHA-256 of what it was made of, where that came from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Digest>,
    /// Which table it is part of.
    pub key: TableKey,
    /// Its rows.
    #[serde(with = "form::int")]
    pub rows: u64,
    /// What of the input could not be taken in.
    #[serde(default, with = "form::int", skip_serializing_if = "is_none")]
    pub skipped: u64,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Tables {
    pub(super) fn detail(&self) -> String {
        let put = self.put.iter().map(|table| {
            let rows = format!("{} rows in {}", table.rows, table.key);
            match table.skipped {
                0 => rows,
                skipped => format!("{rows}, {skipped} skipped"),
            }
        });
        let gone = self.removed.iter().map(|key| format!("{key} removed"));
        put.chain(gone).collect::<Vec<_>>().join("; ")
    }
}

impl std::fmt::Display for TableKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.table)?;
        if !self.name.is_empty() {
            write!(f, " {}", self.name)?;
        }
        match self.day {
            Some(day) => write!(f, " of {day}"),
            None => Ok(()),
        }
    }
}
