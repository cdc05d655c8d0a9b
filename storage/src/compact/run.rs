//! How is a plan carried out? Group by group, each in a commit of its own, until nothing is due.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::digest::RowsDigest;
use super::origins::Origins;
use super::plan::{self, Group, GroupKey, Held, Input, Kept, Plan, Policy, Why};
use super::sealed;
use super::write::{self, Place, Written};
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::record::{Body, Compact, NamedFile, Table};
use crate::ledger::text::Text;
use crate::merge::FileKind;
use crate::seal::LineSource;
use crate::segment::{FileMeta, SegmentHeader};
use crate::store::{CommitOptions, HiddenIndex, Maintenance, State, Store};

/// How often a plan is made anew because others commit meanwhile.
const ROUNDS: usize = 16;

/// How compaction is done.
#[derive(Clone)]
pub struct CompactOptions<'a> {
    /// When files are put together.
    pub policy: Policy,
    /// The time of day, and who does it.
    pub commit: CommitOptions,
    /// Who can give sealed rows back as lines.
    pub lines: &'a dyn LineSource,
    /// Asked between row groups; an error stops the work.
    pub check: &'a dyn Fn() -> Result<()>,
    /// Told of every group that is done.
    pub done: &'a dyn Fn(&Compacted),
}

/// What was put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compacted {
    /// Rows, or lines that are none.
    pub table: Table,
    /// The day.
    pub day: Day,
    /// Number of the record of the seal that the files stand under.
    pub seal: Option<u64>,
    /// Why.
    pub why: Why,
    /// Files before.
    pub files_before: u64,
    /// Files after.
    pub files_after: u64,
    /// Bytes before.
    pub bytes_before: u64,
    /// Bytes after.
    pub bytes_after: u64,
    /// Rows after.
    pub rows: u64,
    /// Hidden lines that were dropped.
    pub dropped: u64,
}

/// What came of a compaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What was put together, in order.
    pub groups: Vec<Compacted>,
    /// Files that would be due, but must stay.
    pub kept: Vec<Kept>,
}

/// What a run has found out so far.
#[derive(Default)]
struct Run {
    report: Report,
    /// Groups that are done, or stay.
    settled: BTreeSet<GroupKey>,
    /// Files of which nothing is shown, though the ranges in the ledger did not say so.
    empty: Vec<Vec<Input>>,
}

/// What came of the files of a group.
enum Outcome {
    Done(Vec<Compacted>),
    /// Nothing of them is shown.
    Empty,
}

/// Puts together what gains by it.
///
/// # Errors
/// Those of reading and writing; whatever was committed before stays. `Conflict`: others commit all the time.
pub fn run(store: &Arc<Store>, options: &CompactOptions<'_>) -> Result<Report> {
    let mut run = Run::default();
    for _ in 0..ROUNDS {
        let state = store.refresh()?;
        let plan = plan::plan(&state, &options.policy, options.commit.now_us);
        run.report.kept.clone_from(&plan.kept);
        let jobs = run.jobs(&state, plan);
        if jobs.is_empty() {
            return Ok(run.report);
        }
        for groups in jobs {
            (options.check)()?;
            run.job(store, &groups, options)?;
        }
    }
    Err(Error::new(ErrorKind::Conflict, "other writers change the same days all the time")
        .advise("try again later; what was put together until now stays"))
}

impl Run {
    /// What is committed together: as a rule one group, but files of which nothing is shown leave together with the
    /// writing of another that keeps what their footers say.
    fn jobs(&mut self, state: &State, plan: Plan) -> Vec<Vec<Group>> {
        let groups = plan.groups.into_iter().filter(|it| !self.settled.contains(&it.key()));
        let is_hollow = |it: &Group| it.is_hollow() || self.empty.contains(&it.inputs);
        let (hollow, full): (Vec<_>, Vec<_>) = groups.partition(is_hollow);
        let mut jobs: Vec<Vec<Group>> = full.into_iter().map(|group| vec![group]).collect();
        for group in hollow {
            if group.seal.is_some() && !group.is_hollow() {
                self.keep(&group, plan::SEALED);
            } else if let Some(job) = jobs.iter_mut().find(|job| job[0].shares_a_source(&group)) {
                job.push(group);
            } else if let Some(heir) = plan::heir(state, &group) {
                jobs.push(vec![heir, group]);
            } else {
                self.keep(&group, plan::LAST);
            }
        }
        jobs
    }

    fn keep(&mut self, group: &Group, why: &'static str) {
        let kept = |input: &Input| Kept { day: group.day, path: input.meta.path.clone(), why };
        self.report.kept.extend(group.inputs.iter().map(kept));
        self.settled.insert(group.key());
    }

