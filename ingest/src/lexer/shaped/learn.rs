//! What is a source made of? Its first lines tell: which fields, how they are quoted, what stands for nothing, how times are
//! spelled, in which orders fields come.

mod observe;

use std::borrow::Cow;
use std::collections::HashMap;

use super::dialect::{Dialect, Syntax, TimeRule};
use super::shape::{Plain, gaps};
use super::spec::{self, Place, Spec, SpecWord};
use super::wrap::{Escape, Quote, Wrap};
use crate::lexer::split::Span;
use crate::time::{self, Context, Memo, NEAR_US};
use observe::Observed;

/// Orders of fields that are remembered.
const SHAPES_MAX: usize = 64;

/// A day for times without one where only their form matters: 2026-11-20.
const NEAR_DAY: i64 = 20_777;

/// 2100-01-01T00:00:00Z
const YEAR_2100_US: i64 = 4_102_444_800_000_000;

/// Texts of a time that are tried.
const TIMES: usize = 64;

/// What the first lines of a source tell of it, if they are of this dialect. `outer`: times of the envelopes they stand in.
pub(crate) fn learn(dialect: &Dialect, lines: &[&[u8]], outer: &[&[u8]]) -> Option<Spec> {
    let seen = observe::observe(dialect, lines);
    let dialect = &whole_urls(dialect, &seen);
    if seen.rows.is_empty() || !marked(dialect, &seen) {
        return None;
    }
    // The rule that reads most rows; the first of equals.
    let found = dialect.times.iter().rev().filter_map(|rule| time(rule, &seen, outer));
    let (_, rule, mut spelling, inner) = found.max_by_key(|(reads, ..)| *reads)?;
    // A header that names a zone says that the times below are not UTC.
    if seen.zoned
        && let Some(local) = spelling.strip_prefix("utc:")
    {
        spelling = local.to_owned();
    }
    let names: Vec<String> =
        seen.names.iter().filter(|name| is_field(name, rule)).cloned().collect();
    let shown = names.len();
    let mut names = names;
    add_known(dialect, &(rule.field.clone(), rule.clock.clone()), &mut names);
    let mut meanings = spec::resolve(dialect, &names, shown).ok()?;
    let mut words = Vec::with_capacity(names.len());
    for (name, meaning) in names.iter().zip(&mut meanings) {
        if let Some(refined) = refined(meaning, name, &seen) {
            *meaning = refined.into();
        }
        let inner = if *name == rule.field { inner } else { 0 };
        let null = usual_null(dialect, &seen, name);
        let wrap = match words.len() < shown {
            true => {
                let timed = rule.field == *name || rule.clock.as_ref() == Some(name);
                wrap(&dialect.syntax, &seen, name, null.as_deref(), timed)
            }
            false => unseen(&dialect.syntax),
        };
        words.push(SpecWord { name: name.clone(), meaning: meaning.clone(), wrap, null, inner });
    }
    let mut found = Spec {
        dialect: None,
        words,
        time: (rule.field.clone(), rule.clock.clone()),
        spelling,
        columns: seen.columns.clone(),
        shapes: Vec::new(),
    };
    // Lines of another version may follow.
    found
        .columns
        .extend(dialect.columns.iter().filter(|list| !seen.columns.contains(list)).cloned());
    if !seen.is_odd {
        found.shapes = shapes(dialect, &found, &seen)?;
    }
    Some(found)
}

/// The dialect, with a field of path and query as that of the URL where the source logs whole URLs in it.
fn whole_urls<'a>(dialect: &'a Dialect, seen: &Observed<'_>) -> Cow<'a, Dialect> {
    let whole = |text: &&[u8]| memchr::memmem::find(text, b"://").is_some();
    let found = dialect.fields.iter().position(|(name, meaning)| {
        let all = || seen.values(name);
        meaning == "url:target" && all().filter(whole).count() * 2 > all().count()
    });
    let Some(at) = found else { return Cow::Borrowed(dialect) };
    let mut dialect = dialect.clone();
    let (name, _) = dialect.fields.remove(at);
    // It says more than the fields of its parts.
    dialect.fields.insert(0, (name, "url".into()));
    Cow::Owned(dialect)
}

