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

/// Whether python3 with a package for Ed25519 is there.
fn has_python() -> bool {
    let imports = "try:\n import cryptography\nexcept ImportError:\n import nacl.signing";
    let run = std::process::Command::new("python3").args(["-c", imports]).output();
    run.is_ok_and(|run| run.status.success())
}

/// Runs the checker of `docs/`.
fn checker(dir: &std::path::Path, more: &[&str]) -> std::process::Output {
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify_proof.py");
    // Nothing may depend on assertions, which -O takes out.
    std::process::Command::new("python3")
        .arg("-O")
        .arg(script)
        .arg(dir)
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn rows_are_exported_with_their_proof() {
    let world = with_rows();
    world.run(&["seal", "--before", "2026-11-21"]).ends(0);
    let condition = "client_ip IN ('10.1.1.5', '10.1.1.9')";
    let run = world.run(&["export", "--proof", "proof", "--where", condition]);
    run.ends(0);
    let shown = run.shown();
    let (shown, key) = shown.rsplit_once(' ').unwrap();
    insta::assert_snapshot!(shown);
    let line = std::fs::read_to_string(world.path("proof/key")).unwrap();
    assert_eq!(key.trim().rsplit('+').next(), line.trim().rsplit('+').next());
    let log = std::fs::read_to_string(world.path("proof/rows.log")).unwrap();
    let expected: Vec<&str> = SQUID
        .lines()
        .take(11)
        .filter(|it| it.contains("10.1.1.5") || it.contains("10.1.1.9"))
        .collect();
    assert_eq!(log.lines().collect::<Vec<_>>(), expected);
    // Nothing is written over, and every way of asking wrongly says so.
    for words in [
        &["export", "--proof", "proof", "--where", condition][..],
        &["export"],
        &["export", "--proof", "other"],
        &["export", "--proof", "other", "--query", "SELECT host FROM requests"],
        &["export", "--proof", "other", "--where", "no_such_column = 1"],
    ] {
        world.run(words).ends(2);
    }
    world.run(&["export", "--proof", "other", "--where", "status = 999"]).ends(0);
    let unsealed = world.run(&["export", "--proof", "other", "--where", "day = '2026-11-21'"]);
    unsealed.ends(1);
    assert!(unsealed.stderr.contains("line 12 of source 1 is not sealed yet (2026-11-21)"));
    assert!(!world.path("other").exists());
    let query = "SELECT line_no, source_id, host FROM requests ORDER BY ts LIMIT 2";
    world.run(&["export", "--proof", "other", "--query", query]).ends(0);
    let log = std::fs::read_to_string(world.path("other/rows.log")).unwrap();
    assert_eq!(log.lines().count(), 2);
}

#[test]
fn an_independent_checker_believes_the_proof_and_nothing_else() {
    if !has_python() {
        println!("skipped: no python3 with `cryptography` or `pynacl`");
        return;
    }
    let world = with_rows();
    world.run(&["seal", "--before", "2026-11-30"]).ends(0);
    world.run(&["export", "--proof", "proof", "--where", "status < 400"]).ends(0);
    let dir = world.path("proof");
    let good = checker(&dir, &[]);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    let said = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(said.contains("9 lines are what was sealed"), "{said}");
    let key = dir.join("key").display().to_string();
    assert!(checker(&dir, &[&key]).status.success());
    let other = world.file("other-key", b"another+00000000+AAAA\n");
    assert!(!checker(&dir, &[other.to_str().unwrap()]).status.success());
    // Whatever is changed in what it reads, it says no.
    for (name, from, to) in [
        ("rows.jsonl", "\"index\":0", "\"index\":1"),
        ("rows.jsonl", "\"line_no\":1,", "\"line_no\":99,"),
        ("rows.jsonl", "\"source_id\":1", "\"source_id\":2"),
        ("rows.jsonl", "\"day\":\"2026-11-20\"", "\"day\":\"2026-11-21\""),
        ("rows.jsonl", "\"line\":\"MTc5", "\"line\":\"MTc4"),
        ("rows.jsonl", "\"salt\":\"", "\"salt\":\"00"),
        ("rows.log", "GET", "PUT"),
        ("ledger.jsonl", "\\\"leaves\\\":11", "\\\"leaves\\\":12"),
        ("ledger.jsonl", "\"index\":0", "\"index\":1"),
        ("checkpoint", "\n\n", "\n0\n\n"),
        ("key", "+", "x+"),
    ] {
        let path = dir.join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name} without {from}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        assert!(!checker(&dir, &[]).status.success(), "{name}: {from} -> {to}");
        std::fs::write(&path, text).unwrap();
    }
    assert!(checker(&dir, &[]).status.success());
}

#[test]
fn the_checker_believes_an_archived_day() {
    if !has_python() {
        println!("skipped: no python3 with `cryptography` or `pynacl`");
        return;
    }
    let world = with_rows();
    world.run(&["seal", "--before", "2026-11-30"]).ends(0);
    world.run(&["archive", "--to", "archive"]).ends(0);
    let day = world.path("archive/days/2026-11-20");
    let package = std::fs::read_dir(day).unwrap().next().unwrap().unwrap().path();
    let good = checker(&package, &[]);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    assert!(String::from_utf8_lossy(&good.stdout).contains("files are what the records name"));
    let rows = package.join("requests/day=2026-11-20");
    let segment = std::fs::read_dir(rows).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    assert!(!checker(&package, &[]).status.success());
}
