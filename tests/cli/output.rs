//! Are the formats of `sql` what the contract says, byte for byte?

use crate::world::World;

const QUERY: &str =
    "SELECT ts, client_ip, user, port, url FROM requests WHERE client_ip = '10.1.1.6' ORDER BY ts";

#[test]
fn csv_by_the_contract() {
    let world = World::with_rows();
    let run = world.run(&["sql", QUERY, "--format", "csv"]);
    assert_eq!(
        run.ends(0).out(),
        "ts,client_ip,user,port,url\n\
         2026-11-20T10:10:54.756Z,10.1.1.6,,80,http://cdn.corp.test/p26.html?x=1\n\
         2026-11-20T10:10:55.001Z,10.1.1.6,,4444,shell.example:4444\n"
    );
    // In a pipe csv is the default; no rows still have a header; an empty text is quoted, NULL is not.
    assert_eq!(world.run(&["sql", QUERY]).out(), run.out());
    assert_eq!(
        world.run(&["sql", "SELECT host FROM requests WHERE false"]).ends(0).out(),
        "host\n"
    );
    assert_eq!(world.csv("SELECT '' AS a, NULL AS b, 'x,\"y\"' AS c"), ["\"\",,\"x,\"\"y\"\"\""]);
}

#[test]
fn json_by_the_contract() {
    let world = World::with_rows();
    let run = world.run(&["--json", "sql", QUERY]);
    let rows: serde_json::Value = serde_json::from_slice(&run.ends(0).stdout).unwrap();
    assert_eq!(rows[1]["port"], 4444);
    assert_eq!(rows[1]["user"], serde_json::Value::Null);
    assert_eq!(rows[0]["ts"], "2026-11-20T10:10:54.756Z");
    let summary: serde_json::Value =
        serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(summary["message_type"], "summary");
    assert_eq!(summary["rows"], 2);
    assert!(summary["elapsed_ms"].is_f64() && summary["bytes_read"].is_u64());
    let lines = run.stderr.lines().filter(|line| line.contains("message_type")).count();
    assert_eq!(lines, 1, "{}", run.stderr);
    let wrong = world.run(&["sql", "--json", "--nope"]);
    let last = wrong.ends(2).stderr.lines().last().unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(last).unwrap()["exit_code"], 2);
    let many = world.run(&["sql", QUERY, "--format", "csv", "--threads", "100000"]);
    assert_eq!(many.ends(0).out().lines().count(), 3);
    let empty = world.run(&["sql", "SELECT host FROM requests WHERE false", "--format", "json"]);
    assert_eq!(empty.ends(0).out(), "[]\n");
    let ndjson = world.run(&["sql", QUERY, "--format", "ndjson"]);
    assert_eq!(ndjson.ends(0).out().lines().count(), 2);
}

#[test]
fn files_appear_whole() {
    let world = World::with_rows();
    for name in ["out.parquet", "out.arrow", "out.csv", "out.json", "out.md"] {
        world.run(&["sql", QUERY, "-o", name]).ends(0);
        assert!(std::fs::metadata(world.path(name)).unwrap().len() > 50, "{name}");
    }
    assert!(std::fs::read(world.path("out.parquet")).unwrap().starts_with(b"PAR1"));
    assert!(std::fs::read(world.path("out.arrow")).unwrap().starts_with(b"ARROW1"));
    // A query that fails leaves the old file as it was, and nothing beside it.
    let before = std::fs::read(world.path("out.csv")).unwrap();
    world.run(&["sql", "SELECT 1 / (port - 80) FROM requests", "-o", "out.csv"]).ends(1);
    assert_eq!(std::fs::read(world.path("out.csv")).unwrap(), before);
    let left = std::fs::read_dir(world.path("")).unwrap().flatten();
    let left: Vec<_> = left.filter(|e| e.file_name().to_string_lossy().contains(".part")).collect();
    assert!(left.is_empty(), "{left:?}");
    world.run(&["sql", QUERY, "-o", "/dev/null"]).ends(0);
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn times_bound_a_query() {
    let world = World::with_rows();
    let rows = |since: &str, until: &str| {
        let run = world.run(&[
            "sql",
            "SELECT count(*) FROM requests",
            "--since",
            since,
            "--until",
            until,
        ]);
        run.ends(0).out().lines().nth(1).unwrap().to_owned()
    };
    assert_eq!(rows("2026-11-20", "2026-11-21"), "11");
    assert_eq!(rows("2026-11-21", "2026-11-22"), "1");
    assert_eq!(rows("2026-11-20T10:10:54.756Z", "2026-11-20T10:10:56.100Z"), "2");
    world.run(&["sql", "SELECT 1", "--since", "last week"]).ends(2);
}

#[test]
fn a_query_from_a_file_or_stdin() {
    let world = World::with_rows();
    world.file("q.sql", b"SELECT count(*) AS n\nFROM requests -- all of them\n");
    assert_eq!(world.run(&["sql", "-f", "q.sql"]).ends(0).out(), "n\n12\n");
    assert_eq!(world.run_with(&["sql", "-f", "-"], b"SELECT 1 AS n").ends(0).out(), "n\n1\n");
    world.run(&["sql"]).ends(2);
    world.run(&["sql", "-f", "none.sql"]).ends(1);
}

#[test]
fn log_text_never_reaches_people_raw() {
    let world = World::with_store();
    let line = "1795169425.918      4 10.1.1.5 TCP_MISS/200 349 GET http://x.example/\u{1b}[2J\u{9b}31m\u{202e}evil - HIER_DIRECT/192.0.2.1 text/html\n";
    world.file("evil.log", line.as_bytes());
    world.run(&["ingest", "evil.log", "--format", "squid"]);
    for format in ["table", "markdown", "vertical", "json", "ndjson"] {
        let out = world.run(&["sql", "SELECT url FROM requests", "--format", format]).ends(0).out();
        assert!(!out.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{format}: {out:?}");
        assert!(out.contains("evil"), "{format}: {out}");
    }
}
