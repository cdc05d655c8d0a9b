//! How do the modifiers behind a field's name turn the values beside it into tests?

mod change;

use super::pattern::Pattern;
use super::tree::{Compare, Place, Test, Tree, Unit};
use super::yaml::{Node, Value, shown};
use super::{Options, Refusal};
use change::{Change, Changed};

/// More values than this after all changes are refused.
const VALUES_MAX: usize = 100_000;
/// The largest regular expression, compiled.
pub(crate) const REGEX_BYTES_MAX: usize = 1 << 20;

/// A field with its modifiers: `c-uri|contains|all`.
#[derive(Debug, Default)]
struct Key<'a> {
    field: Option<&'a str>,
    all: bool,
    negated: bool,
    cased: bool,
    exists: bool,
    network: bool,
    reference: bool,
    regex: bool,
    flags: String,
    compare: Option<Compare>,
    unit: Option<Unit>,
    changes: Vec<Change>,
}

impl<'a> Key<'a> {
    fn parse(key: &'a str, line: u64) -> Result<Self, Refusal> {
        let mut words = key.split('|');
        let field = words.next().filter(|field| !field.is_empty());
        let mut parsed = Self { field, ..Self::default() };
        for word in words {
            parsed.modify(word, line)?;
        }
        parsed.check(line)?;
        Ok(parsed)
    }

    fn modify(&mut self, word: &str, line: u64) -> Result<(), Refusal> {
        let only_first = |this: &Self| match this.changes.is_empty() && !this.cased {
            true => Ok(()),
            false => Err(Refusal::new(line, format!("`{word}` stands behind another modifier"))),
        };
        match word {
            "all" => self.all = true,
            "neq" => self.negated = true,
            "cased" => self.cased = true,
            "exists" => {
                only_first(self)?;
                self.exists = true;
            }
            "cidr" => {
                only_first(self)?;
                self.network = true;
            }
            "fieldref" => self.reference = true,
            "re" => {
                only_first(self)?;
                self.regex = true;
            }
            "i" | "ignorecase" if self.regex => self.flags.push('i'),
            "m" | "multiline" if self.regex => self.flags.push('m'),
            "s" | "dotall" if self.regex => self.flags.push('s'),
            "lt" => self.compare = Some(Compare::Less),
            "lte" => self.compare = Some(Compare::AtMost),
            "gt" => self.compare = Some(Compare::More),
            "gte" => self.compare = Some(Compare::AtLeast),
            "minute" => self.unit = Some(Unit::Minute),
            "hour" => self.unit = Some(Unit::Hour),
            "day" => self.unit = Some(Unit::Day),
            "week" => self.unit = Some(Unit::Week),
            "month" => self.unit = Some(Unit::Month),
            "year" => self.unit = Some(Unit::Year),
            _ => match Change::named(word) {
                Some(change) => self.changes.push(change),
                None => {
                    let word = shown(word);
                    let why = format!("`{word}` is no modifier of the specification, or not here");
                    return Err(Refusal::new(line, why));
                }
            },
        }
        Ok(())
    }

    /// Refuses modifiers that have no meaning together.
    fn check(&self, line: u64) -> Result<(), Refusal> {
        let kinds = [
            (self.exists, "exists"),
            (self.network, "cidr"),
            (self.reference, "fieldref"),
            (self.regex, "re"),
            (self.compare.is_some() || self.unit.is_some(), "a comparison"),
        ];
        let mut given = kinds.iter().filter(|(given, _)| *given).map(|(_, name)| *name);
        let (first, second) = (given.next(), given.next());
        if let (Some(first), Some(second)) = (first, second) {
            return Err(Refusal::new(line, format!("`{first}` and `{second}` exclude each other")));
        }
        let fits = |change: &&Change| match first {
            None => true,
            Some("re") => matches!(change, Change::Contains | Change::Expand),
            Some("fieldref") => {
                matches!(change, Change::Contains | Change::Start | Change::End)
            }
            Some(_) => false,
        };
        if let (Some(first), Some(change)) = (first, self.changes.iter().find(|one| !fits(one))) {
            let why = format!("`{}` has no meaning with `{first}`", change.name());
            return Err(Refusal::new(line, why));
        }
        if self.field.is_none() && matches!(first, Some(what) if what != "re") {
            return Err(Refusal::new(line, "this modifier needs a field before it"));
        }
        Ok(())
    }
}

/// The tests that one entry of a selection asks for: a field with modifiers, and a value or a list of them.
pub(super) fn item(key: &str, line: u64, node: &Node, options: &Options) -> Result<Tree, Refusal> {
    let key = Key::parse(key, line)?;
    let values: Vec<&Node> = match &node.value {
        Value::List(nodes) => nodes.iter().collect(),
        _ => vec![node],
    };
    let field = key.field.map(str::to_owned);
    // A list without values asks for an absent one, as pySigma has it.
    let mut trees = match values.is_empty() {
        true => vec![Tree::Item { field: field.clone(), line, test: Test::Absent }],
        false => vec![],
    };
    let mut tests = 0;
    for value in values {
        let line = value.line;
        let of_value = tests_of(&key, value, options)?;
        tests += of_value.len();
        if tests > VALUES_MAX {
            return Err(Refusal::new(line, format!("more than {VALUES_MAX} values")));
        }
        let item = |test| Tree::Item { field: field.clone(), line, test };
        let of_value = of_value.into_iter().map(item);
        // What a modifier makes of one value (`base64offset`: three texts) are spellings of it: one is enough.
        match key.all {
            true => trees.push(Tree::any(of_value.collect())),
            false => trees.extend(of_value),
        }
    }
    let absent = |tree: &Tree| matches!(tree, Tree::Item { test: Test::Absent, .. });
    if field.is_none() && trees.iter().any(absent) {
        return Err(Refusal::new(line, "nothing as a keyword: only a field can be absent"));
    }
    let tree = if key.all { Tree::all(trees) } else { Tree::any(trees) };
    Ok(if key.negated { Tree::Not(Box::new(tree)) } else { tree })
}

