//! Which of many texts does a value hold, begin with, end with, or equal?

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};
use arrow::array::{Array, StringViewArray};

use crate::sigma::pattern::{Pattern, Shape};

/// Where a text that was found must lie.
#[derive(Debug, Clone)]
enum Must {
    Within,
    Begin,
    End,
    /// The whole must match this pattern, of which the text is a part.
    Match(Pattern),
}

/// The patterns asked of one operand.
#[derive(Debug)]
pub(super) struct Matcher {
    /// Asked of the value without case.
    folded: Texts,
    /// Asked of the value as it is.
    plain: Texts,
}

#[derive(Debug, Default)]
struct Texts {
    equal: HashMap<String, Vec<u32>>,
    search: Option<AhoCorasick>,
    /// For each text of `search` what it is a part of.
    parts: Vec<Vec<(u32, Must)>>,
    /// Patterns without a text, such as `???`.
    loose: Vec<(u32, Pattern)>,
}

/// What holds for each row of a column.
#[derive(Debug)]
pub(super) struct Answers {
    /// The sets; the first is empty.
    sets: Vec<Vec<u32>>,
    /// For each row its set.
    rows: Vec<u32>,
}

impl Answers {
    pub(super) fn of(&self, row: usize) -> &[u32] {
        &self.sets[self.rows[row] as usize]
    }
}

impl Matcher {
    /// A matcher for patterns with their numbers, `None` for none.
    pub(super) fn new<'a>(
        patterns: impl Iterator<Item = (&'a Pattern, bool, u32)>,
    ) -> Result<Option<Self>, String> {
        let (mut folded, mut plain) = (vec![], vec![]);
        for (pattern, fold, at) in patterns {
            if fold { &mut folded } else { &mut plain }.push((pattern, at));
        }
        if folded.is_empty() && plain.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { folded: Texts::new(&folded)?, plain: Texts::new(&plain)? }))
    }

    /// Looks at every value of a column; one that repeats is looked at once if `keep`.
    pub(super) fn answers(&self, column: &StringViewArray, rows: usize, keep: bool) -> Answers {
        let mut answers = Answers { sets: vec![vec![]], rows: vec![0; rows] };
        let mut known: HashMap<&str, u32> = HashMap::new();
        let mut lower = String::new();
        let mut found = Vec::new();
        // Neighbours often are the same.
        let mut last: Option<(&str, u32)> = None;
        for row in (0..rows.min(column.len())).filter(|row| column.is_valid(*row)) {
            let value = column.value(row);
            if let Some((same, set)) = last
                && same == value
            {
                answers.rows[row] = set;
                continue;
            }
            let set = match keep.then(|| known.get(value)).flatten() {
                Some(set) => *set,
                None => {
                    self.look(value, &mut lower, &mut found);
                    let set = match found.is_empty() {
                        true => 0,
                        false => {
                            answers.sets.push(std::mem::take(&mut found));
                            answers.sets.len() as u32 - 1
                        }
                    };
                    if keep {
                        known.insert(value, set);
                    }
                    set
                }
            };
            last = Some((value, set));
            answers.rows[row] = set;
        }
        answers
    }

    fn look(&self, value: &str, lower: &mut String, found: &mut Vec<u32>) {
        if !self.folded.is_empty() {
            lower.clear();
            match value.is_ascii() {
                true => {
                    lower.push_str(value);
                    lower.make_ascii_lowercase();
                }
                false => lower.push_str(&value.to_lowercase()),
            }
            self.folded.look(lower, found);
        }
        if !self.plain.is_empty() {
            self.plain.look(value, found);
        }
        found.sort_unstable();
        found.dedup();
    }
}

impl Texts {
    fn new(patterns: &[(&Pattern, u32)]) -> Result<Self, String> {
        let mut texts = Self::default();
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut searched: Vec<&str> = Vec::new();
        for (pattern, at) in patterns {
            let (text, must) = match pattern.shape() {
                Shape::Equal(text) => {
                    texts.equal.entry(text.to_owned()).or_default().push(*at);
                    continue;
                }
                Shape::Start(text) => (text, Must::Begin),
                Shape::End(text) => (text, Must::End),
                Shape::Within(text) => (text, Must::Within),
                Shape::Anything | Shape::Wild => match pattern.longest() {
                    Some(text) => (text, Must::Match((*pattern).clone())),
                    None => {
                        texts.loose.push((*at, (*pattern).clone()));
                        continue;
                    }
                },
            };
            let place = *places.entry(text).or_insert_with(|| {
                searched.push(text);
                texts.parts.push(vec![]);
                searched.len() - 1
            });
            texts.parts[place].push((*at, must));
        }
        if !searched.is_empty() {
            let search = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&searched);
            texts.search = Some(search.map_err(|error| error.to_string())?);
        }
        Ok(texts)
    }

    fn is_empty(&self) -> bool {
        self.equal.is_empty() && self.search.is_none() && self.loose.is_empty()
    }

    fn look(&self, value: &str, found: &mut Vec<u32>) {
        if let Some(equal) = self.equal.get(value) {
            found.extend(equal);
        }
        if let Some(search) = &self.search {
            let before = found.len();
            // Patterns that the value does not match are not asked again where their text is there again.
            let mut failed: Vec<u32> = Vec::new();
            for place in search.find_overlapping_iter(value) {
                for (at, must) in &self.parts[place.pattern().as_usize()] {
                    if found[before..].contains(at) {
                        continue;
                    }
                    let holds = match must {
                        Must::Within => true,
                        Must::Begin => place.start() == 0,
                        Must::End => place.end() == value.len(),
                        Must::Match(_) if failed.contains(at) => false,
                        Must::Match(pattern) => {
                            let matches = pattern.matches(value);
                            if !matches {
                                failed.push(*at);
                            }
                            matches
                        }
                    };
                    if holds {
                        found.push(*at);
                    }
                }
            }
        }
        let loose = self.loose.iter().filter(|(_, pattern)| pattern.matches(value));
        found.extend(loose.map(|(at, _)| *at));
    }
}
