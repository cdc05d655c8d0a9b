//! What is a tuple of passive DNS, and what is its normal form?

use serde::Serialize;
use storage::clock::Micros;
use storage::observable::{addr, host};

/// A name, a type, an answer, and when it was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tuple {
    /// The lines it comes from; the first of them if there are many.
    pub lines: Vec<u64>,
    /// The name that was asked for: lower case, A-labels, no trailing dot.
    pub rrname: String,
    /// The type, by its name: `A`, `CNAME`, `TYPE65280`.
    pub rrtype: String,
    /// The answer, in normal form.
    pub rdata: String,
    /// First sighting.
    pub time_first: Micros,
    /// Last sighting.
    pub time_last: Micros,
    /// The last sighting and its time to live, where that was logged.
    pub valid_until: Option<Micros>,
    /// How often it was seen.
    pub count: Option<i64>,
    /// Whether the times are those of a zone file.
    pub from_zone: bool,
    /// Who saw it.
    pub sensor: Option<String>,
}

/// A record that became no tuple, or something that is wrong with a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The line, from 1.
    pub line: u64,
    /// What, in a few words; `warn: ` and `error: ` begin what concerns a whole stream.
    pub why: String,
    /// Whether it could not be read; else there was nothing in it, as in an answer without records.
    pub unreadable: bool,
}

/// What a reader has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The tuples.
    pub tuples: Vec<Tuple>,
    /// What became none.
    pub troubles: Vec<Trouble>,
}

impl Kept {
    pub(super) fn unreadable(&mut self, line: u64, why: impl Into<String>) {
        self.troubles.push(Trouble { line, why: why.into(), unreadable: true });
    }

    pub(super) fn empty(&mut self, line: u64, why: impl Into<String>) {
        self.troubles.push(Trouble { line, why: why.into(), unreadable: false });
    }
}

/// Types by number, the usual ones.
const TYPES: [(u16, &str); 40] = [
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (13, "HINFO"),
    (15, "MX"),
    (16, "TXT"),
    (17, "RP"),
    (18, "AFSDB"),
    (24, "SIG"),
    (25, "KEY"),
    (28, "AAAA"),
    (29, "LOC"),
    (33, "SRV"),
    (35, "NAPTR"),
    (36, "KX"),
    (37, "CERT"),
    (39, "DNAME"),
    (41, "OPT"),
    (42, "APL"),
    (43, "DS"),
    (44, "SSHFP"),
    (45, "IPSECKEY"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (49, "DHCID"),
    (50, "NSEC3"),
    (51, "NSEC3PARAM"),
    (52, "TLSA"),
    (53, "SMIMEA"),
    (55, "HIP"),
    (59, "CDS"),
    (60, "CDNSKEY"),
    (61, "OPENPGPKEY"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (99, "SPF"),
    (257, "CAA"),
];

/// The name of a type that is given by name or number.
pub fn rrtype(given: &str) -> Option<String> {
    let given = given.trim();
    let number = given.parse::<u16>().ok().or_else(|| {
        let digits = given.get(..4).filter(|head| head.eq_ignore_ascii_case("TYPE"))?;
        given[digits.len()..].parse().ok()
    });
    if let Some(number) = number {
        let known = TYPES.iter().find(|(known, _)| *known == number);
        return Some(known.map_or_else(|| format!("TYPE{number}"), |(_, name)| (*name).to_owned()));
    }
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let named = !given.is_empty() && given.len() <= 20 && given.bytes().all(letters);
    named.then(|| given.to_ascii_uppercase())
}

/// The longest name that is put into normal form.
const NAME_MAX: usize = 1024;

/// A name in normal form: that of hosts, with `*` and `_` as they stand; `.` is the root.
pub fn name(given: &str) -> Option<String> {
    let given = given.trim();
    if given == "." {
        return Some(".".to_owned());
    }
    if given.is_empty() || given.len() > NAME_MAX || given.contains(char::is_whitespace) {
        return None;
    }
    let plain = given.strip_suffix('.').unwrap_or(given);
    if plain.is_ascii() {
        // Escapes such as `\.` and the digits of reverse names are kept.
        return (!plain.is_empty()).then(|| plain.to_ascii_lowercase());
    }
    host::normalize(plain).map(std::borrow::Cow::into_owned)
}

/// An answer in normal form; `None` if an address is none.
pub fn rdata(rrtype: &str, given: &str) -> Option<String> {
    let given = given.trim();
    if given.is_empty() {
        return None;
    }
    match rrtype {
        "A" | "AAAA" => {
            let address = addr::normalize(given)?;
            (!given.starts_with('[') && !given.contains('%')).then(|| address.into_owned())
        }
        "CNAME" | "DNAME" | "NS" | "PTR" => Some(name(given).unwrap_or_else(|| given.to_owned())),
        "MX" | "SRV" | "KX" | "AFSDB" => Some(match given.rsplit_once(' ') {
            Some((numbers, target)) => match name(target) {
                Some(target) => format!("{numbers} {target}"),
                None => given.to_owned(),
            },
            None => name(given).unwrap_or_else(|| given.to_owned()),
        }),
        _ => Some(given.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn types_and_answers_have_one_form() {
        assert_eq!(rrtype("28").as_deref(), Some("AAAA"));
        assert_eq!(rrtype("type65280").as_deref(), Some("TYPE65280"));
        assert_eq!(rrtype("cname").as_deref(), Some("CNAME"));
        assert_eq!(rrtype("a b"), None);
        assert_eq!(rdata("MX", "10 Mail.Example.").as_deref(), Some("10 mail.example"));
        assert_eq!(rdata("AAAA", "2001:DB8:0::1").as_deref(), Some("2001:db8::1"));
        assert_eq!(rdata("A", "192.0.2.300"), None);
        assert_eq!(rdata("TXT", "\"Kept As It Is.\"").as_deref(), Some("\"Kept As It Is.\""));
    }

    proptest! {
        #[test]
        fn normal_forms_stay(text in "\\PC{0,30}") {
            if let Some(once) = name(&text) {
                prop_assert!(!once.is_empty());
            }
            for kind in ["A", "AAAA", "CNAME", "MX", "TXT"] {
                let _ = rdata(kind, &text);
            }
            let _ = rrtype(&text);
        }
    }
}
