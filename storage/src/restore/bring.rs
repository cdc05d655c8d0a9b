//! How does a restore go? Day by day into `staging/`, and then all good days with one commit.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::adopt::{Adopted, adopt};
use super::fetch::{Fetcher, Staged};
use super::plan::{Plan, PlannedDay, check_name};
use super::{live, rows, sources_to_bytes};
use crate::archive::{Archive, target};
use crate::clock::Micros;
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::fs;
use crate::ledger::record::{Body, NamedFile, Restore, RestoredDay, RestoredFile, SealSalts};
use crate::ledger::text::Text;
use crate::redact::{self, Rewritten};
use crate::segment::{FileMeta, SegmentHeader, VerifiedFile};
use crate::store::{CommitOptions, HiddenLines, Maintenance, Source, State, Store};

/// How a restore goes.
pub struct RestoreOptions<'a> {
    /// Objects fetched at once.
    pub jobs: usize,
    /// How its record is committed.
    pub commit: CommitOptions,
    /// Whether to stop.
    pub cancel: &'a (dyn Fn() -> bool + Sync),
    /// Told of every piece of bytes read.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// Staged files, and the paths that they get in the store.
type Moves = Vec<(PathBuf, String)>;

impl std::fmt::Debug for RestoreOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RestoreOptions").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

/// What became of a restore.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The name of the set; none for the live data.
    pub name: Option<String>,
    /// When the set may be dropped.
    pub until: Option<Micros>,
    /// The id of the store that the days come from.
    pub origin: String,
    /// The days that are there now.
    pub restored: Vec<PlannedDay>,
    /// Days that are live already, row for row.
    pub same: Vec<Day>,
    /// Days that may not come back, each with the reason.
    pub refused: Vec<(Day, String)>,
    /// Days of which the archive lacks something or has something else than was signed.
    pub bad: Vec<(Day, String)>,
    /// Days that never were in the archive, as ranges.
    pub absent: Vec<(Day, Day)>,
    /// Lines left out because they were redacted here since.
    pub left_out: u64,
    /// Bytes read from the archive.
    pub bytes: u64,
    /// The number of the record; none if nothing came back.
    pub seq: Option<u64>,
}

/// Restores what `plan` says into `store`.
///
/// # Errors
/// `InvalidInput`: the name is taken. `Conflict`: another writer has changed what this stands on. `Io`: the disk, or the
/// archive can't be read. Then nothing has become visible. Days that are bad are no error but an entry of the report.
pub fn run(
    store: &Arc<Store>,
    archive: &Archive,
    plan: &Plan,
    options: &RestoreOptions<'_>,
) -> Result<Report> {
    plan.check_space(fs::free_bytes(store.dir())?)?;
    let mut report = Report {
        name: plan.name.clone(),
        until: plan.until,
        origin: archive.store_id().to_owned(),
        absent: plan.absent.clone(),
        ..Report::default()
    };
    let change = store.begin_maintenance()?;
    let base = Arc::clone(change.base());
    let mut fetcher =
        Fetcher::new(archive, change.dir(), change.fs(), options.jobs, options.progress);
    let roots = live::OwnRoots::new(store, archive, plan)?;
    let mut staged = Vec::new();
    for planned in &plan.days {
        if (options.cancel)() {
            return Err(Error::new(ErrorKind::Interrupted, "stopped; nothing was restored"));
        }
        match stage(&mut fetcher, planned.day, plan, &base, &roots, &mut report) {
            Ok(Some(day)) => {
                staged.push(day);
                report.restored.push(*planned);
            }
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::Integrity => {
                report.bad.push((planned.day, error.to_string()));
            }
            Err(error) => return Err(error),
        }
    }
    report.bytes = fetcher.bytes();
    if staged.is_empty() {
        return Ok(report);
    }
    let text = Text::by(&options.commit.by).with("from", archive.target().url());
    let foreign = plan.name.is_none() && archive.store_id() != base.store_id;
    let (restore, text, moves) = if foreign {
        let Adopted { restore, text, moves } = adopt(&change, archive, &fetcher, &staged, text)?;
        (restore, text, moves)
    } else {
        let mut draft = Draft::new(archive, plan, &change, &fetcher);
        for day in &staged {
            draft.add(day)?;
        }
        let ((restore, left_out), moves) = draft.finish(&staged)?;
        report.left_out = left_out;
        (restore, text, moves)
    };
    let recheck = |newest: &State| match foreign {
        true => same_sources(&base, newest),
        false => recheck(plan, &base, newest, &report.restored),
    };
    let record = (Body::Restore(Box::new(restore)), text);
    let seqs = change.commit(vec![record], &moves, &options.commit, &recheck)?;
    report.seq = seqs.first().copied();
    Ok(report)
}

