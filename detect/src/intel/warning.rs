//! Which values are in the lists of others by mistake, as warninglists know?

use std::collections::HashMap;
use std::net::IpAddr;

use aho_corasick::AhoCorasick;
use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::normal;

/// The largest compiled expression of a list.
const REGEX_BYTES: usize = 1 << 20;

/// How the entries of a list are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// An address lies in the network.
    Cidr,
    /// A host is the entry or lies below it.
    Hostname,
    /// The value is the entry.
    String,
    /// The value holds the entry.
    Substring,
    /// The value matches the expression.
    Regex,
}

impl Form {
    /// MISP's name of it.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "cidr" => Self::Cidr,
            "hostname" => Self::Hostname,
            "string" => Self::String,
            "substring" => Self::Substring,
            "regex" => Self::Regex,
            _ => return None,
        })
    }

    /// An entry in the form in which it is compared; `None` if it is none.
    pub fn normal(self, entry: &str) -> Option<String> {
        match self {
            Self::Cidr => normal::ip(entry).ok().map(|value| value.value),
            Self::Hostname => {
                let entry = entry.trim().trim_start_matches('.');
                normal::name(entry)
                    .ok()
                    .or_else(|| normal::address(entry).ok().map(|a| a.to_string()))
            }
            Self::String | Self::Substring => (!entry.is_empty()).then(|| entry.to_owned()),
            Self::Regex => compiled(entry).map(|_| entry.to_owned()),
        }
    }
}

/// A PHP expression with its delimiters, if this engine knows all that stands in it.
fn compiled(entry: &str) -> Option<Regex> {
    let open = entry.chars().next().filter(|c| c.is_ascii_punctuation() && *c != '\\')?;
    let close = match open {
        '(' => ')',
        '{' => '}',
        '[' => ']',
        other => other,
    };
    let (body, flags) = entry[1..].rsplit_once(close)?;
    RegexBuilder::new(body)
        .case_insensitive(flags.contains('i'))
        .size_limit(REGEX_BYTES)
        .build()
        .ok()
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warninglist {
    /// Its name.
    pub name: String,
    /// How its entries are compared.
    pub form: Form,
    /// The types of MISP it is about; none means all.
    pub types: Vec<String>,
    /// Its entries, in normal form.
    pub entries: Vec<String>,
    /// Its version.
    pub version: Option<String>,
}

/// What of an indicator is compared.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its type, as MISP calls it.
    pub misp_type: &'a str,
    /// Its value.
    pub value: &'a str,
    /// Its host, if it has one.
    pub host: Option<&'a str>,
    /// Its address or network.
    pub ip: Option<&'a str>,
}

/// Many lists, put together so that a value is looked up in all of them at once.
#[derive(Debug, Default)]
pub struct Warnings {
    lists: Vec<(String, Vec<String>)>,
    hosts: HashMap<String, Vec<u32>>,
    strings: HashMap<String, Vec<u32>>,
    networks: Vec<(u8, HashMap<u128, Vec<u32>>)>,
    substrings: Option<(AhoCorasick, Vec<u32>)>,
    expressions: Vec<(Regex, u32)>,
}

impl Warnings {
    /// Puts lists together.
    pub fn new(lists: &[Warninglist]) -> Self {
        let mut all = Self::default();
        let mut pieces = (Vec::new(), Vec::new());
        for (number, list) in (0..).zip(lists) {
            all.lists.push((list.name.clone(), list.types.clone()));
            for entry in &list.entries {
                match list.form {
                    Form::Hostname => all.hosts.entry(entry.clone()).or_default().push(number),
                    Form::String => all.strings.entry(entry.clone()).or_default().push(number),
                    Form::Cidr => all.add_network(entry, number),
                    Form::Substring => {
                        pieces.0.push(entry);
                        pieces.1.push(number);
                    }
                    Form::Regex => all.expressions.extend(compiled(entry).map(|e| (e, number))),
                }
            }
        }
        if !pieces.0.is_empty() {
            all.substrings = AhoCorasick::new(&pieces.0).ok().map(|found| (found, pieces.1));
        }
        all
    }

