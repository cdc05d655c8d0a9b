//! What is wrong with the description of a format? Each message names the key, the text, and the next step.

use std::fmt::Display;

use storage::config::format::{FormatConfig, LexerConfig};
use storage::nearest::nearest;

use super::TAKEN;
use crate::format::{FormatError, describe, find};
use crate::lexer::shaped::dialect::{Dialect, Syntax};
use crate::lexer::shaped::meaning;
use crate::lexer::verdict::Table;
use crate::time::parse_spec;

/// Fields with a column, the time not counted, that a row must have.
const FIELDS_MIN: usize = 2;

/// An error about this format.
pub(super) fn wrong(format: &str, message: impl Display) -> FormatError {
    FormatError::Own { format: format.into(), message: message.to_string() }
}

/// Whether a name can be a format's.
pub(super) fn name(name: &str) -> Result<(), FormatError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if name.is_empty() || name.len() > 64 || !name.bytes().all(fits) {
        let message = "a name has letters, digits, `_`, `-` and `.`, 64 at most";
        return Err(wrong(name, message));
    }
    if TAKEN.contains(&name) {
        return Err(wrong(name, "the name means something else; choose another"));
    }
    if find(name).is_some() {
        return Err(wrong(name, "a built-in format has this name; choose another"));
    }
    Ok(())
}

/// Whether the lexer knows what to do with each key.
pub(super) fn keys(config: &FormatConfig) -> Result<(), FormatError> {
    use LexerConfig::{Cef, Delimited, Elff, Json, Leef, Logformat, Pairs, Tabs};
    let named = [Delimited, Tabs, Elff, Pairs, Cef, Leef, Json];
    let all = [Delimited, Tabs, Elff, Pairs, Cef, Leef, Json, Logformat];
    let given: [(&str, bool, &[LexerConfig]); 13] = [
        ("definition", config.definition.is_some(), &[Logformat]),
        ("separator", config.separator.is_some(), &[Delimited, Pairs, Leef]),
        ("assign", config.assign.is_some(), &[Pairs]),
        ("quote", config.quote.is_some(), &[Delimited, Tabs, Elff]),
        ("ends", config.ends.is_some(), &[Pairs]),
        ("columns", !config.columns.is_empty(), &[Delimited, Tabs, Elff]),
        ("time", !config.time.is_empty(), &named),
        ("zone", config.zone.is_some(), &named),
        ("nulls", config.nulls.is_some(), &named),
        ("marks", !config.marks.is_empty(), &named),
        ("fields", !config.fields.is_empty(), &named),
        ("verdicts", !config.verdicts.is_empty(), &named),
        ("basis", config.basis.is_some(), &all),
    ];
    let (name, lexer) = (&config.name, config.lexer);
    for (key, is_there, lexers) in given {
        if is_there && !lexers.contains(&lexer) {
            let knows = given.iter().filter(|(_, _, lexers)| lexers.contains(&lexer));
            let knows: Vec<&str> = knows.map(|(key, ..)| *key).collect();
            return Err(wrong(
                name,
                format!(
                    "`{key}` means nothing to the lexer {}, which knows {}",
                    lexer.name(),
                    knows.join(", ")
                ),
            ));
        }
    }
    let missing = |key: &str, example: &str| {
        wrong(name, format!("the lexer {} needs `{key}`: {key} = {example}", lexer.name()))
    };
    if lexer == Logformat && config.definition.is_none() {
        return Err(missing("definition", "'%ts.%03tu %>a %rm %ru'"));
    }
    if lexer == Delimited && config.separator.is_none() {
        return Err(missing("separator", "\"|\""));
    }
    for (key, text) in [("quote", &config.quote), ("assign", &config.assign)] {
        if text.as_ref().is_some_and(|text| text.len() > 1 || !text.is_ascii()) {
            return Err(wrong(name, format!("{key}: one ASCII character, not more")));
        }
    }
    if config.assign.as_deref() == Some("") {
        return Err(wrong(name, "assign: a character must stand between key and value"));
    }
    if config.separator.as_deref() == Some("") {
        return Err(wrong(name, "separator: it must not be empty"));
    }
    Ok(())
}

/// Whether the description can be followed.
pub(super) fn dialect(name: &str, dialect: &Dialect) -> Result<(), FormatError> {
    let result = fields(dialect)
        .and_then(|()| columns(dialect))
        .and_then(|()| times(dialect))
        .and_then(|()| verdicts(dialect));
    result.map_err(|message| wrong(name, message))
}

