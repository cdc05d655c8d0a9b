//! Which of a million indicators does a request meet? Hash tables over hosts and their suffixes, addresses and their
//! prefixes, URLs, paths and user agents; each is asked once for each suffix or prefix length, never one by one.

mod build;
mod find;
mod index;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use storage::clock::Micros;

use super::indicator::Kind;
use crate::finding::Level;
pub use build::{COLUMNS, asked};
use index::{Chains, Texts};

/// What is asked about: columns of a request as they are logged, in normal form where the column has one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// `host`
    pub host: Option<&'a str>,
    /// `url`
    pub url: Option<&'a str>,
    /// `server_ip`
    pub server_ip: Option<&'a str>,
    /// `port`
    pub port: Option<i32>,
    /// `user_agent`
    pub user_agent: Option<&'a str>,
    /// `ts`; without it no window is looked at.
    pub ts: Option<Micros>,
    /// `method`; without it a URL without scheme and path tells a tunnel.
    pub method: Option<&'a str>,
}

/// How a request met an indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// The whole URL.
    Url,
    /// Method, host, path and agent.
    Request,
    /// The host itself.
    Host,
    /// A host above it.
    Parent,
    /// The host, and the address that belongs to it.
    HostAndIp,
    /// Host or address, and the port.
    Port,
    /// The server's address.
    ServerIp,
    /// The host, which is an address.
    HostIp,
    /// A network of the server's address, or of a host that is an address.
    Network,
    /// Path and query.
    Uri,
    /// The beginning of path and query.
    UriPrefix,
    /// The user agent.
    UserAgent,
    /// Host and port of a tunnel, of a URL that can't be seen inside.
    Tunnel,
}

impl How {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Request => "request",
            Self::Host => "host",
            Self::Parent => "parent_host",
            Self::HostAndIp => "host_and_ip",
            Self::Port => "port",
            Self::ServerIp => "server_ip",
            Self::HostIp => "host_ip",
            Self::Network => "network",
            Self::Uri => "uri",
            Self::UriPrefix => "uri_prefix",
            Self::UserAgent => "user_agent",
            Self::Tunnel => "tunnel_host",
        }
    }

    /// How much it says by itself, 0 to 100.
    fn weight(self) -> u32 {
        match self {
            Self::Url | Self::HostAndIp => 95,
            Self::Request => 90,
            Self::Host | Self::Port => 85,
            Self::Parent => 80,
            Self::ServerIp | Self::HostIp | Self::UserAgent => 60,
            Self::Network | Self::Uri | Self::Tunnel => 40,
            Self::UriPrefix => 25,
        }
    }
}

/// Where a request lies relative to the sightings that a source tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The source tells none, or the request has no time.
    Unknown,
    /// Between first and last.
    Inside,
    /// Before the first.
    Before,
    /// After the last.
    After,
}

impl Window {
    /// Its name; none if it is unknown.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Unknown => None,
            Self::Inside => Some("inside"),
            Self::Before => Some("before"),
            Self::After => Some("after"),
        }
    }
}

/// A request met an indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The indicator: its row, counted over all batches that the matcher was built from.
    pub row: u32,
    /// What it names.
    pub kind: Kind,
    /// How it was met.
    pub how: How,
    /// 0 to 100: by how it was met, the source's own confidence, its threat level and its sightings.
    pub confidence: u8,
    /// A URL behind CONNECT, of which only host and port could be compared.
    pub degraded: bool,
    /// Where the request lies relative to the sightings.
    pub window: Window,
}

/// All indicators to hunt with, in tables. Those that their source does not mean for detection, and those in a
/// warninglist, are not among them.
#[derive(Debug, Default)]
pub struct Matcher {
    rows: Rows,
    texts: Texts,
    next: Vec<u32>,
    next_of_host: Vec<u32>,
    hosts: Chains<u64>,
    url_hosts: Chains<u64>,
    hosts_of_urls: HashSet<u64, BuildHasherDefault<index::Passed>>,
    urls: Chains<u64>,
    agents: Chains<u64>,
    uris: Chains<u64>,
    uri_lengths: Vec<u32>,
    ips: Chains<u128>,
    networks: Vec<(u8, Chains<u128>)>,
    requests: Vec<Parts>,
    any_url: bool,
}

/// What is kept of each indicator, column by column.
#[derive(Debug, Default)]
struct Rows {
    id: Vec<u32>,
    kind: Vec<Kind>,
    any_scheme: Vec<bool>,
    factor: Vec<u8>,
    port: Vec<u16>,
    windows: Vec<(u32, Times)>,
}

/// The times of an indicator that has any.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    first_seen: Option<Micros>,
    last_seen: Option<Micros>,
    valid_from: Option<Micros>,
    valid_until: Option<Micros>,
}

/// The parts of an `http_request` or `domain_ip`.
#[derive(Debug, Default)]
struct Parts {
    row: u32,
    host: Option<String>,
    ips: Vec<String>,
    uri: Option<String>,
    method: Option<String>,
    user_agent: Option<String>,
}

impl Hit {
    /// How much it matters, by its confidence.
    pub fn level(&self) -> Level {
        match self.confidence {
            70.. => Level::High,
            50.. => Level::Medium,
            30.. => Level::Low,
            _ => Level::Informational,
        }
    }
}

/// Which columns of a request the indicators of a matcher need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// The host, for anything.
    pub host: bool,
    /// The URL.
    pub url: bool,
    /// The server's address.
    pub server_ip: bool,
    /// The user agent.
    pub user_agent: bool,
}

impl Matcher {
    /// Whether there are indicators that a request may meet whatever its host: paths, and requests without a host.
    pub fn has_paths(&self) -> bool {
        !self.uris.is_empty()
    }

    /// Which columns it needs: others need not be read.
    pub fn needs(&self) -> Needs {
        let addresses = !self.ips.is_empty() || !self.networks.is_empty();
        let parts = !self.requests.is_empty();
        Needs {
            host: !self.is_empty(),
            url: self.any_url || parts || !self.uris.is_empty(),
            server_ip: addresses || parts,
            user_agent: !self.agents.is_empty() || parts,
        }
    }

    /// How many indicators it knows.
    pub fn len(&self) -> usize {
        self.rows.id.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.rows.id.is_empty()
    }
}