    /// Whether there are no lists.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    fn add_network(&mut self, entry: &str, number: u32) {
        let Some((bits, prefix)) = network(entry) else { return };
        let at = match self.networks.iter().position(|(known, _)| *known == bits) {
            Some(at) => at,
            None => {
                self.networks.push((bits, HashMap::new()));
                self.networks.len() - 1
            }
        };
        self.networks[at].1.entry(prefix).or_default().push(number);
    }

    /// The names of the lists that hold it.
    pub fn of(&self, asked: Asked<'_>) -> Vec<&str> {
        let mut found = Vec::new();
        if let Some(host) = asked.host {
            for suffix in suffixes(host) {
                found.extend(self.hosts.get(suffix).into_iter().flatten());
            }
        }
        if let Some((bits, prefix)) = asked.ip.and_then(network) {
            for (known, table) in &self.networks {
                if *known <= bits {
                    found.extend(table.get(&masked(prefix, *known)).into_iter().flatten());
                }
            }
        }
        for text in [Some(asked.value), asked.host, asked.ip].into_iter().flatten() {
            found.extend(self.strings.get(text).into_iter().flatten());
        }
        if let Some((pieces, numbers)) = &self.substrings {
            found.extend(
                pieces.find_overlapping_iter(asked.value).map(|m| &numbers[m.pattern().as_usize()]),
            );
        }
        for (expression, number) in &self.expressions {
            if expression.is_match(asked.value) {
                found.push(number);
            }
        }
        found.sort_unstable();
        found.dedup();
        let names = found.into_iter().filter_map(|number| self.lists.get(*number as usize));
        let about =
            |types: &[String]| types.is_empty() || types.iter().any(|t| t == asked.misp_type);
        names.filter(|(_, types)| about(types)).map(|(name, _)| name.as_str()).collect()
    }
}

/// A name and every name above it: `a.b.c`, `b.c`, `c`.
pub(crate) fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    let starts = memchr::memchr_iter(b'.', name.as_bytes()).map(|at| at + 1);
    std::iter::once(0).chain(starts).filter_map(|at| name.get(at..))
}

/// Bits and prefix in 128 bits: IPv4 lies in `::ffff:0:0/96`.
pub(crate) fn network(text: &str) -> Option<(u8, u128)> {
    let net = match text.split_once('/') {
        Some(_) => text.parse::<IpNet>().ok()?,
        None => IpNet::from(text.parse::<IpAddr>().ok()?),
    };
    Some(match net {
        IpNet::V4(net) => {
            let bits = net.prefix_len() + 96;
            (bits, masked(u128::from(net.network().to_ipv6_mapped()), bits))
        }
        IpNet::V6(net) => (net.prefix_len(), u128::from(net.network())),
    })
}

/// The first `bits` bits.
pub(crate) fn masked(address: u128, bits: u8) -> u128 {
    match bits {
        0 => 0,
        bits => address & (u128::MAX << (128 - u32::from(bits.min(128)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(form: Form, types: &[&str], entries: &[&str]) -> Warninglist {
        let entries = entries.iter().filter_map(|entry| form.normal(entry)).collect();
        let types = types.iter().map(|t| (*t).to_owned()).collect();
        Warninglist { name: format!("{form:?}"), form, types, entries, version: None }
    }

    #[test]
    fn each_form_compares_in_its_way() {
        let all = Warnings::new(&[
            list(Form::Hostname, &["domain"], &[".Known.example", "cdn.example"]),
            list(Form::Cidr, &[], &["192.0.2.0/24", "2001:db8::/32"]),
            list(Form::String, &[], &["10"]),
            list(Form::Substring, &[], &["sink"]),
            list(Form::Regex, &[], &["/^test\\d+\\./i", "/(?<=x)lookbehind/"]),
        ]);
        let of = |misp_type, value, host, ip| all.of(Asked { misp_type, value, host, ip });
        assert_eq!(of("domain", "a.known.example", Some("a.known.example"), None), ["Hostname"]);
        assert!(of("url", "http://a.known.example/", Some("a.known.example"), None).is_empty());
        assert!(of("domain", "mycdn.example", Some("mycdn.example"), None).is_empty());
        assert_eq!(of("ip-dst", "192.0.2.9", None, Some("192.0.2.9")), ["Cidr"]);
        assert_eq!(of("ip-dst", "192.0.2.64/28", None, Some("192.0.2.64/28")), ["Cidr"]);
        assert!(of("ip-dst", "192.0.0.0/16", None, Some("192.0.0.0/16")).is_empty());
        assert_eq!(of("domain", "TEST7.sinkhole.example", None, None), ["Substring", "Regex"]);
        assert_eq!(of("other", "10", None, None), ["String"]);
    }
}
