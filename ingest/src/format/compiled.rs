//! What a format compiled from a format string does: one parser for all formats of this family.

use std::sync::Arc;

use chrono_tz::Tz;
use storage::schema::Col;

use super::{Basis, ChunkParser, Envelope, Format, FormatError, Parser, Score, around};
use crate::lexer::chunk::LineParser;
use crate::lexer::language::Language;
use crate::lexer::layout::Layout;
use crate::lexer::split::{self, Cut, Span};
use crate::render::{self, RowView};

/// A dialect: a format string, and what people and detection should know of it.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// Its name.
    pub(crate) id: &'static str,
    /// The product, and the format's name there.
    pub(crate) title: &'static str,
    /// Where it comes from, what it carries, what its times mean.
    pub(crate) doc: &'static str,
    /// The language of its definition.
    pub(crate) language: Language,
    /// The format string.
    pub(crate) definition: &'static str,
    /// Texts that only this dialect writes. If there are any, a text without one of them is another dialect's.
    pub(crate) marks: &'static [&'static str],
    /// Whether fields of the administrator's choice may follow.
    pub(crate) open_end: bool,
    /// Whether lines that begin with `#` are headers.
    pub(crate) comments: bool,
    /// Whether it is only taken where it is named: its lines are those of another format, or could be anything's.
    pub(crate) by_name: bool,
    /// Which end of a transaction its times mark.
    pub(crate) basis: Basis,
}

impl Dialect {
    /// A dialect whose lines are made of the definition alone.
    pub(crate) const fn plain(
        id: &'static str,
        title: &'static str,
        language: Language,
        definition: &'static str,
        doc: &'static str,
    ) -> Self {
        Self {
            id,
            title,
            doc,
            language,
            definition,
            marks: &[],
            open_end: false,
            comments: false,
            by_name: false,
            basis: Basis::End,
        }
    }

    /// Its times are the start of the transaction.
    pub(crate) const fn at_start(mut self) -> Self {
        self.basis = Basis::Start;
        self
    }

    /// It never claims a text.
    pub(crate) const fn by_name_only(mut self) -> Self {
        self.by_name = true;
        self
    }

    /// It is known by one of these.
    pub(crate) const fn known_by(mut self, marks: &'static [&'static str]) -> Self {
        self.marks = marks;
        self
    }

    /// Further fields may follow.
    pub(crate) const fn with_open_end(mut self) -> Self {
        self.open_end = true;
        self
    }

    /// Lines that begin with `#` are headers.
    pub(crate) const fn with_comments(mut self) -> Self {
        self.comments = true;
        self
    }
}

impl Format for Dialect {
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
        self.definition
    }

    fn basis(&self) -> Basis {
        self.basis
    }

    fn by_name_only(&self) -> bool {
        self.by_name
    }

    fn fields(&self) -> Vec<(String, String)> {
        let compiled = compile(self.id, self.language, self.definition, "");
        compiled.map(|compiled| compiled.layout.columns()).unwrap_or_default()
    }

    fn compile(&self, spec: &str) -> Result<Box<dyn Parser>, FormatError> {
        let mut compiled = compile(self.id, self.language, self.definition, spec)?;
        let layout = Arc::make_mut(&mut compiled.layout);
        layout.open_end = self.open_end;
        layout.comments = self.comments;
        compiled.marks = self.marks;
        Ok(Box::new(compiled))
    }
}

/// A compiled format string.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    id: &'static str,
    spec: String,
    layout: Arc<Layout>,
    marks: &'static [&'static str],
}

/// Compiles a Squid `logformat`; `spec` is what the ledger keeps of it.
pub(crate) fn squid(
    id: &'static str,
    definition: &str,
    spec: &str,
) -> Result<Compiled, FormatError> {
    compile(id, Language::Squid, definition, spec)
}

/// Compiles an Apache `LogFormat`.
pub(crate) fn ncsa(
    id: &'static str,
    definition: &str,
    spec: &str,
) -> Result<Compiled, FormatError> {
    compile(id, Language::Apache, definition, spec)
}

