//! What does the CSV export of ThreatFox say, of either layout?

use super::super::csv::{Columns, Record, parts};
use super::super::indicator::{Context, Found, Place, Skipped, Value};
use super::super::normal::{self, Refused};
use super::super::time;
use super::urlhaus::{data, header};
use super::{Input, NOT_MATCHED, Read, Reader, tell};

/// Addresses, domains and URLs of botnets.
pub const READER: Reader = Reader { name: "threatfox", title: "ThreatFox CSV", read };

fn read(input: &Input<'_>, found: &mut dyn Found) -> Option<Read> {
    let columns = header(input, &["first_seen_utc", "ioc_value", "ioc_type"])?;
    for record in data(&input.text, &columns, found) {
        let place = Place::line(record.line);
        let raw = columns.get(&record, "ioc_value").unwrap_or_default();
        let kind = columns.get(&record, "ioc_type").unwrap_or_default();
        match value_of(kind, raw) {
            Some(value) => {
                tell(found, place, raw, Some(kind), value, || context(&columns, &record))
            }
            None => found.skipped(Skipped::left_out(place, raw, NOT_MATCHED).named(Some(kind))),
        }
    }
    Some(Read::Indicators)
}

fn context(columns: &Columns, record: &Record<'_>) -> Context {
    let get = |name| columns.get(record, name);
    let own = |name| get(name).map(str::to_owned);
    Context {
        first_seen: get("first_seen_utc").and_then(time::parse),
        last_seen: get("last_seen_utc").and_then(time::parse_last),
        confidence: get("confidence_level").and_then(|level| level.trim().parse().ok()),
        malware: own("malware_printable"),
        threat: own("threat_type"),
        tags: parts(get("tags")),
        ..Context::default()
    }
}

fn value_of(kind: &str, raw: &str) -> Option<Result<Value, Refused>> {
    let raw = raw.trim();
    Some(match kind {
        "domain" => normal::domain(raw),
        "url" => normal::url(raw),
        "ip:port" => match raw.rsplit_once(':') {
            Some((ip, port)) => {
                let bare = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']'));
                normal::ip_port(bare.unwrap_or(ip), port)
            }
            None => Err(Refused::Malformed),
        },
        _ => return None,
    })
}
