//! Does `dwell pivot` tell an entity's story, in every format, from what the rows say?

use serde_json::Value;

use crate::world::World;

/// A store with rows of Squid's log, and the pivot's stdout.
fn out(world: &World, words: &[&str]) -> String {
    let words: Vec<&str> = ["pivot"].iter().chain(words).copied().collect();
    world.run(&words).ends(0).out()
}

#[test]
fn people_see_days_hours_and_whom_it_met() {
    let world = World::with_rows();
    insta::assert_snapshot!("pivot_client", world.run(&["pivot", "10.1.1.9"]).shown());
    insta::assert_snapshot!(
        "pivot_host",
        world.run(&["pivot", "www.corp.test", "--top", "1"]).shown()
    );
}

#[test]
fn the_data_say_what_a_word_is() {
    let world = World::with_rows();
    let kind = |entity: &str| {
        let text = out(&world, &[entity, "--format", "json"]);
        serde_json::from_str::<Value>(&text).unwrap()["kind"].as_str().map(str::to_owned)
    };
    assert_eq!(kind("anna").as_deref(), Some("user"));
    assert_eq!(kind("10.1.1.5").as_deref(), Some("client_ip"));
    assert_eq!(kind("198.51.100.7").as_deref(), Some("server_ip"));
    assert_eq!(kind("hxxp://bad[.]example/a.exe").as_deref(), Some("host"));
    assert_eq!(kind("cdn.corp.test").as_deref(), Some("host"));
    let nobody = world.run(&["pivot", "nobody", "--format", "json"]);
    let document: Value = serde_json::from_slice(&nobody.ends(0).stdout).unwrap();
    assert_eq!(
        (&document["kind"], document["findings"].as_array().map(Vec::len)),
        (&Value::Null, Some(0))
    );
    assert!(nobody.stderr.contains("no row is about `nobody`"), "{}", nobody.stderr);
}

#[test]
fn programs_get_all_of_it_in_one_shape() {
    let world = World::with_rows();
    let document: Value =
        serde_json::from_str(&out(&world, &["10.1.1.9", "--format", "json"])).unwrap();
    assert_eq!(document["sections"]["all"]["values"][0]["requests"], 3);
    assert_eq!(document["sections"]["day"]["of"], 2);
    assert_eq!(document["sections"]["host"]["values"][0]["value"], "news.example");
    assert_eq!(document["sections"]["host"]["values"][0]["response_bytes"], 20_481);
    assert_eq!(document["sections"]["hour"]["values"][0]["value"], "2026-11-20T10:00:00Z");
    let csv = out(&world, &["10.1.1.9", "--format", "csv"]);
    assert!(
        csv.starts_with("section,value,requests,peers,request_bytes,response_bytes,first,last\n")
    );
    assert!(
        csv.contains("\nhost,cdn.corp.test,1,1,,230,2026-11-20T10:11:01Z,2026-11-20T10:11:01Z\n"),
        "{csv}"
    );
    let ndjson = out(&world, &["10.1.1.9", "--format", "ndjson"]);
    assert_eq!(ndjson.lines().count() + 1, csv.lines().count());
    assert!(ndjson.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    let bounded = out(&world, &["10.1.1.9", "--since", "2026-11-21", "--format", "csv"]);
    assert!(bounded.contains("\nall,10.1.1.9,1,1,"), "{bounded}");
    assert!(out(&world, &["10.1.1.9", "--format", "markdown"]).contains("| news.example | 2 |"));
}

#[test]
fn timelines_of_others_have_every_row() {
    let world = World::with_rows();
    let lines = out(&world, &["10.1.1.9", "--format", "timesketch"]);
    let events: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 3);
    assert_eq!(events[1]["message"], "10.1.1.9 GET http://news.example/ 200");
    assert_eq!(events[1]["datetime"], "2026-11-20T10:11:02.250Z");
    assert_eq!(events[1]["timestamp"], 1_795_169_462_250_000_i64);
    assert_eq!(events[1]["timestamp_desc"], "Proxy request");
    out(&world, &["10.1.1.9", "--format", "timesketch", "-o", "t.csv"]);
    let csv = std::fs::read_to_string(world.path("t.csv")).unwrap();
    assert!(csv.starts_with("message,datetime,timestamp_desc,"), "{csv}");
    assert_eq!(csv.lines().count(), 4);
    let body = out(&world, &["10.1.1.9", "--format", "bodyfile"]);
    assert_eq!(body.lines().count(), 3);
    assert!(body.lines().all(|line| line.split('|').count() == 11), "{body}");
    let second = body.lines().nth(1).unwrap();
    assert!(
        second.ends_with("|0|----------|0|0|10240|1795169462|1795169462|1795169462|1795169462"),
        "{second}"
    );
}

#[test]
fn a_hostile_name_is_a_name() {
    let world = World::with_rows();
    for entity in ["user:x' OR '1'='1", "'; DROP TABLE requests", "\u{1b}[2J", "ua:"] {
        let run = world.run(&["pivot", entity]);
        assert!(!run.stderr.contains('\u{1b}') && !run.out().contains('\u{1b}'));
        assert!(matches!(run.code, Some(0 | 2)), "{}", run.stderr);
        assert_eq!(run.out(), "");
    }
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["12"]);
}
