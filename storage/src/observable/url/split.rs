//! What are the parts of a logged request target?

use std::borrow::Cow;

use super::super::{addr, host};
use super::rebuild::gives;
use super::{TUNNEL, implied_port};

/// The longest scheme and the longest file extension that are taken for one.
const LONGEST_SCHEME: usize = 32;
const LONGEST_EXTENSION: usize = 16;

/// The parts of a request target, in the normal forms of the columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UrlParts<'a> {
    /// Lower case; `tunnel` for authority form, `error` for a proxy's pseudo URLs.
    pub scheme: Option<Cow<'a, str>>,
    /// In normal form ([`host::normalize`]).
    pub host: Option<Cow<'a, str>>,
    /// As written, else implied by the scheme.
    pub port: Option<i32>,
    /// As logged, up to `?` or `#`; absent where nothing stands between authority and query.
    pub path: Option<&'a str>,
    /// As logged, without `?`, up to `#`; empty if only `?` stands there.
    pub query: Option<&'a str>,
    /// Of the last path segment, lower case.
    pub extension: Option<Cow<'a, str>>,
    /// Whether the parts do not give the text back ([`super::rebuild`]), so that it has to be stored as logged.
    pub needs_as_logged: bool,
}

/// Splits a request target: an absolute URL, the `host:port` of CONNECT, a pseudo URL (`error:invalid-request`), a path,
/// or a URL without scheme (`example.com/a`). Never fails: what is no URL at all becomes a path. One pass, whatever
/// the text.
pub fn split(is_connect: bool, text: &str) -> UrlParts<'_> {
    let mut parts = dissect(is_connect, text);
    parts.extension = parts.path.and_then(extension);
    parts.needs_as_logged = !gives(
        text,
        parts.scheme.as_deref(),
        parts.host.as_deref(),
        parts.port,
        parts.path,
        parts.query,
    );
    parts
}

fn dissect(is_connect: bool, text: &str) -> UrlParts<'_> {
    if text.is_empty() {
        return UrlParts::default();
    }
    let scheme = leading_scheme(text);
    if let Some((scheme, rest)) = scheme {
        if let Some(rest) = rest.strip_prefix("//") {
            return absolute(is_connect, scheme, rest);
        }
        if scheme.eq_ignore_ascii_case("error") && !begins_with_port(rest) {
            return opaque(scheme, rest);
        }
    }
    if is_connect {
        let mut parts = authority_form(text);
        parts.scheme = Some(Cow::Borrowed(TUNNEL));
        return parts;
    }
    match scheme {
        Some((scheme, rest)) if !begins_with_port(rest) => opaque(scheme, rest),
        _ if is_bare_authority(text) => authority_form(text),
        _ => {
            let (path, query) = path_and_query(text);
            UrlParts { path, query, ..UrlParts::default() }
        }
    }
}

/// `scheme` and what follows its colon.
fn leading_scheme(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let head = &bytes[..bytes.len().min(LONGEST_SCHEME + 1)];
    let colon = head.iter().position(|&byte| byte == b':')?;
    let letters = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._".contains(byte);
    let named = bytes.first()?.is_ascii_alphabetic() && bytes[..colon].iter().all(letters);
    named.then(|| (&text[..colon], &text[colon + 1..]))
}

/// Whether what follows a colon reads as a port, so that what stood before it was a host.
fn begins_with_port(rest: &str) -> bool {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (1..=5).contains(&digits)
        && matches!(rest.as_bytes().get(digits), None | Some(b'/' | b'?' | b'#'))
}

fn absolute<'a>(is_connect: bool, scheme: &'a str, rest: &'a str) -> UrlParts<'a> {
    let scheme = lower(scheme);
    let mut parts = authority_form(rest);
    if parts.host.is_some() {
        parts.port = parts.port.or(implied_port(&scheme));
    }
    parts.scheme = Some(if is_connect { Cow::Borrowed(TUNNEL) } else { scheme });
    parts
}

