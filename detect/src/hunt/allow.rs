//! Who or what is excused? An allow list: a line for each address, network, host, agent or user, with the hunts it holds
//! for, an end, and a reason.

use std::net::IpAddr;

use ipnet::IpNet;
use storage::clock::Micros;
use storage::day::Day;

use super::{Hunt, Wrong, quoted};
use crate::finding::Finding;

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A client or server, or the clients and servers of a network.
    Network(IpNet),
    /// A host with everything below it.
    Host(String),
    /// A user agent, exactly.
    Agent(String),
    /// A user, in any case.
    User(String),
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is excused.
    pub subject: Subject,
    /// Of which hunts; empty: of all that are excusable.
    pub hunts: Vec<String>,
    /// Until the beginning of this day.
    pub until: Option<Day>,
    /// Why.
    pub reason: String,
    /// The line it stands on, from 1.
    pub line: usize,
}

/// An allow list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allow {
    /// Its entries, in order.
    pub entries: Vec<Entry>,
}

impl Allow {
    /// Reads a list: `VALUE [TAB hunts=a,b] [TAB until=DATE] [TAB reason]`; `#` starts a comment at the beginning of a line
    /// or after a blank.
    ///
    /// # Errors
    /// The line that can't be read, and why.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let mut entries = Vec::new();
        for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = without_comment(line).trim();
            if !line.is_empty() {
                entries.push(entry(line, at + 1)?);
            }
        }
        Ok(Self { entries })
    }

    /// The entries that excuse what this hunt finds.
    pub fn for_hunt<'a>(
        &'a self,
        hunt: &'a str,
        excusable: bool,
        now_us: Micros,
    ) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| {
            let meant = if entry.hunts.is_empty() {
                excusable
            } else {
                entry.hunts.iter().any(|it| it == hunt)
            };
            meant && entry.until.is_none_or(|until| now_us < until.start())
        })
    }

    /// A predicate that is true of rows that are excused of this hunt; `None` if none are.
    pub fn predicate(&self, hunt: &Hunt, now_us: Micros) -> Option<String> {
        let entries = self.for_hunt(&hunt.id, hunt.excusable, now_us);
        let parts: Vec<_> = entries.map(|entry| sql(&entry.subject)).collect();
        (!parts.is_empty()).then(|| parts.join(" OR "))
    }

    /// Whether a finding is excused: by what it is about.
    pub fn excuses(&self, finding: &Finding, excusable: bool, now_us: Micros) -> bool {
        self.for_hunt(&finding.hunt, excusable, now_us).any(|entry| entry.subject.is_of(finding))
    }
}

fn without_comment(line: &str) -> &str {
    let comment = line.char_indices().find(|(at, c)| {
        *c == '#' && line[..*at].chars().next_back().is_none_or(char::is_whitespace)
    });
    comment.map_or(line, |(at, _)| &line[..at])
}

fn entry(line: &str, number: usize) -> Result<Entry, Wrong> {
    let wrong = |what: String| Wrong(format!("line {number}: {what}"));
    let mut fields = line.split('\t').map(str::trim).filter(|field| !field.is_empty());
    let value = fields.next().unwrap_or_default();
    let subject = subject(value).ok_or_else(|| {
        wrong(format!("`{value}` is no address, network, host, `ua:` agent or `user:` name"))
    })?;
    let mut entry =
        Entry { subject, hunts: Vec::new(), until: None, reason: String::new(), line: number };
    for field in fields {
        if let Some(hunts) = field.strip_prefix("hunts=") {
            entry.hunts = hunts.split(',').map(|it| it.trim().to_owned()).collect();
        } else if let Some(date) = field.strip_prefix("until=") {
            let day = date.parse().map_err(|_| wrong(format!("`{date}` is no day: 2026-12-31")))?;
            entry.until = Some(day);
        } else {
            entry.reason = [&entry.reason, field].map(str::trim).join(" ").trim().to_owned();
        }
    }
    Ok(entry)
}

