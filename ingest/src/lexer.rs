//! What a line looks like: a format string compiled once into words, each with its literal, its fields and their columns.

pub(crate) mod apache;
pub(crate) mod chunk;
pub(crate) mod envelope;
pub(crate) mod escape;
pub(crate) mod field;
pub(crate) mod language;
pub(crate) mod layout;
pub(crate) mod number;
pub(crate) mod shaped;
pub(crate) mod split;
pub(crate) mod squid;
pub(crate) mod verdict;

use std::sync::{Arc, LazyLock};

use storage::schema::Col;

use crate::time::TimeSpec;
use escape::Style;
use verdict::Table;

/// What a field means: the column it fills, and how its text becomes the column's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text, as logged or decoded by the field's style.
    Text(Col),
    /// Request method: upper case; `NONE` is NULL.
    Method,
    /// The target of the request, as logged; fills all parts of the URL.
    Url,
    /// `HTTP/1.1`: the version is what follows the slash.
    Protocol,
    /// A media type: lower case, without parameters.
    Media(Col),
    /// An address in normal form.
    Address(Col),
    /// A whole number.
    Int(Col),
    /// A whole number of another unit: the column holds `value * mul / div`.
    Scaled(Col, i64, i64),
    /// HTTP status; 0 is NULL.
    Status,
    /// Squid's result code.
    Action,
    /// Squid's hierarchy code.
    Hierarchy,
    /// Next hop; the origin's address where the hierarchy code says it was asked directly.
    Peer,
    /// The name of a host, without port.
    Host,
    /// A host name, perhaps with a port.
    Authority,
    /// The scheme of a URL, a part of its own.
    Scheme,
    /// The path of a URL, a part of its own.
    Path,
    /// The query of a URL, a part of its own, with or without its `?`.
    Query,
    /// A URL that never names its scheme (`example.com/a?b`).
    SchemelessUrl,
    /// The same where the port has a field of its own.
    PortlessUrl,
    /// Path and query, or a whole URL, where the host has a field of its own.
    Target,
    /// A decimal number of another unit: the column holds `value * mul / div`.
    Decimal(Col, i64, i64),
    /// `address:port`, for these two columns.
    Endpoint(Col, Col),
    /// A vendor's word for what was decided, looked up in its table; fills `action` if that is said.
    Verdict(Arc<Table>, bool),
    /// The name or address of the server that was asked, perhaps with a port; its address is the origin's.
    Upstream,
    /// A count of thousandths, written as a decimal with three places.
    Thousandths(Col),
    /// A text for this column that says what was decided, too.
    Judged(Arc<Table>, Col),
    /// The body of a request.
    Body,
    /// What a relay put around the line; names the proxy, if that is said.
    Envelope(bool),
    /// Event time.
    Time(TimeSpec),
    /// No column of its own: goes to `extra` under the field's name.
    Extra,
}

/// One field of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// What it means.
    pub(crate) kind: Kind,
    /// Its key in `extra`: the column's name, or the code of the format where it has no column.
    pub(crate) name: String,
    /// How the writer escapes it.
    pub(crate) style: Style,
    /// Least width; shorter values are padded.
    pub(crate) width: usize,
    /// Padded with zeros instead of spaces.
    pub(crate) zero: bool,
    /// Padded on the right.
    pub(crate) left: bool,
    /// Written for a status that was not sent: `0` (Squid), or nothing but the null word (Apache).
    pub(crate) status_zero: bool,
    /// The texts that stand for an absent value; the first is the one that is written.
    pub(crate) nulls: Nulls,
    /// What may stand around it.
    pub(crate) shape: Shape,
}

/// What may stand around a value that is a word of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing.
    #[default]
    Plain,
    /// These two bytes, which belong to the value: between them it may hold separators.
    Enclosed(u8, u8),
    /// Nothing, and it may be a list: a comma, or a colon of its own, and a space go on.
    List,
    /// These two bytes always; where they are not, the word and the literal before it are absent.
    Optional(u8, u8),
}

impl Shape {
    /// The bytes around the value.
    pub(crate) fn ends(self) -> Option<(u8, u8)> {
        match self {
            Self::Plain | Self::List => None,
            Self::Enclosed(open, close) | Self::Optional(open, close) => Some((open, close)),
        }
    }

    /// Whether the word may be absent.
    pub(crate) fn is_optional(self) -> bool {
        matches!(self, Self::Optional(..))
    }
}

impl Field {
    /// A field of this meaning, neither padded nor escaped, for which `-` stands where it is absent.
    pub(crate) fn plain(kind: Kind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            style: Style::Raw,
            width: 0,
            zero: false,
            left: false,
            status_zero: false,
            nulls: dash(),
            shape: Shape::Plain,
        }
    }

    /// The text that is written where there is no value.
    pub(crate) fn null(&self) -> &[u8] {
        self.nulls.first().map_or(NULL_WORD, Vec::as_slice)
    }

    /// Whether this text stands for no value.
    pub(crate) fn is_null(&self, text: &[u8]) -> bool {
        self.nulls.iter().any(|null| null == text)
    }
}

/// Texts that stand for an absent value.
pub(crate) type Nulls = Arc<[Vec<u8>]>;

/// `-` alone: the null word of all languages of format strings.
pub(crate) fn dash() -> Nulls {
    static DASH: LazyLock<Nulls> = LazyLock::new(|| Arc::from([NULL_WORD.to_vec()]));
    Arc::clone(&DASH)
}

/// These texts stand for an absent value; the first is the one that is written.
pub(crate) fn nulls<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> Nulls {
    texts.into_iter().map(|text| text.as_ref().to_vec()).collect()
}

/// A format string in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// Bytes that stand in every line.
    Literal(Vec<u8>),
    /// A value.
    Field(Field),
}

/// The word that stands for an absent value in all formats of this language.
pub(crate) const NULL_WORD: &[u8] = b"-";
