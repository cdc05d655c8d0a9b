//! What a word's text is worth: its fields decoded into column values, and encoded again to prove nothing was lost.

mod request;

use std::borrow::Cow;

use storage::observable::{addr, url};
use storage::schema::Col;

pub(crate) use request::{UsualRequest, usual_request};

use super::layout::Word;
use super::verdict::Facts;
use super::{Field, Kind, NULL_WORD, Token, number};

/// The values a word gives, decoded once per distinct text.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    /// Text columns.
    pub(crate) texts: Vec<(Col, String)>,
    /// Numeric columns.
    pub(crate) ints: Vec<(Col, i64)>,
    /// Members of `extra`: fields without a column, and texts that a column's normal form does not give back.
    pub(crate) extra: Vec<(String, String)>,
    /// The parts of the URL do not give it back, so that it has to be stored.
    pub(crate) url_needed: bool,
    /// What it says about verdict and cache.
    pub(crate) facts: Facts,
    /// The word is not made as the format says.
    pub(crate) partial: bool,
    /// Columns and `extra` do not give the text back, because it is no UTF-8.
    pub(crate) inexact: bool,
}

impl Decoded {
    /// Empties it for the next word.
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.ints.clear();
        self.extra.clear();
        self.url_needed = false;
        self.facts = Facts::default();
        self.partial = false;
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
    let mut pieces = Vec::with_capacity(4);
    if !cut(word, text, &mut pieces) {
        return decode_misfit(word, text, out);
    }
    // The method tells how to read the target.
    let connect = word
        .fields()
        .zip(&pieces)
        .any(|(field, piece)| field.kind == Kind::Method && piece.eq_ignore_ascii_case(b"CONNECT"));
    let alone = !word.fields().any(|field| field.kind == Kind::Method);
    for (field, piece) in word.fields().zip(&pieces) {
        decode_field(field, piece, connect || alone && is_authority(piece), out);
        prove(field, piece, out);
    }
}

/// A word that is not made as the format says is kept whole in `extra`, with as much of it as can be told.
fn decode_misfit(word: &Word, text: &[u8], out: &mut Decoded) {
    let mut fields = word.fields();
    let request = word.is_quoted_request();
    if request && text == NULL_WORD {
        return;
    }
    // `GET /path`: HTTP/0.9 had no version.
    if request {
        let method = fields.find(|field| field.kind == Kind::Method);
        let target = word.fields().find(|field| field.kind == Kind::Url);
        if let (Some(at), Some(method), Some(target)) = (memchr::memchr(b' ', text), method, target)
        {
            decode_field(method, &text[..at], false, out);
            let (url, version) = without_protocol(&text[at + 1..]);
            decode_field(target, url, text[..at].eq_ignore_ascii_case(b"CONNECT"), out);
            out.texts.extend(version.map(|version| (Col::HttpVersion, version)));
        } else {
            out.partial = true;
        }
    } else {
        out.partial = true;
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
        Kind::Url | Kind::Text(_) | Kind::Extra => true,
        Kind::Address(_) | Kind::Peer => literal.contains(&b':'),
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

fn decode_field(field: &Field, text: &[u8], connect: bool, out: &mut Decoded) {
    if text == NULL_WORD && !matches!(field.kind, Kind::Status) {
        return;
    }
    let lossy = String::from_utf8_lossy(text);
    match &field.kind {
        Kind::Text(col) => out.text(*col, decoded_text(field, *col, text)),
        Kind::Method if matches!(text, b"NONE" | b"") => {}
        Kind::Method => {
            let method = lossy.to_ascii_uppercase();
            out.facts = out.facts.and(Facts::of_method(method.as_bytes()));
            out.texts.push((Col::Method, method));
        }
        Kind::Url => decode_url(&lossy, connect, out),
        Kind::Protocol => {
            let version = lossy.strip_prefix("HTTP/").unwrap_or(&lossy);
            out.texts.push((Col::HttpVersion, version.into()));
        }
        Kind::Media(col) => {
            let kind = lossy.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            out.texts.push((*col, kind));
        }
        Kind::Address(col) => {
            let normal = addr::normalize(&lossy).map(Cow::into_owned);
            out.texts.push((*col, normal.unwrap_or_else(|| lossy.into_owned())));
        }
        Kind::Int(col) => decode_int(*col, text, 1, 1, out),
        Kind::Scaled(col, mul, div) => decode_int(*col, text, *mul, *div, out),
        Kind::Status => decode_status(text, out),
        Kind::Action => {
            out.facts = out.facts.and(Facts::of_action(&lossy));
            out.text(Col::Action, lossy);
        }
        Kind::Hierarchy => {
            out.facts = out.facts.and(Facts::of_hierarchy(&lossy));
            out.text(Col::Hierarchy, lossy);
        }
        Kind::Peer => {
            if let Some(address) = addr::normalize(&lossy) {
                out.texts.push((Col::ServerIp, address.into_owned()));
            }
            out.text(Col::Peer, lossy);
        }
        Kind::Extra | Kind::Time(_) => out.keep_as_logged(&field.name, text),
    }
}

/// Names and headers, which come from outside, are decoded; the rest is kept as logged.
fn decoded_text<'a>(field: &Field, col: Col, text: &'a [u8]) -> Cow<'a, str> {
    if !is_decoded(col) {
        return String::from_utf8_lossy(text);
    }
    match field.style.decode(text) {
        Cow::Borrowed(text) => String::from_utf8_lossy(text),
        Cow::Owned(text) => Cow::Owned(String::from_utf8_lossy(&text).into_owned()),
    }
}

