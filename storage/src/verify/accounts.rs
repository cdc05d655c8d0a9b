//! Are all rows of each source accounted for? Those in its files, retired and redacted make up those that came in.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::error::Breach;
use crate::store::State;

/// Adds up the rows of each source over the files of the newest version.
pub(super) fn check(state: &State, report: &mut Report) {
    let mut stored: BTreeMap<i32, u64> = BTreeMap::new();
    for (_, segment) in state.segments() {
        for range in &segment.meta.sources {
            let rows = stored.entry(range.source_id).or_default();
            *rows = rows.saturating_add(range.rows);
        }
    }
    let hidden: BTreeSet<i32> =
        state.hidden.iter().filter(|it| it.rows).map(|it| it.source_id).collect();
    for source in state.sources.values() {
        let gone = source.retired.saturating_add(source.redacted);
        let expected = source.counts.rows.saturating_sub(gone);
        let rows = stored.remove(&source.id).unwrap_or(0);
        // Rows that are not shown any more may still lie in the files.
        let fits = if hidden.contains(&source.id) { rows >= expected } else { rows == expected };
        if !fits {
            let what = format!(
                "source {}: {rows} rows in its files, {expected} by its accounts",
                source.id
            );
            report.problem(Breach::Altered, "ledger", what);
        }
    }
    for (id, rows) in stored {
        let what = format!("{rows} rows of source {id}, which is not there");
        report.problem(Breach::Altered, "ledger", what);
    }
}
