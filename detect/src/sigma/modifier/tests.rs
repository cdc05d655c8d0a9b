//! Do modifiers make the tests that the specification means?

use super::*;
use crate::sigma::yaml::documents;

fn options() -> Options {
    let values = vec!["srv*".to_owned(), "db1".to_owned()];
    Options { placeholders: [("Servers".to_owned(), values)].into() }
}

/// The tests that a key and a value make, as text.
fn made(line: &str) -> Result<String, String> {
    let (documents, wrong) = documents(line);
    assert_eq!(wrong, None, "{line}");
    let entry = &documents[0].entries()[0];
    item(&entry.key, entry.line, &entry.node, &options())
        .map(|tree| show(&tree))
        .map_err(|it| it.why)
}

fn show(tree: &Tree) -> String {
    let list = |trees: &[Tree], word: &str| trees.iter().map(show).collect::<Vec<_>>().join(word);
    match tree {
        Tree::And(trees) => format!("({})", list(trees, " & ")),
        Tree::Or(trees) => format!("({})", list(trees, " | ")),
        Tree::Not(tree) => format!("!{}", show(tree)),
        Tree::AtLeast(..) => "?".into(),
        Tree::Item { test, .. } => match test {
            Test::Text { pattern, cased: false } => pattern.shown(),
            Test::Text { pattern, cased: true } => format!("cased {}", pattern.shown()),
            Test::Regex(text) => format!("/{text}/"),
            Test::Number(compare, number) => format!("{} {number}", compare.sql()),
            Test::Part(unit, compare, number) => format!("{unit:?} {} {number}", compare.sql()),
            Test::Absent => "absent".into(),
            Test::Network(network) => network.to_string(),
            Test::Field { name, place, cased } => format!("{place:?} {name} {cased}"),
        },
    }
}

#[test]
fn values_become_tests() {
    for (line, expected) in [
        ("a: b", "b"),
        ("a: [b, C*]", "(b | C*)"),
        ("a|contains: b", "*b*"),
        ("a|contains: '*b'", "*b*"),
        ("a|startswith: b", "b*"),
        ("a|endswith: b", "*b"),
        ("a|contains|all: [b, c]", "(*b* & *c*)"),
        ("a|contains|cased: B", "cased *B*"),
        ("a|neq: b", "!b"),
        ("a|neq: [b, c]", "!(b | c)"),
        ("a: 5", "= 5"),
        ("a|contains: 5", "*5*"),
        ("a: null", "absent"),
        ("a: ''", ""),
        ("a: []", "absent"),
        ("a|exists: true", "cased *"),
        ("a|exists: false", "absent"),
        ("a|gte: 5", ">= 5"),
        ("a|lt: -1.5", "< -1.5"),
        ("a|hour: 23", "Hour = 23"),
        ("a|hour|gte: 22", "Hour >= 22"),
        ("a|re: 'x\\d+'", "/x\\d+/"),
        ("a|re|i|s: 'x.'", "/(?is)(?:x.)/"),
        ("a|cidr: [10.0.0.0/8, '::1']", "(10.0.0.0/8 | ::1/128)"),
        ("a|fieldref: b", "Whole b false"),
        ("a|fieldref|startswith: b", "Start b false"),
        ("a|base64: foobar", "Zm9vYmFy"),
        ("a|base64offset|contains: foo", "(*Zm9v* | *Zvb* | *mb2*)"),
        (
            "a|base64offset|contains|all: [foo, foo]",
            "((*Zm9v* | *Zvb* | *mb2*) & (*Zm9v* | *Zvb* | *mb2*))",
        ),
        ("a|wide|base64: 'aß'", "YQDfAA=="),
        ("a|utf16le|base64: ab", "YQBiAA=="),
        ("a|utf16be|base64: ab", "AGEAYg=="),
        ("a|utf16|base64: ab", "//5hAGIA"),
        (
            "a|windash: 'x -a b-c'",
            "(x -a b-c | x /a b-c | x \u{2013}a b-c | x \u{2014}a b-c | x \u{2015}a b-c)",
        ),
        ("a|expand: 'x%Servers%.example'", "(xsrv*.example | xdb1.example)"),
        ("a|expand: '5\\% %x'", "5% %x"),
        ("a: '%Servers%'", "%Servers%"),
        ("a|re|expand: '^%Servers%$'", "(/^srv\\*$/ | /^db1$/)"),
        ("'|all': [b, c]", "(b & c)"),
        ("a: true", "true"),
    ] {
        assert_eq!(made(line).as_deref(), Ok(expected), "{line}");
    }
}

#[test]
fn what_has_no_meaning_is_refused() {
    let big = format!("a|re: '{}'", "(a{1000}){1000}");
    let deep = format!("a|re: '{}a{}'", "(".repeat(5_000), ")".repeat(5_000));
    for (line, word) in [
        ("a|frob: b", "frob"),
        ("a|i: b", "`i`"),
        ("a|re: '(?<=x)y'", "look-around"),
        ("a|re: '(x)\\1'", "backreferences"),
        ("a|re: '['", "cannot be used"),
        (&big, "too large"),
        (&deep, "cannot be used"),
        ("a|contains|re: x", "behind another"),
        ("a|re|startswith: x", "no meaning"),
        ("a|cidr: 10.0.0.0/33", "no network"),
        ("a|cidr|re: x", "exclude"),
        ("a|gt: x", "no number"),
        ("a|hour: 1.5", "no part of a time"),
        ("a|exists: 1", "`true` or `false`"),
        ("a|base64: 'x*'", "wildcard"),
        ("a|wide: 'ß'", "UTF-16"),
        ("a|windash: '-a -b -c -d'", "dashes"),
        ("a|expand: '%Unknown%'", "--placeholder Unknown="),
        ("a|contains: null", "nothing where a value"),
        ("'|exists': true", "needs a field"),
        ("'|all': null", "keyword"),
        ("a: [[b]]", "a list where"),
        ("a|fieldref: 'b*'", "name of a field"),
    ] {
        let why = made(line).unwrap_err();
        assert!(why.contains(word), "{line}: {why}");
    }
}

#[test]
fn a_value_that_is_too_long_is_refused() {
    assert!(made(&format!("c-uri|contains: {}", "a".repeat(VALUE_MAX))).is_ok());
    let why = made(&format!("c-uri|contains: {}", "a".repeat(VALUE_MAX + 1))).unwrap_err();
    assert!(why.contains("64 KiB"), "{why}");
}
