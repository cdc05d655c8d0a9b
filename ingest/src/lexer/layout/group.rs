//! Which tokens form a word together, and what follows from a word's contents and neighbours?

use super::{Word, WordKind};
use crate::lexer::{Field, Kind, Shape, Token, number};

/// Cuts tokens into words. A literal between two fields belongs to the word if it stands in quotes with them, or
/// holds no separator; method and URL side by side form one word, as in a request line.
pub(super) fn group(tokens: Vec<Token>) -> (Vec<Word>, Vec<u8>) {
    let mut words: Vec<Word> = Vec::new();
    let mut lead: Vec<u8> = Vec::new();
    let mut in_quotes = false;
    let mut open = false;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            Token::Field(field) => match words.last_mut().filter(|_| open) {
                Some(word) => word.tokens.push(Token::Field(field)),
                None => {
                    words.push(new_word(std::mem::take(&mut lead), field, in_quotes));
                    open = true;
                }
            },
            Token::Literal(literal) => {
                let quotes = memchr::memchr_iter(b'"', &literal).count();
                let inner = open
                    && tokens.peek().is_some()
                    && quotes == 0
                    && (in_quotes
                        || is_inner(&literal)
                        || joins_request(&words, &literal, tokens.peek()));
                if inner && let Some(word) = words.last_mut() {
                    word.tokens.push(Token::Literal(literal));
                    continue;
                }
                let cut = if in_quotes { memchr::memchr(b'"', &literal).unwrap_or(0) } else { 0 };
                if cut > 0
                    && let Some(word) = words.last_mut().filter(|_| open)
                {
                    word.tokens.push(Token::Literal(literal[..cut].to_vec()));
                }
                lead.extend_from_slice(&literal[cut..]);
                in_quotes ^= quotes % 2 == 1;
                open = false;
            }
        }
    }
    finish(&mut words, &lead);
    (words, lead)
}

fn is_inner(literal: &[u8]) -> bool {
    !literal.iter().any(|byte| b" \t|,;[]<>(){}".contains(byte))
}

fn joins_request(words: &[Word], literal: &[u8], next: Option<&Token>) -> bool {
    let last = words.last().and_then(|word| word.tokens.last());
    let method = matches!(last, Some(Token::Field(field)) if field.kind == Kind::Method);
    let url = matches!(next, Some(Token::Field(field))
        if matches!(field.kind, Kind::Url | Kind::Target));
    literal.len() == 1 && method && url
}

pub(super) fn new_word(lead: Vec<u8>, field: Field, quoted: bool) -> Word {
    let spaces = !field.zero && field.width > 0;
    Word {
        lead,
        pad: if spaces && !field.left { field.width } else { 0 },
        pad_right: if spaces && field.left { field.width } else { 0 },
        tokens: vec![Token::Field(field)],
        kind: WordKind::Key,
        stop: None,
        inner_stops: 0,
        escaped: false,
        quoted,
        name: String::new(),
        shape: Shape::Plain,
        wrap: None,
        joint: None,
    }
}

/// Fills in what follows from the words' contents and neighbours.
fn finish(words: &mut [Word], end: &[u8]) {
    let stops: Vec<Option<u8>> = words
        .iter()
        .skip(1)
        .map(|word| word.lead.first().copied())
        .chain([end.first().copied()])
        .collect();
    for (word, stop) in words.iter_mut().zip(stops) {
        word.stop = stop;
        word.inner_stops = stop.map_or(0, |stop| inner_stops(word, stop));
        if let [Token::Field(field)] = word.tokens.as_slice() {
            word.shape = field.shape;
        }
        word.kind = match word.tokens.as_slice() {
            [Token::Field(Field { kind: Kind::Time(spec), .. })] => WordKind::Time(spec.clone()),
            // A null word that is a number (`-1`) is looked up as a text.
            [Token::Field(Field { kind: Kind::Int(col), zero: false, nulls, .. })]
                if nulls.iter().all(|null| number::canonical_signed(null).is_none()) =>
            {
                WordKind::Number(*col)
            }
            _ => WordKind::Key,
        };
        word.escaped = word.quoted && word.fields().all(|f| f.style.escapes_quotes());
        word.joint = joint(word);
        let target = |kind: &Kind| matches!(kind, Kind::Url | Kind::Target);
        word.name = if word.has(|kind| *kind == Kind::Method) && word.has(target) {
            "request".into()
        } else {
            word.fields().map(|field| field.name.as_str()).collect::<Vec<_>>().join("_")
        };
    }
}

/// The byte that joins the fields of a word of three and more, and how often it stands in it. Request lines need not
/// have any.
fn joint(word: &Word) -> Option<(u8, usize)> {
    if word.has(|kind| *kind == Kind::Method) {
        return None;
    }
    let literals = word.tokens.iter().filter_map(|token| match token {
        Token::Literal(bytes) => Some(bytes.as_slice()),
        Token::Field(_) => None,
    });
    let bytes: Vec<u8> = literals.flatten().copied().collect();
    let first = *bytes.first()?;
    let times = memchr::memchr_iter(first, &bytes).count();
    (times > 1).then_some((first, times))
}

/// How often a byte occurs within a word by the format.
fn inner_stops(word: &Word, stop: u8) -> usize {
    let within = word.tokens.iter().map(|token| match token {
        Token::Literal(bytes) => bytes.iter().filter(|&&byte| byte == stop).count(),
        Token::Field(Field { kind: Kind::Time(spec), .. }) => spec.count(stop),
        Token::Field(_) => 0,
    });
    within.sum()
}

/// The byte that most bare words are followed by.
pub(super) fn common_separator(words: &[Word]) -> u8 {
    let mut counts = [0_usize; 256];
    for stop in words.iter().filter_map(|word| word.stop).filter(|stop| *stop != b'"') {
        counts[usize::from(stop)] += 1;
    }
    // Of equals the lowest, so that a space comes first.
    let most = counts.iter().copied().max().unwrap_or(0);
    let at = counts.iter().position(|&count| count == most && count > 0);
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(b' ')
}
