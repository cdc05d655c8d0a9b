//! How is an order of fields told that the first lines of a source did not have? By the numbers of its fields, where each
//! stands behind the bytes that usually stand before it.

use std::fmt::Write;

use super::shape::{Plain, Shape, gaps};
use crate::lexer::layout::Word;
use crate::lexer::split::Span;

/// Begins the text of such an order; numbers of known shapes have none.
pub(crate) const MARK: char = '=';

/// What usually stands before each field, at the beginning of a line and within it, and behind the last: without the quotes
/// that fields always have, since these depend on the neighbour.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leads {
    first: Vec<Option<Vec<u8>>>,
    inner: Vec<Option<Vec<u8>>>,
    end: Option<Vec<u8>>,
    quotes: Vec<Option<u8>>,
}

impl Leads {
    /// What the known shapes show, the likeliest of them first.
    pub(crate) fn new(shapes: &[Shape], words: &[Word]) -> Self {
        let quote = |word: &Word| {
            let wrap = word.wrap.as_ref().filter(|wrap| wrap.is_outside());
            wrap.map(|wrap| wrap.mark)
        };
        let mut leads = Self {
            first: vec![None; words.len()],
            inner: vec![None; words.len()],
            end: None,
            quotes: words.iter().map(quote).collect(),
        };
        for shape in shapes {
            let mut before = None;
            for slot in &shape.slots {
                let lead = leads.bare(&slot.lead, before, Some(slot.word)).map(<[u8]>::to_vec);
                let list = if before.is_none() { &mut leads.first } else { &mut leads.inner };
                if let Some(place) = list.get_mut(slot.word).filter(|place| place.is_none()) {
                    *place = lead;
                }
                before = Some(slot.word);
            }
            if leads.end.is_none() {
                leads.end = leads.bare(&shape.end, before, None).map(<[u8]>::to_vec);
            }
        }
        leads.infer(words);
        leads
    }

    fn quote(&self, word: Option<usize>) -> Option<u8> {
        self.quotes.get(word?).copied().flatten()
    }

    /// What stands between two fields, without their quotes.
    fn bare<'a>(
        &self,
        lead: &'a [u8],
        before: Option<usize>,
        word: Option<usize>,
    ) -> Option<&'a [u8]> {
        let lead = match self.quote(before) {
            Some(mark) => lead.strip_prefix(&[mark])?,
            None => lead,
        };
        match self.quote(word) {
            Some(mark) => lead.strip_suffix(&[mark]),
            None => Some(lead),
        }
    }

    /// A field that was not seen has the lead of one that was, with its own name in it.
    fn infer(&mut self, words: &[Word]) {
        let seen = words.iter().zip(&self.inner).find_map(|(word, lead)| {
            let (lead, name) = (lead.as_ref()?, word.name.as_bytes());
            let at = memchr::memmem::find(lead, name).filter(|_| !name.is_empty())?;
            // Objects that end or begin before a field are no usual lead.
            let plain = memchr::memchr2(b'{', b'}', lead).is_none();
            plain.then(|| (lead[..at].to_vec(), lead[at + name.len()..].to_vec()))
        });
        let Some((before, behind)) = seen else { return };
        for (word, lead) in words.iter().zip(&mut self.inner) {
            if lead.is_none() && !word.name.contains('#') {
                *lead = Some([&before, word.name.as_bytes(), &behind].concat());
            }
        }
    }

    fn lead(&self, before: Option<usize>, word: usize) -> Option<&[u8]> {
        let list = if before.is_none() { &self.first } else { &self.inner };
        list.get(word)?.as_deref()
    }

    /// The text of the order of these fields, if usual bytes stand between them.
    pub(crate) fn order(&self, line: &[u8], found: &[(usize, Span)]) -> Option<String> {
        let mut before = None;
        for (lead, word) in gaps(line, found) {
            if self.bare(lead, before, Some(word))? != self.lead(before, word)? {
                return None;
            }
            before = Some(word);
        }
        let end = line.get(found.last()?.1.end as usize..)?;
        if self.bare(end, before, None)? != self.end.as_deref()? {
            return None;
        }
        let mut text = String::from(MARK);
        let mut words = found.iter().map(|(word, _)| *word).peekable();
        while let Some(first) = words.next() {
            let mut last = first;
            while words.next_if_eq(&(last + 1)).is_some() {
                last += 1;
            }
            let comma = if text.len() > 1 { "," } else { "" };
            // Writing into a text can't fail.
            let _ = match last - first {
                0 => write!(text, "{comma}{first}"),
                _ => write!(text, "{comma}{first}-{last}"),
            };
        }
        Some(text)
    }

    /// The fields of an order with what stands before each, and behind the last.
    pub(crate) fn plain(&self, order: &str) -> Option<Plain> {
        let mut fields: Vec<(Vec<u8>, usize)> = Vec::new();
        let mut before = None;
        let quoted = |before: Option<usize>, lead: &[u8], word: Option<usize>| {
            let mut text: Vec<u8> = self.quote(before).into_iter().collect();
            text.extend_from_slice(lead);
            text.extend(self.quote(word));
            text
        };
        for part in order.strip_prefix(MARK)?.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
            if last >= self.inner.len() {
                return None;
            }
            for word in first..=last {
                let lead = self.lead(before, word)?;
                fields.push((quoted(before, lead, Some(word)), word));
                before = Some(word);
            }
        }
        Some((fields, quoted(before, self.end.as_deref()?, None)))
    }
}
