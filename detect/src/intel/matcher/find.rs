//! Which indicators does one request meet?

use std::net::IpAddr;

use super::build::PREFIX_MIN;
use super::{Hit, How, Matcher, Parts, Request, Times, Window};
use crate::intel::indicator::Kind;
use crate::intel::normal;
use crate::intel::warning::{masked, suffixes};
use storage::clock::Micros;

/// The longest path and query in which beginnings are looked for.
const URI_MAX: usize = 16_384;
/// How many indicators of one tunnel's host and port are looked at.
const TUNNEL_MAX: usize = 256;

/// What a source's sightings are worth outside of them, in percent.
const OUTSIDE: u32 = 60;

impl Matcher {
    /// All indicators that a request meets, appended to `hits`, in no order.
    pub fn find(&self, request: &Request<'_>, hits: &mut Vec<Hit>) {
        if let Some(host) = request.host {
            self.by_host(host, request, hits);
        }
        self.by_address(request, hits);
        if self.any_url
            && let Some(url) = request.url
        {
            self.by_url(url, request, hits);
        }
        if !self.uris.is_empty()
            && let Some(url) = request.url
        {
            self.by_uri(path_and_query(url), request, hits);
        }
        if let Some(agent) = request.user_agent {
            self.by_agent(agent, request, hits);
        }
    }

    /// The best hit: the most confident, of those the first indicator.
    pub fn best(&self, request: &Request<'_>, hits: &mut Vec<Hit>) -> Option<Hit> {
        hits.clear();
        self.find(request, hits);
        hits.iter().copied().max_by_key(|hit| (hit.confidence, std::cmp::Reverse(hit.row)))
    }

    /// Whether a request to this host may meet an indicator of hosts, URLs or addresses, whatever else is in it. Says yes
    /// too often rather than too rarely.
    pub fn may_meet_host(&self, host: &str) -> bool {
        let hash = self.texts.hash(host);
        if self.hosts_of_urls.contains(&hash) || self.hosts.of(hash, &self.next).next().is_some() {
            return true;
        }
        let above = |suffix: &str| {
            let mut rows = self.hosts.of(self.texts.hash(suffix), &self.next);
            rows.any(|row| self.kind(row) == Kind::Domain)
        };
        if suffixes(host).skip(1).any(above) {
            return true;
        }
        let Some(bits) = host.parse::<IpAddr>().ok().map(bits_of) else { return false };
        let in_network = |(known, table): &(u8, super::Chains<u128>)| {
            table.of(masked(bits, *known), &self.next).next().is_some()
        };
        self.ips.of(bits, &self.next).next().is_some() || self.networks.iter().any(in_network)
    }

    fn by_host(&self, host: &str, request: &Request<'_>, hits: &mut Vec<Hit>) {
        if self.hosts.is_empty() {
            return;
        }
        for suffix in suffixes(host) {
            let whole = suffix.len() == host.len();
            for row in self.hosts.of(self.texts.hash(suffix), &self.next) {
                if self.texts.get(row) != suffix {
                    continue;
                }
                let how = match self.kind(row) {
                    Kind::Domain if whole => How::Host,
                    Kind::Domain => How::Parent,
                    Kind::Hostname if whole => How::Host,
                    Kind::HostnamePort if whole && self.is_port(row, request) => How::Port,
                    Kind::DomainIp if whole => self.domain_ip(row, request),
                    Kind::HttpRequest if whole && self.is_request(row, request) => How::Request,
                    _ => continue,
                };
                self.hit(row, how, request, hits);
            }
        }
    }