/// How a source spells what fields of a meaning may hold in two ways.
fn refined(meaning: &str, name: &str, seen: &Observed<'_>) -> Option<&'static str> {
    let values = || seen.values(name).filter(|text| !matches!(*text, b"" | b"-"));
    match meaning {
        // Agents that hold spaces were not written with `+` for them.
        "user_agent:plus" if values().any(|text| text.contains(&b' ')) => Some("user_agent"),
        "referer:plus" if values().any(|text| text.contains(&b' ')) => Some("referer"),
        "cookie:plus" if values().any(|text| text.contains(&b' ')) => Some("cookie"),
        "http_version" if !values().any(|text| text.contains(&b'/')) => Some("http_version:bare"),
        "user_agent:percent" if twice(values()) => Some("user_agent:percent_twice"),
        "referer:percent" if twice(values()) => Some("referer:percent_twice"),
        "cookie:percent" if twice(values()) => Some("cookie:percent_twice"),
        "query" if values().next().is_some() && !values().any(|text| text.starts_with(b"?")) => {
            Some("query:bare")
        }
        _ => None,
    }
}

/// Whether most texts with a `%` have it encoded itself.
fn twice<'a>(values: impl Iterator<Item = &'a [u8]>) -> bool {
    let (mut once, mut twice) = (0, 0);
    for text in values.filter(|text| text.contains(&b'%')) {
        once += 1;
        twice += usize::from(memchr::memmem::find(text, b"%25").is_some());
    }
    twice * 2 > once
}

/// Whether a name is a field of its own: not the time of day behind its date, nor one of too many names.
fn is_field(name: &str, rule: &TimeRule) -> bool {
    !name.is_empty() && rule.clock.as_deref() != Some(name)
}

/// Whether the marks of the dialect are there, each in most rows or in a header line.
fn marked(dialect: &Dialect, seen: &Observed<'_>) -> bool {
    dialect.marks.iter().all(|mark| mark.split(" or ").any(|mark| has(mark, seen)))
}

/// Whether one mark is there: a name, a beginning of names (`x-*`), the value of a field (`type=utm|traffic`) or of a
/// header line (`#Software=SGOS*`); or a header line that is not (`no #Fields`).
fn has(mark: &str, seen: &Observed<'_>) -> bool {
    let (name, values) = mark.split_once('=').unwrap_or((mark, ""));
    let fits = |text: &[u8]| {
        values.is_empty()
            || values.split('|').any(|value| match value.strip_suffix('*') {
                Some(beginning) => text.starts_with(beginning.as_bytes()),
                None => value.as_bytes() == text,
            })
    };
    if let Some(directive) = name.strip_prefix("no #") {
        return seen.headers.value(directive).is_none();
    }
    if let Some(directive) = name.strip_prefix('#') {
        return seen.headers.value(directive).is_some_and(fits);
    }
    let most =
        |name: &str| seen.values(name).filter(|text| fits(text)).count() * 2 >= seen.rows.len();
    match name.strip_suffix('*') {
        Some(beginning) => seen.names.iter().any(|name| name.starts_with(beginning) && most(name)),
        None => most(name),
    }
}

/// How many rows' times the best spelling of a rule reads, that spelling, and how often the byte behind the time stands
/// within it.
fn time<'a>(
    rule: &'a TimeRule,
    seen: &Observed<'_>,
    outer: &[&[u8]],
) -> Option<(usize, &'a TimeRule, String, usize)> {
    if rule.field == spec::OUTER_TIME {
        let reads = |spelling: &String| {
            let Ok(spec) = time::parse_spec(spelling) else { return 0 };
            outer.iter().filter(|text| spec.reads(text)).count()
        };
        let best = rule.specs.iter().rev().max_by_key(|spelling| reads(spelling))?;
        let read = reads(best);
        return (read * 2 > outer.len()).then(|| (read, rule, best.clone(), 0));
    }
    let mut texts: Vec<Vec<u8>> = Vec::new();
    let mut sample = None;
    for row in seen.rows.iter().take(TIMES) {
        let Some(at) = row.place(seen, &rule.field) else { continue };
        let first = row.inner(at);
        match &rule.clock {
            None => texts.push(first.to_vec()),
            Some(clock) => {
                if row.place(seen, clock) != Some(at + 1) {
                    continue;
                }
                texts.push([first, b" ", row.inner(at + 1)].concat());
                sample.get_or_insert((row, at));
            }
        }
    }
    // How many it reads, and how many of these it would write alike.
    let reads = |text: &String| {
        let Ok(spec) = time::parse_spec(text) else { return (0, 0) };
        // A time of day alone is worth nothing without a header line that tells the date.
        if spec.needs_date() && seen.headers.date().is_none() {
            return (0, 0);
        }
        let mut memo = Memo::default();
        // Of any year and day; but counts of another unit are times of another age.
        let context = Context { near: Some(NEAR_US), date: Some(NEAR_DAY), ..Context::default() };
        let possible = |ts| time::check(ts, i64::MAX / 2).is_ok() && ts < YEAR_2100_US;
        let read = texts.iter().filter_map(|text| {
            let time = spec.read_in(text, &context, &mut memo)?;
            possible(time.ts).then_some(time.exact)
        });
        read.fold((0, 0), |(all, exact), more| (all + 1, exact + usize::from(more)))
    };
    // The first of equals.
    let best = rule.specs.iter().rev().max_by_key(|text| reads(text))?;
    let (read, _) = reads(best);
    if read * 2 <= texts.len() {
        return None;
    }
    let Some((row, at)) = sample.filter(|_| rule.clock.is_some()) else {
        let inner = seen.rows.first().map_or(0, |row| {
            let found = row.place(seen, &rule.field).unwrap_or_default();
            row.inner_stops(found, found)
        });
        return Some((read, rule, exact_spelling(best, &texts), inner));
    };
    // Date and time of day are read as one text, with what stands between them.
    let gap = row.between(at)?.replace('%', "%%");
    let spelling = best.replacen(' ', &gap, 1);
    time::parse_spec(&spelling).ok()?;
    Some((read, rule, spelling, row.inner_stops(at, at + 1)))
}

