//! How do data files become records again? Their footers say to which commit they belong; commits whose files were put
//! together by a compaction are known from its footers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Found, Recovered};
use crate::compact::{self, Origin, Origins};
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::extent::Counts;
use crate::fs::Fs;
use crate::ledger::note::VerifierKey;
use crate::ledger::record::{
    Body, Compact, Ingest, NamedFile, Record, Retire, RetireDay, Retried, Shifted, Table, day_of,
};
use crate::ledger::text::Text;
use crate::segment::{FileMeta, key};
use crate::store::{State, layout};
use crate::verify::Finding;

/// Why rows count as retired whose files are not there: retention took them, or they are lost.
const NOT_FOUND: &str = "not found when the ledger was rebuilt";

/// The files of a commit: those that are there, and those that a compaction has replaced.
#[derive(Default)]
struct Commit {
    extent: Option<String>,
    found: Vec<Found>,
    replaced: Vec<FileMeta>,
    /// Whether a later commit has rewritten files of it.
    certain: bool,
}

impl Commit {
    /// What the footers of its files say of it.
    fn extent(&self) -> &str {
        let of_files = self.found.first().map(|file| file.get(key::EXTENT));
        of_files.or(self.extent.as_deref()).unwrap_or_default()
    }
}

/// What a transaction did, with the files that say so.
struct Candidate {
    /// Its name begins with the version it stood on, so this is the order of the commits.
    version: String,
    from: u64,
    bodies: Vec<Body>,
    found: Vec<Found>,
    /// Whether it was committed for certain, so that files of it which are not there were taken away later.
    certain: bool,
}

/// Puts files together to extents, and extents to sources; what does not fit is skipped.
pub(super) fn plan(
    fs: &dyn Fs,
    dir: &Path,
    found: Vec<Found>,
    verifier: &VerifierKey,
    done: &mut Recovered,
) -> Result<Vec<Body>> {
    let mut candidates = Vec::new();
    let commits = commits(fs, dir, found, &mut candidates, done)?;
    for (transaction, commit) in joined(commits) {
        let certain = commit.certain || !commit.replaced.is_empty();
        match put_together(&transaction, &commit) {
            Ok(body) => {
                let from = match &body {
                    Body::Ingest(ingest) => ingest.extent.from,
                    _ => u64::MAX,
                };
                let (version, bodies) = (version_of(&transaction), vec![body]);
                candidates.push(Candidate { version, from, bodies, found: commit.found, certain });
            }
            Err(error) => skip(&commit.found, &error, done),
        }
    }
    candidates.sort_by(|a, b| (&a.version, a.from).cmp(&(&b.version, b.from)));
    let mut trial = Trial::default();
    trial.add(Body::Key(verifier.clone()))?;
    let mut all = Vec::new();
    for candidate in candidates {
        let mut next = Trial { state: trial.state.clone(), bodies: Vec::new() };
        let Candidate { bodies, found, certain, .. } = candidate;
        match bodies.into_iter().try_for_each(|body| next.add_with_gaps(body, certain)) {
            Ok(()) => {
                all.append(&mut next.bodies);
                trial = next;
            }
            Err(error) => skip(&found, &error, done),
        }
    }
    let state = &trial.state;
    done.sources = state.sources.len() as u64;
    done.files = state.files().count() as u64;
    done.rows = state.segments().map(|(_, segment)| segment.meta.rows).sum();
    Ok(all)
}

fn version_of(transaction: &str) -> String {
    transaction.get(..10).unwrap_or_default().to_owned()
}

