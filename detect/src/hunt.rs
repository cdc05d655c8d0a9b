//! What is a hunt? A text of SQL behind a front matter that says what it finds, why, and what it needs.

mod allow;
mod front;
mod page;
mod template;

use serde::Deserialize;

pub use self::allow::{Allow, Entry, Subject};
pub use self::page::{index, page};
pub use self::template::{Value, literal, quoted};
use crate::finding::Level;

/// Why a text is no hunt, or a parameter does not fit: a lower-case fragment with what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(pub String);

/// A hunt.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hunt {
    /// Its id, which is the name of its file: `nonstandard-port`.
    pub id: String,
    /// A few words.
    pub title: String,
    /// What it finds.
    pub finds: String,
    /// Why an analyst cares.
    pub because: String,
    /// Techniques of ATT&CK.
    #[serde(default)]
    pub attack: Vec<String>,
    /// The level of what it finds, unless a row says otherwise.
    #[serde(deserialize_with = "front::level")]
    pub level: Level,
    /// Columns of `requests` without any value of which it can find nothing.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Columns of its answer that say who or what it is about.
    pub entity: Vec<String>,
    /// Further columns of its answer that tell which rows are meant.
    #[serde(default)]
    pub keys: Vec<String>,
    /// What else is true of the rows that are meant: a predicate over `requests`.
    #[serde(default)]
    pub rows: Option<String>,
    /// Whether an entry of an allow list that names no hunt excuses what it finds.
    #[serde(default)]
    pub excusable: bool,
    /// What can be set.
    #[serde(default)]
    pub params: Vec<Param>,
    /// When it is wrong.
    #[serde(default)]
    pub false_positives: Vec<String>,
    /// Who wrote it.
    pub author: String,
    /// Where to read more.
    #[serde(default)]
    pub references: Vec<String>,
    /// The query.
    #[serde(skip)]
    pub sql: String,
}

/// What can be set of a hunt.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// Its name; `$name` stands for it in the query.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: ParamKind,
    /// What it counts: requests, bytes, hours.
    #[serde(default)]
    pub unit: String,
    /// Its value unless it is set.
    pub default: serde_json::Value,
    /// What it does.
    #[serde(default)]
    pub doc: String,
}

/// The types of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamKind {
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// A text.
    Text,
    /// Texts; in SQL a list in parentheses: `host IN $hosts`.
    List,
    /// True or false.
    Bool,
}

impl ParamKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Float => "float",
            Self::Text => "text",
            Self::List => "list",
            Self::Bool => "bool",
        }
    }
}

impl Hunt {
    /// Reads a hunt.
    ///
    /// # Errors
    /// What is missing or wrong, in words.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        front::parse(text)
    }

    /// The value of each parameter: as set, else the default. Times are `since` and `until`, as SQL.
    ///
    /// # Errors
    /// A name it does not have, or a value that is not of the type.
    pub fn values(&self, set: &[(String, String)]) -> Result<Vec<(String, Value)>, Wrong> {
        for (name, _) in set {
            if !self.params.iter().any(|param| param.name == *name) {
                let known: Vec<_> = self.params.iter().map(|param| param.name.as_str()).collect();
                let known = if known.is_empty() { "none".into() } else { known.join(", ") };
                let id = &self.id;
                return Err(Wrong(format!(
                    "hunt `{id}` has no parameter `{name}`; it has: {known}"
                )));
            }
        }
        let value = |param: &Param| {
            // The last one counts, as with every option.
            let set = set.iter().rev().find(|(name, _)| *name == param.name);
            let value = match set {
                Some((_, text)) => template::parse(param, text),
                None => template::default(param),
            };
            value.map(|value| (param.name.clone(), value))
        };
        self.params.iter().map(value).collect()
    }

    /// Its query with every `$name` outside of quotes and comments replaced.
    ///
    /// # Errors
    /// A name that is no parameter.
    pub fn query(&self, values: &[(String, Value)]) -> Result<String, Wrong> {
        template::fill(&self.sql, values)
    }

    /// Its predicate for the rows that are meant, likewise.
    ///
    /// # Errors
    /// A name that is no parameter.
    pub fn predicate(&self, values: &[(String, Value)]) -> Result<Option<String>, Wrong> {
        self.rows.as_deref().map(|rows| template::fill(rows, values)).transpose()
    }
}

#[cfg(test)]
mod tests;
