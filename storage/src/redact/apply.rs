//! How do lines go? Every file that holds one is written anew without it, and one commit puts the new files in the place of
//! the old ones, which are destroyed with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::plan::{Plan, plan};
use super::rewrite::{self, Loss, Removed, Rewritten};
use super::trash;
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::record::{Body, Drop, Redact, RedactedSource, ReplacedFile, SealSalts};
use crate::ledger::text::Text;
use crate::querylog::Place;
use crate::seal::{self, LineSource};
use crate::segment::{FileMeta, SegmentHeader, VerifiedFile, key};
use crate::store::{
    CommitOptions, HiddenIndex, HiddenLines, Maintenance, SegmentRef, Source, State, Store,
};

/// So many ranges of lines fit a record: the state keeps them for ever.
const RANGES_MAX: usize = 1_000_000;

/// What is left of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// The last line that it covers.
    pub last_line: i64,
    /// SHA-256 of its content without the lines; none if its bytes were never kept, or days of it are retired.
    pub sha256: Option<Digest>,
}

/// What a redaction needs to know and the ground floor cannot: lines as they came in.
pub trait Remainder {
    /// Reads a source as it is stored, and says what it is without `lines`; these go into `gone`, each with its line end.
    ///
    /// # Errors
    /// `Integrity`: the source does not come out as it came in, so that nothing could be said about what is left.
    fn left(
        &self,
        store: &Store,
        state: &State,
        source_id: i32,
        lines: &HiddenLines,
        gone: &mut Sha256,
    ) -> Result<Left>;
}

/// What is to go.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Lines of the live data.
    pub lines: HiddenLines,
    /// Lines of days of this store that only a restored set has: they must not come back with another restore.
    pub elsewhere: HiddenLines,
    /// Restored sets that hold such rows: they go as a whole, for they can be restored again.
    pub sets: BTreeSet<String>,
    /// Sources whose path goes.
    pub paths: BTreeSet<i32>,
    /// Records whose words go.
    pub words: Vec<u64>,
    /// Queries in the log whose words go.
    pub queries: Vec<Place>,
    /// The words of the record: who, why, for which case, by which query.
    pub text: Text,
}

/// What has gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redaction {
    /// Number of the record; 0 if there was nothing to do.
    pub seq: u64,
    /// Rows that were shown and are gone, by source.
    pub rows: BTreeMap<i32, u64>,
    /// Lines that were no rows and are gone, by source.
    pub others: BTreeMap<i32, u64>,
    /// Days whose files held such lines.
    pub days: BTreeSet<Day>,
    /// Seals (numbers of their records) that such lines stood under.
    pub seals: BTreeSet<u64>,
    /// The lines that some file held, shown or not.
    pub lines: HiddenLines,
    /// Files that held them: written anew, or gone where nothing is left.
    pub files: u64,
    /// The bytes of these files.
    pub bytes: u64,
    /// Other files destroyed: trash.
    pub shredded: Vec<String>,
    /// What is left of each source.
    pub left: BTreeMap<i32, Left>,
    /// What the record's digest was made with: whoever keeps it, and the lines, can show that they are the ones.
    pub salt: Digest,
    /// SHA-256 over that salt and the lines.
    pub digest: Digest,
}

impl Redaction {
    /// All rows that are gone.
    pub fn all_rows(&self) -> u64 {
        self.rows.values().sum()
    }

    /// All other lines that are gone.
    pub fn all_others(&self) -> u64 {
        self.others.values().sum()
    }
}

/// A redaction that is written and waits for its commit.
pub struct Prepared {
    change: Maintenance,
    plan: Plan,
    request: Request,
    record: Redact,
    moves: Vec<(PathBuf, String)>,
    done: Redaction,
}

/// Looks for the lines in every file that may hold them; nothing is written.
///
/// # Errors
/// `Integrity`: a file is not as the ledger says. `Io`.
pub fn survey(
    store: &Store,
    state: &State,
    lines: &HiddenLines,
    paths: &BTreeSet<i32>,
) -> Result<Redaction> {
    let mut work = Work::new(store, None, state, (lines, paths));
    work.all(state)?;
    let found = HiddenLines::new(std::mem::take(&mut work.found));
    let mut done = work.done;
    done.shredded = trash::due(store, state, (&found, paths), &done.days)?;
    done.lines = found;
    Ok(done)
}

