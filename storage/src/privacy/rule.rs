//! What does a privacy rule say of each column, and of each member of `extra`?

use std::collections::BTreeSet;

use super::Kind;
use crate::schema::Col;

/// How the members of `extra` are named in a rule: `extra.x-virus-id`.
const EXTRA_BEGINS: &str = "extra.";

/// What dwell itself says of a line: it stays under every rule.
const ALWAYS: &[Col] = &[
    Col::Ts,
    Col::TsQuality,
    Col::Verdict,
    Col::Cache,
    Col::Parse,
    Col::SourceId,
    Col::LineNo,
    Col::Day,
];

/// Columns that give back others, or a part of them: what goes with one that is dropped.
const GIVEN_BACK_BY: &[(Col, &[Col])] = &[
    (Col::Url, &[Col::Path, Col::Query, Col::Extension]),
    (Col::Scheme, &[Col::Url]),
    (Col::Host, &[Col::Url, Col::Domain, Col::Sni]),
    (Col::Port, &[Col::Url]),
    (Col::Path, &[Col::Url, Col::Query, Col::Extension]),
    (Col::ServerIp, &[Col::Peer]),
    (Col::Peer, &[Col::ServerIp]),
];

/// Columns that follow from others: what comes along with one that is kept.
const COMES_WITH: &[(Col, &[Col])] = &[
    (
        Col::Url,
        &[Col::Scheme, Col::Host, Col::Domain, Col::Port, Col::Path, Col::Query, Col::Extension],
    ),
    (Col::Host, &[Col::Domain]),
    (Col::Path, &[Col::Extension]),
];

/// Columns that can't be dropped alone, and what would still give them.
const FOLLOWS_FROM: &[(Col, Col)] = &[(Col::Domain, Col::Host), (Col::Extension, Col::Path)];

/// How many leading bits of an address are kept; the rest becomes 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Truncation {
    /// Of IPv4.
    pub v4: u8,
    /// Of IPv6.
    pub v6: u8,
}

impl Default for Truncation {
    fn default() -> Self {
        Self { v4: 24, v6: 48 }
    }
}

/// Which members of `extra` a rule leaves, apart from those that would give back what it takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    /// This one is named as one to be kept.
    Named,
    /// It is not named.
    Unnamed,
    /// It goes.
    Gone,
}

/// What is taken away from the rows of a source before they are stored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "RuleText", into = "RuleText")]
pub struct Rule {
    text: RuleText,
    /// For each column of [`Col::ALL`], whether it goes.
    gone: Vec<bool>,
}

/// A rule as it is written, in `dwell.toml` and in the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RuleText {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut_query: bool,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    drop: BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep: Option<BTreeSet<String>>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pseudonymise: BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate_ip: Option<Truncation>,
}

impl From<Rule> for RuleText {
    fn from(rule: Rule) -> Self {
        rule.text
    }
}

impl TryFrom<RuleText> for Rule {
    type Error = String;

    fn try_from(text: RuleText) -> Result<Self, String> {
        if text == RuleText::default() {
            return Err("a privacy rule that takes nothing away".into());
        }
        if text.keep.is_some() && !text.drop.is_empty() {
            return Err("`keep` and `drop` in one privacy rule: `keep` drops all others".into());
        }
        let mut gone = vec![text.keep.is_some(); Col::ALL.len()];
        for name in text.keep.iter().flatten().filter(|name| !is_member(name)) {
            let col = column(name)?;
            if col == Col::Raw {
                return Err("`raw` holds whole lines: no privacy rule can keep it".into());
            }
            with(col, COMES_WITH).for_each(|col| gone[col as usize] = false);
        }
        for name in text.drop.iter().filter(|name| !is_member(name)) {
            let col = column(name)?;
            if ALWAYS.contains(&col) {
                return Err(format!("`{name}` can't be dropped: dwell needs it"));
            }
            with(col, GIVEN_BACK_BY).for_each(|col| gone[col as usize] = true);
        }
        // A member of `extra` that is named is kept or dropped by its name, the column stays.
        if text.keep.iter().flatten().any(|name| is_member(name)) {
            gone[Col::Extra as usize] = false;
        }
        gone[Col::Query as usize] |= text.cut_query;
        gone[Col::Raw as usize] = true;
        ALWAYS.iter().for_each(|col| gone[*col as usize] = false);
        let rule = Self { text, gone };
        rule.check()?;
        Ok(rule)
    }
}

