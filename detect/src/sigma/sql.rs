//! How is a rule written in SQL? As a condition over `requests` that anyone can read, run and change.

pub use crate::hunt::quoted;

use super::bind::{Ask, Atom, Bound};
use super::fields::{Kind, Operand};
use super::pattern::{Pattern, Shape};
use super::tree::{Compare, Place, Unit};
use storage::schema::Col;

/// A condition that is true for exactly the rows that match; elsewhere it is false or NULL.
pub fn condition(bound: &Bound) -> String {
    match bound {
        Bound::And(list) if list.is_empty() => "true".to_owned(),
        Bound::Or(list) if list.is_empty() => "false".to_owned(),
        Bound::And(list) => joined(list.iter().map(condition).collect(), " AND "),
        Bound::Or(list) => joined(one_of(list), " OR "),
        Bound::Not(one) => format!("(({}) IS NOT TRUE)", bare(condition(one))),
        Bound::AtLeast(many, list) => {
            let case = |one| format!("CASE WHEN {} THEN 1 ELSE 0 END", bare(condition(one)));
            format!("(({}) >= {many})", list.iter().map(case).collect::<Vec<_>>().join(" + "))
        }
        Bound::Atom(atom) => question(atom),
    }
}

/// A condition without the parentheses around the whole of it.
fn bare(condition: String) -> String {
    let inner = condition.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    match inner {
        Some(inner) if balanced(inner) => inner.to_owned(),
        _ => condition,
    }
}

/// Whether parentheses outside of literals close after they open.
fn balanced(text: &str) -> bool {
    let (mut depth, mut quoted) = (0_i64, false);
    for byte in text.bytes() {
        match byte {
            b'\'' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0 && !quoted
}

fn joined(mut conditions: Vec<String>, word: &str) -> String {
    if conditions.len() == 1 {
        conditions.remove(0)
    } else {
        format!("({})", conditions.join(word))
    }
}

/// The conditions of an OR; equal texts and networks asked of one operand become one list.
fn one_of(list: &[Bound]) -> Vec<String> {
    #[derive(PartialEq)]
    enum Slot {
        Done(String),
        Equal(String, Vec<String>),
        Networks(String, Vec<String>),
    }
    let mut slots: Vec<Slot> = Vec::new();
    for one in list {
        let Bound::Atom(atom) = one else {
            slots.push(Slot::Done(condition(one)));
            continue;
        };
        let value = value_of(atom);
        match &atom.ask {
            Ask::Text { pattern, .. } if matches!(pattern.shape(), Shape::Equal(_)) => {
                let text = quoted(pattern.text().unwrap_or_default());
                let same = slots.iter_mut().find_map(|slot| match slot {
                    Slot::Equal(of, texts) if *of == value => Some(texts),
                    _ => None,
                });
                match same {
                    Some(texts) => texts.push(text),
                    None => slots.push(Slot::Equal(value, vec![text])),
                }
            }
            Ask::Network(network) => {
                let same = slots.iter_mut().find_map(|slot| match slot {
                    Slot::Networks(of, networks) if *of == value => Some(networks),
                    _ => None,
                });
                match same {
                    Some(networks) => networks.push(network.to_string()),
                    None => slots.push(Slot::Networks(value, vec![network.to_string()])),
                }
            }
            _ => slots.push(Slot::Done(question(atom))),
        }
    }
    let written = slots.into_iter().map(|slot| match slot {
        Slot::Done(condition) => condition,
        Slot::Equal(of, texts) if texts.len() == 1 => format!("{of} = {}", texts[0]),
        Slot::Equal(of, texts) => format!("{of} IN ({})", texts.join(", ")),
        Slot::Networks(of, networks) => format!("ip_in({of}, {})", quoted(&networks.join(", "))),
    });
    written.collect()
}

/// The value that an atom compares, its case taken out if need be.
fn value_of(atom: &Atom) -> String {
    let plain = operand(&atom.operand);
    match &atom.ask {
        Ask::Text { fold: true, .. } => format!("lower({plain})"),
        Ask::Text { .. } | Ask::Regex(_) if atom.operand.kind() == Kind::Number => {
            format!("CAST({plain} AS VARCHAR)")
        }
        _ => plain,
    }
}

fn question(atom: &Atom) -> String {
    let value = value_of(atom);
    match &atom.ask {
        Ask::Text { pattern, .. } => text(&value, pattern),
        Ask::Regex(regex) => format!("regexp_like({value}, {})", quoted(regex)),
        Ask::Number(compare, number) => match atom.operand.kind() {
            Kind::Text => format!("TRY_CAST({value} AS DOUBLE) {} {number}", compare.sql()),
            _ => format!("{value} {} {number}", compare.sql()),
        },
        Ask::Part(unit, compare, number) => {
            format!("date_part('{}', {value}) {} {number}", part(*unit), compare.sql())
        }
        Ask::Absent => format!("{value} IS NULL"),
        Ask::Network(network) => format!("ip_in({value}, '{network}')"),
        Ask::Other { operand: other, place, fold } => {
            other_lies_in(&atom.operand, other, *place, *fold)
        }
    }
}

fn text(value: &str, pattern: &Pattern) -> String {
    match pattern.shape() {
        Shape::Equal(text) => format!("{value} = {}", quoted(text)),
        Shape::Start(text) => format!("starts_with({value}, {})", quoted(text)),
        Shape::End(text) => format!("ends_with({value}, {})", quoted(text)),
        Shape::Within(text) => format!("contains({value}, {})", quoted(text)),
        Shape::Anything => format!("{value} IS NOT NULL"),
        Shape::Wild => format!("{value} LIKE {}", quoted(&pattern.like())),
    }
}

fn other_lies_in(one: &Operand, other: &Operand, place: Place, fold: bool) -> String {
    let numbers = one.kind() == Kind::Number && other.kind() == Kind::Number;
    let value = |it: &Operand| match it.kind() {
        Kind::Text if fold => format!("lower({})", operand(it)),
        Kind::Text => operand(it),
        _ if numbers && place == Place::Whole => operand(it),
        _ => format!("CAST({} AS VARCHAR)", operand(it)),
    };
    let (one, other) = (value(one), value(other));
    match place {
        Place::Whole => format!("{one} {} {other}", Compare::Equal.sql()),
        Place::Start => format!("starts_with({one}, {other})"),
        Place::End => format!("ends_with({one}, {other})"),
        Place::Within => format!("contains({one}, {other})"),
    }
}

fn part(unit: Unit) -> &'static str {
    match unit {
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Year => "year",
    }
}

/// An operand as an expression over `requests`.
pub fn operand(operand: &Operand) -> String {
    match operand {
        Operand::FullUrl => "full_url(url, scheme, host, port)".to_owned(),
        Operand::PathQuery => "(path || coalesce('?' || query, ''))".to_owned(),
        Operand::Column(Col::User) => "\"user\"".to_owned(),
        Operand::Column(col) => col.name().to_owned(),
        Operand::Body => "body_text(request_body)".to_owned(),
        Operand::Extra(name) => format!("extra_get(extra, {})", quoted(name)),
    }
}
