//! What should an analyst read first? Findings of one entity come together, the strongest entity first.

use std::collections::{BTreeMap, BTreeSet};

use storage::clock::Micros;

use crate::finding::{Finding, Level, plain};

/// Columns that name what a group is about, the most telling first: who did it, else where it went, else with what.
const KEYS: [&str; 9] = [
    "client_ip",
    "computer",
    "user",
    "host",
    "domain",
    "server_ip",
    "url",
    "user_agent",
    "proxy_name",
];
/// Columns that name a client. One that occurs with a single address only belongs to the group of that address.
const CLIENT: [&str; 2] = ["computer", "user"];

/// The same hunt about the same entity on one or more days.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread<'a> {
    /// The strongest first; never empty.
    pub findings: Vec<&'a Finding>,
}

impl<'a> Thread<'a> {
    /// The strongest finding.
    pub fn lead(&self) -> &'a Finding {
        self.findings[0]
    }
}

/// All findings about one client, or about one host where no client is named, and so on.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<'a> {
    /// The column that names the entity; empty where the findings name none.
    pub column: String,
    /// Its value.
    pub value: String,
    /// Other names of the same client: its computer, its user.
    pub also: Vec<String>,
    /// What was found, the strongest first.
    pub threads: Vec<Thread<'a>>,
    /// How many different hunts found something.
    pub hunts: usize,
    /// In how many groups the rarest of its hunts found something.
    pub rarest: usize,
}

impl Group<'_> {
    /// The level of its strongest finding.
    pub fn level(&self) -> Level {
        self.findings().map(|finding| finding.level).max().unwrap_or_default()
    }

    /// All its findings.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.threads.iter().flat_map(|thread| thread.findings.iter().copied())
    }

    /// Time of its first row.
    pub fn first(&self) -> Micros {
        self.findings().map(|finding| finding.first).min().unwrap_or_default()
    }

    /// Time of its last row.
    pub fn last(&self) -> Micros {
        self.findings().map(|finding| finding.last).max().unwrap_or_default()
    }

    /// The best score of a finding of its own level.
    fn score(&self) -> f64 {
        let level = self.level();
        let strongest = self.findings().filter(|finding| finding.level == level);
        strongest.filter_map(|finding| finding.score).fold(0.0, f64::max)
    }

    /// How many different hunts found something that deserves a look.
    fn telling(&self) -> usize {
        let telling = self.findings().filter(|finding| finding.level >= Level::Medium);
        telling.map(|finding| &finding.hunt).collect::<BTreeSet<_>>().len()
    }
}

/// Groups findings by entity, in the order of reading: by level; then by how many different hunts agree, since two
/// weak signs of different kinds say more than one repeated; then by score; then what few others have.
pub fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
    let addresses = addresses(findings);
    let mut by_entity: BTreeMap<(String, String), Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        by_entity.entry(key(finding, &addresses)).or_default().push(finding);
    }
    let mut groups: Vec<_> =
        by_entity.into_iter().map(|((column, value), found)| group(column, value, found)).collect();
    count_rarity(&mut groups);
    groups.sort_by(|a, b| {
        (b.level().cmp(&a.level()))
            .then_with(|| b.telling().cmp(&a.telling()))
            .then_with(|| b.score().total_cmp(&a.score()))
            .then_with(|| a.rarest.cmp(&b.rarest))
            .then_with(|| b.hunts.cmp(&a.hunts))
            .then_with(|| (&a.column, &a.value).cmp(&(&b.column, &b.value)))
    });
    groups
}

