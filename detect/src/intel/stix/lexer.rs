//! Which words does a pattern of STIX consist of?

/// A word of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// `[`
    Open,
    /// `]`
    Close,
    /// `(`
    Left,
    /// `)`
    Right,
    /// `,`
    Comma,
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`
    Operator(&'static str),
    /// A keyword or an object path, quotes in it taken off.
    Name(String),
    /// A literal: text, number, truth value.
    Literal(String),
    /// A literal of another sort: timestamp, binary, hexadecimal.
    Other,
}

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The word.
    pub word: Word,
    /// Its first byte.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
}

/// The words of a pattern; `None` if there is something else in it.
pub fn words(text: &str) -> Option<Vec<Token>> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let (word, end) = word(text, at, byte)?;
        tokens.push(Token { word, start: at, end });
        at = end;
    }
    Some(tokens)
}

fn word(text: &str, at: usize, byte: u8) -> Option<(Word, usize)> {
    let next = text.as_bytes().get(at + 1).copied();
    Some(match (byte, next) {
        (b'[', _) => (Word::Open, at + 1),
        (b']', _) => (Word::Close, at + 1),
        (b'(', _) => (Word::Left, at + 1),
        (b')', _) => (Word::Right, at + 1),
        (b',', _) => (Word::Comma, at + 1),
        (b'!', Some(b'=')) => (Word::Operator("!="), at + 2),
        (b'<', Some(b'>')) => (Word::Operator("!="), at + 2),
        (b'<', Some(b'=')) => (Word::Operator("<="), at + 2),
        (b'>', Some(b'=')) => (Word::Operator(">="), at + 2),
        (b'=', Some(b'=')) => (Word::Operator("="), at + 2),
        (b'=', _) => (Word::Operator("="), at + 1),
        (b'<', _) => (Word::Operator("<"), at + 1),
        (b'>', _) => (Word::Operator(">"), at + 1),
        (b'\'', _) => {
            let (literal, end) = quoted(text, at)?;
            (Word::Literal(literal), end)
        }
        (b't' | b'b' | b'h', Some(b'\'')) => (Word::Other, quoted(text, at + 1)?.1),
        (b'+' | b'-' | b'0'..=b'9', _) => number(text, at),
        (b'a'..=b'z' | b'A'..=b'Z' | b'_', _) => name(text, at)?,
        _ => return None,
    })
}

/// A text in single quotes, `\'` and `\\` undone.
fn quoted(text: &str, at: usize) -> Option<(String, usize)> {
    let mut literal = String::new();
    let mut chars = text.get(at + 1..)?.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '\'' => return Some((literal, at + 1 + i + 1)),
            '\\' => {
                literal.push(chars.next().map(|(_, c)| c).filter(|c| matches!(c, '\'' | '\\'))?)
            }
            c => literal.push(c),
        }
    }
    None
}

fn number(text: &str, at: usize) -> (Word, usize) {
    let rest = &text.as_bytes()[at..];
    let len = 1 + rest[1..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    (Word::Literal(text[at..at + len].to_owned()), at + len)
}

/// A keyword or a path: letters, digits, `-`, `_`, `:`, `.`, `[*]`, `[0]`, and quoted members, which lose their quotes.
fn name(text: &str, at: usize) -> Option<(Word, usize)> {
    let bytes = text.as_bytes();
    let mut name = String::new();
    let mut end = at;
    while let Some(&byte) = bytes.get(end) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b':' | b'.' => {
                name.push(char::from(byte));
                end += 1;
            }
            b'\'' if name.ends_with(['.', ':']) => {
                let (member, behind) = quoted(text, end)?;
                name.push_str(&member);
                end = behind;
            }
            b'[' if name.contains(':') => {
                let len = bytes[end..].iter().take(12).position(|&b| b == b']')? + 1;
                name.push_str(text.get(end..end + len)?);
                end += len;
            }
            _ => break,
        }
    }
    let lower = name.to_ascii_lowercase();
    let word =
        if lower == "true" || lower == "false" { Word::Literal(lower) } else { Word::Name(name) };
    Some((word, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_lose_their_quotes() {
        let words: Vec<_> = words(
            "[a-b:extensions.'x-ext'.h.\'User-Agent\' = 'O\\'B\\\\'] AND x:r[*].v IN (1, t'2')",
        )
        .unwrap()
        .into_iter()
        .map(|token| token.word)
        .collect();
        assert!(words.contains(&Word::Name("a-b:extensions.x-ext.h.User-Agent".to_owned())));
        assert!(words.contains(&Word::Literal("O'B\\".to_owned())));
        assert!(words.contains(&Word::Name("x:r[*].v".to_owned())));
        assert!(words.contains(&Word::Other));
    }

    proptest! {
        #[test]
        fn no_pattern_is_too_odd(text in prop_oneof!["\\PC{0,60}", "[a-z:.'\\\\\\[\\]()=! ]{0,60}"]) {
            let _ = words(&text);
        }
    }
}
