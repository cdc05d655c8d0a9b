//! `dwell quarantine`: which lines did not become rows, why, and another try for them.

use anyhow::Result;
use ingest::IngestReport;

use super::{Outcome, ingest as ingest_verb, sql};
use crate::args::Quarantine;
use crate::context::Context;
use crate::exit::Exit;
use crate::progress::IngestProgress;

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
        Quarantine::Retry { source, format, logformat, tz } => {
            let store = context.open()?;
            let mut options = ingest_verb::options(context, &store)?;
            options.format = format;
            options.logformat = logformat;
            options.zone = tz.as_deref().map(ingest_verb::zone).transpose()?;
            let progress = IngestProgress::new(context.cancel.clone());
            let report = ingest::quarantine::retry(&store, source, &options, &progress);
            progress.clear();
            let report = IngestReport { sources: vec![report?] };
            ingest_verb::report(context, &report)?;
            let exit = if report.needs_attention() { Exit::Partial } else { Exit::Done };
            Ok(Outcome { exit, rows: report.counts().rows, bytes_read: progress.bytes() })
        }
    }
}

fn only(column: &str, source: Option<i32>) -> String {
    source.map_or(String::new(), |source| format!("WHERE {column} = {source}"))
}
