//! What is a dialect? The description that format files and settings give: how lines are cut, which name fills which
//! column, how times are spelled, what stands for nothing.

use std::sync::Arc;

use crate::lexer::Nulls;
use crate::lexer::verdict::Table;

/// How the lines of a dialect are cut into named values.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Syntax {
    /// W3C extended log: columns named by `#Fields`, separated by runs of spaces or by TABs, values perhaps in quotes.
    Elff {
        /// The quote: `"`, rarely `'`.
        quote: u8,
    },
    /// Columns in a fixed order, or named by a first line: CSV, TSV, `^^`.
    Delimited {
        /// What stands between two values.
        separator: String,
        /// The quote, doubled within; 0 for none.
        quote: u8,
    },
    /// `key=value` pairs.
    Pairs {
        /// What stands between two pairs.
        separator: String,
        /// What stands between key and value.
        assign: u8,
        /// How values end.
        ends: Ends,
        /// What stands before the pairs.
        head: Head,
    },
    /// Sections of lines (ModSecurity's serial audit log).
    Sections,
    /// One JSON object a line; members of objects within are named `outer.inner`.
    Json,
}

impl Syntax {
    /// Whether fields are told by names in the line, not by their places.
    pub(crate) fn has_names(&self) -> bool {
        !matches!(self, Self::Elff { .. } | Self::Delimited { .. })
    }

    /// Whether words with names of ours stand before pairs.
    pub(crate) fn has_words(&self) -> bool {
        matches!(self, Self::Pairs { head: Head::Words(_), .. })
    }
}

/// How the values of pairs end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ends {
    /// At the separator; values that hold it stand in quotes, with backslashes before quotes.
    Quotes,
    /// Before the next `separator key=`: values may hold separators and `=`.
    NextKey,
    /// Before the next `separator key=` where the key is of three and more small letters, digits and `_`: values may hold
    /// others, as names in directories do (`OU=`).
    NextWord,
    /// At the separator, whatever they hold.
    Separator,
}

/// What stands before the pairs.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Head {
    /// Nothing.
    #[default]
    None,
    /// `CEF:0|vendor|product|version|id|name|severity|`
    Cef,
    /// `LEEF:1.0|vendor|product|version|id|`, with one more field in version 2.
    Leef,
    /// Words with these names, the last of them right before the first pair; the first takes what is left.
    Words(Vec<String>),
}

/// Which end of a transaction a dialect's times mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Its start.
    Start,
    /// Its end, when the line was written.
    #[default]
    End,
}

/// A field, or a date and a time beside each other, that holds the event time.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct TimeRule {
    /// The field of the time, or of the date.
    pub(crate) field: String,
    /// The field of the time of day behind that of the date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) clock: Option<String>,
    /// How it may be spelled, likeliest first; date and time of day with a space between them. Begins with `utc:` where
    /// the format's rule says UTC.
    pub(crate) specs: Vec<String>,
}

/// The description of a dialect.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Dialect {
    /// How lines are cut.
    pub(crate) syntax: Syntax,
    /// Names and what they mean; of two that fill one column the first that a source has.
    pub(crate) fields: Vec<(String, String)>,
    /// Columns in their order, for lines without keys and header: one list for each vintage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) columns: Vec<Vec<String>>,
    /// Where the time is; the first rule whose fields are there counts.
    pub(crate) times: Vec<TimeRule>,
    /// The field that names the zone of the times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<String>,
    /// Texts that stand for an absent value, besides those of the fields.
    pub(crate) nulls: Vec<String>,
    /// Null words of single fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) field_nulls: Vec<(String, String)>,
    /// Names that must be there (`uid`; several joined by `|`: one of them), and values that fields must have
    /// (`type=utm|traffic`), for the dialect to claim a text.
    pub(crate) marks: Vec<String>,
    /// What tells its records from those of other logs in the same file: `name=value|value` (if the field is there, it has
    /// one of these values), `name|name` (one of them is there), `!name` (it is not there).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) only: Vec<String>,
    /// Members of JSON objects that hold the record: names within them go without theirs (`event.action` is `action`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) within: Vec<String>,
    /// What the words of `action` and `verdict` fields mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) verdicts: Vec<(String, String)>,
    /// What its times mark.
    #[serde(default)]
    pub(crate) basis: Basis,
}

impl Dialect {
    fn new(syntax: Syntax) -> Self {
        Self {
            syntax,
            fields: Vec::new(),
            columns: Vec::new(),
            times: Vec::new(),
            zone: None,
            nulls: Vec::new(),
            field_nulls: Vec::new(),
            marks: Vec::new(),
            only: Vec::new(),
            within: Vec::new(),
            verdicts: Vec::new(),
            basis: Basis::End,
        }
    }

    /// W3C extended log; `-` is absent.
    pub(crate) fn elff() -> Self {
        Self::new(Syntax::Elff { quote: b'"' }).nulls(&["-"])
    }

    /// One JSON object a line; `null` is absent.
    pub(crate) fn json() -> Self {
        Self::new(Syntax::Json).nulls(&["null"])
    }

    /// Sections of lines.
    pub(crate) fn sections() -> Self {
        Self::new(Syntax::Sections)
    }

    /// Columns with this between them, perhaps in double quotes.
    pub(crate) fn delimited(separator: &str) -> Self {
        Self::new(Syntax::Delimited { separator: separator.into(), quote: b'"' })
    }

    /// Columns with TABs between them, never in quotes.
    pub(crate) fn tabs() -> Self {
        Self::new(Syntax::Delimited { separator: "\t".into(), quote: 0 })
    }

