//! What is the normal form of a host?

use std::borrow::Cow;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use super::addr;

/// Longer names go no further than ASCII lower case: punycode takes quadratic time.
const LONGEST_IDNA: usize = 1024;

/// The normal form of a host: ASCII (IDNA to punycode), lower case, no trailing dot, no port; an address in its own
/// normal form ([`addr::normalize`]). What IDNA refuses has its non-ASCII bytes percent-encoded, and so has a stray
/// colon. `None` if nothing is left. Applying it twice changes nothing more.
pub fn normalize(text: &str) -> Option<Cow<'_, str>> {
    if is_plain(text) {
        return Some(Cow::Borrowed(text));
    }
    let text = without_port(text);
    if let Some(address) = addr::normalize(text) {
        return Some(address);
    }
    let name = to_ascii(text);
    let end = name.trim_end_matches('.').len();
    if end == 0 {
        return None;
    }
    let name = match name {
        Cow::Borrowed(name) => Cow::Borrowed(&name[..end]),
        Cow::Owned(mut name) => {
            name.truncate(end);
            Cow::Owned(name)
        }
    };
    // Full-width digits and the like become an address only now.
    match addr::normalize(&name).map(Cow::into_owned) {
        Some(address) => Some(Cow::Owned(address)),
        // No name holds a colon, so that one tells an address.
        None if name.contains(':') => Some(Cow::Owned(name.replace(':', "%3a"))),
        None => Some(name),
    }
}

/// The usual case: nothing to do.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    !text.is_empty() && !text.ends_with('.') && text.bytes().all(plain)
}

fn without_port(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((host, port))
            if port.bytes().all(|byte| byte.is_ascii_digit())
                && (host.ends_with(']') || !host.contains(':')) =>
        {
            host
        }
        _ => text,
    }
}

fn to_ascii(text: &str) -> Cow<'_, str> {
    let text = if text.contains('%') { decode(text) } else { Cow::Borrowed(text) };
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            text
        };
    }
    if text.len() <= LONGEST_IDNA {
        let ascii = Uts46::new().to_ascii(
            text.as_bytes(),
            AsciiDenyList::URL,
            Hyphens::Allow,
            DnsLength::Ignore,
        );
        if let Ok(ascii) = ascii {
            return Cow::Owned(ascii.into_owned());
        }
    }
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii() {
            encoded.push(char::from(byte.to_ascii_lowercase()));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.extend(char::from_digit(u32::from(digit), 16));
            }
        }
    }
    Cow::Owned(encoded)
}

/// Undoes percent-encoding, unless what comes out could not stand in a host.
fn decode(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |at: usize| bytes.get(at).and_then(|&digit| char::from(digit).to_digit(16));
        if byte == b'%'
            && let (Some(high), Some(low)) = (hex(at + 1), hex(at + 2))
        {
            decoded.push((high * 16 + low) as u8);
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    let forbidden = |byte: &u8| byte.is_ascii_control() || b" #%/:<>?@[\\]^|".contains(byte);
    if decoded.iter().any(forbidden) {
        return Cow::Borrowed(text);
    }
    match String::from_utf8(decoded) {
        Ok(decoded) => Cow::Owned(decoded),
        Err(_) => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_have_one_spelling() {
        for (text, expected) in [
            ("www.example.com", Some("www.example.com")),
            ("WWW.Example.COM.", Some("www.example.com")),
            ("www.example.com:8080", Some("www.example.com")),
            ("bücher.example", Some("xn--bcher-kva.example")),
            ("BÜCHER.example", Some("xn--bcher-kva.example")),
            ("b%C3%BCcher.example", Some("xn--bcher-kva.example")),
            ("xn--bcher-kva.example", Some("xn--bcher-kva.example")),
            ("例え。テスト", Some("xn--r8jz45g.xn--zckzah")),
            ("ex%41mple.com", Some("example.com")),
            ("a%2541", Some("a%2541")),
            ("a_b-c.local", Some("a_b-c.local")),
            ("[::1]:443", Some("::1")),
            ("[::1]", Some("::1")),
            ("::FFFF:1.2.3.4", Some("1.2.3.4")),
            ("1.2.3.4", Some("1.2.3.4")),
            ("１.2.3.4", Some("1.2.3.4")),
            ("bad\u{fffd}host", Some("bad%ef%bf%bdhost")),
            ("A b", Some("a b")),
            ("a:b", Some("a%3ab")),
            (".", None),
            ("", None),
            (":80", None),
        ] {
            assert_eq!(normalize(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn long_names_take_linear_time() {
        let long = "ü".repeat(500_000);
        assert!(normalize(&long).is_some_and(|host| host.is_ascii()));
    }

    proptest! {
        #[test]
        fn normal_forms_stay(text in prop_oneof!["\\PC{0,30}", "[a-zA-Z0-9.%:\\[\\]é\u{fffd}ß。-]{0,24}", any::<String>()]) {
            if let Some(once) = normalize(&text) {
                prop_assert!(once.is_ascii());
                prop_assert!(!once.ends_with('.') && !once.is_empty());
                let twice = normalize(&once).map(Cow::into_owned);
                prop_assert_eq!(twice.as_deref(), Some(once.as_ref()));
            }
        }
    }
}
