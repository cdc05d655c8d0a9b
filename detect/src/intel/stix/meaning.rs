//! What does an alternative of a pattern name that a proxy log can show?

use super::super::indicator::{Kind, Value};
use super::super::normal::{self, Refused};
use super::parser::Comparison;

/// Why an alternative names nothing that a log can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// Something in it stands in no proxy log.
    Part,
    /// A value does not read.
    Refused(Refused),
    /// Its parts are more than one request has, or do not fit.
    Unfit,
}

impl Unseen {
    /// In words.
    pub fn why(&self) -> &'static str {
        match self {
            Self::Part => "a part of the pattern is not visible in proxy logs",
            Self::Refused(refused) => refused.why(),
            Self::Unfit => "its parts do not fit one request",
        }
    }
}

impl From<Refused> for Unseen {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

#[derive(Debug, Default)]
struct Parts<'a> {
    domains: Vec<&'a str>,
    hostnames: Vec<&'a str>,
    ips: Vec<&'a str>,
    resolved: Vec<&'a str>,
    urls: Vec<&'a str>,
    ports: Vec<&'a str>,
    uris: Vec<&'a str>,
    methods: Vec<&'a str>,
    agents: Vec<&'a str>,
}

/// What comparisons name together.
pub fn of(all: &[Comparison]) -> Result<Value, Unseen> {
    let mut parts = Parts::default();
    for comparison in all {
        parts.add(comparison)?;
    }
    parts.value()
}

/// Protocols that any request of a proxy has.
const PROTOCOLS: [&str; 8] = ["tcp", "http", "https", "tls", "ssl", "ipv4", "ipv6", "http-proxy"];

impl<'a> Parts<'a> {
    fn add(&mut self, comparison: &'a Comparison) -> Result<(), Unseen> {
        const HTTP: &str = "network-traffic:extensions.http-request-ext.";
        let value = comparison.value.as_str();
        let path = comparison.path.as_str();
        match path {
            "domain-name:value" => self.domains.push(value),
            "hostname:value" | "x-opencti-hostname:value" => self.hostnames.push(value),
            "domain-name:resolves_to_refs[*].value" => self.resolved.push(value),
            "ipv4-addr:value" | "ipv6-addr:value" => self.ips.push(value),
            "url:value" => self.urls.push(value),
            "network-traffic:dst_ref.type" | "network-traffic:src_ref.type" => {
                if !matches!(value, "ipv4-addr" | "ipv6-addr" | "domain-name") {
                    return Err(Unseen::Part);
                }
            }
            "network-traffic:dst_ref.value" | "network-traffic:src_ref.value" => {
                let list =
                    if normal::ip(value).is_ok() { &mut self.ips } else { &mut self.domains };
                list.push(value);
            }
            "network-traffic:dst_port" | "network-traffic:src_port" => self.ports.push(value),
            "network-traffic:protocols[*]" => {
                if !PROTOCOLS.contains(&value.to_ascii_lowercase().as_str()) {
                    return Err(Unseen::Part);
                }
            }
            _ => match path.strip_prefix(HTTP) {
                Some("request_method") => self.methods.push(value),
                Some("request_value") => self.uris.push(value),
                Some(header) => self.add_header(header, value)?,
                None => return Err(Unseen::Part),
            },
        }
        Ok(())
    }

    fn add_header(&mut self, member: &str, value: &'a str) -> Result<(), Unseen> {
        let header = member.strip_prefix("request_header.").ok_or(Unseen::Part)?;
        match header.trim_end_matches("[*]").to_ascii_lowercase().as_str() {
            "user-agent" => self.agents.push(value),
            "host" => self.hostnames.push(value),
            _ => return Err(Unseen::Part),
        }
        Ok(())
    }

    fn value(self) -> Result<Value, Unseen> {
        let http = self.uris.len() + self.methods.len() + self.agents.len();
        let hosts = self.domains.len() + self.hostnames.len();
        let counts =
            (hosts, self.ips.len(), self.resolved.len(), self.urls.len(), self.ports.len(), http);
        Ok(match counts {
            (1, 0, 0, 0, 0, 0) => match self.domains.first() {
                Some(domain) => normal::domain(domain)?,
                None => normal::hostname(first(&self.hostnames)?)?,
            },
            (1, 0, 0, 0, 1, 0) => normal::hostname_port(self.host()?, first(&self.ports)?)?,
            (1, 0, 1.., 0, 0, 0) => normal::domain_ip(self.host()?, &self.resolved)?,
            (0, 1, 0, 0, 0, 0) => normal::ip(first(&self.ips)?)?,
            (0, 1, 0, 0, 1, 0) => normal::ip_port(first(&self.ips)?, first(&self.ports)?)?,
            (0, 0, 0, 1, 0, 0) => normal::url_or_uri(first(&self.urls)?)?,
            (0, 0, 0, 0, 0, 1) => self.only_http()?,
            (0 | 1, 0 | 1, 0, 0, 0, 1..) if hosts + self.ips.len() < 2 => self.request()?,
            _ => return Err(Unseen::Unfit),
        })
    }

    fn host(&self) -> Result<&'a str, Unseen> {
        self.domains.first().or(self.hostnames.first()).copied().ok_or(Unseen::Unfit)
    }

    fn only_http(&self) -> Result<Value, Unseen> {
        if let Some(uri) = self.uris.first() {
            return Ok(normal::uri(uri)?);
        }
        if let Some(method) = self.methods.first() {
            return Ok(normal::method(method)?);
        }
        Ok(normal::user_agent(first(&self.agents)?)?)
    }

    /// Parts of one HTTP request.
    fn request(&self) -> Result<Value, Unseen> {
        if self.uris.len() > 1 || self.methods.len() > 1 || self.agents.len() > 1 {
            return Err(Unseen::Unfit);
        }
        let host = match (self.host().ok(), self.ips.first()) {
            (Some(host), _) => Some(normal::name(host)?),
            (None, Some(ip)) => Some(normal::address(ip)?.to_string()),
            (None, None) => None,
        };
        let method = self.methods.first().map(|m| normal::method(m)).transpose()?;
        let uri = self.uris.first().map(|uri| normal::uri(uri)).transpose()?;
        let agent = self.agents.first().map(|a| normal::user_agent(a)).transpose()?;
        if uri.as_ref().is_some_and(|uri| uri.kind != Kind::Uri) {
            return Err(Unseen::Unfit);
        }
        let text = |value: &Option<Value>| value.as_ref().map(|value| value.value.clone());
        let (method, uri, user_agent) = (text(&method), text(&uri), text(&agent));
        let target = format!("{}{}", host.as_deref().unwrap_or(""), uri.as_deref().unwrap_or(""));
        let agent = user_agent.as_deref().filter(|_| uri.is_none()).unwrap_or_default();
        let words = [method.as_deref().unwrap_or_default(), &target, agent];
        let value = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        Ok(Value { host, method, uri, user_agent, ..Value::plain(Kind::HttpRequest, value) })
    }
}

fn first<'a>(all: &[&'a str]) -> Result<&'a str, Unseen> {
    all.first().copied().ok_or(Unseen::Unfit)
}
