//! Where do the words of a line lie? By its shape if that is known, else with care; and what to do with lines that have too
//! many or too few columns.

use std::sync::Arc;

use super::dialect::Syntax;
use super::headers::Headers;
use super::only;
use super::scan::{Pieces, broken, scan};
use super::shape::Shape;
use super::spec::{Place, Shaped};
use super::wrap::{Quote, Wrap};
use crate::builder::sink::Reason;
use crate::intern::key::{PARTIAL, RAW};
use crate::lexer::Kind;
use crate::lexer::field::plausible;
use crate::lexer::layout::{Layout, Word};
use crate::lexer::split::{self, Span};
use crate::time::Zone;

/// Shapes that are tried before a line is scanned.
const RECENT: usize = 4;

/// Orders of fields that one worker remembers besides the known shapes.
const ORDERS: usize = 256;

/// Fields with a column that a row must have, its time among them.
const FIELDS_MIN: usize = 3;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A row of this shape.
    Shape(usize),
    /// A row with this order of fields.
    Order(usize),
    /// A row of no known shape; its flags.
    Odd(u8),
    /// A header line.
    Header,
    /// No row.
    Nothing(Reason),
}

/// What one worker knows of the lines it cuts.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    pieces: Pieces,
    words: Vec<(usize, Span)>,
    /// Numbers of shapes; those of orders begin behind them.
    recent: Vec<usize>,
    /// Orders that were found, and their text.
    pub(crate) orders: Vec<(Shape, String)>,
    headers: Headers,
    columns: Option<Vec<Place>>,
    names: Vec<String>,
    /// The date that header lines tell, for times of day without one; and their zone.
    pub(crate) date: (Option<i64>, Option<Zone>),
    /// What a header line remarks: a ProxySG names itself so.
    pub(crate) remark: Option<String>,
    /// Values without a word of their own, of the line cut last: name and text.
    pub(crate) members: Vec<(String, Vec<u8>)>,
}

impl Cutter {
    /// Sets the header lines in force.
    pub(crate) fn begin(&mut self, shaped: &Shaped, headers: Option<&Arc<Headers>>) {
        if let Some(headers) = headers
            && self.headers != **headers
        {
            self.headers = Headers::clone(headers);
            self.switch(shaped);
        }
    }

    /// The columns that the headers name count from here on.
    fn switch(&mut self, shaped: &Shaped) {
        self.names = self.headers.columns().unwrap_or_default();
        self.columns = (!self.names.is_empty()).then(|| shaped.places(&self.names));
        self.recent.clear();
        let date = self.headers.date();
        self.date = (date.map(|date| date.days), date.and_then(|date| date.zone));
        let remark = self.headers.value("remark").filter(|text| !text.is_empty());
        self.remark = remark.map(|text| String::from_utf8_lossy(text).into_owned());
    }

    /// Cuts a line; words that it lacks are [`Span::MISSING`].
    #[inline]
    pub(crate) fn cut(
        &mut self,
        layout: &Layout,
        shaped: &Shaped,
        line: &[u8],
        spans: &mut [Span],
    ) -> Found {
        // A header line may well have as many words as a row; a syslog priority would become part of the first word.
        let header = line.first() == Some(&b'#') && !shaped.syntax.has_names();
        let marked = line.first() == Some(&b'<') && shaped.syntax.has_words();
        let recent = if header || marked { 0 } else { self.recent.len() };
        for nth in 0..recent {
            let shape = self.recent[nth];
            spans.fill(Span::MISSING);
            let shapes = shaped.shapes.all();
            let found = match shapes.get(shape) {
                Some(found) => Some(found),
                None => self.orders.get(shape - shapes.len()).map(|(found, _)| found),
            };
            if found.is_some_and(|found| found.cut(line, spans)) {
                if !only::are_told(&shaped.told, line, spans) {
                    return Found::Nothing(Reason::OtherLog);
                }
                self.recent.swap(0, nth);
                return self.found(shaped, shape);
            }
        }
        self.scan(layout, shaped, line, spans)
    }

