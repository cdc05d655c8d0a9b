//! How do lines leave the archives? Days that have changed are archived anew, days of which nothing is left are taken out,
//! and the packages of before are removed, each target on its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Result;
use storage::Day;
use storage::archive;
use storage::error::ErrorKind;
use storage::store::{State, Store};

use crate::context::Context;
use crate::exit::{self, Exit};
use crate::progress::BytesProgress;
use crate::remote::{self, Missing};
use crate::say;
use crate::verb::archive::options;

/// How often an expiry is planned anew because another writer was faster.
const TRIES: u32 = 20;

/// What became of an archive.
#[derive(Debug, Default)]
pub(super) struct Renewed {
    pub(super) url: String,
    /// Days that were archived anew.
    pub(super) days: BTreeSet<Day>,
    /// Days of which nothing was left.
    pub(super) emptied: BTreeSet<Day>,
    /// Days whose old package is still there, with the lines.
    pub(super) kept: BTreeSet<Day>,
    /// Objects of old packages that were removed.
    pub(super) objects: u64,
    /// Why it could not be done, or not wholly.
    pub(super) error: Option<(String, Exit)>,
}

/// Days that an archive holds otherwise than the store does by now.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Stale {
    changed: BTreeSet<Day>,
    emptied: BTreeSet<Day>,
}

fn stale(state: &State, target: &storage::Digest) -> Stale {
    let mut stale = Stale::default();
    let Some(archive) = state.archives.get(target) else { return stale };
    for (day, archived) in &archive.days {
        match state.days.get(day) {
            Some(held) if held.changed > archived.packed_at => _ = stale.changed.insert(*day),
            Some(_) => {}
            None if state.retired.contains_key(day) => {}
            None => _ = stale.emptied.insert(*day),
        }
    }
    stale
}

/// Brings every archive of the store up to date.
pub(super) fn renew(context: &Context, store: &Arc<Store>) -> Result<Vec<Renewed>> {
    let state = store.refresh()?;
    let mut all = Vec::new();
    for (target, archive) in &state.archives {
        let stale = stale(&state, target);
        if stale == Stale::default() {
            continue;
        }
        let mut renewed = Renewed { url: archive.url.clone(), ..Renewed::default() };
        if let Err(error) = one(context, store, target, stale, &mut renewed) {
            let error = error.context(format!("archive {}", renewed.url));
            say::error(exit::message(&error));
            renewed.error = Some((exit::message(&error), exit::of(&error)));
        }
        all.push(renewed);
    }
    Ok(all)
}

fn one(
    context: &Context,
    store: &Arc<Store>,
    digest: &storage::Digest,
    stale: Stale,
    renewed: &mut Renewed,
) -> Result<()> {
    renewed.kept = stale.changed.union(&stale.emptied).copied().collect();
    let settings = remote::settings(&context.settings(store)?.archive, &renewed.url);
    let target = remote::target(&settings, Missing::Refuse)?;
    let progress = BytesProgress::new(&settings.name);
    let cancel = || context.cancel.is_asked();
    let advance = |bytes| progress.advance(bytes);
    let options = options(context, &settings, &cancel, &advance);
    let done = archive::run(store, &target, &options)?;
    for (day, error) in &done.failed {
        say::error(format_args!("{day} was not archived: {error}"));
    }
    for _ in 0..TRIES {
        if stale.emptied.is_empty() {
            break;
        }
        match archive::expire(store, &target, &stale.emptied, &options, &|_| Ok(())) {
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            expired => {
                renewed.objects += expired?.objects;
                renewed.emptied.clone_from(&stale.emptied);
                break;
            }
        }
    }
    let state = store.refresh()?;
    let left = self::stale(&state, digest);
    renewed.days = stale.changed.difference(&left.changed).copied().collect();
    renewed.kept = left.changed.union(&left.emptied).copied().collect();
    if !renewed.days.is_empty() {
        renewed.objects += archive::sweep(store, &target, Some(&renewed.days), &options)?.objects;
    }
    if let Some(day) = renewed.kept.first() {
        anyhow::bail!(
            "{} {} as before, {day} first: {}",
            renewed.kept.len(),
            say::plural(renewed.kept.len() as u64, "day stays", "days stay"),
            "days with rows under no seal, or under a hold, can't be archived anew"
        );
    }
    Ok(())
}

/// The worst code that an archive ended with.
pub(super) fn worst(all: &[Renewed]) -> Exit {
    let codes = all.iter().filter_map(|it| it.error.as_ref()).map(|(_, exit)| *exit);
    codes.fold(Exit::Done, |worst, exit| match (worst, exit) {
        (Exit::Integrity, _) | (_, Exit::Integrity) => Exit::Integrity,
        (Exit::Done, exit) => exit,
        (worst, _) => worst,
    })
}

/// Archives that hold days of lines that would go, by URL.
pub(super) fn holding(state: &State, days: &BTreeSet<Day>) -> BTreeMap<String, BTreeSet<Day>> {
    let mut holding: BTreeMap<String, BTreeSet<Day>> = BTreeMap::new();
    for archive in state.archives.values() {
        let held: BTreeSet<Day> =
            archive.days.keys().filter(|day| days.contains(day)).copied().collect();
        if !held.is_empty() {
            holding.insert(archive.url.clone(), held);
        }
    }
    holding
}
