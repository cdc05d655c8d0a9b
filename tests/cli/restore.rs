//! Days from an archive beside the live data, back into it, for practice; and a store that is copied while it is written.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::world::World;

/// A store with two sealed days, archived in the folder `far`.
fn archived() -> World {
    let world = World::with_rows();
    world.run(&["seal", "--before", "2027-01-01"]).ends(0);
    world.run(&["archive", "--to", "far"]).ends(0);
    world
}

const DAYS: &str = "2026-11-19..2026-11-22";

fn restore<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["restore", "--from", "far", "--days", DAYS];
    words.extend(more);
    words
}

#[test]
fn a_set_is_read_listed_verified_and_dropped() {
    let world = archived();
    let run = world.run(&restore(&["--as", "case_7", "--ttl", "30d", "--json"]));
    run.ends(0);
    let report: Value = serde_json::from_str(&run.out()).unwrap();
    assert_eq!(report["report"], "restore");
    assert_eq!(report["restored"].as_array().unwrap().len(), 2);
    assert_eq!(report["absent"].as_array().unwrap().len(), 2);
    assert_eq!(world.csv("SELECT count(*) FROM restored.case_7"), ["12"]);
    let hosts = |table: &str| {
        world.csv(&format!("SELECT day, ts, host, url, raw, line_no FROM {table} ORDER BY line_no"))
    };
    assert_eq!(hosts("restored.case_7"), hosts("requests"));
    assert_eq!(world.csv("SELECT count(*) FROM requests_all"), ["12"]);
    assert_eq!(world.csv("SELECT rows FROM restored.case_7_sources"), ["12"]);
    let bounded =
        ["sql", "SELECT count(*) FROM restored.case_7", "--since", "2026-11-21", "--format", "csv"];
    assert_eq!(world.run(&bounded).ends(0).out().lines().nth(1), Some("1"));
    world.run(&["verify", "--deep"]).ends(0);
    assert_eq!(world.run(&["restore", "list", "--format", "csv"]).ends(0).out().lines().count(), 3);
    // Taken; no name; no such day; no such archive.
    world.run(&restore(&["--as", "case_7"])).ends(2);
    world.run(&restore(&["--as", "Case-8"])).ends(2);
    world.run(&["restore", "--from", "far", "--days", "2020-01-01", "--as", "b"]).ends(1);
    world.run(&["restore", "--from", "near", "--days", DAYS]).ends(10);
    world.run(&["restore", "--from", "far"]).ends(2);
    world.run(&["restore", "drop", "case_7"]).ends(0);
    world.run(&["restore", "drop", "case_7"]).ends(2);
    assert_eq!(world.csv("SELECT * FROM system.restored"), Vec::<String>::new());
    world.run(&["verify", "--deep"]).ends(0);
}

#[test]
fn a_held_set_stays() {
    let world = archived();
    world.run(&restore(&["--as", "a"])).ends(0);
    let hold = [
        "hold",
        "place",
        "--days",
        "2026-11-20..2026-11-20",
        "--reason",
        "r",
        "--case",
        "c",
        "--by",
        "b",
    ];
    world.run(&hold).ends(0);
    let refused = world.run(&["restore", "drop", "a"]);
    refused.ends(1);
    assert!(refused.stderr.contains("H1"), "{}", refused.stderr);
}

/// The first object of the archive whose path ends so.
fn object(folder: &Path, ending: &str) -> Option<std::path::PathBuf> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    names.sort();
    names.into_iter().find_map(|path| match path.is_dir() {
        true => object(&path, ending),
        false => path.to_string_lossy().ends_with(ending).then_some(path),
    })
}

#[test]
fn a_bad_day_is_named_and_the_good_one_is_there() {
    let world = archived();
    let path = object(&world.path("far/days/2026-11-20"), ".parquet").unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let run = world.run(&restore(&["--as", "a"]));
    run.ends(12);
    assert!(run.stderr.contains("2026-11-20 is bad"), "{}", run.stderr);
    assert_eq!(world.csv("SELECT DISTINCT day FROM restored.a"), ["2026-11-21"]);
    world.run(&["drill", "--from", "far", "--day", "2026-11-20"]).ends(12);
    world.run(&["drill", "--from", "far", "--day", "2026-11-21"]).ends(0);
    let drills = "SELECT detail FROM system.ledger WHERE kind = 'drill' ORDER BY seq";
    let details = world.csv(drills);
    assert!(details[0].contains("FAILED") && details[1].contains("good"), "{details:?}");
}

