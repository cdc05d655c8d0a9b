//! Does a row group under a rule hold what it may, and nothing else?

use std::sync::Arc;

use proptest::prelude::*;
use storage::privacy::{Kind, Privacy, PrivacyKey, Rule};
use storage::schema::Col;
use storage::segment::{Coded, ColumnData, Dictionary, NULL_CODE, RowGroup, encode};

use super::Scrubber;
use crate::render::{GroupRows, Rows};

fn scrubber(json: &str) -> Scrubber {
    let rule: Rule = serde_json::from_str(json).unwrap();
    let key = PrivacyKey::from_secret([3; 32]);
    Scrubber::new(Arc::new(Privacy { rule, key_id: key.id().into() }), key)
}

/// A column of these texts; empty ones are NULL.
fn texts(values: &[&str]) -> ColumnData {
    let mut dictionary = Dictionary::default();
    let codes = values
        .iter()
        .map(|value| if value.is_empty() { NULL_CODE } else { dictionary.push(value.as_bytes()) });
    let codes = codes.collect();
    ColumnData::Text(Coded { values: dictionary, codes })
}

/// A group of these rows in these columns, and what every row has.
fn group(rows: usize, columns: Vec<(Col, ColumnData)>) -> RowGroup {
    let mut all = vec![ColumnData::Null; Col::stored().len()];
    let numbers =
        |from: i64| ColumnData::Int64 { values: (from..from + rows as i64).collect(), valid: None };
    all[Col::Ts as usize] = numbers(1_795_169_425_000_000);
    all[Col::LineNo as usize] = numbers(1);
    all[Col::TsQuality as usize] = ColumnData::ConstText("exact".into());
    all[Col::Verdict as usize] = ColumnData::ConstText("allowed".into());
    all[Col::Parse as usize] = ColumnData::ConstText("ok".into());
    all[Col::SourceId as usize] = ColumnData::ConstInt32(1);
    for (col, data) in columns {
        all[col as usize] = data;
    }
    RowGroup { rows, columns: all }
}

fn shown(group: &RowGroup, col: Col) -> Vec<Option<String>> {
    let rows = GroupRows(group);
    (0..group.rows).map(|row| rows.text(row, col).map(|text| text.into_owned())).collect()
}

fn some(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| (!value.is_empty()).then(|| (*value).to_owned())).collect()
}

