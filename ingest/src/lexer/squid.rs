//! What a Squid `logformat` says: its codes and modifiers turned into fields.

use storage::schema::Col;

use super::escape::Style;
use super::{Field, Kind, Token};
use crate::time::strftime::Pattern;
use crate::time::{Base, TimeSpec};

/// A piece of a format string with the place it came from, in characters.
pub(crate) type Placed = (Token, usize);

/// What is wrong with a format string, and where, in characters.
pub(crate) type Wrong = (String, usize);

/// Codes without a namespace, the longer before those they begin with.
const CODES: &[&str] = &[
    "master_xaction",
    "request_attempts",
    "credentials",
    "err_detail",
    "busy_time",
    "err_code",
    ">nfmark",
    "<nfmark",
    "note",
    ">eui",
    ">tos",
    "<tos",
    ">qos",
    "<qos",
    "tag",
    ">ha",
    "<ha",
    ">la",
    ">lp",
    "<la",
    "<lp",
    ">Hs",
    "<Hs",
    ">rm",
    ">ru",
    ">rs",
    ">rd",
    ">rP",
    ">rp",
    ">rv",
    "<rm",
    "<ru",
    "<rs",
    "<rd",
    "<rP",
    "<rp",
    "<rv",
    ">st",
    "<st",
    ">sh",
    "<sh",
    "<bs",
    "<pt",
    "<tt",
    ">a",
    ">A",
    ">p",
    "<a",
    "<A",
    "<p",
    ">h",
    "<h",
    "la",
    "lp",
    "ts",
    "tu",
    "tS",
    "tl",
    "tg",
    "tr",
    "dt",
    "un",
    "ul",
    "ui",
    "us",
    "ue",
    "Hs",
    "mt",
    "rm",
    "ru",
    "rs",
    "rd",
    "rP",
    "rp",
    "rv",
    "Ss",
    "Sh",
    "st",
    "sn",
    "ea",
    "et",
];

/// A format string being read.
pub(crate) struct Cursor<'a> {
    rest: &'a str,
    /// Place in characters.
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    /// Begins at the first character.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text, at: 0 }
    }

    /// The next character, not taken.
    pub(crate) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Takes one character.
    pub(crate) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.skip(next.len_utf8());
        Some(next)
    }

    /// Takes `text` if it comes next.
    pub(crate) fn take(&mut self, text: &str) -> bool {
        let found = self.rest.starts_with(text);
        if found {
            self.skip(text.len());
        }
        found
    }

    /// Takes characters while `wanted` holds.
    pub(crate) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (head, _) = self.rest.split_at(end);
        self.skip(end);
        head
    }

    /// Takes `{...}` if it comes next.
    pub(crate) fn braces(&mut self) -> Result<Option<&'a str>, Wrong> {
        let at = self.at;
        if !self.take("{") {
            return Ok(None);
        }
        let arg = self.take_while(|c| c != '}');
        if self.take("}") { Ok(Some(arg)) } else { Err(("`{` is never closed".into(), at)) }
    }

    fn skip(&mut self, bytes: usize) {
        let (head, rest) = self.rest.split_at(bytes);
        self.at += head.chars().count();
        self.rest = rest;
    }
}

/// Which codes have a column: those of the first release, in whose words ledgers keep strings without `squid:` before
/// them, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codes {
    /// As in the first release.
    First,
    /// All.
    All,
}

/// Turns a `logformat` string into tokens.
pub(crate) fn tokens(text: &str, codes: Codes) -> Result<Vec<Placed>, Wrong> {
    let mut cursor = Cursor::new(text);
    let mut tokens: Vec<Placed> = Vec::new();
    let mut quotes = 0;
    while let Some(next) = cursor.peek() {
        let at = cursor.at;
        if next == '%' {
            cursor.next();
            if cursor.take("%") {
                push_literal(&mut tokens, "%", at);
                continue;
            }
            let field = field(&mut cursor, quotes % 2 == 1, codes, at)?;
            tokens.push((Token::Field(field), at));
        } else {
            let literal = cursor.take_while(|c| c != '%');
            quotes += literal.matches('"').count();
            push_literal(&mut tokens, literal, at);
        }
    }
    Ok(tokens)
}

/// Appends literal text, to the last literal if there is one.
pub(crate) fn push_literal(tokens: &mut Vec<Placed>, text: &str, at: usize) {
    match tokens.last_mut() {
        Some((Token::Literal(bytes), _)) => bytes.extend_from_slice(text.as_bytes()),
        _ => tokens.push((Token::Literal(text.as_bytes().to_vec()), at)),
    }
}

