//! What does a value with wildcards match? Text with `*` and `?`, its escapes, and its spelling in SQL.

use std::fmt::Write as _;

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// This text.
    Text(String),
    /// Any text, also none (`*`).
    Many,
    /// One character (`?`).
    One,
}

/// A value of a rule: text and wildcards.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pattern {
    parts: Vec<Part>,
}

/// How a pattern that is simple can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape<'a> {
    /// The whole is this text.
    Equal(&'a str),
    /// It begins with this.
    Start(&'a str),
    /// It ends with this.
    End(&'a str),
    /// This lies in it.
    Within(&'a str),
    /// Anything that is there.
    Anything,
    /// None of these.
    Wild,
}

impl Pattern {
    /// Reads a value: `\` takes the meaning from `*`, `?` and `\`, and stands for itself before anything else.
    pub fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\\' => plain.push(rest.next_if(|c| matches!(c, '*' | '?' | '\\')).unwrap_or('\\')),
                '*' | '?' => {
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(if c == '*' { Part::Many } else { Part::One });
                }
                c => plain.push(c),
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Self::of(parts)
    }

    /// Text in which nothing is a wildcard.
    pub fn plain(text: &str) -> Self {
        Self::of(vec![Part::Text(text.to_owned())])
    }

    /// A pattern of these pieces; what is next to each other and can be one piece becomes one.
    pub fn of(pieces: Vec<Part>) -> Self {
        let mut parts: Vec<Part> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match (parts.last_mut(), piece) {
                (_, Part::Text(text)) if text.is_empty() => {}
                (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
                (Some(Part::Many), Part::Many) => {}
                (_, piece) => parts.push(piece),
            }
        }
        Self { parts }
    }

    /// Its pieces.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// With anything before it.
    #[must_use]
    pub fn after_any(mut self) -> Self {
        self.parts.insert(0, Part::Many);
        Self::of(self.parts)
    }

    /// With anything behind it.
    #[must_use]
    pub fn before_any(mut self) -> Self {
        self.parts.push(Part::Many);
        Self::of(self.parts)
    }

    /// The text, if there is no wildcard.
    pub fn text(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// How it can be asked.
    pub fn shape(&self) -> Shape<'_> {
        match self.parts.as_slice() {
            [] => Shape::Equal(""),
            [Part::Text(text)] => Shape::Equal(text),
            [Part::Many] => Shape::Anything,
            [Part::Text(text), Part::Many] => Shape::Start(text),
            [Part::Many, Part::Text(text)] => Shape::End(text),
            [Part::Many, Part::Text(text), Part::Many] => Shape::Within(text),
            _ => Shape::Wild,
        }
    }

    /// The same with each text changed.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let changed = self.parts.iter().map(|part| match part {
            Part::Text(text) => Part::Text(change(text)),
            other => other.clone(),
        });
        Self::of(changed.collect())
    }

    /// Its longest text.
    pub fn longest(&self) -> Option<&str> {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.max_by_key(|text| text.len())
    }

    /// Whether it matches, by the letter: who wants to disregard case folds both before.
    pub fn matches(&self, text: &str) -> bool {
        let (mut at, mut rest) = (0, text);
        // Where to go on if what follows the last `*` fits nowhere so far.
        let mut retry: Option<(usize, &str)> = None;
        loop {
            let fits = match self.parts.get(at) {
                None if rest.is_empty() => return true,
                None => None,
                Some(Part::Many) => {
                    // Nothing behind it: whatever is left fits.
                    if at + 1 == self.parts.len() {
                        return true;
                    }
                    retry = Some((at + 1, rest));
                    Some(rest)
                }
                Some(Part::One) => rest.chars().next().map(|c| &rest[c.len_utf8()..]),
                Some(Part::Text(text)) => rest.strip_prefix(text.as_str()),
            };
            if let Some(left) = fits {
                (at, rest) = (at + 1, left);
                continue;
            }
            let Some((part, from)) = retry else { return false };
            let Some(from) = self.next_try(part, from) else { return false };
            retry = Some((part, from));
            (at, rest) = (part, from);
        }
    }

    /// The next place behind the beginning of `from` where the piece `part` may fit.
    fn next_try<'a>(&self, part: usize, from: &'a str) -> Option<&'a str> {
        let step = from.chars().next()?.len_utf8();
        let from = &from[step..];
        match self.parts.get(part) {
            Some(Part::Text(text)) if part + 1 == self.parts.len() => {
                // The last piece: it can only be the end.
                from.ends_with(text.as_str()).then(|| &from[from.len() - text.len()..])
            }
            Some(Part::Text(text)) => from.find(text.as_str()).map(|at| &from[at..]),
            _ => Some(from),
        }
    }

    /// The pattern of a `LIKE`.
    pub fn like(&self) -> String {
        let mut like = String::new();
        for part in &self.parts {
            match part {
                Part::Many => like.push('%'),
                Part::One => like.push('_'),
                Part::Text(text) => {
                    for c in text.chars() {
                        if matches!(c, '%' | '_' | '\\') {
                            like.push('\\');
                        }
                        like.push(c);
                    }
                }
            }
        }
        like
    }

    /// As a rule would write it.
    pub fn shown(&self) -> String {
        let mut shown = String::new();
        for part in &self.parts {
            match part {
                Part::Many => shown.push('*'),
                Part::One => shown.push('?'),
                Part::Text(text) => {
                    let _ = write!(shown, "{text}");
                }
            }
        }
        shown
    }
}

