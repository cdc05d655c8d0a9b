//! Is a sealed day still what was sealed? And what do its salts become when lines leave its files?

use std::sync::Arc;

use super::file::SealFile;
use super::rows::{LineSource, OpenFile, RowsFile, SealedLine, SealedRoot, SealedRows, Visit};
use crate::error::{Error, ErrorKind, Result};
use crate::fs;
use crate::ledger::record::{NamedFile, Seal};
use crate::segment::{FileMeta, SourceRange};
use crate::store::{Sealed, State, Store};

/// The error of a day that is not what was sealed.
pub(super) fn changed(seal: &Seal, what: impl std::fmt::Display) -> Error {
    let part = match seal.number {
        0 => String::new(),
        number => format!(" (addendum {number})"),
    };
    Error::new(ErrorKind::Integrity, format!("sealed day changed: {}{part}: {what}", seal.day))
}

/// Reads the salts of a seal, which must be the ones that the ledger names.
pub fn salts(store: &Store, file: &NamedFile) -> Result<SealFile> {
    let path = store.locate(&file.path);
    let bytes = fs::read_if_there(&**store.fs(), &path)?
        .ok_or_else(|| Error::integrity(&path, "file is missing, though the ledger names it"))?;
    if bytes.len() as u64 != file.bytes || crate::Digest::of(&bytes) != file.sha256 {
        return Err(Error::integrity(&path, "file differs from the ledger (salts)"));
    }
    SealFile::parse(&bytes).map_err(|error| error.at(&path))
}

/// The files with the rows that stand under a seal.
pub fn files(state: &State, sealed: &Sealed) -> Vec<RowsFile> {
    let segments = state.days.get(&sealed.seal.day).into_iter().flat_map(|held| &held.segments);
    segments
        .filter(|segment| segment.seal == Some(sealed.seq) && segment.meta.rows > 0)
        .map(|segment| RowsFile { meta: Arc::clone(&segment.meta), seq: segment.seq })
        .collect()
}

/// Which leaves belong to which source: those of a source stand together.
struct Places<'a> {
    /// The leaf after the last of each source.
    ends: Vec<u64>,
    sources: &'a [SourceRange],
}

impl<'a> Places<'a> {
    fn new(sources: &'a [SourceRange]) -> Self {
        let ends = sources.iter().scan(0_u64, |end, range| {
            *end = end.saturating_add(range.rows);
            Some(*end)
        });
        Self { ends: ends.collect(), sources }
    }

    /// Whether a line stands among those of its source.
    fn has(&self, line: &SealedLine<'_>) -> bool {
        let at = self.ends.partition_point(|end| *end <= line.index);
        self.sources.get(at).is_some_and(|range| {
            let lines = range.first_line..=range.last_line;
            range.source_id == line.line.source_id && lines.contains(&line.line.line_no)
        })
    }
}

/// Computes the root over the rows and compares it with the seal, while `visit` looks on.
///
/// # Errors
/// `Integrity`, with the words `sealed day changed`.
pub(super) fn fold(
    rows: &SealedRows<'_>,
    file: &SealFile,
    seal: &Seal,
    visit: Visit<'_>,
) -> Result<SealedRoot> {
    if file.leaves() != seal.leaves {
        let what = format!("{} salts for {} lines", file.leaves(), seal.leaves);
        return Err(changed(seal, what));
    }
    let (here, gone) = (rows.count(), file.num_gone());
    if here + gone != seal.leaves {
        let what =
            format!("{here} rows in its files, {gone} left them, {} were sealed", seal.leaves);
        return Err(changed(seal, what));
    }
    let places = Places::new(&seal.sources);
    let found = rows.fold(file, &mut |line, paths| {
        if !places.has(line) {
            let (id, line_no) = (line.line.source_id, line.line.line_no);
            return Err(changed(seal, format!("line {line_no} of source {id} is out of place")));
        }
        visit(line, paths)
    })?;
    if found.root != seal.root {
        let what = format!("its lines come to the root {}, sealed was {}", found.root, seal.root);
        return Err(changed(seal, what));
    }
    Ok(found)
}

/// Whether these rows, of any files, are what was sealed: for archives and restored sets.
///
/// # Errors
/// `Integrity`: they are not (`sealed day changed: ...`), or a file is not as the ledger says.
pub fn check_rows(rows: &SealedRows<'_>, file: &SealFile, seal: &Seal) -> Result<()> {
    fold(rows, file, seal, &mut |_, _| Ok(())).map(drop)
}

/// Whether the lines of a day of the store are what was sealed.
///
/// # Errors
/// As [`check_rows`].
pub fn check(store: &Store, state: &State, sealed: &Sealed, lines: &dyn LineSource) -> Result<()> {
    let file = salts(store, &sealed.seal.salts)?;
    let open: OpenFile<'_> = &|meta: &FileMeta| store.open_file(meta);
    let rows = SealedRows::new(files(state, sealed), open, &state.sources, lines);
    check_rows(&rows, &file, &sealed.seal)
}

/// The salts of a seal as they are once the lines that `leaves` tells (source, line, path of the file) are no longer in
/// the files; what was sealed is checked on the way.
///
/// # Errors
/// As [`check_rows`].
pub fn without(
    store: &Store,
    state: &State,
    sealed: &Sealed,
    lines: &dyn LineSource,
    leaves: &mut dyn FnMut(i32, i64, &str) -> bool,
) -> Result<SealFile> {
    let mut file = salts(store, &sealed.seal.salts)?;
    let open: OpenFile<'_> = &|meta: &FileMeta| store.open_file(meta);
    let rows = SealedRows::new(files(state, sealed), open, &state.sources, lines);
    let mut gone = Vec::new();
    fold(&rows, &file, &sealed.seal, &mut |line, _| {
        if leaves(line.line.source_id, line.line.line_no, &line.file.meta.path) {
            gone.push((line.index, line.leaf));
        }
        Ok(())
    })?;
    file.remove(gone)?;
    Ok(file)
}
