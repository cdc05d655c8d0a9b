//! `dwell quarantine`: which lines did not become rows, why.

use anyhow::Result;

use super::{Outcome, sql};
use crate::args::Quarantine;
use crate::context::Context;

/// Runs one of its commands.
pub(super) fn run(context: &Context, what: Quarantine) -> Result<Outcome> {
    match what {
        Quarantine::List { source, output } => {
            let text = format!(
                "SELECT q.source_id, s.path, q.reason, count(*) AS lines, min(q.line_no) AS first_line, \
                 max(q.line_no) AS last_line FROM quarantine q LEFT JOIN system.sources s USING (source_id) \
                 {} GROUP BY q.source_id, s.path, q.reason ORDER BY q.source_id, lines DESC, q.reason",
                only("q.source_id", source)
            );
            sql::listing(context, &output, &text)
        }
        Quarantine::Show { source, output } => {
            let text = format!(
                "SELECT source_id, line_no, byte_offset, reason, raw FROM quarantine {} \
                 ORDER BY source_id, line_no",
                only("source_id", source)
            );
            sql::listing(context, &output, &text)
        }
    }
}

fn only(column: &str, source: Option<i32>) -> String {
    source.map_or(String::new(), |source| format!("WHERE {column} = {source}"))
}
