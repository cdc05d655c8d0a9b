//! What does the CSV dump of URLhaus say?

use super::super::csv::{Columns, Record, Records, parts};
use super::super::indicator::{Context, Found, Place, Skipped};
use super::super::{normal, time};
use super::{CUT, Input, Read, Reader, tell};

/// URLs that serve malware.
pub const READER: Reader = Reader { name: "urlhaus", title: "URLhaus CSV", read };

fn read(input: &Input<'_>, found: &mut dyn Found) -> Option<Read> {
    let columns = header(input, &["url", "url_status", "dateadded"])?;
    for record in data(&input.text, &columns, found) {
        let get = |name| columns.get(&record, name);
        let own = |name| get(name).map(str::to_owned);
        let raw = get("url").unwrap_or_default();
        tell(found, Place::line(record.line), raw, None, normal::url(raw), || Context {
            first_seen: get("dateadded").and_then(time::parse),
            last_seen: get("last_online").and_then(time::parse_last),
            status: own("url_status"),
            threat: own("threat"),
            tags: parts(get("tags")),
            ..Context::default()
        });
    }
    Some(Read::Indicators)
}

/// The columns of a list whose header is the last comment before its data, or its first line that is none.
pub(super) fn header(input: &Input<'_>, names: &[&str]) -> Option<Columns> {
    for line in input.head() {
        let columns = Columns::of_comment(line);
        if columns.has(names) {
            return Some(columns);
        }
        if !line.trim().is_empty() && !line.starts_with('#') {
            return None;
        }
    }
    None
}

/// The records of such a list: without comments, blank lines, its header and what is cut off, which is told.
pub(super) fn data<'a>(text: &'a str, columns: &Columns, found: &mut dyn Found) -> Vec<Record<'a>> {
    let mut data = Vec::new();
    for record in Records::of_lines(text, b',') {
        let text = record.text.trim();
        if text.is_empty() || text.starts_with('#') || Columns::new(&record.fields).at_same(columns)
        {
            continue;
        }
        if record.cut || record.fields.len() < columns.len() {
            found.skipped(Skipped::unreadable(Place::line(record.line), record.text, CUT));
        } else {
            data.push(record);
        }
    }
    data
}
