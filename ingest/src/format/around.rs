//! How are sources kept in mind whose lines stand in envelopes, or are of several formats? By specs around those of the
//! formats within.

use std::sync::Arc;

use chrono_tz::Tz;
use storage::schema::Col;

use super::{
    ChunkParser, ChunkSink, Envelope, FormatError, Framing, Headers, LineContext, Parser, Score,
};
use crate::lexer::chunk::CLASS;
use crate::render::RowView;

/// What the ledger keeps of a format within an envelope.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Within {
    envelope: Envelope,
    format: String,
}

/// What the ledger keeps of several formats in one source.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Classes {
    classes: Vec<(String, String)>,
}

/// What the ledger keeps of a format whose records are no lines.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Records {
    framing: Framing,
    records: String,
}

/// The spec of a format within an envelope.
pub(crate) fn spec(envelope: &Envelope, format: &str) -> String {
    let within = Within { envelope: envelope.clone(), format: format.into() };
    // Writing texts as JSON can't fail.
    serde_json::to_string(&within).unwrap_or_default()
}

/// Opens a spec that was made here; `None` if it was not.
pub(super) fn open(id: &str, spec: &str) -> Option<Result<Box<dyn Parser>, FormatError>> {
    if spec.starts_with("{\"envelope\"")
        && let Ok(within) = serde_json::from_str::<Within>(spec)
    {
        return Some(super::open(id, &within.format).and_then(|parser| {
            let unknown = || super::unknown(id, []);
            parser.enveloped(&within.envelope).ok_or_else(unknown)
        }));
    }
    if spec.starts_with("{\"framing\"")
        && let Ok(kept) = serde_json::from_str::<Records>(spec)
    {
        let framed =
            |inner| Box::new(Framed::new(kept.framing, Arc::from(inner))) as Box<dyn Parser>;
        return Some(super::open(id, &kept.records).map(framed));
    }
    let classes = spec.starts_with("{\"classes\"").then(|| serde_json::from_str::<Classes>(spec));
    let classes = classes?.ok()?.classes;
    let parsers = classes.iter().map(|(id, spec)| super::open(id, spec).map(Arc::from));
    let parsers = parsers.collect::<Result<_, _>>();
    Some(parsers.map(|parsers| Box::new(Mixed::new(parsers)) as Box<dyn Parser>))
}

/// A source whose records are no lines.
#[derive(Debug)]
pub(crate) struct Framed {
    framing: Framing,
    inner: Arc<dyn Parser>,
    spec: String,
}

impl Framed {
    /// The same format for records that are cut so.
    pub(crate) fn new(framing: Framing, inner: Arc<dyn Parser>) -> Self {
        let kept = Records { framing, records: inner.spec().to_owned() };
        Self { framing, spec: serde_json::to_string(&kept).unwrap_or_default(), inner }
    }
}

impl Parser for Framed {
    fn id(&self) -> &str {
        self.inner.id()
    }

    fn spec(&self) -> &str {
        &self.spec
    }

    fn score(&self, lines: &[&[u8]]) -> Score {
        self.inner.score(lines)
    }

    fn columns(&self) -> Vec<Col> {
        self.inner.columns()
    }

    fn exact_names(&self) -> Vec<String> {
        self.inner.exact_names()
    }

    fn framing(&self) -> Framing {
        self.framing
    }

    fn localized(&self) -> Option<Box<dyn Parser>> {
        let local = self.inner.localized()?;
        Some(Box::new(Self::new(self.framing, Arc::from(local))))
    }

    fn chunk_parser(&self) -> Box<dyn ChunkParser> {
        self.inner.chunk_parser()
    }

    fn render(&self, row: &RowView<'_>, zone: Option<Tz>, out: &mut Vec<u8>) {
        self.inner.render(row, zone, out);
    }
}

/// A source with lines of several formats.
#[derive(Debug)]
pub(crate) struct Mixed {
    id: String,
    spec: String,
    classes: Vec<Arc<dyn Parser>>,
}

impl Mixed {
    /// A parser for lines of these formats, the likeliest first.
    pub(crate) fn new(classes: Vec<Arc<dyn Parser>>) -> Self {
        let names: Vec<&str> = classes.iter().map(|parser| parser.id()).collect();
        let id = names.join("+");
        let kept = classes.iter().map(|parser| (parser.id().to_owned(), parser.spec().to_owned()));
        let kept = Classes { classes: kept.collect() };
        Self { id, spec: serde_json::to_string(&kept).unwrap_or_default(), classes }
    }
}