    /// `key=value` pairs.
    pub(crate) fn pairs(separator: &str, ends: Ends) -> Self {
        let separator = separator.into();
        Self::new(Syntax::Pairs { separator, assign: b'=', ends, head: Head::None })
    }

    /// CEF: values end before the next key.
    pub(crate) fn cef() -> Self {
        let (separator, ends) = (" ".into(), Ends::NextKey);
        Self::new(Syntax::Pairs { separator, assign: b'=', ends, head: Head::Cef })
    }

    /// LEEF: pairs separated by TABs.
    pub(crate) fn leef() -> Self {
        let (separator, ends) = ("\t".into(), Ends::Separator);
        Self::new(Syntax::Pairs { separator, assign: b'=', ends, head: Head::Leef })
    }

    /// What fields mean: name and meaning.
    pub(crate) fn fields(mut self, fields: &[(&str, &str)]) -> Self {
        self.fields.extend(fields.iter().map(|(name, to)| ((*name).into(), (*to).into())));
        self
    }

    /// One more list of columns, separated by spaces.
    pub(crate) fn columns(mut self, columns: &str) -> Self {
        self.columns.push(columns.split_whitespace().map(Into::into).collect());
        self
    }

    /// A field with the time, and its spellings.
    pub(crate) fn time(mut self, field: &str, specs: &[&str]) -> Self {
        let specs = specs.iter().map(|spec| (*spec).into()).collect();
        self.times.push(TimeRule { field: field.into(), clock: None, specs });
        self
    }

    /// A date and, behind it, a time of day; spellings with one space between the two.
    pub(crate) fn date_time(mut self, date: &str, clock: &str, specs: &[&str]) -> Self {
        let specs = specs.iter().map(|spec| (*spec).into()).collect();
        self.times.push(TimeRule { field: date.into(), clock: Some(clock.into()), specs });
        self
    }

    /// Lines have no time of their own: that of the syslog header before them is taken.
    pub(crate) fn outer_time(self) -> Self {
        let specs = ["iso", "%b %e %H:%M:%S", "%b %e %Y %H:%M:%S", "%Y:%m:%d-%H:%M:%S"];
        self.time(super::spec::OUTER_TIME, &specs)
    }

    /// The field that names the zone.
    pub(crate) fn zone(mut self, field: &str) -> Self {
        self.zone = Some(field.into());
        self
    }

    /// Texts that stand for an absent value.
    pub(crate) fn nulls(mut self, nulls: &[&str]) -> Self {
        self.nulls.extend(nulls.iter().map(|null| (*null).into()));
        self
    }

    /// A text that stands for an absent value in one field.
    pub(crate) fn null(mut self, field: &str, null: &str) -> Self {
        self.field_nulls.push((field.into(), null.into()));
        self
    }

    /// Names, or `name=value`, that must be there.
    pub(crate) fn marks(mut self, marks: &[&str]) -> Self {
        self.marks.extend(marks.iter().map(|mark| (*mark).into()));
        self
    }

    /// Names of words before the pairs, separated by spaces.
    pub(crate) fn head(mut self, names: &str) -> Self {
        if let Syntax::Pairs { head, .. } = &mut self.syntax {
            *head = Head::Words(names.split_whitespace().map(Into::into).collect());
        }
        self
    }

    /// What tells its records from those of other logs.
    pub(crate) fn only(mut self, conditions: &[&str]) -> Self {
        self.only.extend(conditions.iter().map(|condition| (*condition).into()));
        self
    }

    /// Members of JSON objects that hold the record.
    pub(crate) fn within(mut self, members: &[&str]) -> Self {
        self.within.extend(members.iter().map(|member| (*member).into()));
        self
    }

    /// What words of a decision mean.
    pub(crate) fn verdicts(mut self, words: &[(&str, &str)]) -> Self {
        self.verdicts.extend(words.iter().map(|(word, to)| ((*word).into(), (*to).into())));
        self
    }

    /// Times mark the start.
    pub(crate) fn starts(mut self) -> Self {
        self.basis = Basis::Start;
        self
    }

    /// The tables of its verdict words: for its own words alone, and with those of Squid.
    ///
    /// # Errors
    /// A message for a meaning that does not exist.
    pub(crate) fn tables(&self) -> Result<(Arc<Table>, Arc<Table>), String> {
        let words = || self.verdicts.iter().map(|(word, to)| (word.as_str(), to.as_str()));
        let table = |squid| {
            Table::new(words(), squid).map(Arc::new).map_err(|meaning| {
                format!("`{meaning}` is no verdict; there are allowed, denied, auth_required, error, redirected, unknown, and of the cache hit, miss, refresh, tunnel, none")
            })
        };
        Ok((table(false)?, table(true)?))
    }

    /// What a name means; `None` for names that are not known.
    pub(crate) fn meaning(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, meaning)| meaning.as_str())
    }

    /// The null words of a field, `first` of them first.
    pub(crate) fn nulls_of(&self, name: &str, first: Option<&str>) -> Nulls {
        let own = self.field_nulls.iter().filter(|(field, _)| field == name).map(|(_, null)| null);
        let all = first.map(str::to_owned).into_iter();
        let all = all.chain(self.nulls.iter().chain(own).cloned());
        let mut nulls: Vec<Vec<u8>> = Vec::new();
        for null in all.map(String::into_bytes) {
            if !nulls.contains(&null) {
                nulls.push(null);
            }
        }
        nulls.into()
    }
}