/// Compiles a format string of any language; `spec` is what the ledger keeps of it.
pub(crate) fn compile(
    id: &'static str,
    language: Language,
    definition: &str,
    spec: &str,
) -> Result<Compiled, FormatError> {
    let wrong = |(message, at)| FormatError::Syntax { message, at, text: definition.into() };
    let tokens = language.tokens(definition).map_err(wrong)?;
    let (tokens, places): (Vec<_>, Vec<_>) = tokens.into_iter().unzip();
    let place = |token: usize| places.get(token).copied().unwrap_or(0);
    let layout = Layout::new(tokens).map_err(|(message, token)| wrong((message, place(token))))?;
    Ok(Compiled { id, spec: spec.into(), layout: Arc::new(layout), marks: &[] })
}

impl Compiled {
    /// Lines may end with the blocks of `log_mime_hdrs`.
    pub(crate) fn with_header_blocks(mut self) -> Self {
        Arc::make_mut(&mut self.layout).header_blocks = true;
        self
    }
}

/// Lines with more text behind the last field fit in part.
const WITH_TAIL: f64 = 0.5;

/// Lines whose words could be told only by anchors count a little less: a format that needs none fits better.
const ANCHORED: f64 = 0.9;

/// What a mark of its own adds to the rank of a dialect.
const MARKED: u32 = 100;

impl Compiled {
    fn score_bare(&self, lines: &[&[u8]]) -> Score {
        let layout = &*self.layout;
        let has = |mark: &&str| {
            lines.iter().any(|line| memchr::memmem::find(line, mark.as_bytes()).is_some())
        };
        let unmarked = !self.marks.is_empty() && !self.marks.iter().any(has);
        if unmarked {
            return Score { fit: 0.0, exact: 0.0, rank: 0 };
        }
        let mut spans = vec![Span::MISSING; layout.words.len()];
        let (mut fit, mut exact) = (0.0, 0.0);
        for line in lines {
            if let Some(padded) = split::fast(layout, line, &mut spans) {
                let typed = layout
                    .words
                    .iter()
                    .zip(&spans)
                    .filter(|(_, span)| span.is_there())
                    .all(|(word, span)| split::fits(word, span.of(line)));
                if typed {
                    fit += 1.0;
                    exact += f64::from(u8::from(padded));
                }
                continue;
            }
            match split::anchored(layout, line, &mut spans) {
                Cut::Whole => {
                    let padded = split::paddings(layout, line, &spans);
                    fit += ANCHORED;
                    exact += ANCHORED * f64::from(u8::from(padded.is_some()));
                }
                Cut::Tail(_) if layout.open_end => {
                    fit += ANCHORED;
                    exact += ANCHORED;
                }
                Cut::Tail(_) => fit += WITH_TAIL,
                Cut::Partial { .. } | Cut::Nothing => {}
            }
        }
        let share = |sum: f64| if lines.is_empty() { 0.0 } else { sum / lines.len() as f64 };
        let rank = layout.rank() + if self.marks.is_empty() { 0 } else { MARKED };
        Score { fit: share(fit), exact: share(exact), rank }
    }
}

impl Parser for Compiled {
    fn id(&self) -> &str {
        self.id
    }

    fn spec(&self) -> &str {
        &self.spec
    }

    fn score(&self, lines: &[&[u8]]) -> Score {
        let Some(around) = &self.layout.envelope else { return self.score_bare(lines) };
        let inner = around.0.strip_all(lines);
        self.score_bare(&inner.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    fn enveloped(&self, envelope: &Envelope) -> Option<Box<dyn Parser>> {
        let layout = Arc::new(self.layout.enveloped(envelope.clone()));
        Some(Box::new(Self { spec: around::spec(envelope, &self.spec), layout, ..self.clone() }))
    }

    fn columns(&self) -> Vec<Col> {
        super::columns_of(&self.layout)
    }

    fn exact_names(&self) -> Vec<String> {
        super::exact_names_of(&self.layout)
    }

    fn chunk_parser(&self) -> Box<dyn ChunkParser> {
        Box::new(LineParser::new(Arc::clone(&self.layout)))
    }

    fn render(&self, row: &RowView<'_>, zone: Option<Tz>, out: &mut Vec<u8>) {
        render::line(&self.layout, row, zone, out);
    }
}