/// A keyword: a value without a field.
pub(super) fn keyword(node: &Node, options: &Options) -> Result<Tree, Refusal> {
    item("", node.line, node, options)
}

/// Longer values than this are no rule: the automaton over all of them would take minutes and gigabytes.
const VALUE_MAX: usize = 64 << 10;

/// The tests of one value, of which one must hold.
fn tests_of(key: &Key<'_>, node: &Node, options: &Options) -> Result<Vec<Test>, Refusal> {
    let line = node.line;
    let wrong = |what: &str| Refusal::new(line, format!("{} where {what} belongs", node.kind()));
    if key.exists {
        let Value::Bool(there) = node.value else { return Err(wrong("`true` or `false`")) };
        return Ok(vec![if there {
            Test::Text { pattern: Pattern::of(vec![super::pattern::Part::Many]), cased: true }
        } else {
            Test::Absent
        }]);
    }
    if node.value == Value::Null {
        let plain = !key.regex && !key.network && !key.reference && key.changes.is_empty();
        return if plain && key.compare.is_none() && key.unit.is_none() {
            Ok(vec![Test::Absent])
        } else {
            Err(wrong("a value"))
        };
    }
    let text = node.text().ok_or_else(|| wrong("a value"))?;
    if text.len() > VALUE_MAX {
        return Err(Refusal::new(line, format!("a value of more than {} KiB", VALUE_MAX >> 10)));
    }
    if key.compare.is_some() || key.unit.is_some() {
        return number(key, text, line).map(|test| vec![test]);
    }
    if key.network {
        let network = network(text)
            .ok_or_else(|| Refusal::new(line, format!("`{}` is no network", shown(text))))?;
        return Ok(vec![Test::Network(network)]);
    }
    if key.regex {
        return regexes(key, text, line, options);
    }
    if key.reference {
        let pattern = Pattern::parse(text);
        let name = pattern.text().filter(|name| !name.is_empty()).map(str::to_owned);
        let name = name.ok_or_else(|| wrong("the name of a field"))?;
        return Ok(vec![Test::Field { name, place: place(&key.changes), cased: key.cased }]);
    }
    if let (Value::Number(number), true) = (&node.value, key.changes.is_empty() && !key.cased) {
        return Ok(vec![Test::Number(Compare::Equal, number.clone())]);
    }
    let changed = change::apply(&key.changes, Changed::Text(Pattern::parse(text)), line, options)?;
    let test = |pattern| Test::Text { pattern, cased: key.cased };
    Ok(changed.into_iter().map(test).collect())
}

fn place(changes: &[Change]) -> Place {
    let has = |one| changes.contains(&one);
    match (has(Change::Contains), has(Change::Start), has(Change::End)) {
        (true, ..) | (_, true, true) => Place::Within,
        (_, true, _) => Place::Start,
        (_, _, true) => Place::End,
        _ => Place::Whole,
    }
}

fn number(key: &Key<'_>, text: &str, line: u64) -> Result<Test, Refusal> {
    let number: f64 =
        text.trim().parse().ok().filter(|it: &f64| it.is_finite()).ok_or_else(|| {
            Refusal::new(line, format!("`{}` is no number to compare with", shown(text)))
        })?;
    let compare = key.compare.unwrap_or(Compare::Equal);
    let Some(unit) = key.unit else { return Ok(Test::Number(compare, text.trim().to_owned())) };
    if number.fract() != 0.0 || number.abs() > 1e9 {
        return Err(Refusal::new(line, format!("`{}` is no part of a time", shown(text))));
    }
    Ok(Test::Part(unit, compare, number as i64))
}

fn network(text: &str) -> Option<ipnet::IpNet> {
    let text = text.trim();
    match text.split_once('/') {
        Some(_) => text.parse().ok(),
        None => text.parse::<std::net::IpAddr>().ok().map(ipnet::IpNet::from),
    }
}

fn regexes(key: &Key<'_>, text: &str, line: u64, options: &Options) -> Result<Vec<Test>, Refusal> {
    let texts = match key.changes.contains(&Change::Expand) {
        true => change::placeholders(text, line, options, regex::escape)?,
        false => vec![text.to_owned()],
    };
    let with_flags = |text: String| match key.flags.as_str() {
        "" => text,
        flags => format!("(?{flags})(?:{text})"),
    };
    texts.into_iter().map(with_flags).map(|text| checked(text, line)).collect()
}

fn checked(text: String, line: u64) -> Result<Test, Refusal> {
    match compiled(&text) {
        Ok(_) => Ok(Test::Regex(text)),
        Err(regex::Error::CompiledTooBig(_)) => {
            let why = format!("the regular expression `{}` becomes too large", shown(&text));
            Err(Refusal::new(line, why))
        }
        Err(error) => {
            // The library draws the place under the text; its last line says what is wrong.
            let error = error.to_string();
            let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let why = format!("the regular expression `{}` cannot be used: {last}", shown(&text));
            Err(Refusal::new(line, why))
        }
    }
}

/// A regular expression with bounded size; it runs in linear time.
pub(crate) fn compiled(text: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(text).size_limit(REGEX_BYTES_MAX).dfa_size_limit(4 << 20).build()
}

#[cfg(test)]
mod tests;
