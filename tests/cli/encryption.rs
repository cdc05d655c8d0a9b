//! An encrypted store from end to end: made, filled, asked and verified with its key, and closed without it.

use std::path::{Path, PathBuf};

use crate::world::{SQUID, World};

fn encrypted() -> World {
    let world = World::new();
    world.run(&["init", "--encrypt"]).ends(0);
    world.file("squid.log", (SQUID.to_owned() + "a line that is none\n").as_bytes());
    world.run(&["ingest", "squid.log"]).ends(3);
    world
}

fn key(world: &World) -> PathBuf {
    let names = std::fs::read_dir(world.path("keys")).unwrap().flatten();
    let mut paths = names.map(|name| name.path());
    paths.find(|path| path.extension().is_some_and(|it| it == "encryption")).unwrap()
}

fn walk(dir: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push((path.clone(), std::fs::read(path).unwrap()));
        }
    }
}

#[test]
fn with_its_key_it_is_as_any_other() {
    let world = encrypted();
    let plain = World::new();
    plain.run(&["init"]).ends(0);
    plain.file("squid.log", (SQUID.to_owned() + "a line that is none\n").as_bytes());
    plain.run(&["ingest", "squid.log"]).ends(3);
    for query in [
        "SELECT * EXCLUDE (raw) FROM requests ORDER BY source_id, line_no",
        "SELECT host, count(*) FROM requests WHERE status = 200 AND ts >= '2026-11-20' GROUP BY 1 ORDER BY 1",
        "SELECT user, max(response_bytes) FROM requests WHERE host LIKE '%corp%' GROUP BY 1 ORDER BY 1",
        "SELECT line_no, reason, raw FROM quarantine",
        "SELECT path, lines, rows, quarantined FROM system.sources",
    ] {
        assert_eq!(world.csv(query), plain.csv(query), "{query}");
    }
    let log = std::fs::read(world.path("squid.log")).unwrap();
    assert_eq!(world.run(&["raw", "--source", "1"]).ends(0).stdout, log);
    let verify = world.run(&["verify", "--deep"]);
    assert!(verify.ends(0).out().contains("1 source given back byte for byte"), "{}", verify.out());
    let doctor = world.run(&["doctor"]);
    assert!(doctor.ends(0).out().contains("encrypted (AES-256-GCM); store key"));
    let file = std::fs::read_dir(world.path("store/requests/day=2026-11-20")).unwrap();
    let file = file.flatten().next().unwrap().path();
    let inspect = world.run(&["inspect", file.to_str().unwrap()]);
    assert!(inspect.ends(0).out().contains("dwell.transaction"), "{}", inspect.out());
}

#[test]
fn nothing_of_the_log_lies_in_the_store() {
    let world = encrypted();
    world.csv("SELECT user, host, count(*) FROM requests GROUP BY 1, 2 ORDER BY 3");
    let mut files = Vec::new();
    walk(&world.store(), &mut files);
    let parquet =
        files.iter().filter(|(path, _)| path.extension().is_some_and(|it| it == "parquet"));
    assert!(parquet.clone().count() == 3);
    for (path, bytes) in parquet {
        assert!(bytes.starts_with(b"PARE") && bytes.ends_with(b"PARE"), "{}", path.display());
    }
    for (path, bytes) in files.iter().filter(|(path, _)| !path.ends_with("dwell.toml")) {
        for word in
            ["anna", "corp.test", "example", "10.1.1.", "a line that", "squid.log", "tester"]
        {
            let stands = bytes.windows(word.len()).any(|it| it == word.as_bytes());
            assert!(!stands, "{word} in {}", path.display());
        }
    }
}