fn field(
    cursor: &mut Cursor<'_>,
    in_quotes: bool,
    codes: Codes,
    at: usize,
) -> Result<Field, Wrong> {
    let style = match cursor.peek() {
        Some('"') => Some(Style::Quotes),
        Some('[') => Some(Style::Mime),
        Some('#') => Some(Style::Url),
        Some('/') => Some(Style::Shell),
        Some('\'') => Some(Style::Raw),
        _ => None,
    };
    if style.is_some() {
        cursor.next();
    }
    let left = cursor.take("-");
    let zero = cursor.peek() == Some('0');
    let width = number(cursor);
    if cursor.take(".") {
        number(cursor);
    }
    let mut arg = cursor.braces()?;
    let code = code(cursor);
    if code.is_empty() {
        return Err(("`%` is not followed by a code".into(), at));
    }
    if arg.is_none() {
        arg = cursor.braces()?;
    }
    let mut kind = kind(&code, arg).map_err(|message| (message, at))?;
    if kind == Kind::Extra && codes == Codes::All {
        kind = later_kind(&code, arg);
    }
    let name = match arg {
        Some(arg) => format!("{{{arg}}}{code}"),
        None => code,
    };
    // Squid escapes headers by default, user names not.
    let default = match in_quotes {
        true => Style::Quotes,
        false if kind == Kind::Text(Col::User) => Style::Raw,
        false => Style::UrlUnescaped,
    };
    let style = style.unwrap_or(default);
    Ok(Field { style, width, zero, left, status_zero: true, ..Field::plain(kind, name) })
}

fn number(cursor: &mut Cursor<'_>) -> usize {
    // No line has fields wider than this.
    cursor.take_while(|c| c.is_ascii_digit()).parse::<usize>().unwrap_or(0).min(1024)
}

fn code(cursor: &mut Cursor<'_>) -> String {
    for space in ["ssl::", "tls::", "icap::", "adapt::", "proxy_protocol::", "transport::"] {
        if cursor.take(space) {
            let rest = cursor.take_while(|c| c.is_ascii_alphanumeric() || "_<>".contains(c));
            return format!("{space}{rest}");
        }
    }
    if let Some(code) = CODES.iter().find(|code| cursor.take(code)) {
        return (*code).into();
    }
    let arrow = if cursor.take("<") {
        "<"
    } else if cursor.take(">") {
        ">"
    } else {
        ""
    };
    let rest = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
    format!("{arrow}{rest}")
}

fn kind(code: &str, arg: Option<&str>) -> Result<Kind, String> {
    Ok(match code {
        "ts" => Kind::Time(TimeSpec::epoch(0)),
        "tS" => Kind::Time(TimeSpec::epoch(3)),
        "tl" | "tg" => return time(arg, code == "tg"),
        "tr" => Kind::Int(Col::DurationMs),
        ">a" => Kind::Address(Col::ClientIp),
        ">A" => Kind::Text(Col::Computer),
        ">p" => Kind::Int(Col::ClientPort),
        "<a" | "<A" => Kind::Peer,
        "rm" | ">rm" => Kind::Method,
        "ru" | ">ru" => Kind::Url,
        "rv" | ">rv" => Kind::Text(Col::HttpVersion),
        ">rs" => Kind::Text(Col::Scheme),
        ">rd" => Kind::Text(Col::Host),
        ">rP" => Kind::Int(Col::Port),
        "mt" => Kind::Media(Col::ContentType),
        ">Hs" | "Hs" => Kind::Status,
        "<st" => Kind::Int(Col::ResponseBytes),
        ">st" => Kind::Int(Col::RequestBytes),
        "un" | "ul" | "ui" | "us" | "ue" => Kind::Text(Col::User),
        "Ss" => Kind::Action,
        "Sh" => Kind::Hierarchy,
        "err_code" => Kind::Text(Col::Reason),
        "et" | "note" => Kind::Text(Col::Rule),
        "ssl::>sni" => Kind::Text(Col::Sni),
        "ssl::>negotiated_version" => Kind::Text(Col::TlsVersion),
        ">h" => match arg.unwrap_or_default().to_ascii_lowercase().as_str() {
            "user-agent" => Kind::Text(Col::UserAgent),
            "referer" => Kind::Text(Col::Referer),
            "cookie" => Kind::Text(Col::Cookie),
            "content-type" => Kind::Media(Col::RequestContentType),
            _ => Kind::Extra,
        },
        "<h" if arg.is_some_and(|arg| arg.eq_ignore_ascii_case("content-type")) => {
            Kind::Media(Col::ContentType)
        }
        _ => Kind::Extra,
    })
}

/// Codes that have a column only since the second release.
fn later_kind(code: &str, arg: Option<&str>) -> Kind {
    match code {
        "<p" => Kind::Int(Col::Port),
        ">rp" => Kind::Target,
        // The body, where the format has not the whole reply.
        "<bs" => Kind::Int(Col::ResponseBytes),
        "tls::>sni" => Kind::Text(Col::Sni),
        "tls::>negotiated_version" => Kind::Text(Col::TlsVersion),
        ">h" if arg.is_some_and(|arg| arg.eq_ignore_ascii_case("host")) => Kind::Authority,
        _ => Kind::Extra,
    }
}

fn time(arg: Option<&str>, utc: bool) -> Result<Kind, String> {
    let pattern = match arg {
        None if utc => Pattern::compile("%d/%b/%Y:%H:%M:%S", true),
        None => Ok(Pattern::clf()),
        Some(arg) => Pattern::compile(arg, utc),
    };
    match pattern {
        Ok(pattern) if pattern.is_complete() => {
            Ok(Kind::Time(TimeSpec { base: Base::Calendar(pattern), millis: None }))
        }
        // A part of a time (an hour, a weekday) is kept as it is.
        Ok(_) => Ok(Kind::Extra),
        Err(at) => {
            let code: String = arg.unwrap_or_default().chars().skip(at).take(2).collect();
            Err(format!("`{code}` is not supported in a time"))
        }
    }
}
