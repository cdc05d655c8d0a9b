//! Which user agents are usual in a house, and which system do its computers have, by their names? Planned from its own quiet weeks.

use super::flags::{Flag, flags};
use super::{Class, classify, computer, info, is_empty};
use crate::agents::pattern::pattern;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of a kept list.
pub const VERSION: u32 = 1;
/// From this share of the computers with such a name on a system is usual.
const USUAL: f64 = 0.9;
/// Names that fewer computers share tell nothing.
const COMPUTERS_MIN: u64 = 5;

/// An agent of a client in the weeks that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The agent.
    pub agent: String,
    /// The client's address, or the user.
    pub client: String,
    /// The client's device name.
    pub computer: Option<String>,
    /// Its requests.
    pub requests: u64,
    /// The first day, as a date.
    pub first: String,
    /// The last day.
    pub last: String,
}

/// A program that is accepted, whatever its version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// The agent without versions, as `ua_pattern` gives it.
    pub pattern: String,
    /// Its class.
    pub class: String,
    /// How many clients sent it.
    pub clients: u64,
    /// Requests with it.
    pub requests: u64,
    /// The first day that was seen.
    pub first: String,
    /// The last day that was seen.
    pub last: String,
    /// One of the agents, as it was sent.
    pub example: String,
}

/// The usual system of computers with such a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Platform {
    /// The pattern of their names, as `computer_pattern` gives it, or its coarse form (`LAPTOP-*`).
    pub computers: String,
    /// The system that they have.
    pub system: String,
    /// How many have it.
    pub usual: u64,
    /// Of how many.
    pub named: u64,
}

/// The accepted list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// [`VERSION`].
    pub version: u32,
    /// How many clients a program needed.
    pub min_clients: u64,
    /// How many clients there were.
    pub clients: u64,
    /// Accepted programs, the most usual first.
    pub agents: Vec<Agent>,
    /// Usual systems.
    pub platforms: Vec<Platform>,
}

/// Makes the list of what at least `min_clients` clients sent. What attackers are known to send, or what cannot be, is never
/// accepted, however many send it.
pub fn plan(rows: &[Seen], min_clients: u64) -> Accepted {
    let mut programs: BTreeMap<String, (Agent, BTreeSet<&str>)> = BTreeMap::new();
    let mut clients = BTreeSet::new();
    for row in rows {
        clients.insert(row.client.as_str());
        if !acceptable(&row.agent) {
            continue;
        }
        let pattern = pattern(&row.agent);
        let (agent, by) = programs.entry(pattern.clone()).or_insert_with(|| {
            let class = classify(&row.agent).class.name().to_owned();
            let (first, last) = (row.first.clone(), row.last.clone());
            let example = row.agent.clone();
            (
                Agent { pattern, class, clients: 0, requests: 0, first, last, example },
                BTreeSet::new(),
            )
        });
        by.insert(&row.client);
        agent.requests += row.requests;
        if row.first < agent.first {
            agent.first.clone_from(&row.first);
        }
        if row.last > agent.last {
            agent.last.clone_from(&row.last);
            agent.example.clone_from(&row.agent);
        }
    }
    let mut agents: Vec<Agent> = programs
        .into_values()
        .map(|(agent, by)| Agent { clients: by.len() as u64, ..agent })
        .filter(|agent| agent.clients >= min_clients)
        .collect();
    agents.sort_by(|a, b| (b.clients, &a.pattern).cmp(&(a.clients, &b.pattern)));
    let (platforms, clients) = (platforms(rows), clients.len() as u64);
    Accepted { version: VERSION, min_clients, clients, agents, platforms }
}

fn acceptable(agent: &str) -> bool {
    let class = classify(agent).class;
    let odd = |flag: &Flag| matches!(flag, Flag::Impossible | Flag::KnownC2 | Flag::Base64);
    !is_empty(agent)
        && !matches!(class, Class::C2 | Class::Hacktool)
        && !flags(agent).iter().any(odd)
}

