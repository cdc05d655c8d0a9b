//! `dwell days` and `dwell sources`: the system tables, ready to be read.

use anyhow::Result;

use super::{Outcome, sql};
use crate::args::Listing;
use crate::context::Context;

/// One row a day.
pub(super) fn days(context: &Context, args: &Listing) -> Result<Outcome> {
    sql::listing(context, &args.output, "SELECT * FROM system.days ORDER BY day")
}

/// One row a source.
pub(super) fn sources(context: &Context, args: &Listing) -> Result<Outcome> {
    sql::listing(context, &args.output, "SELECT * FROM system.sources ORDER BY source_id")
}