fn is_decoded(col: Col) -> bool {
    matches!(col, Col::User | Col::UserAgent | Col::Referer | Col::Cookie)
}

fn decode_url(text: &str, connect: bool, out: &mut Decoded) {
    let parts = url::split(connect, text);
    // For the proof, the logged text stands here; the builder stores it only where the parts don't give it back.
    out.texts.push((Col::Url, text.into()));
    out.url_needed = parts.needs_as_logged;
    for (col, part) in [
        (Col::Scheme, parts.scheme),
        (Col::Host, parts.host),
        (Col::Path, parts.path.map(Cow::Borrowed)),
        (Col::Query, parts.query.map(Cow::Borrowed)),
        (Col::Extension, parts.extension),
    ] {
        if let Some(part) = part {
            out.text(col, part);
        }
    }
    if let Some(port) = parts.port {
        out.ints.push((Col::Port, i64::from(port)));
    }
}

fn decode_int(col: Col, text: &[u8], mul: i64, div: i64, out: &mut Decoded) {
    let lossy = String::from_utf8_lossy(text);
    let value = lossy.trim().parse::<i64>().ok().and_then(|value| value.checked_mul(mul));
    match value.map(|value| value / div).filter(|&value| fits(col, value)) {
        Some(value) => out.ints.push((col, value)),
        None => out.partial = true,
    }
}

/// Whether a value fits its column.
pub(crate) fn fits(col: Col, value: i64) -> bool {
    col.column().kind != storage::schema::ColumnType::Int32 || i32::try_from(value).is_ok()
}

fn decode_status(text: &[u8], out: &mut Decoded) {
    let code = match text.len() {
        1..=3 => number::digits(text).and_then(|code| i64::try_from(code).ok()),
        _ => None,
    };
    if let Some(code) = code {
        out.facts = out.facts.and(Facts::of_status(code));
        if code > 0 {
            out.ints.push((Col::Status, code));
        }
    }
}