/// Sorts files by the transaction that brought their rows; compactions become candidates.
fn commits(
    fs: &dyn Fs,
    dir: &Path,
    found: Vec<Found>,
    candidates: &mut Vec<Candidate>,
    done: &mut Recovered,
) -> Result<BTreeMap<String, Commit>> {
    let mut commits: BTreeMap<String, Commit> = BTreeMap::new();
    let mut compacted: BTreeMap<String, (Vec<Found>, Vec<Origin>)> = BTreeMap::new();
    for file in found {
        let transaction = file.get(key::TRANSACTION).to_owned();
        match Origins::from_footer(file.get(key::EXTENT)) {
            None => commits.entry(transaction).or_default().found.push(file),
            Some(Ok(origins)) => {
                let (files, known) = compacted.entry(transaction).or_default();
                files.push(file);
                *known = origins;
            }
            Some(Err(error)) => skip(&[file], &error, done),
        }
    }
    for (transaction, (files, origins)) in compacted {
        let version = version_of(&transaction);
        match compactions(fs, dir, &transaction, &files, &origins) {
            Ok(bodies) => candidates.push(Candidate {
                version,
                from: u64::MAX,
                bodies,
                found: files,
                certain: true,
            }),
            Err(error) if error.kind() == ErrorKind::Io => return Err(error),
            Err(error) => {
                skip(&files, &error, done);
                continue;
            }
        }
        for origin in origins {
            let commit = commits.entry(origin.tx).or_default();
            commit.extent = commit.extent.take().or(origin.extent);
            for file in origin.files {
                let known = commit.found.iter().map(|found| &found.meta).chain(&commit.replaced);
                if known.into_iter().all(|known| known.path != file.path) {
                    commit.replaced.push(file);
                }
            }
        }
    }
    Ok(commits)
}

/// Joins what says the same of its extent: a redaction writes files anew in a transaction of its own, and leaves in their
/// footers what was said of the extent.
fn joined(commits: BTreeMap<String, Commit>) -> BTreeMap<String, Commit> {
    let mut by_extent: BTreeMap<String, String> = BTreeMap::new();
    let mut joined: BTreeMap<String, Commit> = BTreeMap::new();
    // In the order of their names, so the oldest, which brought the lines, comes first.
    for (transaction, commit) in commits {
        let is_ingest = Ingest::from_footer(commit.extent()).is_ok();
        let first = match is_ingest {
            true => by_extent.entry(commit.extent().to_owned()).or_insert(transaction.clone()),
            false => &transaction,
        };
        match joined.get_mut(first) {
            None => _ = joined.insert(transaction, commit),
            Some(known) => {
                known.found.extend(commit.found);
                known.replaced.extend(commit.replaced);
                known.certain = true;
            }
        }
    }
    joined
}

/// The records of a compaction: of the files that it has put together, and of those of which nothing was shown.
fn compactions(
    fs: &dyn Fs,
    dir: &Path,
    transaction: &str,
    files: &[Found],
    origins: &[Origin],
) -> Result<Vec<Body>> {
    let mut replaced: BTreeMap<(Table, Day), (Vec<String>, u64)> = BTreeMap::new();
    for file in origins.iter().flat_map(|origin| &origin.files) {
        let (paths, rows) = replaced.entry(place_of(&file.path)?).or_default();
        paths.push(file.path.clone());
        *rows += file.rows;
    }
    let places: BTreeSet<(Table, Day)> =
        files.iter().map(|file| place_of(&file.meta.path)).collect::<Result<_>>()?;
    let broken = |what: &str| Error::new(ErrorKind::Integrity, what);
    let [own] = places.into_iter().collect::<Vec<_>>()[..] else {
        return Err(broken("files of several days that were put together as one"));
    };
    let mut metas: Vec<FileMeta> = files.iter().map(|file| file.meta.clone()).collect();
    metas.sort_by(|a, b| a.path.cmp(&b.path));
    let mut bodies = Vec::new();
    for ((table, day), (inputs, before)) in replaced {
        let segments = if (table, day) == own { std::mem::take(&mut metas) } else { Vec::new() };
        let (digest, sources) = compact::digest_of(fs, dir, table, &segments)?;
        let rows: u64 = segments.iter().map(|meta| meta.rows).sum();
        let dropped = before.checked_sub(rows).ok_or_else(|| broken("more rows than before"))?;
        let (seal, salts, tx) = (None, None, transaction.to_owned());
        bodies.push(Body::Compact(Box::new(Compact {
            day,
            digest,
            dropped,
            inputs,
            rows,
            salts,
            seal,
            segments,
            sources,
            table,
            tx,
        })));
    }
    Ok(bodies)
}

fn place_of(path: &str) -> Result<(Table, Day)> {
    let table = if path.starts_with(layout::LINES) { Table::Lines } else { Table::Requests };
    let outside = || Error::new(ErrorKind::Integrity, "a file outside of its day").at(path);
    Ok((table, day_of(path).ok_or_else(outside)?))
}

