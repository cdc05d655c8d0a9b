//! What does a percent-encoded text say?

use super::scalar::{Scalar, text, view};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use percent_encoding::percent_decode_str;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "url_decode",
    signature: "url_decode(text TEXT)",
    kind: FunctionKind::Scalar,
    returns: "TEXT",
    summary: "The text with %XX decoded once and + as a blank, as in a query string. An escape that is broken stays as it is; bytes that \
        are not UTF-8 become U+FFFD. NULL gives NULL.",
    example: "SELECT t, url_decode(t) AS decoded FROM (VALUES ('q=caf%C3%A9+au%20lait'), ('100%'), ('%2541'), (NULL)) AS t(t)",
    source: "query/src/functions/url_decode.rs",
    make,
};

/// Decodes once, into `out`.
fn decode(text: &str, out: &mut String) {
    if !text.contains(['%', '+']) {
        out.push_str(text);
        return;
    }
    let blanks = text.replace('+', " ");
    out.push_str(&percent_decode_str(&blanks).decode_utf8_lossy());
}

fn make() -> Made {
    Scalar::made(&DOC, 1, &[text], view, |call| {
        texts::map(&call.column(0)?, |value, out| {
            decode(value, out);
            true
        })
    })
    .udf()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn decodes_once() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("a+b%20c", "a b c"),
            ("%2541", "%41"),
            ("%2b", "+"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%ff", "\u{fffd}"),
            ("%00", "\0"),
        ] {
            let mut out = String::new();
            decode(text, &mut out);
            assert_eq!(out, expected, "{text}");
        }
    }
}
