//! What do people see of seals?

use crate::world::{SQUID, World};

/// Rows of two days in a store whose grace is never over: what is closed does not depend on the clock.
fn with_rows() -> World {
    let world = World::with_rows();
    std::fs::write(world.store().join("dwell.toml"), "[seal]\ngrace_hours = 4000000\n").unwrap();
    world
}

#[test]
fn days_are_closed_once() {
    let world = with_rows();
    let run = world.run(&["seal", "--before", "2026-11-21", "--json"]);
    run.ends(0);
    let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!((&report["report"], &report["schema_version"]), (&"seal".into(), &1.into()));
    let sealed = report["sealed"].as_array().unwrap();
    assert_eq!(sealed[0]["day"], "2026-11-20");
    assert_eq!((&sealed[0]["rows"], &sealed[0]["number"]), (&11.into(), &0.into()));
    assert_eq!(sealed[0]["sources"][0]["last_line"], 11);
    let run = world.run(&["seal", "--before", "2026-11-22", "--format", "csv"]);
    run.ends(0);
    insta::assert_snapshot!(run.shown());
    let run = world.run(&["seal", "--before", "2026-11-22"]);
    run.ends(0);
    insta::assert_snapshot!(run.shown());
    let kinds = world.csv("SELECT count(*) FROM system.ledger WHERE kind = 'seal'");
    assert_eq!(kinds, ["2"]);
    world.run(&["verify", "--deep"]).ends(0);
}

#[test]
fn what_comes_late_opens_an_addendum() {
    let world = with_rows();
    world.run(&["seal", "--before", "2026-11-22"]).ends(0);
    let late = SQUID.lines().nth(3).unwrap().replace("10.1.1.6", "10.1.1.99") + "\n";
    let late = world.file("late.log", late.as_bytes());
    world.run(&["ingest", "--format", "squid", late.to_str().unwrap()]).ends(0);
    let run = world.run(&["seal", "--before", "2026-11-22", "--format", "csv"]);
    run.ends(0);
    assert!(run.out().contains("\n2026-11-20,1,1,1,"), "{}", run.out());
    assert_eq!(world.csv("SELECT count(*) FROM requests WHERE day = '2026-11-20'"), ["12"]);
    world.run(&["verify", "--deep"]).ends(0);
}

#[test]
fn a_store_without_rows_has_nothing_to_seal() {
    let world = World::with_store();
    let run = world.run(&["seal"]);
    run.ends(0);
    assert!(run.stderr.contains("nothing was due"), "{}", run.stderr);
}