#[test]
fn addresses_are_truncated_wherever_the_client_stands() {
    let scrubber = scrubber(r#"{"truncate_ip": {"v4": 24, "v6": 48}}"#);
    let clients = ["10.1.2.3", "2001:db8:1:2::3", "laptop.corp.test", "10.1.2.99", ""];
    let group = scrubber.group(group(
        5,
        vec![
            (Col::ClientIp, texts(&clients)),
            (Col::Computer, texts(&["10.1.2.3", "laptop", "laptop", "", "fe80::1"])),
            (Col::User, texts(&["anna", "10.1.2.3", "", "", ""])),
        ],
    ));
    let expected = some(&["10.1.2.0", "2001:db8:1::", "", "10.1.2.0", ""]);
    assert_eq!(shown(&group, Col::ClientIp), expected);
    let expected = some(&["10.1.2.0", "laptop", "laptop", "", "fe80::"]);
    assert_eq!(shown(&group, Col::Computer), expected);
    assert_eq!(shown(&group, Col::User), some(&["anna", "10.1.2.0", "", "", ""]));
    let ColumnData::Text(coded) = &group.columns[Col::ClientIp as usize] else { panic!() };
    assert_eq!(coded.values.len(), 2, "what became alike shares a code");
    encode(&group).unwrap();
}

#[test]
fn masks_of_no_and_of_all_bits() {
    for (bits, expected) in [
        (r#"{"v4": 0, "v6": 0}"#, ["0.0.0.0", "::"]),
        (r#"{"v4": 32, "v6": 128}"#, ["10.1.2.3", "2001:db8::3"]),
        (r#"{"v4": 8, "v6": 16}"#, ["10.0.0.0", "2001::"]),
    ] {
        let scrubber = scrubber(&format!(r#"{{"truncate_ip": {bits}}}"#));
        let clients = texts(&["10.1.2.3", "2001:db8::3"]);
        let group = scrubber.group(group(2, vec![(Col::ClientIp, clients)]));
        assert_eq!(shown(&group, Col::ClientIp), some(&expected));
    }
}

#[test]
fn pseudonyms_join() {
    let scrubber = scrubber(r#"{"pseudonymise": ["user", "client_ip"]}"#);
    let group = scrubber.group(group(
        3,
        vec![
            (Col::User, texts(&["anna", "bob", "anna"])),
            (Col::ClientIp, ColumnData::ConstText("10.1.2.3".into())),
            (Col::Computer, texts(&["10.1.2.3", "anna", ""])),
        ],
    ));
    let key = PrivacyKey::from_secret([3; 32]);
    let (anna, bob) = (key.pseudonym(Kind::User, "anna"), key.pseudonym(Kind::User, "bob"));
    assert_eq!(shown(&group, Col::User), some(&[&anna, &bob, &anna]));
    let client = key.pseudonym(Kind::ClientIp, "10.1.2.3");
    assert_eq!(shown(&group, Col::ClientIp), some(&[&client, &client, &client]));
    assert_eq!(shown(&group, Col::Computer), some(&[&client, "anna", ""]));
}

#[test]
fn urls_and_their_parts_agree() {
    let columns = || {
        vec![
            (Col::Scheme, ColumnData::ConstText("http".into())),
            (Col::Host, ColumnData::ConstText("h.test".into())),
            (Col::Path, ColumnData::ConstText("/a".into())),
            (Col::Query, texts(&["s=1", "s=2", ""])),
            (Col::Url, texts(&["", "http://anna@H.test/a?s=2#f", ""])),
            (Col::Referer, texts(&["http://r.test/?s=1", "r.test#x", "http://r.test/"])),
        ]
    };
    let cut = scrubber(r#"{"cut_query": true}"#).group(group(3, columns()));
    let expected = some(&["http://h.test/a", "http://H.test/a", "http://h.test/a"]);
    assert_eq!(shown(&cut, Col::Url), expected);
    assert_eq!(shown(&cut, Col::Query), some(&["", "", ""]));
    let expected = some(&["http://r.test/", "r.test", "http://r.test/"]);
    assert_eq!(shown(&cut, Col::Referer), expected);
    // Without the user, a URL is without its name; the query may stay.
    let user = scrubber(r#"{"drop": ["user"]}"#).group(group(3, columns()));
    assert_eq!(shown(&user, Col::Url)[1].as_deref(), Some("http://H.test/a?s=2#f"));
    let path = scrubber(r#"{"drop": ["path"]}"#).group(group(3, columns()));
    assert_eq!(shown(&path, Col::Url), some(&["http://h.test"; 3]));
    let url = scrubber(r#"{"keep": ["host"]}"#).group(group(3, columns()));
    assert_eq!(shown(&url, Col::Url), some(&["h.test"; 3]));
    assert_eq!(shown(&url, Col::Referer), some(&["", "", ""]));
}

#[test]
fn of_extra_only_what_gives_nothing_back() {
    let extra = r#"{"utc_offset":"+0100","note":"for CORP%5CAnna","X-Forwarded-For":"10.9.9.9","tail":" x","user":"ANNA","x-virus-id":"v1"}"#;
    let columns = || {
        vec![
            (Col::User, texts(&["corp\\anna", "bob", ""])),
            (Col::Extra, texts(&[extra, extra, ""])),
        ]
    };
    let group_of = |json: &str| scrubber(json).group(group(3, columns()));
    let kept = |json: &str, row: usize| shown(&group_of(json), Col::Extra)[row].clone();
    let user = r#"{"pseudonymise": ["user"]}"#;
    let all = r#"{"X-Forwarded-For":"10.9.9.9","utc_offset":"+0100","x-virus-id":"v1"}"#;
    assert_eq!(kept(user, 0).as_deref(), Some(all));
    assert!(kept(user, 1).is_some_and(|json| json.contains("note")), "it says nothing of bob");
    assert_eq!(kept(user, 2), None);
    let client = kept(r#"{"truncate_ip": {}}"#, 0).unwrap();
    assert!(!client.contains("10.9.9.9") && client.contains("note"), "{client}");
    let one = kept(r#"{"keep": ["extra.x-virus-id", "user"]}"#, 0);
    assert_eq!(one.as_deref(), Some(r#"{"x-virus-id":"v1"}"#));
    let without = kept(r#"{"drop": ["extra.x-virus-id"]}"#, 0).unwrap();
    assert!(!without.contains("v1") && without.contains("utc_offset"), "{without}");
    assert_eq!(kept(r#"{"drop": ["extra"]}"#, 0), None);
    // What was not understood is not kept.
    let mut columns = columns();
    columns.push((Col::Parse, ColumnData::ConstText("partial".into())));
    let partial = scrubber(user).group(group(3, columns));
    assert_eq!(shown(&partial, Col::Extra), some(&["", "", ""]));
}

#[test]
fn whole_lines_and_numbers_go() {
    let scrubber = scrubber(r#"{"drop": ["status", "client_port", "request_body"]}"#);
    let raw = || {
        let mut values = Dictionary::default();
        values.push(b"the whole line");
        ColumnData::Binary(Coded { values, codes: vec![0, 0] })
    };
    let group = scrubber.group(group(
        2,
        vec![
            (Col::Raw, raw()),
            (Col::RequestBody, raw()),
            (Col::Status, ColumnData::Int32(vec![Some(200), None])),
            (Col::ClientPort, ColumnData::ConstInt32(4711)),
        ],
    ));
    for col in [Col::Raw, Col::RequestBody, Col::Status, Col::ClientPort] {
        assert!(matches!(group.columns[col as usize], ColumnData::Null), "{col:?}");
    }
    assert_eq!(shown(&group, Col::Verdict), some(&["allowed", "allowed"]));
    encode(&group).unwrap();
}

/// Every value of every text column, one after another.
fn everything(group: &RowGroup) -> String {
    let mut all = String::new();
    for data in &group.columns {
        match data {
            ColumnData::ConstText(text) => all.push_str(text),
            ColumnData::Text(coded) | ColumnData::Binary(coded) => {
                coded.values.iter().for_each(|value| {
                    all.push_str(&String::from_utf8_lossy(value));
                    all.push('\n');
                });
            }
            _ => {}
        }
    }
    all
}

proptest! {
    /// Whatever a row holds: a value that a rule takes away stands nowhere, not even in the dictionaries, unless it is
    /// logged in another column as well.
    #[test]
    fn removed_values_never_appear(
        user in "zq[a-z0-9]{6}", client in 1u8..255, query in "zk[a-z0-9]{6}=[a-z]{1,5}",
        name in "[a-zA-Z>-]{1,12}", before in "[ -~]{0,6}", after in "[ -~]{0,6}",
        rule in 0usize..5, upper in any::<bool>(), rows in 1usize..4,
    ) {
        let rules = [
            r#"{"drop": ["user", "client_ip", "query"]}"#,
            r#"{"pseudonymise": ["user", "client_ip"], "cut_query": true}"#,
            r#"{"truncate_ip": {"v4": 16}, "drop": ["user"], "cut_query": true}"#,
            r#"{"keep": ["host", "extra"]}"#,
            r#"{"keep": ["url", "extra"], "cut_query": true}"#,
        ];
        let client = format!("10.77.7.{client}");
        // A letter beside a name makes it another word.
        let (before, after) = (format!("{before} "), format!(" {after}"));
        let logged = if upper { user.to_uppercase() } else { user.clone() };
        let member = |value: &str| {
            let text = format!("{before}{value}{after}");
            serde_json::json!({ name.clone(): text, "tail": value, "b": 1 }).to_string()
        };
        let extras = [member(&logged), member(&client), member(&query)];
        let extras: Vec<&str> = (0..rows).map(|row| extras[row % 3].as_str()).collect();
        let url = format!("http://{user}@h.test/a?{query}");
        let group = scrubber(rules[rule]).group(group(rows, vec![
            (Col::User, texts(&vec![logged.as_str(); rows])),
            (Col::ClientIp, texts(&vec![client.as_str(); rows])),
            (Col::Query, ColumnData::ConstText(query.clone())),
            (Col::Url, texts(&vec![url.as_str(); rows])),
            (Col::Referer, texts(&vec![url.as_str(); rows])),
            (Col::Computer, texts(&vec![client.as_str(); rows])),
            (Col::Extra, texts(&extras)),
        ]));
        let all = everything(&group).to_lowercase();
        prop_assert!(!all.contains(&user), "{all}");
        prop_assert!(!all.contains(&client), "{all}");
        let referer_stays = rule == 0;
        prop_assert!(referer_stays || !all.contains(&query), "{all}");
        encode(&group).unwrap();
    }
}
