//! Would a day come back if it had to? It is fetched into a scratch place that no query of the store sees, checked against
//! digests and seals, and asked for what the ledger knows of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bring::RestoreOptions;
use super::fetch::Fetcher;
use super::rows;
use crate::archive::{Archive, Package};
use crate::clock::Micros;
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::Fs;
use crate::ledger::record::{Body, Drill, RestoredFile};
use crate::ledger::text::Text;
use crate::seal::{self, LineSource, RowsFile, SealFile, SealedRows};
use crate::segment::{ColumnStats, FileMeta, VerifiedFile};
use crate::store::{CommitOptions, LinesRef, Scratch, SegmentRef, State, Store};

/// The day that a drill at this time takes, of those there are: any, but the same for the same time.
pub fn pick(mut days: impl ExactSizeIterator<Item = Day>, now_us: Micros) -> Option<Day> {
    let count = u64::try_from(days.len()).ok().filter(|count| *count > 0)?;
    let seed = Digest::of(&now_us.to_le_bytes()).0;
    let mut first = [0; 8];
    first.copy_from_slice(&seed[..8]);
    days.nth(usize::try_from(u64::from_le_bytes(first) % count).ok()?)
}

/// A query over `requests`, and the answer that the ledger's own figures give: numbers, NULL is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The query.
    pub sql: String,
    /// The rows of its answer.
    pub expected: Vec<Vec<Option<i64>>>,
}

/// A day of an archive in a scratch place; it is gone when this is dropped.
#[derive(Debug)]
pub struct Practice {
    /// Keeps the folder.
    _scratch: Scratch,
    fs: Arc<dyn Fs>,
    /// Its package.
    package: Package,
    places: BTreeMap<String, PathBuf>,
    state: Arc<State>,
    /// Rows that are shown, by source.
    shown: BTreeMap<i32, u64>,
    /// Bytes that were read.
    pub bytes: u64,
}

impl Practice {
    /// Fetches a day; every byte is checked on the way.
    ///
    /// # Errors
    /// `Integrity`: something is missing or not what was signed. `Io`: there is no room for it.
    pub fn fetch(
        store: &Store,
        archive: &Archive,
        day: Day,
        options: &RestoreOptions<'_>,
    ) -> Result<Self> {
        let scratch = store.scratch()?;
        let fs = Arc::clone(store.fs());
        let mut fetcher =
            Fetcher::new(archive, scratch.path(), &fs, options.jobs, options.progress);
        let package = fetcher.package(day)?;
        let staged = fetcher.fetch(package)?;
        let package = staged.package;
        let mut places = BTreeMap::new();
        for object in package.manifest.contents.objects() {
            if let Some(path) = fetcher.staged(&object.name) {
                places.insert(object.name, path.to_path_buf());
            }
        }
        let bytes = fetcher.bytes();
        let mut shown: BTreeMap<i32, u64> = BTreeMap::new();
        let contents = &package.manifest.contents;
        for file in &contents.segments {
            let path = place(&places, &file.file.path)?;
            for (id, rows) in rows::shown(path, &fs, file, &contents.hidden)? {
                *shown.entry(id).or_default() += rows;
            }
        }
        shown.retain(|_, rows| *rows > 0);
        let state = Arc::new(state(&package)?);
        Ok(Self { _scratch: scratch, fs, package, places, state, shown, bytes })
    }

    /// The day as a version of its store, for a session over it.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// Its rows that are shown.
    pub fn rows(&self) -> u64 {
        self.shown.values().sum()
    }

    /// Where a file of [`Self::state`] lies.
    pub fn locate(&self, file: &str) -> PathBuf {
        self.places.get(file).cloned().unwrap_or_else(|| file.into())
    }

    /// Opens such a file for checked reading.
    pub fn open_file(&self, meta: &FileMeta) -> Result<VerifiedFile> {
        VerifiedFile::open_with(place(&self.places, &meta.path)?, meta, self.fs.vault())
    }

    /// Computes the roots of the day's seals from its rows and compares them; tells how many there are.
    ///
    /// # Errors
    /// `Integrity`: a root is another than the one that was signed.
    pub fn check_seals(&self, lines: &dyn LineSource) -> Result<u64> {
        let contents = &self.package.manifest.contents;
        let open = |meta: &FileMeta| self.open_file(meta);
        for sealed in &contents.seals {
            let salts = place(&self.places, &sealed.seal.salts.path)?;
            let bytes = self.fs.read(salts).map_err(|error| Error::io("read", salts, error))?;
            let salts = SealFile::parse(&bytes)?;
            let under = contents.segments.iter().filter(|file| file.seal == Some(sealed.seq));
            let files =
                under.map(|file| RowsFile { meta: Arc::new(file.file.clone()), seq: file.seq });
            let rows = SealedRows::new(files.collect(), &open, &self.state.sources, lines);
            seal::check_rows(&rows, &salts, &sealed.seal)?;
        }
        Ok(contents.seals.len() as u64)
    }