/// The one address that each computer and user occurs with in the findings; none where there are several.
fn addresses(findings: &[Finding]) -> BTreeMap<(&'static str, String), Option<String>> {
    let mut all: BTreeMap<(&'static str, String), Option<String>> = BTreeMap::new();
    for finding in findings {
        let Some(address) = finding.of("client_ip") else { continue };
        for column in CLIENT {
            let Some(name) = finding.of(column) else { continue };
            let known = all.entry((column, name)).or_insert_with(|| Some(address.clone()));
            if known.as_ref() != Some(&address) {
                *known = None;
            }
        }
    }
    all
}

fn key(
    finding: &Finding,
    addresses: &BTreeMap<(&'static str, String), Option<String>>,
) -> (String, String) {
    for column in KEYS {
        let Some(value) = finding.of(column) else { continue };
        if let Some(client) = CLIENT.into_iter().find(|client| *client == column)
            && let Some(Some(address)) = addresses.get(&(client, value.clone()))
        {
            return ("client_ip".into(), address.clone());
        }
        return (column.into(), value);
    }
    let first = finding.entity.first();
    first.map_or_else(Default::default, |(column, value)| (column.clone(), plain(value)))
}

/// By level, then score, then rows.
fn stronger(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    (b.level.cmp(&a.level))
        .then_with(|| b.score.unwrap_or(0.0).total_cmp(&a.score.unwrap_or(0.0)))
        .then_with(|| b.count.cmp(&a.count))
        .then_with(|| a.first.cmp(&b.first))
        .then_with(|| a.id.cmp(&b.id))
}

fn group<'a>(column: String, value: String, found: Vec<&'a Finding>) -> Group<'a> {
    let mut by_thread: BTreeMap<(&str, String), Vec<&'a Finding>> = BTreeMap::new();
    let mut also = BTreeSet::new();
    for finding in found {
        if column == "client_ip" {
            also.extend(CLIENT.into_iter().filter_map(|name| finding.of(name)));
        }
        by_thread.entry((&finding.hunt, finding.entity_line())).or_default().push(finding);
    }
    let mut threads: Vec<_> = by_thread
        .into_values()
        .map(|mut findings| {
            findings.sort_by(|a, b| stronger(a, b));
            Thread { findings }
        })
        .collect();
    threads.sort_by(|a, b| stronger(a.lead(), b.lead()));
    let hunts = threads.iter().map(|thread| &thread.lead().hunt).collect::<BTreeSet<_>>().len();
    Group { column, value, also: also.into_iter().collect(), threads, hunts, rarest: 0 }
}

fn count_rarity(groups: &mut [Group<'_>]) {
    let mut common: BTreeMap<String, usize> = BTreeMap::new();
    for group in &*groups {
        let hunts: BTreeSet<_> = group.findings().map(|finding| finding.hunt.clone()).collect();
        for hunt in hunts {
            *common.entry(hunt).or_default() += 1;
        }
    }
    for group in groups {
        let in_groups = group.findings().filter_map(|finding| common.get(&finding.hunt));
        group.rarest = in_groups.min().copied().unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::finding::tests::finding;

    fn found(hunt: &str, level: Level, entity: &[(&str, &str)], day: &str) -> Finding {
        let entity: Vec<_> =
            entity.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let day = day.parse().unwrap();
        let id = Finding::id_of(hunt, &entity, day);
        Finding { id, hunt: hunt.into(), level, entity, day, score: None, ..finding() }
    }

    fn order(findings: &[Finding]) -> Vec<String> {
        groups(findings).into_iter().map(|group| group.value).collect()
    }

    #[test]
    fn level_comes_first_then_agreement() {
        let one = |hunt, level, client| found(hunt, level, &[("client_ip", client)], "2026-11-20");
        let findings = [
            one("a", Level::Medium, "10.0.0.1"),
            one("b", Level::Medium, "10.0.0.2"),
            one("a", Level::Medium, "10.0.0.2"),
            one("c", Level::High, "10.0.0.3"),
            one("d", Level::Low, "10.0.0.4"),
        ];
        assert_eq!(order(&findings), ["10.0.0.3", "10.0.0.2", "10.0.0.1", "10.0.0.4"]);
    }

    #[test]
    fn days_of_one_thing_are_one_thread() {
        let entity = [("client_ip", "10.0.0.1"), ("host", "a.example")];
        let findings = [
            found("a", Level::Low, &entity, "2026-11-19"),
            found("a", Level::High, &entity, "2026-11-20"),
            found("b", Level::Low, &entity, "2026-11-20"),
        ];
        let groups = groups(&findings);
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].threads.len(), groups[0].hunts), (2, 2));
        assert_eq!(groups[0].threads[0].lead().level, Level::High);
        assert_eq!(groups[0].threads[0].findings.len(), 2);
    }

    #[test]
    fn a_computer_with_one_address_joins_it() {
        let both = |client| [("client_ip", client), ("computer", "WS-7")];
        let day = "2026-11-20";
        let alone = found("b", Level::Low, &[("computer", "WS-7")], day);
        let one = found("a", Level::Low, &both("10.0.0.1"), day);
        let two = found("a", Level::Low, &both("10.0.0.2"), day);
        let joined = [one.clone(), alone.clone()];
        let joined = groups(&joined);
        assert_eq!((joined.len(), joined[0].also.as_slice()), (1, &["WS-7".to_owned()][..]));
        assert_eq!(order(&[one, two, alone]).len(), 3, "an address that changed proves nothing");
    }

    #[test]
    fn a_finding_without_an_entity_is_not_lost() {
        let findings = [found("a", Level::Low, &[], "2026-11-20")];
        assert_eq!(groups(&findings)[0].threads.len(), 1);
    }
}