#[test]
fn without_its_key_it_is_closed() {
    let world = encrypted();
    let key = key(&world);
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    world.file("b.log", SQUID.replace("10.1.1.", "10.2.2.").as_bytes());
    let ingest = world.run(&["ingest", "b.log"]);
    assert!(ingest.ends(1).stderr.contains("its key is not here"), "{}", ingest.stderr);
    world.run(&["sql", "SELECT host FROM requests"]).ends(1);
    world.run(&["raw", "--source", "1"]).ends(1);
    world.run(&["days"]).ends(0);
    let verify = world.run(&["verify", "--deep"]);
    assert!(verify.ends(0).out().contains("rows were not checked"), "{}", verify.out());
    std::fs::write(&key, "0".repeat(64)).unwrap();
    let sql = world.run(&["sql", "SELECT host FROM requests"]);
    assert!(sql.ends(1).stderr.contains("wrapped with the store key"), "{}", sql.stderr);
    std::fs::write(&key, kept).unwrap();
    world.run(&["ingest", "b.log"]).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["24"]);
}

#[test]
fn a_command_may_give_the_key_if_the_settings_are_ones_own() {
    let world = World::new();
    world.file("secret", "5a".repeat(32).as_bytes());
    let command = format!("cat {}", world.path("secret").display());
    world.run(&["init", "--encrypt", "--encryption-command", &command]).ends(0);
    world.file("squid.log", SQUID.as_bytes());
    world.run(&["ingest", "squid.log"]).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["12"]);
    // A copy's settings are somebody else's.
    let copy = world.path("copy");
    let mut copied = std::process::Command::new("cp");
    assert!(copied.arg("-a").args([world.store(), copy.clone()]).status().unwrap().success());
    let verify = world.run(&["verify", copy.to_str().unwrap(), "--deep"]);
    assert!(verify.ends(0).out().contains("rows were not checked"), "{}", verify.out());
    assert!(verify.out().contains("this is a copy"), "{}", verify.out());
    // So are settings that others may write.
    use std::os::unix::fs::PermissionsExt as _;
    let settings = world.path("store/dwell.toml");
    std::fs::set_permissions(&settings, std::fs::Permissions::from_mode(0o620)).unwrap();
    let sql = world.run(&["sql", "SELECT host FROM requests"]);
    assert!(sql.ends(1).stderr.contains("others may write the file"), "{}", sql.stderr);
    world.run(&["init", "elsewhere", "--encryption-command", "true"]).ends(2);
}

#[test]
fn a_flipped_bit_is_noticed_by_verify_and_by_the_query() {
    let world = encrypted();
    let folder = world.path("store/requests/day=2026-11-20");
    let file = std::fs::read_dir(folder).unwrap().flatten().next().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[200] ^= 16;
    std::fs::write(&file, bytes).unwrap();
    world.run(&["verify", "--deep"]).ends(12);
    world.run(&["sql", "SELECT * FROM requests"]).ends(12);
}

#[test]
fn a_new_key_takes_the_place_of_the_old_one() {
    let world = encrypted();
    let old = std::fs::read(key(&world)).unwrap();
    let said = world.run(&["rekey"]);
    assert!(said.ends(0).stderr.contains("data keys wrapped with the new store key"));
    assert_ne!(std::fs::read(key(&world)).unwrap(), old);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["12"]);
    world.run(&["verify", "--deep"]).ends(0);
    World::with_store().run(&["rekey"]).ends(2);
}

#[test]
fn it_is_sealed_put_together_and_archived_in_the_dark() {
    let world = encrypted();
    world.file("b.log", SQUID.replace("10.1.1.", "10.2.2.").as_bytes());
    world.run(&["ingest", "b.log"]).ends(0);
    world.run(&["seal", "--before", "2026-11-22"]).ends(0);
    world.run(&["compact"]).ends(0);
    world.run(&["archive", "--to", "archive"]).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["24"]);
    world.run(&["verify", "--deep"]).ends(0);
    world.run(&["verify", "archive", "--deep"]).ends(0);
    let mut files = Vec::new();
    walk(&world.store(), &mut files);
    walk(&world.path("archive"), &mut files);
    assert!(files.iter().any(|(path, _)| path.to_string_lossy().contains("archive/days/")));
    for (path, bytes) in files.iter().filter(|(path, _)| !path.ends_with("dwell.toml")) {
        for word in
            ["anna", "corp.test", "bad.example", "10.1.1.", "a line that", "squid.log", "tester"]
        {
            let stands = bytes.windows(word.len()).any(|it| it == word.as_bytes());
            assert!(!stands, "{word} in {}", path.display());
        }
    }
}