    fn by_address(&self, request: &Request<'_>, hits: &mut Vec<Hit>) {
        if self.ips.is_empty() && self.networks.is_empty() {
            return;
        }
        let host = request.host.filter(|host| storage::observable::addr::is_address(host));
        let sides = [(request.server_ip, How::ServerIp), (host, How::HostIp)];
        let (mut met, before) = (None, hits.len());
        for (text, how) in sides {
            let Some(address) = text.and_then(|text| text.parse::<IpAddr>().ok()) else { continue };
            let bits = bits_of(address);
            if met.replace(bits) == Some(bits) {
                continue;
            }
            for row in self.ips.of(bits, &self.next) {
                match self.kind(row) {
                    Kind::IpPort if !self.is_port(row, request) => {}
                    Kind::IpPort => self.hit(row, How::Port, request, hits),
                    _ => self.hit(row, how, request, hits),
                }
            }
            for (known, table) in &self.networks {
                for row in table.of(masked(bits, *known), &self.next) {
                    // A network that both addresses lie in is met once.
                    if !hits[before..].iter().any(|hit| hit.row == self.rows.id[row as usize]) {
                        self.hit(row, How::Network, request, hits);
                    }
                }
            }
        }
    }

    fn by_url(&self, url: &str, request: &Request<'_>, hits: &mut Vec<Hit>) {
        let tunnel = match request.method {
            Some(method) => method.eq_ignore_ascii_case("CONNECT"),
            None => !url.contains("://") && !url.starts_with('/'),
        };
        let port = request.port.and_then(|port| u16::try_from(port).ok());
        let known = |host: &str, port| {
            self.url_hosts.of(self.texts.hash_pair(host, port), &self.next_of_host)
        };
        if tunnel {
            let Some(host) = request.host else { return };
            let given = url.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
            let port = port.or(given).unwrap_or(443);
            // Without a scheme in its source a URL has no port of its own; inside a tunnel that is https.
            let any = known(host, 0).filter(|_| port == 443);
            for row in known(host, port).chain(any).take(TUNNEL_MAX) {
                if self.is_url_of(row, host) {
                    self.hit(row, How::Tunnel, request, hits);
                }
            }
            return;
        }
        // Most requests go to hosts of which no URL is listed: theirs need not be put into normal form.
        if let (Some(host), Some(port)) = (request.host, port)
            && known(host, port).next().is_none()
            && known(host, 0).next().is_none()
        {
            return;
        }
        let Some(normal) = normal::request_url(url) else { return };
        self.urls_at(&normal, false, request, hits);
        if let Some((_, bare)) = normal.split_once("://") {
            self.urls_at(bare, true, request, hits);
        }
    }

    fn urls_at(&self, url: &str, any_scheme: bool, request: &Request<'_>, hits: &mut Vec<Hit>) {
        for row in self.urls.of(self.texts.hash(url), &self.next) {
            if self.texts.get(row) == url && self.rows.any_scheme[row as usize] == any_scheme {
                self.hit(row, How::Url, request, hits);
            }
        }
    }