/// Writes every file anew that holds one of the lines, and works out what is left. Nothing of the store is changed yet.
///
/// # Errors
/// `Integrity`: a file or a source is not as the ledger says. `Unsupported`: the lines are too scattered for one record.
/// `Io`.
pub fn prepare(
    store: &Arc<Store>,
    request: &Request,
    (remainder, lines): (&dyn Remainder, &dyn LineSource),
) -> Result<Prepared> {
    let change = store.begin_maintenance()?;
    let base = Arc::clone(change.base());
    let plan = plan(&base, &request.lines);
    let asked = (&request.lines, &request.paths);
    let mut work = Work::new(store, Some(&change), &base, asked);
    work.all(&base)?;
    let Work { mut done, replaced, mut moves, found, .. } = work;
    let found = HiddenLines::new(found);
    if found.ranges().len() > RANGES_MAX {
        let what = format!(
            "{} separate ranges of lines, more than a record can hold",
            found.ranges().len()
        );
        return Err(Error::new(ErrorKind::Unsupported, what)
            .advise("remove them in parts, by adding a condition on ts"));
    }
    let all = found.ranges().iter().chain(request.elsewhere.ranges()).copied();
    let mut record = Redact {
        lines: HiddenLines::new(all.collect()).ranges().to_vec(),
        replaced,
        tx: change.id().to_owned(),
        words: request.words.clone(),
        ..Redact::default()
    };
    done.salt = random()?;
    let mut gone = Sha256::new();
    gone.update(done.salt.0);
    let ids: BTreeSet<i32> = found.ranges().iter().map(|range| range.0).collect();
    for id in ids.into_iter().filter(|id| base.sources.contains_key(id)) {
        let left = remainder.left(store, &base, id, &found.of_source(id), &mut gone)?;
        done.left.insert(id, left);
        record.sources.push(RedactedSource {
            id,
            last_line: left.last_line,
            others: done.others.get(&id).copied().unwrap_or(0),
            remaining: left.sha256,
            rows: done.rows.get(&id).copied().unwrap_or(0),
        });
    }
    let emptied = emptied(&base, &record.replaced);
    let all_gone = emptied.iter().filter_map(|day| base.days.get(day)).flat_map(|day| &day.seals);
    record.shredded.extend(all_gone.map(|sealed| sealed.seal.salts.path.clone()));
    for (salts, placed) in seals(&change, &base, (&found, &emptied), lines)? {
        done.seals.insert(salts.seal);
        record.salts.push(salts);
        moves.push(placed);
    }
    done.digest = Digest(gone.finalize().into());
    record.digest = done.digest;
    done.shredded = trash::due(store, &base, (&found, &request.paths), &done.days)?;
    record.shredded.extend(done.shredded.iter().cloned());
    for set in base.restored.values().filter(|set| request.sets.contains(&set.name)) {
        record.shredded.extend(set.files().map(|meta| meta.path.clone()));
        record.shredded.extend(set.side_files().map(|file| file.path.clone()));
    }
    record.shredded.extend(request.queries.iter().map(ToString::to_string));
    done.lines = found;
    Ok(Prepared { change, plan, request: request.clone(), record, moves, done })
}

/// Days of which no row is left: nothing of their seals can be proven any more, and their salts go as a whole.
fn emptied(base: &State, replaced: &[ReplacedFile]) -> BTreeSet<Day> {
    let gone = replaced.iter().filter(|file| file.by.is_none());
    let gone: BTreeSet<&str> = gone.map(|file| file.path.as_str()).collect();
    let is_empty = |segment: &SegmentRef| gone.contains(segment.meta.path.as_str());
    let days = base.days.iter().filter(|(_, held)| held.segments.iter().all(is_empty));
    days.map(|(day, _)| *day).collect()
}

