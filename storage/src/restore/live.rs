//! May a day of an archive come back into the live data? If it is this store's own, is gone, and holds nothing that was
//! redacted since.

use crate::archive::{Archive, Head, Package};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::tree;
use crate::store::{HiddenLines, Source, State, Store, load};

use super::plan::Plan;

/// What is to become of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It comes back.
    Back,
    /// It is live already, row for row.
    Same,
    /// It does not, for this reason.
    Refused(String),
}

/// The hashes of this store's records, to compare the states of the ledger that packages stand on with.
#[derive(Debug, Default)]
pub(super) struct OwnRoots {
    leaves: Vec<Digest>,
}

impl OwnRoots {
    /// Those of `store`, if the plan brings its own days back into it.
    ///
    /// # Errors
    /// `Unsupported`: the archive is that of another store.
    pub(super) fn new(store: &Store, archive: &Archive, plan: &Plan) -> Result<Self> {
        if plan.name.is_some() || archive.store_id() != store.id() {
            return Ok(Self::default());
        }
        let mut leaves = Vec::new();
        let version = store.state().version;
        load::walk(&**store.fs(), store.dir(), version, store.first_key(), |checked| {
            leaves.extend(checked.leaves);
        })?;
        Ok(Self { leaves })
    }

    /// Whether the ledger of this store was once in this state.
    fn check(&self, head: &Head) -> Result<()> {
        let leaves = usize::try_from(head.size).ok().and_then(|size| self.leaves.get(..size));
        match leaves {
            Some(leaves) if tree::root(leaves) == head.root => Ok(()),
            _ => Err(Error::new(
                ErrorKind::Integrity,
                "the package stands on another ledger than the one of this store",
            )),
        }
    }
}

/// A day of another store comes in, unless one of its sources is here already.
fn foreign(package: &Package, state: &State) -> Result<Verdict> {
    for facts in &package.manifest.contents.sources {
        let theirs = facts.clone().into_source()?;
        let grown = |ours: &Source| theirs.has_content(ours.bytes, &ours.sha256);
        let same = |ours: &Source| ours.has_content(theirs.bytes, &theirs.sha256) || grown(ours);
        if let Some(ours) = state.sources.values().find(|ours| same(ours)) {
            let why = format!(
                "source {} is here already, as {}; restore it as a set",
                theirs.id, ours.id
            );
            return Ok(Verdict::Refused(why));
        }
    }
    Ok(Verdict::Back)
}

/// What is to become of the day of `package` in the store of `state`.
pub(super) fn judge(package: &Package, state: &State, roots: &OwnRoots) -> Result<Verdict> {
    let contents = &package.manifest.contents;
    if contents.store != state.store_id {
        return foreign(package, state);
    }
    roots.check(&package.manifest.checkpoint)?;
    if let Some(held) = state.days.get(&contents.day) {
        let files = |paths: &mut Vec<Digest>| paths.sort_unstable();
        let mut live: Vec<_> = held.segments.iter().map(|one| one.meta.sha256).collect();
        let mut packed: Vec<_> = contents.segments.iter().map(|one| one.file.sha256).collect();
        files(&mut live);
        files(&mut packed);
        // Under the same seals are the same rows, however they lie in files.
        let seals = held.seals.iter().map(|sealed| (sealed.seq, sealed.seal.root));
        let same_seals = seals.eq(contents.seals.iter().map(|it| (it.seq, it.seal.root)));
        let sealed = held.segments.iter().all(|one| one.seal.is_some());
        // Of a day that was retired in part, that is so if nothing is missing.
        let rows: u64 = held.segments.iter().map(|one| one.meta.rows).sum();
        let whole = !state.retired.contains_key(&contents.day) || rows == contents.rows;
        return Ok(match live == packed || (same_seals && sealed && whole) {
            true => Verdict::Same,
            false => Verdict::Refused("it is live, with other rows; restore it as a set".into()),
        });
    }
    // What was redacted before the day was packed is not in the package.
    let packed_at = package.manifest.checkpoint.size;
    let later = state.redacted.iter().filter(|it| it.seq > packed_at);
    let redacted = later.map(|it| (it.source_id, it.first, it.last));
    let redacted = HiddenLines::new(redacted.collect());
    if contents.metas().any(|meta| redacted.touch_file(meta)) {
        let why = "the package was made before lines of its sources were redacted; restore it as a set, \
                   which leaves them out";
        return Ok(Verdict::Refused(why.into()));
    }
    Ok(Verdict::Back)
}
