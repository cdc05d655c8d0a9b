//! How is a day sealed? Its lines are read once, the salts are written, and one record says the root.

use std::sync::Arc;

use super::file::SealFile;
use super::plan::{SealPolicy, open_day, unsealed};
use super::rows::{LineSource, RowsFile, SealedRows};
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::fs;
use crate::ledger::record::{Body, NamedFile, Seal};
use crate::ledger::text::Text;
use crate::segment::{ColumnStats, FileMeta, SourceRange};
use crate::store::{CommitOptions, HiddenIndex, Maintenance, State, Store};

/// The folder of the salts.
const FOLDER: &str = "salts";

/// How often a day is tried anew because its rows changed meanwhile.
const TRIES: u32 = 5;

/// A seal that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Number of its record.
    pub seq: u64,
    /// The day.
    pub day: Day,
    /// 0 for the day, from 1 for its addenda.
    pub number: u32,
    /// How many lines.
    pub leaves: u64,
    /// The root over them.
    pub root: Digest,
    /// How many of them came from each source.
    pub sources: Vec<SourceRange>,
}

/// Where the salts of a seal lie, written by this transaction.
pub fn salts_path(day: Day, number: u32, transaction: &str) -> String {
    format!("{FOLDER}/{day}-{number}-{transaction}.salts")
}

/// Writes salts into the folder of a change; what it names goes into its record, the rest into its moves.
pub fn write_salts(
    change: &Maintenance,
    (day, number): (Day, u32),
    file: &SealFile,
) -> Result<(NamedFile, (std::path::PathBuf, String))> {
    let bytes = file.render();
    let path = salts_path(day, number, change.id());
    let staged = change.dir().join(format!("{day}-{number}.salts"));
    fs::write_new(&**change.fs(), &staged, &bytes)?;
    Ok((NamedFile::of(path.clone(), &bytes), (staged, path)))
}

/// Seals what of a day stands under no seal; `None` if there is nothing.
///
/// # Errors
/// `Integrity`: a file is not as the ledger says; `Conflict`: the rows of the day keep changing; the store's own
/// troubles. The store is then as before.
pub fn apply(
    store: &Arc<Store>,
    day: Day,
    lines: &dyn LineSource,
    options: &CommitOptions,
) -> Result<Option<Receipt>> {
    let mut tries = 0;
    loop {
        tries += 1;
        match seal(store, day, lines, options) {
            Err(error) if error.kind() == ErrorKind::Conflict && tries < TRIES => {}
            done => return done,
        }
    }
}

fn seal(
    store: &Arc<Store>,
    day: Day,
    lines: &dyn LineSource,
    options: &CommitOptions,
) -> Result<Option<Receipt>> {
    let change = store.begin_maintenance()?;
    let base = Arc::clone(change.base());
    let policy = SealPolicy { grace_hours: 0, before: None };
    let open = base.days.get(&day).and_then(|held| {
        open_day(day, held, &HiddenIndex::new(&base), &policy).map(|open| (held, open))
    });
    let Some((held, open)) = open else { return Ok(None) };
    let files: Vec<RowsFile> = unsealed(held)
        .map(|segment| RowsFile { meta: Arc::clone(&segment.meta), seq: segment.seq })
        .collect();
    let stats = stats(files.iter().map(|file| &*file.meta));
    let open_file = |meta: &FileMeta| store.open_file(meta);
    let rows = SealedRows::new(files, &open_file, &base.sources, lines);
    let ts = rows.ts_range().unwrap_or_default();
    let file = SealFile::new(rows.count())?;
    let found = rows.fold(&file, &mut |_, _| Ok(()))?;
    let (salts, moved) = write_salts(&change, (day, open.number), &file)?;
    let seal = Seal {
        day,
        leaves: file.leaves(),
        number: open.number,
        root: found.root,
        salts,
        sources: found.sources,
        stats,
        ts,
    };
    let receipt = |seq| Receipt {
        seq,
        day,
        number: seal.number,
        leaves: seal.leaves,
        root: seal.root,
        sources: seal.sources.clone(),
    };
    let record = (Body::Seal(Box::new(seal.clone())), Text::by(&options.by));
    let same = |newest: &State| {
        let rows = |state: &State| -> Option<Vec<String>> {
            let held = state.days.get(&day)?;
            Some(unsealed(held).map(|segment| segment.meta.path.clone()).collect())
        };
        let seals = |state: &State| state.days.get(&day).map(|held| held.seals.len());
        if rows(newest) == rows(&base) && seals(newest) == seals(&base) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, format!("the rows of {day} have changed meanwhile")))
    };
    let seqs = change.commit(vec![record], &[moved], options, &same)?;
    let seq = seqs.first().copied();
    seq.map(|seq| Some(receipt(seq)))
        .ok_or_else(|| Error::new(ErrorKind::Internal, "a seal without a number"))
}

/// The statistics of several files together.
fn stats<'a>(metas: impl Iterator<Item = &'a FileMeta>) -> Vec<ColumnStats> {
    let mut all: Vec<ColumnStats> = Vec::new();
    for column in metas.flat_map(|meta| meta.stats.iter()) {
        match all.iter_mut().find(|known| known.column == column.column) {
            Some(known) => {
                known.nulls += column.nulls;
                known.min = known.min.into_iter().chain(column.min).min();
                known.max = known.max.into_iter().chain(column.max).max();
            }
            None => all.push(column.clone()),
        }
    }
    all
}
