//! What is a format made of whose fields have names? Its description, for people and for lists.

use crate::lexer::shaped::dialect::{Basis, Dialect, Ends, Head, Syntax};
use crate::lexer::shaped::meaning;

/// What a format with named fields is made of.
#[derive(Debug, Clone)]
pub struct Description(Dialect);

/// Where the time stands, and how it is spelled.
#[derive(Debug, Clone, Copy)]
pub struct TimeField<'a> {
    /// The field of the time, or of the date.
    pub field: &'a str,
    /// The field of the time of day, where the date has one of its own.
    pub clock: Option<&'a str>,
    /// The spellings, likeliest first.
    pub spellings: &'a [String],
}

impl Description {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self(dialect)
    }

    pub(crate) fn into_dialect(self) -> Dialect {
        self.0
    }

    /// How lines are cut, in words.
    pub fn syntax(&self) -> String {
        match &self.0.syntax {
            Syntax::Elff { .. } => "W3C extended log: columns named by #Fields".into(),
            Syntax::Delimited { separator, .. } => match separator.as_str() {
                "\t" => "columns with TABs between them".into(),
                other => format!("columns with `{other}` between them"),
            },
            Syntax::Pairs { head: Head::Cef, .. } => "CEF".into(),
            Syntax::Pairs { head: Head::Leef, .. } => "LEEF".into(),
            Syntax::Pairs { assign, ends, .. } => {
                let assign = char::from(*assign);
                let ends = match ends {
                    Ends::Quotes => "values that hold separators in quotes",
                    Ends::NextKey | Ends::NextWord => "values end before the next key",
                    Ends::Separator => "values end at the separator",
                };
                format!("key{assign}value, {ends}")
            }
            Syntax::Sections => "records of several lines, in sections".into(),
            Syntax::Json => "a JSON object a line".into(),
        }
    }

    /// Fields and what they mean; of two with one meaning the first that a source has counts.
    pub fn fields(&self) -> &[(String, String)] {
        &self.0.fields
    }

    /// Lists of columns that lines without keys and header have.
    pub fn columns(&self) -> &[Vec<String>] {
        &self.0.columns
    }

    /// Where the time stands; the first whose fields are there counts.
    pub fn times(&self) -> impl Iterator<Item = TimeField<'_>> {
        self.0.times.iter().map(|rule| TimeField {
            field: &rule.field,
            clock: rule.clock.as_deref(),
            spellings: &rule.specs,
        })
    }

    /// The field that names the zone.
    pub fn zone(&self) -> Option<&str> {
        self.0.zone.as_deref()
    }

    /// Texts that stand for an absent value.
    pub fn nulls(&self) -> &[String] {
        &self.0.nulls
    }

    /// What must be there for the format to claim a text.
    pub fn marks(&self) -> &[String] {
        &self.0.marks
    }

    /// What the words of a decision mean.
    pub fn verdicts(&self) -> &[(String, String)] {
        &self.0.verdicts
    }

    /// Which end of a transaction the times mark.
    pub fn basis(&self) -> Basis {
        self.0.basis
    }
}

/// Everything a field can mean, with what it is for: the columns that a field can fill, and other spellings of their
/// values.
pub fn meanings() -> Vec<(&'static str, &'static str)> {
    let special = |name: &str| meaning::MEANINGS.iter().any(|(known, _)| *known == name);
    let columns = storage::schema::COLUMNS.iter().map(|column| (column.name, column.doc));
    let columns = columns.filter(|(name, _)| !special(name) && meaning::exists(name).is_ok());
    meaning::MEANINGS.iter().copied().chain(columns).collect()
}
