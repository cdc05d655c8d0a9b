//! How are tables kept beside the rows: indicators, passive DNS, summaries of days, findings? As files that a record
//! names with size and digest, read whole and never believed unchecked.

use std::path::PathBuf;
use std::sync::Arc;

use crate::crypt::Scope;
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::fs;
use crate::ledger::record::{Body, NamedFile, TableFile, TableKey, Tables};
use crate::ledger::text::Text;
use crate::store::{CommitOptions, KeptTable, Maintenance, State, Store};

/// Under which kind of record tables are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Indicators.
    Intel,
    /// Passive DNS.
    Pdns,
    /// Everything that is made of rows or by hand: summaries, findings, accepted lists.
    Table,
}

/// The folder below which each table lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `summaries/`
    Summaries,
    /// `tables/`
    Tables,
    /// `findings/`
    Findings,
}

impl Place {
    fn folder(self) -> &'static str {
        match self {
            Self::Summaries => "summaries",
            Self::Tables => "tables",
            Self::Findings => "findings",
        }
    }
}

/// A table to be kept.
#[derive(Debug, Clone)]
pub struct Put {
    /// Where its file lies.
    pub place: Place,
    /// Which table, day and name; what was kept under the same key goes.
    pub key: TableKey,
    /// Its rows.
    pub rows: u64,
    /// How many records the ledger had when it was made: [`State::records`] of the version that was read.
    pub basis: u64,
    /// Digest of what it was made of, where that came from outside.
    pub input: Option<Digest>,
    /// What of the input could not be taken in.
    pub skipped: u64,
    /// Its bytes, in whatever form their reader knows.
    pub content: Vec<u8>,
}

/// The most bytes that a name of a list may have.
const NAME_MAX: usize = 80;

/// A name for a list that may stand in the ledger and in a path: letters, digits, `.`, `_` and `-`, others as `-`.
pub fn name_of(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name = text.chars().map(|c| if plain(c) { c } else { '-' });
    let name: String = name.take(NAME_MAX).collect();
    let name = name.trim_start_matches('.').to_owned();
    if name.is_empty() { "list".to_owned() } else { name }
}

/// Keeps tables and removes others, in one commit; returns the number of its record.
///
/// # Errors
/// `Conflict`: the store has changed so that this no longer fits: make them anew. The store's own troubles.
pub fn change(
    store: &Arc<Store>,
    kind: Kind,
    puts: Vec<Put>,
    removed: Vec<TableKey>,
    words: Text,
    options: &CommitOptions,
) -> Result<u64> {
    let change = store.begin_maintenance()?;
    let mut moves = Vec::new();
    let mut tables = Tables { put: Vec::new(), removed };
    for (at, put) in puts.into_iter().enumerate() {
        let (file, placed) = write(&change, at, &put)?;
        moves.push(placed);
        let Put { key, rows, basis, input, skipped, .. } = put;
        tables.put.push(TableFile { basis, file, input, key, rows, skipped });
    }
    let removed = tables.removed.clone();
    let days: Vec<Day> = tables.put.iter().filter_map(|put| put.key.day).collect();
    let recheck = |state: &State| {
        let gone = removed.iter().find(|key| !state.tables.contains_key(*key));
        let day = days.iter().find(|day| !state.days.contains_key(*day));
        match (gone, day) {
            (None, None) => Ok(()),
            (Some(key), _) => Err(conflict(format!("{key} is gone"))),
            (None, Some(day)) => Err(conflict(format!("{day} is gone"))),
        }
    };
    let body = match kind {
        Kind::Intel => Body::Intel(tables),
        Kind::Pdns => Body::Pdns(tables),
        Kind::Table => Body::Table(tables),
    };
    let seqs = change.commit(vec![(body, words)], &moves, options, &recheck)?;
    Ok(seqs.first().copied().unwrap_or_default())
}

fn conflict(what: String) -> Error {
    Error::new(ErrorKind::Conflict, what).advise("run the command again")
}

fn scope(key: &TableKey) -> Scope {
    key.day.map_or(Scope::Ledger, Scope::Day)
}

fn write(change: &Maintenance, at: usize, put: &Put) -> Result<(NamedFile, (PathBuf, String))> {
    let key = &put.key;
    let mut path = format!("{}/{}", put.place.folder(), name_of(&key.table));
    if let Some(day) = key.day {
        path = format!("{path}/{}", day.folder());
    }
    if !key.name.is_empty() {
        path = format!("{path}/{}", name_of(&key.name));
    }
    let path = format!("{path}/{}-{at}.table", change.id());
    let sealed = match change.store().vault() {
        Some(vault) => vault.seal_blob(scope(key), &path, &put.content)?,
        None => put.content.clone(),
    };
    let staged = change.dir().join(format!("{at}.table"));
    fs::write_new(&**change.fs(), &staged, &sealed)?;
    Ok((NamedFile::of(path.clone(), &sealed), (staged, path)))
}

/// The bytes of a table, as they were given to [`change`].
///
/// # Errors
/// `Integrity`: the file is missing or not as the ledger says.
pub fn read(store: &Store, kept: &KeptTable) -> Result<Vec<u8>> {
    let (key, file) = (&kept.table.key, &kept.table.file);
    let path = store.locate(&file.path);
    let wrong = |what: &str| {
        Error::integrity(&path, format!("{what} ({key})"))
            .advise("bring the file back from a copy of the store; summaries can be made anew, lists added again")
    };
    let bytes = fs::read_if_there(&**store.fs(), &path)?.ok_or_else(|| wrong("is missing"))?;
    if bytes.len() as u64 != file.bytes || Digest::of(&bytes) != file.sha256 {
        return Err(wrong("is not what the ledger says"));
    }
    match store.vault() {
        Some(vault) => vault
            .unseal_blob(scope(key), &file.path, &bytes)
            .map_err(|error| error.at_if_none(path)),
        None => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_fit_for_a_path() {
        for (text, name) in [
            ("feed.json", "feed.json"),
            ("../../etc/passwd", "-..-etc-passwd"),
            ("", "list"),
            ("...", "list"),
            ("Zürich\u{202e}\n", "Z-rich--"),
        ] {
            assert_eq!(name_of(text), name);
        }
        assert_eq!(name_of(&"x".repeat(500)).len(), NAME_MAX);
    }
}
