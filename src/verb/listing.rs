//! `dwell days`: the system table, ready to be read.

use anyhow::Result;

use super::{Outcome, sql};
use crate::args::Listing;
use crate::context::Context;

/// One row a day.
pub(super) fn days(context: &Context, args: &Listing) -> Result<Outcome> {
    sql::listing(context, &args.output, "SELECT * FROM system.days ORDER BY day")
}
