//! What alternatives does a pattern of STIX have?

use super::lexer::{Token, Word, words};

/// Why a pattern, or one of its alternatives, can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

impl Refusal {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    fn malformed() -> Self {
        Self::new("pattern is not well formed")
    }
}

/// `path = value` with all of its values; a list means any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The object path, without quotes.
    pub path: String,
    /// What it is compared with.
    pub value: String,
    /// Where it stands in the pattern.
    pub span: (usize, usize),
}

/// Comparisons that must hold together.
pub type All = Vec<Comparison>;

/// An alternative, or why it is none, with the place of the comparison.
pub type Alternative = Result<All, (Refusal, (usize, usize))>;

/// The most alternatives that a pattern may have once its parentheses are multiplied out, the most comparisons in all
/// of them, and how deep its parentheses may go.
const ALTERNATIVES_MAX: usize = 100_000;
const COMPARISONS_MAX: usize = 1_000_000;
const DEPTH_MAX: usize = 64;

/// The alternatives of a pattern. What stands between observations and behind them is refused as a whole.
pub fn parse(text: &str) -> Result<Vec<Alternative>, Refusal> {
    let tokens = words(text).ok_or_else(Refusal::malformed)?;
    let mut parser = Parser { tokens: &tokens, at: 0, comparisons: 0 };
    let alternatives = parser.observations(0)?;
    match parser.peek() {
        None => Ok(alternatives),
        Some(_) => Err(Refusal::malformed()),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    comparisons: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Word> {
        self.tokens.get(self.at).map(|token| &token.word)
    }

    fn keyword(&self) -> Option<String> {
        match self.peek() {
            Some(Word::Name(name)) => Some(name.to_ascii_uppercase()),
            _ => None,
        }
    }

    fn take(&mut self, word: &Word) -> bool {
        let there = self.peek() == Some(word);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, word: &Word) -> Result<(), Refusal> {
        if self.take(word) { Ok(()) } else { Err(Refusal::malformed()) }
    }

    fn take_keyword(&mut self, name: &str) -> bool {
        let there = self.keyword().is_some_and(|keyword| keyword == name);
        self.at += usize::from(there);
        there
    }

    /// `[..] OR [..]`, with parentheses. What else may stand there needs several events.
    fn observations(&mut self, depth: usize) -> Result<Vec<Alternative>, Refusal> {
        if depth > DEPTH_MAX {
            return Err(Refusal::new("pattern is nested too deep"));
        }
        let mut all = Vec::new();
        loop {
            if self.take(&Word::Left) {
                all.extend(self.observations(depth + 1)?);
                self.expect(&Word::Right)?;
            } else {
                self.expect(&Word::Open)?;
                all.extend(self.any(depth)?);
                self.expect(&Word::Close)?;
            }
            if all.len() > ALTERNATIVES_MAX {
                return Err(Refusal::new("pattern has too many alternatives"));
            }
            match self.keyword().as_deref() {
                Some("OR") => self.at += 1,
                Some("AND") => return Err(Refusal::new("AND between observations")),
                Some("FOLLOWEDBY") => return Err(Refusal::new("FOLLOWEDBY")),
                Some("START") => return Err(Refusal::new("qualifier START STOP")),
                Some(name @ ("REPEATS" | "WITHIN")) => {
                    return Err(Refusal::new(format!("qualifier {name}")));
                }
                _ => return Ok(all),
            }
        }
    }

    /// `a OR b`
    fn any(&mut self, depth: usize) -> Result<Vec<Alternative>, Refusal> {
        let mut all = self.both(depth)?;
        while self.take_keyword("OR") {
            all.extend(self.both(depth)?);
        }
        Ok(all)
    }

    /// `a AND b`, multiplied out.
    fn both(&mut self, depth: usize) -> Result<Vec<Alternative>, Refusal> {
        let mut all = self.single(depth)?;
        while self.take_keyword("AND") {
            let right = self.single(depth)?;
            if all.len().saturating_mul(right.len()) > ALTERNATIVES_MAX {
                return Err(Refusal::new("pattern has too many alternatives"));
            }
            let mut product = Vec::with_capacity(all.len() * right.len());
            for left in &all {
                for right in &right {
                    let joined = joined(left, right);
                    self.comparisons += joined.as_ref().map_or(1, Vec::len);
                    product.push(joined);
                }
            }
            if self.comparisons > COMPARISONS_MAX {
                return Err(Refusal::new("pattern has too many alternatives"));
            }
            all = product;
        }
        Ok(all)
    }

    fn single(&mut self, depth: usize) -> Result<Vec<Alternative>, Refusal> {
        if self.take(&Word::Left) {
            if depth > DEPTH_MAX {
                return Err(Refusal::new("pattern is nested too deep"));
            }
            let inner = self.any(depth + 1)?;
            self.expect(&Word::Right)?;
            return Ok(inner);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Vec<Alternative>, Refusal> {
        let start = self.tokens.get(self.at).map_or(0, |token| token.start);
        let mut refusal = None;
        if self.take_keyword("EXISTS") {
            refusal = Some("operator EXISTS".to_owned());
        }
        let Some(Word::Name(path)) = self.peek() else { return Err(Refusal::malformed()) };
        let path = path.clone();
        if !path.contains(':') {
            return Err(Refusal::malformed());
        }
        self.at += 1;
        let mut values = Vec::new();
        if refusal.is_none() {
            if self.take_keyword("NOT") {
                refusal = Some("negation".to_owned());
            }
            refusal = refusal.or(self.operator()?);
            values = self.values()?;
        }
        let end = self.tokens.get(self.at.saturating_sub(1)).map_or(start, |token| token.end);
        let span = (start, end);
        if let Some(why) = refusal {
            return Ok(vec![Err((Refusal(why), span))]);
        }
        let made = |value| Ok(vec![Comparison { path: path.clone(), value, span }]);
        Ok(values.into_iter().map(made).collect())
    }

    /// Takes an operator; says why if it is one that is not read.
    fn operator(&mut self) -> Result<Option<String>, Refusal> {
        let word = self.peek().cloned().ok_or_else(Refusal::malformed)?;
        self.at += 1;
        match word {
            Word::Operator("=") => Ok(None),
            Word::Operator("!=") => Ok(Some("negation".to_owned())),
            Word::Operator(other) => Ok(Some(format!("operator {other}"))),
            Word::Name(name) => match name.to_ascii_uppercase().as_str() {
                "IN" | "ISSUBSET" => Ok(None),
                name @ ("LIKE" | "MATCHES" | "ISSUPERSET") => Ok(Some(format!("operator {name}"))),
                _ => Err(Refusal::malformed()),
            },
            _ => Err(Refusal::malformed()),
        }
    }

    /// A literal, or several in parentheses.
    fn values(&mut self) -> Result<Vec<String>, Refusal> {
        let mut values = Vec::new();
        if !self.take(&Word::Left) {
            values.push(self.value()?);
            return Ok(values);
        }
        loop {
            values.push(self.value()?);
            if !self.take(&Word::Comma) {
                break;
            }
        }
        self.expect(&Word::Right)?;
        Ok(values)
    }

    fn value(&mut self) -> Result<String, Refusal> {
        let value = match self.peek() {
            Some(Word::Literal(value)) => value.clone(),
            Some(Word::Other) => String::new(),
            _ => return Err(Refusal::malformed()),
        };
        self.at += 1;
        Ok(value)
    }
}

fn joined(left: &Alternative, right: &Alternative) -> Alternative {
    match (left, right) {
        (Ok(left), Ok(right)) => Ok(left.iter().chain(right).cloned().collect()),
        (Err(refusal), _) | (_, Err(refusal)) => Err(refusal.clone()),
    }
}
