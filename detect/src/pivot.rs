//! What is asked about one entity? Which columns may hold it, by its form, and the queries that tell its story.

use std::fmt::Write as _;

use crate::hunt::quoted;
use storage::observable::{addr, domain, host};

/// A column of `requests` that names an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An address that asks.
    ClientIp,
    /// An address that answers.
    ServerIp,
    /// A host that is asked.
    Host,
    /// A registered domain with all its hosts.
    Domain,
    /// A client's device name.
    Computer,
    /// An authenticated user.
    User,
    /// A program, by its user agent.
    UserAgent,
}

impl Kind {
    /// All kinds. Where several have rows equally often, the first one counts.
    pub const ALL: [Self; 7] = [
        Self::ClientIp,
        Self::Domain,
        Self::Host,
        Self::ServerIp,
        Self::Computer,
        Self::User,
        Self::UserAgent,
    ];

    /// The column's name.
    pub fn column(self) -> &'static str {
        match self {
            Self::ClientIp => "client_ip",
            Self::ServerIp => "server_ip",
            Self::Host => "host",
            Self::Domain => "domain",
            Self::Computer => "computer",
            Self::User => "user",
            Self::UserAgent => "user_agent",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let name = if name == "ua" { "user_agent" } else { name };
        Self::ALL.into_iter().find(|kind| kind.column() == name)
    }

    /// Whether it asks, instead of being asked.
    pub fn is_client(self) -> bool {
        matches!(self, Self::ClientIp | Self::Computer | Self::User)
    }

    /// Whom it meets: hosts for a client, clients for everything else.
    fn peer(self) -> &'static str {
        if self.is_client() { "host" } else { "coalesce(client_ip, \"user\")" }
    }

    /// What is counted beside its requests, each with a name; the first are those it meets.
    fn sections(self) -> &'static [(&'static str, &'static str)] {
        const CLIENT: &[(&str, &str)] = &[
            ("host", "host"),
            ("client_ip", "client_ip"),
            ("computer", "computer"),
            ("user", "\"user\""),
            ("user_agent", "user_agent"),
            ("method", "method"),
            ("status", "CAST(status AS VARCHAR)"),
            ("verdict", "verdict"),
            ("port", "CAST(port AS VARCHAR)"),
            ("content_type", "content_type"),
        ];
        const HOST: &[(&str, &str)] = &[
            ("client", "coalesce(client_ip, \"user\")"),
            ("host", "host"),
            ("server_ip", "server_ip"),
            ("user_agent", "user_agent"),
            ("method", "method"),
            ("status", "CAST(status AS VARCHAR)"),
            ("verdict", "verdict"),
            ("port", "CAST(port AS VARCHAR)"),
            ("content_type", "content_type"),
            ("path", "path"),
        ];
        const AGENT: &[(&str, &str)] = &[
            ("client", "coalesce(client_ip, \"user\")"),
            ("host", "host"),
            ("computer", "computer"),
            ("method", "method"),
            ("status", "CAST(status AS VARCHAR)"),
            ("verdict", "verdict"),
            ("port", "CAST(port AS VARCHAR)"),
        ];
        match self {
            Self::ClientIp | Self::Computer | Self::User => CLIENT,
            Self::Host | Self::Domain | Self::ServerIp => HOST,
            Self::UserAgent => AGENT,
        }
    }
}

/// What may be meant: a value in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The column.
    pub kind: Kind,
    /// The value, in the column's normal form.
    pub value: String,
}

impl Candidate {
    /// The rows about it, as a predicate over `requests`.
    pub fn predicate(&self) -> String {
        format!("\"{}\" = {}", self.kind.column(), quoted(&self.value))
    }
}

/// What an analyst may mean by `text`: `host:`, `user:`, `ua:` and so on in front of it decide; else its form says what it
/// can be, defanged or not, and the data say what it is.
pub fn candidates(text: &str) -> Vec<Candidate> {
    let text = text.trim();
    if let Some((name, value)) = text.split_once(':')
        && let Some(kind) = Kind::named(&name.to_ascii_lowercase())
    {
        return vec![Candidate { kind, value: normal(kind, value.trim()) }];
    }
    let bare = refanged(text);
    let target = target_of(&bare);
    let of = |kinds: &[Kind], value: &str| -> Vec<Candidate> {
        kinds.iter().map(|&kind| Candidate { kind, value: normal(kind, value) }).collect()
    };
    if let Some(address) = addr::normalize(target) {
        return of(&[Kind::ClientIp, Kind::Host, Kind::ServerIp], &address);
    }
    if target.len() < bare.len() {
        return of(&[Kind::Host], target);
    }
    let mut all = Vec::new();
    let is_name = !text.is_empty() && !text.contains([' ', '/', '(', '\\', '@']);
    if is_name && text.contains('.') {
        if domain::registered(&bare)
            .is_some_and(|registered| registered.eq_ignore_ascii_case(&bare))
        {
            all.extend(of(&[Kind::Domain], &bare));
        }
        all.extend(of(&[Kind::Host], &bare));
    }
    all.extend(of(&[Kind::Computer, Kind::User], text));
    if is_name && !text.contains('.') {
        all.extend(of(&[Kind::Host], &bare));
    }
    all.extend(of(&[Kind::UserAgent], text));
    all
}

fn normal(kind: Kind, value: &str) -> String {
    match kind {
        Kind::Host | Kind::Domain => {
            let bare = refanged(value);
            host::normalize(&bare).map_or_else(|| value.to_ascii_lowercase(), |it| it.into_owned())
        }
        Kind::ClientIp | Kind::ServerIp => {
            let bare = refanged(value);
            addr::normalize(&bare).map_or_else(|| value.to_owned(), |it| it.into_owned())
        }
        Kind::Computer | Kind::User | Kind::UserAgent => value.to_owned(),
    }
}

