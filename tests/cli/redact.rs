//! What does a person see of `dwell redact`? The dry run, the removal, what stays provable, and what is refused.

use std::path::Path;

use serde_json::Value;

use crate::world::{SQUID, World};

const WHY: &[&str] = &["--reason", "art. 17", "--case", "2026-77", "--by", "privacy office"];

fn redact<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [&["redact"], words, WHY].concat()
}

/// Files of a folder whose bytes have a text in them; pages are compressed, so this finds words and logs.
fn naming(dir: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(naming(&path, text));
        } else if String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains(text) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_person_goes_and_the_rest_is_proven() {
    let world = World::with_store();
    world.file("store/dwell.toml", b"[query]\nlog = true\n");
    let log = world.file("anna.log", SQUID.as_bytes());
    world.run(&["ingest", log.to_str().unwrap()]).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests WHERE user = 'anna'"), ["2"]);
    let dry = world.run(&redact(&["--where", "user = 'anna'"]));
    insta::assert_snapshot!("dry_run", dry.ends(0).shown());
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["12"]);
    world.run(&["seal", "--before", "2026-11-30"]).ends(0);
    let words = [&["--json"], &redact(&["--where", "user = 'anna'", "--yes"])[..]].concat();
    let done = world.run(&words);
    let report: Value = serde_json::from_slice(&done.ends(0).stdout).unwrap();
    assert_eq!((&report["report"], &report["schema_version"]), (&"redact".into(), &1.into()));
    let [first] = &report["redactions"].as_array().unwrap()[..] else { panic!("{report}") };
    assert_eq!((&first["rows"], &first["other_lines"]), (&2.into(), &0.into()));
    assert_eq!(first["lines"], serde_json::json!([[1, 1, 1], [1, 7, 7]]));
    assert_eq!(first["queries_without_words"].as_array().unwrap().len(), 1);
    assert_eq!(first["records_without_words"].as_array().unwrap().len(), 1);
    assert_eq!(naming(&world.store(), "anna"), Vec::<String>::new());
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["10"]);
    let row = world.csv("SELECT rows, redacted, path FROM system.sources");
    assert_eq!(row, ["12,2,\"\""]);
    let raw = world.run(&["raw", "--source", "1"]);
    let left: String = SQUID
        .lines()
        .filter(|line| !line.contains(" anna "))
        .map(|l| l.to_owned() + "\n")
        .collect();
    assert_eq!(raw.ends(0).out(), left);
    assert!(raw.stderr.contains("2 lines of the source were redacted"), "{}", raw.stderr);
    let verify = world.run(&["verify", "--deep"]);
    assert!(verify.ends(0).out().contains("valid"), "{}", verify.out());
    let again = world.run(&["ingest", log.to_str().unwrap()]);
    assert!(
        again.ends(0).stderr.contains("2 of its lines were redacted and stay out"),
        "{}",
        again.stderr
    );
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["10"]);
    let nothing = world.run(&redact(&["--where", "user = 'anna'", "--yes"]));
    assert!(nothing.ends(0).stderr.contains("nothing to do"), "{}", nothing.stderr);
    let ledger = world.csv("SELECT kind, by FROM system.ledger WHERE kind = 'redact'");
    assert_eq!(ledger, ["redact,privacy office"]);
}

#[test]
fn quarantined_lines_go_too() {
    let world = World::with_store();
    let log = format!("{SQUID}words of erika\nother words\n");
    world.file("squid.log", log.as_bytes());
    world.run(&["ingest", "squid.log"]).ends(3);
    let words = redact(&["--quarantine", "CAST(raw AS VARCHAR) LIKE '%erika%'", "--yes"]);
    let done = world.run(&words);
    insta::assert_snapshot!("quarantine", mask(&done.ends(0).shown()));
    assert_eq!(world.csv("SELECT line_no FROM quarantine"), ["14"]);
    let raw = world.run(&["raw", "--source", "1"]);
    assert_eq!(raw.ends(0).out(), log.replace("words of erika\n", ""));
    world.run(&["verify", "--deep"]).ends(0);
    world
        .run(&["sources", "shift", "--source", "1", "--by", "1h", "--reason", "r", "--yes"])
        .ends(0);
    world.run(&["verify", "--deep"]).ends(0);
}

/// Salts are random, and so are their digests.
fn mask(text: &str) -> String {
    text.replace("HEX", "..")
}

#[test]
fn holds_win() {
    let world = World::with_rows();
    let place =
        ["hold", "place", "--days", "2026-11-20", "--reason", "r", "--case", "c", "--by", "b"];
    world.run(&place).ends(0);
    let dry = world.run(&redact(&["--where", "client_ip = '10.1.1.9'"]));
    assert!(dry.ends(0).stderr.contains("2026-11-20 is held by hold 1"), "{}", dry.stderr);
    let refused = world.run(&redact(&["--where", "client_ip = '10.1.1.9'", "--yes"]));
    let said = &refused.ends(1).stderr;
    assert!(said.contains("2026-11-20") && said.contains("hold 1"), "{said}");
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["12"]);
    world.run(&["hold", "release", "1", "--reason", "r", "--by", "b"]).ends(0);
    world.run(&redact(&["--where", "client_ip = '10.1.1.9'", "--yes"])).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["9"]);
}

#[test]
fn what_is_wrong_is_refused() {
    let world = World::with_rows();
    world.run(&["redact", "--where", "user = 'anna'"]).ends(2);
    world.run(&redact(&[])).ends(2);
    world.run(&redact(&["--where", "nonsense = 'anna'"])).ends(2);
    let naming = [
        "redact",
        "--where",
        "user = 'anna'",
        "--reason",
        "Anna asked",
        "--case",
        "1",
        "--by",
        "b",
    ];
    let said = world.run(&naming);
    assert!(said.ends(2).stderr.contains("in other words"), "{}", said.stderr);
    let empty = ["redact", "--where", "user = 'anna'", "--reason", " ", "--case", "1", "--by", "b"];
    world.run(&empty).ends(2);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["12"]);
}

#[test]
fn archives_are_brought_up_to_date() {
    let world = World::with_rows();
    world.run(&["seal", "--before", "2026-11-30"]).ends(0);
    world.run(&["archive", "--to", "copy"]).ends(0);
    let packages = |day: &str| {
        std::fs::read_dir(world.path(&format!("copy/days/{day}"))).map_or(0, Iterator::count)
    };
    assert_eq!((packages("2026-11-20"), packages("2026-11-21")), (1, 1));
    let told = world.run(&redact(&["--where", "client_ip = '10.1.1.9'"]));
    assert!(told.ends(0).stderr.contains("still holds 2 of these days"), "{}", told.stderr);
    // The second day has no other rows.
    let words = redact(&["--where", "client_ip = '10.1.1.9'", "--archives", "--yes"]);
    let done = world.run(&words);
    assert!(done.ends(0).stderr.contains("1 day archived anew, 1 taken out"), "{}", done.stderr);
    assert_eq!((packages("2026-11-20"), packages("2026-11-21")), (1, 0));
    world.run(&["archive", "--to", "copy"]).ends(0);
    assert_eq!(packages("2026-11-20"), 1);
    world.run(&["verify", "copy", "--deep"]).ends(0);
    world.run(&["verify", "--deep"]).ends(0);
}