/// Text with case taken out, as SQL's `lower` does it.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Part {
        Part::Text(text.into())
    }

    #[test]
    fn escapes_are_those_of_the_specification() {
        for (value, parts) in [
            (r"a\b", vec![text(r"a\b")]),
            (r"a\\b", vec![text(r"a\b")]),
            (r"a\*b", vec![text("a*b")]),
            (r"a\\*b", vec![text(r"a\"), Part::Many, text("b")]),
            (r"a\\\*b", vec![text(r"a\*b")]),
            (r"a\\\\b", vec![text(r"a\\b")]),
            (r"a\\\b", vec![text(r"a\\b")]),
            (r"a\", vec![text(r"a\")]),
            (r"\?x=*", vec![text("?x="), Part::Many]),
            ("a**b??", vec![text("a"), Part::Many, text("b"), Part::One, Part::One]),
            ("", vec![]),
        ] {
            assert_eq!(Pattern::parse(value).parts(), parts, "{value}");
        }
    }

    #[test]
    fn wildcards_match() {
        for (pattern, value, expected) in [
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("a?c", "abc", true),
            ("a?c", "aüc", true),
            ("a?c", "ac", false),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("*aab", "aaab", true),
            ("??", "a", false),
            ("*", "", true),
            ("?*", "", false),
            ("", "", true),
            ("", "a", false),
            ("*a?b*c", "xxa1bacc", true),
        ] {
            assert_eq!(Pattern::parse(pattern).matches(value), expected, "{pattern} {value}");
        }
    }

    #[test]
    fn like_is_escaped() {
        assert_eq!(Pattern::parse(r"10%_\x*?").like(), r"10\%\_\\x%_");
    }

    proptest! {
        #[test]
        fn a_regex_says_the_same(pattern in "[ab*?]{0,8}", value in "[abü]{0,10}") {
            let pattern = Pattern::parse(&pattern);
            let regex: String = pattern.parts().iter().map(|part| match part {
                Part::Many => ".*".to_owned(),
                Part::One => ".".to_owned(),
                Part::Text(text) => regex::escape(text),
            }).collect();
            let regex = regex::Regex::new(&format!("(?s)^{regex}$")).unwrap();
            prop_assert_eq!(pattern.matches(&value), regex.is_match(&value));
        }
    }
}
