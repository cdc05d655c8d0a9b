//! What does a rule ask of the columns? Its tree with fields put in place by what they mean.

use ipnet::IpNet;
use storage::observable::host;
use storage::schema::Col;

use super::fields::{Case, KEYWORDS, Kind, Operand, operands};
use super::pattern::{Part, Pattern, Shape, folded};
use super::tree::{Compare, Place, Test, Tree, Unit};
use super::{LogKind, Refusal};

/// What is asked of one operand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ask {
    /// It matches the pattern; with `fold` both without case (the pattern already is).
    Text {
        /// The pattern.
        pattern: Pattern,
        /// Whether the value's case is taken out first.
        fold: bool,
    },
    /// The regular expression is found in it.
    Regex(String),
    /// It compares so with the number.
    Number(Compare, String),
    /// Part of the time compares so.
    Part(Unit, Compare, i64),
    /// It is NULL.
    Absent,
    /// It is an address in this network.
    Network(IpNet),
    /// Another operand lies in it.
    Other {
        /// The other.
        operand: Operand,
        /// Where.
        place: Place,
        /// Whether case is taken out of both.
        fold: bool,
    },
}

/// A question to one operand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Atom {
    /// Who is asked.
    pub operand: Operand,
    /// What.
    pub ask: Ask,
}

/// What a rule asks of the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// All of these.
    And(Vec<Bound>),
    /// One of these.
    Or(Vec<Bound>),
    /// This is false, or has no answer.
    Not(Box<Bound>),
    /// So many of these.
    AtLeast(usize, Vec<Bound>),
    /// One question.
    Atom(Atom),
}

/// Whether something can come of a rule where some columns are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// No row can match.
    Never,
    /// Some may.
    Maybe,
    /// Each does.
    Always,
}

impl Bound {
    /// Binds the tree of a rule.
    pub fn of(tree: &Tree, kind: LogKind) -> Result<Self, Refusal> {
        let all = |trees: &[Tree]| -> Result<Vec<Self>, Refusal> {
            trees.iter().map(|tree| Self::of(tree, kind)).collect()
        };
        Ok(match tree {
            Tree::And(trees) => Self::And(all(trees)?),
            Tree::Or(trees) => Self::Or(all(trees)?),
            Tree::AtLeast(many, trees) => Self::AtLeast(*many, all(trees)?),
            Tree::Not(tree) => Self::Not(Box::new(Self::of(tree, kind)?)),
            Tree::Item { field, line, test } => match field {
                Some(field) => item(field, *line, test, kind)?,
                None => keyword(test),
            },
        })
    }

    /// Calls `each` with every question.
    pub fn for_each<'a>(&'a self, each: &mut impl FnMut(&'a Atom)) {
        match self {
            Self::And(list) | Self::Or(list) | Self::AtLeast(_, list) => {
                list.iter().for_each(|one| one.for_each(each));
            }
            Self::Not(one) => one.for_each(each),
            Self::Atom(atom) => each(atom),
        }
    }

    /// What can come of it where only operands that are `there` have values.
    pub fn outlook(&self, there: &impl Fn(&Operand) -> bool) -> Outlook {
        use Outlook::{Always, Maybe, Never};
        let count = |list: &[Self], what: Outlook| {
            list.iter().filter(|one| one.outlook(there) == what).count()
        };
        let at_least = |many: usize, list: &[Self]| {
            let (sure, open) = (count(list, Always), count(list, Maybe));
            match () {
                () if sure >= many => Always,
                () if sure + open < many => Never,
                () => Maybe,
            }
        };
        match self {
            Self::And(list) => at_least(list.len(), list),
            Self::Or(list) => at_least(1, list),
            Self::AtLeast(many, list) => at_least(*many, list),
            Self::Not(one) => match one.outlook(there) {
                Always => Never,
                Never => Always,
                Maybe => Maybe,
            },
            Self::Atom(atom) if there(&atom.operand) => Maybe,
            Self::Atom(atom) if atom.ask == Ask::Absent => Always,
            Self::Atom(_) => Never,
        }
    }
}

/// A keyword: it lies anywhere in the event.
fn keyword(test: &Test) -> Bound {
    let within = match test {
        Test::Text { pattern, cased } => {
            Test::Text { pattern: pattern.clone().after_any().before_any(), cased: *cased }
        }
        Test::Number(_, number) => {
            Test::Text { pattern: Pattern::plain(number).after_any().before_any(), cased: false }
        }
        other => other.clone(),
    };
    // Keywords have no test that does not fit every operand.
    let atoms = KEYWORDS.iter().filter_map(|operand| atom(operand, &within).ok());
    Bound::Or(atoms.collect())
}

