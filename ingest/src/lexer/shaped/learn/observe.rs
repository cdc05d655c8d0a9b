//! Which rows do the first lines of a source hold, and which fields do these have?

use crate::lexer::shaped::dialect::{Dialect, Syntax};
use crate::lexer::shaped::headers::{Headers, column_names};
use crate::lexer::shaped::only::Only;
use crate::lexer::shaped::scan::{Pieces, scan};
use crate::lexer::split::Span;

/// Names of fields that are learned; keys that are made up anew in each line must not become fields.
const NAMES_MAX: usize = 600;

/// Rows that are looked at.
const ROWS: usize = 400;

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Observed<'a> {
    /// Names of fields in the order of their appearance.
    pub(crate) names: Vec<String>,
    /// Lists of columns that rows had.
    pub(crate) columns: Vec<Vec<String>>,
    /// The rows.
    pub(crate) rows: Vec<Row<'a>>,
    /// Whether a header names a zone for the times.
    pub(crate) zoned: bool,
    /// Whether no row has as many values as its header names.
    pub(crate) is_odd: bool,
    /// The header lines.
    pub(crate) headers: Headers,
}

/// A row.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// The line.
    pub(crate) line: &'a [u8],
    spans: Vec<Span>,
    /// Numbers of names.
    names: Vec<usize>,
}

impl<'a> Row<'a> {
    /// Where its values lie.
    pub(crate) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The names of its values.
    pub(crate) fn names<'b>(&'b self, seen: &'b Observed<'_>) -> impl Iterator<Item = &'b str> {
        self.names.iter().map(|&name| seen.names[name].as_str())
    }

    /// Which of its values has this name.
    pub(crate) fn place(&self, seen: &Observed<'_>, name: &str) -> Option<usize> {
        let at = self.names.iter().position(|&known| seen.names[known] == name)?;
        (at < self.spans.len()).then_some(at)
    }

    /// A value without the quotes it stands in.
    pub(crate) fn inner(&self, at: usize) -> &'a [u8] {
        inner(self.spans.get(at).copied().unwrap_or(Span::MISSING).of(self.line))
    }

    /// What stands between a value and the next, quotes included.
    pub(crate) fn between(&self, at: usize) -> Option<String> {
        let (before, after) = (self.spans[at], self.spans.get(at + 1)?);
        let quote = |span: &Span| usize::from(is_quoted(span.of(self.line)));
        let gap = before.end as usize - quote(&before)..after.start as usize + quote(after);
        String::from_utf8(self.line.get(gap)?.to_vec()).ok()
    }

    /// How often the byte behind value `last` stands between the beginning of value `first` and its end.
    pub(crate) fn inner_stops(&self, first: usize, last: usize) -> usize {
        let (Some(first), Some(last)) = (self.spans.get(first), self.spans.get(last)) else {
            return 0;
        };
        let end = last.end as usize - usize::from(is_quoted(last.of(self.line)));
        let start = first.start as usize + usize::from(is_quoted(first.of(self.line)));
        let Some(&stop) = self.line.get(end) else { return 0 };
        memchr::memchr_iter(stop, &self.line[start..end]).count()
    }
}

fn is_quoted(text: &[u8]) -> bool {
    matches!(text, [b'"', .., b'"'] | [b'\'', .., b'\''])
}

fn inner(text: &[u8]) -> &[u8] {
    if is_quoted(text) { &text[1..text.len() - 1] } else { text }
}

impl<'a> Observed<'a> {
    /// The values of a field, without quotes.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.raw(name).map(inner)
    }

    /// The values of a field as they stand.
    pub(crate) fn raw(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let nth = self.names.iter().position(|known| known == name);
        self.rows.iter().filter_map(move |row| {
            let at = row.names.iter().position(|&known| Some(known) == nth)?;
            Some(row.spans.get(at)?.of(row.line))
        })
    }

    /// Whether all values of most rows stand in quotes.
    pub(crate) fn is_quoted(&self) -> bool {
        let quoted = |row: &&Row<'_>| row.spans.iter().all(|span| is_quoted(span.of(row.line)));
        self.rows.iter().filter(quoted).count() * 2 > self.rows.len()
    }

    /// Whether TABs stand between the values of most rows.
    pub(crate) fn is_tabbed(&self) -> bool {
        let tabbed = |row: &&Row<'_>| memchr::memchr(b'\t', row.line).is_some();
        self.rows.iter().filter(tabbed).count() * 2 > self.rows.len()
    }

    /// The number of a name. When there are too many, further ones have none of their own, but the empty name.
    fn name(&mut self, name: &str) -> usize {
        let known = self.names.iter().position(|known| known == name);
        if let Some(known) = known {
            return known;
        }
        let name = if self.names.len() < NAMES_MAX { name } else { "" };
        self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }
}