/// `hxxp://evil[.]example` as it was before somebody made it harmless.
fn refanged(text: &str) -> String {
    let text = text.replace("[.]", ".").replace("(.)", ".").replace("[:]", ":");
    match text.strip_prefix("hxxp") {
        Some(rest) => format!("http{rest}"),
        None => text,
    }
}

/// The host of a URL; anything else as it is.
fn target_of(text: &str) -> &str {
    let Some((scheme, rest)) = text.split_once("://") else { return text };
    if !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return text;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// One query that counts the rows of each candidate; its columns are numbered `c0`, `c1`, ...
pub fn which(candidates: &[Candidate]) -> String {
    let counts: Vec<_> = candidates
        .iter()
        .enumerate()
        .map(|(at, it)| {
            format!("coalesce(sum(CASE WHEN {} THEN 1 ELSE 0 END), 0) AS c{at}", it.predicate())
        })
        .collect();
    let any: Vec<_> = candidates.iter().map(Candidate::predicate).collect();
    format!("SELECT {} FROM requests WHERE {}", counts.join(", "), any.join(" OR "))
}

/// A part of an entity's story: rows of one shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What its values are: `all`, `day`, `hour`, or a column.
    pub name: &'static str,
    /// The query. Its columns: value, requests, peers, request_bytes, response_bytes, first, last, of.
    pub sql: String,
}

/// The story of an entity: all of it, by day, by hour, and by what else its rows have, at most `top` values each.
pub fn sections(entity: &Candidate, top: usize) -> Vec<Section> {
    let mut sections = vec![
        section(entity, "all", &quoted(&entity.value), None),
        section(entity, "day", "CAST(day AS VARCHAR)", None),
        section(entity, "hour", "to_char(date_trunc('hour', ts), '%Y-%m-%dT%H:00:00Z')", None),
    ];
    for &(name, expression) in entity.kind.sections() {
        if name != entity.kind.column() {
            sections.push(section(entity, name, expression, Some(top)));
        }
    }
    sections
}

fn section(entity: &Candidate, name: &'static str, value: &str, top: Option<usize>) -> Section {
    let (peer, rows) = (entity.kind.peer(), entity.predicate());
    let mut sql = format!(
        "SELECT value, count(*) AS requests, count(DISTINCT peer) AS peers, sum(request_bytes) AS request_bytes, \
         sum(response_bytes) AS response_bytes, min(ts) AS first, max(ts) AS last, count(*) OVER () AS of \
         FROM (SELECT {value} AS value, {peer} AS peer, request_bytes, response_bytes, ts FROM requests WHERE {rows}) AS about \
         WHERE value IS NOT NULL GROUP BY value"
    );
    match top {
        Some(top) => {
            let _ = write!(sql, " ORDER BY requests DESC, value LIMIT {top}");
        }
        None => sql.push_str(" ORDER BY value"),
    }
    Section { name, sql }
}

/// Its rows one by one, in the order of time, for timelines.
pub fn events(entity: &Candidate) -> String {
    format!(
        "SELECT ts, CAST(ts AS BIGINT) AS timestamp, client_ip, computer, \"user\", method, url, host, port, status, verdict, \
         request_bytes, response_bytes, content_type, user_agent, referer, server_ip, source_id, line_no \
         FROM requests WHERE {} ORDER BY ts, source_id, line_no",
        entity.predicate()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(&'static str, String)> {
        candidates(text).into_iter().map(|it| (it.kind.column(), it.value)).collect()
    }

    #[test]
    fn the_form_says_what_it_can_be() {
        assert_eq!(
            kinds("10.0.0.7").iter().map(|it| it.0).collect::<Vec<_>>(),
            ["client_ip", "host", "server_ip"]
        );
        assert_eq!(kinds("10[.]0[.]0[.]7")[0], ("client_ip", "10.0.0.7".into()));
        assert_eq!(kinds("hxxps://Evil[.]example:8443/x?y")[0], ("host", "evil.example".into()));
        assert_eq!(kinds("Evil.Example")[0], ("domain", "evil.example".into()));
        assert_eq!(kinds("www.evil.example")[0], ("host", "www.evil.example".into()));
        assert_eq!(kinds("WS-7")[0], ("computer", "WS-7".into()));
        assert_eq!(kinds("DOM\\anna")[1], ("user", "DOM\\anna".into()));
        assert!(kinds("Mozilla/5.0 (X11)").contains(&("user_agent", "Mozilla/5.0 (X11)".into())));
    }

    #[test]
    fn a_prefix_decides() {
        assert_eq!(kinds("ua:curl/8.1"), [("user_agent", "curl/8.1".into())]);
        assert_eq!(kinds("user:10.0.0.7"), [("user", "10.0.0.7".into())]);
        assert_eq!(kinds("host:EVIL.example."), [("host", "evil.example".into())]);
    }

    #[test]
    fn values_stay_values() {
        let all = candidates("user:x' OR '1'='1");
        assert_eq!(all[0].predicate(), "\"user\" = 'x'' OR ''1''=''1'");
        for section in sections(&all[0], 5) {
            assert!(section.sql.contains("'x'' OR ''1''=''1'"), "{}", section.sql);
        }
    }

    #[test]
    fn what_is_asked_about_is_no_section_of_its_own() {
        for kind in Kind::ALL {
            let entity = Candidate { kind, value: "x".into() };
            let names: Vec<_> = sections(&entity, 5).iter().map(|it| it.name).collect();
            assert_eq!(names[..3], ["all", "day", "hour"]);
            assert!(!names.contains(&kind.column()) && names.contains(&"method"));
        }
    }
}
