//! What do people see when quarantined lines are read again, and when a clock is corrected?

use crate::world::{SQUID, World};

/// Lines that Squid did not write, among lines that it did.
fn mixed() -> String {
    let tabs =
        |at: u64| format!("{}\t10.7.0.9\tGET\thttp://b{at}.corp.test/\n", 1_795_169_425 + at);
    let odd = "what \u{1b}[31mis\u{202e} this\n";
    (0..3).map(tabs).collect::<String>() + SQUID + odd + odd
}

#[test]
fn lines_of_another_format_are_read_in_place() {
    let world = World::with_store();
    world.file("mixed.log", mixed().as_bytes());
    let run = world.run(&["ingest", "mixed.log", "--format", "squid"]);
    insta::assert_snapshot!("mixed_ingest", run.ends(3).shown());
    insta::assert_snapshot!(
        "mixed_list",
        world.run(&["quarantine", "list", "--format", "vertical"]).shown()
    );
    let show = |words: &[&str]| {
        let words = [&["quarantine", "show", "--format", "csv"], words].concat();
        world.run(&words).ends(0).out().lines().count() - 1
    };
    assert_eq!(show(&[]), 5);
    assert_eq!(show(&["--limit", "2"]), 2);
    assert_eq!(show(&["--source", "1", "--reason", "bad_time"]), 5);
    assert_eq!(show(&["--reason", "too_few_fields"]), 0);
    let run = world.run(&["quarantine", "show", "--reason", "'; --"]);
    assert!(run.ends(2).stderr.contains("the reasons are"), "{}", run.stderr);

    insta::assert_snapshot!("mixed_unchanged", world.run(&["quarantine", "retry"]).ends(0).shown());
    let format = "%ts\t%>a\t%rm\t%ru";
    let run = world.run(&["quarantine", "retry", "--source", "1", "--logformat", format]);
    insta::assert_snapshot!("mixed_retry", run.ends(3).shown());
    assert_eq!(world.csv("SELECT count(*), count(raw) FROM requests"), ["15,3"]);
    assert_eq!(world.csv("SELECT host FROM requests WHERE line_no = 2"), ["b1.corp.test"]);
    assert_eq!(world.csv("SELECT line_no FROM quarantine ORDER BY 1"), ["16", "17"]);
    assert_eq!(world.csv("SELECT rows, quarantined FROM system.sources"), ["15,2"]);
    assert_eq!(world.run(&["raw", "--source", "1"]).ends(0).out(), mixed());
    world.run(&["verify", "--deep"]).ends(0);
    let run = world.run(&["--json", "quarantine", "retry"]);
    let report: serde_json::Value = serde_json::from_slice(&run.ends(0).stdout).unwrap();
    assert_eq!(report["sources"][0]["outcome"], "unchanged");
}

#[test]
fn a_file_that_is_rejected_to_a_large_part_is_told_loudly() {
    let world = World::with_store();
    let odd = |lines: usize| SQUID.repeat(9) + &"what is this\n".repeat(lines);
    // Of 120 lines 12 are a tenth, which is not more than it.
    world.file("tenth.log", odd(12).as_bytes());
    let run = world.run(&["ingest", "tenth.log", "--format", "squid"]);
    assert!(!run.ends(3).stderr.contains("WARNING"), "{}", run.stderr);
    world.file("more.log", odd(13).replace("10.1.1.", "10.2.1.").as_bytes());
    let run = world.run(&["ingest", "more.log", "--format", "squid"]);
    assert!(
        run.ends(3).stderr.contains("WARNING: more.log: 13 of 121 lines (10.7 %)"),
        "{}",
        run.stderr
    );
    std::fs::write(world.store().join("dwell.toml"), "[ingest]\nreject_percent = 50\n").unwrap();
    world.file("again.log", odd(13).replace("10.1.1.", "10.3.1.").as_bytes());
    let run = world.run(&["ingest", "again.log", "--format", "squid"]);
    assert!(!run.ends(3).stderr.contains("WARNING"), "{}", run.stderr);
    let run = world.run(&["sources"]);
    assert!(
        run.ends(0).stderr.contains("38 of 362 lines (10.5 %) are in quarantine"),
        "{}",
        run.stderr
    );
    assert!(run.out().contains("quarantined_percent"), "{}", run.out());
}