/// A column and those that go or come with it.
fn with(col: Col, others: &'static [(Col, &'static [Col])]) -> impl Iterator<Item = Col> {
    let others = others.iter().filter(move |(of, _)| *of == col);
    std::iter::once(col).chain(others.flat_map(|(_, others)| others.iter().copied()))
}

fn is_member(name: &str) -> bool {
    name.strip_prefix(EXTRA_BEGINS).is_some_and(|member| !member.is_empty())
}

fn column(name: &str) -> Result<Col, String> {
    Col::from_name(name).ok_or_else(|| {
        format!("`{name}` is no column of requests; fields without a column are `extra.NAME`")
    })
}

impl Rule {
    /// What contradicts itself, or would promise more than it does.
    fn check(&self) -> Result<(), String> {
        let text = &self.text;
        for name in &text.pseudonymise {
            let Some(kind) = Kind::from_name(name) else {
                return Err(format!(
                    "`{name}` can't be pseudonymised; user, client_ip and computer can"
                ));
            };
            if self.is_gone(kind.col()) {
                return Err(format!("`{name}` is pseudonymised, but not kept"));
            }
        }
        if let Some(bits) = text.truncate_ip {
            if bits.v4 > 32 || bits.v6 > 128 {
                return Err("truncate_ip keeps at most 32 bits of v4 and 128 of v6".into());
            }
            if self.is_gone(Col::ClientIp) {
                return Err("client_ip is truncated, but not kept".into());
            }
            if self.is_pseudonymised(Kind::ClientIp) {
                return Err("client_ip is both truncated and pseudonymised: choose one".into());
            }
        }
        if text.keep.is_none() {
            for (col, from) in FOLLOWS_FROM {
                if self.is_gone(*col) && !self.is_gone(*from) {
                    let (col, from) = (col.name(), from.name());
                    return Err(format!("`{from}` gives `{col}` back: drop `{from}`"));
                }
            }
        }
        Ok(())
    }

    /// Whether nothing of a column is kept.
    pub fn is_gone(&self, col: Col) -> bool {
        self.gone[col as usize]
    }

    /// Whether pseudonyms stand in the column of this kind.
    pub fn is_pseudonymised(&self, kind: Kind) -> bool {
        self.text.pseudonymise.contains(kind.col().name())
    }

    /// How addresses of clients are truncated.
    pub fn truncation(&self) -> Option<Truncation> {
        self.text.truncate_ip
    }

    /// Whether URLs are kept without query, fragment and the user's name.
    pub fn cuts_query(&self) -> bool {
        self.text.cut_query
    }

    /// Whether a column is not kept as logged.
    pub fn touches(&self, col: Col) -> bool {
        let cut = match col {
            Col::Url => self.is_gone(Col::Query) || self.touches(Col::User),
            Col::Referer => self.cuts_query() || self.touches(Col::User),
            Col::ClientIp => self.truncation().is_some(),
            _ => false,
        };
        cut || self.is_gone(col) || Kind::of(col).is_some_and(|kind| self.is_pseudonymised(kind))
    }

    /// What the rule says of a member of `extra` by its name, in any case.
    pub fn extra(&self, name: &str) -> Extra {
        let named = |set: &BTreeSet<String>| {
            set.iter()
                .filter_map(|entry| entry.strip_prefix(EXTRA_BEGINS))
                .any(|member| member.eq_ignore_ascii_case(name))
        };
        let all = |set: &BTreeSet<String>| set.contains(Col::Extra.name());
        match &self.text.keep {
            Some(keep) if named(keep) => Extra::Named,
            Some(keep) if all(keep) => Extra::Unnamed,
            Some(_) => Extra::Gone,
            None if named(&self.text.drop) || all(&self.text.drop) => Extra::Gone,
            None => Extra::Unnamed,
        }
    }

