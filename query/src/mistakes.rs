//! What is wrong with the text of a query, and where? Turns the engine's errors into ours: place, nearest name, kind.

use std::path::Path;

use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;
use storage::nearest::nearest;

use crate::error::{Error, ErrorKind, Place};

/// What is known by name, to suggest the nearest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// Tables as they are written in a query.
    pub(crate) tables: Vec<String>,
    /// Functions.
    pub(crate) functions: Vec<String>,
}

/// An error of the parser, with its place.
pub(crate) fn parse_error(sql: &str, error: DataFusionError) -> Error {
    planning_error(sql, &Names::default(), error)
}

/// An error before anything was read: the text is wrong.
pub(crate) fn planning_error(sql: &str, names: &Names, error: DataFusionError) -> Error {
    let span_place = error.diagnostic().and_then(|found| found.span).and_then(|span| {
        let width = if span.end.line == span.start.line {
            span.end.column.saturating_sub(span.start.column)
        } else {
            1
        };
        place(sql, span.start.line, span.start.column, width)
    });
    match error.find_root() {
        DataFusionError::SQL(parser, _) => syntax_error(sql, parser),
        DataFusionError::SchemaError(schema, _) => {
            let made = schema_error(sql, schema);
            if made.place().is_some() { made } else { made.at(span_place) }
        }
        DataFusionError::Plan(message) => plan_error(sql, names, message, span_place),
        DataFusionError::NotImplemented(message) => {
            usage(format!("not supported: {}", fragment(message))).at(span_place)
        }
        DataFusionError::ResourcesExhausted(_) | DataFusionError::External(_) => {
            running_error(error)
        }
        DataFusionError::Execution(message) | DataFusionError::Internal(message) => {
            unfit_arguments(sql, message).unwrap_or_else(|| usage(fragment(message)).at(span_place))
        }
        other => {
            let message = other.strip_backtrace();
            match between(&message, "Error parsing timestamp from '", "'") {
                Some(text) => usage(format!("`{text}` is no time"))
                    .at(find_text(sql, text))
                    .advise("write it as 2026-11-20 or 2026-11-20T10:15:00Z"),
                None => usage(fragment(&message)).at(span_place),
            }
        }
    }
}

/// An error while the query ran.
pub(crate) fn running_error(error: DataFusionError) -> Error {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(message) => memory_error(message),
        DataFusionError::Plan(message) => usage(fragment(message)),
        DataFusionError::External(cause) if cause.is::<storage::Error>() => {
            // What the ground floor says stays what it is, also where it speaks while a query is planned.
            let cause = cause.downcast_ref::<storage::Error>();
            let kind = cause.map_or(storage::ErrorKind::Internal, storage::Error::kind);
            let text = cause.map(ToString::to_string).unwrap_or_default();
            storage::Error::new(kind, text).into()
        }
        root => {
            // The engine's error says the same again in its own words: it is no cause of its own.
            Error::new(ErrorKind::Other, fragment(&root.strip_backtrace()))
        }
    }
}

fn usage(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, message)
}

/// The engine says `Additional allocation failed for NAME[0] with top memory consumers ... Error: ...`.
fn memory_error(message: &str) -> Error {
    // Where a reservation cannot grow, and where a spill is needed but nothing may spill.
    let named = ["allocation failed for ", "already allocated for ", "Memory Exhausted while "]
        .iter()
        .find_map(|before| message.split_once(before).map(|(_, rest)| rest))
        .or_else(|| message.split_once(" bytes for ").map(|(_, rest)| rest));
    let name = named.unwrap_or_default();
    let operator: String =
        name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let operator = match operator.as_str() {
        "" => "an operator".to_owned(),
        "SpillPool" => "RepartitionExec".to_owned(),
        "Sorting" => "SortExec".to_owned(),
        _ => operator,
    };
    let cannot_spill =
        matches!(operator.as_str(), "HashJoinInput" | "NestedLoopJoinLoad" | "CrossJoinExec");
    let help = if cannot_spill {
        "a join keeps its smaller side in memory and cannot spill: filter that side, or raise the memory limit"
    } else if message.to_lowercase().contains("disk") || message.contains("spill") {
        "raise the memory limit, or give spill files more room"
    } else {
        "bound the time, select fewer columns, or raise the memory limit"
    };
    Error::new(
        ErrorKind::MemoryLimit,
        format!("{operator} needs more memory than the query may use"),
    )
    .by_operator(operator)
    .advise(help)
    .caused_by(message)
}

