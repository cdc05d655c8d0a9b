//! How do the selections of a rule go together? The language of `condition`: and, or, not, parentheses, `1 of`, `all of`.

use super::Refusal;
use super::tree::Tree;
use super::yaml::shown;

/// How deep parentheses and `not` may lie in each other.
const DEEPEST: usize = 64;
/// The longest condition.
const LONGEST: usize = 64 << 10;

/// More tests than this, those of a selection counted each time it is named, are refused.
const ITEMS_MAX: usize = 500_000;

/// What `1 of` and `all of` choose from.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Quantity {
    All,
    AtLeast(usize),
}

/// Reads a condition over the selections, which have names.
pub(super) fn parse(text: &str, line: u64, selections: &[(String, Tree)]) -> Result<Tree, Refusal> {
    if text.len() > LONGEST {
        return Err(Refusal::new(line, "the condition is longer than any rule needs"));
    }
    if text.contains('|') {
        let why = "a condition with `|`: aggregations are correlation rules since Sigma 2.0";
        return Err(Refusal::new(line, why));
    }
    let tokens = tokens(text);
    let mut reader = Reader { tokens: &tokens, at: 0, line, selections, depth: 0, left: ITEMS_MAX };
    let tree = reader.or()?;
    match reader.peek() {
        None => Ok(tree),
        Some(word) => Err(reader.wrong(&format!("`{}` is not expected here", shown(word)))),
    }
}

fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for word in text.split_whitespace() {
        let mut rest = word;
        while let Some(at) = rest.find(['(', ')']) {
            tokens.extend(Some(&rest[..at]).filter(|word| !word.is_empty()));
            tokens.push(&rest[at..=at]);
            rest = &rest[at + 1..];
        }
        tokens.extend(Some(rest).filter(|word| !word.is_empty()));
    }
    tokens
}

struct Reader<'a> {
    tokens: &'a [&'a str],
    at: usize,
    line: u64,
    selections: &'a [(String, Tree)],
    depth: usize,
    left: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).copied()
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|it| it.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn wrong(&self, why: &str) -> Refusal {
        Refusal::new(self.line, format!("in the condition, {why}"))
    }

    fn or(&mut self) -> Result<Tree, Refusal> {
        let mut trees = vec![self.and()?];
        while self.takes("or") {
            trees.push(self.and()?);
        }
        Ok(Tree::any(trees))
    }

    fn and(&mut self) -> Result<Tree, Refusal> {
        let mut trees = vec![self.not()?];
        while self.takes("and") {
            trees.push(self.not()?);
        }
        Ok(Tree::all(trees))
    }

    fn not(&mut self) -> Result<Tree, Refusal> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong("parentheses lie too deep in each other"));
        }
        let tree = match self.takes("not") {
            true => Tree::Not(Box::new(self.not()?)),
            false => self.operand()?,
        };
        self.depth -= 1;
        Ok(tree)
    }

    fn operand(&mut self) -> Result<Tree, Refusal> {
        let Some(word) = self.peek() else {
            return Err(self.wrong("something is missing at its end"));
        };
        self.at += 1;
        if word == "(" {
            let tree = self.or()?;
            return match self.takes(")") {
                true => Ok(tree),
                false => Err(self.wrong("a `)` is missing")),
            };
        }
        let of_follows = self.peek().is_some_and(|it| it.eq_ignore_ascii_case("of"));
        if of_follows && let Some(quantity) = quantity(word) {
            self.at += 1;
            return self.several(quantity, word);
        }
        match self.selections.iter().find(|(name, _)| name == word) {
            Some((_, tree)) => self.copy(tree),
            None => Err(self.wrong(&format!("`{}` is no selection of this rule", shown(word)))),
        }
    }

    fn copy(&mut self, tree: &Tree) -> Result<Tree, Refusal> {
        let mut items = 0;
        tree.for_each(&mut |_, _, _| items += 1);
        self.left = self.left.checked_sub(items).ok_or_else(|| {
            self.wrong("selections are named so often that there are too many tests")
        })?;
        Ok(tree.clone())
    }

    fn several(&mut self, quantity: Quantity, word: &str) -> Result<Tree, Refusal> {
        let Some(pattern) = self.peek().filter(|it| !matches!(*it, "(" | ")")) else {
            return Err(self.wrong("a name is missing behind `of`"));
        };
        self.at += 1;
        let chosen = |name: &str| match pattern.eq_ignore_ascii_case("them") {
            true => !name.starts_with('_'),
            // Names with an underscore at the beginning are not meant, unless the pattern says so.
            false => fits(pattern, name) && (pattern.starts_with('_') || !name.starts_with('_')),
        };
        let found: Vec<&Tree> =
            self.selections.iter().filter(|(name, _)| chosen(name)).map(|(_, tree)| tree).collect();
        let trees = found.into_iter().map(|tree| self.copy(tree)).collect::<Result<Vec<_>, _>>()?;
        if trees.is_empty() {
            let pattern = shown(pattern);
            return Err(self.wrong(&format!("`{word} of {pattern}` fits no selection")));
        }
        Ok(match quantity {
            Quantity::All => Tree::all(trees),
            Quantity::AtLeast(1) => Tree::any(trees),
            Quantity::AtLeast(many) => Tree::AtLeast(many, trees),
        })
    }
}

