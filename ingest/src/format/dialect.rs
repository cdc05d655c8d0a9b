//! What a format does whose fields have names: it learns from a source's first lines what this source is made of.

use std::sync::Arc;

use chrono_tz::Tz;
use storage::schema::Col;

use super::{
    Basis, ChunkParser, Description, Envelope, Format, FormatError, Parser, Score, around,
};
use crate::builder::sink::Reason;
use crate::lexer::chunk::LineParser;
use crate::lexer::field::plausible;
use crate::lexer::layout::{Layout, WordKind, claims};
use crate::lexer::shaped::cut::{Cutter, Found};
use crate::lexer::shaped::dialect::{Dialect, Syntax};
use crate::lexer::shaped::learn;
use crate::lexer::shaped::spec::{self, Spec};
use crate::lexer::split::{self, Span};
use crate::render::{self, RowView};

/// A built-in format whose fields have names.
#[derive(Debug)]
pub(crate) struct DialectFormat {
    /// The name on the command line.
    pub(crate) id: &'static str,
    /// The product and the name of the format there.
    pub(crate) title: &'static str,
    /// Where it comes from, what it carries, what its times mean.
    pub(crate) doc: &'static str,
    /// The description.
    pub(crate) dialect: fn() -> Dialect,
}

impl Format for DialectFormat {
    fn id(&self) -> &'static str {
        self.id
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn doc(&self) -> &'static str {
        self.doc
    }

    fn definition(&self) -> &'static str {
        ""
    }

    fn compile(&self, spec: &str) -> Result<Box<dyn Parser>, FormatError> {
        open(self.id, &(self.dialect)(), spec)
    }

    fn learn(&self, lines: &[&[u8]]) -> Option<Box<dyn Parser>> {
        learned(self.id, &(self.dialect)(), lines, &[], false)
    }

    fn learn_within(&self, lines: &[&[u8]], times: &[&[u8]]) -> Option<Box<dyn Parser>> {
        learned(self.id, &(self.dialect)(), lines, times, false)
    }

    fn basis(&self) -> Basis {
        (self.dialect)().basis
    }

    fn description(&self) -> Option<Description> {
        Some(Description::new((self.dialect)()))
    }

    fn page(&self) -> Option<String> {
        Some(page(self, &(self.dialect)()))
    }
}

/// The page of a dialect, in Markdown.
fn page(format: &DialectFormat, dialect: &Dialect) -> String {
    use std::fmt::Write as _;
    let mut page = format!("# `{}`: {}\n\n{}\n\n", format.id, format.title, format.doc);
    let list = |words: &[String]| match words {
        [] => "none".to_owned(),
        words => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
    };
    let basis = if dialect.basis == Basis::Start { "start" } else { "end" };
    let mut add = |text: String| page.push_str(&text);
    add(format!(
        "**Time basis**: the {basis} of the transaction. **Null words**: {}.\n\n",
        list(&dialect.nulls)
    ));
    for rule in &dialect.times {
        let clock = rule.clock.as_ref().map(|clock| format!(" and `{clock}`")).unwrap_or_default();
        add(format!("**Time**: `{}`{clock}, spelled {}.\n\n", rule.field, list(&rule.specs)));
    }
    if !dialect.marks.is_empty() {
        add(format!("**Told by**: {}.\n\n", list(&dialect.marks)));
    }
    add("| field | meaning |\n|---|---|\n".into());
    for (name, meaning) in &dialect.fields {
        let _ = writeln!(page, "| `{name}` | {meaning} |");
    }
    page.push_str("\nOf two fields with one meaning the first that a source has counts; all others go to `extra` under their names.\n");
    if !dialect.verdicts.is_empty() {
        page.push_str("\n| word | verdict |\n|---|---|\n");
        for (word, verdict) in &dialect.verdicts {
            let _ = writeln!(page, "| `{word}` | {verdict} |");
        }
    }
    page.push_str("\nRules that hold for every format stand in [README.md](README.md).\n");
    page
}

/// A dialect, and what was learned of a source.
#[derive(Debug, Clone)]
pub(crate) struct Learned {
    id: String,
    spec: String,
    layout: Arc<Layout>,
    dialect: Dialect,
    has_headers: bool,
}

/// What a dialect's own marks are worth in rank: more than all words of a generic one.
const MARKED: u32 = 200;

/// Opens what the ledger keeps of a source, or, for an empty `spec`, the dialect with nothing learned.
pub(crate) fn open(
    id: &str,
    dialect: &Dialect,
    spec: &str,
) -> Result<Box<dyn Parser>, FormatError> {
    if spec.is_empty() {
        return made(id, dialect, &learn::nothing(dialect), String::new());
    }
    let found: Spec = serde_json::from_str(spec).map_err(|error| wrong(error.to_string(), spec))?;
    made(id, dialect, &found, spec.to_owned())
}

/// How the spec of a format begins that users describe.
pub(crate) const OWN: &str = r#"{"dialect":"#;

/// A dialect that users describe, for a source that shows nothing of it: the spec holds it.
pub(crate) fn unlearned(id: &str, dialect: &Dialect) -> Result<Box<dyn Parser>, FormatError> {
    let found = Spec { dialect: Some(dialect.clone()), ..learn::nothing(dialect) };
    let spec = serde_json::to_string(&found).map_err(|error| wrong(error.to_string(), id))?;
    made(id, dialect, &found, spec)
}

