//! Which members of `extra` would give back what a rule takes away?
//!
//! A member goes if it is not kept by name; if it is named after a column, or a thing, that the rule touches; if it
//! holds an address, a query or a whole piece of the line; or if any value that is taken away from its row stands in
//! it. That is more than is needed, on purpose: vendors log the same thing in many places.

use std::collections::HashMap;

use serde_json::{Map, Value};
use storage::observable::addr;
use storage::privacy::{Extra, Kind, Rule};
use storage::schema::{Col, ColumnType};
use storage::segment::{ColumnData, NULL_CODE, RowGroup};

use super::text::{self, Values};

/// Members that hold whole pieces of a line, in which anything may stand.
const PIECES: &[&str] = &[
    "tail",
    "hr",
    "hs",
    "envelope",
    "request",
    "request_headers",
    "reply_headers",
    "message",
    "msg",
    "log",
    "event",
    "raw",
    "_raw",
    "rawdata",
    "syslogmessage",
    "original",
    "event.original",
    "body",
];

/// Words of a member's name that tell what it holds.
const CLIENT_WORDS: &[&str] = &[
    "ip",
    "addr",
    "address",
    "client",
    "src",
    "source",
    "remote",
    "forwarded",
    "via",
    "xff",
    "c",
    "a",
];
const USER_WORDS: &[&str] = &[
    "user",
    "username",
    "userid",
    "login",
    "auth",
    "authorization",
    "account",
    "uid",
    "un",
    "ul",
    "ui",
    "us",
    "ue",
    "subject",
    "principal",
    "email",
    "mail",
    "identity",
    "ident",
    "dn",
];
const COMPUTER_WORDS: &[&str] = &[
    "computer",
    "machine",
    "device",
    "client",
    "hostname",
    "workstation",
    "dns",
    "mac",
    "eui",
    "a",
];
const URL_WORDS: &[&str] =
    &["uri", "url", "query", "referer", "referrer", "location", "page", "ru", "rp"];

/// Classes of fields: the columns that bring them into play, and the words they go by.
const CLASSES: &[(&[Col], &[&str])] = &[
    (&[Col::ClientIp], CLIENT_WORDS),
    (&[Col::User], USER_WORDS),
    (&[Col::Computer], COMPUTER_WORDS),
    (&[Col::Url, Col::Query, Col::Referer], URL_WORDS),
    (&[Col::Cookie], &["cookie", "cookies"]),
    (&[Col::UserAgent], &["agent", "useragent"]),
];

/// Combinations of values that are remembered.
const REMEMBERED_MAX: usize = 1 << 16;

/// The members of one value of `extra` that may be kept, as far as names and forms tell.
type Members = Vec<(String, Value, Vec<String>)>;

/// The column `extra` as it may be kept.
pub(super) fn scrub(rule: &Rule, group: &RowGroup) -> ColumnData {
    let Some(data) = group.columns.get(Col::Extra as usize).filter(|_| !rule.is_gone(Col::Extra))
    else {
        return ColumnData::Null;
    };
    let touched: Vec<(Col, &ColumnData)> = Col::stored()
        .iter()
        .zip(&group.columns)
        .filter(|(col, _)| rule.touches(**col) && col.column().kind == ColumnType::Text)
        .map(|(col, data)| (*col, data))
        .collect();
    let parse = group.columns.get(Col::Parse as usize);
    let mut values = Values::default();
    let mut names = Names { rule, known: HashMap::new() };
    let mut members: HashMap<(u32, bool), Members> = HashMap::new();
    let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
    let mut combination = Vec::new();
    let mut codes = Vec::with_capacity(group.rows);
    for row in 0..group.rows {
        let code = text::code(data, row);
        let partial = parse.is_some_and(|parse| {
            text::value(parse, text::code(parse, row)).as_deref() == Some("partial")
        });
        combination.clear();
        combination.extend([code, u32::from(partial)]);
        combination.extend(touched.iter().map(|(_, data)| text::code(data, row)));
        if let Some(&code) = known.get(&combination) {
            codes.push(code);
            continue;
        }
        let found = members.entry((code, partial)).or_insert_with(|| {
            let json = text::value(data, code).unwrap_or_default();
            names.harmless(&json, partial)
        });
        let removed = touched.iter().filter_map(|(col, data)| {
            Some(spellings(*col, &text::value(data, text::code(data, row))?))
        });
        let removed: Vec<String> = removed.flatten().collect();
        let kept = object(found, &removed);
        let code = kept.map_or(NULL_CODE, |json| values.code(json.as_bytes()));
        // Where nothing comes again, remembering all of it is of no use.
        if known.len() >= REMEMBERED_MAX {
            known.clear();
            members.clear();
        }
        known.insert(combination.clone(), code);
        codes.push(code);
    }
    values.column(codes)
}

/// What a rule says of members by their names, each looked at once.
struct Names<'a> {
    rule: &'a Rule,
    known: HashMap<String, Extra>,
}

impl Names<'_> {
    /// The members that names and forms don't speak against.
    fn harmless(&mut self, json: &str, partial: bool) -> Members {
        let Ok(members) = serde_json::from_str::<Map<String, Value>>(json) else {
            return Vec::new();
        };
        let members = members.into_iter().filter_map(|(name, value)| {
            let by_name = self.of(&name);
            if by_name == Extra::Gone || by_name == Extra::Unnamed && partial {
                // What a row that was not understood holds is not understood either.
                return None;
            }
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if by_name == Extra::Unnamed && form_tells(self.rule, &text) {
                return None;
            }
            let plain = text.to_lowercase();
            let decoded = percent_decoded(&plain);
            let forms = if decoded == plain { vec![plain] } else { vec![plain, decoded] };
            Some((name, value, forms))
        });
        members.collect()
    }

    fn of(&mut self, name: &str) -> Extra {
        if let Some(&known) = self.known.get(name) {
            return known;
        }
        let said = match self.rule.extra(name) {
            Extra::Unnamed if name_tells(self.rule, name) => Extra::Gone,
            said => said,
        };
        self.known.insert(name.to_owned(), said);
        said
    }
}