/// Looks at lines.
pub(crate) fn observe<'a>(dialect: &Dialect, lines: &[&'a [u8]]) -> Observed<'a> {
    let mut seen = Observed::default();
    let mut headers = Headers::default();
    let mut current: Option<Vec<String>> = None;
    let only = Only::new(&dialect.only, &dialect.within);
    let mut pieces = Pieces::default();
    let (mut unnamed, mut odd) = (Vec::new(), Vec::new());
    let positional = matches!(dialect.syntax, Syntax::Elff { .. } | Syntax::Delimited { .. });
    for &line in lines {
        if positional && line.first() == Some(&b'#') {
            if headers.take(line)
                && let Some(columns) = headers.columns()
            {
                current = Some(columns);
            }
            seen.zoned |= headers.date().is_some_and(|date| date.zone.is_some());
            continue;
        }
        if seen.rows.len() >= ROWS || !scan(&dialect.syntax, line, &mut pieces) {
            continue;
        }
        if !positional {
            if !only.takes(line, &pieces) {
                continue;
            }
            let inner = |name| String::from_utf8_lossy(only.inner(name)).into_owned();
            let named: Vec<String> = pieces.iter().map(|(name, _)| inner(name)).collect();
            seen.push(line, &pieces, &named);
            continue;
        }
        if let Some(columns) = column_names(dialect, line, &pieces) {
            current = Some(columns);
            continue;
        }
        if let Some(columns) = &current {
            if columns.len() == pieces.len() {
                seen.push_columns(line, &pieces, columns);
            } else if odd.len() < ROWS {
                odd.push((line, columns.clone()));
            }
        } else if unnamed.len() < ROWS {
            unnamed.push((line, pieces.len()));
        }
    }
    for columns in vintages(dialect, &unnamed) {
        for (line, _) in unnamed.iter().filter(|(_, count)| *count == columns.len()) {
            scan(&dialect.syntax, line, &mut pieces);
            seen.push_columns(line, &pieces, &columns);
        }
    }
    // No row has as many values as the header names: the first of them tell at least what they are.
    if seen.rows.is_empty() {
        seen.is_odd = !odd.is_empty();
        for (line, columns) in odd {
            scan(&dialect.syntax, line, &mut pieces);
            seen.push_columns(line, &pieces, &columns);
        }
    }
    seen.headers = headers;
    seen
}

/// A list of columns counts if at least this share of the rows has as many values (one in so many): rows with a value too
/// many or too few must not be taken for those of another version.
const RARE: usize = 8;

/// The lists of columns that rows without a header have, by the numbers of their values. Makers of CSV add columns at the
/// end: a list that is shorter or longer than the known ones is the beginning of one, or one that goes on.
fn vintages(dialect: &Dialect, rows: &[(&[u8], usize)]) -> Vec<Vec<String>> {
    let mut counts: Vec<(usize, usize)> = Vec::new();
    for (_, count) in rows {
        match counts.iter_mut().find(|(known, _)| known == count) {
            Some((_, rows)) => *rows += 1,
            None => counts.push((*count, 1)),
        }
    }
    counts.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let longest = dialect.columns.iter().max_by_key(|list| list.len());
    let least = dialect.columns.iter().map(Vec::len).min().unwrap_or_default() / 3;
    let grows = matches!(dialect.syntax, Syntax::Delimited { .. });
    let list = |count: usize| match dialect.columns.iter().find(|list| list.len() == count) {
        Some(list) => Some(list.clone()),
        None if grows && count > least => {
            let more = longest.map_or(0, Vec::len) + 1..=count;
            let known = longest?.iter().take(count).cloned();
            Some(known.chain(more.map(|nth| format!("column_{nth}"))).collect())
        }
        None => None,
    };
    counts
        .iter()
        .filter(|(_, found)| found * RARE >= rows.len())
        .filter_map(|(count, _)| list(*count))
        .collect()
}

impl<'a> Observed<'a> {
    fn push_columns(&mut self, line: &'a [u8], pieces: &Pieces, columns: &[String]) {
        if !self.columns.iter().any(|known| known == columns) {
            self.columns.push(columns.to_vec());
        }
        self.push(line, pieces, columns);
    }

    fn push(&mut self, line: &'a [u8], pieces: &Pieces, names: &[String]) {
        let names: Vec<usize> = names.iter().map(|name| self.name(name)).collect();
        let spans = pieces.iter().map(|(_, span)| span).take(names.len()).collect();
        self.rows.push(Row { line, spans, names });
    }
}
