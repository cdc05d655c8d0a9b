//! In which order do the rows of a day stand under its seal, and what is the root over them? Whatever files they lie in.
//!
//! A pass over two columns finds the place of every row, another renders the lines file by file and puts each leaf hash
//! into its place. Memory holds 20 bytes a row and [`WINDOW`] leaves; a day of more rows is rendered in several passes,
//! each for the leaves of one window.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type};
use sha2::{Digest as _, Sha256};

use super::file::SealFile;
use super::paths::Paths;
use super::salts::{MOST_LEAVES, Secret};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Col;
use crate::segment::reader::{self, ReadOptions};
use crate::segment::{FileMeta, SourceRange, VerifiedFile};
use crate::store::Source;

/// Leaves whose hashes are in memory at once: 128 MiB.
const WINDOW: u64 = 4 << 20;

/// A row as the line that it came from.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Which row of the file, from 0.
    pub row: u64,
    /// The source.
    pub source_id: i32,
    /// The line of the source.
    pub line_no: i64,
    /// The bytes, without the line end; of a source under a privacy rule those that were kept.
    pub bytes: &'a [u8],
}

/// Who can give rows back as lines.
pub trait LineSource: Send + Sync {
    /// Calls `visit` with the rows of a file that are `wanted`, hidden ones too, in the order of the file. `seq` is the
    /// record that brought the file: it tells which correction of the clock its times carry.
    fn lines(
        &self,
        file: &VerifiedFile,
        seq: u64,
        sources: &BTreeMap<i32, Arc<Source>>,
        wanted: &dyn Fn(u64) -> bool,
        visit: &mut dyn FnMut(Line<'_>) -> Result<()>,
    ) -> Result<()>;
}

/// A file with rows of the day.
#[derive(Debug, Clone)]
pub struct RowsFile {
    /// What the ledger knows of it.
    pub meta: Arc<FileMeta>,
    /// The record that brought it.
    pub seq: u64,
}

/// Opens a data file for checked reading: that of a store, of an archive, of a restored set.
pub type OpenFile<'a> = &'a dyn Fn(&FileMeta) -> Result<VerifiedFile>;

/// The rows that stand under one seal, or are to.
pub struct SealedRows<'a> {
    files: Vec<RowsFile>,
    open: OpenFile<'a>,
    sources: &'a BTreeMap<i32, Arc<Source>>,
    lines: &'a dyn LineSource,
    pub(super) window: u64,
}

/// A sealed line with its place.
#[derive(Debug, Clone, Copy)]
pub struct SealedLine<'a> {
    /// Which leaf, from 0.
    pub index: u64,
    /// Its salt.
    pub salt: &'a Secret,
    /// Its leaf hash.
    pub leaf: Digest,
    /// The line.
    pub line: Line<'a>,
    /// The file that its row lies in.
    pub file: &'a RowsFile,
}

/// Who looks on while a root is computed: sees every row that is in the files, in the order of these, and may ask for
/// the path of its leaf.
pub type Visit<'a> = &'a mut dyn FnMut(&SealedLine<'_>, &mut Paths) -> Result<()>;

/// Which leaf each row is.
struct Order {
    /// One for each row, file after file.
    ranks: Vec<u32>,
    /// Where the rows of each file begin, and the end.
    starts: Vec<usize>,
    /// The rows of each source.
    sources: Vec<SourceRange>,
}

/// What the rows of a day come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRoot {
    /// The root over their leaves.
    pub root: Digest,
    /// The paths that were asked for, by leaf.
    pub paths: BTreeMap<u64, Vec<Digest>>,
    /// Those of them that are in the files, by source.
    pub sources: Vec<SourceRange>,
}

/// The hash of the leaf for this line.
pub fn leaf(salt: &Secret, line: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(salt);
    hasher.update(line);
    Digest(hasher.finalize().into())
}

fn changed(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Integrity, format!("sealed day changed: {what}"))
}

impl<'a> SealedRows<'a> {
    /// The rows of these files; of two rows of the same line, the one from the older record comes first.
    pub fn new(
        mut files: Vec<RowsFile>,
        open: OpenFile<'a>,
        sources: &'a BTreeMap<i32, Arc<Source>>,
        lines: &'a dyn LineSource,
    ) -> Self {
        files.sort_by(|a, b| (a.seq, &a.meta.path).cmp(&(b.seq, &b.meta.path)));
        Self { files, open, sources, lines, window: WINDOW }
    }

    /// How many rows there are in the files.
    pub fn count(&self) -> u64 {
        self.files.iter().map(|file| file.meta.rows).sum()
    }

    /// The earliest and latest time of a row; `None` if there is none.
    pub fn ts_range(&self) -> Option<(i64, i64)> {
        let metas = || self.files.iter().map(|file| &file.meta).filter(|meta| meta.rows > 0);
        metas().map(|meta| meta.min_ts).min().zip(metas().map(|meta| meta.max_ts).max())
    }