fn opaque<'a>(scheme: &'a str, rest: &'a str) -> UrlParts<'a> {
    let (path, query) = path_and_query(rest);
    UrlParts { scheme: Some(lower(scheme)), path, query, ..UrlParts::default() }
}

/// `[userinfo@]host[:port][/path][?query]`
fn authority_form(text: &str) -> UrlParts<'_> {
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let (authority, rest) = text.split_at(end);
    let authority = authority.rsplit_once('@').map_or(authority, |(_userinfo, after)| after);
    let (name, port) = host_and_port(authority);
    let (path, query) = path_and_query(rest);
    UrlParts { host: host::normalize(name), port, path, query, ..UrlParts::default() }
}

fn host_and_port(authority: &str) -> (&str, Option<i32>) {
    if authority.starts_with('[') {
        return match authority.split_once(']') {
            Some((_, after)) => {
                let name = &authority[..authority.len() - after.len()];
                (name, after.strip_prefix(':').and_then(port))
            }
            None => (authority, None),
        };
    }
    match authority.rsplit_once(':') {
        None => (authority, None),
        Some((name, _)) if name.contains(':') && addr::normalize(authority).is_some() => {
            (authority, None)
        }
        Some((name, digits)) => (name, port(digits)),
    }
}

fn port(digits: &str) -> Option<i32> {
    let number = digits.bytes().all(|byte| byte.is_ascii_digit());
    if number { digits.parse::<u16>().ok().map(i32::from) } else { None }
}

fn path_and_query(text: &str) -> (Option<&str>, Option<&str>) {
    let text = text.split_once('#').map_or(text, |(before, _fragment)| before);
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    };
    ((!path.is_empty()).then_some(path), query)
}

/// Whether a text without scheme begins with a believable host: a dotted name, an address, or a name with a port.
fn is_bare_authority(text: &str) -> bool {
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let authority = &text[..end];
    if addr::normalize(authority).is_some() || authority.starts_with('[') {
        return true;
    }
    let (name, port) = host_and_port(authority);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte) || byte >= 0x80;
    let named = !name.is_empty() && name.bytes().all(plain) && !name.starts_with('.');
    named && (port.is_some() || name.contains('.') && name.len() == authority.len())
}

