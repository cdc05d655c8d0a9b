//! What does a value mean that was made unclickable, and what is a value on a line by itself?

use super::indicator::{Kind, Value};
use super::normal::{self, Refused};

/// Longer lines are no value.
const LINE_MAX: usize = 16_384;

/// What a line by itself is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Nothing: blank or a comment.
    Nothing,
    /// A value.
    Value(Value),
    /// A mail address.
    Mail,
    /// A hash of a file.
    Hash,
    /// Nothing that reads.
    Refused(Refused),
}

/// Undoes the usual ways: `hxxp`, `[.]`, `(.)`, `{.}`, `[dot]`, `[:]`, `[://]`.
pub fn refang(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', '(', '{']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        match bracketed(rest) {
            Some((meant, len)) => {
                plain.push_str(meant);
                rest = &rest[len..];
            }
            None => {
                plain.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    for (fanged, meant) in
        [("hxxps:", "https:"), ("hxxp:", "http:"), ("fxp:", "ftp:"), ("meow:", "http:")]
    {
        let head = plain.get(..fanged.len());
        if head.is_some_and(|head| head.eq_ignore_ascii_case(fanged)) {
            plain.replace_range(..fanged.len(), meant);
            break;
        }
    }
    plain
}

/// What a bracket with few letters in it stands for, and its length.
fn bracketed(text: &str) -> Option<(&'static str, usize)> {
    const FORMS: [(&str, &str); 6] =
        [(".", "."), ("dot", "."), (":", ":"), ("://", "://"), ("/", "/"), ("@", "@")];
    let close = match text.as_bytes().first()? {
        b'[' => b']',
        b'(' => b')',
        _ => b'}',
    };
    // The longest form has three letters.
    let end = text.bytes().take(5).position(|byte| byte == close)?;
    let inside = text.get(1..end)?;
    let form = FORMS.iter().find(|(form, _)| form.eq_ignore_ascii_case(inside))?;
    Some((form.1, end + 1))
}

/// What a line by itself is. Comments begin with `#`, `;` or `//`, or with `#` behind a blank; quotes, `*.` and a
/// leading dot are taken off; so are the addresses of a hosts file and the marks of an ad blocker's.
pub fn line(text: &str) -> Line {
    let text = text.trim();
    if text.is_empty() || text.starts_with(['#', ';', '!']) || text.starts_with("//") {
        return Line::Nothing;
    }
    if text.len() > LINE_MAX {
        return Line::Refused(Refused::Malformed);
    }
    let text = without_comment(text);
    let text = unquoted(text);
    let text = hosts_entry(text);
    let text = text.strip_prefix("||").and_then(|rest| rest.strip_suffix('^')).unwrap_or(text);
    if text.contains(char::is_whitespace) && !text.contains("://") {
        return Line::Refused(Refused::Malformed);
    }
    value(&refang(text))
}

fn without_comment(text: &str) -> &str {
    let starts = text.match_indices('#').map(|(at, _)| at);
    let comment = |at: &usize| text[..*at].ends_with([' ', '\t']);
    starts.into_iter().find(comment).map_or(text, |at| text[..at].trim_end())
}

fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        let inside = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inside) = inside {
            return inside.trim();
        }
    }
    text
}

/// The name of a line of a hosts file that sends it nowhere.
fn hosts_entry(text: &str) -> &str {
    let mut words = text.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("0.0.0.0" | "127.0.0.1" | "::" | "::1"), Some(name), None) => name,
        _ => text,
    }
}

/// A value without its brackets: by its form.
fn value(text: &str) -> Line {
    let done = |value: Result<Value, Refused>| value.map_or_else(Line::Refused, Line::Value);
    if text.contains("://") {
        return done(normal::url(text));
    }
    if is_hash(text) {
        return Line::Hash;
    }
    if let Some(rest) = text.strip_prefix('[') {
        return match rest.split_once("]:") {
            Some((ip, port)) => done(normal::ip_port(ip, port)),
            None => done(rest.strip_suffix(']').ok_or(Refused::Malformed).and_then(normal::ip)),
        };
    }
    if let Ok(value) = normal::ip(text) {
        return Line::Value(value);
    }
    if text.contains('@') && !text.contains('/') {
        return Line::Mail;
    }
    if text.contains('/') {
        return done(url_without_scheme(text));
    }
    if let Some((host, port)) = text.rsplit_once(':') {
        let pair = normal::ip_port(host, port).or_else(|_| normal::hostname_port(host, port));
        return done(pair);
    }
    let name = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')).unwrap_or(text);
    done(normal::domain(name))
}

fn url_without_scheme(text: &str) -> Result<Value, Refused> {
    let value = normal::url(text)?;
    // `203.0.113.0/33` is no URL of a host, and `and/or` none of anything.
    let host = value.host.as_deref().unwrap_or_default();
    let network = normal::address(host).is_ok()
        && text.split_once('/').is_some_and(|(_, bits)| bits.bytes().all(|b| b.is_ascii_digit()));
    if network || !host.contains(['.', ':']) {
        return Err(Refused::Malformed);
    }
    debug_assert_eq!(value.kind, Kind::Url);
    Ok(value)
}

/// MD5, SHA-1, SHA-256, SHA-512, in hexadecimal.
fn is_hash(text: &str) -> bool {
    matches!(text.len(), 32 | 40 | 64 | 128) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_taken_for_what_they_are() {
        for (text, expected) in [
            ("hxxps[:]//bad[.]example[:]8443/x", "url https://bad.example:8443/x"),
            ("bad(dot)example", "domain bad.example"),
            ("0.0.0.0 ads.example", "domain ads.example"),
            ("||ads.example^", "domain ads.example"),
            ("192.0.2.0/24 # a net", "cidr 192.0.2.0/24"),
            ("192.0.2[.]1:8080", "ip_port 192.0.2.1:8080"),
            ("[2001:db8::1]", "ip 2001:db8::1"),
            ("a.example/b", "url a.example/b"),
            ("a.example:443", "hostname_port a.example:443"),
            ("user[@]a.example", "mail"),
            ("d41d8cd98f00b204e9800998ecf8427e", "hash"),
            ("192.0.2.0/33", "malformed value"),
            ("and/or", "malformed value"),
            ("two words", "malformed value"),
            ("# comment", "nothing"),
        ] {
            let shown = match line(text) {
                Line::Nothing => "nothing".to_owned(),
                Line::Value(value) => format!("{} {}", value.kind.name(), value.value),
                Line::Mail => "mail".to_owned(),
                Line::Hash => "hash".to_owned(),
                Line::Refused(refused) => refused.why().to_owned(),
            };
            assert_eq!(shown, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_odd(text in prop_oneof!["\\PC{0,60}", "[\\[\\](){}.:/hxpa@#* ]{0,60}"]) {
            let _ = line(&text);
        }
    }
}
