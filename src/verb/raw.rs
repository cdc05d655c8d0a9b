//! `dwell raw`: the bytes as they came in, of a source or of a day's rows.

use std::io::Write;

use anyhow::Result;
use ingest::raw::RawRequest;

use super::Outcome;
use crate::args::Raw;
use crate::context::Context;
use crate::exit::usage;
use crate::output::target::{Target, stdout_is_terminal};
use crate::say;

/// Writes the bytes to stdout or to a file.
pub(super) fn run(context: &Context, args: &Raw) -> Result<Outcome> {
    let request = match (args.source, args.day, args.kept) {
        (Some(source), None, false) => RawRequest::Source(source),
        (Some(source), None, true) => RawRequest::Kept(source),
        (None, Some(day), false) => RawRequest::Day(day),
        (None, Some(day), true) => RawRequest::KeptOfDay(day),
        _ => return Err(usage("name one of --source N and --day D")),
    };
    let store = context.open()?;
    let mut target = Target::open(args.output.as_deref())?;
    if args.output.is_none() && stdout_is_terminal() {
        say::note(
            "control characters are shown as \\x.. on a terminal; -o FILE gives the exact bytes",
        );
    }
    let report = ingest::raw::write(&store, request, &mut target)?;
    target.flush()?;
    target.finish()?;
    if report.redacted > 0 {
        say::note(format_args!(
            "{} {} of the source {} redacted and not among these",
            say::count(report.redacted),
            say::plural(report.redacted, "line", "lines"),
            say::plural(report.redacted, "was", "were"),
        ));
    }
    Ok(Outcome::done(report.lines, report.bytes))
}
