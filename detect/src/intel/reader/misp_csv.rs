//! What does MISP's CSV export say, with or without the columns of context?

use super::super::csv::{Columns, Records, parts};
use super::super::indicator::{Context, Found, Place, Skipped};
use super::misp_event::tell_value;
use super::{CUT, Input, Read, Reader};

/// Attributes as CSV.
pub const READER: Reader = Reader { name: "misp_csv", title: "MISP attributes, CSV", read };

fn read(input: &Input<'_>, found: &mut dyn Found) -> Option<Read> {
    let mut records = Records::of_text(&input.text, b',');
    let columns = Columns::new(&records.next()?.fields);
    if !columns.has(&["uuid", "event_id", "category", "type", "value", "to_ids"]) {
        return None;
    }
    for record in records {
        if record.text.trim().is_empty() {
            continue;
        }
        let place = Place::line(record.line);
        if record.cut || record.fields.len() < columns.len() {
            found.skipped(Skipped::unreadable(place, record.text, CUT));
            continue;
        }
        let get = |name| columns.get(&record, name);
        let own = |name| get(name).map(str::to_owned);
        let place = Place { attribute: own("uuid"), ..place };
        let raw = get("value").unwrap_or_default();
        tell_value(found, place, get("type").unwrap_or_default(), raw, || {
            let mut tags = parts(get("attribute_tag"));
            for tag in parts(get("event_tag")) {
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
            Context {
                to_ids: get("to_ids").map(|truth| truth == "1"),
                event_id: get("event_id").and_then(|id| id.parse().ok()),
                name: own("event_info"),
                orgc: own("event_source_org"),
                object: own("object_name"),
                object_uuid: own("object_uuid"),
                threat_level: get("event_threat_level_id").and_then(|level| level.parse().ok()),
                tags,
                ..Context::default()
            }
        });
    }
    Some(Read::Indicators)
}