/// Fetches a day, unless it may not come back; then the report says why.
fn stage(
    fetcher: &mut Fetcher<'_>,
    day: Day,
    plan: &Plan,
    base: &State,
    roots: &live::OwnRoots,
    report: &mut Report,
) -> Result<Option<Staged>> {
    let package = fetcher.package(day)?;
    if plan.name.is_none() {
        match live::judge(&package, base, roots)? {
            live::Verdict::Back => {}
            live::Verdict::Same => {
                report.same.push(day);
                return Ok(None);
            }
            live::Verdict::Refused(why) => {
                report.refused.push((day, why));
                return Ok(None);
            }
        }
    }
    fetcher.fetch(package).map(Some)
}

/// Whether the numbers that sources of another store were given are still free.
fn same_sources(base: &State, newest: &State) -> Result<()> {
    if base.sources.keys().eq(newest.sources.keys()) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Conflict, "new sources came in meanwhile").advise("restore again"))
}

/// Whether the plan still holds for the newest version; called under the writer's lock.
fn recheck(plan: &Plan, base: &State, newest: &State, days: &[PlannedDay]) -> Result<()> {
    if newest.redacted.len() != base.redacted.len() {
        return Err(Error::new(ErrorKind::Conflict, "lines were redacted meanwhile")
            .advise("restore again"));
    }
    if let Some(name) = &plan.name {
        return check_name(name, newest);
    }
    match days.iter().find(|planned| newest.days.contains_key(&planned.day)) {
        None => Ok(()),
        Some(planned) => {
            let what = format!("{} has become live meanwhile", planned.day);
            Err(Error::new(ErrorKind::Conflict, what).advise("restore again"))
        }
    }
}

/// The record of a restore while it is put together, and where its files go.
struct Draft<'a> {
    plan: &'a Plan,
    change: &'a Maintenance,
    fetcher: &'a Fetcher<'a>,
    /// Lines of this store that were redacted; nothing if the days come from another.
    redacted: HiddenLines,
    restore: Restore,
    moves: Vec<(PathBuf, String)>,
    /// Names that are done.
    placed: std::collections::BTreeSet<String>,
    shown: BTreeMap<i32, u64>,
    left_out: u64,
}

impl<'a> Draft<'a> {
    fn new(
        archive: &'a Archive,
        plan: &'a Plan,
        change: &'a Maintenance,
        fetcher: &'a Fetcher<'a>,
    ) -> Self {
        let base = change.base();
        let own = archive.store_id() == base.store_id;
        let redacted = base.redacted.iter().filter(|_| own);
        let redacted = redacted.map(|it| (it.source_id, it.first, it.last)).collect();
        let restore = Restore {
            added: Vec::new(),
            days: Vec::new(),
            files: Vec::new(),
            hidden: Vec::new(),
            key: archive.key().line(),
            lines: Vec::new(),
            map: Vec::new(),
            name: plan.name.clone(),
            origin: archive.store_id().to_owned(),
            salts: Vec::new(),
            sources: Vec::new(),
            sources_file: None,
            target: Some(target::digest_of(archive.target().url())),
            until: plan.until,
            was: Vec::new(),
        };
        Self {
            plan,
            change,
            fetcher,
            redacted: HiddenLines::new(redacted),
            restore,
            moves: Vec::new(),
            placed: std::collections::BTreeSet::new(),
            shown: BTreeMap::new(),
            left_out: 0,
        }
    }

    /// The place of a file in this store.
    fn place_of(&self, name: &str) -> String {
        match &self.plan.name {
            Some(set) => format!("restored/{set}/{name}"),
            None => name.to_owned(),
        }
    }

    /// Whether the live data has this file already, so that it is not brought again.
    fn is_live(&self, name: &str) -> bool {
        let mut live = self.change.base().lines.iter();
        self.plan.name.is_none() && live.any(|lines| lines.meta.path == name)
    }

    fn add(&mut self, staged: &Staged) -> Result<()> {
        let manifest = &staged.package.manifest;
        let contents = &manifest.contents;
        let mut rewritten_seals = Vec::new();
        for file in &contents.segments {
            let left = rows::shown(
                &self.path(&file.file.path)?,
                self.change.fs(),
                file,
                &contents.hidden,
            )?;
            for (id, rows) in left {
                *self.shown.entry(id).or_default() += rows;
            }
            match self.bring(file, contents.day, true)? {
                Brought::Whole(file) => self.restore.files.push(file),
                Brought::Less(brought) => {
                    rewritten_seals.extend(file.seal);
                    self.restore.files.extend(brought);
                }
            }
        }
        for file in &contents.lines {
            if !self.placed.insert(file.file.path.clone()) || self.is_live(&file.file.path) {
                continue;
            }
            match self.bring(file, contents.day, false)? {
                Brought::Whole(file) => self.restore.lines.push(file),
                Brought::Less(brought) => self.restore.lines.extend(brought),
            }
        }
        let mut seals = contents.seals.clone();
        for sealed in &mut seals {
            // Salts that still lead to redacted lines do not come back: nothing of such a seal can be proven from here.
            if rewritten_seals.contains(&sealed.seq) {
                continue;
            }
            let salts = &mut sealed.seal.salts;
            let staged = self.path(&salts.path)?;
            salts.path = self.place_of(&salts.path);
            self.moves.push((staged, salts.path.clone()));
            self.restore.salts.push(SealSalts { file: salts.clone(), seal: sealed.seq });
        }
        self.restore.days.push(RestoredDay {
            day: contents.day,
            manifest: staged.package.manifest_sha256,
            seals,
        });
        let known = &mut self.restore.hidden;
        known.extend(
            contents.hidden.iter().filter(|it| !known.contains(it)).copied().collect::<Vec<_>>(),
        );
        Ok(())
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        let staged = self.fetcher.staged(name).map(std::path::Path::to_path_buf);
        staged.ok_or_else(|| Error::new(ErrorKind::Internal, "a file was not fetched").at(name))
    }

