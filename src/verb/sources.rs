//! `dwell sources`: what went in, or which of it tells of the same events.

use anyhow::Result;

use super::{Outcome, listing, shift, sql};
use crate::args::Sources;
use crate::context::Context;

/// The accounts of the sources, with the share of their lines that SQL does not see.
const ACCOUNTS: &str = "SELECT *, CASE WHEN lines > 0 THEN round(100.0 * quarantined / lines, 2) END AS quarantined_percent \
                        FROM system.sources ORDER BY source_id";

/// One row a source; with `--overlap` one row a pair of sources that have rows in common, the largest first.
pub(super) fn run(context: &Context, args: &Sources) -> Result<Outcome> {
    if let Some(what) = &args.what {
        return shift::run(context, what);
    }
    if args.overlap {
        let text =
            "SELECT * FROM system.overlaps ORDER BY common_rows DESC, source_id, other_source_id";
        return sql::listing(context, &args.output, text);
    }
    let outcome = sql::listing(context, &args.output, ACCOUNTS)?;
    listing::outside(&*context.open_quietly()?, None);
    Ok(outcome)
}