/// The family of a system, as far as hunters tell them apart; `None` for what has no place on a desk or in a pocket.
pub fn family(system: &str) -> Option<&'static str> {
    match system {
        "Mac OS X" | "Mac OS" => Some("macOS"),
        "iOS" => Some("iOS"),
        "Android" => Some("Android"),
        "Chrome OS" => Some("Chrome OS"),
        "Linux" | "Ubuntu" | "Debian" | "Fedora" | "Red Hat" | "CentOS" | "SUSE" => Some("Linux"),
        windows if windows.starts_with("Windows") => Some("Windows"),
        _ => None,
    }
}

/// The usual system by fine and by coarse patterns of names.
fn platforms(rows: &[Seen]) -> Vec<Platform> {
    let mut kinds: BTreeMap<String, BTreeMap<&'static str, BTreeSet<String>>> = BTreeMap::new();
    for row in rows {
        let Some(name) = row.computer.as_deref().filter(|name| !name.is_empty()) else { continue };
        let class = classify(&row.agent).class;
        if !matches!(class, Class::Browser | Class::BrowserMobile) {
            continue;
        }
        let Some(system) = info::system(&row.agent).and_then(|system| family(&system)) else {
            continue;
        };
        for kind in BTreeSet::from([computer::pattern(name), computer::prefix(name)]) {
            let systems = kinds.entry(kind).or_default();
            systems.entry(system).or_default().insert(name.to_ascii_uppercase());
        }
    }
    let platform = |(computers, systems): (String, BTreeMap<&'static str, BTreeSet<String>>)| {
        let named = systems.values().flatten().collect::<BTreeSet<_>>().len() as u64;
        let (system, having) = systems.iter().max_by_key(|(_, having)| having.len())?;
        let usual = having.len() as u64;
        let enough = named >= COMPUTERS_MIN && usual as f64 >= USUAL * named as f64;
        enough.then(|| Platform { computers, system: (*system).to_owned(), usual, named })
    };
    kinds.into_iter().filter_map(platform).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(agent: &str, client: u32, computer: &str, day: u32) -> Seen {
        Seen {
            agent: agent.to_owned(),
            client: format!("10.0.0.{client}"),
            computer: Some(computer.to_owned()),
            requests: 3,
            first: format!("2026-11-{day:02}"),
            last: format!("2026-11-{day:02}"),
        }
    }

    #[test]
    fn what_many_send_is_accepted_whatever_its_version() {
        let mut rows = Vec::new();
        for client in 1..=6 {
            let chrome = format!(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36",
                140 + client
            );
            rows.push(seen(&chrome, client, &format!("LAPTOP-{client:03}"), client));
            rows.push(seen("sqlmap/1.8", client, "LAPTOP-001", 1));
            rows.push(seen("Mozilla/5.0 (Windows NT 9.0)", client, "LAPTOP-001", 1));
        }
        rows.push(seen("Inventarium/0.3", 1, "LAPTOP-001", 1));
        let list = plan(&rows, 3);
        assert_eq!((list.agents.len(), list.clients), (1, 6));
        let agent = &list.agents[0];
        assert!(agent.pattern.contains("Chrome/#"), "{agent:?}");
        assert_eq!((agent.clients, agent.requests, agent.class.as_str()), (6, 18, "browser"));
        assert_eq!((agent.first.as_str(), agent.last.as_str()), ("2026-11-01", "2026-11-06"));
        assert!(agent.example.contains("Chrome/146"));
        let platforms: Vec<_> =
            list.platforms.iter().map(|p| (p.computers.as_str(), p.system.as_str())).collect();
        assert_eq!(platforms, [("LAPTOP-#", "Windows"), ("LAPTOP-*", "Windows")]);
        assert_eq!(plan(&[], 1).agents, []);
    }
}