fn skip(files: &[Found], error: &Error, done: &mut Recovered) {
    let what = format!("its commit can't be put together: {error}");
    let finding =
        |file: &Found| Finding { path: file.meta.path.clone().into(), what: what.clone() };
    done.skipped.extend(files.iter().map(finding));
}

fn put_together(transaction: &str, commit: &Commit) -> Result<Body> {
    let json = commit.extent();
    let differs = commit.found.iter().any(|file| file.get(key::EXTENT) != json);
    if differs || commit.extent.as_deref().is_some_and(|extent| extent != json) {
        return Err(Error::new(ErrorKind::Integrity, "the footers of its files differ"));
    }
    let (mut segments, mut lines) = (Vec::new(), None);
    for meta in commit.found.iter().map(|file| &file.meta).chain(&commit.replaced) {
        match place_of(&meta.path)? {
            (Table::Lines, _) => lines = Some(meta.clone()),
            (Table::Requests, day) => segments.push((day, meta.clone())),
        }
    }
    if let Some(mut retried) = Retried::from_footer(json) {
        transaction.clone_into(&mut retried.transaction);
        (retried.retry.segments, retried.retry.lines) = (segments, lines);
        return Ok(Body::Retry(Box::new(retried)));
    }
    if let Some(mut shifted) = Shifted::from_footer(json) {
        transaction.clone_into(&mut shifted.transaction);
        (shifted.shift.segments, shifted.shift.lines) = (segments, lines);
        return Ok(Body::Shift(Box::new(shifted)));
    }
    let mut ingest = Ingest::from_footer(json)?;
    transaction.clone_into(&mut ingest.transaction);
    (ingest.extent.segments, ingest.extent.lines) = (segments, lines);
    Ok(Body::Ingest(Box::new(ingest)))
}

/// Records, and what all of them come to.
#[derive(Default)]
struct Trial {
    state: State,
    bodies: Vec<Body>,
}

impl Trial {
    fn add(&mut self, body: Body) -> Result<()> {
        let record = Record { seq: self.state.records + 1, at: 0, text: None, body };
        self.state.apply(&record, &Text::default())?;
        self.bodies.push(record.body);
        Ok(())
    }

    /// Adds a record; rows of a committed transaction whose files are not there count as retired.
    fn add_with_gaps(&mut self, mut body: Body, certain: bool) -> Result<()> {
        let gap = if certain { self.fill_gap(&mut body) } else { None };
        self.add(body)?;
        gap.map_or(Ok(()), |retire| self.add(Body::Retire(retire)))
    }

    /// Names a file for the rows that are not there, and gives the record of its retirement.
    fn fill_gap(&self, body: &mut Body) -> Option<Retire> {
        let (id, rows, tx, segments) = match body {
            Body::Ingest(it) => {
                let extent = &mut it.extent;
                (it.source_id, extent.counts.rows, &it.transaction, &mut extent.segments)
            }
            Body::Retry(it) => {
                let retry = &mut it.retry;
                (it.source_id, retry.counts.rows, &it.transaction, &mut retry.segments)
            }
            Body::Shift(it) => {
                let source = self.state.sources.get(&it.source_id)?;
                let Counts { rows, .. } = source.counts;
                let rows = rows.saturating_sub(source.retired + source.redacted);
                (it.source_id, rows, &it.transaction, &mut it.shift.segments)
            }
            _ => return None,
        };
        let there: u64 = segments.iter().map(|(_, meta)| meta.rows).sum();
        let missing = rows.checked_sub(there).filter(|missing| *missing > 0)?;
        let (day, like) = segments.first()?.clone();
        let path = format!("{}/{}/{tx}-gone.parquet", layout::REQUESTS, day.folder());
        let (bytes, sources, stats) = (0, Vec::new(), like.stats.clone());
        segments.push((day, FileMeta { path, bytes, rows: missing, sources, stats, ..like }));
        let meta = &segments.last()?.1;
        let file = NamedFile { bytes, path: meta.path.clone(), sha256: meta.sha256 };
        let gone = RetireDay {
            day,
            files: vec![file],
            rows: missing,
            sources: vec![(id, missing)],
            why: NOT_FOUND.into(),
        };
        Some(Retire { days: vec![gone], ..Retire::default() })
    }
}
