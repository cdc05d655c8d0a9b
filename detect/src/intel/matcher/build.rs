//! How do indicators come into the tables of a matcher?

use arrow::array::{Array as _, RecordBatch};

use super::index::END;
use super::{Matcher, Parts, Times};
use crate::intel::indicator::Kind;
use crate::intel::table::{at, entry, text, truth, whole};
use crate::intel::warning::{Asked, Warnings, network};

/// The columns that a matcher is built from.
pub const COLUMNS: [&str; 17] = [
    "type",
    "value",
    "host",
    "ip",
    "uri",
    "method",
    "user_agent",
    "misp_type",
    "port",
    "threat_level",
    "confidence",
    "any_scheme",
    "to_ids",
    "first_seen",
    "last_seen",
    "valid_from",
    "valid_until",
];

/// The shortest path that counts as the beginning of others.
pub(super) const PREFIX_MIN: usize = 5;

/// One row of a batch.
struct Row<'a> {
    kind: Kind,
    value: &'a str,
    host: Option<&'a str>,
    ip: Option<&'a str>,
    port: u16,
    parts: [Option<&'a str>; 3],
}

/// What of an indicator a warninglist is asked about.
pub fn asked<'a>(
    kind: Kind,
    value: &'a str,
    host: Option<&'a str>,
    ip: Option<&'a str>,
    misp_type: Option<&'a str>,
) -> Asked<'a> {
    let own_host = matches!(kind, Kind::Domain | Kind::Hostname).then_some(value);
    let own_ip = matches!(kind, Kind::Ip | Kind::Cidr).then_some(value);
    Asked {
        misp_type: misp_type.unwrap_or(kind.misp_type()),
        value,
        host: host.or(own_host),
        ip: ip.and_then(|ips| ips.split(',').next()).or(own_ip),
    }
}

impl Matcher {
    /// From the columns of indicators ([`COLUMNS`]), without those that the warninglists hold, that are not meant for
    /// detection, or that are context alone.
    pub fn new(batches: &[RecordBatch], warnings: &Warnings) -> Self {
        let mut matcher = Self::default();
        let mut before = 0;
        for batch in batches {
            matcher.add(batch, before, warnings);
            before += u32::try_from(batch.num_rows()).unwrap_or(u32::MAX - before);
        }
        let lengths = &mut matcher.uri_lengths;
        lengths.sort_unstable();
        lengths.dedup();
        matcher
    }

    fn add(&mut self, batch: &RecordBatch, before: u32, warnings: &Warnings) {
        let texts = |name| text(batch, name);
        let (kinds, values, hosts, ips) =
            (texts("type"), texts("value"), texts("host"), texts("ip"));
        let parts = [texts("uri"), texts("method"), texts("user_agent")];
        let (misp, ports) = (texts("misp_type"), whole(batch, "port"));
        let (schemes, to_ids) = (truth(batch, "any_scheme"), truth(batch, "to_ids"));
        for row in 0..batch.num_rows() {
            let kind = entry(kinds, row).and_then(Kind::parse);
            let (Some(kind), Some(value)) = (kind, entry(values, row)) else { continue };
            let truth_of = |column: Option<&arrow::array::BooleanArray>| {
                column.filter(|c| c.is_valid(row)).map(|c| c.value(row))
            };
            if kind == Kind::HttpMethod || truth_of(to_ids) == Some(false) {
                continue;
            }
            let (host, ip) = (entry(hosts, row), entry(ips, row));
            if !warnings.is_empty()
                && !warnings.of(asked(kind, value, host, ip, entry(misp, row))).is_empty()
            {
                continue;
            }
            let port = ports.filter(|c| c.is_valid(row)).map_or(0, |c| c.value(row));
            let row_of = Row {
                kind,
                value,
                host,
                ip,
                port: u16::try_from(port).unwrap_or(0),
                parts: parts.map(|column| entry(column, row)),
            };
            let id = before.saturating_add(u32::try_from(row).unwrap_or(u32::MAX));
            if self.index(&row_of, truth_of(schemes) == Some(true)).is_none() {
                continue;
            }
            self.rows.id.push(id);
            self.rows.factor.push(factor(batch, row));
            self.keep_times(batch, row);
        }
    }