/// The object of the members in which no value that was removed stands; `None` if there is none.
fn object(members: &Members, removed: &[String]) -> Option<String> {
    let kept = members.iter().filter(|(_, _, forms)| {
        !removed.iter().any(|value| forms.iter().any(|form| has_word(form, value)))
    });
    let kept: Map<String, Value> =
        kept.map(|(name, value, _)| (name.clone(), value.clone())).collect();
    (!kept.is_empty()).then(|| Value::Object(kept).to_string())
}

/// Whether a member may give something back that the rule takes away, by its name.
fn name_tells(rule: &Rule, name: &str) -> bool {
    let name = name.to_lowercase();
    if PIECES.contains(&name.as_str()) {
        return true;
    }
    // The logged spelling of a column, alone or in a word with others (`client_ip_client_port`, `user#2`).
    let joined = format!("_{}_", name.split('#').next().unwrap_or_default());
    let column = |col: &&Col| joined.contains(&format!("_{}_", col.name()));
    if Col::ALL.iter().filter(|col| rule.touches(**col)).any(|col| column(&col)) {
        return true;
    }
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let class = |(cols, class): &(&[Col], &[&str])| {
        cols.iter().any(|col| rule.touches(*col)) && words.iter().any(|word| class.contains(word))
    };
    CLASSES.iter().any(class)
}

/// Whether a member may give something back that the rule takes away, by the form of its value.
fn form_tells(rule: &Rule, text: &str) -> bool {
    let query = rule.cuts_query() || rule.is_gone(Col::Query);
    (query && text.contains('?'))
        || (rule.touches(Col::Url) && text.contains("://") && text.contains(['@', '#']))
        || (rule.touches(Col::ClientIp) && holds_address(text))
}

/// Whether an address stands anywhere in a text.
fn holds_address(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '.');
    words.map(|word| word.trim_end_matches(['.', ':'])).any(|word| {
        let host = word.rsplit_once(':').map_or(word, |(host, _port)| host);
        addr::normalize(word).is_some() || addr::normalize(host).is_some()
    })
}

/// A value that is removed, in lower case, as it may stand elsewhere: a user also without domain.
fn spellings(col: Col, value: &str) -> Vec<String> {
    let value = value.to_lowercase();
    let mut all = Vec::new();
    if Kind::of(col).is_some() {
        let name = value.rsplit(['\\', '/']).next().unwrap_or_default();
        let name = name.split('@').next().unwrap_or_default();
        if name != value && !name.is_empty() {
            all.push(name.to_owned());
        }
    }
    if !value.is_empty() {
        all.push(value);
    }
    all
}

/// Whether `word` stands in `text` with no letter or digit beside it.
fn has_word(text: &str, word: &str) -> bool {
    let bytes = text.as_bytes();
    let inner = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    memchr::memmem::find_iter(bytes, word.as_bytes()).any(|at| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        !inner(before) && !inner(bytes.get(at + word.len()))
    })
}

/// A text with its `%XX` decoded.
fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| byte == b'%');
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                rest = &after[2..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole_and_in_any_case() {
        assert!(has_word("by anna.", "anna") && has_word("anna", "anna"));
        assert!(has_word("hanna anna", "anna"));
        assert!(!has_word("hanna annab", "anna"));
        assert_eq!(percent_decoded("a%41%4b%zz%"), "aak%zz%");
        assert_eq!(spellings(Col::User, "CORP\\Anna"), ["anna", "corp\\anna"]);
        assert_eq!(spellings(Col::User, "anna@corp.test"), ["anna", "anna@corp.test"]);
        assert_eq!(spellings(Col::Cookie, "a/B"), ["a/b"]);
    }

    #[test]
    fn addresses_are_found_in_any_company() {
        for text in ["10.1.2.3", "for=10.1.2.3;by=x", "10.1.2.3:8080", "[2001:db8::1]:80", "x, ::1"]
        {
            assert!(holds_address(text), "{text}");
        }
        for text in ["", "12:30:45", "1.2.3", "text", "a:b", "+0100"] {
            assert!(!holds_address(text), "{text}");
        }
    }

    #[test]
    fn names_tell_what_a_member_holds() {
        let rule = |json: &str| serde_json::from_str::<Rule>(json).unwrap();
        let user = rule(r#"{"drop": ["user"]}"#);
        for name in ["user", "user#2", "client_ip_user", "cs-username", "un", "request", "tail"] {
            assert!(name_tells(&user, name), "{name}");
        }
        for name in ["utc_offset", "x-virus-id", "s-action", "cs-bytes"] {
            assert!(!name_tells(&user, name), "{name}");
        }
        let client = rule(r#"{"truncate_ip": {}}"#);
        assert!(name_tells(&client, "X-Forwarded-For") && form_tells(&client, "of 10.1.2.3"));
        assert!(!name_tells(&client, "x-virus-id") && !form_tells(&client, "abc"));
        let query = rule(r#"{"cut_query": true}"#);
        assert!(name_tells(&query, "cs-uri-query") && form_tells(&query, "/a?b"));
        assert!(form_tells(&query, "http://anna@host/") && !form_tells(&query, "plain"));
    }
}
