//! Which rules does each row match? All rules at once over a batch of rows, each column looked at once.
//!
//! Texts of all rules that are asked of one column are looked for together (Aho-Corasick, hash tables). A rule is only
//! worked out for rows that hold one of the texts without which it cannot match; what needs more than a look (regular
//! expressions, networks, numbers) is asked then.

mod matcher;
mod node;

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, Int64Array, StringViewArray};
use storage::schema::Col;

use super::bind::{Ask, Atom, Bound};
use super::fields::{Kind, Operand};
use matcher::Matcher;
use node::{Lazy, Node};

/// The values of an operand.
#[derive(Debug)]
pub enum Column {
    /// Text.
    Text(StringViewArray),
    /// Numbers, or times in microseconds.
    Number(Int64Array),
}

impl Column {
    fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Text(column) => column.is_valid(row).then(|| column.value(row)),
            Self::Number(_) => None,
        }
    }

    fn number(&self, row: usize) -> Option<i64> {
        match self {
            Self::Number(column) => column.is_valid(row).then(|| column.value(row)),
            Self::Text(_) => None,
        }
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Text(column) => column.is_null(row),
            Self::Number(column) => column.is_null(row),
        }
    }
}

/// Rules made ready to run.
#[derive(Debug)]
pub struct Engine {
    operands: Vec<Operand>,
    /// For each operand what is looked for in all of its values.
    matchers: Vec<Option<Matcher>>,
    rules: Vec<Node>,
    lazy: Vec<Lazy>,
    /// For each text that is looked for, the rules that cannot match without it or another one of theirs.
    wakes: Vec<Vec<u32>>,
    /// Rules that may match without any of the texts.
    always: Vec<u32>,
}

/// Questions of all rules, each once.
#[derive(Debug, Default)]
struct Questions {
    operands: BTreeMap<Operand, usize>,
    eager: HashMap<Atom, u32>,
    lazy: HashMap<Atom, u32>,
}

impl Questions {
    fn gather(rules: &[Bound]) -> Self {
        let mut all = Self::default();
        for rule in rules {
            rule.for_each(&mut |atom| {
                all.operands.entry(atom.operand.clone()).or_default();
                if let Ask::Other { operand, .. } = &atom.ask {
                    all.operands.entry(operand.clone()).or_default();
                }
                let table = if is_eager(atom) { &mut all.eager } else { &mut all.lazy };
                let next = table.len() as u32;
                table.entry(atom.clone()).or_insert(next);
            });
        }
        all.operands.values_mut().enumerate().for_each(|(at, place)| *place = at);
        all
    }
}

/// Whether a question is answered for each row anyway.
fn is_eager(atom: &Atom) -> bool {
    matches!(atom.ask, Ask::Text { .. }) && atom.operand.kind() == Kind::Text
}

/// Whether values repeat so often that answers are worth keeping.
fn repeats(operand: &Operand) -> bool {
    !matches!(
        operand,
        Operand::FullUrl
            | Operand::PathQuery
            | Operand::Body
            | Operand::Column(Col::Path | Col::Query | Col::Referer | Col::Cookie | Col::Extra)
    )
}

impl Engine {
    /// Makes rules ready. Fails where together they are too large.
    pub fn new(rules: &[Bound]) -> Result<Self, String> {
        let questions = Questions::gather(rules);
        let operands: Vec<Operand> = questions.operands.keys().cloned().collect();
        let matchers = operands.iter().map(|operand| {
            let mine = questions.eager.iter().filter(|(atom, _)| atom.operand == *operand);
            Matcher::new(mine.filter_map(|(atom, at)| match &atom.ask {
                Ask::Text { pattern, fold } => Some((pattern, *fold, *at)),
                _ => None,
            }))
        });
        let matchers = matchers.collect::<Result<Vec<_>, _>>()?;
        let mut lazy: Vec<(u32, Lazy)> = Vec::with_capacity(questions.lazy.len());
        for (atom, at) in &questions.lazy {
            lazy.push((*at, Lazy::new(atom, &questions.operands)?));
        }
        lazy.sort_by_key(|(at, _)| *at);
        let lazy = lazy.into_iter().map(|(_, lazy)| lazy).collect();
        let rules: Vec<Node> =
            rules.iter().map(|rule| Node::of(rule, &questions.eager, &questions.lazy)).collect();
        let mut weights = vec![0; questions.eager.len()];
        for (atom, at) in &questions.eager {
            weights[*at as usize] = weight(atom);
        }
        let (mut wakes, mut always) = (vec![vec![]; questions.eager.len()], vec![]);
        for (at, rule) in rules.iter().enumerate() {
            match rule.needs(&weights) {
                Some((texts, _)) => {
                    texts.iter().for_each(|text| wakes[*text as usize].push(at as u32))
                }
                None => always.push(at as u32),
            }
        }
        Ok(Self { operands, matchers, rules, lazy, wakes, always })
    }

    /// What [`Engine::run`] needs the values of, in this order.
    pub fn operands(&self) -> &[Operand] {
        &self.operands
    }

    /// Calls `found` with each row and each rule it matches, rows in order, rules in order for each row.
    pub fn run(&self, columns: &[Column], rows: usize, mut found: impl FnMut(usize, u32)) {
        let answers: Vec<Option<matcher::Answers>> = self
            .matchers
            .iter()
            .zip(columns)
            .zip(&self.operands)
            .map(|((matcher, column), operand)| match (matcher, column) {
                (Some(matcher), Column::Text(column)) => {
                    Some(matcher.answers(column, rows, repeats(operand)))
                }
                _ => None,
            })
            .collect();
        let mut holds = vec![false; self.wakes.len()];
        let mut set: Vec<u32> = Vec::new();
        let mut awake: Vec<u32> = Vec::new();
        let mut is_awake = vec![false; self.rules.len()];
        for row in 0..rows {
            for answers in answers.iter().flatten() {
                for text in answers.of(row) {
                    holds[*text as usize] = true;
                    set.push(*text);
                    for rule in &self.wakes[*text as usize] {
                        if !std::mem::replace(&mut is_awake[*rule as usize], true) {
                            awake.push(*rule);
                        }
                    }
                }
            }
            awake.extend(&self.always);
            awake.sort_unstable();
            for rule in awake.drain(..) {
                is_awake[rule as usize] = false;
                let lazily = |at: u32| self.lazy[at as usize].holds(columns, row);
                if self.rules[rule as usize].holds(&holds, &lazily) {
                    found(row, rule);
                }
            }
            set.drain(..).for_each(|text| holds[text as usize] = false);
        }
    }
}

/// How often a text may be there, roughly: rules wait for the rarer ones.
fn weight(atom: &Atom) -> u64 {
    let Ask::Text { pattern, .. } = &atom.ask else { return u64::MAX >> 32 };
    let usual = matches!(
        atom.operand,
        Operand::Column(Col::Method | Col::Scheme | Col::HttpVersion | Col::Action)
    );
    let length = pattern.longest().map_or(0, str::len);
    match (usual, length) {
        (true, _) => 10_000,
        (_, 0) if pattern.text().is_some() => 100,
        (_, 0) => 100_000,
        (_, 1..=3) => 1_000,
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
