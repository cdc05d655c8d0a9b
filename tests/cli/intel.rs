//! Lists of indicators and passive DNS from the command line: in, looked at, searched for, out again.

use serde_json::Value;

use crate::world::World;

/// A list as people pass it on.
const LIST: &str = "# from a friend
shell[.]example
hxxp://cdn.corp[.]test/p26.html?x=1
https://shell.example:4444/panel
198.51.100.8
google.com
d41d8cd98f00b204e9800998ecf8427e
mule@mail.example
not a value at all
";

/// A warninglist.
const WARNING: &str = r#"{"name":"well-known sites","type":"hostname","version":1,"description":"x","list":["google.com"]}"#;

const STIX: &str = r#"{"type":"bundle","id":"bundle--1","objects":[
{"type":"indicator","id":"indicator--1","pattern":"[domain-name:value = 'news.example']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","valid_until":"2026-11-21T00:00:00Z"},
{"type":"indicator","id":"indicator--2","pattern":"[domain-name:value LIKE '%.example']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}]}"#;

fn world() -> World {
    let world = World::with_rows();
    world.file("friends.txt", LIST.as_bytes());
    world.file("list.json", WARNING.as_bytes());
    world.file("bundle.json", STIX.as_bytes());
    world
}

#[test]
fn a_list_comes_in_and_goes() {
    let world = world();
    let added = world.run(&["intel", "add", "friends.txt", "--tlp", "amber"]);
    added.ends(3);
    insta::assert_snapshot!(added.shown());
    world.run(&["intel", "add", "friends.txt", "--tlp", "amber"]).ends(0);
    let again = world.run(&["intel", "add", "friends.txt", "--tlp", "amber", "--json"]);
    again.ends(0);
    let again: Value = serde_json::from_str(&again.out()).unwrap();
    assert_eq!(again["lists"][0]["outcome"], "known");
    assert_eq!(
        world.csv("SELECT type, value, tlp, hunted FROM indicators ORDER BY line"),
        [
            "domain,shell.example,amber,true",
            "url,http://cdn.corp.test/p26.html?x=1,amber,true",
            "url,https://shell.example:4444/panel,amber,true",
            "ip,198.51.100.8,amber,true",
            "domain,google.com,amber,true",
        ]
    );
    world.run(&["intel", "add", "list.json", "--name", "sites"]).ends(0);
    assert_eq!(
        world.csv("SELECT warninglists, hunted FROM indicators WHERE value = 'google.com'"),
        ["well-known sites,false"]
    );
    assert_eq!(
        world.csv("SELECT kind, detail FROM system.ledger WHERE kind = 'intel'"),
        [
            "intel,\"5 rows in indicators friends, 1 skipped; friends.txt\"",
            "intel,1 rows in warninglists sites; list.json"
        ]
    );
    world.run(&["intel", "remove", "friend"]).ends(2);
    world.run(&["intel", "remove", "friends"]).ends(0);
    assert!(world.csv("SELECT value FROM indicators").is_empty());
    world.run(&["verify", "--deep"]).ends(0);
}

#[test]
fn an_update_keeps_what_was_known_when() {
    let world = world();
    world.run(&["intel", "add", "friends.txt"]).ends(3);
    let first = world.csv("SELECT DISTINCT added_at FROM indicators");
    world.file("friends.txt", b"shell.example\nfresh.example\n");
    let run = world.run(&["intel", "add", "friends.txt", "--json"]);
    run.ends(0);
    let report: Value = serde_json::from_str(&run.out()).unwrap();
    assert_eq!(report["lists"][0]["outcome"], "replaced");
    assert_eq!(report["lists"][0]["new"], 1);
    let known = world.csv("SELECT added_at FROM indicators WHERE value = 'shell.example'");
    assert_eq!(known, first);
    assert_ne!(world.csv("SELECT added_at FROM indicators WHERE value = 'fresh.example'"), first);
}

#[test]
fn requests_meet_indicators() {
    let world = world();
    for file in ["friends.txt", "bundle.json"] {
        world.run(&["intel", "add", file]).ends(3);
    }
    let met = "SELECT host, m['value'], m['how'], m['degraded'], m['level'] FROM (SELECT host, line_no, \
        ioc_match(host, url, server_ip, port, user_agent, ts, method) AS m FROM requests) WHERE m IS NOT NULL ORDER BY line_no";
    assert_eq!(
        world.csv(met),
        [
            "cdn.corp.test,http://cdn.corp.test/p26.html?x=1,url,false,high",
            "shell.example,shell.example,host,false,high",
            "upload.example,198.51.100.8,server_ip,false,medium",
            "news.example,news.example,host,false,high",
        ]
    );
    let swept = world.run(&["intel", "sweep", "--format", "json"]);
    swept.ends(0);
    let swept: Value = serde_json::from_str(&swept.out()).unwrap();
    let findings = swept["findings"].as_array().unwrap();
    let mut hosts: Vec<_> = findings
        .iter()
        .map(|it| it["host"].as_str().or(it["server_ip"].as_str()).unwrap())
        .collect();
    hosts.sort_unstable();
    assert_eq!(hosts, ["198.51.100.8", "cdn.corp.test", "news.example", "shell.example"]);
    for finding in findings {
        let evidence = finding["evidence"].as_str().unwrap();
        let rows = world.csv(&format!("SELECT count(*) FROM ({evidence})"));
        assert_eq!(rows, [finding["count"].to_string()], "{finding}");
    }
    // Bounds, and only what came later than anything did.
    let none = world.run(&["intel", "sweep", "--since", "2026-11-21", "--format", "ndjson"]);
    assert_eq!(none.ends(0).out(), "");
    let none = world.run(&["intel", "sweep", "--added-since", "2100-01-01", "--format", "ndjson"]);
    assert_eq!(none.ends(0).out(), "");
    world.run(&["intel", "sweep", "--fail-on-findings"]).ends(20);
}

#[test]
fn what_nobody_knows_is_wrong_use() {
    let world = world();
    world.file("letter.txt", b"Dear all,\nthis is no list of anything.\n");
    let run = world.run(&["intel", "add", "letter.txt"]);
    run.ends(2);
    assert!(run.stderr.contains("urlhaus"), "{}", run.stderr);
    let run = world.run(&["pdns", "add", "letter.txt"]);
    run.ends(2);
    assert!(run.stderr.contains("dnsdb_saf"), "{}", run.stderr);
    world.run(&["intel", "add", "absent.txt"]).ends(1);
    world.file("some.csv", b"when;host\n2026;bad.example\n");
    world.run(&["intel", "add", "some.csv", "--column", "place"]).ends(2);
    world.run(&["intel", "add", "some.csv", "--column", "host"]).ends(0);
    assert_eq!(world.csv("SELECT value FROM indicators"), ["bad.example"]);
}

#[test]
fn a_feed_is_a_folder() {
    let world = world();
    let folder = world.path("feed");
    std::fs::create_dir(&folder).unwrap();
    let event = r#"{"Event":{"uuid":"11111111-2222-4333-8444-555555555555","info":"shells","threat_level_id":"1","Orgc":{"name":"CERT"},
        "Tag":[{"name":"tlp:green"}],"Attribute":[{"uuid":"a1","type":"hostname","value":"Shell.Example","to_ids":true},
        {"uuid":"a2","type":"domain","value":"context.example","to_ids":false}]}}"#;
    std::fs::write(folder.join("11111111-2222-4333-8444-555555555555.json"), event).unwrap();
    let manifest = r#"{"11111111-2222-4333-8444-555555555555":{"info":"shells","timestamp":1,"threat_level_id":1,"date":"2026-01-01"}}"#;
    std::fs::write(folder.join("manifest.json"), manifest).unwrap();
    world.run(&["intel", "add", "feed"]).ends(0);
    assert_eq!(
        world.csv("SELECT list, format, type, value, to_ids, hunted, orgc, tlp, name FROM indicators ORDER BY attribute"),
        [
            "feed,misp_event,hostname,shell.example,true,true,CERT,green,shells",
            "feed,misp_event,domain,context.example,false,false,CERT,green,shells",
        ]
    );
}