/// The class of a line: the first that reads it best.
fn class_of(classes: &[Arc<dyn Parser>], line: &[u8], last: usize) -> usize {
    let fit = |class: usize| classes.get(class).map_or(0.0, |parser| parser.score(&[line]).fit);
    if fit(last) >= 1.0 {
        return last;
    }
    let scores = (0..classes.len()).map(|class| (class, fit(class)));
    // Of equals the first.
    let best = scores.rev().max_by(|a, b| a.1.total_cmp(&b.1));
    best.filter(|(_, fit)| *fit > 0.0).map_or(0, |(class, _)| class)
}

impl Parser for Mixed {
    fn id(&self) -> &str {
        &self.id
    }

    fn spec(&self) -> &str {
        &self.spec
    }

    fn score(&self, lines: &[&[u8]]) -> Score {
        let best = |line: &&[u8]| {
            let scores = self.classes.iter().map(|parser| parser.score(&[line]));
            scores.max_by(|a, b| a.fit.total_cmp(&b.fit))
        };
        let scores: Vec<Score> = lines.iter().filter_map(best).collect();
        let share = |sum: f64| if scores.is_empty() { 0.0 } else { sum / scores.len() as f64 };
        Score {
            fit: share(scores.iter().map(|score| score.fit).sum()),
            exact: share(scores.iter().map(|score| score.exact).sum()),
            rank: scores.iter().map(|score| score.rank).max().unwrap_or_default(),
        }
    }

    fn exact_names(&self) -> Vec<String> {
        self.classes.iter().flat_map(|parser| parser.exact_names()).collect()
    }

    fn has_headers(&self) -> bool {
        self.classes.iter().any(|parser| parser.has_headers())
    }

    fn chunk_parser(&self) -> Box<dyn ChunkParser> {
        let classes = self.classes.clone();
        let parsers = classes.iter().enumerate().map(|(class, parser)| {
            let mut parser = parser.chunk_parser();
            parser.mark(class);
            parser
        });
        Box::new(MixedChunks { parsers: parsers.collect(), classes })
    }

    fn render(&self, row: &RowView<'_>, zone: Option<Tz>, out: &mut Vec<u8>) {
        let extra = row.text(Col::Extra);
        let extra: serde_json::Map<String, serde_json::Value> =
            extra.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let class =
            extra.get(CLASS).and_then(|class| class.as_str()?.parse().ok()).unwrap_or(0_usize);
        if let Some(parser) = self.classes.get(class) {
            parser.render(row, zone, out);
        }
    }
}

struct MixedChunks {
    classes: Vec<Arc<dyn Parser>>,
    parsers: Vec<Box<dyn ChunkParser>>,
}

impl ChunkParser for MixedChunks {
    fn parse(&mut self, chunk: &[u8], cx: &LineContext, out: &mut ChunkSink) {
        let mut cx = cx.clone();
        let (mut start, mut class, mut lines) = (0, 0, 0);
        let mut at = 0;
        let mut pass = |class: usize, from: usize, to: usize, lines: i64, out: &mut ChunkSink| {
            if let Some(parser) = self.parsers.get_mut(class).filter(|_| to > from) {
                parser.parse(&chunk[from..to], &cx, out);
            }
            // The lines behind these have the header lines among them.
            if let Some(headers) = &mut cx.headers {
                let mut seen = Headers::clone(headers);
                seen.see(&chunk[from..to]);
                if seen != **headers {
                    *headers = Arc::new(seen);
                }
            }
            cx.first_line += lines;
            cx.first_offset += (to - from) as u64;
        };
        while at < chunk.len() {
            let len = memchr::memchr(b'\n', &chunk[at..]).map_or(chunk.len() - at, |len| len + 1);
            let line = chunk[at..at + len].trim_ascii_end();
            // Blank lines and those that no class reads stay with the lines before them.
            let found = if line.is_empty() { class } else { class_of(&self.classes, line, class) };
            if found != class {
                pass(class, start, at, lines, out);
                (start, class, lines) = (at, found, 0);
            }
            lines += 1;
            at += len;
        }
        pass(class, start, at, lines, out);
    }

    fn flush(&mut self, out: &mut ChunkSink) {
        self.parsers.iter_mut().for_each(|parser| parser.flush(out));
    }

    fn mark(&mut self, _class: usize) {}
}
