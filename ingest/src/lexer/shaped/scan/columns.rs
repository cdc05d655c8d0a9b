//! Where do the columns of a line lie? Words between spaces or TABs, or values between separators.

use super::Pieces;

/// Words of a W3C extended log. A line with a TAB between two words is separated by TABs alone, others by runs of spaces.
pub(super) fn elff(line: &[u8], quote: u8, pieces: &mut Pieces) -> bool {
    if memchr::memchr(b'\t', line).is_some() {
        return delimited(line, b"\t", quote, pieces);
    }
    let mut at = 0;
    let (mut open, mut open_single) = (false, false);
    loop {
        while line.get(at) == Some(&b' ') {
            at += 1;
        }
        if at >= line.len() {
            return pieces.len() > 0;
        }
        let mut end = quoted(line, at, quote, b" ", &mut open);
        if end.is_none() && quote == b'"' {
            end = quoted(line, at, b'\'', b" ", &mut open_single).or_else(|| bracketed(line, at));
        }
        let end = end
            .unwrap_or_else(|| at + memchr::memchr(b' ', &line[at..]).unwrap_or(line.len() - at));
        if !pieces.push(&[], at, end) {
            return false;
        }
        at = end;
    }
}

/// The longest time in brackets.
const BRACKETS: usize = 40;

/// The end of `[27/Apr/2005:20:57:09 +0200]`, if that begins at `at`.
fn bracketed(line: &[u8], at: usize) -> Option<usize> {
    let rest = line.get(at..)?;
    if rest.first() != Some(&b'[') || !rest.get(1)?.is_ascii_digit() {
        return None;
    }
    let end = at + memchr::memchr(b']', &rest[..rest.len().min(BRACKETS)])? + 1;
    matches!(line.get(end), None | Some(b' ')).then_some(end)
}

/// Values between separators; a value in quotes may hold them.
pub(super) fn delimited(line: &[u8], separator: &[u8], quote: u8, pieces: &mut Pieces) -> bool {
    let mut at = 0;
    let mut open = false;
    loop {
        let end = match quoted(line, at, quote, separator, &mut open) {
            Some(end) => end,
            None => {
                let found = match separator {
                    [byte] => memchr::memchr(*byte, &line[at..]),
                    _ => memchr::memmem::find(&line[at..], separator),
                };
                found.map_or(line.len(), |len| at + len)
            }
        };
        if !pieces.push(&[], at, end) {
            return false;
        }
        if end >= line.len() {
            return true;
        }
        at = end + separator.len();
    }
}

/// The end of the quoted value that begins at `at`, if one does: its quote is followed by the separator or the end of the
/// line. Quotes within are doubled; one that is not, and that no separator follows, was not escaped by the writer.
///
/// `open` says that a value before was never closed, and is set here. Then no quote further on closes one either, but for
/// those right behind the first, which may have been doubled to it: so each quote is looked at twice at most.
fn quoted(
    line: &[u8],
    start: usize,
    quote: u8,
    separator: &[u8],
    open: &mut bool,
) -> Option<usize> {
    if quote == 0 || line.get(start) != Some(&quote) {
        return None;
    }
    let mut at = start + 1;
    loop {
        let found = match open {
            true => line.get(at).and_then(|&byte| (byte == quote).then_some(0)),
            false => line.get(at..).and_then(|rest| memchr::memchr(quote, rest)),
        };
        let Some(found) = found else {
            *open = true;
            return None;
        };
        at += found;
        let after = &line[at + 1..];
        if after.is_empty() || after.starts_with(separator) {
            return Some(at + 1);
        }
        at += if after.first() == Some(&quote) { 2 } else { 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let mut pieces = Pieces::default();
        assert!(elff(line.as_bytes(), b'"', &mut pieces));
        let text = |(_, span): (&[u8], crate::lexer::split::Span)| {
            String::from_utf8_lossy(span.of(line.as_bytes())).into_owned()
        };
        pieces.iter().map(text).collect()
    }

    #[test]
    fn words_of_a_w3c_log() {
        assert_eq!(words("a  b \"c d\" -"), ["a", "b", "\"c d\"", "-"]);
        assert_eq!(words("'a b' 'it''s c' d'e f"), ["'a b'", "'it''s c'", "d'e", "f"]);
        assert_eq!(words("[20/Nov/2026:10:00:01 +0200] x"), ["[20/Nov/2026:10:00:01 +0200]", "x"]);
        assert_eq!(
            words("[2]USER [10.0.0.1](http://h) [1 x"),
            ["[2]USER", "[10.0.0.1](http://h)", "[1", "x"]
        );
        assert_eq!(words("a\tb c\t\t-"), ["a", "b c", "", "-"]);
        assert_eq!(
            words("\"say \"\"ah\"\" b\" \"open end"),
            ["\"say \"\"ah\"\" b\"", "\"open", "end"]
        );
    }

    #[test]
    fn many_quotes_take_linear_time() {
        let line = "' \" ".repeat(100_000);
        let mut pieces = Pieces::default();
        elff(line.as_bytes(), b'"', &mut pieces);
        assert!(pieces.len() > 1000);
    }
}
