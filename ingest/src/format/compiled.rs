//! What a format compiled from a format string does: one parser for all formats of this family.

use std::sync::Arc;

use chrono_tz::Tz;

use super::{ChunkParser, FormatError, Parser, Score};
use crate::lexer::chunk::LineParser;
use crate::lexer::layout::Layout;
use crate::lexer::split::{self, Cut, Span};
use crate::lexer::squid::{Placed, Wrong};
use crate::lexer::{apache, squid as squid_syntax};
use crate::render::{self, RowView};

/// A compiled format string.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    id: &'static str,
    spec: String,
    layout: Arc<Layout>,
}

/// Compiles a Squid `logformat`; `spec` is what the ledger keeps of it.
pub(crate) fn squid(
    id: &'static str,
    definition: &str,
    spec: &str,
) -> Result<Compiled, FormatError> {
    compile(id, definition, spec, squid_syntax::tokens(definition))
}

/// Compiles an Apache `LogFormat`.
pub(crate) fn ncsa(
    id: &'static str,
    definition: &str,
    spec: &str,
) -> Result<Compiled, FormatError> {
    compile(id, definition, spec, apache::tokens(definition))
}

fn compile(
    id: &'static str,
    definition: &str,
    spec: &str,
    tokens: Result<Vec<Placed>, Wrong>,
) -> Result<Compiled, FormatError> {
    let wrong = |(message, at)| FormatError::Syntax { message, at, text: definition.into() };
    let (tokens, places): (Vec<_>, Vec<_>) = tokens.map_err(wrong)?.into_iter().unzip();
    let place = |token: usize| places.get(token).copied().unwrap_or(0);
    let layout = Layout::new(tokens).map_err(|(message, token)| wrong((message, place(token))))?;
    Ok(Compiled { id, spec: spec.into(), layout: Arc::new(layout) })
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

impl Parser for Compiled {
    fn id(&self) -> &'static str {
        self.id
    }

    fn spec(&self) -> &str {
        &self.spec
    }

    fn score(&self, lines: &[&[u8]]) -> Score {
        let layout = &*self.layout;
        let mut spans = vec![Span::MISSING; layout.words.len()];
        let (mut fit, mut exact) = (0.0, 0.0);
        for line in lines {
            if let Some(padded) = split::fast(layout, line, &mut spans) {
                let typed = layout
                    .words
                    .iter()
                    .zip(&spans)
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
                Cut::Tail(_) => fit += WITH_TAIL,
                Cut::Partial { .. } | Cut::Nothing => {}
            }
        }
        let share = |sum: f64| if lines.is_empty() { 0.0 } else { sum / lines.len() as f64 };
        Score { fit: share(fit), exact: share(exact), rank: layout.rank() }
    }

    fn chunk_parser(&self) -> Box<dyn ChunkParser> {
        Box::new(LineParser::new(Arc::clone(&self.layout)))
    }

    fn render(&self, row: &RowView<'_>, zone: Option<Tz>, out: &mut Vec<u8>) {
        render::line(&self.layout, row, zone, out);
    }
}
