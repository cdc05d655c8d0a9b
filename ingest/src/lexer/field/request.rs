//! Whether a word is a request as most are, so that it can be read without copying anything.

use storage::schema::Col;

use crate::lexer::layout::Word;
use crate::lexer::{Field, Kind, Token};

/// A request as most are: a method in upper case, a URL in UTF-8, perhaps a version.
pub(crate) struct UsualRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) version: Option<&'a str>,
}

/// Reads a word that is made of method and URL, and perhaps the version, if nothing about it is unusual. It then is
/// given back by these three as they are.
pub(crate) fn usual_request<'a>(word: &Word, text: &'a [u8]) -> Option<UsualRequest<'a>> {
    // Escapes, and quotes of its own, are unusual.
    if word.wrap.is_some() && word.wrapped(text) != text {
        return None;
    }
    let text = simdutf8::basic::from_utf8(text).ok()?;
    let (method, url, version) = match word.tokens.as_slice() {
        [Token::Field(method), Token::Literal(between), Token::Field(url)] => {
            let (head, tail) = cut_at(text, between)?;
            ((method, head), (url, tail), None)
        }
        [
            Token::Field(method),
            Token::Literal(between),
            Token::Field(url),
            Token::Literal(http),
            Token::Field(Field { kind: Kind::Text(Col::HttpVersion), zero: false, .. }),
        ] => {
            let (head, tail) = cut_at(text, between)?;
            let at = memchr::memmem::rfind(tail.as_bytes(), http)?;
            let (tail, version) = (tail.get(..at)?, tail.get(at + http.len()..)?);
            ((method, head), (url, tail), Some(version))
        }
        _ => return None,
    };
    let kinds = method.0.kind == Kind::Method && url.0.kind == Kind::Url;
    let plain = !method.0.zero && !url.0.zero && version != Some("-");
    let (method, url) = (method.1, url.1);
    let usual = method.bytes().all(|byte| byte.is_ascii_uppercase())
        && !matches!(method, "" | "NONE")
        && !matches!(url, "" | "-");
    let whole = memchr::memchr(0, url.as_bytes()).is_none();
    (kinds && plain && usual && whole).then_some(UsualRequest { method, url, version })
}

/// Text before and after the first byte of a one-byte literal.
fn cut_at<'a>(text: &'a str, literal: &[u8]) -> Option<(&'a str, &'a str)> {
    let [byte] = *literal else { return None };
    let at = memchr::memchr(byte, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}
