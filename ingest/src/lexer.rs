//! What a line looks like: a format string compiled once into words, each with its literal, its fields and their columns.

pub(crate) mod apache;
pub(crate) mod chunk;
pub(crate) mod escape;
pub(crate) mod field;
pub(crate) mod layout;
pub(crate) mod number;
pub(crate) mod split;
pub(crate) mod squid;
pub(crate) mod verdict;

use storage::schema::Col;

use crate::time::TimeSpec;
use escape::Style;

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
