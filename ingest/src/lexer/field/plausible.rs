//! Can a text be this word's? Typed fields have their type, so that words found from both ends of an odd line are not
//! taken for others.

use storage::schema::Col;

use super::cut;
use crate::lexer::layout::Word;
use crate::lexer::{Field, Kind, number};

/// Whether a text can be this word's: typed fields have their type, so that words found from both ends of an odd line
/// are not taken for others.
pub(crate) fn plausible(word: &Word, text: &[u8]) -> bool {
    if !word.quoted && !word.pad_free_text(text) {
        return false;
    }
    let mut pieces = Vec::with_capacity(4);
    if !cut(word, text, &mut pieces) {
        return word.is_request_line();
    }
    word.fields().zip(pieces).all(|(field, piece)| plausible_field(field, piece))
}

impl Word {
    /// Bare words begin and end with something.
    fn pad_free_text(&self, text: &[u8]) -> bool {
        text.first() != Some(&b' ') && text.last() != Some(&b' ')
    }
}

/// `10.0.0.1:443`, which is more than an address.
fn has_port(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    memchr::memchr(b':', text)
        .is_some_and(|at| at > 0 && digits(&text[..at]) && digits(&text[at + 1..]))
}

/// Whether a text can be this field's.
pub(crate) fn plausible_field(field: &Field, text: &[u8]) -> bool {
    let code = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let null = field.is_null(text);
    match &field.kind {
        Kind::Int(_) | Kind::Scaled(..) => {
            // `+13`: so far, the transaction goes on (HAProxy).
            let text = text.strip_prefix(b"+").unwrap_or(text);
            null || number::canonical_signed(text).is_some()
        }
        Kind::Status => {
            // `403 - Forbidden`; 10054 and 12202 are codes of Windows, which ISA logs.
            let named = memchr::memmem::find(text, b" - ")
                .filter(|at| text.get(at + 3).is_some_and(u8::is_ascii_alphabetic));
            let code = &text[..named.unwrap_or(text.len())];
            null || code.len() <= 4 && number::canonical_signed(code).is_some()
                || number::digits(code)
                    .is_some_and(|code| code < 1000 || (10_000..13_000).contains(&code))
        }
        Kind::Method => {
            let method = without_session(text);
            null || !method.is_empty() && method.len() <= 64 && method.iter().all(code)
        }
        Kind::Action | Kind::Hierarchy => !text.is_empty() && text.iter().all(code),
        Kind::Media(_) => {
            null || text.is_empty() || text.contains(&b'/') && text.first() != Some(&b'[')
        }
        Kind::Address(_) => {
            let named = |byte: &u8| byte.is_ascii_alphabetic() || b".:".contains(byte);
            let one = |text: &[u8]| {
                let bare = memchr::memchr2(b' ', b'"', text).is_none() && !has_port(text);
                field.is_null(text) || bare && text.iter().any(named)
            };
            // A client and the proxies it came through, as `X-Forwarded-For` has them.
            text.split(|&byte| byte == b',').enumerate().all(|(nth, piece)| match nth {
                0 => one(piece),
                _ => piece.strip_prefix(b" ").is_some_and(one),
            })
        }
        Kind::Endpoint(..) => null || !text.contains(&b' '),
        Kind::Host | Kind::Authority => null || memchr::memchr2(b' ', b'/', text).is_none(),
        Kind::Decimal(..) | Kind::Thousandths(_) => {
            let digit = |byte: &u8| byte.is_ascii_digit() || b"+-.".contains(byte);
            null || text.iter().all(digit)
        }
        Kind::Text(Col::HttpVersion) => {
            let version = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.';
            null || text.len() <= 8 && text.iter().all(version)
        }
        // Spaces are kept in a URL that is one: with a scheme, or a path.
        Kind::Url | Kind::Text(Col::Referer) if text.contains(&b' ') => {
            let first = text.split(|&byte| byte == b' ').next().unwrap_or_default();
            first.starts_with(b"/")
                || first.starts_with(b"error:")
                || memchr::memmem::find(first, b"://").is_some()
        }
        Kind::Verdict(table, _) | Kind::Judged(table, _) => {
            let known = std::str::from_utf8(text).is_ok_and(|word| table.known(word).is_some());
            null || known || !table.is_closed()
        }
        Kind::Peer => !text.is_empty() && !text.contains(&b' '),
        Kind::Upstream => {
            let list = memchr::memmem::find(text, b", ").is_some();
            !text.is_empty() && (list || !text.contains(&b' '))
        }
        Kind::Text(Col::User) => {
            // A dash between spaces is another field's null word, not part of a name.
            !text.contains(&b' ') || !text.starts_with(b"- ") && !text.ends_with(b" -")
        }
        _ => true,
    }
}

/// A method without the number of the FTP session that IIS puts before it: `[3]USER`.
pub(crate) fn without_session(text: &[u8]) -> &[u8] {
    let Some(inner) = text.strip_prefix(b"[") else { return text };
    match memchr::memchr(b']', inner) {
        Some(at @ 1..) if inner[..at].iter().all(u8::is_ascii_digit) => &inner[at + 1..],
        _ => text,
    }
}