    /// What a number among the recent shapes is.
    fn found(&self, shaped: &Shaped, shape: usize) -> Found {
        match shape.checked_sub(shaped.shapes.all().len()) {
            None => Found::Shape(shape),
            Some(order) => Found::Order(order),
        }
    }

    fn scan(&mut self, layout: &Layout, shaped: &Shaped, line: &[u8], spans: &mut [Span]) -> Found {
        self.members.clear();
        spans.fill(Span::MISSING);
        let positional = matches!(shaped.syntax, Syntax::Elff { .. } | Syntax::Delimited { .. });
        if positional && line.first() == Some(&b'#') {
            if self.headers.take(line) {
                self.switch(shaped);
            }
            return Found::Header;
        }
        if !scan(&shaped.syntax, line, &mut self.pieces) {
            // Of JSON that is none, what lies between keys is better than nothing.
            let json = shaped.syntax == Syntax::Json && broken::members(line, &mut self.pieces);
            return match json.then(|| self.named(layout, shaped, line, spans)) {
                Some(Found::Shape(_) | Found::Order(_) | Found::Odd(_)) => {
                    Found::Odd(PARTIAL | RAW)
                }
                _ => Found::Nothing(why(line)),
            };
        }
        if positional {
            self.positional(layout, shaped, line, spans)
        } else {
            self.named(layout, shaped, line, spans)
        }
    }

    /// A line whose values have names.
    fn named(
        &mut self,
        layout: &Layout,
        shaped: &Shaped,
        line: &[u8],
        spans: &mut [Span],
    ) -> Found {
        let Self { pieces, words, members, .. } = self;
        if !shaped.only.takes(line, pieces) {
            return Found::Nothing(Reason::OtherLog);
        }
        let places = pieces.iter().map(|(name, span)| {
            let name = shaped.only.inner(name);
            let place = shaped.names.get(name).copied().unwrap_or(Place::Unknown);
            if place == Place::Unknown {
                let value = Wrap::of_unknown(&shaped.syntax).decode(span.of(line)).into_owned();
                members.push((String::from_utf8_lossy(name).into_owned(), value));
            }
            (place, span)
        });
        words.clear();
        let known = collect(layout, line, places, words);
        self.row(layout, shaped, line, spans, known)
    }

    /// A line whose values have places.
    fn positional(
        &mut self,
        layout: &Layout,
        shaped: &Shaped,
        line: &[u8],
        spans: &mut [Span],
    ) -> Found {
        let count = self.pieces.len();
        let pieces = &self.pieces;
        let (names, places, odd): (&[String], &[Place], bool) = match &self.columns {
            Some(places) if places.len() == count => (&self.names, places, false),
            // A line of an earlier header, in a text put together of several.
            Some(places) => match fitting(layout, shaped, line, pieces).next() {
                Some((_, (names, places))) => (names, places, true),
                None => (&self.names, places, true),
            },
            None => match listed(layout, shaped, line, pieces) {
                Some((names, places)) => (names, places, places.len() != count),
                None => return Found::Nothing(Reason::UnknownFormat),
            },
        };
        if is_column_names(names, line, &self.pieces) {
            return Found::Header;
        }
        self.words.clear();
        if odd {
            match places.len() == count {
                true => {
                    let spans = places.iter().copied().zip(pieces.iter().map(|(_, span)| span));
                    collect(layout, line, spans, &mut self.words);
                }
                false => anchor(layout, places, line, pieces, &mut self.words),
            }
            return match self.row(layout, shaped, line, spans, false) {
                Found::Shape(_) | Found::Order(_) | Found::Odd(_) => Found::Odd(PARTIAL | RAW),
                other => other,
            };
        }
        for ((name, place), (_, span)) in names.iter().zip(places).zip(self.pieces.iter()) {
            if *place == Place::Unknown {
                self.members.push((name.clone(), span.of(line).to_vec()));
            }
        }
        let spans_of = places.iter().copied().zip(self.pieces.iter().map(|(_, span)| span));
        let known = collect(layout, line, spans_of, &mut self.words);
        self.row(layout, shaped, line, spans, known)
    }

