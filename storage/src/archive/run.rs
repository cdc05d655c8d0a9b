//! How do due days get into an archive? Object by object, each read back; then the index; then, and only then, the
//! record. Whatever is there already and right is not sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::extract;
use super::index::{self, Head, Index, IndexedDay};
use super::manifest::{self, Contents};
use super::open::{self, Archive, Trust};
use super::pack::Pack;
use super::parallel::each;
use super::plan::{self, Plan};
use super::send::{Counters, Sender};
use super::target::{self, ArchiveTarget, LockMode, ObjectLock};
use crate::clock::DAY_US;
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::keys::KeyRing;
use crate::ledger::note::Checkpoint;
use crate::ledger::record::{self, ArchiveDay, Body, NamedFile};
use crate::ledger::text::Text;
use crate::store::{CommitOptions, Scratch, State, Store};

/// How many days share an index and a record: what a run that is stopped must at most do again.
const BATCH_DAYS: usize = 32;

/// How many indexes are kept.
const KEPT_INDEXES: u64 = 30;

/// How a run goes.
pub struct RunOptions<'a> {
    /// Objects sent at once.
    pub jobs: usize,
    /// How its records are committed.
    pub commit: CommitOptions,
    /// Whether and for how many days the target must refuse to delete the packages.
    pub lock: Option<(LockMode, u32)>,
    /// What the archive that is there is checked with.
    pub trust: Trust,
    /// Whether days that are there already are read again, and what is wrong with them is sent anew.
    pub repair: bool,
    /// Whether to stop.
    pub cancel: &'a (dyn Fn() -> bool + Sync),
    /// Told of every piece of bytes sent or read back.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

impl std::fmt::Debug for RunOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunOptions").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

/// What became of a run.
#[derive(Debug, Default)]
pub struct RunReport {
    /// The days that were archived.
    pub archived: Vec<IndexedDay>,
    /// How many days were there already, as they are now.
    pub current: u64,
    /// Days with rows that stand under no seal yet.
    pub unsealed: Vec<Day>,
    /// Days that could not be archived because files here or there are not the ones signed.
    pub failed: Vec<(Day, Error)>,
    /// Number of the newest index.
    pub index: Option<u64>,
    /// What was sent and read back.
    pub counters: Counters,
    /// What the person at the keyboard should know.
    pub notes: Vec<String>,
}

/// Takes the right to write to a target: no two runs of one store do so at once.
pub(super) fn alone(store: &Store, target: &Digest, wait_ms: u64) -> Result<Scratch> {
    let mut name = format!("archive-{target}");
    name.truncate(24);
    store.scratch_alone(&name, wait_ms)?.ok_or_else(|| {
        Error::new(ErrorKind::Locked, "another process is writing to this archive")
            .advise("try again, or wait longer with --wait")
    })
}

/// Archives every sealed day that is due.
pub fn run(
    store: &Arc<Store>,
    target: &Arc<dyn ArchiveTarget>,
    options: &RunOptions<'_>,
) -> Result<RunReport> {
    let url = target::digest_of(target.url());
    let _alone = alone(store, &url, options.commit.wait_ms)?;
    target.clean()?;
    let archive = Archive::open_or_create(Arc::clone(target), store, &options.trust)?;
    let _lease = store.lease()?;
    let state = store.refresh()?;
    let Plan { mut due, mut current, unsealed } = plan::plan(&state, &url, archive.days());
    if options.repair {
        due = plan::sealed_days(&state);
        current = 0;
    }
    let notes = archive.notes().to_vec();
    let newest = archive.index().cloned();
    let report = RunReport { current, unsealed, notes, ..RunReport::default() };
    let mut run = Run { store, target, options, state, url, newest, report };
    for days in due.chunks(BATCH_DAYS) {
        run.batch(days)?;
    }
    run.report.index = run.newest.as_ref().map(|(index, _)| index.number);
    Ok(run.report)
}

struct Run<'a> {
    store: &'a Arc<Store>,
    target: &'a Arc<dyn ArchiveTarget>,
    options: &'a RunOptions<'a>,
    state: Arc<State>,
    url: Digest,
    newest: Option<(Index, Digest)>,
    report: RunReport,
}

