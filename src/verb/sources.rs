//! `dwell sources`: what went in, or which of it tells of the same events.

use anyhow::Result;

use super::{Outcome, sql};
use crate::args::Sources;
use crate::context::Context;

/// One row a source; with `--overlap` one row a pair of sources that have rows in common, the largest first.
pub(super) fn run(context: &Context, args: &Sources) -> Result<Outcome> {
    let text = if args.overlap {
        "SELECT * FROM system.overlaps ORDER BY common_rows DESC, source_id, other_source_id"
    } else {
        "SELECT * FROM system.sources ORDER BY source_id"
    };
    sql::listing(context, &args.output, text)
}