    /// Puts the words in their places, if they make a row.
    fn row(
        &mut self,
        layout: &Layout,
        shaped: &Shaped,
        line: &[u8],
        spans: &mut [Span],
        known: bool,
    ) -> Found {
        let mut known = known;
        for (word, span) in &self.words {
            match spans.get_mut(*word) {
                // Two fields that mean the same (one of them in the envelope): the first counts, and the line is kept.
                Some(place) if place.is_there() => known = false,
                Some(place) => *place = *span,
                None => {}
            }
        }
        let timed =
            spans.get(layout.time).map_or(layout.outer_time.is_some(), |span| span.is_there());
        if !timed {
            return Found::Nothing(Reason::BadTime);
        }
        let filled =
            |(word, _): &&(usize, Span)| layout.words.get(*word).is_some_and(Word::has_column);
        // The time of an envelope counts, too.
        let outer = usize::from(layout.outer_time.is_some());
        if self.words.iter().filter(filled).count() + outer < FIELDS_MIN {
            return Found::Nothing(Reason::TooFewFields);
        }
        let shape = if known { self.shape(layout, shaped, line) } else { None };
        match shape {
            Some(shape) => {
                self.recent.retain(|other| *other != shape);
                self.recent.insert(0, shape);
                self.recent.truncate(RECENT);
                self.found(shaped, shape)
            }
            None => Found::Odd(RAW),
        }
    }

    /// The number of the shape of a line whose words were found.
    fn shape(&mut self, layout: &Layout, shaped: &Shaped, line: &[u8]) -> Option<usize> {
        if let Some(shape) = shaped.shapes.of(line, &self.words) {
            return Some(shape);
        }
        let order = shaped.leads.order(line, &self.words)?;
        let known = shaped.shapes.all().len();
        if let Some(nth) = self.orders.iter().position(|(_, text)| *text == order) {
            return Some(known + nth);
        }
        if self.orders.len() >= ORDERS {
            self.orders.clear();
            self.recent.retain(|shape| *shape < known);
        }
        self.orders.push((shaped.of_order(&order, &layout.words)?, order));
        Some(known + self.orders.len() - 1)
    }
}

/// The list of columns of a line without a header: the one its source was seen with, another only if all values fit; else
/// again the first.
fn listed<'a>(
    layout: &Layout,
    shaped: &'a Shaped,
    line: &[u8],
    pieces: &Pieces,
) -> Option<&'a (Vec<String>, Vec<Place>)> {
    let count = pieces.len();
    match shaped.columns.first() {
        Some(first) if first.1.len() == count => Some(first),
        first => fitting(layout, shaped, line, pieces).next().map(|(_, list)| list).or(first),
    }
}

/// The lists with as many columns as a line has values, if all values fit.
fn fitting<'a>(
    layout: &Layout,
    shaped: &'a Shaped,
    line: &[u8],
    pieces: &Pieces,
) -> impl Iterator<Item = (usize, &'a (Vec<String>, Vec<Place>))> {
    let lists = shaped.columns.iter().enumerate();
    lists.filter(move |(_, (_, places))| {
        let values = || pieces.iter().map(|(_, span)| span);
        places.len() == pieces.len() && {
            let values: Vec<Span> = values().collect();
            side(layout, line, places.iter().zip(&values)).1
        }
    })
}

/// Why a line that is not made as its language says is no row.
fn why(line: &[u8]) -> Reason {
    if memchr::memchr(0, line).is_some() { Reason::NotText } else { Reason::TooFewFields }
}

/// Whether a line is the list of its columns' names, as the first line of CSV is.
fn is_column_names(names: &[String], line: &[u8], pieces: &Pieces) -> bool {
    let bare = |text: &[u8]| -> Vec<u8> {
        text.iter().copied().filter(|byte| !b"\" ".contains(byte)).collect()
    };
    names.len() > 2
        && names.len() == pieces.len()
        && names
            .iter()
            .zip(pieces.iter())
            .all(|(name, (_, span))| bare(span.of(line)) == bare(name.as_bytes()))
}

