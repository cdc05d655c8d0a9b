//! Which named values does a line hold, and where? The careful way, one function for each language; every one looks at each
//! byte a fixed number of times.

mod columns;
mod json;
mod pairs;

use std::collections::HashMap;

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
        if self.names.len() > FEW {
            return self.number_many();
        }
        for nth in 1..self.names.len() {
            let name = self.names[nth].of(&self.text);
            let copies = self.names[..nth].iter().filter(|other| other.of(&self.text) == name);
            let copies = copies.count();
            if copies > 0 {
                self.rename(nth, copies + 1);
            }
        }
    }

    fn number_many(&mut self) {
        let mut seen: HashMap<Vec<u8>, usize> = HashMap::with_capacity(self.names.len());
        for nth in 0..self.names.len() {
            let copies = seen.entry(self.names[nth].of(&self.text).to_vec()).or_default();
            *copies += 1;
            if *copies > 1 {
                let copies = *copies;
                self.rename(nth, copies);
            }
        }
    }

    fn rename(&mut self, nth: usize, copy: usize) {
        let mut name = self.names[nth].of(&self.text).to_vec();
        name.extend_from_slice(format!("#{copy}").as_bytes());
        let from = self.text.len();
        self.text.extend_from_slice(&name);
        self.names[nth] = Span::new(from, self.text.len());
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
            pairs::pairs(line, &language, *head, pieces)
        }
        Syntax::Json => json::object(line, pieces),
    }
}
