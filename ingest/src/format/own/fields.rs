//! What is a text without header whose columns the user lists, in the names of a `#Fields` line?

use storage::nearest::nearest;

use crate::format::{Description, FORMATS};
use crate::lexer::shaped::dialect::{Dialect, Syntax, TimeRule};
use crate::lexer::shaped::meaning;

/// The id of such formats in `system.sources`.
pub const FIELDS: &str = "fields";

/// Names of columns that hold a whole time, whatever the product, and how it may be spelled.
const WHOLE_TIMES: [&str; 6] = ["ts", "timestamp", "datetime", "date_time", "time", "@timestamp"];
const SPELLINGS: [&str; 6] =
    ["iso", "epoch_auto", "epoch.3", "epoch.6", "%Y-%m-%d %H:%M:%S", "%d/%b/%Y:%H:%M:%S %z"];

/// Fewest columns.
const COLUMNS_MIN: usize = 3;

/// Fewest of them with a meaning, the time not counted.
const FIELDS_MIN: usize = 2;

/// The dialect of a list: the names mean what they mean in the built-in format that knows most of them.
pub(super) fn dialect(list: &str) -> Result<Dialect, String> {
    let (separator, columns) = split(list)?;
    let built_in = FORMATS.iter().filter_map(|format| format.description());
    let mut dialect = plain(&columns);
    for described in built_in.map(Description::into_dialect) {
        // Of equals the first: the more general one.
        if score(&described, &columns) > score(&dialect, &columns) {
            dialect = described;
        }
    }
    dialect.syntax = match separator {
        None => Syntax::Elff { quote: b'"' },
        Some(separator) => Syntax::Delimited { separator: separator.into(), quote: b'"' },
    };
    if !dialect.nulls.iter().any(|null| null == "-") {
        dialect.nulls.push("-".into());
    }
    // What the user says needs no marks, and later lines have no other fields.
    dialect.marks.clear();
    dialect.zone = dialect.zone.filter(|zone| columns.contains(zone));
    dialect.fields.retain(|(field, _)| columns.contains(field));
    for column in &columns {
        if dialect.meaning(column).is_none() && meaning::exists(column).is_ok() {
            dialect.fields.push((column.clone(), column.clone()));
        }
    }
    dialect.times.retain(|rule| stands(rule, &columns));
    for rule in dialect.times.iter_mut().filter(|rule| rule.clock.is_none()) {
        let more = SPELLINGS.iter().map(|spelling| (*spelling).to_owned());
        let more: Vec<String> = more.filter(|spelling| !rule.specs.contains(spelling)).collect();
        rule.specs.extend(more);
    }
    if dialect.times.is_empty() {
        return Err(no_time(&columns));
    }
    if dialect.fields.len() < FIELDS_MIN {
        return Err(few(&dialect));
    }
    dialect.columns = vec![columns];
    Ok(dialect)
}

/// The columns by the names that dwell itself gives them.
fn plain(columns: &[String]) -> Dialect {
    let mut dialect = Dialect::elff();
    let known = columns.iter().filter(|column| meaning::exists(column).is_ok());
    dialect.fields = known.map(|column| (column.clone(), column.clone())).collect();
    let whole = columns.iter().find(|column| WHOLE_TIMES.contains(&column.as_str()));
    dialect.times = whole.map(|field| whole_time(field)).into_iter().collect();
    dialect
}

/// The rule of a field with a whole time.
fn whole_time(field: &str) -> TimeRule {
    TimeRule { field: field.into(), clock: None, specs: SPELLINGS.map(str::to_owned).to_vec() }
}

/// The names, and what stands between the values of a line: spaces (none), commas or TABs.
fn split(list: &str) -> Result<(Option<&'static str>, Vec<String>), String> {
    let list = list.trim();
    let list = match list.get(..8) {
        Some(head) if head.eq_ignore_ascii_case("#fields:") => list[8..].trim(),
        _ => list,
    };
    let words = || list.split_whitespace();
    let commas = list.contains(',')
        && words().enumerate().all(|(nth, word)| word.ends_with(',') || nth + 1 == words().count());
    let (separator, parts): (_, Vec<&str>) = if list.contains('\t') {
        (Some("\t"), list.split('\t').collect())
    } else if commas {
        (Some(","), list.split(',').collect())
    } else {
        (None, words().collect())
    };
    let mut columns: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        let name = part.trim().trim_matches('"');
        if name.is_empty() {
            return Err(format!("column {} has no name", columns.len() + 1));
        }
        // As in header lines, a name that comes again is numbered.
        let copies = columns.iter().filter(|known| base(known) == name).count();
        let copy = format!("{name}#{}", copies + 1);
        columns.push(if copies > 0 { copy } else { name.to_owned() });
    }
    if columns.len() < COLUMNS_MIN {
        return Err(format!(
            "`{list}` names {} columns; give all of them, as in \"date time c-ip cs-method cs-uri sc-status\"",
            columns.len()
        ));
    }
    Ok((separator, columns))
}

fn base(name: &str) -> &str {
    name.split_once('#').map_or(name, |(base, _)| base)
}

/// How many of the columns a dialect knows, its time counted most: without one there are no rows.
fn score(dialect: &Dialect, columns: &[String]) -> usize {
    let known = columns.iter().filter(|column| dialect.meaning(column).is_some()).count();
    known * 2 + usize::from(dialect.times.iter().any(|rule| stands(rule, columns))) * 5
}

/// Whether the fields of a time are there, the time of day right behind its date.
fn stands(rule: &TimeRule, columns: &[String]) -> bool {
    let Some(at) = columns.iter().position(|column| *column == rule.field) else { return false };
    rule.clock.as_ref().is_none_or(|clock| columns.get(at + 1) == Some(clock))
}

fn no_time(columns: &[String]) -> String {
    let near = columns.iter().find_map(|column| {
        let known = WHOLE_TIMES.iter().copied().chain(["date"]);
        nearest(column, known).map(|near| (column, near))
    });
    let hint = near.map_or(String::new(), |(column, near)| {
        format!("; `{column}` is not known, did you mean `{near}`?")
    });
    format!(
        "none of the columns holds the time (date and time, or one of {}){hint}; a [[format]] in dwell.toml can say which",
        WHOLE_TIMES.join(", ")
    )
}

fn few(dialect: &Dialect) -> String {
    let known: Vec<&str> = dialect.fields.iter().map(|(field, _)| field.as_str()).collect();
    let known = if known.is_empty() { "none".into() } else { format!("only {}", known.join(", ")) };
    format!(
        "{known} of the names is known besides the time; use those of a built-in format (`dwell formats show w3c`) or \
         dwell's own (`dwell formats meanings`), or describe the text as a [[format]] in dwell.toml"
    )
}
