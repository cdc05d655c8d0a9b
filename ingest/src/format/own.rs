//! Which formats do users describe themselves, in dwell.toml or by a list of fields? And what is wrong with a description?

mod check;
mod fields;

use std::sync::Arc;

use storage::config::Config;
use storage::config::format::{BasisConfig, EndsConfig, FormatConfig, LexerConfig};
use storage::schema::Col;

use super::{Basis, Description, FormatError, LOGFORMAT, Parser, dialect};
use crate::lexer::shaped::dialect::{Dialect, Ends, Syntax, TimeRule};

pub use fields::FIELDS;

/// A format that users describe.
#[derive(Debug, Clone)]
pub struct Own {
    name: String,
    title: String,
    basis: Basis,
    kind: Kind,
}

/// How it is described.
#[derive(Debug, Clone)]
enum Kind {
    /// By a format string.
    Text(String, Arc<dyn Parser>),
    /// By the names of its fields.
    Dialect(Box<Dialect>),
}

/// All formats that the settings describe, by name.
///
/// # Errors
/// [`FormatError::Own`], with the format, the key, and the next step.
pub fn all(config: &Config) -> Result<Vec<Own>, FormatError> {
    let texts = config.logformat.iter().map(|(name, text)| Own::of_text(name, text));
    let mut all = texts.collect::<Result<Vec<_>, _>>()?;
    for format in &config.format {
        let own = Own::new(format)?;
        if all.iter().any(|other| other.name == own.name) {
            let message = "the name is there twice; give each format a name of its own";
            return Err(check::wrong(&own.name, message));
        }
        all.push(own);
    }
    Ok(all)
}

/// The format of this name among those that the settings describe.
///
/// # Errors
/// [`FormatError::Own`], if one of that name is described wrongly.
pub fn find(config: &Config, name: &str) -> Result<Option<Own>, FormatError> {
    if let Some(text) = config.logformat.get(name) {
        return Own::of_text(name, text).map(Some);
    }
    config.format.iter().find(|format| format.name == name).map(Own::new).transpose()
}

/// The names that the settings give to formats.
pub fn names(config: &Config) -> impl Iterator<Item = &str> {
    let described = config.format.iter().map(|format| format.name.as_str());
    config.logformat.keys().map(String::as_str).chain(described)
}

impl Own {
    /// A format string under a name.
    fn of_text(name: &str, text: &str) -> Result<Self, FormatError> {
        check::name(name)?;
        let parser = super::logformat(text).map_err(|error| check::wrong(name, error))?;
        let kind = Kind::Text(text.to_owned(), Arc::from(parser));
        let title = "a format string of dwell.toml".into();
        Ok(Self { name: name.into(), title, basis: Basis::End, kind })
    }

    /// A described format.
    pub(crate) fn new(config: &FormatConfig) -> Result<Self, FormatError> {
        check::name(&config.name)?;
        check::keys(config)?;
        let title = config.title.clone().unwrap_or_else(|| "a format of dwell.toml".to_owned());
        if config.lexer == LexerConfig::Logformat {
            let text = config.definition.as_deref().unwrap_or_default();
            return Ok(Self {
                title,
                basis: basis_of(config),
                ..Self::of_text(&config.name, text)?
            });
        }
        let dialect = dialect_of(config);
        check::dialect(&config.name, &dialect)?;
        let (name, basis) = (config.name.clone(), dialect.basis);
        Ok(Self { name, title, basis, kind: Kind::Dialect(Box::new(dialect)) })
    }

    /// A text whose columns are these, in the names of a `#Fields` line.
    ///
    /// # Errors
    /// [`FormatError::Fields`].
    pub fn of_fields(list: &str) -> Result<Self, FormatError> {
        let dialect = fields::dialect(list).map_err(FormatError::Fields)?;
        let (name, title) = (FIELDS.into(), "a list of fields".into());
        Ok(Self { name, title, basis: dialect.basis, kind: Kind::Dialect(Box::new(dialect)) })
    }

