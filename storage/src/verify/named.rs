//! Which files does the newest version name, and which record brought each?

use std::collections::BTreeSet;
use std::path::Path;

use super::ledger::Audit;
use crate::day::Day;
use crate::error::Result;
use crate::fs::{self, Fs};
use crate::ledger::record::NamedFile;
use crate::segment::FileMeta;
use crate::store::maintain;
use crate::store::{State, layout};

/// What the ledger says of a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    /// Rows, or lines that are none.
    Data(&'a FileMeta),
    /// Something beside them: salts, the sources of a restored set.
    Side(&'a NamedFile),
}

/// A file that the newest version names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    /// What it is.
    pub(super) content: Content<'a>,
    /// The record that brought it.
    pub(super) seq: u64,
    /// Its day, of a live segment that stands under a seal.
    pub(super) sealed: Option<Day>,
    /// The restored set that it belongs to.
    pub(super) set: Option<&'a str>,
}

impl<'a> Named<'a> {
    pub(super) fn path(&self) -> &'a str {
        match self.content {
            Content::Data(meta) => &meta.path,
            Content::Side(file) => &file.path,
        }
    }

    /// Rows, where it holds such.
    pub(super) fn rows(&self) -> u64 {
        match self.content {
            Content::Data(meta) if !meta.path.split('/').any(|part| part == layout::LINES) => {
                meta.rows
            }
            _ => 0,
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        match self.content {
            Content::Data(meta) => meta.bytes,
            Content::Side(file) => file.bytes,
        }
    }
}

/// Every file that this version names.
pub(super) fn all(state: &State) -> Vec<Named<'_>> {
    let mut named = Vec::new();
    for (day, held) in &state.days {
        for segment in &held.segments {
            let sealed = segment.seal.map(|_| *day);
            let content = Content::Data(&segment.meta);
            named.push(Named { content, seq: segment.seq, sealed, set: None });
        }
        for sealed in &held.seals {
            let content = Content::Side(&sealed.seal.salts);
            named.push(Named { content, seq: sealed.seq, sealed: Some(*day), set: None });
        }
    }
    let lines = state.lines.iter().map(|it| (Content::Data(&it.meta), it.seq));
    named.extend(lines.map(|(content, seq)| Named { content, seq, sealed: None, set: None }));
    for kept in state.tables.values() {
        let content = Content::Side(&kept.table.file);
        named.push(Named { content, seq: kept.seq, sealed: None, set: None });
    }
    for set in state.restored.values() {
        let (name, seq) = (Some(set.name.as_str()), set.seq);
        let plain = |content| Named { content, seq, sealed: None, set: name };
        // Numbers of records within a set are those of its origin.
        named.extend(set.files().map(|meta| plain(Content::Data(meta))));
        named.extend(set.side_files().map(|file| plain(Content::Side(file))));
    }
    named
}

/// What a dead writer has left, by what it noted before it began.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Files that it was about to move away, because the version that it had written does not name them.
    pub(super) leaving: BTreeSet<String>,
    /// Files that it had placed for a version that it did not write.
    pub(super) placed: BTreeSet<String>,
}

/// What dead writers have left.
pub(super) fn left(fs: &dyn Fs, dir: &Path, audit: &Audit) -> Result<Left> {
    let staging = dir.join(layout::STAGING);
    let mut left = Left::default();
    for name in fs::list_if_there(fs, &staging)? {
        let folder = staging.join(name);
        if !folder.is_dir() {
            continue;
        }
        let Some(intent) = maintain::read_intent(fs, &folder)? else { continue };
        if intent.version <= audit.folded.state.version {
            // Only what a record has really named may be leaving: nobody can pass another file for it.
            let gone = intent.remove.into_iter().chain(intent.shred);
            left.leaving.extend(gone.filter(|path| audit.once.contains(path)));
        } else {
            left.placed.extend(intent.place);
        }
    }
    Ok(left)
}