#[test]
fn passive_dns_comes_in_and_goes_out() {
    let world = world();
    let line = r#"{"rrname":"Shell.example.","rrtype":"A","rdata":["198.51.100.7","198.51.100.70"],"time_first":1795160000,"time_last":1795170000}"#;
    world.file("cof.ndjson", line.as_bytes());
    world.run(&["pdns", "add", "cof.ndjson"]).ends(0);
    let again = world.run(&["pdns", "add", "cof.ndjson"]);
    again.ends(0);
    assert!(again.stderr.contains("there already"), "{}", again.stderr);
    assert_eq!(
        world.csv("SELECT r.host, d.rdata FROM requests r JOIN passive_dns d ON d.rrname = r.host AND d.rdata = r.server_ip AND r.ts BETWEEN d.time_first AND d.time_last"),
        ["shell.example,198.51.100.7"]
    );
    let exported = world.run(&["pdns", "export"]);
    exported.ends(0);
    insta::assert_snapshot!(exported.out());
    // What goes out can come in.
    world.file("own.ndjson", exported.out().as_bytes());
    world.run(&["pdns", "add", "own.ndjson"]).ends(0);
    world.run(&["pdns", "remove", "cof"]).ends(0);
    assert_eq!(world.csv("SELECT DISTINCT list FROM passive_dns"), ["own"]);
    let hunted = world.run(&[
        "hunt",
        "run",
        "pdns-bad-address",
        "--param",
        "address=198.51.100.7",
        "--format",
        "ndjson",
    ]);
    hunted.ends(0);
    assert_eq!(hunted.out().lines().count(), 1, "{}", hunted.out());
}