fn fields(dialect: &Dialect) -> Result<(), String> {
    if dialect.fields.is_empty() {
        return Err("no field has a meaning; say what they mean below [format.fields], such as \
                    client = \"client_ip\"; `dwell formats meanings` lists what there is"
            .into());
    }
    for (field, to) in &dialect.fields {
        let known = describe::meanings();
        let near = || nearest(to, known.iter().map(|(known, _)| *known));
        meaning::exists(to)
            .map_err(|message| format!("fields.{field}: {}", hint(message, near())))?;
    }
    let filled = dialect.fields.iter().filter(|(_, meaning)| meaning != "-").count();
    if filled < FIELDS_MIN {
        return Err(format!(
            "fields: only {filled} has a column; a row needs a time and {FIELDS_MIN} more, such as client_ip and url"
        ));
    }
    Ok(())
}

/// A message, and the name that was meant, perhaps.
fn hint(message: String, near: Option<&str>) -> String {
    match near {
        Some(near) => match message.split_once("; ") {
            Some((what, next)) => format!("{what}, did you mean `{near}`? {next}"),
            None => format!("{message}, did you mean `{near}`?"),
        },
        None => message,
    }
}

fn columns(dialect: &Dialect) -> Result<(), String> {
    for list in &dialect.columns {
        let mut seen: Vec<&String> = Vec::new();
        for column in list {
            if seen.contains(&column) {
                return Err(format!("columns: `{column}` is there twice; name each column once"));
            }
            seen.push(column);
        }
    }
    // A header line may name what no list has.
    if dialect.columns.is_empty() || matches!(dialect.syntax, Syntax::Elff { .. }) {
        return Ok(());
    }
    let marks = dialect.marks.iter().map(|mark| mark.split('=').next().unwrap_or(mark));
    let marks = marks.map(|mark| ("marks", mark));
    let fields = dialect.fields.iter().map(|(field, _)| ("fields", field.as_str()));
    let zone = dialect.zone.iter().map(|zone| ("zone", zone.as_str()));
    for (key, field) in fields.chain(marks).chain(zone) {
        in_columns(dialect, key, field)?;
    }
    Ok(())
}

fn in_columns(dialect: &Dialect, key: &str, field: &str) -> Result<(), String> {
    let all = || dialect.columns.iter().flatten();
    if dialect.columns.is_empty() || all().any(|column| column == field) {
        return Ok(());
    }
    let message = format!("{key}: `{field}` is none of `columns`");
    Err(hint(message, nearest(field, all().map(String::as_str))))
}

fn times(dialect: &Dialect) -> Result<(), String> {
    if dialect.times.is_empty() {
        return Err("no field holds the time; say which, and how it is spelled: \
                    time = { field = \"when\", spelling = \"%Y-%m-%d %H:%M:%S\" } (docs/times.md)"
            .into());
    }
    for rule in &dialect.times {
        in_columns(dialect, "time.field", &rule.field)?;
        if let Some(clock) = &rule.clock {
            in_columns(dialect, "time.clock", clock)?;
            let behind = |list: &Vec<String>| {
                let date = list.iter().position(|column| *column == rule.field);
                date.is_some_and(|date| list.get(date + 1) == Some(clock))
            };
            if !dialect.columns.is_empty() && !dialect.columns.iter().any(behind) {
                let date = &rule.field;
                return Err(format!(
                    "time.clock: `{clock}` does not stand right behind `{date}`; only then the two are one time"
                ));
            }
        }
        if rule.specs.is_empty() {
            return Err("time.spelling: no spelling is given (docs/times.md)".into());
        }
        for spelling in &rule.specs {
            let spec = parse_spec(spelling).map_err(|error| format!("time.spelling: {error}"))?;
            if rule.clock.is_some() && !spelling.contains(' ') {
                return Err(format!(
                    "time.spelling: `{spelling}` has no space between date and time of day, which are two fields"
                ));
            }
            if spec.needs_date() {
                let message = "time.spelling: the text tells no day, so no line could be stored";
                return Err(message.into());
            }
        }
    }
    Ok(())
}

fn verdicts(dialect: &Dialect) -> Result<(), String> {
    for (word, to) in &dialect.verdicts {
        if Table::new([(word.as_str(), to.as_str())], false).is_err() {
            // The whole table is refused with the list of what there is.
            let list = dialect.tables().err().unwrap_or_default();
            return Err(format!("verdicts.{word}: {list}"));
        }
    }
    let has_words =
        |(_, meaning): &(String, String)| meaning.starts_with("action") || meaning == "verdict";
    if !dialect.verdicts.is_empty() && !dialect.fields.iter().any(has_words) {
        let message =
            "verdicts: no field means `action` or `verdict`, so no word would be looked up";
        return Err(message.into());
    }
    Ok(())
}