fn subject(value: &str) -> Option<Subject> {
    if let Some(agent) = value.strip_prefix("ua:") {
        return Some(Subject::Agent(agent.trim().to_owned()));
    }
    if let Some(user) = value.strip_prefix("user:") {
        return Some(Subject::User(user.trim().to_lowercase()));
    }
    if let Ok(network) = value.parse::<IpNet>() {
        return Some(Subject::Network(network.trunc()));
    }
    let bare = value.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Some(Subject::Network(address.into()));
    }
    let host = value.trim_start_matches("*.").trim_matches('.').to_lowercase();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    (!host.is_empty() && host.chars().all(plain)).then_some(Subject::Host(host))
}

/// As a predicate over the columns of `requests`; NULL counts as false where it is used.
fn sql(subject: &Subject) -> String {
    match subject {
        Subject::Network(network) if network.prefix_len() == network.max_prefix_len() => {
            let address = quoted(&network.addr().to_string());
            format!("client_ip = {address} OR server_ip = {address} OR host = {address}")
        }
        Subject::Network(network) => {
            let network = quoted(&network.to_string());
            format!("ip_in(client_ip, {network}) OR ip_in(server_ip, {network})")
        }
        Subject::Host(host) => {
            // `_` and `%` are wildcards of LIKE.
            format!(
                "host = {} OR right(host, {}) = {}",
                quoted(host),
                host.len() + 1,
                quoted(&format!(".{host}"))
            )
        }
        Subject::Agent(agent) => format!("user_agent = {}", quoted(agent)),
        Subject::User(user) => format!("lower(\"user\") = {}", quoted(user)),
    }
}

impl Subject {
    fn is_of(&self, finding: &Finding) -> bool {
        let of = |column: &str| finding.of(column);
        match self {
            Self::Network(network) => ["client_ip", "server_ip", "host"].iter().any(|column| {
                let address = of(column).and_then(|text| text.parse::<IpAddr>().ok());
                address.is_some_and(|address| network.contains(&address))
            }),
            Self::Host(name) => ["host", "domain", "sni"].iter().any(|column| {
                of(column).is_some_and(|host| {
                    host == *name
                        || host.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'))
                })
            }),
            Self::Agent(agent) => of("user_agent").is_some_and(|it| it == *agent),
            Self::User(user) => of("user").is_some_and(|it| it.to_lowercase() == *user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::tests::finding;

    const LIST: &str = "# the house\n\
        10.1.0.0/16\thunts=connect-port, beacons\tuntil=2026-12-31\tthe lab  # of Anna\n\
        2001:db8::1\n\
        *.Example.com.\tour own\n\
        ua:Mozilla/5.0 (#1)\n\
        user:Anna\thunts=connect-port\n";

    #[test]
    fn a_list_is_read() {
        let list = Allow::parse(LIST).unwrap();
        assert_eq!(list.entries.len(), 5);
        let first = &list.entries[0];
        assert_eq!(first.hunts, ["connect-port", "beacons"]);
        assert_eq!((first.reason.as_str(), first.line), ("the lab", 2));
        assert_eq!(list.entries[2].subject, Subject::Host("example.com".into()));
        assert_eq!(list.entries[3].subject, Subject::Agent("Mozilla/5.0 (#1)".into()));
        let error = Allow::parse("a b\n").unwrap_err().to_string();
        assert!(error.starts_with("line 1: `a b` is no address"), "{error}");
    }

    #[test]
    fn an_entry_excuses_what_it_says_until_it_ends() {
        let list = Allow::parse(LIST).unwrap();
        let end = "2026-12-31".parse::<Day>().unwrap().start();
        assert!(list.excuses(&finding(), false, end - 1));
        assert!(!list.excuses(&finding(), false, end));
        let other = Finding { hunt: "other".into(), ..finding() };
        assert!(!list.excuses(&other, true, 0), "it names its hunts");
    }

    #[test]
    fn a_bare_entry_excuses_only_what_is_excusable() {
        let list = Allow::parse("10.1.2.3").unwrap();
        assert!(list.excuses(&finding(), true, 0));
        assert!(!list.excuses(&finding(), false, 0));
        let host = |host: &str| {
            let mut one = finding();
            one.entity = vec![("host".into(), host.into())];
            Allow::parse("corp.example").unwrap().excuses(&one, true, 0)
        };
        assert!(host("corp.example") && host("a.b.corp.example") && !host("badcorp.example"));
    }
}
