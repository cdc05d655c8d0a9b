//! How is a host or URL written so that nobody opens it by accident?

use super::scalar::{Scalar, text, view};
use super::{FunctionDoc, FunctionKind, Made, text as texts};

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "defang",
    signature: "defang(text TEXT)",
    kind: FunctionKind::Scalar,
    returns: "TEXT",
    summary: "A host, address or URL that no program makes a link of: http becomes hxxp, ftp fxp, and the dots of the host (the colons of \
        an IPv6 address in brackets) stand in brackets. Path and query stay. What is defanged already stays as it is. NULL gives NULL.",
    example: "SELECT t, defang(t) AS safe FROM (VALUES ('https://evil.example:8443/a.php?b=c.d'), ('192.0.2.7'), ('hxxp://x[.]example/'), (NULL)) AS t(t)",
    source: "query/src/functions/defang.rs",
    make,
};

/// Writes `text` so that it is no link, into `out`.
fn defang(text: &str, out: &mut String) {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest))
            if scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) =>
        {
            (Some(scheme), rest)
        }
        _ => (None, text),
    };
    if let Some(scheme) = scheme {
        out.push_str(match scheme.to_ascii_lowercase().as_str() {
            "http" => "hxxp",
            "https" => "hxxps",
            "ftp" => "fxp",
            "ftps" => "fxps",
            _ => scheme,
        });
        out.push_str("://");
    }
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (host, tail) = rest.split_at(end);
    let v6 =
        host.starts_with('[') && host[1..].starts_with(|c: char| c.is_ascii_hexdigit() || c == ':');
    let bytes = host.as_bytes();
    for (i, c) in host.char_indices() {
        let inside = i > 0 && bytes[i - 1] == b'[' && bytes.get(i + 1) == Some(&b']');
        let within = v6 && host[i..].contains(']');
        match c {
            '.' if !inside => out.push_str("[.]"),
            ':' if within && !inside => out.push_str("[:]"),
            _ => out.push(c),
        }
    }
    out.push_str(tail);
}

fn make() -> Made {
    Scalar::made(&DOC, 1, &[text], view, |call| {
        texts::map(&call.column(0)?, |value, out| {
            defang(value, out);
            true
        })
    })
    .udf()
}

#[cfg(test)]
mod tests {
    use super::defang;
    use proptest::prelude::*;

    fn of(text: &str) -> String {
        let mut out = String::new();
        defang(text, &mut out);
        out
    }

    #[test]
    fn is_no_link_any_more() {
        for (text, expected) in [
            ("", ""),
            ("evil.example", "evil[.]example"),
            ("http://a.b/c.d?e=f.g", "hxxp://a[.]b/c.d?e=f.g"),
            ("HTTPS://a.b:8443", "hxxps://a[.]b:8443"),
            ("ftp://a.b/x", "fxp://a[.]b/x"),
            ("hxxp://a[.]b/", "hxxp://a[.]b/"),
            ("192.0.2.7", "192[.]0[.]2[.]7"),
            ("http://[2001:db8::1]:80/", "hxxp://[2001[:]db8[:][:]1]:80/"),
            ("ü.example", "ü[.]example"),
        ] {
            assert_eq!(of(text), expected);
        }
    }

    proptest! {
        #[test]
        fn twice_is_once(text in "(https?://)?[a-z.]{0,12}(/[a-z.]{0,5})?") {
            prop_assert_eq!(of(&of(&text)), of(&text));
        }

        #[test]
        fn takes_anything(text in "\\PC{0,30}") {
            of(&text);
        }
    }
}
