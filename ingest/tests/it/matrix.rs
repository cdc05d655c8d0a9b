//! Which of an investigator's questions does each format answer? The page `docs/formats.md`, made from the registry and
//! checked against the fixtures.

use std::collections::BTreeSet;
use std::fmt::Write;

use dwell_ingest::format::{Basis, FORMATS, Format};
use storage::schema::Col;

use crate::formats::{fixture, generated, learned};
use crate::parsed::{context, parse};

/// What an investigator asks a log, and the columns that answer.
const FIELDS: [(&str, &[Col]); 17] = [
    ("date and time", &[Col::Ts]),
    ("HTTP version", &[Col::HttpVersion]),
    ("method", &[Col::Method]),
    ("content type", &[Col::ContentType]),
    ("user agent", &[Col::UserAgent]),
    ("referer", &[Col::Referer]),
    ("length of the response", &[Col::ResponseBytes]),
    ("authenticated user", &[Col::User]),
    ("client IP", &[Col::ClientIp]),
    ("source port", &[Col::ClientPort]),
    ("target IP", &[Col::ServerIp]),
    ("destination port", &[Col::Port]),
    ("target hostname", &[Col::Host]),
    ("requested resource", &[Col::Url, Col::Path]),
    ("status", &[Col::Status]),
    ("time to serve", &[Col::DurationMs]),
    ("proxy action", &[Col::Action, Col::Verdict]),
];

const HEAD: &str = "# What each format carries

Generated from the registry and compared by a test; `dwell formats show NAME` has the details of one format, its own page the
rest ([formats/README.md](formats/README.md)).

* **filled**: logged as the format is by default, and filled in the rows of its fixture.
* optional: there is a column for it; it is filled if the administrator has it logged, or if the request has it.
* –: not logged by this format; the column is NULL.

\"times\" is the end of a transaction that its time marks.

";

/// The columns that some row of the format's fixture fills.
fn filled(format: &dyn Format) -> BTreeSet<&'static str> {
    let text = fixture(format.id(), "ok");
    let parser = learned(format, &text).unwrap();
    let parsed = parse(parser.as_ref(), &text, 1 << 20, &context());
    let values = parsed.rows.into_values().flatten();
    // What follows from the status alone is no word of the proxy.
    let told = values.filter(|(column, value)| *column != "verdict" || value != "unknown");
    told.map(|(column, _)| column).collect()
}

#[test]
fn the_matrix_of_fields_and_formats() {
    let mut page = HEAD.to_owned();
    let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    writeln!(page, "| format | times | {} |", names.join(" | ")).unwrap();
    writeln!(page, "|---|---|{}", "---|".repeat(FIELDS.len())).unwrap();
    for format in FORMATS {
        let (carried, filled) = (format.columns(), filled(*format));
        let id = format.id();
        let cells = FIELDS.map(|(name, columns)| {
            let carries = columns.iter().any(|col| carried.contains(col));
            let fills =
                columns.iter().any(|col| carried.contains(col) && filled.contains(col.name()));
            // The action is a word of the log; the verdict may follow from the status.
            let only =
                columns.iter().find(|col| **col != Col::Verdict && filled.contains(col.name()));
            // A port may follow from the scheme, and a URL without path from the host.
            let implied = only.is_none_or(|col| matches!(col, Col::Port | Col::Url));
            assert!(carries || implied, "{id}: a row has {name}, which the format does not carry");
            match (carries, fills) {
                (true, true) => "**filled**",
                (true, false) => "optional",
                (false, _) => "–",
            }
        });
        let times = if format.basis() == Basis::Start { "start" } else { "end" };
        writeln!(page, "| [`{id}`](formats/{id}.md) | {times} | {} |", cells.join(" | ")).unwrap();
        assert!(carried.contains(&Col::Ts), "{id} has no time");
    }
    generated("formats.md", &page);
}