/// Takes the salts of the lines out of the seals that they stand under: the leaf hashes stay, so that every other line can
/// still be proven; what is sealed is checked on the way.
fn seals(
    change: &Maintenance,
    base: &State,
    (lines, emptied): (&HiddenLines, &BTreeSet<Day>),
    source: &dyn LineSource,
) -> Result<Vec<(SealSalts, (PathBuf, String))>> {
    let mut written = Vec::new();
    let days = base.days.iter().filter(|(day, _)| !emptied.contains(day));
    for sealed in days.flat_map(|(_, held)| &held.seals) {
        let touched = seal::files(base, sealed).iter().any(|file| lines.touch_file(&file.meta));
        if !touched {
            continue;
        }
        let mut count = 0;
        let salts = seal::without(change.store(), base, sealed, source, &mut |id, line, _| {
            let leaves = lines.covers(id, line);
            count += u64::from(leaves);
            leaves
        })?;
        if count > 0 {
            let of = (sealed.seal.day, sealed.seal.number);
            let (file, placed) = seal::write_salts(change, of, &salts)?;
            written.push((SealSalts { file, seal: sealed.seq }, placed));
        }
    }
    Ok(written)
}

impl Prepared {
    /// What will have gone.
    pub fn done(&self) -> &Redaction {
        &self.done
    }

    /// Whether there is nothing to do at all.
    pub fn is_empty(&self) -> bool {
        let Redact { lines, shredded, words, .. } = &self.record;
        let only_trash = shredded.iter().all(|path| self.done.shredded.contains(path));
        lines.is_empty() && only_trash && words.is_empty() && self.request.sets.is_empty()
    }

    /// Makes it so. `recheck` looks at the newest version under the writer's lock: holds.
    ///
    /// # Errors
    /// `Conflict`: what it stood on has changed, prepare anew; the store is as before.
    pub fn commit(
        self,
        options: &CommitOptions,
        recheck: &dyn Fn(&State) -> Result<()>,
    ) -> Result<Redaction> {
        let Self { change, plan: planned, request, record, moves, mut done } = self;
        let base = Arc::clone(change.base());
        let mut ids = request.paths.clone();
        ids.extend(record.sources.iter().map(|source| source.id));
        let check = |newest: &State| {
            let same = |id: &i32| newest.sources.get(id) == base.sources.get(id);
            let sets = newest.restored == base.restored;
            if plan(newest, &request.lines) != planned || !ids.iter().all(same) || !sets {
                let what = "the lines or their sources have changed meanwhile";
                return Err(Error::new(ErrorKind::Conflict, what));
            }
            recheck(newest)
        };
        let mut records = vec![(Body::Redact(Box::new(record)), request.text.clone())];
        for name in request.sets {
            records.push((Body::Drop(Drop { name }), request.text.clone()));
        }
        let seqs = change.commit(records, &moves, options, &check)?;
        done.seq = seqs.first().copied().unwrap_or(0);
        Ok(done)
    }
}

/// The rewriting of files (or the mere search through them), and what it has found.
struct Work<'a> {
    store: &'a Store,
    /// Where new files are written; without, none is.
    change: Option<&'a Maintenance>,
    lines: &'a HiddenLines,
    /// Sources whose path goes.
    paths: &'a BTreeSet<i32>,
    hidden: HiddenIndex,
    done: Redaction,
    replaced: Vec<ReplacedFile>,
    moves: Vec<(PathBuf, String)>,
    /// Every line that some file held, shown or not.
    found: Vec<(i32, i64, i64)>,
    /// Rows among them that were shown.
    shown: HiddenLines,
}

impl<'a> Work<'a> {
    fn new(
        store: &'a Store,
        change: Option<&'a Maintenance>,
        state: &State,
        (lines, paths): (&'a HiddenLines, &'a BTreeSet<i32>),
    ) -> Self {
        Self {
            store,
            change,
            lines,
            paths,
            hidden: HiddenIndex::new(state),
            done: Redaction::default(),
            replaced: Vec::new(),
            moves: Vec::new(),
            found: Vec::new(),
            shown: HiddenLines::default(),
        }
    }

