//! Which rows of a restored set are there already? Those whose line live data, or a set before it, holds too: the same
//! line number of a source with the same content.
//!
//! What a part holds counts whether it shows it or not: a line that was moved by a corrected clock is shown where it
//! went, and one that was redacted is not to come back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type};
use storage::digest::Digest;
use storage::schema::Col;
use storage::segment::reader::{self, ReadOptions};
use storage::segment::{FileMeta, SourceRange};
use storage::store::{DayState, HiddenLines, Source, State};
use storage::{Error, Result};

use super::files::SegmentFile;
use crate::reader::OpenFiles;
use crate::restored::Sources;

/// Lines of a source, first and last.
type Lines = Vec<(i64, i64)>;

/// Live data, or one restored set.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    state: Arc<State>,
    /// Its sources, where the state does not have them.
    sources: Option<Arc<Sources>>,
}

impl Part {
    /// What is live.
    pub(crate) fn live(state: Arc<State>) -> Self {
        Self { state, sources: None }
    }

    /// A restored set.
    pub(crate) fn restored(state: Arc<State>, sources: Arc<Sources>) -> Self {
        Self { state, sources: Some(sources) }
    }

    /// Its segments and hidden lines.
    pub(crate) fn state(&self) -> &Arc<State> {
        &self.state
    }

    fn sources(&self) -> Result<&BTreeMap<i32, Arc<Source>>> {
        match &self.sources {
            Some(sources) => sources.get(),
            None => Ok(&self.state.sources),
        }
    }
}

/// The root of the seal with this number among those of a day.
pub(super) fn root(held: &DayState, seal: Option<u64>) -> Option<Digest> {
    let found = held.seals.iter().find(|sealed| Some(sealed.seq) == seal);
    found.map(|sealed| sealed.seal.root)
}

/// Tells the doubles of some parts, the first of which loses none.
#[derive(Debug)]
pub(crate) struct Doubles {
    parts: Vec<Part>,
    files: Arc<OpenFiles>,
    index: OnceLock<std::result::Result<Vec<Index>, Arc<Error>>>,
    /// What files that had to be read hold, by path and source.
    read: Mutex<HashMap<String, Arc<BTreeMap<i32, Lines>>>>,
}

/// Where the lines of a part's sources lie.
#[derive(Debug, Default)]
struct Index {
    /// Sources by their content at the end of each of their extents.
    grown: HashMap<(u64, Digest), i32>,
    /// Sources by their whole content.
    whole: HashMap<(u64, Digest), i32>,
    /// The segments with lines of a source.
    segments: HashMap<i32, Vec<(Arc<FileMeta>, SourceRange)>>,
    /// The roots of the seals of which it has every row.
    seals: HashSet<Digest>,
}

impl Index {
    fn new(part: &Part) -> Result<Self> {
        let mut index = Self::default();
        for (&id, source) in part.sources()? {
            index.whole.insert((source.bytes, source.sha256), id);
            let ends = source.extents.iter().map(|extent| ((extent.to, extent.sha256), id));
            index.grown.extend(ends);
        }
        for held in part.state.days.values() {
            // Of a day that has lost rows since it was sealed, by retention for example, the rows are compared.
            let whole = held.seals.iter().filter(|sealed| {
                let under = held.segments.iter().filter(|it| it.seal == Some(sealed.seq));
                under.map(|it| it.meta.rows).sum::<u64>() == sealed.seal.leaves
            });
            index.seals.extend(whole.map(|sealed| sealed.seal.root));
        }
        for (_, segment) in part.state.segments() {
            for range in &segment.meta.sources {
                let held = index.segments.entry(range.source_id).or_default();
                held.push((Arc::clone(&segment.meta), range.clone()));
            }
        }
        Ok(index)
    }