#[test]
fn a_drill_checks_seals_and_asks_ten_questions() {
    let world = archived();
    let run = world.run(&["drill", "--from", "far", "--json"]);
    run.ends(0);
    let report: Value = serde_json::from_str(&run.out()).unwrap();
    assert_eq!((report["ok"].as_bool(), report["questions"].as_u64()), (Some(true), Some(10)));
    assert_eq!(report["seals"], 1);
    assert!(report["ms_per_gb"].as_f64().is_some_and(|rate| rate >= 0.0));
    let left = std::fs::read_dir(world.store().join("staging")).unwrap().count();
    assert_eq!(left, 0, "the scratch place is gone");
    world.run(&["drill", "--from", "far", "--day", "2020-01-01"]).ends(1);
    world.run(&["drill"]).ends(2);
}

#[test]
fn retired_days_come_back_and_give_the_source_back() {
    let world = archived();
    let before = world.csv("SELECT * FROM requests ORDER BY line_no");
    world.run(&["retain", "apply", "--keep-days", "0", "--yes"]).ends(0);
    let left: usize = world.csv("SELECT count(*) FROM requests")[0].parse().unwrap();
    // What is too young for the policy stays; what went comes back.
    let run = world.run(&restore(&["--into-live"]));
    run.ends(0);
    assert_eq!(world.csv("SELECT * FROM requests ORDER BY line_no"), before);
    assert!(left <= before.len());
    let log = world.path("squid.log");
    let raw = world.run(&["raw", "--source", "1"]);
    raw.ends(0);
    assert_eq!(raw.stdout, std::fs::read(log).unwrap());
    assert_eq!(world.csv("SELECT state, retired FROM system.sources"), ["complete,0"]);
    world.run(&["verify", "--deep"]).ends(0);
}

#[test]
fn a_foreign_archive_is_restored_with_its_own_sources() {
    let world = archived();
    let other = World::with_store();
    let far = world.path("far");
    let words = ["restore", "--from", far.to_str().unwrap(), "--days", DAYS, "--as", "theirs"];
    other.run(&words).ends(0);
    assert_eq!(other.csv("SELECT count(*) FROM requests_all"), ["12"]);
    assert_eq!(other.csv("SELECT count(*) FROM requests"), ["0"]);
    other.run(&["verify", "--deep"]).ends(0);
}

/// Copies a folder as a plain copying tool does: what is gone meanwhile is not there.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    let Ok(entries) = std::fs::read_dir(from) else { return };
    for entry in entries.flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            let _ = std::fs::copy(entry.path(), to);
        }
    }
    std::fs::set_permissions(to, PermissionsExt::from_mode(0o700)).unwrap();
}

#[test]
fn a_copy_made_while_logs_come_in_opens_verifies_and_answers() {
    let world = World::with_store();
    let lines = |from: u32| -> String {
        let line = |second: u32| {
            format!(
                "{}.000 1 10.1.1.{} TCP_MISS/200 {second} GET http://h{second}.example/ - HIER_DIRECT/192.0.2.1 text/html\n",
                1_795_169_425 + second,
                second % 250
            )
        };
        (from..from + 300).map(line).collect()
    };
    let mut writer = Vec::new();
    for file in 0..12 {
        writer.push(world.file(&format!("log{file}.log"), lines(file * 300).as_bytes()));
    }
    let mut copies = Vec::new();
    for (at, log) in writer.iter().enumerate() {
        let mut child = world.command(&["ingest", log.to_str().unwrap()]).spawn().unwrap();
        // The ledger first, then the files it names: these never change.
        let to = world.path(&format!("copy{at}"));
        for part in ["ledger", "requests", "lines", "salts"] {
            copy(&world.store().join(part), &to.join(part));
        }
        std::fs::copy(world.store().join("dwell.toml"), to.join("dwell.toml")).unwrap();
        std::fs::set_permissions(&to, PermissionsExt::from_mode(0o700)).unwrap();
        assert!(child.wait().unwrap().success());
        copies.push(to);
    }
    let mut rows = Vec::new();
    for to in &copies {
        world.run(&["verify", "--deep", to.to_str().unwrap()]).ends(0);
        let asked = [
            "--store",
            to.to_str().unwrap(),
            "sql",
            "SELECT count(*) FROM requests",
            "--format",
            "csv",
        ];
        let mut command = world.command(&asked);
        // Another machine: it has seen no newer head of this store.
        command.env("DWELL_KEY_DIR", world.path("elsewhere"));
        let run = world.ran(command.output().unwrap());
        run.ends(0);
        rows.push(run.out().lines().nth(1).unwrap().parse::<u64>().unwrap());
    }
    assert!(rows.is_sorted() && rows.iter().all(|rows| rows % 300 == 0), "{rows:?}");
    assert!(rows[11] >= 3_300, "{rows:?}");
}