fn syntax_error(sql: &str, error: &ParserError) -> Error {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => {
            message.as_str()
        }
        ParserError::RecursionLimitExceeded => return usage("the query nests too deeply"),
    };
    // "Expected: an expression, found: FROM at Line: 1, Column: 8"
    let (text, at) = match message.split_once(" at Line: ") {
        Some((text, at)) => (text, Some(at)),
        None => (message, None),
    };
    let position = at.and_then(|at| {
        let (line, column) = at.split_once(", Column: ")?;
        let digits: String = column.chars().take_while(char::is_ascii_digit).collect();
        Some((line.parse().ok()?, digits.parse().ok()?))
    });
    let width = text
        .rsplit_once("found: ")
        .map_or(1, |(_, found)| if found == "EOF" { 1 } else { found.chars().count() as u64 });
    let spot =
        position.map_or_else(|| end_of(sql), |(line, column)| place(sql, line, column, width));
    usage(lower_first(text)).at(spot)
}

fn schema_error(sql: &str, error: &SchemaError) -> Error {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            unknown_column(sql, field, valid_fields)
        }
        SchemaError::AmbiguousReference { field } => {
            usage(format!("`{}` could be a column of more than one table", field.name))
                .at(find_word(sql, &field.name))
                .advise("write it with its table")
        }
        other => usage(fragment(&other.to_string())),
    }
}

fn unknown_column(sql: &str, field: &Column, valid: &[Column]) -> Error {
    let spot = field
        .spans()
        .first()
        .and_then(|span| {
            let width = span.end.column.saturating_sub(span.start.column);
            place(sql, span.start.line, span.start.column, width)
        })
        .or_else(|| find_word(sql, &field.name));
    let made = usage(format!("there is no column `{}`", field.name)).at(spot);
    let mut known: Vec<&str> = valid.iter().map(|column| column.name.as_str()).collect();
    if known.is_empty() {
        known = storage::schema::COLUMNS.iter().map(|column| column.name).collect();
    }
    match nearest(&field.name, known) {
        Some(name) => made.advise(format!("did you mean `{name}`?")),
        None => made.advise("`describe requests` lists the columns"),
    }
}

fn plan_error(sql: &str, names: &Names, message: &str, spot: Option<Place>) -> Error {
    if let Some(table) = between(message, "table '", "' not found") {
        let short = table.strip_prefix("dwell.public.").unwrap_or(table);
        let short = short.strip_prefix("dwell.").unwrap_or(short);
        let last = short.rsplit('.').next().unwrap_or(short);
        let made =
            usage(format!("there is no table `{short}`")).at(spot.or_else(|| find_word(sql, last)));
        return match nearest(short, names.tables.iter().map(String::as_str)) {
            Some(name) => made.advise(format!("did you mean `{name}`?")),
            None => made.advise("`show tables` lists the tables"),
        };
    }
    if let Some(name) = between(message, "Invalid function '", "'") {
        let made = usage(format!("there is no function `{name}`"))
            .at(spot.or_else(|| find_word(sql, name)));
        return match nearest(name, names.functions.iter().map(String::as_str)) {
            Some(near) => made.advise(format!("did you mean `{near}`?")),
            None => made.advise("`select name from system.functions` lists those of dwell"),
        };
    }
    if let Some(name) =
        between(message, "must be in GROUP BY or an aggregate function: ", "\" must appear")
    {
        let column = name.rsplit(['.', '"']).next().unwrap_or(name);
        return usage(format!("`{column}` is neither grouped by nor aggregated"))
            .at(spot.or_else(|| find_word(sql, column)))
            .advise(format!(
                "add it to GROUP BY, or take max({column}), count(distinct {column}), .."
            ));
    }
    unfit_arguments(sql, message).unwrap_or_else(|| usage(fragment(message)).at(spot))
}