    /// Adds a row to the table of its kind. `None` if there is no more room, or its value is none.
    fn index(&mut self, row: &Row<'_>, any_scheme: bool) -> Option<()> {
        let number = u32::try_from(self.next.len()).ok().filter(|number| *number < END)?;
        let compared = match row.kind {
            Kind::HostnamePort | Kind::DomainIp => row.host?,
            Kind::IpPort => row.ip?,
            Kind::HttpRequest => row.host.or(row.parts[0]).or(row.parts[2])?,
            _ => row.value,
        };
        let address = match row.kind {
            Kind::Ip | Kind::IpPort | Kind::Cidr => Some(network(compared)?),
            _ => None,
        };
        self.texts.push(compared)?;
        self.next.push(END);
        self.next_of_host.push(END);
        let hash = self.texts.hash(compared);
        match (row.kind, address) {
            (Kind::Cidr, Some((bits, prefix))) => self.add_network(bits, prefix, number),
            (_, Some((_, address))) => self.ips.add(address, number, &mut self.next),
            (Kind::Url, _) => {
                self.urls.add(hash, number, &mut self.next);
                if let Some(host) = row.host {
                    let host_port = self.texts.hash_pair(host, row.port);
                    self.url_hosts.add(host_port, number, &mut self.next_of_host);
                    self.hosts_of_urls.insert(self.texts.hash(host));
                    self.any_url = true;
                }
            }
            (Kind::Uri, _) => self.add_uri(compared, number),
            (Kind::UserAgent, _) => self.agents.add(hash, number, &mut self.next),
            (Kind::HttpRequest, _) if row.host.is_none() && row.parts[0].is_some() => {
                self.add_uri(compared, number);
            }
            (Kind::HttpRequest, _) if row.host.is_none() => {
                self.agents.add(hash, number, &mut self.next);
            }
            _ => self.hosts.add(hash, number, &mut self.next),
        }
        if matches!(row.kind, Kind::HttpRequest | Kind::DomainIp) {
            let own = |text: Option<&str>| text.map(str::to_owned);
            let ips = row.ip.unwrap_or_default().split(',').filter(|ip| !ip.is_empty());
            self.requests.push(Parts {
                row: number,
                host: own(row.host),
                ips: ips.map(str::to_owned).collect(),
                uri: own(row.parts[0]),
                method: own(row.parts[1]),
                user_agent: own(row.parts[2]),
            });
        }
        self.rows.kind.push(row.kind);
        self.rows.any_scheme.push(any_scheme);
        self.rows.port.push(row.port);
        Some(())
    }

    fn add_uri(&mut self, uri: &str, number: u32) {
        let hash = self.texts.hash(uri);
        self.uris.add(hash, number, &mut self.next);
        if uri.len() >= PREFIX_MIN {
            self.uri_lengths.extend(u32::try_from(uri.len()));
        }
    }

    fn add_network(&mut self, bits: u8, prefix: u128, number: u32) {
        let at = match self.networks.iter().position(|(known, _)| *known == bits) {
            Some(at) => at,
            None => {
                self.networks.push((bits, super::Chains::default()));
                self.networks.len() - 1
            }
        };
        self.networks[at].1.add(prefix, number, &mut self.next);
    }

    fn keep_times(&mut self, batch: &RecordBatch, row: usize) {
        let time = |name| at(batch, name).filter(|c| c.is_valid(row)).map(|c| c.value(row));
        let times = Times {
            first_seen: time("first_seen"),
            last_seen: time("last_seen"),
            valid_from: time("valid_from"),
            valid_until: time("valid_until"),
        };
        let any = [times.first_seen, times.last_seen, times.valid_from, times.valid_until];
        if any.iter().any(Option::is_some) {
            let number = u32::try_from(self.rows.id.len() - 1).unwrap_or(END);
            self.rows.windows.push((number, times));
        }
    }
}

/// What the source itself says of its confidence and threat level, in percent.
fn factor(batch: &RecordBatch, row: usize) -> u8 {
    let number = |name| whole(batch, name).filter(|c| c.is_valid(row)).map(|c| c.value(row));
    let own = number("confidence").map_or(100, |given| 50 + given.clamp(0, 100) / 2);
    let level = match number("threat_level") {
        Some(3) => 90,
        _ => 100,
    };
    u8::try_from(own * level / 100).unwrap_or(100)
}
