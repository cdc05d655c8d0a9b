//! Which days may leave an archive, and how do they? By age, never under a hold: first the record, then an index without
//! them, then their objects, and a look whether they are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::index::{self, Head, Index, IndexedDay};
use super::manifest;
use super::open::{self, Archive};
use super::run::{self, RunOptions, RunReport};
use super::send::Sender;
use super::target::{self, ArchiveTarget};
use crate::clock::Micros;
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::record::{Body, Expire};
use crate::ledger::text::Text;
use crate::store::{State, Store};

/// A day that is older than the archive's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    /// The day as the index has it.
    pub indexed: IndexedDay,
    /// The holds over it; with any, it stays.
    pub holds: Vec<u64>,
    /// Whether its rows are live in the store.
    pub live: bool,
    /// How many other archives of the store hold it.
    pub other_copies: usize,
}

impl Expiring {
    /// Whether nothing is left of its rows once it has gone.
    pub fn is_last_copy(&self) -> bool {
        !self.live && self.other_copies == 0
    }
}

/// The days of an archive whose date is more than `keep_days` before `now_us`, those under a hold among them.
pub fn plan_expiry(
    state: &State,
    archive: &Archive,
    keep_days: u32,
    now_us: Micros,
) -> Vec<Expiring> {
    let url = target::digest_of(archive.target().url());
    let today = Day::of(now_us);
    let is_old = |day: &Day| i64::from(today.0) - i64::from(day.0) > i64::from(keep_days);
    let old = archive.days().iter().filter(|(day, _)| is_old(day));
    old.map(|(day, indexed)| {
        let active = state.holds.values().filter(|hold| hold.is_active(now_us));
        let others = state.archives.iter().filter(|(other, _)| **other != url);
        Expiring {
            indexed: indexed.clone(),
            holds: active.filter(|hold| hold.covers(*day)).map(|hold| hold.id).collect(),
            live: state.days.get(day).is_some_and(|held| !held.segments.is_empty()),
            other_copies: others.filter(|(_, other)| other.days.contains_key(day)).count(),
        }
    })
    .collect()
}

/// What an expiry has removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpireReport {
    /// The days that are no longer in the archive.
    pub days: Vec<Day>,
    /// Objects removed, those of packages that newer ones had replaced among them.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What the person at the keyboard should know.
    pub notes: Vec<String>,
}

/// Removes days from an archive. `recheck` looks at the newest version under the writer's lock, and refuses if one of the
/// days is held by then.
///
/// # Errors
/// `Conflict`: plan anew. `Io` if an object could not be removed: the next expiry tries again.
pub fn expire(
    store: &Arc<Store>,
    target: &Arc<dyn ArchiveTarget>,
    days: &BTreeSet<Day>,
    options: &RunOptions<'_>,
    recheck: &dyn Fn(&State) -> Result<()>,
) -> Result<ExpireReport> {
    let url = target::digest_of(target.url());
    let _alone = run::alone(store, &url, options.commit.wait_ms)?;
    let archive = Archive::open(Arc::clone(target), &options.trust)?;
    if *archive.key() != store.key() {
        return Err(
            Error::new(ErrorKind::InvalidInput, "the archive of another store").at(target.url())
        );
    }
    let mut report = ExpireReport { days: days.iter().copied().collect(), ..Default::default() };
    let now_us = options.commit.now_us;
    let check = |state: &State| {
        recheck(state)?;
        let active = || state.holds.values().filter(|hold| hold.is_active(now_us));
        match days.iter().find(|day| active().any(|hold| hold.covers(**day))) {
            None => Ok(()),
            Some(day) => {
                Err(Error::new(ErrorKind::Conflict, format!("{day} has come under a hold")))
            }
        }
    };
    if !days.is_empty() {
        let body = Expire { days: report.days.clone(), target: url };
        let text = Text::by(&options.commit.by).with("to", target.url());
        let change = store.begin_maintenance()?;
        change.commit(vec![(Body::Expire(body), text)], &[], &options.commit, &check)?;
    }
    let kept = write_index(store, target, &archive, days, options, &mut report)?;
    sweep_packages(store, target, &kept, None, options, &mut report)?;
    Ok(report)
}