    /// What it takes away, in a few words, without any of it.
    pub fn describe(&self) -> String {
        let text = &self.text;
        let list = |names: &BTreeSet<String>| {
            names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
        };
        let mut parts = Vec::new();
        match &text.keep {
            Some(keep) if keep.is_empty() => parts.push("no logged field kept".to_owned()),
            Some(keep) => parts.push(format!("only {} kept", list(keep))),
            None => {}
        }
        if !text.drop.is_empty() {
            parts.push(format!("{} dropped", list(&text.drop)));
        }
        if text.cut_query {
            parts.push("query strings cut".into());
        }
        if let Some(bits) = text.truncate_ip {
            parts.push(format!("client_ip truncated to /{} and /{}", bits.v4, bits.v6));
        }
        if !text.pseudonymise.is_empty() {
            parts.push(format!("{} pseudonymised", list(&text.pseudonymise)));
        }
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        toml::from_str(text).unwrap()
    }

    fn refused(text: &str) -> String {
        toml::from_str::<Rule>(text).unwrap_err().message().to_owned()
    }

    #[test]
    fn dropping_takes_along_what_would_give_it_back() {
        let host = rule("drop = ['host', 'cookie']");
        for col in [Col::Host, Col::Domain, Col::Sni, Col::Url, Col::Cookie, Col::Raw] {
            assert!(host.is_gone(col), "{col:?}");
        }
        for col in [Col::Ts, Col::Path, Col::Query, Col::Verdict, Col::Extra, Col::Day] {
            assert!(!host.is_gone(col), "{col:?}");
        }
        let query = rule("cut_query = true");
        assert!(query.is_gone(Col::Query) && !query.is_gone(Col::Url) && query.touches(Col::Url));
        assert!(query.touches(Col::Referer) && !query.touches(Col::Host));
    }

    #[test]
    fn keeping_brings_along_what_follows() {
        let keep = rule("keep = ['url', 'extra.x-note']");
        for col in [Col::Url, Col::Host, Col::Domain, Col::Port, Col::Extra, Col::LineNo] {
            assert!(!keep.is_gone(col), "{col:?}");
        }
        for col in [Col::User, Col::ClientIp, Col::Action, Col::Raw] {
            assert!(keep.is_gone(col), "{col:?}");
        }
        assert_eq!(keep.extra("X-Note"), Extra::Named);
        assert_eq!(keep.extra("other"), Extra::Gone);
        assert!(rule("keep = []").is_gone(Col::Host));
        assert!(rule("keep = ['host']").is_gone(Col::Extra));
    }

    #[test]
    fn members_of_extra_are_named_by_the_vendor() {
        let drop = rule("drop = ['extra.x-virus-id']");
        assert_eq!(drop.extra("x-Virus-ID"), Extra::Gone);
        assert_eq!(drop.extra("x-other"), Extra::Unnamed);
        assert_eq!(rule("drop = ['extra']").extra("x"), Extra::Gone);
    }

    #[test]
    fn a_rule_is_written_as_it_was_read() {
        let all = rule(
            "keep = ['user', 'client_ip']\ncut_query = true\ntruncate_ip = { v4 = 16 }\n\
             pseudonymise = ['user']",
        );
        let json = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), all);
        assert_eq!(
            all.describe(),
            "only client_ip, user kept; query strings cut; client_ip truncated to /16 and /48; \
             user pseudonymised"
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (text, part) in [
            ("", "takes nothing away"),
            ("drop = ['usr']", "`usr` is no column"),
            ("drop = ['ts']", "dwell needs it"),
            ("drop = ['domain']", "`host` gives `domain` back"),
            ("keep = ['raw']", "whole lines"),
            ("keep = ['host']\ndrop = ['user']", "`keep` drops all others"),
            ("pseudonymise = ['host']", "can't be pseudonymised"),
            ("pseudonymise = ['user']\ndrop = ['user']", "not kept"),
            ("keep = ['host']\ntruncate_ip = {}", "not kept"),
            ("truncate_ip = { v4 = 33 }", "at most 32"),
            ("truncate_ip = { v5 = 3 }", "unknown field"),
            ("truncate_ip = {}\npseudonymise = ['client_ip']", "choose one"),
            ("hide = ['user']", "unknown field"),
        ] {
            let message = refused(text);
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
