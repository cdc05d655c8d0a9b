//! How a row becomes its line again: the text renderer, and the views of a row it works on.

mod rows;

use std::borrow::Cow;

use chrono_tz::Tz;
use serde_json::{Map, Value};
use storage::schema::Col;

pub(crate) use rows::AsPrinted;
pub use rows::{BatchRows, GroupRows};

use crate::lexer::chunk::{
    LAYOUT, NANOS, REPLY_HEADERS, REQUEST_HEADERS, SPACES, TAIL, UTC_OFFSET, ZONE,
};
use crate::lexer::field::{self, AS_LOGGED, Values};
use crate::lexer::layout::{ENVELOPE, Layout, Word, WordKind};
use crate::lexer::shaped::spec::Shaped;
use crate::time::{self, Context, Zone};

/// Rows whose values can be asked for one by one.
pub trait Rows {
    /// A text column; [`Col::Url`] is the target as logged.
    fn text(&self, row: usize, col: Col) -> Option<Cow<'_, str>>;

    /// A numeric column or time.
    fn int(&self, row: usize, col: Col) -> Option<i64>;

    /// A binary column.
    fn bytes(&self, row: usize, col: Col) -> Option<Cow<'_, [u8]>>;
}

/// One row.
#[derive(Clone, Copy)]
pub struct RowView<'a> {
    rows: &'a dyn Rows,
    row: usize,
}

impl<'a> RowView<'a> {
    /// Row number `row` of `rows`.
    pub fn new(rows: &'a dyn Rows, row: usize) -> Self {
        Self { rows, row }
    }

    /// A text column; [`Col::Url`] is the target as logged.
    pub fn text(&self, col: Col) -> Option<Cow<'a, str>> {
        self.rows.text(self.row, col)
    }

    /// A numeric column or time.
    pub fn int(&self, col: Col) -> Option<i64> {
        self.rows.int(self.row, col)
    }

    /// A binary column.
    pub fn bytes(&self, col: Col) -> Option<Cow<'a, [u8]>> {
        self.rows.bytes(self.row, col)
    }
}

/// A row with its `extra` read.
struct WithExtra<'a> {
    row: &'a RowView<'a>,
    extra: Map<String, Value>,
    /// Whether values are there with quotes and escapes of their own.
    as_logged: bool,
}

impl WithExtra<'_> {
    /// A value with the quotes and escapes that it had.
    fn as_logged(&self, word: &Word) -> Option<Cow<'_, str>> {
        let name = self.as_logged.then(|| format!("{}{AS_LOGGED}", word.name))?;
        self.extra.get(&name).and_then(Value::as_str).map(Cow::Borrowed)
    }
}

impl Values for WithExtra<'_> {
    fn text(&self, col: Col) -> Option<Cow<'_, str>> {
        if col == Col::RequestBody {
            let text = |body: Cow<'_, [u8]>| String::from_utf8_lossy(&body).into_owned();
            return self.row.bytes(col).map(|body| Cow::Owned(text(body)));
        }
        self.row.text(col)
    }

    fn int(&self, col: Col) -> Option<i64> {
        self.row.int(col)
    }

    fn extra(&self, name: &str) -> Option<Cow<'_, str>> {
        self.extra.get(name).and_then(Value::as_str).map(Cow::Borrowed)
    }
}

/// Appends the line of a row, without its line end.
pub(crate) fn line(layout: &Layout, row: &RowView<'_>, zone: Option<Tz>, out: &mut Vec<u8>) {
    if let Some(raw) = row.bytes(Col::Raw) {
        out.extend_from_slice(&raw);
        return;
    }
    let extra = row.text(Col::Extra).and_then(|text| serde_json::from_str(&text).ok());
    let extra: Map<String, Value> = extra.unwrap_or_default();
    let as_logged = layout.shaped.is_some() && extra.keys().any(|name| name.ends_with(AS_LOGGED));
    let values = WithExtra { row, extra, as_logged };
    match &layout.envelope {
        None => body(layout, &values, zone, out),
        Some(around) => {
            let mut line = Vec::new();
            body(layout, &values, zone, &mut line);
            let kept = values.extra(ENVELOPE).unwrap_or_default();
            around.0.write(kept.as_bytes(), &line, out);
        }
    }
}

