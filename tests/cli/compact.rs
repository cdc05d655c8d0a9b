//! What does `dwell compact` say, and do queries, `raw` and `verify` give the same before and after?

use std::fmt::Write as _;

use crate::world::{SQUID, World};

/// Queries whose answers must not change.
const QUERIES: &[&str] = &[
    "SELECT count(*), count(DISTINCT url), min(ts), max(ts), sum(response_bytes) FROM requests",
    "SELECT day, count(*) FROM requests GROUP BY day ORDER BY day",
    "SELECT * FROM requests ORDER BY source_id, line_no",
    "SELECT url FROM requests WHERE url LIKE '%p26%' ORDER BY source_id, line_no",
    "SELECT line_no, host, client_ip FROM requests WHERE host = 'bad.example' ORDER BY source_id, line_no",
    "SELECT host, count(*) FROM requests GROUP BY host ORDER BY 2 DESC, 1",
    "SELECT source_id, line_no FROM requests WHERE ts >= '2026-11-20T10:11:00Z' AND ts < '2026-11-20T10:12:00Z' ORDER BY 1, 2",
    "SELECT source_id, lines, rows, quarantined, headers, blank, state FROM system.sources ORDER BY 1",
    "SELECT user, method, status, count(*) FROM requests GROUP BY user, method, status ORDER BY 1, 2, 3",
    "SELECT count(*) FROM quarantine",
];

/// Twenty sources of two days, with lines that are no rows; one of them grew behind a half line.
fn fill(world: &World) {
    let mut paths = Vec::new();
    for nth in 0..20 {
        let mut text = String::new();
        for line in SQUID.lines() {
            let (_, rest) = line.split_once(' ').unwrap();
            writeln!(text, "{}.{nth:03} {rest}", 1_795_169_425 + nth * 4_000).unwrap();
        }
        text.push_str("what is this\n");
        let name = format!("proxy{nth}.log");
        if nth == 3 {
            world.file(&name, &text.as_bytes()[..text.len() - 20]);
            world.run(&["ingest", &name, "--format", "squid"]).ends(0);
        }
        world.file(&name, text.as_bytes());
        paths.push(name);
    }
    let words: Vec<&str> = paths.iter().map(String::as_str).collect();
    world.run(&[&["ingest", "--format", "squid"][..], &words].concat()).ends(3);
}

#[test]
fn answers_stay_the_same() {
    let world = World::with_store();
    fill(&world);
    let answers = || QUERIES.iter().map(|query| world.csv(query)).collect::<Vec<_>>();
    let raw = || {
        let of = |words: &[&str]| world.run(words).ends(0).stdout.clone();
        [of(&["raw", "--source", "4"]), of(&["raw", "--day", "2026-11-20"])]
    };
    let before = (answers(), raw());
    let plan = world.run(&["--json", "compact", "--dry-run"]);
    let plan: serde_json::Value = serde_json::from_slice(&plan.ends(0).stdout).unwrap();
    assert_eq!(
        (&plan["report"], plan["days"].as_array().unwrap().len()),
        (&"compact_plan".into(), 3)
    );

    let report = world.run(&["--json", "compact"]);
    let report: serde_json::Value = serde_json::from_slice(&report.ends(0).stdout).unwrap();
    assert_eq!((&report["report"], &report["schema_version"]), (&"compact".into(), &1.into()));
    assert_eq!((&report["files_after"], &report["dropped"]), (&3.into(), &1.into()), "{report}");
    assert!(report["bytes_after"].as_u64() < report["bytes_before"].as_u64());
    assert_eq!((answers(), raw()), before);
    assert_eq!(world.csv("SELECT count(*) FROM system.segments"), ["2"]);
    assert_eq!(
        world.csv("SELECT count(*) FROM system.ledger WHERE kind = 'compact'"),
        [report["days"].as_array().unwrap().len().to_string()]
    );
    world.run(&["verify", "--deep"]).ends(0);
    let again = world.run(&["compact"]);
    assert!(again.ends(0).stderr.contains("nothing to do"), "{}", again.stderr);
}

#[test]
fn a_count_comes_from_the_ledger_and_files_are_left_out() {
    let world = World::with_store();
    fill(&world);
    world.run(&["compact"]).ends(0);
    let plan = |query: &str| world.csv(&format!("EXPLAIN {query}")).join("\n");
    let count = plan("SELECT count(*) FROM requests");
    assert!(count.contains("PlaceholderRowExec") && !count.contains("DataSourceExec"), "{count}");
    let all = plan("SELECT host FROM requests WHERE host = 'bad.example'");
    let one = plan("SELECT host FROM requests WHERE host = 'bad.example' AND ts >= '2026-11-21'");
    let files = |plan: &str| plan.matches(".parquet").count();
    assert!(files(&all) == 2 * files(&one) && files(&one) > 0, "{all}\n{one}");
}

#[test]
fn what_is_said() {
    let world = World::with_store();
    fill(&world);
    // Sizes of compressed files differ by the digits in their footers, and the lines have the day of the test.
    let stable = |text: String| {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        for at in 1..words.len() {
            let unit = words[at].split([',', ';', ':', '\n']).next().unwrap_or_default();
            if matches!(unit, "B" | "kB" | "MB") {
                words[at - 1] = "SIZE".into();
            }
        }
        let text = words.join(" ");
        let line = |line: &str| match line.split_once("  lines ") {
            Some((_, rest)) => format!("TODAY  lines {rest}\n"),
            None => format!("{line}\n"),
        };
        text.lines().map(line).collect::<String>()
    };
    let plan = stable(world.run(&["compact", "--dry-run"]).ends(0).shown());
    insta::assert_snapshot!("compact_plan", plan);
    insta::assert_snapshot!("compact", stable(world.run(&["compact"]).ends(0).shown()));
    insta::assert_snapshot!("compact_again", world.run(&["compact"]).ends(0).shown());
    World::new().run(&["compact"]).ends(10);
}