    fn job(
        &mut self,
        store: &Arc<Store>,
        groups: &[Group],
        options: &CompactOptions<'_>,
    ) -> Result<()> {
        match carry_out(store, groups, options) {
            Ok(Outcome::Done(done)) => {
                done.iter().for_each(|group| (options.done)(group));
                self.report.groups.extend(done);
                self.settled.extend(groups.iter().map(Group::key));
                Ok(())
            }
            Ok(Outcome::Empty) => {
                self.empty.extend(groups.first().map(|group| group.inputs.clone()));
                Ok(())
            }
            // What others have changed is planned anew in the next round.
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Writes the first group anew, lets the files of the others go, and commits that.
fn carry_out(
    store: &Arc<Store>,
    groups: &[Group],
    options: &CompactOptions<'_>,
) -> Result<Outcome> {
    let Some((first, hollow)) = groups.split_first() else { return Ok(Outcome::Empty) };
    let change = store.begin_maintenance()?;
    recheck(change.base(), groups, options.commit.now_us)?;
    let mut origins = Origins::default();
    for input in groups.iter().flat_map(|group| &group.inputs) {
        origins.add_file(&store.open_file(&input.meta)?, &input.meta)?;
    }
    let place = Place {
        store,
        fs: change.fs(),
        dir: change.dir(),
        header: SegmentHeader {
            store_id: store.id().to_owned(),
            day: first.day,
            transaction: change.id().to_owned(),
        },
        extent: origins.to_footer()?,
        file_rows: options.policy.file_rows,
        file_bytes: options.policy.file_bytes,
    };
    let mut written = write::write(&place, first, options.check)?;
    if written.files.is_empty() {
        return Ok(Outcome::Empty);
    }
    let mut moves = moves(&change, first.table, first.day, &mut written.files);
    let (mut done, mut records) = (Vec::new(), Vec::new());
    let nothing = hollow.iter().map(|group| (group, Written::nothing(group)));
    for (group, written) in std::iter::once((first, written)).chain(nothing) {
        let salts = sealed::keep_leaves(&change, group, options.lines)?;
        moves.extend(salts.iter().map(|(_, place)| place.clone()));
        done.push(Compacted::new(group, &written));
        let body = record(&change, group, written, salts.map(|(named, _)| named));
        records.push((body, Text::by(&options.commit.by)));
    }
    (options.check)()?;
    let now_us = options.commit.now_us;
    change.commit(records, &moves, &options.commit, &|state| recheck(state, groups, now_us))?;
    Ok(Outcome::Done(done))
}

/// Gives the new files their paths in the store, which say that compaction wrote them.
fn moves(
    change: &Maintenance,
    table: Table,
    day: Day,
    files: &mut [FileMeta],
) -> Vec<(PathBuf, String)> {
    let table = match table {
        Table::Requests => crate::store::layout::REQUESTS,
        Table::Lines => crate::store::layout::LINES,
    };
    let go = |meta: &mut FileMeta| {
        let staged = change.dir().join(&meta.path);
        let name = match meta.path.rsplit_once('-') {
            Some((before, number)) => format!("{before}-{}{number}", plan::SORTED),
            None => meta.path.clone(),
        };
        meta.path = format!("{table}/{}/{name}", day.folder());
        (staged, meta.path.clone())
    };
    files.iter_mut().map(go).collect()
}

fn record(change: &Maintenance, group: &Group, written: Written, salts: Option<NamedFile>) -> Body {
    Body::Compact(Box::new(Compact {
        day: group.day,
        digest: written.digest.digest(),
        dropped: written.dropped,
        inputs: group.inputs.iter().map(|input| input.meta.path.clone()).collect(),
        rows: written.digest.rows(),
        salts,
        seal: group.seal,
        segments: written.files,
        sources: written.digest.sources.into_iter().collect(),
        table: group.table,
        tx: change.id().to_owned(),
    }))
}

/// Whether everything that the plan stood on is as it was.
fn recheck(state: &State, groups: &[Group], now_us: i64) -> Result<()> {
    let index = HiddenIndex::new(state);
    let held = Held::new(state, now_us);
    for group in groups {
        let changed = || {
            let what = format!("the files of {} have changed meanwhile", group.day);
            Error::new(ErrorKind::Conflict, what)
        };
        for input in &group.inputs {
            let same = |path: &str, seq: u64| path == input.meta.path && seq == input.seq;
            let hidden = match group.kind() {
                FileKind::Rows => {
                    let day = state.days.get(&group.day).ok_or_else(changed)?;
                    let mut segments = day.segments.iter();
                    let found =
                        segments.find(|it| same(&it.meta.path, it.seq) && it.seal == group.seal);
                    let found = found.ok_or_else(changed)?;
                    if !input.hidden.is_empty() && held.day(group.day, day.changed) {
                        return Err(changed());
                    }
                    index.in_segment(&found.meta, found.seq)
                }
                FileKind::Lines => {
                    let found = state.lines.iter().find(|it| same(&it.meta.path, it.seq));
                    let found = found.ok_or_else(changed)?;
                    if !input.hidden.is_empty() && held.lines(&found.meta) {
                        return Err(changed());
                    }
                    index.in_lines(&found.meta, found.seq)
                }
            };
            if hidden != input.hidden {
                return Err(changed());
            }
        }
    }
    Ok(())
}

impl Compacted {
    fn new(group: &Group, written: &Written) -> Self {
        Self {
            table: group.table,
            day: group.day,
            seal: group.seal,
            why: group.why,
            files_before: group.inputs.len() as u64,
            files_after: written.files.len() as u64,
            bytes_before: group.bytes(),
            bytes_after: written.files.iter().map(|meta| meta.bytes).sum(),
            rows: written.digest.rows(),
            dropped: written.dropped,
        }
    }
}

impl Written {
    /// What comes of files of which nothing is shown.
    fn nothing(group: &Group) -> Self {
        Self {
            files: Vec::new(),
            digest: RowsDigest::default(),
            dropped: group.inputs.iter().map(|input| input.meta.rows).sum(),
        }
    }
}