    /// The root over the rows with the salts of `file`, while `visit` looks on.
    ///
    /// # Errors
    /// `Integrity`: there are not as many rows as there are salts; or a file is not as the ledger says.
    pub fn fold(&self, file: &SealFile, visit: Visit<'_>) -> Result<SealedRoot> {
        let order = self.order(file)?;
        let mut paths = Paths::default();
        let mut gone = file.gone().iter().peekable();
        let mut index = 0;
        while index < file.leaves() {
            let from = index;
            let to = file.leaves().min(from + self.window);
            let slots = self.window(file, &order, (from, to), visit, &mut paths)?;
            while index < to {
                if let Some(gone) = gone.next_if(|gone| gone.range().0 == index) {
                    paths.push_subtree(gone.height, gone.hash);
                    index = gone.range().1;
                } else {
                    paths.push_subtree(0, Digest(slots[(index - from) as usize]));
                    index += 1;
                }
            }
        }
        let (root, paths) = paths.finish();
        Ok(SealedRoot { root, paths, sources: order.sources })
    }

    /// The hashes of the leaves `from..to`.
    fn window(
        &self,
        file: &SealFile,
        order: &Order,
        (from, to): (u64, u64),
        visit: Visit<'_>,
        paths: &mut Paths,
    ) -> Result<Vec<Secret>> {
        let mut slots = vec![[0; 32]; (to - from) as usize];
        file.each_salt(from, to, &mut |index, salt| slots[(index - from) as usize] = *salt);
        for (at, rows) in self.files.iter().enumerate() {
            let ranks = &order.ranks[order.starts[at]..order.starts[at + 1]];
            let within = |row: u64| {
                let rank = ranks.get(row as usize).map(|rank| u64::from(*rank));
                rank.is_some_and(|rank| (from..to).contains(&rank))
            };
            let expected = (0..ranks.len() as u64).filter(|row| within(*row)).count();
            if expected == 0 {
                continue;
            }
            let opened = (self.open)(&rows.meta)?;
            let mut found = 0;
            let mut next = 0;
            self.lines.lines(&opened, rows.seq, self.sources, &within, &mut |line| {
                if line.row < next || !within(line.row) {
                    return Err(Error::new(ErrorKind::Internal, "a row came out of order"));
                }
                (next, found) = (line.row + 1, found + 1);
                let index = u64::from(ranks[line.row as usize]);
                let slot = &mut slots[(index - from) as usize];
                let hash = leaf(slot, line.bytes);
                visit(&SealedLine { index, salt: slot, leaf: hash, line, file: rows }, paths)?;
                *slot = hash.0;
                Ok(())
            })?;
            if found != expected {
                return Err(Error::new(ErrorKind::Internal, "not every row became a line"));
            }
        }
        Ok(slots)
    }

    /// Puts the rows in order.
    fn order(&self, file: &SealFile) -> Result<Order> {
        let (count, left) = (self.count(), file.num_gone());
        if count + left != file.leaves() || file.leaves() > MOST_LEAVES {
            return Err(changed(format_args!(
                "{count} rows in its files and {left} that left them, {} were sealed",
                file.leaves()
            )));
        }
        let mut keys: Vec<(i32, i64)> = Vec::with_capacity(count as usize);
        let mut starts = vec![0];
        for rows in &self.files {
            self.read_keys(&rows.meta, &mut keys)?;
            starts.push(keys.len());
        }
        let mut order: Vec<u32> = (0..keys.len() as u32).collect();
        // Stable: rows of the same line stay in the order of their records.
        order.sort_by_key(|at| keys[*at as usize]);
        let sources = ranges(order.iter().map(|at| keys[*at as usize]));
        drop(keys);
        let mut ranks = vec![0; order.len()];
        let mut gone = file.gone().iter().peekable();
        let mut index = 0;
        for at in order {
            while let Some(gone) = gone.next_if(|gone| gone.range().0 == index) {
                index = gone.range().1;
            }
            ranks[at as usize] = index as u32;
            index += 1;
        }
        Ok(Order { ranks, starts, sources })
    }

    /// Source and line of every row of a file.
    fn read_keys(&self, meta: &FileMeta, keys: &mut Vec<(i32, i64)>) -> Result<()> {
        let before = keys.len();
        if meta.rows > 0 {
            let file = (self.open)(meta)?;
            let columns = [Col::SourceId, Col::LineNo];
            for batch in reader::rows(&file, &columns, &ReadOptions::default())? {
                let batch = batch?;
                let columns = batch.columns();
                let ids = columns.first().and_then(|ids| ids.as_primitive_opt::<Int32Type>());
                let lines = columns.get(1).and_then(|lines| lines.as_primitive_opt::<Int64Type>());
                let (ids, lines) = ids.zip(lines).ok_or_else(|| {
                    Error::integrity(&meta.path, "a data file without line numbers")
                })?;
                keys.extend(ids.values().iter().copied().zip(lines.values().iter().copied()));
            }
        }
        let found = (keys.len() - before) as u64;
        if found != meta.rows {
            let what = format!("{found} rows, the ledger says {}", meta.rows);
            return Err(Error::integrity(&meta.path, what));
        }
        Ok(())
    }
}

/// The rows of each source, from the lines of all in their order.
fn ranges(lines: impl Iterator<Item = (i32, i64)>) -> Vec<SourceRange> {
    let mut ranges: Vec<SourceRange> = Vec::new();
    for (source_id, line_no) in lines {
        match ranges.last_mut().filter(|range| range.source_id == source_id) {
            Some(range) => {
                range.last_line = line_no;
                range.rows += 1;
            }
            None => ranges.push(SourceRange {
                source_id,
                first_line: line_no,
                last_line: line_no,
                rows: 1,
            }),
        }
    }
    ranges
}
