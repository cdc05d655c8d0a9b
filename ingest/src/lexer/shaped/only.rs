//! Is a line a record of this log, or of another that is written into the same file?

use super::scan::Pieces;
use super::spec::Place;
use crate::lexer::split::Span;

/// What tells the records of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// If the field is there, it has one of these values.
    Is(Vec<u8>, Vec<Vec<u8>>),
    /// One of these fields is there.
    Has(Vec<Vec<u8>>),
    /// This field is not there.
    Lacks(Vec<u8>),
}

/// All that tells the records of a log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Only {
    rules: Vec<Rule>,
    /// Members that hold the record, each with a dot behind it.
    within: Vec<Vec<u8>>,
}

impl Only {
    /// The rules of a dialect: `name=value|value`, `name|name`, `!name`.
    pub(crate) fn new(conditions: &[String], within: &[String]) -> Self {
        let list = |text: &str| text.split('|').map(|one| one.as_bytes().to_vec()).collect();
        let rule = |text: &String| match (text.strip_prefix('!'), text.split_once('=')) {
            (Some(name), _) => Rule::Lacks(name.as_bytes().to_vec()),
            (None, Some((name, values))) => Rule::Is(name.as_bytes().to_vec(), list(values)),
            (None, None) => Rule::Has(list(text)),
        };
        let within = within.iter().map(|name| [name.as_bytes(), b"."].concat()).collect();
        Self { rules: conditions.iter().map(rule).collect(), within }
    }

    /// A name without that of the member which holds the record.
    pub(crate) fn inner<'a>(&self, name: &'a [u8]) -> &'a [u8] {
        self.within.iter().find_map(|outer| name.strip_prefix(outer.as_slice())).unwrap_or(name)
    }

    /// Whether a line is a record of this log.
    pub(crate) fn takes(&self, line: &[u8], pieces: &Pieces) -> bool {
        let find = |wanted: &[u8]| pieces.iter().find(|(name, _)| self.inner(name) == wanted);
        self.rules.iter().all(|rule| match rule {
            Rule::Has(names) => names.iter().any(|name| find(name).is_some()),
            Rule::Lacks(name) => find(name).is_none(),
            Rule::Is(name, values) => find(name).is_none_or(|(_, span)| {
                values.iter().any(|value| value == unquoted(span.of(line)))
            }),
        })
    }

    /// The words whose values tell, for lines of a known shape.
    pub(crate) fn values(
        &self,
        place: impl Fn(&[u8]) -> Option<Place>,
    ) -> Vec<(usize, Vec<Vec<u8>>)> {
        let told = self.rules.iter().filter_map(|rule| match rule {
            Rule::Is(name, values) => match place(name) {
                Some(Place::Word(word)) => Some((word, values.clone())),
                _ => None,
            },
            Rule::Has(_) | Rule::Lacks(_) => None,
        });
        told.collect()
    }
}

/// Whether these words have one of the values they must have.
#[inline]
pub(crate) fn are_told(told: &[(usize, Vec<Vec<u8>>)], line: &[u8], spans: &[Span]) -> bool {
    told.iter().all(|(word, values)| {
        let span = spans.get(*word).copied().unwrap_or(Span::MISSING);
        !span.is_there() || values.iter().any(|value| value == unquoted(span.of(line)))
    })
}

fn unquoted(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] => inner,
        _ => text,
    }
}
