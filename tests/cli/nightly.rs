//! What does a night do, what does the next one find done, and what does it leave alone when something is wrong?

use crate::retain::{files, lines};
use crate::world::World;

/// A store whose nights take in `in/`, archive to `archive/` and keep 60 days.
fn nights(more: &str) -> World {
    let world = World::with_store();
    std::fs::create_dir(world.path("in")).unwrap();
    let settings = format!(
        "[[source]]\npath = \"{0}/*.log\"\n[[source]]\npath = \"*.txt\"\nformat = \"squid\"\n\
         [retention]\nmax_days = 60\nlimit_percent = 100\nonly_archived = true\n{more}\n\
         [[archive]]\nname = \"second\"\nto = \"{1}\"\n",
        world.path("in").display(),
        world.path("archive").display()
    );
    world.file("store/dwell.toml", settings.as_bytes());
    for day in 0..3 {
        let name = format!("in/{day}.log");
        world.file(&name, lines(day, &["10.1.1.5", "10.1.1.6", "10.1.1.7"]).as_bytes());
    }
    world
}

fn steps(world: &World, code: i32) -> Vec<(String, String, String)> {
    let run = world.run(&["nightly", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&run.ends(code).out()).unwrap();
    assert_eq!((&report["report"], &report["exit_code"]), (&"nightly".into(), &code.into()));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let steps = report["steps"].as_array().unwrap().iter();
    steps.map(|it| (text(&it["step"]), text(&it["outcome"]), text(&it["message"]))).collect()
}

/// The outcome of a step.
fn outcome<'a>(steps: &'a [(String, String, String)], name: &str) -> &'a str {
    let step = steps.iter().find(|(step, _, _)| step == name);
    step.map_or("absent", |(_, outcome, _)| outcome)
}

#[test]
fn a_night_does_it_all_and_the_next_one_nothing() {
    let world = nights("");
    let night = world.run(&["nightly"]).ends(0).shown();
    insta::assert_snapshot!("first", sizes(&night));
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["0"]);
    assert_eq!(world.csv("SELECT count(*), sum(rows) FROM system.retired"), ["3,9"]);
    let records = world.csv("SELECT count(*) FROM system.ledger");
    insta::assert_snapshot!("second", sizes(&world.run(&["nightly"]).ends(0).shown()));
    assert_eq!(world.csv("SELECT count(*) FROM system.ledger"), records);
    world.run(&["verify", "--deep"]).ends(0);
}

/// Sizes of files differ with the versions of the format.
fn sizes(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let number = word.trim_start_matches('(');
        // Which day is drilled is a matter of chance.
        let day = word.strip_prefix("2024-01-0").is_some_and(|rest| rest.len() == 1);
        let size = number.contains('.') && number.parse::<f64>().is_ok();
        if size || day { "N" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_failing_archive_stops_no_ingest_and_removes_nothing() {
    let world = nights("");
    // A file where the folder should be.
    world.file("archive", b"in the way");
    let steps = steps(&world, 1);
    for (step, expect) in [
        ("ingest", "done"),
        ("seal", "done"),
        ("archive", "attention"),
        ("verify", "done"),
        ("retire", "skipped"),
        ("purge", "done"),
    ] {
        assert_eq!(outcome(&steps, step), expect, "{step}: {steps:?}");
    }
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["9"]);
    std::fs::remove_file(world.path("archive")).unwrap();
    world.run(&["nightly"]).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["0"]);
}

#[test]
fn a_bad_copy_is_found_and_counts_for_nothing() {
    let world = nights("trash_days = 0");
    let hold =
        ["hold", "place", "--days", "2024-01-01..2024-01-03", "--reason", "r", "--case", "c"];
    world.run(&[&hold[..], &["--by", "w"]].concat()).ends(0);
    world.run(&["nightly"]).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["9"]);
    world.run(&["hold", "release", "1", "--reason", "r", "--by", "w"]).ends(0);
    // Every data file of the archive loses a bit.
    let mut damaged = 0;
    for path in walk(&world.path("archive")) {
        if path.extension().is_some_and(|it| it == "parquet") {
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            damaged += 1;
        }
    }
    assert_eq!(damaged, 3);
    let steps = steps(&world, 12);
    assert_eq!(outcome(&steps, "copies"), "attention", "{steps:?}");
    assert_eq!(outcome(&steps, "retire"), "skipped", "{steps:?}");
    let plan = world.run(&["retain", "plan"]);
    assert!(plan.ends(0).out().contains("not archived"), "{}", plan.out());
    world.run(&["retain", "apply", "--yes"]).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["9"]);
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().flatten();
    entries
        .flat_map(|it| if it.path().is_dir() { walk(&it.path()) } else { vec![it.path()] })
        .collect()
}

#[test]
fn a_damaged_store_removes_nothing() {
    let world = nights("");
    world.file("archive", b"in the way");
    world.run(&["nightly"]).ends(1);
    let doctor = world.run(&["doctor"]).ends(0).out();
    let looks: Vec<&str> = doctor.lines().filter(|line| line.starts_with("look")).collect();
    assert!(doctor.contains("archive ended with 1 (never well)"), "{looks:?}");
    assert!(doctor.contains("archive second: nothing is in it yet"), "{looks:?}");
    assert!(doctor.contains("ok    space: ") && doctor.contains("ok    clock: "), "{doctor}");
    std::fs::remove_file(world.path("archive")).unwrap();
    let day = world.store().join("requests/day=2024-01-02");
    for path in walk(&day) {
        std::fs::remove_file(path).unwrap();
    }
    let steps = steps(&world, 12);
    assert_eq!(outcome(&steps, "verify"), "attention", "{steps:?}");
    assert_eq!((outcome(&steps, "retire"), outcome(&steps, "purge")), ("skipped", "skipped"));
    assert_eq!(files(&world, "trash"), 0);
}

#[test]
fn nights_without_logs_targets_or_rules_are_quiet() {
    let world = World::with_store();
    insta::assert_snapshot!("empty", sizes(&world.run(&["nightly"]).ends(0).shown()));
    World::new().run(&["nightly"]).ends(10);
    let world = nights("");
    world.file("in/bad.log", b"no line of any log\nnor this\n");
    let steps = steps(&world, 3);
    // Quarantined lines are nothing that would keep days from being archived and retired.
    assert_eq!((outcome(&steps, "ingest"), outcome(&steps, "retire")), ("attention", "done"));
    world.run(&["nightly"]).ends(0);
}
