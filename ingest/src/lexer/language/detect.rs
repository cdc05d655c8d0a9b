//! Which language is a format string written in, if nothing names it? Its own signs tell.

use super::Language;
use crate::lexer::squid::Cursor;

/// Codes that HAProxy has and neither Squid nor Apache.
const HAPROXY: &[&str] = &["ci", "cp", "ft", "tsc", "ST", "TR", "Tw", "Ta", "bq", "sq", "HM", "HU"];

/// The language that the signs of a string name; Squid's if none does.
pub(super) fn by_signs(spec: &str) -> Language {
    if spec.contains("{ts=") {
        return Language::Own;
    }
    let envoy = |start: &str| spec.contains(start);
    if envoy("%REQ(") || envoy("%START_TIME") || envoy("%RESPONSE_CODE%") || envoy("%PROTOCOL%") {
        return Language::Envoy;
    }
    if spec.contains("%s{") || spec.contains("%d{") || spec.contains("%02d{") {
        return Language::Nss;
    }
    if is_ats(spec) {
        return Language::Ats;
    }
    if names_variable(spec) && !spec.contains('%') {
        return Language::Nginx;
    }
    let codes = codes(spec);
    let has = |code: &str| codes.iter().any(|found| found == code);
    if HAPROXY.iter().any(|code| has(code)) {
        return Language::Haproxy;
    }
    if spec.contains("%?") || spec.contains("%2r") || has("Xr") || has("XC") {
        return Language::Wsa;
    }
    // Squid has none of these codes alone.
    let squid = ["ts", "tS", "tl", "tg", ">a", "ru", "Ss"].iter().any(|code| has(code));
    if !squid && has("t") && (has("h") || has("a")) && (has("r") || has("s") || has("U")) {
        return if has("e") && has("w") { Language::Wsa } else { Language::Apache };
    }
    Language::Squid
}

/// `%<code>`: Squid's codes begin so, too, but do not end so.
fn is_ats(spec: &str) -> bool {
    spec.match_indices("%<").any(|(at, sign)| {
        let rest = &spec[at + sign.len()..];
        let inner = rest.split('>').next().unwrap_or_default();
        let inner =
            inner.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or(inner, |p| p.1);
        inner.len() < rest.len()
            && (3..=8).contains(&inner.len())
            && inner.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

fn names_variable(spec: &str) -> bool {
    spec.match_indices('$')
        .any(|(at, _)| spec[at + 1..].starts_with(|c: char| c.is_ascii_lowercase() || c == '{'))
}

/// The codes behind percent signs, without modifiers and arguments.
fn codes(spec: &str) -> Vec<String> {
    let mut cursor = Cursor::new(spec);
    let mut found = Vec::new();
    while cursor.next().is_some() {
        cursor.take_while(|c| c != '%');
        if !cursor.take("%") {
            break;
        }
        found.extend(code(&mut cursor));
    }
    // A string may begin with a code.
    let mut first = Cursor::new(spec);
    if first.take("%") {
        found.extend(code(&mut first));
    }
    found
}

fn code(cursor: &mut Cursor<'_>) -> Option<String> {
    cursor.take_while(|c| "\"[#/'-!,".contains(c) || c.is_ascii_digit() || c == '.');
    cursor.braces().ok()?;
    let arrow = cursor.take_while(|c| c == '<' || c == '>');
    let letters = cursor.take_while(|c| c.is_ascii_alphanumeric());
    // Apache's `%>s` and `%<s` are `%s` with a choice; Squid's `%>a` is a code.
    let whole = if letters == "s" { letters.to_owned() } else { format!("{arrow}{letters}") };
    Some(whole)
}