/// Writes the index without the days; returns what it holds then.
fn write_index(
    store: &Arc<Store>,
    target: &Arc<dyn ArchiveTarget>,
    archive: &Archive,
    gone: &BTreeSet<Day>,
    options: &RunOptions<'_>,
    report: &mut ExpireReport,
) -> Result<BTreeMap<Day, IndexedDay>> {
    let Some((newest, sha256)) = archive.index() else { return Ok(BTreeMap::new()) };
    let mut days = newest.days.clone();
    days.retain(|day, _| !gone.contains(day));
    if days.len() == newest.days.len() {
        return Ok(days);
    }
    let state = store.state();
    let index = Index {
        at: options.commit.now_us,
        head: Head { root: state.root, size: state.records },
        days,
        number: newest.number + 1,
        previous: Some(*sha256),
        readme: newest.readme,
        rotations: open::rotations(store)?,
        store: store.id().to_owned(),
    };
    let sender = Sender::new(store, target, None, options);
    let sha256 = run::put_index(store, target, &index, &sender)?;
    let mut notes = RunReport::default();
    let url = target::digest_of(target.url());
    run::note_seen(store, &options.trust, &url, index.number, &sha256, &mut notes);
    report.notes.extend(notes.notes);
    Ok(index.days)
}

/// Removes the packages that newer ones have replaced, and what runs that died have left: of all days, or of some.
///
/// # Errors
/// `Io` if an object could not be removed.
pub fn sweep(
    store: &Arc<Store>,
    target: &Arc<dyn ArchiveTarget>,
    days: Option<&BTreeSet<Day>>,
    options: &RunOptions<'_>,
) -> Result<ExpireReport> {
    let url = target::digest_of(target.url());
    let _alone = run::alone(store, &url, options.commit.wait_ms)?;
    let archive = Archive::open(Arc::clone(target), &options.trust)?;
    if *archive.key() != store.key() {
        return Err(
            Error::new(ErrorKind::InvalidInput, "the archive of another store").at(target.url())
        );
    }
    let mut report = ExpireReport::default();
    sweep_packages(store, target, archive.days(), days, options, &mut report)?;
    Ok(report)
}

fn sweep_packages(
    store: &Store,
    target: &Arc<dyn ArchiveTarget>,
    kept: &BTreeMap<Day, IndexedDay>,
    only: Option<&BTreeSet<Day>>,
    options: &RunOptions<'_>,
    report: &mut ExpireReport,
) -> Result<()> {
    target.clean()?;
    let state = store.state();
    let now_us = options.commit.now_us;
    let held =
        |day: Day| state.holds.values().any(|hold| hold.is_active(now_us) && hold.covers(day));
    let mut doomed = Vec::new();
    for found in target.list("days/")? {
        let Some((day, content)) = index::package_of(&found.name) else { continue };
        let is_kept = kept.get(&day).is_some_and(|kept| kept.content == content);
        let asked = only.map_or_else(|| !held(day), |only| only.contains(&day));
        if !is_kept && asked {
            doomed.push(found);
        }
    }
    // Without its manifest, what is left can't be taken for a package.
    doomed.sort_by_key(|found| !found.name.ends_with(manifest::NAME));
    for found in &doomed {
        if (options.cancel)() {
            return Err(Error::new(ErrorKind::Interrupted, "stopped"));
        }
        target.delete(&found.name)?;
        if target.head(&found.name)?.is_some() {
            return Err(Error::new(ErrorKind::Io, "still there after its removal")
                .at(&found.name)
                .advise("an object lock may keep it; run the expiry again when that has ended"));
        }
        report.objects += 1;
        report.bytes += found.bytes;
    }
    Ok(())
}