    /// Whether the URL of a row is one of this host: the hash said so, this makes sure.
    fn is_url_of(&self, row: u32, host: &str) -> bool {
        let url = self.texts.get(row);
        let url = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = url.split(['/', '?']).next().unwrap_or("");
        let authority = authority.rsplit_once('@').map_or(authority, |(_, rest)| rest);
        let bare = authority.trim_start_matches('[');
        bare.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ']']))
    }

    fn by_uri(&self, uri: &str, request: &Request<'_>, hits: &mut Vec<Hit>) {
        if uri.is_empty() {
            return;
        }
        self.uris_at(uri, uri, How::Uri, request, hits);
        if let Some(relative) = uri.strip_prefix('/').filter(|rest| !rest.is_empty()) {
            self.uris_at(relative, uri, How::Uri, request, hits);
        }
        if uri.len() > URI_MAX {
            return;
        }
        for length in &self.uri_lengths {
            let length = *length as usize;
            if length >= uri.len() {
                break;
            }
            let Some(head) = uri.get(..length).filter(|head| head.len() >= PREFIX_MIN) else {
                continue;
            };
            // A beginning ends where a part ends, not within a word.
            let ends = head.ends_with(['=', '/', '?', '&']);
            if ends || uri[length..].starts_with(['?', '&', '#', ';', '/']) {
                self.uris_at(head, uri, How::UriPrefix, request, hits);
            }
        }
    }

    fn uris_at(&self, at: &str, whole: &str, how: How, request: &Request<'_>, hits: &mut Vec<Hit>) {
        for row in self.uris.of(self.texts.hash(at), &self.next) {
            if self.texts.get(row) != at {
                continue;
            }
            match self.kind(row) {
                Kind::HttpRequest => {
                    if at.len() == whole.len() && self.is_request(row, request) {
                        self.hit(row, How::Request, request, hits);
                    }
                }
                _ => self.hit(row, how, request, hits),
            }
        }
    }

    fn by_agent(&self, agent: &str, request: &Request<'_>, hits: &mut Vec<Hit>) {
        if self.agents.is_empty() {
            return;
        }
        for row in self.agents.of(self.texts.hash(agent), &self.next) {
            if self.texts.get(row) != agent {
                continue;
            }
            match self.kind(row) {
                Kind::HttpRequest if !self.is_request(row, request) => {}
                Kind::HttpRequest => self.hit(row, How::Request, request, hits),
                _ => self.hit(row, How::UserAgent, request, hits),
            }
        }
    }

    fn kind(&self, row: u32) -> Kind {
        self.rows.kind[row as usize]
    }

    fn is_port(&self, row: u32, request: &Request<'_>) -> bool {
        request.port == Some(i32::from(self.rows.port[row as usize]))
    }

    fn parts(&self, row: u32) -> Option<&Parts> {
        let at = self.requests.binary_search_by_key(&row, |parts| parts.row).ok()?;
        self.requests.get(at)
    }

    fn domain_ip(&self, row: u32, request: &Request<'_>) -> How {
        let of_it =
            |parts: &Parts| parts.ips.iter().any(|ip| request.server_ip == Some(ip.as_str()));
        if self.parts(row).is_some_and(of_it) { How::HostAndIp } else { How::Host }
    }

    /// Whether all parts of an `http_request` are those of this request.
    fn is_request(&self, row: u32, request: &Request<'_>) -> bool {
        let Some(parts) = self.parts(row) else { return false };
        let same = |part: &Option<String>, given: Option<&str>| {
            part.as_deref().is_none_or(|part| given == Some(part))
        };
        let method = match (&parts.method, request.method) {
            (Some(method), Some(given)) => given.eq_ignore_ascii_case(method),
            _ => true,
        };
        method
            && same(&parts.host, request.host)
            && same(&parts.user_agent, request.user_agent)
            && same(&parts.uri, request.url.map(path_and_query))
    }

    fn hit(&self, row: u32, how: How, request: &Request<'_>, hits: &mut Vec<Hit>) {
        let Some(window) = self.window(row, request.ts) else { return };
        let at = row as usize;
        let outside = matches!(window, Window::Before | Window::After);
        let mut confidence = how.weight() * u32::from(self.rows.factor[at]) / 100;
        if outside {
            confidence = confidence * OUTSIDE / 100;
        }
        hits.push(Hit {
            row: self.rows.id[at],
            kind: self.rows.kind[at],
            how,
            confidence: u8::try_from(confidence).unwrap_or(100),
            degraded: how == How::Tunnel,
            window,
        });
    }

    /// Where a time lies; `None` if the indicator says nothing about it.
    fn window(&self, row: u32, ts: Option<Micros>) -> Option<Window> {
        let Some(ts) = ts else { return Some(Window::Unknown) };
        let windows = &self.rows.windows;
        let Ok(at) = windows.binary_search_by_key(&row, |(row, _)| *row) else {
            return Some(Window::Unknown);
        };
        let Times { first_seen, last_seen, valid_from, valid_until } = windows[at].1;
        if valid_from.is_some_and(|from| ts < from) || valid_until.is_some_and(|until| ts >= until)
        {
            return None;
        }
        Some(match (first_seen, last_seen) {
            (Some(first), _) if ts < first => Window::Before,
            (_, Some(last)) if ts > last => Window::After,
            (None, None) => Window::Unknown,
            _ => Window::Inside,
        })
    }
}

/// An address in 128 bits.
fn bits_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(ip) => u128::from(ip.to_ipv6_mapped()),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

/// Path and query of a URL as it is logged; all of it if it is no absolute URL but a path.
fn path_and_query(url: &str) -> &str {
    if url.starts_with('/') {
        return url;
    }
    let Some((_, rest)) = url.split_once("://") else { return "" };
    rest.find(['/', '?']).map_or("", |at| &rest[at..])
}