/// `iso` reads all spellings of ISO 8601, but writes one: where the texts agree on another, that is taken.
fn exact_spelling(best: &str, texts: &[Vec<u8>]) -> String {
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let exact = |spec: &time::TimeSpec| {
        let mut memo = Memo::default();
        let read = |text: &&&[u8]| spec.read(text, None, &mut memo).is_some_and(|time| time.exact);
        texts.iter().filter(read).count()
    };
    let guessed = (best == "iso").then(|| time::guess(&texts)).flatten();
    match (guessed, time::parse_spec(best)) {
        (Some(guessed), Ok(iso)) if exact(&guessed) > exact(&iso) => guessed.text(),
        _ => best.to_owned(),
    }
}

/// The null word that stands most often in a field.
fn usual_null(dialect: &Dialect, seen: &Observed<'_>, name: &str) -> Option<String> {
    let nulls = dialect.nulls_of(name, None);
    let mut counts: HashMap<&[u8], usize> = HashMap::new();
    for text in seen.values(name).filter(|text| nulls.iter().any(|null| null == text)) {
        *counts.entry(text).or_default() += 1;
    }
    let usual = counts.into_iter().max_by_key(|(text, count)| (*count, text.len()))?.0;
    String::from_utf8(usual.to_vec()).ok()
}

/// How values of a field are wrapped: the rule that most of them follow.
fn wrap(syntax: &Syntax, seen: &Observed<'_>, name: &str, null: Option<&str>, timed: bool) -> Wrap {
    use super::dialect::{Ends, Head};
    let (escapes, mark, needs): (&[Escape], _, _) = match syntax {
        Syntax::Elff { quote } => {
            let single = seen.raw(name).filter(|text| matches!(text, [b'\'', .., b'\''])).count();
            let double = seen.raw(name).filter(|text| matches!(text, [b'"', .., b'"'])).count();
            let needs = if seen.is_tabbed() { vec![b'\t'] } else { vec![b' ', b'\t'] };
            (&[Escape::Doubled], if single > double { b'\'' } else { *quote }, needs)
        }
        Syntax::Delimited { quote: 0, .. } | Syntax::Sections => return Wrap::default(),
        Syntax::Delimited { separator, quote } => {
            (&[Escape::Doubled], *quote, separator.as_bytes().to_vec())
        }
        // Not all that write CEF escape.
        Syntax::Pairs { head: Head::Cef, .. } => (&[Escape::Cef, Escape::None], 0, Vec::new()),
        Syntax::Pairs { ends: Ends::NextKey | Ends::NextWord | Ends::Separator, .. } => {
            return Wrap::default();
        }
        Syntax::Pairs { separator, assign, .. } => (
            &[Escape::Backslash, Escape::Quotes, Escape::None],
            b'"',
            [separator.as_bytes(), &[*assign]].concat(),
        ),
        Syntax::Json => (&[Escape::Json], b'"', Vec::new()),
    };
    let raw = || seen.raw(name);
    let quoted = |text: &[u8]| text.len() > 1 && text[0] == mark && text.ends_with(&[mark]);
    // Where every value of a line stands in quotes, and for times and numbers, the quotes belong to what stands around;
    // else the next line may have a bare one.
    let columns = matches!(syntax, Syntax::Elff { .. } | Syntax::Delimited { .. });
    let always = || {
        let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
        timed || seen.is_quoted() || seen.values(name).all(digits)
    };
    let outside =
        mark != 0 && raw().next().is_some() && raw().all(quoted) && (!columns || always());
    let rules: &[Quote] = match syntax {
        _ if mark == 0 => &[Quote::Never],
        _ if outside => &[Quote::UnlessNull],
        Syntax::Json => &[Quote::UnlessNull, Quote::Never],
        Syntax::Pairs { .. } => &[Quote::WhenNeeded, Quote::UnlessNull, Quote::Never],
        _ => &[Quote::WhenNeeded, Quote::UnlessNull, Quote::Never, Quote::Always],
    };
    let made =
        |&quote: &Quote, &escape: &Escape| Wrap { escape, quote, mark, needs: needs.clone() };
    let all = rules.iter().flat_map(|quote| escapes.iter().map(move |escape| made(quote, escape)));
    let all: Vec<Wrap> = all.collect();
    let fits = |wrap: &Wrap| raw().filter(|text| gives_back(wrap, text, null)).count();
    // The first of equals.
    let Some(mut best) = all.into_iter().rev().max_by_key(fits) else { return Wrap::default() };
    if outside {
        best.quote = Quote::Outside;
    }
    if best.quote != Quote::WhenNeeded {
        best.needs = Vec::new();
    }
    best
}

