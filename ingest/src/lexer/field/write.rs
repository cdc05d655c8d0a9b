//! How is a field written? Columns and members of `extra` become the logged text again.

use std::borrow::Cow;

use storage::observable::url::rebuild;
use storage::schema::Col;

use super::Values;
use super::value::is_decoded;
use crate::lexer::layout::Word;
use crate::lexer::{Field, Kind, NULL_WORD, Token};

/// Writes a word.
pub(crate) fn encode(word: &Word, values: &dyn Values, out: &mut Vec<u8>) {
    match &word.wrap {
        None => encode_plain(word, values, out),
        Some(wrap) => {
            let mut value = Vec::new();
            encode_plain(word, values, &mut value);
            wrap.encode(&value, word.is_null(&value), out);
        }
    }
}

fn encode_plain(word: &Word, values: &dyn Values, out: &mut Vec<u8>) {
    if word.tokens.len() > 1
        && let Some(text) = values.extra(&word.name)
    {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let of_request = [Col::Method, Col::Url, Col::Path];
    if word.is_quoted_request() && of_request.iter().all(|col| values.text(*col).is_none()) {
        out.extend_from_slice(NULL_WORD);
        return;
    }
    for token in &word.tokens {
        match token {
            Token::Literal(bytes) => out.extend_from_slice(bytes),
            Token::Field(field) => encode_field(field, values, out),
        }
    }
}

/// Writes a field without its padding by spaces.
pub(crate) fn encode_field(field: &Field, values: &dyn Values, out: &mut Vec<u8>) {
    if let Some(text) = values.extra(&field.name) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let start = out.len();
    match &field.kind {
        Kind::Status => match values.int(Col::Status) {
            Some(code) => push_int(code, out),
            None if field.status_zero => out.push(b'0'),
            None => out.extend_from_slice(field.null()),
        },
        Kind::Int(col) => push_opt_int(field, values.int(*col), out),
        Kind::Scaled(col, mul, div) | Kind::Decimal(col, mul, div) => {
            push_opt_int(field, values.int(*col).map(|value| value / mul * div), out);
        }
        Kind::Protocol => prefixed(field, b"HTTP/", values.text(Col::HttpVersion), out),
        Kind::Text(col) => match values.text(*col) {
            Some(text) if is_decoded(*col) => field.style.encode(text.as_bytes(), out),
            text => push_opt_text(field, text, out),
        },
        Kind::Url => push_opt_text(field, values.text(Col::Url), out),
        Kind::SchemelessUrl | Kind::PortlessUrl => {
            let own = |url: &Cow<'_, str>| !is_of_others(values, url);
            push_opt_text(field, values.text(Col::Url).filter(own), out);
        }
        Kind::Method => push_opt_text(field, values.text(Col::Method), out),
        Kind::Action | Kind::Verdict(_, true) => {
            push_opt_text(field, values.text(Col::Action), out);
        }
        Kind::Hierarchy => push_opt_text(field, values.text(Col::Hierarchy), out),
        Kind::Peer | Kind::Upstream => push_opt_text(field, values.text(Col::Peer), out),
        Kind::Thousandths(col) => match values.int(*col) {
            Some(value) if value >= 0 => {
                out.extend_from_slice(format!("{}.{:03}", value / 1000, value % 1000).as_bytes());
            }
            value => push_opt_int(field, value, out),
        },
        Kind::Media(col) | Kind::Address(col) | Kind::Judged(_, col) => {
            push_opt_text(field, values.text(*col), out)
        }
        Kind::Host => push_opt_text(field, values.text(Col::Host), out),
        Kind::Authority => endpoint(field, Col::Host, Col::Port, values, out),
        Kind::Endpoint(addr, port) => endpoint(field, *addr, *port, values, out),
        Kind::Scheme => push_opt_text(field, values.text(Col::Scheme), out),
        Kind::Path | Kind::Target => {
            push_opt_text(field, values.text(Col::Path), out);
            if field.kind == Kind::Target
                && let Some(query) = values.text(Col::Query)
            {
                out.push(b'?');
                out.extend_from_slice(query.as_bytes());
            }
        }
        Kind::Query => prefixed(field, b"?", values.text(Col::Query), out),
        Kind::Body => push_opt_text(field, values.text(Col::RequestBody), out),
        Kind::Extra | Kind::Envelope(_) | Kind::Time(_) | Kind::Verdict(..) => {
            out.extend_from_slice(field.null())
        }
    }
    if field.zero {
        let len = out.len() - start;
        let zeros = field.width.saturating_sub(len);
        out.splice(start..start, std::iter::repeat_n(b'0', zeros));
    }
}

/// A text with what always stands before it.
fn prefixed(field: &Field, prefix: &[u8], text: Option<Cow<'_, str>>, out: &mut Vec<u8>) {
    out.extend_from_slice(if text.is_some() { prefix } else { b"" });
    push_opt_text(field, text, out);
}

fn push_opt_text(field: &Field, text: Option<Cow<'_, str>>, out: &mut Vec<u8>) {
    match text {
        Some(text) => out.extend_from_slice(text.as_bytes()),
        None => out.extend_from_slice(field.null()),
    }
}

fn push_opt_int(field: &Field, value: Option<i64>, out: &mut Vec<u8>) {
    match value {
        Some(value) => push_int(value, out),
        None => out.extend_from_slice(field.null()),
    }
}

fn push_int(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(value.to_string().as_bytes());
}

/// Whether a URL is nothing but what fields beside it give: without any of its own, scheme and port are put together.
fn is_of_others(values: &dyn Values, url: &str) -> bool {
    if [Col::Host, Col::Path, Col::Query].iter().any(|col| values.text(*col).is_some()) {
        return false;
    }
    let port = values.int(Col::Port).and_then(|port| i32::try_from(port).ok());
    let scheme = values.text(Col::Scheme);
    rebuild(scheme.as_deref(), None, port, None, None).is_some_and(|others| others == url)
}

/// An address or name, with its port if there is one.
fn endpoint(field: &Field, name: Col, port: Col, values: &dyn Values, out: &mut Vec<u8>) {
    let Some(name) = values.text(name) else { return out.extend_from_slice(field.null()) };
    let Some(port) = values.int(port) else { return out.extend_from_slice(name.as_bytes()) };
    let brackets = name.contains(':');
    out.extend_from_slice(if brackets { b"[" } else { b"" });
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(if brackets { b"]:" } else { b":" });
    push_int(port, out);
}
