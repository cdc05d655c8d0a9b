//! Which column of any other CSV holds the values?

use super::super::csv::{Columns, Records, delimiter};
use super::super::indicator::{Found, Place, Skipped};
use super::plain::tell_line;
use super::{CUT, Input, Read, Reader};

/// A CSV whose column has a usual name; [`read_column`] takes any.
pub const READER: Reader =
    Reader { name: "csv", title: "any CSV, with --column N or NAME", read: read_by_name };

/// Names that nobody gives to anything but indicators.
const NAMES: [&str; 8] = [
    "indicator",
    "ioc",
    "ioc_value",
    "indicator_value",
    "observable",
    "dst_ip",
    "c2",
    "malicious_url",
];

fn read_by_name(input: &Input<'_>, found: &mut dyn Found) -> Option<Read> {
    let text = &input.text;
    let header = Records::of_text(text, delimiter(text)).find(|r| !is_comment(r.text))?;
    let columns = Columns::new(&header.fields);
    if columns.len() < 2 {
        return None;
    }
    let name = NAMES.iter().find(|name| columns.at(name).is_some())?;
    read_column(input, name, found).ok()
}

fn is_comment(text: &str) -> bool {
    text.trim().is_empty() || text.trim_start().starts_with('#')
}

/// Reads the values of one column: its number from 1, or its name in the first line. Any kind of value may stand there.
/// An error says which columns there are.
pub fn read_column(input: &Input<'_>, column: &str, found: &mut dyn Found) -> Result<Read, String> {
    let text = &input.text;
    let first = Records::of_text(text, delimiter_of(text)).find(|r| !is_comment(r.text));
    let Some(first) = first else { return Ok(Read::Indicators) };
    let columns = Columns::new(&first.fields);
    let number = column.parse::<usize>().ok().filter(|n| *n > 0);
    let (at, has_header) = match (columns.at(&column.trim().to_ascii_lowercase()), number) {
        (Some(at), _) => (at, true),
        (None, Some(n)) if n <= columns.len() => (n - 1, false),
        _ => {
            let names = first.fields.join(", ");
            return Err(format!("no column `{column}`: there are {} ({names})", columns.len()));
        }
    };
    for record in Records::of_text(text, delimiter_of(text)) {
        let is_header = has_header && record.line == first.line;
        if is_comment(record.text) || is_header {
            continue;
        }
        match record.fields.get(at) {
            Some(field) if !record.cut => {
                // A header that was not named reads as no value, and is nothing to speak of.
                let unnamed_header = record.line == first.line && !field.contains(['.', ':']);
                if !unnamed_header {
                    tell_line(found, record.line, field);
                }
            }
            _ => found.skipped(Skipped::unreadable(Place::line(record.line), record.text, CUT)),
        }
    }
    Ok(Read::Indicators)
}

/// The delimiter of the first line that is no comment.
fn delimiter_of(text: &str) -> u8 {
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        if !is_comment(line) {
            break;
        }
        rest = after;
    }
    delimiter(rest)
}
