//! Which files don't become one? Those of sources whose rows are kept for different times, so that retention can remove
//! each in its time.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Policy, transaction};
use crate::retention::Terms;
use crate::segment::FileMeta;
use crate::store::State;

/// For how long the rows of each source are kept; empty where that is the same for all.
pub(super) struct Apart(BTreeMap<i32, Terms>);

/// The same over some files, of which those of one transaction stay together.
pub(super) struct Together<'a> {
    apart: &'a Apart,
    by_transaction: BTreeMap<&'a str, BTreeSet<Terms>>,
}

impl Apart {
    pub(super) fn new(state: &State, policy: &Policy) -> Self {
        let retention = policy.retention.as_ref().filter(|it| !it.settings().rule.is_empty());
        let sources = retention.into_iter().flat_map(|retention| {
            state.sources.iter().map(|(id, source)| (*id, retention.terms(source)))
        });
        Self(sources.collect())
    }

    pub(super) fn of<'a>(&'a self, files: impl Iterator<Item = &'a FileMeta>) -> Together<'a> {
        let mut by_transaction: BTreeMap<&str, BTreeSet<Terms>> = BTreeMap::new();
        if !self.0.is_empty() {
            for meta in files {
                let Some(transaction) = transaction(meta) else { continue };
                by_transaction.entry(transaction).or_default().extend(self.own(meta));
            }
        }
        Together { apart: self, by_transaction }
    }

    fn own(&self, meta: &FileMeta) -> impl Iterator<Item = Terms> {
        meta.sources.iter().filter_map(|range| self.0.get(&range.source_id).copied())
    }
}

impl Together<'_> {
    /// The times of the rows of a file; only files with the same become one.
    pub(super) fn terms(&self, meta: &FileMeta) -> BTreeSet<Terms> {
        let of_all = transaction(meta).and_then(|name| self.by_transaction.get(name));
        of_all.cloned().unwrap_or_else(|| self.apart.own(meta).collect())
    }
}