impl Run<'_> {
    /// Archives some days and notes them in the ledger.
    fn batch(&mut self, days: &[Day]) -> Result<()> {
        let lines = plan::lines_by_source(&self.state);
        let is_encrypted = self.store.vault().is_some();
        let contents = days.iter().map(|day| {
            let mut contents = plan::contents(&self.state, *day, &lines, is_encrypted)?;
            contents.files = self.key_files(&contents)?;
            Ok(contents)
        });
        let contents = contents.collect::<Result<Vec<_>>>()?;
        let extracts = extract::of_days(self.store, self.state.version, &contents)?;
        let packs = self.packs(contents, extracts)?;
        let sender = Sender::new(self.store, self.target, self.lock(), self.options);
        let failures = send(&packs, &sender, self.options.jobs)?;
        let mut done: Vec<IndexedDay> = Vec::new();
        for (pack, failure) in packs.iter().zip(failures) {
            let finished = match failure {
                Some(error) => Err(error),
                None => pack.finish(&sender),
            };
            match finished {
                Ok(indexed) => done.push(indexed),
                Err(error) if error.kind() == ErrorKind::Integrity => {
                    self.report.failed.push((pack.contents.day, error));
                }
                Err(error) => return Err(error),
            }
        }
        self.report.counters.add(&sender.counters());
        if done.is_empty() {
            return Ok(());
        }
        let index = self.write_index(&done, &sender)?;
        self.commit(&done, index)?;
        self.prune()?;
        self.report.archived.extend(done);
        Ok(())
    }

    /// The wrapped keys that a day of an encrypted store needs.
    fn key_files(&self, contents: &Contents) -> Result<Vec<NamedFile>> {
        let lines = contents.lines.iter().filter_map(|file| record::day_of(&file.file.path));
        let lines: BTreeSet<Day> = lines.collect();
        let lines: Vec<Day> = lines.into_iter().collect();
        let mut files = self.store.key_files(contents.day, &lines)?;
        files.sort_unstable();
        let named = files.into_iter().map(|path| {
            let from = self.store.dir().join(&path);
            let bytes = std::fs::read(&from).map_err(|error| Error::io("read", &from, error))?;
            Ok(NamedFile::of(path, &bytes))
        });
        named.collect()
    }

    fn lock(&self) -> Option<ObjectLock> {
        let (mode, days) = self.options.lock?;
        let until = self.options.commit.now_us.saturating_add(i64::from(days) * DAY_US);
        Some(ObjectLock { mode, until })
    }

    /// What has to be there for each day, and what is.
    fn packs(&self, contents: Vec<Contents>, mut extracts: extract::Extracts) -> Result<Vec<Pack>> {
        let (key, keys) = (self.store.key(), self.store.keys());
        let checkpoint = Checkpoint::parse(keys.open(&extracts.note)?)?;
        let head = Head { root: checkpoint.root, size: checkpoint.size };
        let is_encrypted = self.store.vault().is_some();
        let mut packs = Vec::with_capacity(contents.len());
        for contents in contents {
            let day = contents.day;
            let (ledger, words) = extracts.papers.remove(&day).unwrap_or_default();
            // What is encrypted in the store does not leave it in the clear.
            let words = if is_encrypted { Vec::new() } else { words };
            let holds = plan::holds(&self.state, day, self.options.commit.now_us, is_encrypted);
            let papers = BTreeMap::from([
                (manifest::CHECKPOINT, extracts.note.clone().into_bytes()),
                (manifest::KEY, format!("{}\n", key.line()).into_bytes()),
                (manifest::LEDGER, ledger),
                (manifest::README, super::pack::readme(&contents)),
                (manifest::WORDS, words),
            ]);
            let at = self.options.commit.now_us;
            let mut pack = Pack::new(contents, papers, head, holds, &key, at)?;
            let indexed = self.newest.as_ref().and_then(|(index, _)| index.days.get(&day));
            pack.look(self.target, &keys, indexed)?;
            if let Some(there) = pack.ready_head()
                && self.store.root_at(there.size)? != Some(there.root)
            {
                pack.begin_anew(&**self.target)?;
            }
            packs.push(pack);
        }
        Ok(packs)
    }

    /// Writes the index with these days, unless the newest one says the same.
    fn write_index(&mut self, done: &[IndexedDay], sender: &Sender<'_>) -> Result<Digest> {
        let (mut days, number, previous) = match &self.newest {
            Some((index, sha256)) => (index.days.clone(), index.number + 1, Some(*sha256)),
            None => (BTreeMap::new(), 1, None),
        };
        days.extend(done.iter().map(|day| (day.day, day.clone())));
        if let Some((index, sha256)) = &self.newest
            && index.days == days
        {
            return Ok(*sha256);
        }
        let head = Head { root: self.state.root, size: self.state.records };
        let at = self.options.commit.now_us;
        let readme = open::readme_of(self.newest.as_ref().map(|(index, _)| index));
        let store = self.store.id().to_owned();
        let rotations = open::rotations(self.store)?;
        let index = Index { at, head, days, number, previous, readme, rotations, store };
        let sha256 = put_index(self.store, self.target, &index, sender)?;
        note_seen(self.store, &self.options.trust, &self.url, number, &sha256, &mut self.report);
        self.newest = Some((index, sha256));
        Ok(sha256)
    }

    fn commit(&self, done: &[IndexedDay], index: Digest) -> Result<()> {
        let days = done.iter().map(|day| ArchiveDay {
            bytes: day.bytes,
            day: day.day,
            manifest: day.manifest,
            rows: day.rows,
            seq: self.state.records,
        });
        let body = record::Archive { days: days.collect(), index, target: self.url };
        let text = Text::by(&self.options.commit.by).with("to", self.target.url());
        let change = self.store.begin_maintenance()?;
        change.commit(
            vec![(Body::Archive(body), text)],
            &[],
            &self.options.commit,
            &|_: &State| Ok(()),
        )?;
        Ok(())
    }

    /// Removes indexes that are older than those that are kept.
    fn prune(&self) -> Result<()> {
        let newest = self.newest.as_ref().map_or(0, |(index, _)| index.number);
        for number in open::index_numbers(&**self.target)? {
            if number + KEPT_INDEXES <= newest {
                self.target.delete(&index::name(number))?;
            }
        }
        Ok(())
    }
}