/// "No function matches the given name and argument types 'sum(Utf8View)'." with pages around it.
fn unfit_arguments(sql: &str, message: &str) -> Option<Error> {
    let call = between(message, "No function matches the given name and argument types '", "'.")?;
    let (name, _) = call.split_once('(')?;
    let made =
        usage(format!("`{name}` does not take these arguments: {call}")).at(find_word(sql, name));
    if let Some(expected) = between(message, "takes other arguments: expected ", ", got") {
        return Some(made.advise(format!("it is {expected}")));
    }
    if let Some(doc) = crate::functions::all().find(|doc| doc.name == name) {
        return Some(made.advise(format!("it is {}", doc.signature)));
    }
    let candidates = message.split_once("Candidate functions:").map_or("", |(_, rest)| rest);
    let candidates: Vec<_> = candidates.split_whitespace().take(6).collect();
    Some(if candidates.is_empty() {
        made
    } else {
        made.advise(format!("it is {}", candidates.join(" or ")))
    })
}

/// The engine's message as a fragment of ours: first sentence first, no backtrace, lower case.
fn fragment(message: &str) -> String {
    let message = message.split("\n\nbacktrace:").next().unwrap_or(message).trim();
    let mut message =
        message.split("\nThis issue was likely caused by a bug").next().unwrap_or(message);
    for prefix in ["Error during planning: ", "Arrow error: ", "Cast error: ", "Execution error: "]
    {
        message = message.strip_prefix(prefix).unwrap_or(message);
    }
    lower_first(message)
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        // A word in capitals (SELECT) stays as it is.
        (Some(first), Some(second))
            if first.is_ascii_uppercase() && !second.is_ascii_uppercase() =>
        {
            first.to_lowercase().collect::<String>() + &text[first.len_utf8()..]
        }
        _ => text.to_owned(),
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inner, _)| inner)
}

fn place(sql: &str, line: u64, column: u64, width: u64) -> Option<Place> {
    let at = usize::try_from(line.checked_sub(1)?).ok()?;
    let excerpt = sql.lines().nth(at)?.to_owned();
    let room = (excerpt.chars().count() as u64 + 1).saturating_sub(column.max(1)).max(1);
    Some(Place { line, column: column.max(1), width: width.clamp(1, room), excerpt })
}

/// Just behind the last character of the text.
fn end_of(sql: &str) -> Option<Place> {
    let (at, last) = sql.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).last()?;
    place(sql, at as u64 + 1, last.trim_end().chars().count() as u64 + 1, 1)
}

/// The first place where `text` stands in the text.
fn find_text(sql: &str, text: &str) -> Option<Place> {
    let found = sql.lines().enumerate().find_map(|(at, line)| Some((at, line, line.find(text)?)));
    let (at, line, from) = found?;
    let column = line[..from].chars().count() as u64 + 1;
    place(sql, at as u64 + 1, column, text.chars().count() as u64)
}

/// The first place where `word` stands alone in the text.
fn find_word(sql: &str, word: &str) -> Option<Place> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    for (at, line) in sql.lines().enumerate() {
        let lower = line.to_lowercase();
        if lower.len() != line.len() {
            continue;
        }
        let needle = word.to_lowercase();
        for (from, _) in lower.match_indices(&needle) {
            let before = line[..from].chars().next_back();
            let after = line[from + needle.len()..].chars().next();
            if !before.is_some_and(is_part) && !after.is_some_and(is_part) {
                let column = line[..from].chars().count() as u64 + 1;
                return place(sql, at as u64 + 1, column, word.chars().count() as u64);
            }
        }
    }
    None
}

/// The integrity error of a file that made the engine stumble while it decoded it.
pub(crate) fn decoder_failed(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("the file cannot be decoded ({what})"))
        .in_file(path)
        .advise("run `dwell verify --deep`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_has_a_place() {
        let error = parse_error(
            "select host\nfrom requests wher 1",
            DataFusionError::SQL(
                Box::new(ParserError::ParserError(
                    "Expected: end of statement, found: 1 at Line: 2, Column: 20".into(),
                )),
                None,
            ),
        );
        let place = error.place().unwrap();
        assert_eq!((place.line, place.column), (2, 20));
        assert!(error.to_string().ends_with("2 | from requests wher 1\n  |                    ^"));
    }

    #[test]
    fn a_full_memory_names_the_operator() {
        let error = running_error(DataFusionError::ResourcesExhausted(
            "Additional allocation failed for HashJoinInput[0] with top memory consumers".into(),
        ));
        assert_eq!(error.operator(), Some("HashJoinInput"));
        assert_eq!(error.kind(), ErrorKind::MemoryLimit);
    }
}
