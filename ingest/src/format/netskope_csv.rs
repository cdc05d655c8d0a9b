//! How Netskope's transaction events are read as CSV.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Netskope transaction events, CSV.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "netskope_csv",
    title: "Netskope transaction events (CSV of Log Streaming)",
    doc: "CSV with the names of the fields in its first line, in whatever order. Times are UTC: `x-cs-timestamp`, or `date` and `time` where \
they stand side by side.",
    dialect,
};

fn dialect() -> Dialect {
    super::netskope::words(Dialect::delimited(",")).time("x-cs-timestamp", &["epoch"]).date_time(
        "date",
        "time",
        super::w3c::UTC,
    )
}
