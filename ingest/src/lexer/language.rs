//! Which language is a format string written in, and what does it say? Each language turns its strings into tokens.

mod ats;
mod detect;
mod envoy;
mod haproxy;
mod nginx;
mod nss;
mod own;
mod wsa;

use std::sync::Arc;

use storage::schema::Col;

use super::escape::Style;
use super::squid::{Codes, Cursor, Placed, Wrong, push_literal};
use super::verdict::Table;
use super::{Field, Kind, Nulls, Token, apache, dash, squid};
use crate::time::{TimeSpec, parse_spec};

/// The languages of format strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// Squid's `logformat`: `%ts.%03tu %>a`.
    Squid,
    /// The same, with the columns of the first release.
    FirstSquid,
    /// Apache's `LogFormat`: `%h %l %u %t "%r"`.
    Apache,
    /// nginx's `log_format`: `$remote_addr [$time_local]`.
    Nginx,
    /// HAProxy's `log-format`: `%ci:%cp [%tr]`.
    Haproxy,
    /// Apache Traffic Server: `%<cqtq> %<chi>`.
    Ats,
    /// Envoy: `[%START_TIME%] %REQ(:METHOD)%`.
    Envoy,
    /// Cisco Secure Web Appliance (WSA): `%t %e %a %w/%h`.
    Wsa,
    /// Zscaler NSS: `%s{time}\t%s{login}`.
    Nss,
    /// dwell's own, for logs that have no language: `{ts=%Y-%m-%d %H:%M:%S} {client_ip}`.
    Own,
}

impl Language {
    /// All of them, with the word that names each before a string.
    pub(crate) const ALL: [(&'static str, Self); 9] = [
        ("squid", Self::Squid),
        ("apache", Self::Apache),
        ("nginx", Self::Nginx),
        ("haproxy", Self::Haproxy),
        ("ats", Self::Ats),
        ("envoy", Self::Envoy),
        ("wsa", Self::Wsa),
        ("nss", Self::Nss),
        ("dwell", Self::Own),
    ];

    /// The language of a string, and the string without the word that names it. Without such a word, signs that only
    /// one language has decide; Squid's is the last resort.
    pub(crate) fn of(spec: &str) -> (Self, &str) {
        Self::named(spec).unwrap_or_else(|| (detect::by_signs(spec), spec))
    }

    /// The language that a word before the string names, and the string.
    pub(crate) fn named(spec: &str) -> Option<(Self, &str)> {
        Self::ALL.iter().find_map(|(word, language)| {
            let rest = spec.strip_prefix(word)?.strip_prefix(':')?;
            Some((*language, rest))
        })
    }

    /// The word that names it.
    pub(crate) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, language)| *language == self).map_or("squid", |(word, _)| word)
    }

    /// What a string of this language says.
    pub(crate) fn tokens(self, text: &str) -> Result<Vec<Placed>, Wrong> {
        match self {
            Self::Squid => squid::tokens(text, Codes::All),
            Self::FirstSquid => squid::tokens(text, Codes::First),
            Self::Apache => apache::tokens(text),
            Self::Nginx => nginx::tokens(text),
            Self::Haproxy => haproxy::tokens(text),
            Self::Ats => ats::tokens(text),
            Self::Envoy => envoy::tokens(text),
            Self::Wsa => wsa::tokens(text),
            Self::Nss => nss::tokens(text),
            Self::Own => own::tokens(text),
        }
    }
}

/// Tokens of a string, as they are found.
struct Tokens {
    placed: Vec<Placed>,
    style: Style,
    nulls: Nulls,
}

impl Tokens {
    fn new(style: Style) -> Self {
        Self { placed: Vec::new(), style, nulls: dash() }
    }

    fn literal(&mut self, text: &str, at: usize) {
        push_literal(&mut self.placed, text, at);
    }

    /// A field of the language's style and null words.
    fn field(&self, kind: Kind, name: impl Into<String>) -> Field {
        let nulls = Arc::clone(&self.nulls);
        Field { style: self.style, nulls, ..Field::plain(kind, name) }
    }

    fn push(&mut self, field: Field, at: usize) {
        self.placed.push((Token::Field(field), at));
    }

    fn add(&mut self, kind: Kind, name: impl Into<String>, at: usize) {
        let field = self.field(kind, name);
        self.push(field, at);
    }

    /// A whole request line: method, target and version.
    fn request(&mut self, target: Kind, at: usize) {
        self.add(Kind::Method, "method", at);
        self.literal(" ", at);
        self.add(target, "url", at);
        self.literal(" HTTP/", at);
        self.add(Kind::Text(Col::HttpVersion), "http_version", at);
    }
}

/// A time by the text that [`parse_spec`] takes.
fn time(text: &str) -> Result<Kind, String> {
    let spec: TimeSpec = parse_spec(text).map_err(|error| error.message)?;
    Ok(Kind::Time(spec))
}

/// The time of the Common Log Format.
const CLF: &str = "%d/%b/%Y:%H:%M:%S %z";

/// What the value of a request header fills.
fn request_header(name: &str) -> Kind {
    match name.to_ascii_lowercase().replace('_', "-").as_str() {
        "user-agent" => Kind::Text(Col::UserAgent),
        "referer" => Kind::Text(Col::Referer),
        "cookie" => Kind::Text(Col::Cookie),
        "content-type" => Kind::Media(Col::RequestContentType),
        _ => Kind::Extra,
    }
}

/// What the value of a reply header fills.
fn reply_header(name: &str) -> Kind {
    match name.to_ascii_lowercase().replace('_', "-").as_str() {
        "content-type" => Kind::Media(Col::ContentType),
        _ => Kind::Extra,
    }
}

/// A table beside whose words none occurs.
fn closed(words: &[(&str, &str)]) -> Arc<Table> {
    Arc::new(Table::new(words.iter().copied(), false).unwrap_or_default().closed())
}

/// A table of words written in this source.
fn table(words: &[(&str, &str)], squid: bool) -> Arc<Table> {
    // A wrong meaning would fail the test of every format that has the table.
    Arc::new(Table::new(words.iter().copied(), squid).unwrap_or_default())
}
