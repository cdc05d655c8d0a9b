//! What a word's text is worth: its fields decoded into column values, and encoded again to prove nothing was lost.

mod plausible;
mod request;
mod value;
mod write;

use std::borrow::Cow;

use storage::schema::Col;

pub(crate) use plausible::{plausible, plausible_field, without_session};
pub(crate) use request::{UsualRequest, usual_request};
pub(crate) use value::fits;
pub(crate) use write::{encode, encode_field};

use super::layout::Word;
use super::verdict::{Facts, is_connect};
use super::{Field, Kind, NULL_WORD, Token, number};
use value::decode_field;

/// Ends keys of `extra`: a value with its quotes and escapes, where these are not those of its field.
pub(crate) const AS_LOGGED: &str = "_as_logged";

/// The values a word gives, decoded once per distinct text.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    /// Text columns.
    pub(crate) texts: Vec<(Col, String)>,
    /// Numeric columns.
    pub(crate) ints: Vec<(Col, i64)>,
    /// The body of a request.
    pub(crate) body: Option<Vec<u8>>,
    /// Members of `extra`: fields without a column, and texts that a column's normal form does not give back.
    pub(crate) extra: Vec<(String, String)>,
    /// The parts of the URL do not give it back, so that it has to be stored.
    pub(crate) url_needed: bool,
    /// What it says about verdict and cache.
    pub(crate) facts: Facts,
    /// The word is not made as the format says.
    pub(crate) partial: bool,
    /// A typed field holds what is not of its type: perhaps it is another field's.
    pub(crate) misfit: bool,
    /// Columns and `extra` do not give the text back, because it is no UTF-8.
    pub(crate) inexact: bool,
}

impl Decoded {
    /// Empties it for the next word.
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.ints.clear();
        self.body = None;
        self.extra.clear();
        self.url_needed = false;
        self.facts = Facts::default();
        self.partial = false;
        self.misfit = false;
        self.inexact = false;
    }

    fn text(&mut self, col: Col, value: Cow<'_, str>) {
        self.texts.push((col, value.into_owned()));
    }

    fn keep_as_logged(&mut self, name: &str, text: &[u8]) {
        match std::str::from_utf8(text) {
            Ok(text) => self.extra.push((name.into(), text.into())),
            Err(_) => self.inexact = true,
        }
    }
}

/// Values by which a field can be written.
pub(crate) trait Values {
    /// A text column.
    fn text(&self, col: Col) -> Option<Cow<'_, str>>;
    /// A numeric column.
    fn int(&self, col: Col) -> Option<i64>;
    /// A member of `extra`.
    fn extra(&self, name: &str) -> Option<Cow<'_, str>>;
}

impl Values for Decoded {
    fn text(&self, col: Col) -> Option<Cow<'_, str>> {
        if col == Col::RequestBody {
            return self.body.as_deref().map(String::from_utf8_lossy);
        }
        self.texts.iter().find(|(c, _)| *c == col).map(|(_, text)| Cow::Borrowed(text.as_str()))
    }

    fn int(&self, col: Col) -> Option<i64> {
        self.ints.iter().find(|(c, _)| *c == col).map(|&(_, value)| value)
    }

    fn extra(&self, name: &str) -> Option<Cow<'_, str>> {
        self.extra.iter().find(|(n, _)| n == name).map(|(_, text)| Cow::Borrowed(text.as_str()))
    }
}

/// Decodes the text of a word into `out`, which the caller has cleared.
pub(crate) fn decode(word: &Word, text: &[u8], out: &mut Decoded) {
    // Nobody logs a NUL on purpose: it ends a record that was cut short.
    out.partial = memchr::memchr(0, text).is_some();
    let logged = text;
    let (inner, exact) = word.unwrapped(text);
    let text = &*inner;
    decode_plain(word, text, out);
    // A wrapping that its rule does not give back is kept; values that can't be their field's are suspicious.
    if !exact {
        out.keep_as_logged(&format!("{}{AS_LOGGED}", word.name), logged);
    }
    if word.wrap.is_some() {
        // Within quotes a value may begin and end with spaces.
        let bare = if text.len() < logged.len() { text.trim_ascii() } else { text };
        out.partial |= !word.is_null(text) && !plausible(word, bare);
    }
}

fn decode_plain(word: &Word, text: &[u8], out: &mut Decoded) {
    if word.tokens.len() > 1 && word.is_null(text) {
        out.keep_as_logged(&word.name, text);
        return;
    }
    let mut pieces = Vec::with_capacity(4);
    if !cut(word, text, &mut pieces) {
        return decode_misfit(word, text, out);
    }
    // The method tells how to read the target.
    let connect = word
        .fields()
        .zip(&pieces)
        .any(|(field, piece)| field.kind == Kind::Method && is_connect(piece));
    let alone = !word.fields().any(|field| field.kind == Kind::Method);
    for (field, piece) in word.fields().zip(&pieces) {
        out.misfit |= !plausible_field(field, piece);
        decode_field(field, piece, connect || alone && is_authority(piece), out);
        prove(field, piece, out);
    }
    // Without method and target `-` would be written.
    let target = |(col, _): &(Col, String)| matches!(col, Col::Method | Col::Url | Col::Path);
    if word.is_quoted_request() && !out.texts.iter().any(target) {
        out.extra.clear();
        out.keep_as_logged(&word.name, text);
    }
}