    /// The sources whose content is that of `source`, or one of them the beginning of the other.
    fn same(&self, source: &Source) -> Vec<i32> {
        let mut ids: Vec<_> =
            self.grown.get(&(source.bytes, source.sha256)).copied().into_iter().collect();
        for extent in &source.extents {
            ids.extend(self.whole.get(&(extent.to, extent.sha256)));
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

impl Doubles {
    /// Those among `parts`, whose files are read as `files`.
    pub(crate) fn new(parts: Vec<Part>, files: Arc<OpenFiles>) -> Self {
        Self { parts, files, index: OnceLock::new(), read: Mutex::default() }
    }

    /// What of a file is not shown: its hidden lines, and those that an earlier part has.
    pub(crate) fn hidden(&self, file: &SegmentFile) -> Result<HiddenLines> {
        if file.part == 0 {
            return Ok(file.hidden.clone());
        }
        let (index, part) = (self.index()?, &self.parts[file.part]);
        let sources = part.sources()?;
        let mut lines = file.hidden.ranges().to_vec();
        // The rows under a root are the same wherever they are, however they lie in files.
        let sealed = |earlier: &Index| file.seal.is_some_and(|root| earlier.seals.contains(&root));
        if index[..file.part].iter().any(sealed) {
            let all = file.meta.sources.iter();
            lines.extend(all.map(|range| (range.source_id, range.first_line, range.last_line)));
            return Ok(HiddenLines::new(lines));
        }
        for range in &file.meta.sources {
            let Some(source) = sources.get(&range.source_id) else { continue };
            for earlier in &index[..file.part] {
                let held = earlier.same(source).into_iter();
                let held = held.flat_map(|id| earlier.segments.get(&id).into_iter().flatten());
                for (meta, theirs) in held {
                    let shared = self.shared(&file.meta, range, meta, theirs)?;
                    lines.extend(
                        shared.into_iter().map(|(first, last)| (range.source_id, first, last)),
                    );
                }
            }
        }
        Ok(HiddenLines::new(lines))
    }

    /// The lines of `range` in the file `ours` that the file `meta` has among `theirs`.
    fn shared(
        &self,
        ours: &FileMeta,
        range: &SourceRange,
        meta: &FileMeta,
        theirs: &SourceRange,
    ) -> Result<Lines> {
        let (first, last) =
            (range.first_line.max(theirs.first_line), range.last_line.min(theirs.last_line));
        if first > last {
            return Ok(Vec::new());
        }
        let dense = theirs.last_line.abs_diff(theirs.first_line).checked_add(1);
        if ours.sha256 == meta.sha256 || dense == Some(theirs.rows) {
            return Ok(vec![(first, last)]);
        }
        let read = self.lines(meta)?;
        let lines = read.get(&theirs.source_id).into_iter().flatten();
        let within = lines.filter(|line| line.0 <= last && first <= line.1);
        Ok(within.map(|line| (line.0.max(first), line.1.min(last))).collect())
    }

    /// The lines of a file, read from it.
    fn lines(&self, meta: &FileMeta) -> Result<Arc<BTreeMap<i32, Lines>>> {
        let known = |read: &HashMap<_, _>| read.get(&meta.path).cloned();
        if let Some(read) = known(&self.read.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(read);
        }
        let mut lines: BTreeMap<i32, Lines> = BTreeMap::new();
        let file = self.files.verified(meta)?;
        let options = ReadOptions::default();
        for batch in reader::rows(&file, &[Col::SourceId, Col::LineNo], &options)? {
            let batch = batch?;
            let (Some(ids), Some(numbers)) = (
                batch.column(0).as_primitive_opt::<Int32Type>(),
                batch.column(1).as_primitive_opt::<Int64Type>(),
            ) else {
                return Err(Error::integrity(&meta.path, "lines without numbers"));
            };
            for (&id, &line) in ids.values().iter().zip(numbers.values()) {
                let runs = lines.entry(id).or_default();
                match runs.last_mut() {
                    Some(run) if run.1.checked_add(1) == Some(line) => run.1 = line,
                    _ => runs.push((line, line)),
                }
            }
        }
        let lines = Arc::new(lines);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(meta.path.clone(), Arc::clone(&lines));
        Ok(lines)
    }

    fn index(&self) -> Result<&[Index]> {
        let make = || self.parts.iter().map(Index::new).collect::<Result<_>>().map_err(Arc::new);
        match self.index.get_or_init(make) {
            Ok(index) => Ok(index),
            Err(error) => Err(Error::new(error.kind(), error.to_string())),
        }
    }
}
