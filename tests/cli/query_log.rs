//! Is every query noted where the store asks for it, and is a changed log noticed?

use crate::world::{SQUID, World};

/// A store that notes its queries.
fn noting() -> World {
    let world = World::with_store();
    world.file("store/dwell.toml", b"[query]\nlog = true\n");
    world.file("squid.log", SQUID.as_bytes());
    world.run(&["ingest", "squid.log"]).ends(0);
    world
}

fn log(world: &World) -> Vec<(std::path::PathBuf, String)> {
    let names = std::fs::read_dir(world.path("store/log")).unwrap().flatten();
    let paths = names.map(|name| name.path()).filter(|path| path.extension().is_some());
    paths.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn every_query_leaves_its_entries() {
    let world = noting();
    assert_eq!(world.csv("SELECT count(*) FROM requests WHERE user = 'anna'"), ["2"]);
    world.run(&["sql", "SELECT nonsense FROM requests", "--since", "2026-11-20"]).ends(2);
    world.run(&["days"]).ends(0);
    let [(_, text)] = log(&world).try_into().unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 6);
    let by = lines[0]["words"]["by"].as_str().unwrap();
    assert!(by.starts_with("tester (uid "), "{by}");
    assert!(lines[0]["words"]["sql"].as_str().unwrap().ends_with("user = 'anna'"));
    assert_eq!((&lines[1]["entry"]["rows"], &lines[1]["entry"]["of"]), (&1.into(), &1.into()));
    assert!(lines[2]["words"]["sql"].as_str().unwrap().contains("-- since 2026-11-20T00:00:00"));
    assert_eq!(lines[3]["entry"]["outcome"], "failed");
    assert_eq!(lines[5]["entry"]["rows"], 2);
    let verify = world.run(&["verify"]);
    assert!(verify.ends(0).out().contains("6 entries of the log of queries hold together"));
}

#[test]
fn settings_of_ones_own_do_not_switch_it_off() {
    let world = noting();
    world.file("mine.toml", b"[query]\nlog = false\n");
    world.run(&["sql", "SELECT 1", "--config", "mine.toml"]).ends(0);
    assert_eq!(log(&world)[0].1.lines().count(), 2);
}

#[test]
fn without_the_setting_nothing_is_noted() {
    let world = World::with_rows();
    world.csv("SELECT 1");
    assert_eq!(log(&world), []);
}

#[test]
fn a_changed_log_is_not_valid() {
    let world = noting();
    for number in 1..4 {
        world.csv(&format!("SELECT {number}"));
    }
    let [(path, text)] = log(&world).try_into().unwrap();
    let without: String = text
        .lines()
        .enumerate()
        .filter(|(at, _)| *at != 2)
        .map(|(_, line)| line.to_owned() + "\n")
        .collect();
    for changed in [without, text.replace("SELECT 2", "SELECT 7")] {
        std::fs::write(&path, changed).unwrap();
        let verify = world.run(&["verify"]);
        assert!(verify.ends(12).out().contains("query log entry"), "{}", verify.out());
    }
    std::fs::write(&path, text).unwrap();
    world.run(&["verify"]).ends(0);
}

#[test]
fn a_log_that_cannot_be_written_is_said() {
    let world = noting();
    std::fs::remove_dir_all(world.path("store/log")).unwrap();
    std::fs::write(world.path("store/log"), "").unwrap();
    let run = world.run(&["sql", "SELECT 1"]);
    assert!(run.ends(0).stderr.contains("not in the log of queries"), "{}", run.stderr);
}