    /// Gives a file its place, without the lines that were redacted here.
    fn bring(&mut self, file: &RestoredFile, day: Day, is_segment: bool) -> Result<Brought> {
        let staged = self.path(&file.file.path)?;
        let mut brought = file.clone();
        if self.redacted.touch_file(&file.file) {
            let (folder, header) = self.rewriting(&file.file.path, day)?;
            let fs = self.change.fs();
            let opened = VerifiedFile::open_with(&staged, &file.file, fs.vault())?;
            let (dir, from) = (self.change.dir(), (&opened, &file.file));
            let done = match is_segment {
                true => redact::segment(fs, dir, header, from, (&self.redacted).into())?,
                false => redact::lines_file(fs, dir, header, from, (&self.redacted).into())?,
            };
            match done {
                Rewritten::Untouched => {}
                Rewritten::Emptied(removed) => {
                    self.left_out += removed.len() as u64;
                    return Ok(Brought::Less(None));
                }
                Rewritten::Without(meta, removed) => {
                    self.left_out += removed.len() as u64;
                    let from = self.change.dir().join(&meta.path);
                    let path = self.place_of(&format!("{folder}/{}", meta.path));
                    self.moves.push((from, path.clone()));
                    brought.file = FileMeta { path, ..meta };
                    return Ok(Brought::Less(Some(brought)));
                }
            }
        }
        brought.file.path = self.place_of(&file.file.path);
        self.moves.push((staged, brought.file.path.clone()));
        Ok(Brought::Whole(brought))
    }

    /// The folder of a file in its store, and the header of one that replaces it.
    fn rewriting(&self, path: &str, day: Day) -> Result<(String, SegmentHeader)> {
        let lost = || Error::integrity(path, "a file outside of a day");
        let folder = path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).ok_or_else(lost)?;
        let store_id = self.change.base().store_id.clone();
        let day = folder.split('/').find_map(Day::from_folder).unwrap_or(day);
        Ok((folder, SegmentHeader { store_id, day, transaction: self.change.id().to_owned() }))
    }

    /// The record, how many lines were left out, and the moves.
    fn finish(mut self, staged: &[Staged]) -> Result<((Restore, u64), Moves)> {
        self.restore.hidden.sort_by_key(|hidden| hidden.before_seq);
        self.restore.sources = self.shown.iter().map(|(&id, &rows)| (id, rows)).collect();
        if let Some(name) = &self.plan.name {
            let sources = sources(staged)?;
            let bytes = sources_to_bytes(sources.values())?;
            let path = self.change.dir().join("sources.json");
            fs::write_new(&**self.change.fs(), &path, &bytes)?;
            let file = NamedFile::of(format!("restored/{name}/sources.json"), &bytes);
            self.moves.push((path, file.path.clone()));
            self.restore.sources_file = Some(file);
        }
        if self.plan.name.is_none() {
            let whole = |source: &&Source| source.retired == 0;
            let was = sources(staged)?.into_values();
            self.restore.was = was.filter(|it| whole(&it)).map(|it| (it.id, it.state)).collect();
        }
        Ok(((self.restore, self.left_out), self.moves))
    }
}

/// What became of one file.
enum Brought {
    /// All of it.
    Whole(RestoredFile),
    /// What is left of it without redacted lines; nothing, if it had no other.
    Less(Option<RestoredFile>),
}

/// The sources of some days, each as the newest package knows it.
pub(super) fn sources(staged: &[Staged]) -> Result<BTreeMap<i32, Source>> {
    let mut newest: Vec<_> = staged.iter().map(|day| &day.package.manifest).collect();
    newest.sort_by_key(|manifest| manifest.checkpoint.size);
    let mut sources = BTreeMap::new();
    for facts in newest.into_iter().flat_map(|manifest| &manifest.contents.sources) {
        let source = facts.clone().into_source()?;
        sources.insert(source.id, source);
    }
    Ok(sources)
}