fn extension(path: &str) -> Option<Cow<'_, str>> {
    let segment = path.rsplit_once('/')?.1;
    let segment = segment.split_once(';').map_or(segment, |(before, _)| before);
    let (stem, extension) = segment.rsplit_once('.')?;
    let fits = !stem.is_empty()
        && extension.len() <= LONGEST_EXTENSION
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && extension.bytes().any(|byte| byte.is_ascii_alphabetic());
    fits.then(|| lower(extension))
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rebuild;
    use super::*;
    use proptest::prelude::*;

    /// scheme, host, port, path, query, extension, needs_as_logged
    type Expected = (
        Option<&'static str>,
        Option<&'static str>,
        Option<i32>,
        Option<&'static str>,
        Option<&'static str>,
        Option<&'static str>,
        bool,
    );

    fn check(is_connect: bool, text: &str, expected: Expected) {
        let parts = split(is_connect, text);
        let got = (
            parts.scheme.as_deref(),
            parts.host.as_deref(),
            parts.port,
            parts.path,
            parts.query,
            parts.extension.as_deref(),
            parts.needs_as_logged,
        );
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn absolute_urls() {
        let http = Some("http");
        let host = Some("example.com");
        check(false, "http://example.com/", (http, host, Some(80), Some("/"), None, None, false));
        check(false, "http://example.com", (http, host, Some(80), None, None, None, false));
        check(
            false,
            "http://example.com/a/B.JPG?x=1?y",
            (http, host, Some(80), Some("/a/B.JPG"), Some("x=1?y"), Some("jpg"), false),
        );
        check(false, "http://example.com?", (http, host, Some(80), None, Some(""), None, false));
        check(
            false,
            "http://example.com:8080/x.php;s=1",
            (http, host, Some(8080), Some("/x.php;s=1"), None, Some("php"), false),
        );
        check(false, "http://example.com:80/", (http, host, Some(80), Some("/"), None, None, true));
        check(false, "HTTP://Example.com./", (http, host, Some(80), Some("/"), None, None, true));
        check(
            false,
            "http://u:p@example.com/#top",
            (http, host, Some(80), Some("/"), None, None, true),
        );
        check(
            false,
            "https://[2001:DB8::1]:8443/a",
            (Some("https"), Some("2001:db8::1"), Some(8443), Some("/a"), None, None, true),
        );
        check(false, "http://[::1]/", (http, Some("::1"), Some(80), Some("/"), None, None, false));
        check(
            false,
            "cache_object://localhost/info",
            (Some("cache_object"), Some("localhost"), None, Some("/info"), None, None, false),
        );
        check(false, "file:///etc", (Some("file"), None, None, Some("/etc"), None, None, true));
        check(
            false,
            "http://example.com:99999/",
            (http, host, Some(80), Some("/"), None, None, true),
        );
    }

    #[test]
    fn authority_and_pseudo_forms() {
        let tunnel = Some("tunnel");
        check(
            true,
            "example.com:443",
            (tunnel, Some("example.com"), Some(443), None, None, None, false),
        );
        check(true, "[::1]:443", (tunnel, Some("::1"), Some(443), None, None, None, false));
        check(true, "http:443", (tunnel, Some("http"), Some(443), None, None, None, false));
        check(true, ":80", (tunnel, None, Some(80), None, None, None, false));
        check(true, "example.com", (tunnel, Some("example.com"), None, None, None, None, false));
        check(true, "tunnel://h:443/", (tunnel, Some("h"), Some(443), Some("/"), None, None, true));
        check(
            false,
            "tunnel://h:443/",
            (tunnel, Some("h"), Some(443), Some("/"), None, None, true),
        );
        let invalid = (Some("error"), None, None, Some("invalid-request"), None, None, false);
        check(false, "error:invalid-request", invalid);
        check(true, "error:invalid-request", invalid);
        check(
            false,
            "urn:uuid:1-2",
            (Some("urn"), None, None, Some("uuid:1-2"), None, None, false),
        );
    }

    #[test]
    fn paths_and_bare_authorities() {
        check(
            false,
            "/cgi/a.cgi?q",
            (None, None, None, Some("/cgi/a.cgi"), Some("q"), Some("cgi"), false),
        );
        check(false, "*", (None, None, None, Some("*"), None, None, false));
        check(false, "", (None, None, None, None, None, None, true));
        check(
            false,
            "example.com/a.b/c",
            (None, Some("example.com"), None, Some("/a.b/c"), None, None, false),
        );
        check(
            false,
            "localhost:8080/x",
            (None, Some("localhost"), Some(8080), Some("/x"), None, None, false),
        );
        check(false, "\u{16}\u{3}.x", (None, None, None, Some("\u{16}\u{3}.x"), None, None, false));
        check(false, "/.htaccess", (None, None, None, Some("/.htaccess"), None, None, false));
        check(false, "/v1.2", (None, None, None, Some("/v1.2"), None, None, false));
    }

    fn targets() -> impl Strategy<Value = String> {
        prop_oneof![
            "\\PC{0,40}",
            any::<String>(),
            "(https?|ftp|error|tunnel|[a-z]{1,4}|HTTP)?(:|://|)[a-zA-Z0-9.@:%é\\[\\]-]{0,20}(:[0-9]{0,6})?(/[a-z./]{0,10})?(\\?[a-z?]{0,4})?(#x?)?",
        ]
    }

    proptest! {
        #[test]
        fn parts_give_the_text_back_or_say_so(is_connect: bool, text in targets()) {
            let parts = split(is_connect, &text);
            let again = rebuild(
                parts.scheme.as_deref(), parts.host.as_deref(), parts.port, parts.path, parts.query,
            );
            prop_assert_eq!(again.as_deref() != Some(text.as_str()), parts.needs_as_logged);
            if let Some(host) = &parts.host {
                let normal = host::normalize(host).map(Cow::into_owned);
                prop_assert_eq!(normal.as_deref(), Some(host.as_ref()));
            }
        }
    }
}
