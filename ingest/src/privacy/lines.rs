//! What is kept of a line that is no row? What tells nothing of anybody; of the rest its length and a keyed digest.
//!
//! A line that no format could read may hold anything anywhere, so nothing of it can be told apart.

use storage::privacy::PrivacyKey;

use crate::format::OddKind;

/// What is stored in place of a line or of a piece of one.
pub(super) fn scrub(key: &PrivacyKey, kind: &str, bytes: Vec<u8>) -> Vec<u8> {
    let ends = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let spaces = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let harmless = match kind {
        kind if kind == OddKind::Eol.name() => bytes.iter().all(ends),
        kind if kind == OddKind::Blank.name() => bytes.iter().all(spaces),
        kind if kind == OddKind::Header.name() => is_known_directive(&bytes),
        _ => false,
    };
    if harmless {
        return bytes;
    }
    format!("[withheld: {} bytes, keyed digest {}]", bytes.len(), key.line(&bytes)).into_bytes()
}

/// A directive of the Extended Log File Format whose value can only be what it is for.
fn is_known_directive(line: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(line) else { return false };
    let Some((name, value)) = text.strip_prefix('#').and_then(|text| text.split_once(':')) else {
        return false;
    };
    let digits = |more: &str| value.chars().all(|c| c.is_ascii_digit() || more.contains(c));
    match name {
        "Version" => digits(". "),
        "Date" => digits("-:. +TZ"),
        "Fields" => value.split_ascii_whitespace().all(is_field),
        _ => false,
    }
}

/// Whether a word is the name of a field.
fn is_field(word: &str) -> bool {
    const PLAIN: &[&str] =
        &["date", "time", "time-taken", "bytes", "cached", "gmttime", "localtime"];
    const PREFIXES: &[&str] = &["c", "s", "r", "cs", "sc", "sr", "rs", "x"];
    let begins = word.split(['-', '(']).next().unwrap_or_default();
    let letters = |c: char| c.is_ascii_alphanumeric() || "-_().".contains(c);
    PLAIN.contains(&word)
        || (begins.len() < word.len() && PREFIXES.contains(&begins) && word.chars().all(letters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(kind: &str, line: &str) -> bool {
        let key = PrivacyKey::from_secret([1; 32]);
        scrub(&key, kind, line.as_bytes().to_vec()) == line.as_bytes()
    }

    #[test]
    fn what_tells_nothing_is_kept() {
        for (kind, line) in [
            ("eol", "\r\n"),
            ("blank", " \t"),
            ("blank", ""),
            ("header", "#Version: 1.0"),
            ("header", "#Date: 2026-11-20 08:00:00"),
            ("header", "#Fields: date time c-ip cs-username cs(User-Agent) x-virus-id"),
        ] {
            assert!(kept(kind, line), "{kind} {line:?}");
        }
    }

    #[test]
    fn anything_else_is_length_and_digest() {
        for (kind, line) in [
            ("quarantined", "1795169425.918 anna"),
            ("quarantined", ""),
            ("more", "anna"),
            ("header", "#Software: proxy of anna"),
            ("header", "#Date: anna"),
            ("header", "#Fields: date anna"),
            ("header", "#Remark: anna"),
            ("header", "date,user"),
            ("eol", "anna\n"),
            ("blank", "anna"),
            ("of a later version", "anna"),
        ] {
            assert!(!kept(kind, line), "{kind} {line:?}");
        }
        let key = PrivacyKey::from_secret([1; 32]);
        let text = String::from_utf8(scrub(&key, "quarantined", b"anna".to_vec())).unwrap();
        assert!(text.starts_with("[withheld: 4 bytes, keyed digest "), "{text}");
        assert!(!text.contains(&storage::digest::Digest::of(b"anna").to_string()));
    }
}
