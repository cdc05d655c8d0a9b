//! Tests of hunts as texts.

use super::*;

const PORT: &str = r#"/*---
id: odd-port
title: Odd ports
finds: Connections to odd ports.
because: "Few programs use them: implants do."
attack: [T1571]
level: Medium
needs: [port]
entity: [client_ip, port]
rows: port NOT IN (80, 443) AND method <> $verb
excusable: true
params:
  - {name: least, type: int, unit: requests, default: 3, doc: fewer are not told}
  - {name: verb, type: text, default: CONNECT}
  - {name: hosts, type: list, default: [a.example]}
author: dwell
---*/
SELECT day, '$least' AS "$x", count(*) AS count -- $no
FROM requests WHERE host IN $hosts /* $no */ GROUP BY day HAVING count(*) >= $least;
"#;

fn values(hunt: &Hunt, set: &[(&str, &str)]) -> Result<Vec<(String, Value)>, Wrong> {
    let set: Vec<_> = set.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    hunt.values(&set)
}

#[test]
fn a_hunt_is_read_and_filled() {
    let hunt = Hunt::parse(PORT).unwrap();
    assert_eq!((hunt.id.as_str(), hunt.level, hunt.excusable), ("odd-port", Level::Medium, true));
    let set = values(&hunt, &[("least", "7"), ("verb", "it's"), ("hosts", "x, y")]).unwrap();
    assert_eq!(
        hunt.query(&set).unwrap(),
        "SELECT day, '$least' AS \"$x\", count(*) AS count -- $no\n\
         FROM requests WHERE host IN ('x', 'y') /* $no */ GROUP BY day HAVING count(*) >= 7"
    );
    let rows = hunt.predicate(&set).unwrap().unwrap();
    assert_eq!(rows, "port NOT IN (80, 443) AND method <> 'it''s'");
}

#[test]
fn what_does_not_fit_is_said() {
    let hunt = Hunt::parse(PORT).unwrap();
    let said = |set: &[(&str, &str)]| values(&hunt, set).unwrap_err().to_string();
    assert!(said(&[("most", "1")]).contains("it has: least, verb, hosts"));
    assert!(said(&[("least", "many")]).contains("of type int"));
    for (from, to, expect) in [
        ("/*---", "--", "begins with"),
        ("---*/", "", "does not end"),
        ("needs: [port]", "needs: [sport]", "no column"),
        ("level: Medium", "level: severe", "no level"),
        ("id: odd-port", "id: Odd Port", "no id"),
        ("default: 3", "default: three", "of type int"),
        ("title:", "titel:", "unknown field"),
        ("author: dwell", "author: [", "no YAML"),
    ] {
        let error = Hunt::parse(&PORT.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(expect), "{from}: {error}");
    }
}

#[test]
fn a_name_that_is_no_parameter_is_said() {
    let text = PORT.replace(">= $least", ">= $leest");
    let hunt = Hunt::parse(&text).unwrap();
    let error = hunt.query(&values(&hunt, &[]).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "`$leest` is no parameter");
}