    /// Goes through all files of a version: segments, and lines that are no rows.
    fn all(&mut self, state: &State) -> Result<()> {
        let mut shown = Vec::new();
        for (_, segment) in state.segments() {
            let removed = self.rewrite(&segment.meta, false)?;
            let hidden = self.hidden.in_segment(&segment.meta, segment.seq);
            for &(id, line) in removed.iter().filter(|(id, line)| !hidden.covers(*id, *line)) {
                *self.done.rows.entry(id).or_default() += 1;
                shown.push((id, line, line));
            }
        }
        self.shown = HiddenLines::new(shown);
        for file in &state.lines {
            let removed = self.rewrite(&file.meta, true)?;
            let hidden = self.hidden.in_lines(&file.meta, file.seq);
            // A row may have an unusual line end here, which is no line of its own.
            let is_other = |(id, line): &&(i32, i64)| {
                !hidden.covers(*id, *line) && !self.shown.covers(*id, *line)
            };
            for &(id, line) in removed.iter().filter(is_other) {
                if state.sources.get(&id).is_some_and(|it| is_open(it, line)) {
                    let what = format!("line {line} of source {id} has no end yet");
                    return Err(Error::new(ErrorKind::InvalidInput, what)
                        .advise("leave it out, or take the rest of the source in first"));
                }
                *self.done.others.entry(id).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Writes a file anew if it holds one of the lines; returns those.
    fn rewrite(&mut self, meta: &FileMeta, is_lines: bool) -> Result<Removed> {
        let path = meta.sources.iter().any(|range| self.paths.contains(&range.source_id));
        if !path && !self.lines.touch_file(meta) {
            return Ok(Vec::new());
        }
        let loss = Loss { lines: self.lines, path };
        let file = self.store.open_file(meta)?;
        let header = header_of(&file, self.change.map_or("", Maintenance::id))?;
        let day = header.day;
        let rewritten = match self.change {
            None => Rewritten::Emptied(rewrite::held(&file, meta, self.lines)?),
            Some(change) if is_lines => {
                let file = (&file, meta);
                rewrite::lines_file(change.fs(), change.dir(), header, file, loss)?
            }
            Some(change) => {
                let file = (&file, meta);
                rewrite::segment(change.fs(), change.dir(), header, file, loss)?
            }
        };
        let (by, removed) = match rewritten {
            Rewritten::Untouched => return Ok(Vec::new()),
            Rewritten::Emptied(removed) if removed.is_empty() => return Ok(removed),
            Rewritten::Emptied(removed) => (None, removed),
            Rewritten::Without(new, removed) => (Some(self.place(meta, new)), removed),
        };
        self.done.files += 1;
        self.done.bytes += meta.bytes;
        if !is_lines && !removed.is_empty() {
            self.done.days.insert(day);
        }
        self.replaced.push(ReplacedFile { by, path: meta.path.clone() });
        self.found.extend(removed.iter().map(|&(id, line)| (id, line, line)));
        Ok(removed)
    }

    /// Gives a new file the place of the old one.
    fn place(&mut self, old: &FileMeta, mut new: FileMeta) -> FileMeta {
        let folder = Path::new(&old.path).parent().unwrap_or(Path::new(""));
        let path = folder.join(&new.path).to_string_lossy().into_owned();
        if let Some(change) = self.change {
            self.moves.push((change.dir().join(&new.path), path.clone()));
        }
        new.path = path;
        new
    }
}

/// Whether a line is the last of its source and has no newline: what it is can change when it goes on.
fn is_open(source: &Source, line: i64) -> bool {
    !source.final_newline && line + 1 == source.next_line()
}

/// Where a rewritten file belongs: where the old one did, under the name of this change.
fn header_of(file: &VerifiedFile, transaction: &str) -> Result<SegmentHeader> {
    let broken = || Error::integrity(file.path(), "a data file without its day and store");
    let pairs = file.metadata().file_metadata().key_value_metadata().ok_or_else(broken)?;
    let get = |name: &str| {
        let pair = pairs.iter().find(|pair| pair.key == name);
        pair.and_then(|pair| pair.value.clone()).ok_or_else(broken)
    };
    Ok(SegmentHeader {
        store_id: get(key::STORE)?,
        day: get(key::DAY)?.parse()?,
        transaction: transaction.to_owned(),
    })
}

fn random() -> Result<Digest> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| {
        Error::new(ErrorKind::Io, "the system gives no random bytes").caused_by(error)
    })?;
    Ok(Digest(random))
}