/// Writes a line without what stands around it.
fn body(layout: &Layout, values: &WithExtra<'_>, zone: Option<Tz>, out: &mut Vec<u8>) {
    if let Some(shaped) = &layout.shaped {
        return by_shape(layout, shaped, values, zone, out);
    }
    for word in &layout.words {
        if word.shape.is_optional() && values.extra(&word.name).is_none() {
            continue;
        }
        out.extend_from_slice(&word.lead);
        let start = out.len();
        text(word, values, zone, None, out);
        pad(word, values, start, out);
    }
    out.extend_from_slice(&layout.end);
    let blocks = [values.extra(REQUEST_HEADERS), values.extra(REPLY_HEADERS)];
    if layout.header_blocks
        && let [Some(request), Some(reply)] = blocks
    {
        out.extend_from_slice(format!(" [{request}] [{reply}]").as_bytes());
    }
    if let Some(tail) = values.extra(TAIL) {
        out.extend_from_slice(tail.as_bytes());
    }
}

/// Writes a word without its padding. `told`: the member of `extra` that names the zone.
fn text(
    word: &Word,
    values: &WithExtra<'_>,
    zone: Option<Tz>,
    told: Option<&str>,
    out: &mut Vec<u8>,
) {
    match &word.kind {
        WordKind::Time(spec) => {
            let offset = values.extra(UTC_OFFSET);
            let offset = offset.and_then(|text| time::offset_minutes(text.as_bytes()));
            let ts = values.row.int(Col::Ts).unwrap_or_default();
            let nanos = values.extra(NANOS).and_then(|text| text.parse().ok()).unwrap_or(0_u16);
            let told = told.and_then(|name| values.extra(name)).or_else(|| values.extra(ZONE));
            let context = match told.and_then(|text| Zone::read(text.as_bytes())) {
                Some(told) => Context { zone: Some(told), stated: true, ..Context::default() },
                None => Context::of_zone(zone),
            };
            spec.write_in(ts, nanos, offset.unwrap_or_default(), &context, out);
        }
        WordKind::Number(_) | WordKind::Key => match values.as_logged(word) {
            Some(text) => out.extend_from_slice(text.as_bytes()),
            None => field::encode(word, values, out),
        },
    }
}

/// Writes a line whose fields have names: the shape says in which order.
fn by_shape(
    layout: &Layout,
    shaped: &Shaped,
    values: &WithExtra<'_>,
    zone: Option<Tz>,
    out: &mut Vec<u8>,
) {
    let kept = values.extra(LAYOUT);
    let order = kept.as_ref().and_then(|text| shaped.of_order(text, &layout.words));
    let nth = kept.and_then(|text| text.parse().ok()).unwrap_or(0_usize);
    let Some(shape) = order.as_ref().or_else(|| shaped.shapes.all().get(nth)) else { return };
    let told = shaped.zone.and_then(|word| layout.words.get(word)).map(|word| word.name.as_str());
    for slot in &shape.slots {
        out.extend_from_slice(&slot.lead);
        if let Some(word) = layout.words.get(slot.word) {
            text(word, values, zone, told, out);
        }
    }
    out.extend_from_slice(&shape.end);
}

/// Pads the word that begins at `start` with spaces.
fn pad(word: &Word, values: &WithExtra<'_>, start: usize, out: &mut Vec<u8>) {
    let len = out.len() - start;
    let usual = word.pad.saturating_sub(len);
    let left = if word.takes_spaces() && !values.extra.is_empty() {
        let odd = values.extra(&format!("{}{SPACES}", word.name));
        odd.and_then(|spaces| spaces.parse().ok()).unwrap_or(usual)
    } else {
        usual
    };
    out.splice(start..start, std::iter::repeat_n(b' ', left));
    let right = word.pad_right.saturating_sub(len);
    out.extend(std::iter::repeat_n(b' ', right));
}