/// Opens a source of a dialect that users describe: the spec holds it.
pub(crate) fn own(id: &str, spec: &str) -> Result<Box<dyn Parser>, FormatError> {
    let found: Spec = serde_json::from_str(spec).map_err(|error| wrong(error.to_string(), spec))?;
    let missing = || wrong("the format's description is missing".into(), spec);
    let dialect = found.dialect.clone().ok_or_else(missing)?;
    made(id, &dialect, &found, spec.to_owned())
}

/// A parser for a source with these first lines, if they are of this dialect. `keep`: the spec holds the dialect, too.
pub(crate) fn learned(
    id: &str,
    dialect: &Dialect,
    lines: &[&[u8]],
    outer: &[&[u8]],
    keep: bool,
) -> Option<Box<dyn Parser>> {
    let mut found = learn::learn(dialect, lines, outer)?;
    found.dialect = keep.then(|| dialect.clone());
    let spec = serde_json::to_string(&found).ok()?;
    made(id, dialect, &found, spec).ok()
}

fn made(
    id: &str,
    dialect: &Dialect,
    found: &Spec,
    spec: String,
) -> Result<Box<dyn Parser>, FormatError> {
    let layout = spec::layout(found, dialect).map_err(|message| wrong(message, &spec))?;
    Ok(Box::new(Learned {
        id: id.into(),
        spec,
        layout: Arc::new(layout),
        dialect: dialect.clone(),
        has_headers: matches!(dialect.syntax, Syntax::Elff { .. } | Syntax::Delimited { .. }),
    }))
}

fn wrong(message: String, text: &str) -> FormatError {
    FormatError::Syntax { message, at: 0, text: text.chars().take(80).collect() }
}

impl Learned {
    /// Whether all typed fields of a row have their type.
    fn is_typed(&self, line: &[u8], spans: &[Span]) -> bool {
        // Values with names can't be taken for others.
        let named = matches!(self.dialect.syntax, Syntax::Pairs { .. } | Syntax::Json);
        self.layout.words.iter().zip(spans).filter(|(_, span)| span.is_there()).all(
            |(word, span)| match &word.kind {
                WordKind::Time(_) => split::fits(word, span.of(line)),
                WordKind::Number(_) | WordKind::Key if named => {
                    let (text, _) = word.unwrapped(span.of(line));
                    word.is_null(&text) || plausible(word, &text)
                }
                WordKind::Number(_) | WordKind::Key => {
                    split::anchors(word, span.of(line)).is_some()
                }
            },
        )
    }
}

impl Learned {
    fn score_bare(&self, lines: &[&[u8]]) -> Score {
        let layout = &*self.layout;
        let Some(shaped) = &layout.shaped else { return Score { fit: 0.0, exact: 0.0, rank: 0 } };
        let mut spans = vec![Span::MISSING; layout.words.len()];
        let mut cutter = Cutter::default();
        let (mut fit, mut exact, mut rows, mut headers) = (0.0, 0.0, 0.0, 0.0);
        let mut known = 0;
        for line in lines {
            let found = cutter.cut(layout, shaped, line, &mut spans);
            match found {
                Found::Header => {
                    headers = 1.0;
                    continue;
                }
                Found::Nothing(Reason::OtherLog) => continue,
                Found::Shape(_) | Found::Order(_) | Found::Odd(_)
                    if self.is_typed(line, &spans) =>
                {
                    fit += 1.0;
                    let whole = matches!(found, Found::Shape(_) | Found::Order(_));
                    exact += f64::from(u8::from(whole));
                    let columns =
                        layout.words.iter().zip(&spans).filter(|(_, span)| span.is_there());
                    let columns = columns.flat_map(|(word, _)| word.fields());
                    known =
                        known.max(columns.filter(|field| !claims(&field.kind).is_empty()).count());
                }
                _ => {}
            }
            rows += 1.0;
        }
        let marks = self.dialect.marks.len();
        let share = |sum: f64| if rows == 0.0 { headers } else { sum / rows };
        let rank = known as u32 + marks as u32 + if marks > 0 { MARKED } else { 0 };
        Score { fit: share(fit), exact: share(exact), rank }
    }
}

impl Parser for Learned {
    fn id(&self) -> &str {
        &self.id
    }

    fn spec(&self) -> &str {
        &self.spec
    }

    fn score(&self, lines: &[&[u8]]) -> Score {
        let Some(around) = &self.layout.envelope else { return self.score_bare(lines) };
        let inner = around.0.strip_all(lines);
        self.score_bare(&inner.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    fn columns(&self) -> Vec<Col> {
        super::columns_of(&self.layout)
    }

    fn exact_names(&self) -> Vec<String> {
        super::exact_names_of(&self.layout)
    }

    fn has_headers(&self) -> bool {
        self.has_headers
    }

    fn enveloped(&self, envelope: &Envelope) -> Option<Box<dyn Parser>> {
        let layout = Arc::new(self.layout.enveloped(envelope.clone()));
        Some(Box::new(Self { spec: around::spec(envelope, &self.spec), layout, ..self.clone() }))
    }

    fn localized(&self) -> Option<Box<dyn Parser>> {
        let mut found: Spec = serde_json::from_str(&self.spec).ok()?;
        found.spelling = found.spelling.strip_prefix("utc:")?.to_owned();
        let spec = serde_json::to_string(&found).ok()?;
        made(&self.id, &self.dialect, &found, spec).ok()
    }

    fn chunk_parser(&self) -> Box<dyn ChunkParser> {
        Box::new(LineParser::new(Arc::clone(&self.layout)))
    }

    fn render(&self, row: &RowView<'_>, zone: Option<Tz>, out: &mut Vec<u8>) {
        render::line(&self.layout, row, zone, out);
    }
}