/// A word that is not made as the format says is kept whole in `extra`, with as much of it as can be told.
fn decode_misfit(word: &Word, text: &[u8], out: &mut Decoded) {
    let mut fields = word.fields();
    let request = word.is_request_line();
    // No request was read: `-`, `<BADREQ>`, or nothing between the quotes.
    let none = |field: &Field| field.kind == Kind::Method && field.is_null(text);
    if request && (text.is_empty() || word.fields().any(none)) {
        if text != NULL_WORD {
            out.keep_as_logged(&word.name, text);
        }
        return;
    }
    // `GET /path`: HTTP/0.9 had no version.
    if request {
        let method = fields.find(|field| field.kind == Kind::Method);
        let target = word.fields().find(|field| matches!(field.kind, Kind::Url | Kind::Target));
        let between = word.tokens.iter().find_map(|token| match token {
            Token::Literal(bytes) => bytes.first().copied(),
            Token::Field(_) => None,
        });
        let at = memchr::memchr(between.unwrap_or(b' '), text);
        // Outside quotes it could be anything that is not a request.
        let upper = |at: &usize| word.quoted || text[..*at].iter().all(u8::is_ascii_uppercase);
        if let (Some(at), Some(method), Some(target)) = (at.filter(upper), method, target) {
            decode_field(method, &text[..at], false, out);
            let (url, version) = without_protocol(&text[at + 1..]);
            decode_field(target, url, is_connect(&text[..at]), out);
            out.texts.extend(version.map(|version| (Col::HttpVersion, version)));
        } else {
            out.partial = true;
        }
    } else {
        out.partial = true;
        out.misfit = !word.quoted;
    }
    out.extra.clear();
    out.keep_as_logged(&word.name, text);
}

/// A target and the version of the protocol behind it, if one is there (`NONE/0.0`).
fn without_protocol(text: &[u8]) -> (&[u8], Option<String>) {
    let Some(at) = memchr::memrchr(b' ', text) else { return (text, None) };
    let protocol = String::from_utf8_lossy(&text[at + 1..]);
    match protocol.split_once('/') {
        Some((name, version))
            if !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_uppercase())
                && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') =>
        {
            (&text[..at], Some(version.to_owned()))
        }
        _ => (text, None),
    }
}

/// Keeps the text of a field beside its column if the column does not give it back.
fn prove(field: &Field, piece: &[u8], out: &mut Decoded) {
    if field.kind == Kind::Body {
        // It is too long to be kept twice.
        return;
    }
    let mut written = Vec::with_capacity(piece.len());
    encode_field(field, out, &mut written);
    if written != piece {
        out.keep_as_logged(&field.name, piece);
    }
}

/// Cuts a word at its inner literals. Fields that can't hold the literal behind them are taken from the left, then
/// from the right; the one between (a URL, an address) takes what is left.
pub(crate) fn cut<'a>(word: &Word, text: &'a [u8], pieces: &mut Vec<&'a [u8]>) -> bool {
    let tokens = word.tokens.as_slice();
    if let [Token::Field(_)] = tokens {
        pieces.push(text);
        return true;
    }
    let (mut left, mut right) = (0, tokens.len());
    let mut rest = text;
    while let Some([Token::Field(field), Token::Literal(literal)]) = tokens.get(left..left + 2) {
        if left + 2 >= right || may_hold(&field.kind, literal) {
            break;
        }
        let Some(at) = memchr::memmem::find(rest, literal) else { return false };
        pieces.push(&rest[..at]);
        rest = &rest[at + literal.len()..];
        left += 2;
    }
    let mut back = Vec::new();
    while right > left + 1 {
        match &tokens[right - 1] {
            Token::Literal(literal) => {
                let Some(head) = rest.strip_suffix(literal.as_slice()) else { return false };
                rest = head;
                right -= 1;
            }
            Token::Field(_) => {
                let Some(Token::Literal(literal)) = tokens.get(right - 2) else { return false };
                let Some(at) = memchr::memmem::rfind(rest, literal) else { return false };
                back.push(&rest[at + literal.len()..]);
                rest = &rest[..at];
                right -= 2;
            }
        }
    }
    pieces.push(rest);
    pieces.extend(back.into_iter().rev());
    true
}

/// Whether the value of a field may contain the literal that follows it.
fn may_hold(kind: &Kind, literal: &[u8]) -> bool {
    match kind {
        Kind::Url | Kind::SchemelessUrl | Kind::PortlessUrl => true,
        Kind::Target | Kind::Path | Kind::Query => true,
        Kind::Text(_) | Kind::Extra | Kind::Verdict(..) | Kind::Judged(..) => true,
        Kind::Address(_) | Kind::Peer | Kind::Upstream | Kind::Endpoint(..) | Kind::Authority => {
            literal.contains(&b':')
        }
        _ => false,
    }
}

/// Whether a target without a method beside it is the `host:port` of CONNECT.
fn is_authority(text: &[u8]) -> bool {
    text.iter().rposition(|&byte| byte == b':').is_some_and(|at| {
        let (host, port) = (&text[..at], &text[at + 1..]);
        number::digits(port).is_some_and(|port| port <= 65_535)
            && !host.is_empty()
            && !host.contains(&b'/')
            && host != b"error"
    })
}

impl Word {
    /// Whether it holds method and URL.
    pub(crate) fn is_request(&self) -> bool {
        self.name == "request"
    }

    /// Whether it is a request line, which may lack its version.
    pub(crate) fn is_request_line(&self) -> bool {
        let version =
            |field: &Field| matches!(field.kind, Kind::Text(Col::HttpVersion) | Kind::Protocol);
        self.is_request() && (self.quoted || self.fields().any(version))
    }

    /// Whether it is a request line in quotes, for which `-` stands where no request was read.
    pub(crate) fn is_quoted_request(&self) -> bool {
        self.quoted && self.name == "request"
    }
}
