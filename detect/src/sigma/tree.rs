//! What does a rule ask? A tree of tests on fields, in the words of the specification and before any column is known.

use ipnet::IpNet;

use super::pattern::Pattern;

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compare {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `<>`
    Differs,
}

impl Compare {
    /// The operator in SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Differs => "<>",
        }
    }

    /// Whether it holds.
    pub fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Differs => left != right,
        }
    }
}

/// Where in a value another one lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// It is the whole.
    Whole,
    /// At the beginning.
    Start,
    /// At the end.
    End,
    /// Anywhere.
    Within,
}

/// A part of a time, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// Of the month, from 1.
    Day,
    /// Of the year, by ISO 8601.
    Week,
    /// From 1.
    Month,
    /// Of the calendar.
    Year,
}

/// What is asked of the value of a field. A value that is absent answers no test but [`Test::Absent`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// The value matches the pattern; `cased` if case counts.
    Text {
        /// The pattern.
        pattern: Pattern,
        /// Whether case counts.
        cased: bool,
    },
    /// The regular expression, flags within it, is found in the value.
    Regex(String),
    /// The value is a number that compares so with this one.
    Number(Compare, String),
    /// So does a part of the time.
    Part(Unit, Compare, i64),
    /// There is no value.
    Absent,
    /// The value is an address in this network.
    Network(IpNet),
    /// Another field's value lies in the value.
    Field {
        /// The other field.
        name: String,
        /// Where.
        place: Place,
        /// Whether case counts.
        cased: bool,
    },
}

/// What a rule asks of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    /// All of these; nothing asked is true.
    And(Vec<Tree>),
    /// One of these; none to choose from is false.
    Or(Vec<Tree>),
    /// This is not true: false, or without an answer.
    Not(Box<Tree>),
    /// So many of these.
    AtLeast(usize, Vec<Tree>),
    /// A test.
    Item {
        /// The field as the rule names it; without one, any field of the event.
        field: Option<String>,
        /// The line of the rule's file.
        line: u64,
        /// The test.
        test: Test,
    },
}

impl Tree {
    /// All of these, or the only one.
    pub fn all(mut trees: Vec<Tree>) -> Self {
        if trees.len() == 1 { trees.remove(0) } else { Self::And(trees) }
    }

    /// One of these, or the only one.
    pub fn any(mut trees: Vec<Tree>) -> Self {
        if trees.len() == 1 { trees.remove(0) } else { Self::Or(trees) }
    }

    /// Calls `each` with every test.
    pub fn for_each(&self, each: &mut impl FnMut(Option<&str>, u64, &Test)) {
        match self {
            Self::And(trees) | Self::Or(trees) | Self::AtLeast(_, trees) => {
                trees.iter().for_each(|tree| tree.for_each(each));
            }
            Self::Not(tree) => tree.for_each(each),
            Self::Item { field, line, test } => each(field.as_deref(), *line, test),
        }
    }
}
