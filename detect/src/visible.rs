//! How does log text stay harmless where people read it? What could act, hide or reorder is shown as a code point.

use std::fmt::Write as _;

/// Whether `c` acts on a terminal or a page instead of being seen: controls, marks that reorder text, and characters
/// without any width.
pub fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}'
        | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A stretch of text as it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Shown as it is.
    Text(&'a str),
    /// Shown by its code point.
    Unsafe(char),
}

/// Cuts text into what may be shown and what must not.
pub fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        if is_unsafe(first) {
            rest = &rest[first.len_utf8()..];
            return Some(Piece::Unsafe(first));
        }
        let end = rest.find(is_unsafe).unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        rest = tail;
        Some(Piece::Text(piece))
    })
}

/// Appends `text` with every unsafe character written as `\n`, `\t`, `\r`, `\x1b` or `\u{202e}`.
pub fn push_visible(out: &mut String, text: &str) {
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Unsafe('\n') => out.push_str("\\n"),
            Piece::Unsafe('\r') => out.push_str("\\r"),
            Piece::Unsafe('\t') => out.push_str("\\t"),
            Piece::Unsafe(c) if u32::from(c) < 0x100 => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            Piece::Unsafe(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
}

/// `text` with every unsafe character made visible.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_visible(&mut out, text);
    out
}

/// The first `most` characters of `text`, and how many it has in all if that cuts it.
pub fn cut(text: &str, most: usize) -> (&str, Option<usize>) {
    match text.char_indices().nth(most) {
        Some((at, _)) => (&text[..at], Some(text.chars().count())),
        None => (text, None),
    }
}

/// A number with its digits in groups of three: `1,048,576`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_hides_or_reorders_is_shown() {
        assert_eq!(visible("a\u{1b}[31mb\n\u{9b}\u{202e}ü"), "a\\x1b[31mb\\n\\x9b\\u{202e}ü");
        assert_eq!(visible("pay\u{200b}pal\0\u{e0041}"), "pay\\u{200b}pal\\x00\\u{e0041}");
        assert_eq!(visible("Grüße, 日本, עברית"), "Grüße, 日本, עברית");
    }

    #[test]
    fn a_cut_says_how_much_there_is() {
        assert_eq!(cut("äöü", 3), ("äöü", None));
        assert_eq!(cut("äöüß", 3), ("äöü", Some(4)));
        assert_eq!(cut("", 0), ("", None));
    }

    #[test]
    fn digits_come_in_groups() {
        let all = [0, 999, 1_000, 1_048_576].map(grouped);
        assert_eq!(all, ["0", "999", "1,000", "1,048,576"]);
    }
}