/// Writes a word.
pub(crate) fn encode(word: &Word, values: &dyn Values, out: &mut Vec<u8>) {
    if word.tokens.len() > 1
        && let Some(text) = values.extra(&word.name)
    {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    if word.is_quoted_request() && values.text(Col::Method).or(values.text(Col::Url)).is_none() {
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
            None => out.extend_from_slice(NULL_WORD),
        },
        Kind::Int(col) => push_opt_int(values.int(*col), out),
        Kind::Scaled(col, mul, div) => {
            push_opt_int(values.int(*col).map(|value| value / mul * div), out);
        }
        Kind::Protocol => match values.text(Col::HttpVersion) {
            Some(version) => {
                out.extend_from_slice(b"HTTP/");
                out.extend_from_slice(version.as_bytes());
            }
            None => out.extend_from_slice(NULL_WORD),
        },
        Kind::Text(col) => match values.text(*col) {
            Some(text) if is_decoded(*col) => field.style.encode(text.as_bytes(), out),
            text => push_opt_text(text, out),
        },
        Kind::Url => push_opt_text(values.text(Col::Url), out),
        Kind::Method => push_opt_text(values.text(Col::Method), out),
        Kind::Action => push_opt_text(values.text(Col::Action), out),
        Kind::Hierarchy => push_opt_text(values.text(Col::Hierarchy), out),
        Kind::Peer => push_opt_text(values.text(Col::Peer), out),
        Kind::Media(col) | Kind::Address(col) => push_opt_text(values.text(*col), out),
        Kind::Extra | Kind::Time(_) => out.extend_from_slice(NULL_WORD),
    }
    if field.zero {
        let len = out.len() - start;
        let zeros = field.width.saturating_sub(len);
        out.splice(start..start, std::iter::repeat_n(b'0', zeros));
    }
}

fn push_opt_text(text: Option<Cow<'_, str>>, out: &mut Vec<u8>) {
    match text {
        Some(text) => out.extend_from_slice(text.as_bytes()),
        None => out.extend_from_slice(NULL_WORD),
    }
}

fn push_opt_int(value: Option<i64>, out: &mut Vec<u8>) {
    match value {
        Some(value) => push_int(value, out),
        None => out.extend_from_slice(NULL_WORD),
    }
}

fn push_int(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(value.to_string().as_bytes());
}

/// Whether a text can be this word's: typed fields have their type, so that words found from both ends of an odd line
/// are not taken for others.
pub(crate) fn plausible(word: &Word, text: &[u8]) -> bool {
    if !word.quoted && !word.pad_free_text(text) {
        return false;
    }
    let mut pieces = Vec::with_capacity(4);
    if !cut(word, text, &mut pieces) {
        return word.quoted && word.name == "request";
    }
    word.fields().zip(pieces).all(|(field, piece)| plausible_field(&field.kind, piece))
}

impl Word {
    /// Whether it holds method and URL.
    pub(crate) fn is_request(&self) -> bool {
        self.name == "request"
    }

    /// Whether it is a request line in quotes, for which `-` stands where no request was read.
    fn is_quoted_request(&self) -> bool {
        self.quoted && self.name == "request"
    }

    /// Bare words begin and end with something.
    fn pad_free_text(&self, text: &[u8]) -> bool {
        text.first() != Some(&b' ') && text.last() != Some(&b' ')
    }
}

fn plausible_field(kind: &Kind, text: &[u8]) -> bool {
    let code = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    match kind {
        Kind::Int(_) | Kind::Scaled(..) => {
            text == NULL_WORD || number::canonical_signed(text).is_some()
        }
        Kind::Status => {
            text == NULL_WORD
                || text.len() <= 4 && number::canonical_signed(text).is_some()
                || number::digits(text).is_some_and(|code| code < 1000)
        }
        Kind::Method => !text.is_empty() && text.len() <= 64 && text.iter().all(code),
        Kind::Action | Kind::Hierarchy => !text.is_empty() && text.iter().all(code),
        Kind::Media(_) => text == NULL_WORD || text.contains(&b'/') && text.first() != Some(&b'['),
        Kind::Address(_) => {
            let named = |byte: &u8| byte.is_ascii_alphabetic() || b"-.:".contains(byte);
            !text.is_empty() && !text.contains(&b' ') && text.iter().any(named)
        }
        Kind::Peer => !text.is_empty() && !text.contains(&b' '),
        Kind::Text(Col::User) => {
            // A dash between spaces is another field's null word, not part of a name.
            !text.contains(&b' ') || !text.starts_with(b"- ") && !text.ends_with(b" -")
        }
        _ => true,
    }
}
