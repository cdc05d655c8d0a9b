//! `dwell days`: the system table, ready to be read.

use anyhow::Result;
use storage::store::Store;

use super::{Outcome, sql};
use crate::args::Listing;
use crate::context::Context;
use crate::say;

/// One row a day.
pub(super) fn days(context: &Context, args: &Listing) -> Result<Outcome> {
    sql::listing(context, &args.output, "SELECT * FROM system.days ORDER BY day")
}

/// Says which share of the lines of all sources (or of one) is outside SQL.
pub(super) fn outside(store: &Store, only: Option<i32>) {
    let state = store.state();
    let sources = state.sources.values().filter(|it| only.is_none_or(|id| id == it.id));
    let (lines, quarantined) = sources.fold((0, 0), |(lines, quarantined), source| {
        (lines + source.counts.lines, quarantined + source.counts.quarantined)
    });
    if quarantined > 0 {
        say::say(format_args!(
            "{} of {} lines ({}) are in quarantine, outside SQL",
            say::count(quarantined),
            say::count(lines),
            say::percent(quarantined, lines)
        ));
    }
}
