//! What is an indicator, and what is told of a record that became none?

use serde::Serialize;
use storage::clock::Micros;

/// What an indicator names, and so what of a request it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A host and every host below it.
    Domain,
    /// A host alone.
    Hostname,
    /// An address.
    Ip,
    /// A network.
    Cidr,
    /// A URL, of any scheme if the source had none.
    Url,
    /// Path and query.
    Uri,
    /// An address and a port.
    IpPort,
    /// A host and a port.
    HostnamePort,
    /// A host, and addresses that it had.
    DomainIp,
    /// A user agent, literally.
    UserAgent,
    /// A method: context, never a hit alone.
    HttpMethod,
    /// Method, host, URI, user agent that belong together.
    HttpRequest,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::Domain,
        Self::Hostname,
        Self::Ip,
        Self::Cidr,
        Self::Url,
        Self::Uri,
        Self::IpPort,
        Self::HostnamePort,
        Self::DomainIp,
        Self::UserAgent,
        Self::HttpMethod,
        Self::HttpRequest,
    ];

    /// Its name, as it stands in the table `indicators`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Hostname => "hostname",
            Self::Ip => "ip",
            Self::Cidr => "cidr",
            Self::Url => "url",
            Self::Uri => "uri",
            Self::IpPort => "ip_port",
            Self::HostnamePort => "hostname_port",
            Self::DomainIp => "domain_ip",
            Self::UserAgent => "user_agent",
            Self::HttpMethod => "http_method",
            Self::HttpRequest => "http_request",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The type that MISP would give it: warninglists are limited to such types.
    pub fn misp_type(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Hostname => "hostname",
            Self::Ip | Self::Cidr => "ip-dst",
            Self::Url => "url",
            Self::Uri => "uri",
            Self::IpPort => "ip-dst|port",
            Self::HostnamePort => "hostname|port",
            Self::DomainIp => "domain|ip",
            Self::UserAgent => "user-agent",
            Self::HttpMethod => "http-method",
            Self::HttpRequest => "http-request",
        }
    }
}

/// Where in its source a record stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The UUID of an attribute of MISP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// The id of an object of STIX.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Place {
    /// A line.
    pub fn line(line: u64) -> Self {
        Self { line: Some(line), ..Self::default() }
    }

    /// An attribute of MISP.
    pub fn attribute(uuid: Option<&str>) -> Self {
        Self { attribute: uuid.map(str::to_owned), ..Self::default() }
    }

    /// An object of STIX.
    pub fn id(id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..Self::default() }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self { line: Some(line), .. } => write!(f, "line {line}"),
            Self { attribute: Some(uuid), .. } => write!(f, "attribute {uuid}"),
            Self { id: Some(id), .. } => write!(f, "{id}"),
            _ => f.write_str("file"),
        }
    }
}

/// What an indicator compares, in normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// What it names.
    pub kind: Kind,
    /// All of it in one text.
    pub value: String,
    /// The host of a URL or composite.
    pub host: Option<String>,
    /// The addresses of a composite; only a `domain_ip` has more than one.
    pub ips: Vec<String>,
    /// The port of a URL or composite.
    pub port: Option<u16>,
    /// The path and query of an `http_request`.
    pub uri: Option<String>,
    /// The method of an `http_request`.
    pub method: Option<String>,
    /// The user agent of an `http_request`.
    pub user_agent: Option<String>,
    /// A URL whose source had no scheme.
    pub any_scheme: bool,
}

impl Value {
    /// One without parts.
    pub fn plain(kind: Kind, value: String) -> Self {
        Self {
            kind,
            value,
            host: None,
            ips: Vec::new(),
            port: None,
            uri: None,
            method: None,
            user_agent: None,
            any_scheme: false,
        }
    }
}

/// What a source says around a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context {
    /// The type as the source calls it (MISP's).
    pub misp_type: Option<String>,
    /// Whether the source means it for detection; unsaid counts as yes.
    pub to_ids: Option<bool>,
    /// UUID of the event.
    pub event: Option<String>,
    /// Number of the event on its server.
    pub event_id: Option<i64>,
    /// What the event is about, or the name of the indicator.
    pub name: Option<String>,
    /// Who made it.
    pub orgc: Option<String>,
    /// The name of the object it belongs to.
    pub object: Option<String>,
    /// The UUID of that object.
    pub object_uuid: Option<String>,
    /// MISP's threat level: 1 high, 2 medium, 3 low, 4 undefined.
    pub threat_level: Option<i32>,
    /// Tags, TLP among them.
    pub tags: Vec<String>,
    /// First sighting.
    pub first_seen: Option<Micros>,
    /// Last sighting.
    pub last_seen: Option<Micros>,
    /// From when on it says anything (STIX).
    pub valid_from: Option<Micros>,
    /// Until when it says anything (STIX), exclusive.
    pub valid_until: Option<Micros>,
    /// The source's confidence, 0 to 100.
    pub confidence: Option<i32>,
    /// Whether it was online.
    pub status: Option<String>,
    /// What it does: `botnet_cc`, `malware_download`.
    pub threat: Option<String>,
    /// The family.
    pub malware: Option<String>,
}

/// One indicator of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Indicator {
    /// Where it stands.
    pub place: Place,
    /// What it compares.
    pub value: Value,
    /// The text as it stands in the source.
    pub raw: String,
    /// What is said around it.
    pub context: Context,
}

/// A record that became no indicator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// Its name or type in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The text as it stands in the source.
    pub raw: String,
    /// Why, in a few words.
    pub why: String,
    /// Whether it could not be read; else it was read and is none on purpose.
    pub unreadable: bool,
}

/// The longest piece of a source that is repeated in a report.
const RAW_MAX: usize = 500;

impl Skipped {
    /// A record that could not be read.
    pub fn unreadable(place: Place, raw: &str, why: impl Into<String>) -> Self {
        Self { place, name: None, raw: cut(raw), why: why.into(), unreadable: true }
    }

    /// A record that was read, and is none.
    pub fn left_out(place: Place, raw: &str, why: impl Into<String>) -> Self {
        Self { unreadable: false, ..Self::unreadable(place, raw, why) }
    }

    /// The same with its name.
    #[must_use]
    pub fn named(mut self, name: Option<&str>) -> Self {
        self.name = name.map(cut);
        self
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(RAW_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Who takes what a reader finds.
pub trait Found {
    /// An indicator.
    fn indicator(&mut self, indicator: Indicator);
    /// A record that became none.
    fn skipped(&mut self, skipped: Skipped);
    /// A record that only gives context, as its source says.
    fn context(&mut self) {}
}

/// Keeps all of it.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// The indicators.
    pub indicators: Vec<Indicator>,
    /// The records that became none.
    pub skipped: Vec<Skipped>,
    /// How many only give context.
    pub context: u64,
}

impl Found for Kept {
    fn indicator(&mut self, indicator: Indicator) {
        self.indicators.push(indicator);
    }

    fn skipped(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    fn context(&mut self) {
        self.context += 1;
    }
}
