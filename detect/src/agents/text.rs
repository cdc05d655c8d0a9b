//! How are numbers and marks read from an agent?

use std::ops::Range;

/// What follows `mark`.
pub(super) fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.find(mark).map(|at| &text[at + mark.len()..])
}

/// The whole number at the beginning.
pub(super) fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok()
}

/// The whole number that follows `mark`.
pub(super) fn version(text: &str, mark: &str) -> Option<u32> {
    after(text, mark).and_then(number)
}

/// Two numbers with a dot between them at the beginning; the second is 0 if it is not there.
pub(super) fn two(text: &str) -> Option<(u32, u32)> {
    let major = number(text)?;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let minor = text[digits..].strip_prefix(['.', '_']).and_then(number);
    Some((major, minor.unwrap_or(0)))
}

/// Where `mark` and the word that follows it are.
pub(super) fn place(text: &str, mark: &str) -> Range<usize> {
    let Some(at) = text.find(mark) else { return 0..0 };
    let end = text[at + mark.len()..].find([' ', ';', ')', ',']);
    at..end.map_or(text.len(), |end| at + mark.len() + end)
}

/// The first of some words that is in a text, and where.
pub(super) fn any<'a>(
    text: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Option<Range<usize>> {
    words.into_iter().find_map(|word| text.find(word).map(|at| at..at + word.len()))
}