/// The words of a line, in order. `false`: there are values that no word takes, so that the line can't be given back from
/// its words.
pub(crate) fn collect(
    layout: &Layout,
    line: &[u8],
    values: impl Iterator<Item = (Place, Span)>,
    words: &mut Vec<(usize, Span)>,
) -> bool {
    let mut known = true;
    let mut last = None;
    for (place, span) in values {
        match place {
            Place::Word(word) => {
                let Some(found) = layout.words.get(word) else { continue };
                words.push((word, unquoted(found, line, span)));
            }
            Place::Clock => match words.last_mut() {
                Some((word, whole))
                    if *word == layout.time && last == Some(Place::Word(layout.time)) =>
                {
                    let time = &layout.words[layout.time];
                    *whole = Span { start: whole.start, end: unquoted(time, line, span).end };
                }
                _ => known = false,
            },
            Place::Unknown => known = false,
        }
        last = Some(place);
    }
    known
}

/// The place of a value without the quotes that belong to the shape.
fn unquoted(word: &Word, line: &[u8], span: Span) -> Span {
    let Some(wrap) = word.wrap.as_ref().filter(|wrap| wrap.quote == Quote::Outside) else {
        return span;
    };
    match span.of(line) {
        [first, .., last] if *first == wrap.mark && *last == wrap.mark => {
            Span { start: span.start + 1, end: span.end - 1 }
        }
        _ => span,
    }
}

/// Words of a line with too many or too few values: those from the left up to the last that only its column can hold (a
/// time, an address, a method), and those from the right likewise. One textual column that is left between takes what lies
/// there; more are not guessed.
fn anchor(
    layout: &Layout,
    places: &[Place],
    line: &[u8],
    pieces: &Pieces,
    words: &mut Vec<(usize, Span)>,
) {
    let values: Vec<Span> = pieces.iter().map(|(_, span)| span).collect();
    let (count, columns) = (values.len(), places.len());
    let mut left = side(layout, line, places.iter().zip(&values));
    let mut right = side(layout, line, places.iter().rev().zip(values.iter().rev()));
    // A line that was cut short fits from the left to its end, and not from the right.
    let cut_short = count < columns && left.1 && !right.1;
    left.0 = if cut_short { count } else { left.0 };
    // So does one with more values behind its last column, where nothing fits from the right.
    if count > columns && left.1 && right.0 == 0 {
        left.0 = columns;
    }
    right.0 = right.0.min(count.min(columns).saturating_sub(left.0));
    let (left, right) = (left.0, if cut_short { 0 } else { right.0 });
    let pairs = places.iter().copied().zip(values.iter().copied());
    collect(layout, line, pairs.take(left), words);
    if columns - left - right == 1
        && count > left + right
        && let Place::Word(word) = places[left]
        && let Some(found) = layout.words.get(word).filter(|word| is_textual(word))
    {
        let between = Span { start: values[left].start, end: values[count - right - 1].end };
        if plausible(found, between.of(line)) {
            words.push((word, between));
        }
    }
    let pairs = places[columns - right..].iter().copied();
    collect(layout, line, pairs.zip(values[count - right..].iter().copied()), words);
}

fn is_textual(word: &Word) -> bool {
    word.fields().all(|field| {
        matches!(field.kind, Kind::Text(_) | Kind::Extra | Kind::Query | Kind::Media(_))
    })
}

/// How many values fit their columns, up to the last that is an anchor; and whether all that there are fit.
fn side<'a>(
    layout: &Layout,
    line: &[u8],
    pairs: impl Iterator<Item = (&'a Place, &'a Span)>,
) -> (usize, bool) {
    let mut sure = 0;
    let mut dated = false;
    for (nth, (place, span)) in pairs.enumerate() {
        let word = match place {
            Place::Word(word) => layout.words.get(*word),
            Place::Clock | Place::Unknown => None,
        };
        let Some(word) = word else {
            // The time of day behind its date.
            if *place == Place::Clock && dated {
                sure = nth + 1;
            }
            continue;
        };
        match split::anchors(word, unquoted(word, line, *span).of(line)) {
            Some(true) => sure = nth + 1,
            Some(false) => {}
            None => return (sure, false),
        }
        dated = layout.words.get(layout.time).is_some_and(|time| std::ptr::eq(word, time));
    }
    (sure, true)
}