#[test]
fn a_clock_is_corrected_after_a_look() {
    let world = World::with_rows();
    let days = || world.csv("SELECT day, rows FROM system.days ORDER BY day");
    let before = days();
    let first = || world.csv("SELECT min(ts) FROM requests");
    let was = first();
    let words = ["sources", "shift", "--source", "1", "--by", "-36h", "--reason", "NTP was off"];
    insta::assert_snapshot!("shift_plan", world.run(&words).ends(0).shown());
    assert_eq!(days(), before);
    let apply = [&words[..], &["--yes"]].concat();
    insta::assert_snapshot!("shift_done", world.run(&apply).ends(0).shown());
    assert_ne!(days(), before);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["12"]);
    assert_eq!(world.csv("SELECT shift_us, rows FROM system.sources"), ["-129600000000,12"]);
    let entry = world.csv("SELECT kind, detail FROM system.ledger ORDER BY seq DESC LIMIT 1");
    assert_eq!(
        entry,
        ["shift,\"source 1: 12 rows, shift -36:00:00 where it was +00:00:00; NTP was off\""]
    );
    assert_eq!(world.run(&["raw", "--source", "1"]).ends(0).out(), SQUID);
    world.run(&["verify", "--deep"]).ends(0);
    let again = world.run(&apply);
    assert!(again.ends(0).stderr.contains("nothing to do"), "{}", again.stderr);
    let back =
        ["--json", "sources", "shift", "--source", "1", "--by", "0s", "--reason", "no", "--yes"];
    let plan: serde_json::Value = serde_json::from_slice(&world.run(&back).ends(0).stdout).unwrap();
    assert_eq!((&plan["applied"], &plan["rows"]), (&true.into(), &12.into()));
    assert_eq!((days(), first()), (before, was));
    world.run(&["sources", "shift", "--source", "1", "--by", "1 hour", "--reason", "x"]).ends(2);
    world.run(&["sources", "shift", "--source", "9", "--by", "1h", "--reason", "x"]).ends(2);
    world.run(&["sources", "shift", "--source", "1", "--by", "1h"]).ends(2);
}

#[test]
fn a_new_source_comes_in_with_a_stated_shift() {
    let world = World::with_store();
    world.file("squid.log", SQUID.as_bytes());
    world.run(&["ingest", "squid.log", "--shift", "-1h"]).ends(0);
    world.file("other.log", SQUID.replace("10.1.1.", "10.9.1.").as_bytes());
    world.run(&["ingest", "other.log"]).ends(0);
    let differ = "SELECT DISTINCT CAST(b.ts - a.ts AS VARCHAR) FROM requests a JOIN requests b \
                  ON a.line_no = b.line_no AND a.source_id = 1 AND b.source_id = 2";
    assert_eq!(world.csv(differ).len(), 1);
    assert_eq!(
        world.csv("SELECT shift_us FROM system.sources ORDER BY source_id"),
        ["-3600000000", "0"]
    );
    assert_eq!(world.run(&["raw", "--source", "1"]).ends(0).out(), SQUID);
    let run = world.run(&["ingest", "squid.log", "--shift", "+5m"]);
    assert!(run.ends(0).stderr.contains("keeps its shift of -01:00:00"), "{}", run.stderr);
    world.run(&["ingest", "squid.log", "--shift", "5"]).ends(2);
}

#[test]
fn a_relay_in_another_zone_is_seen() {
    let world = World::with_store();
    // The relay's clock is right and shows the local time of a place two hours east of Greenwich.
    let relayed: String = SQUID
        .lines()
        .map(|line| {
            let second: i64 = line.split('.').next().unwrap().parse().unwrap();
            let local = second + 7200 - 1_795_132_800;
            let (day, time) = (20 + local / 86_400, local % 86_400);
            let (hour, minute) = (time / 3600, time / 60 % 60);
            format!("Nov {day} {hour:02}:{minute:02}:{:02} gate1 squid[77]: {line}\n", time % 60)
        })
        .collect();
    world.file("relayed.log", relayed.as_bytes());
    world.run(&["ingest", "relayed.log"]).ends(0);
    let seen = "SELECT kind, count, seconds FROM system.clocks WHERE kind LIKE 'offset%'";
    assert_eq!(world.csv(seen), ["offset_syslog,12,-7200.0"]);
    assert_eq!(world.run(&["raw", "--source", "1"]).ends(0).out(), relayed);
}