/// Whether a value, unwrapped and wrapped again, is what was logged.
fn gives_back(wrap: &Wrap, text: &[u8], null: Option<&str>) -> bool {
    let value = wrap.decode(text);
    let mut again = Vec::with_capacity(text.len());
    let null = null.is_some_and(|null| null.as_bytes() == &*value);
    wrap.encode(&value, null, &mut again);
    again == text
}

/// What stands before each field, with its number; and behind the last.
type Order = (Vec<(String, usize)>, String);

/// The orders of fields, the likeliest first.
fn shapes(dialect: &Dialect, found: &Spec, seen: &Observed<'_>) -> Option<Vec<Order>> {
    let layout = spec::layout(found, dialect).ok()?;
    let shaped = layout.shaped.as_ref()?;
    let mut counts: Vec<(Plain, usize)> = Vec::new();
    let mut words: Vec<(usize, Span)> = Vec::new();
    for row in &seen.rows {
        words.clear();
        let place = |name: &str| shaped.names.get(name.as_bytes()).copied();
        let places = row.names(seen).map(|name| place(name).unwrap_or(Place::Unknown));
        if !super::cut::collect(
            &layout,
            row.line,
            places.zip(row.spans().iter().copied()),
            &mut words,
        ) {
            continue;
        }
        let fields = gaps(row.line, &words).map(|(lead, word)| (lead.to_vec(), word)).collect();
        let end = words.last().map_or(0, |(_, span)| span.end as usize);
        let plain: Plain = (fields, row.line[end..].to_vec());
        match counts.iter_mut().find(|(known, _)| *known == plain) {
            Some((_, count)) => *count += 1,
            None => counts.push((plain, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(SHAPES_MAX);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    let shapes = counts.into_iter().filter_map(|((fields, end), _)| {
        let fields = fields.into_iter().map(|(lead, word)| Some((text(lead)?, word)));
        Some((fields.collect::<Option<Vec<_>>>()?, text(end)?))
    });
    Some(shapes.collect())
}

/// What is known of a dialect without a source: its fields, no order of them.
pub(crate) fn nothing(dialect: &Dialect) -> Spec {
    let rule = dialect.times.first();
    let time = rule.map(|rule| (rule.field.clone(), rule.clock.clone())).unwrap_or_default();
    let mut names: Vec<String> = vec![time.0.clone()];
    add_known(dialect, &time, &mut names);
    let meanings = spec::resolve(dialect, &names, 0).unwrap_or_default();
    let words = names.into_iter().zip(meanings).map(|(name, meaning)| SpecWord {
        wrap: unseen(&dialect.syntax),
        name,
        meaning,
        null: None,
        inner: 0,
    });
    Spec {
        dialect: None,
        words: words.collect(),
        time,
        spelling: rule
            .and_then(|rule| rule.specs.first())
            .cloned()
            .unwrap_or_else(|| "epoch".into()),
        columns: dialect.columns.clone(),
        shapes: Vec::new(),
    }
}

/// Adds the fields that the dialect knows and the first lines did not show: later lines may have them.
fn add_known(dialect: &Dialect, time: &(String, Option<String>), names: &mut Vec<String>) {
    for (name, _) in &dialect.fields {
        if !names.contains(name) && time.1.as_ref() != Some(name) {
            names.push(name.clone());
        }
    }
}

/// How values of a field that was not seen are taken to be wrapped.
fn unseen(syntax: &Syntax) -> Wrap {
    let columns = |quote: u8, needs: &[u8]| {
        let quoting = if quote == 0 { Quote::Never } else { Quote::WhenNeeded };
        Wrap { escape: Escape::Doubled, mark: quote, quote: quoting, needs: needs.to_vec() }
    };
    let (escape, mark) = match syntax {
        Syntax::Elff { quote } => return columns(*quote, b" \t"),
        Syntax::Delimited { separator, quote } => return columns(*quote, separator.as_bytes()),
        Syntax::Json => (Escape::Json, b'"'),
        Syntax::Pairs { ends: super::dialect::Ends::Quotes, .. } => (Escape::Backslash, b'"'),
        Syntax::Pairs { .. } | Syntax::Sections => (Escape::None, 0),
    };
    Wrap { escape, mark, quote: Quote::UnlessNull, needs: Vec::new() }
}