    /// The name on the command line.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its format string, if it is described by one.
    pub fn definition(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text, _) => Some(text),
            Kind::Dialect(_) => None,
        }
    }

    /// What it is made of, if its fields have names.
    pub fn description(&self) -> Option<Description> {
        match &self.kind {
            Kind::Text(..) => None,
            Kind::Dialect(dialect) => Some(Description::new(Dialect::clone(dialect))),
        }
    }

    /// Which end of a transaction its times mark.
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// The columns that its rows can have besides those of every row.
    pub fn columns(&self) -> Vec<Col> {
        self.open().map(|parser| parser.columns()).unwrap_or_default()
    }

    /// A parser for a source with these first lines; `None` if they can't be this format's.
    pub fn learn(&self, lines: &[&[u8]]) -> Option<Arc<dyn Parser>> {
        self.learn_within(lines, &[])
    }

    /// A parser for lines that were taken out of envelopes, with the times of these.
    pub(crate) fn learn_within(&self, lines: &[&[u8]], times: &[&[u8]]) -> Option<Arc<dyn Parser>> {
        match &self.kind {
            Kind::Text(_, parser) => Some(Arc::clone(parser)),
            Kind::Dialect(dialect) => {
                dialect::learned(&self.name, dialect, lines, times, true).map(Arc::from)
            }
        }
    }

    /// A parser for a source that shows nothing of the format.
    ///
    /// # Errors
    /// [`FormatError`], for a description that was not checked.
    pub fn open(&self) -> Result<Arc<dyn Parser>, FormatError> {
        match &self.kind {
            Kind::Text(_, parser) => Ok(Arc::clone(parser)),
            Kind::Dialect(dialect) => dialect::unlearned(&self.name, dialect).map(Arc::from),
        }
    }
}

/// The description in the words of the lexers.
fn dialect_of(config: &FormatConfig) -> Dialect {
    let separator = config.separator.as_deref();
    let mut dialect = match config.lexer {
        LexerConfig::Delimited => Dialect::delimited(separator.unwrap_or(",")),
        LexerConfig::Tabs => Dialect::tabs(),
        LexerConfig::Pairs => {
            let ends = match config.ends {
                Some(EndsConfig::NextKey) => Ends::NextKey,
                Some(EndsConfig::Separator) => Ends::Separator,
                Some(EndsConfig::Quotes) | None => Ends::Quotes,
            };
            Dialect::pairs(separator.unwrap_or(" "), ends)
        }
        LexerConfig::Cef => Dialect::cef(),
        LexerConfig::Leef => Dialect::leef(),
        LexerConfig::Json => Dialect::json(),
        // A format string has no dialect; its caller has seen to it.
        LexerConfig::Elff | LexerConfig::Logformat => Dialect::elff(),
    };
    let byte = |text: &Option<String>| text.as_ref().map(|text| text.bytes().next().unwrap_or(0));
    match &mut dialect.syntax {
        Syntax::Elff { quote } | Syntax::Delimited { quote, .. } => {
            *quote = byte(&config.quote).unwrap_or(*quote);
        }
        Syntax::Pairs { separator: between, assign, .. } => {
            *assign = byte(&config.assign).unwrap_or(*assign);
            if let Some(separator) = separator {
                *between = separator.to_owned();
            }
        }
        Syntax::Sections | Syntax::Json => {}
    }
    dialect.fields.clone_from(&config.fields);
    dialect.columns.clone_from(&config.columns);
    dialect.times = config.time.iter().map(rule).collect();
    dialect.zone.clone_from(&config.zone);
    if let Some(nulls) = &config.nulls {
        dialect.nulls.clone_from(nulls);
    }
    dialect.marks.clone_from(&config.marks);
    dialect.verdicts.clone_from(&config.verdicts);
    dialect.basis = basis_of(config);
    dialect
}

fn basis_of(config: &FormatConfig) -> Basis {
    match config.basis {
        Some(BasisConfig::Start) => Basis::Start,
        Some(BasisConfig::End) | None => Basis::End,
    }
}

fn rule(time: &storage::config::format::TimeConfig) -> TimeRule {
    TimeRule { field: time.field.clone(), clock: time.clock.clone(), specs: time.spelling.clone() }
}

/// Names that the ledger uses for something else.
const TAKEN: [&str; 5] = [LOGFORMAT, FIELDS, "auto", "unknown", "ambiguous"];
