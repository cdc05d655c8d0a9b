//! How is a rule worked out for a row: from texts that are known to be there or not, and from questions asked only now?

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike as _, Timelike as _};
use ipnet::IpNet;
use regex::Regex;
use storage::observable::addr;

use super::{Column, is_eager};
use crate::sigma::bind::{Ask, Atom, Bound};
use crate::sigma::fields::Operand;
use crate::sigma::modifier::compiled;
use crate::sigma::pattern::{Pattern, folded};
use crate::sigma::tree::{Compare, Place, Unit};

/// A rule in numbers.
#[derive(Debug)]
pub(super) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    AtLeast(usize, Vec<Node>),
    /// One of these texts is there.
    Texts(Vec<u32>),
    /// A question that is asked when it matters.
    Lazy(u32),
}

impl Node {
    pub(super) fn of(bound: &Bound, eager: &HashMap<Atom, u32>, lazy: &HashMap<Atom, u32>) -> Self {
        let all = |list: &[Bound]| -> Vec<Self> {
            let mut nodes: Vec<_> = list.iter().map(|one| Self::of(one, eager, lazy)).collect();
            // What costs nothing comes first.
            nodes.sort_by_key(Self::is_lazy);
            nodes
        };
        match bound {
            Bound::And(list) => Self::And(all(list)),
            Bound::AtLeast(many, list) => Self::AtLeast(*many, all(list)),
            Bound::Not(one) => Self::Not(Box::new(Self::of(one, eager, lazy))),
            Bound::Or(list) => {
                let (mut texts, mut nodes) = (vec![], vec![]);
                for node in all(list) {
                    match node {
                        Self::Texts(more) => texts.extend(more),
                        other => nodes.push(other),
                    }
                }
                if !texts.is_empty() {
                    nodes.insert(0, Self::Texts(texts));
                }
                if nodes.len() == 1 { nodes.remove(0) } else { Self::Or(nodes) }
            }
            Bound::Atom(atom) if is_eager(atom) => {
                Self::Texts(eager.get(atom).copied().into_iter().collect())
            }
            Bound::Atom(atom) => match lazy.get(atom) {
                Some(at) => Self::Lazy(*at),
                None => Self::Or(vec![]),
            },
        }
    }

    fn is_lazy(&self) -> bool {
        match self {
            Self::And(list) | Self::Or(list) | Self::AtLeast(_, list) => {
                list.iter().any(Self::is_lazy)
            }
            Self::Not(one) => one.is_lazy(),
            Self::Texts(_) => false,
            Self::Lazy(_) => true,
        }
    }

    /// Texts of which one must be there or the rule cannot match, with their weight; `None` if it can match without.
    pub(super) fn needs(&self, weights: &[u64]) -> Option<(Vec<u32>, u64)> {
        match self {
            Self::Texts(texts) => {
                Some((texts.clone(), texts.iter().map(|at| weights[*at as usize]).sum()))
            }
            Self::And(list) => {
                list.iter().filter_map(|one| one.needs(weights)).min_by_key(|(_, weight)| *weight)
            }
            Self::Or(list) | Self::AtLeast(1.., list) => {
                let mut all = (vec![], 0);
                for one in list {
                    let (texts, weight) = one.needs(weights)?;
                    all.0.extend(texts);
                    all.1 += weight;
                }
                Some(all)
            }
            Self::AtLeast(..) | Self::Not(_) | Self::Lazy(_) => None,
        }
    }

    pub(super) fn holds(&self, texts: &[bool], lazily: &impl Fn(u32) -> bool) -> bool {
        let holds = |one: &Self| one.holds(texts, lazily);
        match self {
            Self::And(list) => list.iter().all(holds),
            Self::Or(list) => list.iter().any(holds),
            Self::Not(one) => !holds(one),
            Self::AtLeast(many, list) => list.iter().filter(|one| holds(one)).count() >= *many,
            Self::Texts(any) => any.iter().any(|at| texts[*at as usize]),
            Self::Lazy(at) => lazily(*at),
        }
    }
}

/// A question that is asked of single rows.
#[derive(Debug)]
pub(super) struct Lazy {
    column: usize,
    ask: Asked,
}

#[derive(Debug)]
enum Asked {
    Text(Pattern),
    Regex(Regex),
    Number(Compare, f64),
    Part(Unit, Compare, i64),
    Absent,
    Network(IpNet),
    Other(usize, Place, bool),
}

impl Lazy {
    pub(super) fn new(atom: &Atom, places: &BTreeMap<Operand, usize>) -> Result<Self, String> {
        let place = |operand| places.get(operand).copied().unwrap_or(usize::MAX);
        let ask = match &atom.ask {
            Ask::Text { pattern, .. } => Asked::Text(pattern.clone()),
            Ask::Regex(text) => Asked::Regex(compiled(text).map_err(|error| error.to_string())?),
            Ask::Number(compare, number) => Asked::Number(
                *compare,
                number.parse().map_err(|_| format!("{number} is no number"))?,
            ),
            Ask::Part(unit, compare, number) => Asked::Part(*unit, *compare, *number),
            Ask::Absent => Asked::Absent,
            Ask::Network(network) => Asked::Network(*network),
            Ask::Other { operand, place: at, fold } => Asked::Other(place(operand), *at, *fold),
        };
        Ok(Self { column: place(&atom.operand), ask })
    }

    pub(super) fn holds(&self, columns: &[Column], row: usize) -> bool {
        let Some(column) = columns.get(self.column) else { return false };
        if let Asked::Absent = self.ask {
            return column.is_null(row);
        }
        // Numbers are asked as text where a rule gives text.
        let number = column.number(row);
        let written = number.map(|number| number.to_string());
        let text = written.as_deref().or_else(|| column.text(row));
        match &self.ask {
            Asked::Absent => false,
            Asked::Text(pattern) => text.is_some_and(|text| pattern.matches(text)),
            Asked::Regex(regex) => text.is_some_and(|text| regex.is_match(text)),
            Asked::Number(compare, with) => {
                let number = match number {
                    Some(number) => Some(number as f64),
                    None => text.and_then(|text| text.parse().ok()),
                };
                number.is_some_and(|number| compare.holds(number, *with))
            }
            Asked::Part(unit, compare, with) => {
                number.and_then(|at| part(at, *unit)).is_some_and(|it| compare.holds(it, *with))
            }
            Asked::Network(network) => text
                .and_then(addr::normalize)
                .and_then(|text| text.parse().ok())
                .is_some_and(|ip: std::net::IpAddr| network.contains(&ip)),
            Asked::Other(other, place, fold) => {
                let Some(other) = columns.get(*other) else { return false };
                let written = other.number(row).map(|number| number.to_string());
                match (text, written.as_deref().or_else(|| other.text(row))) {
                    (Some(text), Some(other)) => lies_in(text, other, *place, *fold),
                    _ => false,
                }
            }
        }
    }
}

fn lies_in(text: &str, other: &str, place: Place, fold: bool) -> bool {
    if fold {
        return lies_in(&folded(text), &folded(other), place, false);
    }
    match place {
        Place::Whole => text == other,
        Place::Start => text.starts_with(other),
        Place::End => text.ends_with(other),
        Place::Within => text.contains(other),
    }
}

fn part(at: i64, unit: Unit) -> Option<i64> {
    let time = DateTime::from_timestamp_micros(at)?;
    Some(match unit {
        Unit::Minute => time.minute().into(),
        Unit::Hour => time.hour().into(),
        Unit::Day => time.day().into(),
        Unit::Week => time.iso_week().week().into(),
        Unit::Month => time.month().into(),
        Unit::Year => time.year().into(),
    })
}