/// Signs an index, puts it under its number and reads it back.
pub(super) fn put_index(
    store: &Store,
    target: &Arc<dyn ArchiveTarget>,
    index: &Index,
    sender: &Sender<'_>,
) -> Result<Digest> {
    let bytes = index.render(&store.writable()?)?;
    let name = index::name(index.number);
    if target.head(&name)?.is_some() {
        return Err(Error::new(ErrorKind::Conflict, "another run was faster").at(&name));
    }
    sender.paper(&name, &bytes)?;
    Ok(Digest::of(&bytes))
}

/// Notes the index in the key folder, so that an older one is noticed.
pub(super) fn note_seen(
    store: &Store,
    trust: &Trust,
    url: &Digest,
    number: u64,
    sha256: &Digest,
    report: &mut RunReport,
) {
    let ring =
        KeyRing::new(Arc::clone(&trust.fs), trust.key_dir.clone(), trust.fallback_dir.clone());
    if let Some(trouble) = ring.note_index(store.id(), url, number, sha256)
        && !report.notes.contains(&trouble)
    {
        report.notes.push(trouble);
    }
}

/// Sends every object of every pack; what is wrong with the files of a day concerns that day alone.
fn send(packs: &[Pack], sender: &Sender<'_>, jobs: usize) -> Result<Vec<Option<Error>>> {
    let items: Vec<(usize, usize)> = packs
        .iter()
        .enumerate()
        .flat_map(|(at, pack)| (0..pack.objects().len()).map(move |object| (at, object)))
        .collect();
    let done = each(jobs, &items, |(pack, object)| packs[*pack].send(*object, sender));
    let mut failures: Vec<Option<Error>> = packs.iter().map(|_| None).collect();
    for ((pack, _), done) in items.iter().zip(done) {
        match done {
            Err(error) if error.kind() == ErrorKind::Integrity => {
                failures[*pack].get_or_insert(error);
            }
            done => done?,
        }
    }
    Ok(failures)
}
