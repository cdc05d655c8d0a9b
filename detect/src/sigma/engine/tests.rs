//! Do rules match the rows they mean, and does the engine say the same as a plain reading of the tree?

use super::*;
use crate::sigma::pattern::{Pattern, folded};
use proptest::prelude::*;

fn columns(engine: &Engine, rows: &[Vec<(Operand, Option<&str>)>]) -> Vec<Column> {
    let of = |operand: &Operand, row: &[(Operand, Option<&str>)]| {
        row.iter().find(|(one, _)| one == operand).and_then(|(_, value)| value.map(str::to_owned))
    };
    let column = |operand: &Operand| {
        let values = rows.iter().map(|row| of(operand, row));
        match operand.kind() {
            Kind::Text => Column::Text(values.collect()),
            _ => Column::Number(values.map(|value| value.and_then(|it| it.parse().ok())).collect()),
        }
    };
    engine.operands().iter().map(column).collect()
}

fn run(rules: &[Bound], rows: &[Vec<(Operand, Option<&str>)>]) -> Vec<(usize, u32)> {
    let engine = Engine::new(rules).unwrap();
    let mut found = Vec::new();
    engine.run(&columns(&engine, rows), rows.len(), |row, rule| found.push((row, rule)));
    found
}

fn text(operand: &Operand, pattern: &str, fold: bool) -> Bound {
    let pattern = Pattern::parse(pattern);
    let pattern = if fold { pattern.map(folded) } else { pattern };
    Bound::Atom(Atom { operand: operand.clone(), ask: Ask::Text { pattern, fold } })
}

/// The tree read plainly: each pattern against the value.
fn plainly(bound: &Bound, row: &[(Operand, Option<&str>)]) -> bool {
    match bound {
        Bound::And(list) => list.iter().all(|one| plainly(one, row)),
        Bound::Or(list) => list.iter().any(|one| plainly(one, row)),
        Bound::Not(one) => !plainly(one, row),
        Bound::AtLeast(many, list) => list.iter().filter(|one| plainly(one, row)).count() >= *many,
        Bound::Atom(Atom { operand, ask: Ask::Text { pattern, fold } }) => {
            let value = row.iter().find(|(one, _)| one == operand).and_then(|(_, value)| *value);
            value.is_some_and(|value| match fold {
                true => pattern.matches(&folded(value)),
                false => pattern.matches(value),
            })
        }
        Bound::Atom(_) => false,
    }
}

const AGENT: Operand = Operand::Column(Col::UserAgent);
const URL: Operand = Operand::FullUrl;

fn atoms() -> impl Strategy<Value = Bound> {
    let pattern = "[abAB*?]{0,4}";
    (prop::bool::ANY, pattern, prop::bool::ANY)
        .prop_map(|(agent, pattern, fold)| text(if agent { &AGENT } else { &URL }, &pattern, fold))
}

fn trees() -> impl Strategy<Value = Bound> {
    atoms().prop_recursive(3, 12, 3, |inner| {
        let list = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            list.clone().prop_map(Bound::And),
            list.clone().prop_map(Bound::Or),
            inner.prop_map(|one| Bound::Not(Box::new(one))),
            (1_usize..3, list).prop_map(|(many, list)| Bound::AtLeast(many, list)),
        ]
    })
}

proptest! {
    #[test]
    fn the_engine_reads_as_the_tree_does(
        rules in prop::collection::vec(trees(), 1..6),
        values in prop::collection::vec((prop::option::of("[abABäÄ]{0,5}"), prop::option::of("[abAB]{0,5}")), 1..20),
    ) {
        let rows: Vec<Vec<(Operand, Option<&str>)>> = values
            .iter()
            .map(|(agent, url)| vec![(AGENT, agent.as_deref()), (URL, url.as_deref())])
            .collect();
        let mut expected = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            for (rule, bound) in rules.iter().enumerate() {
                if plainly(bound, row) {
                    expected.push((at, rule as u32));
                }
            }
        }
        prop_assert_eq!(run(&rules, &rows), expected);
    }
}

#[test]
fn questions_about_single_values() {
    let ask = |operand: Operand, ask: Ask| Bound::Atom(Atom { operand, ask });
    let status = Operand::Column(Col::Status);
    let server = Operand::Column(Col::ServerIp);
    let time = Operand::Column(Col::Ts);
    let host = Operand::Column(Col::Host);
    let rules = [
        ask(status.clone(), Ask::Number(Compare::AtLeast, "500".into())),
        ask(status.clone(), Ask::Text { pattern: Pattern::parse("4*"), fold: false }),
        ask(server.clone(), Ask::Network("10.0.0.0/8".parse().unwrap())),
        Bound::Not(Box::new(ask(server.clone(), Ask::Network("10.0.0.0/8".parse().unwrap())))),
        ask(server.clone(), Ask::Absent),
        ask(time.clone(), Ask::Part(Unit::Hour, Compare::Equal, 1)),
        ask(URL, Ask::Other { operand: host.clone(), place: Place::Within, fold: true }),
        ask(URL, Ask::Regex("^HTTP".into())),
    ];
    let row = |url, status_is, server_is, at, host_is| {
        vec![
            (URL, url),
            (status.clone(), status_is),
            (server.clone(), server_is),
            (time.clone(), at),
            (host.clone(), host_is),
        ]
    };
    let rows = [
        row(
            Some("http://A.example/"),
            Some("502"),
            Some("10.1.1.1"),
            Some("3600000000"),
            Some("a.example"),
        ),
        row(Some("HTTP://b.example/"), Some("404"), None, Some("0"), Some("a.example")),
        row(None, None, Some("192.0.2.1"), None, None),
    ];
    let expected = [(0, 0), (0, 2), (0, 5), (0, 6), (1, 1), (1, 3), (1, 4), (1, 7), (2, 3)];
    assert_eq!(run(&rules, &rows), expected);
}

#[test]
fn hostile_values_take_linear_time() {
    let rules =
        ["*a*b?c*", "*a?", "a*", "*aa*", "*a*a*a*a*x"].map(|pattern| text(&URL, pattern, true));
    let value = "a".repeat(1 << 18);
    let rows = [vec![(URL, Some(value.as_str()))]];
    assert_eq!(run(&rules, &rows), [(0, 1), (0, 2), (0, 3)]);
}

use crate::sigma::tree::{Compare, Place, Unit};