#[test]
fn names_lead_to_what_is_listed() {
    let world = World::with_store();
    let day = 1_772_352_000_u64;
    let mut log = String::new();
    for (after, client, host) in [
        (60, "10.0.0.1", "park.example"),
        (7_260, "10.0.0.1", "park.example"),
        (90_000, "10.0.0.2", "park.example"),
        (100, "10.0.0.3", "alias.example"),
        (200, "10.0.0.4", "young.example"),
        (210, "10.0.0.4", "old.example"),
        (300, "10.0.0.5", "flux.example"),
        (310, "10.0.0.5", "many.example"),
    ] {
        let line = format!(
            "{}.000 9 {client} TCP_MISS/200 9 GET http://{host}/ - HIER_DIRECT/192.0.2.1 text/html\n",
            day + after
        );
        log.push_str(&line);
    }
    let mut tuples = String::new();
    let mut add = |name: &str, kind: &str, answer: &str, first: u64, last: u64| {
        let line = serde_json::json!({"rrname": name, "rrtype": kind, "rdata": answer, "time_first": first, "time_last": last});
        tuples.push_str(&format!("{line}\n"));
    };
    add("park.example", "A", "203.0.113.66", day, day + 4_000);
    add("park.example", "A", "192.0.2.99", day + 80_000, day + 90_000);
    add("alias.example", "CNAME", "mid.cdn.example.", day - 10, day + 1_000);
    add("mid.cdn.example", "CNAME", "edge.evil.example.", day - 10, day + 1_000);
    add("loop.example", "CNAME", "loop2.example", day - 10, day + 1_000);
    add("loop2.example", "CNAME", "loop.example", day - 10, day + 1_000);
    add("old.example", "A", "192.0.2.7", day - 86_400 * 60, day + 1_000);
    add("young.example", "A", "192.0.2.8", day - 86_400 * 2, day + 1_000);
    for n in 0..12 {
        add("flux.example", "A", &format!("{}.{n}.0.1", 20 + n), day - 86_400 * 50, day + 50);
        add("many.example", "A", &format!("192.0.2.{n}"), day - 86_400 * 50, day + 50);
    }
    world.file("access.log", log.as_bytes());
    world.file("cof.ndjson", tuples.as_bytes());
    world.file("bad.txt", b"203.0.113.66\nevil.example\n");
    world.run(&["ingest", "access.log"]).ends(0);
    world.run(&["intel", "add", "bad.txt"]).ends(0);
    world.run(&["pdns", "add", "cof.ndjson"]).ends(0);
    let mut told = Vec::new();
    for (hunt, hosts) in [
        ("pdns-bad-address", vec!["park.example 2"]),
        ("pdns-cname", vec!["alias.example 1"]),
        ("pdns-fast-flux", vec!["flux.example 1"]),
        ("pdns-new-name", vec!["alias.example 1", "park.example 2", "young.example 1"]),
    ] {
        let run = world.run(&["hunt", "run", hunt, "--format", "ndjson"]);
        let found = run.ends(0).out();
        let found: Vec<Value> =
            found.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut named: Vec<String> = found
            .iter()
            .map(|it| format!("{} {}", it["host"].as_str().unwrap(), it["count"]))
            .collect();
        named.sort();
        assert_eq!(named, hosts, "{hunt}");
        told.extend(found);
    }
    for finding in told {
        let evidence = finding["evidence"].as_str().unwrap();
        let rows = world.csv(&format!("SELECT count(*) FROM ({evidence})"));
        assert_eq!(rows, [finding["count"].to_string()], "{finding}");
    }
}

#[test]
fn a_night_looks_back_for_what_is_new() {
    let world = world();
    let new = |world: &World| -> Vec<String> {
        let _ = std::fs::remove_file(world.path("found.ndjson"));
        world.run(&["nightly", "--findings", "found.ndjson"]);
        let text = std::fs::read_to_string(world.path("found.ndjson")).unwrap_or_default();
        let found = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let of_lists = found.filter(|it| it["hunt"].as_str().unwrap().starts_with("indicator"));
        let mut hosts: Vec<String> = of_lists
            .map(|it| it["host"].as_str().or(it["server_ip"].as_str()).unwrap().to_owned())
            .collect();
        hosts.sort();
        hosts
    };
    assert_eq!(new(&world), Vec::<String>::new());
    world.run(&["intel", "add", "friends.txt"]).ends(3);
    assert_eq!(new(&world), ["198.51.100.8", "cdn.corp.test", "shell.example"]);
    assert_eq!(new(&world), Vec::<String>::new());
    world.file("more.txt", b"upload.example\n");
    world.run(&["intel", "add", "more.txt"]).ends(0);
    assert_eq!(new(&world), ["upload.example"]);
}

#[test]
fn no_query_asks_each_indicator() {
    let world = world();
    world.run(&["intel", "add", "friends.txt"]).ends(3);
    let plan = world.csv("EXPLAIN SELECT count(*) FROM requests WHERE ioc_match(host, url, server_ip, port, user_agent) IS NOT NULL");
    let plan = plan.join("\n");
    assert!(!plan.contains("Join"), "{plan}");
    // No agent is listed, so agents are not read.
    assert!(plan.contains("projection=[url, host, port, server_ip]"), "{plan}");
}
