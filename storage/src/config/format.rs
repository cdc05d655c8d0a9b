//! What does `[[format]]` say? A log format of one's own, as written; what it means, and what is wrong with it, the lexers
//! know.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// A log format that `dwell.toml` describes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormatConfig {
    /// The name on the command line and in `system.sources`.
    pub name: String,
    /// What it is, for lists.
    #[serde(default)]
    pub title: Option<String>,
    /// How lines are cut.
    pub lexer: LexerConfig,
    /// A format string, for `logformat`.
    #[serde(default)]
    pub definition: Option<String>,
    /// What stands between two values, or two pairs.
    #[serde(default)]
    pub separator: Option<String>,
    /// What stands between key and value.
    #[serde(default)]
    pub assign: Option<String>,
    /// The quote around values; empty for none.
    #[serde(default)]
    pub quote: Option<String>,
    /// How the values of pairs end.
    #[serde(default)]
    pub ends: Option<EndsConfig>,
    /// The columns in their order; several lists for lines of several lengths.
    #[serde(default, deserialize_with = "lists")]
    pub columns: Vec<Vec<String>>,
    /// Where the time stands.
    #[serde(default, deserialize_with = "one_or_more")]
    pub time: Vec<TimeConfig>,
    /// The field that names the zone of the times.
    #[serde(default)]
    pub zone: Option<String>,
    /// Texts that stand for an absent value.
    #[serde(default)]
    pub nulls: Option<Vec<String>>,
    /// Fields, or `field=value`, that must be there for the format to claim a text.
    #[serde(default)]
    pub marks: Vec<String>,
    /// Fields and what they mean, in the order of the file.
    #[serde(default, deserialize_with = "in_order")]
    pub fields: Vec<(String, String)>,
    /// What the words of a decision mean, in the order of the file.
    #[serde(default, deserialize_with = "in_order")]
    pub verdicts: Vec<(String, String)>,
    /// Which end of a transaction the times mark.
    #[serde(default)]
    pub basis: Option<BasisConfig>,
}

/// How lines are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LexerConfig {
    /// Values with a separator between them.
    Delimited,
    /// Values with TABs between them.
    Tabs,
    /// W3C extended log.
    Elff,
    /// `key=value`.
    Pairs,
    /// ArcSight's common event format.
    Cef,
    /// QRadar's log event extended format.
    Leef,
    /// A JSON object a line.
    Json,
    /// A format string.
    Logformat,
}

impl LexerConfig {
    /// Its name in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delimited => "delimited",
            Self::Tabs => "tabs",
            Self::Elff => "elff",
            Self::Pairs => "pairs",
            Self::Cef => "cef",
            Self::Leef => "leef",
            Self::Json => "json",
            Self::Logformat => "logformat",
        }
    }
}

/// How the values of pairs end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndsConfig {
    /// At the separator; values that hold it stand in quotes.
    Quotes,
    /// Before the next key.
    NextKey,
    /// At the separator, whatever they hold.
    Separator,
}

/// Which end of a transaction times mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasisConfig {
    /// The start.
    Start,
    /// The end.
    End,
}

/// A field with the time, and how it is spelled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeConfig {
    /// The field of the time, or of the date.
    pub field: String,
    /// The field of the time of day, right behind that of the date.
    #[serde(default)]
    pub clock: Option<String>,
    /// How it is spelled; one text, or several that may come, the likeliest first.
    #[serde(alias = "spellings", deserialize_with = "one_or_more")]
    pub spelling: Vec<String>,
}

/// One value, or a list of such.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

fn one_or_more<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    Ok(match OneOrMore::deserialize(from)? {
        OneOrMore::One(one) => vec![one],
        OneOrMore::More(more) => more,
    })
}

/// A list of columns, or several.
fn lists<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Vec<String>>, D::Error> {
    let items: Vec<OneOrMore<String>> = Vec::deserialize(from)?;
    let mut lists = Vec::new();
    let mut single = Vec::new();
    for item in items {
        match item {
            OneOrMore::One(column) => single.push(column),
            OneOrMore::More(columns) => lists.push(columns),
        }
    }
    if !single.is_empty() && !lists.is_empty() {
        let message = "columns are names, or lists of names, not both";
        return Err(serde::de::Error::custom(message));
    }
    if !single.is_empty() {
        lists.push(single);
    }
    Ok(lists)
}

/// The entries of a table in the order of the file: of two fields with one meaning the first counts.
fn in_order<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, String)>, D::Error> {
    let entries: BTreeMap<String, toml::Spanned<String>> = BTreeMap::deserialize(from)?;
    let mut entries: Vec<_> = entries.into_iter().collect();
    entries.sort_by_key(|(_, value)| value.span().start);
    Ok(entries.into_iter().map(|(name, value)| (name, value.into_inner())).collect())
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn format(text: &str) -> FormatConfig {
        let text = format!("[[format]]\nname = \"a\"\n{text}");
        Config::parse(text.as_bytes()).unwrap().format.remove(0)
    }

    #[test]
    fn fields_keep_the_order_of_the_file() {
        let found =
            format("lexer = \"json\"\n[format.fields]\nz = \"url\"\na = \"url\"\n\"m.n\" = \"-\"");
        let names: Vec<&str> = found.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["z", "a", "m.n"]);
    }

    #[test]
    fn one_or_several() {
        let found = format(
            "lexer = \"tabs\"\ncolumns = [\"a\", \"b\"]\ntime = { field = \"a\", spelling = \"iso\" }",
        );
        assert_eq!(found.columns, [["a", "b"]]);
        assert_eq!(found.time[0].spelling, ["iso"]);
        let found = format(
            "lexer = \"tabs\"\ncolumns = [[\"a\"], [\"a\", \"b\"]]\n\
             time = [{ field = \"a\", spellings = [\"iso\", \"epoch\"] }]",
        );
        assert_eq!((found.columns.len(), found.time[0].spelling.len()), (2, 2));
    }

    #[test]
    fn mistakes_have_their_line() {
        let wrong = |text: &str| {
            let text = format!("[[format]]\nname = \"a\"\n{text}");
            Config::parse(text.as_bytes()).unwrap_err().to_string()
        };
        let error = wrong("lexer = \"regex\"");
        assert!(error.starts_with("line 3: ") && error.contains("`logformat`"), "{error}");
        let error = wrong("lexer = \"json\"\nseperator = \"|\"");
        assert!(error.starts_with("line 4: ") && error.contains("seperator"), "{error}");
        let error = wrong("lexer = \"tabs\"\ncolumns = [\"a\", [\"b\"]]");
        assert!(error.contains("not both"), "{error}");
    }
}
