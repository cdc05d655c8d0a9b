//! What is kept of a URL whose query may not be?

use std::borrow::Cow;

/// A URL without the name and password before its host, and without query and fragment if `query` is to go.
pub(super) fn cut(text: &str, query: bool) -> Cow<'_, str> {
    let end = if query { text.find(['?', '#']).unwrap_or(text.len()) } else { text.len() };
    let kept = &text[..end];
    let authority = kept.find("://").map_or(0, |at| at + 3);
    let length = kept[authority..].find(['/', '?', '#']).unwrap_or(kept.len() - authority);
    match kept[authority..authority + length].rfind('@') {
        None => Cow::Borrowed(kept),
        Some(at) => Cow::Owned(format!("{}{}", &kept[..authority], &kept[authority + at + 1..])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_fragments_and_names_go() {
        for (text, expected) in [
            ("http://host/a?b=c#d", "http://host/a"),
            ("http://anna:pw@host:81/a@b?c", "http://host:81/a@b"),
            ("ftp://anna@host", "ftp://host"),
            ("http://host?x", "http://host"),
            ("/path/only?x@y", "/path/only"),
            ("host:443", "host:443"),
            ("anna@host:443", "host:443"),
            ("http://host/#anna@home", "http://host/"),
            ("?", ""),
            ("", ""),
        ] {
            assert_eq!(cut(text, true), expected, "{text}");
        }
        assert_eq!(cut("http://anna@host/a?b@c", false), "http://host/a?b@c");
        assert_eq!(cut("http://host?b@c", false), "http://host?b@c");
    }
}
