//! Which named values does a line hold, and where? The careful way, one function for each language; every one looks at each
//! byte a fixed number of times.

pub(crate) mod broken;
mod columns;
mod json;
mod pairs;
mod sections;

use std::collections::HashMap;

pub(crate) use pairs::{KEY_BYTES, Keys};

use super::dialect::Syntax;
use crate::lexer::split::Span;

/// Most values of a line; what lies behind makes the line one that can't be read.
const VALUES_MAX: usize = 1024;

/// The values of a line. Names are kept in a buffer that is used again for the next line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pieces {
    spans: Vec<Span>,
    names: Vec<Span>,
    text: Vec<u8>,
}

impl Pieces {
    /// Forgets the last line.
    pub(crate) fn clear(&mut self) {
        self.spans.clear();
        self.names.clear();
        self.text.clear();
    }

    /// Forgets all but the first values.
    fn truncate(&mut self, len: usize) {
        self.spans.truncate(len);
        self.names.truncate(len);
    }

    /// How many values.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The values in their order: name (empty for columns, which have places instead) and where the value lies, quotes
    /// included.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], Span)> {
        self.names.iter().map(|name| name.of(&self.text)).zip(self.spans.iter().copied())
    }

    /// Adds a value; `false` if there are too many.
    fn push(&mut self, name: &[&[u8]], start: usize, end: usize) -> bool {
        if self.spans.len() >= VALUES_MAX {
            return false;
        }
        let from = self.text.len();
        for part in name {
            self.text.extend_from_slice(part);
        }
        self.names.push(Span::new(from, self.text.len()));
        self.spans.push(Span::new(start, end));
        true
    }

    /// Numbers names that come again: `name#2`.
    fn number_repeats(&mut self) {
        let repeats = |(nth, name): (usize, &Span)| {
            let name = name.of(&self.text);
            self.names[..nth].iter().any(|other| other.of(&self.text) == name)
        };
        if self.names.len() <= FEW && !self.names.iter().enumerate().any(repeats) {
            return;
        }
        let mut numbers = Numbers::with_capacity(self.names.len());
        for nth in 0..self.names.len() {
            let Some(name) = numbers.numbered(self.names[nth].of(&self.text)) else { continue };
            let from = self.text.len();
            self.text.extend_from_slice(&name);
            self.names[nth] = Span::new(from, self.text.len());
        }
    }
}

/// Tells names that come again from one another: `name`, `name#2`, `name#3`.
#[derive(Debug)]
pub(super) struct Numbers {
    /// The names given away, and how far each is counted.
    taken: HashMap<Vec<u8>, usize>,
}

impl Numbers {
    pub(super) fn with_capacity(names: usize) -> Self {
        Self { taken: HashMap::with_capacity(names) }
    }

    /// What the next name is called instead, if it is taken. No two names are called alike, even if one looks numbered.
    pub(super) fn numbered(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        let Some(&copies) = self.taken.get(name) else {
            self.taken.insert(name.to_vec(), 1);
            return None;
        };
        let called = |copy: usize| [name, format!("#{copy}").as_bytes()].concat();
        let free = (copies + 1..).find(|copy| !self.taken.contains_key(&called(*copy)))?;
        self.taken.insert(name.to_vec(), free);
        self.taken.insert(called(free), 1);
        Some(called(free))
    }
}

/// So few names are compared one by one.
const FEW: usize = 64;

/// Finds the values of a line; `false` if it is not made as the language says.
pub(crate) fn scan(syntax: &Syntax, line: &[u8], pieces: &mut Pieces) -> bool {
    pieces.clear();
    match syntax {
        Syntax::Elff { quote } => columns::elff(line, *quote, pieces),
        Syntax::Delimited { separator, quote } => {
            columns::delimited(line, separator.as_bytes(), *quote, pieces)
        }
        Syntax::Pairs { separator, assign, ends, head } => {
            let language =
                pairs::Language { separator: separator.as_bytes(), assign: *assign, ends: *ends };
            pairs::pairs(line, &language, head, pieces)
        }
        Syntax::Json => json::object(line, pieces),
        Syntax::Sections => sections::record(line, pieces),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_come_again_are_told_apart() {
        let mut numbers = Numbers::with_capacity(0);
        let called = ["a", "a", "b", "a", "a#2", "a#5", "a", "a"].map(|name| {
            let numbered = numbers.numbered(name.as_bytes());
            String::from_utf8(numbered.unwrap_or_else(|| name.into())).unwrap()
        });
        assert_eq!(called, ["a", "a#2", "b", "a#3", "a#2#2", "a#5", "a#4", "a#6"]);
    }
}