    /// Ten questions to which the ledger knows the answers: how many rows, of which sources, between which times and
    /// numbers.
    pub fn questions(&self) -> Vec<Question> {
        let contents = &self.package.manifest.contents;
        let total = number(self.rows());
        let exact = contents.hidden.is_empty();
        let one = |sql: &str, answer: &[Option<i64>]| Question {
            sql: sql.to_owned(),
            expected: vec![answer.to_vec()],
        };
        let by_source =
            self.shown.iter().map(|(id, rows)| vec![Some(i64::from(*id)), number(*rows)]);
        let mut questions = vec![
            one("SELECT count(*) FROM requests", &[total]),
            // A condition that every row meets, so that the rows are read and not the ledger's figures.
            one("SELECT count(*) FROM requests WHERE abs(line_no) > 0", &[total]),
            Question {
                sql:
                    "SELECT source_id, count(*) FROM requests GROUP BY source_id ORDER BY source_id"
                        .into(),
                expected: by_source.collect(),
            },
            one(
                "SELECT count(DISTINCT source_id) FROM requests",
                &[number(self.shown.len() as u64)],
            ),
            one(
                &format!("SELECT count(*) FROM requests WHERE ts::date = DATE '{}'", contents.day),
                &[total],
            ),
            one("SELECT count(DISTINCT concat(source_id, ' ', line_no)) FROM requests", &[total]),
        ];
        let times = contents.segments.iter().map(|file| (file.file.min_ts, file.file.max_ts));
        let times = times.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        questions.push(range_question("CAST(ts AS BIGINT)", times, exact));
        for column in ["status", "response_bytes"] {
            questions.push(range_question(column, range_of(&contents.segments, column), exact));
        }
        questions.push(match exact {
            true => one(
                "SELECT count(host) FROM requests",
                &[number(known(&contents.segments, "host"))],
            ),
            false => one("SELECT count(*) FROM requests WHERE parse IS NULL", &[Some(0)]),
        });
        questions
    }
}

/// Notes in the ledger how a drill went.
pub fn record_drill(
    store: &Arc<Store>,
    drill: Drill,
    archive: &Archive,
    options: &CommitOptions,
) -> Result<u64> {
    let change = store.begin_maintenance()?;
    let text = Text::by(&options.by).with("from", archive.target().url());
    let seqs = change.commit(vec![(Body::Drill(drill), text)], &[], options, &|_| Ok(()))?;
    Ok(seqs.first().copied().unwrap_or_default())
}

fn place<'a>(places: &'a BTreeMap<String, PathBuf>, name: &str) -> Result<&'a Path> {
    let path = places.get(name).map(PathBuf::as_path);
    path.ok_or_else(|| Error::new(ErrorKind::Internal, "a file was not fetched").at(name))
}

/// The day of a package as a version of its store.
fn state(package: &Package) -> Result<State> {
    let contents = &package.manifest.contents;
    let mut state = State {
        store_id: contents.store.clone(),
        hidden: contents.hidden.clone(),
        ..State::default()
    };
    for facts in &contents.sources {
        let source = facts.clone().into_source()?;
        state.sources.insert(source.id, Arc::new(source));
    }
    let held = state.days.entry(contents.day).or_default();
    held.segments = contents.segments.iter().map(segment).collect();
    for file in &contents.lines {
        let day = file.file.path.split('/').find_map(Day::from_folder).unwrap_or(contents.day);
        state.lines.push(LinesRef { meta: Arc::new(file.file.clone()), day, seq: file.seq });
    }
    Ok(state)
}

fn segment(file: &RestoredFile) -> SegmentRef {
    SegmentRef { meta: Arc::new(file.file.clone()), seq: file.seq, seal: file.seal }
}

fn number(count: u64) -> Option<i64> {
    i64::try_from(count).ok()
}

fn stats<'a>(file: &'a RestoredFile, column: &str) -> Option<&'a ColumnStats> {
    file.file.stats.iter().find(|stats| stats.column == column)
}

/// The least and the greatest value of a column, by the ledger.
fn range_of(files: &[RestoredFile], column: &str) -> Option<(i64, i64)> {
    let ranges =
        files.iter().filter_map(|file| stats(file, column)?.min.zip(stats(file, column)?.max));
    ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// In how many rows a column is not NULL, by the ledger. Files older than the column have it nowhere.
fn known(files: &[RestoredFile], column: &str) -> u64 {
    let known = files
        .iter()
        .filter_map(|file| Some(file.file.rows.saturating_sub(stats(file, column)?.nulls)));
    known.sum()
}

/// Whether a column's values lie where the ledger says: exactly, if all rows are shown.
fn range_question(column: &str, range: Option<(i64, i64)>, exact: bool) -> Question {
    let (sql, expected) = match (range, exact) {
        (Some((min, max)), true) => (
            format!(
                "SELECT min(CASE WHEN abs(line_no) > 0 THEN {column} END), \
                 max(CASE WHEN abs(line_no) > 0 THEN {column} END) FROM requests"
            ),
            vec![Some(min), Some(max)],
        ),
        (Some((min, max)), false) => (
            format!("SELECT count(*) FROM requests WHERE {column} NOT BETWEEN {min} AND {max}"),
            vec![Some(0)],
        ),
        (None, _) => (format!("SELECT count({column}) FROM requests"), vec![Some(0)]),
    };
    Question { sql, expected: vec![expected] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_has_its_turn() {
        let days = || [3, 5, 8, 9].map(Day).into_iter();
        assert_eq!(pick(days(), 7), pick(days(), 7));
        let picked: std::collections::BTreeSet<_> =
            (0..100).filter_map(|now| pick(days(), now)).collect();
        assert_eq!(picked.len(), 4);
        assert_eq!(pick([].into_iter(), 7), None);
    }
}