fn item(field: &str, line: u64, test: &Test, kind: LogKind) -> Result<Bound, Refusal> {
    let mut meant = operands(field);
    let path_like = |test: &Test| {
        let Test::Text { pattern, .. } = test else { return false };
        let first = pattern.parts().iter().find_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        });
        first.is_some_and(|text| text.starts_with('/'))
    };
    if kind == LogKind::Webserver && meant == [Operand::Column(Col::Query)] && path_like(test) {
        meant.push(Operand::PathQuery);
    }
    let mut atoms = Vec::new();
    for operand in &meant {
        if let Test::Field { name, place, cased } = test {
            atoms.extend(operands(name).into_iter().map(|other| {
                Bound::Atom(Atom {
                    operand: operand.clone(),
                    ask: Ask::Other { operand: other, place: *place, fold: !cased },
                })
            }));
            continue;
        }
        atoms.push(atom(operand, test).map_err(|why| {
            Refusal::new(line, format!("`{}`: {why}", super::yaml::shown(field)))
        })?);
    }
    // Where a value may lie in one of two places, it is absent if it is in neither.
    Ok(match (test, atoms.len()) {
        (_, 1) => atoms.remove(0),
        (Test::Absent, _) => Bound::And(atoms),
        _ => Bound::Or(atoms),
    })
}

fn atom(operand: &Operand, test: &Test) -> Result<Bound, &'static str> {
    let ask = match (operand.kind(), test) {
        (_, Test::Absent) => Ask::Absent,
        (Kind::Time, Test::Text { pattern, .. }) if pattern.shape() == Shape::Anything => {
            Ask::Text { pattern: pattern.clone(), fold: false }
        }
        (Kind::Time, Test::Part(unit, compare, value)) => Ask::Part(*unit, *compare, *value),
        (Kind::Time, _) => return Err("a time is asked with `minute` to `year`"),
        (_, Test::Part(..)) => return Err("no time, so that it has no minute or hour"),
        (Kind::Number, Test::Network(_)) => return Err("no address, so that it is in no network"),
        (Kind::Text, Test::Network(network)) => Ask::Network(*network),
        (_, Test::Regex(text)) => Ask::Regex(text.clone()),
        (Kind::Number, Test::Number(compare, number)) => Ask::Number(*compare, number.clone()),
        (Kind::Number, Test::Text { pattern, .. }) => match pattern.text().map(str::trim) {
            Some(text) if text.parse::<i64>().is_ok() => {
                Ask::Number(Compare::Equal, text.to_owned())
            }
            _ => Ask::Text { pattern: pattern.clone(), fold: false },
        },
        (Kind::Text, Test::Number(Compare::Equal, number)) => {
            text(operand, &Pattern::plain(number), false)
        }
        (Kind::Text, Test::Number(compare, number)) => Ask::Number(*compare, number.clone()),
        (Kind::Text, Test::Text { pattern, cased }) => text(operand, pattern, *cased),
        (_, Test::Field { .. }) => return Err("a reference where a value belongs"),
    };
    Ok(Bound::Atom(Atom { operand: operand.clone(), ask }))
}

fn text(operand: &Operand, pattern: &Pattern, cased: bool) -> Ask {
    let mut pattern = pattern.clone();
    if *operand == Operand::Column(Col::HttpVersion) {
        pattern = without_name(&pattern);
    }
    if *operand == Operand::Column(Col::Host)
        && let Some(name) = pattern.text().filter(|name| !name.is_ascii())
        && let Some(ascii) = host::normalize(name)
    {
        pattern = Pattern::plain(&ascii);
    }
    if cased {
        return Ask::Text { pattern, fold: false };
    }
    match operand.case() {
        Case::Mixed => Ask::Text { pattern: pattern.map(folded), fold: true },
        Case::Lower => Ask::Text { pattern: pattern.map(folded), fold: false },
        Case::Upper => Ask::Text { pattern: pattern.map(str::to_uppercase), fold: false },
    }
}

/// `HTTP/1.1` is kept as `1.1`.
fn without_name(pattern: &Pattern) -> Pattern {
    const NAME: &str = "http/";
    let strip = |text: &str| match text.get(..NAME.len()) {
        Some(name) if name.eq_ignore_ascii_case(NAME) => text[NAME.len()..].to_owned(),
        _ => text.to_owned(),
    };
    pattern.map(strip)
}
