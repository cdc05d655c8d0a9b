//! What does the blocklist of Feodo Tracker say?

use super::super::indicator::{Context, Found, Place};
use super::super::{normal, time};
use super::urlhaus::{data, header};
use super::{Input, Read, Reader, tell};

/// Addresses and ports of botnet controllers.
pub const READER: Reader = Reader { name: "feodo", title: "Feodo Tracker CSV", read };

fn read(input: &Input<'_>, found: &mut dyn Found) -> Option<Read> {
    let columns = header(input, &["first_seen_utc", "dst_ip", "dst_port"])?;
    for record in data(&input.text, &columns, found) {
        let get = |name| columns.get(&record, name);
        let own = |name| get(name).map(str::to_owned);
        let raw = get("dst_ip").unwrap_or_default();
        let value = normal::ip_port(raw, get("dst_port").unwrap_or_default());
        tell(found, Place::line(record.line), raw, None, value, || Context {
            first_seen: get("first_seen_utc").and_then(time::parse),
            last_seen: get("last_online").and_then(time::parse_last),
            status: own("c2_status"),
            malware: own("malware"),
            ..Context::default()
        });
    }
    Some(Read::Indicators)
}