fn quantity(word: &str) -> Option<Quantity> {
    match word.to_ascii_lowercase().as_str() {
        "all" => Some(Quantity::All),
        "any" => Some(Quantity::AtLeast(1)),
        number => number.parse().ok().filter(|many| *many > 0).map(Quantity::AtLeast),
    }
}

/// Whether a name fits a pattern in which only `*` is a wildcard.
fn fits(pattern: &str, name: &str) -> bool {
    use super::pattern::{Part, Pattern};
    let mut parts = Vec::new();
    for (at, text) in pattern.split('*').enumerate() {
        if at > 0 {
            parts.push(Part::Many);
        }
        parts.push(Part::Text(text.to_owned()));
    }
    Pattern::of(parts).matches(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigma::tree::Test;

    fn item(name: &str) -> Tree {
        Tree::Item { field: Some(name.into()), line: 1, test: Test::Absent }
    }

    fn read(text: &str) -> Result<String, String> {
        let names = ["sel_a", "sel_b", "filter", "_hidden", "notsel"];
        let selections: Vec<_> = names.iter().map(|name| (name.to_string(), item(name))).collect();
        parse(text, 7, &selections).map(|tree| show(&tree)).map_err(|it| it.why)
    }

    fn show(tree: &Tree) -> String {
        let list = |trees: &[Tree], word: &str| {
            format!("({})", trees.iter().map(show).collect::<Vec<_>>().join(word))
        };
        match tree {
            Tree::And(trees) => list(trees, " & "),
            Tree::Or(trees) => list(trees, " | "),
            Tree::Not(tree) => format!("!{}", show(tree)),
            Tree::AtLeast(many, trees) => format!("{many}{}", list(trees, ", ")),
            Tree::Item { field, .. } => field.clone().unwrap(),
        }
    }

    #[test]
    fn precedence_and_patterns() {
        for (text, expected) in [
            ("sel_a", "sel_a"),
            ("sel_a or sel_b and not filter", "(sel_a | (sel_b & !filter))"),
            ("(sel_a or sel_b)and not filter", "((sel_a | sel_b) & !filter)"),
            ("not not sel_a", "!!sel_a"),
            ("notsel", "notsel"),
            ("1 of sel_* and not 1 of filter*", "((sel_a | sel_b) & !filter)"),
            ("all of sel_*", "(sel_a & sel_b)"),
            ("any of them", "(sel_a | sel_b | filter | notsel)"),
            ("2 of them", "2(sel_a, sel_b, filter, notsel)"),
            ("1 of _*", "_hidden"),
            ("1 of *sel*", "(sel_a | sel_b | notsel)"),
            ("sel_a AND NOT filter", "(sel_a & !filter)"),
            ("1 of sel_a", "sel_a"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let deep = format!("{}sel_a{}", "(".repeat(10_000), ")".repeat(10_000));
        let nots = "not ".repeat(10_000) + "sel_a";
        for (text, word) in [
            ("", "missing"),
            ("sel_a and", "missing"),
            ("sel_c", "`sel_c` is no selection"),
            ("(sel_a", "`)`"),
            ("sel_a sel_b", "not expected"),
            ("sel_a)", "not expected"),
            ("1 of nothing*", "fits no selection"),
            ("1 of", "missing behind `of`"),
            ("0 of them", "no selection"),
            ("sel_a | count() > 5", "correlation"),
            (&deep, "deep"),
            (&nots, "deep"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(word), "{text}: {why}");
        }
    }
}
