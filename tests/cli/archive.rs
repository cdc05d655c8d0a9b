//! Do days get into archives, prove themselves there, and leave by policy?

use std::path::PathBuf;

use crate::world::World;

/// A store with two sealed days.
fn sealed() -> World {
    let world = World::with_rows();
    world.run(&["seal", "--before", "2026-11-22"]).ends(0);
    world
}

fn segments(world: &World) -> Vec<PathBuf> {
    let days = world.path("backup").join("days");
    let mut found = Vec::new();
    let mut folders = vec![days];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.components().any(|word| word.as_os_str() == "requests") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn sealed_days_are_archived_and_the_others_named() {
    let world = World::with_rows();
    let run = world.run(&["archive", "--to", "backup"]);
    run.ends(0);
    assert!(run.stderr.contains("2026-11-20 is not sealed"), "{}", run.stderr);
    assert!(run.out().contains("nothing was due"), "{}", run.out());
    world.run(&["seal", "--before", "2026-11-22"]).ends(0);
    let run = world.run(&["archive", "--to", "backup", "--jobs", "2", "--limit", "100MiB/s"]);
    run.ends(0);
    assert!(run.out().contains("2 days archived (2026-11-20..2026-11-21)"), "{}", run.out());
    assert!(!run.stderr.contains("not sealed"), "{}", run.stderr);
    let again = world.run(&["archive", "--to", "backup"]);
    again.ends(0);
    assert!(again.out().contains("nothing was due; 2 days are there"), "{}", again.out());
    let list = world.run(&["archive", "--to", "backup", "--list"]);
    list.ends(0);
    assert!(list.out().starts_with("2026-11-20  11 rows"), "{}", list.out());
    let kinds = world.csv("SELECT kind, detail FROM system.ledger WHERE kind = 'archive'");
    assert_eq!(kinds.len(), 1, "{kinds:?}");
}

#[test]
fn damage_is_told_by_its_word() {
    let world = sealed();
    world.run(&["archive", "--to", "backup"]).ends(0);
    let backup = world.path("backup");
    let backup = backup.to_str().unwrap();
    let clean = world.run(&["verify", backup, "--deep"]);
    clean.ends(0);
    assert!(clean.out().ends_with("valid\n"), "{}", clean.out());
    let files = segments(&world);
    let whole = std::fs::read(&files[0]).unwrap();
    let mut flipped = whole.clone();
    flipped[100] ^= 4;
    std::fs::write(&files[0], &flipped).unwrap();
    world.run(&["verify", backup]).ends(0);
    let run = world.run(&["verify", backup, "--deep"]);
    run.ends(12);
    assert!(run.out().starts_with("altered: days/"), "{}", run.out());
    std::fs::remove_file(&files[0]).unwrap();
    let run = world.run(&["verify", backup, "--json"]);
    run.ends(12);
    assert!(run.out().contains("\"missing\": 1"), "{}", run.out());
    std::fs::write(&files[0], &whole).unwrap();
    std::fs::write(world.path("backup/letter"), "x").unwrap();
    let run = world.run(&["verify", backup]);
    run.ends(12);
    assert!(run.out().contains("foreign file: letter"), "{}", run.out());
    std::fs::remove_file(world.path("backup/letter")).unwrap();
    // Another machine, which knows no key: valid, and said.
    let mut command = world.command(&["verify", backup, "--deep"]);
    command.env("DWELL_KEY_DIR", world.path("no-keys")).env_remove("DWELL_STORE");
    let run = world.ran(command.output().unwrap());
    run.ends(0);
    assert!(run.out().contains("key not known on this machine"), "{}", run.out());
}

#[test]
fn damaged_rows_are_not_archived() {
    let world = sealed();
    let day = world.store().join("requests/day=2026-11-20");
    let file = std::fs::read_dir(day).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[50] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let run = world.run(&["archive", "--to", "backup"]);
    run.ends(12);
    assert!(run.stderr.contains("2026-11-20 was not archived"), "{}", run.stderr);
    assert!(run.out().contains("1 day archived (2026-11-21)"), "{}", run.out());
    world.run(&["verify", world.path("backup").to_str().unwrap(), "--deep"]).ends(0);
}

#[test]
fn days_leave_by_the_policy_and_holds_keep_them() {
    let world = sealed();
    let settings = "[[archive]]\nname = \"near\"\nto = \"backup\"\nkeep_days = 1\n\
                    [[archive]]\nname = \"second\"\nto = \"other/place\"\n";
    std::fs::write(world.store().join("dwell.toml"), settings).unwrap();
    let run = world.run(&["archive"]);
    run.ends(0);
    assert!(run.out().contains("archive near: 2 days") && run.out().contains("archive second: 2"));
    world.run(&["archive", "--to", "second", "--expire"]).ends(2);
    let place = ["hold", "place", "--days", "2026-11-20..2026-11-20"];
    let words = ["--reason", "a case", "--case", "7", "--by", "anna"];
    world.run(&[&place[..], &words[..]].concat()).ends(0);
    // The fixture's days are a few days old by the real clock, or lie ahead of it.
    let plan = world.run(&["archive", "--to", "near", "--expire"]);
    plan.ends(0);
    let done = world.run(&["archive", "--to", "near", "--expire", "--yes", "--json"]);
    done.ends(0);
    assert!(done.out().contains("\"report\": \"archive_expire\""), "{}", done.out());
    assert!(!done.out().contains("2026-11-20\"\n      ],\n      \"objects\""), "{}", done.out());
    let left = world.run(&["archive", "--to", "near", "--list"]);
    left.ends(0);
    assert!(left.out().contains("2026-11-20"), "{}", left.out());
    world.run(&["verify", world.path("backup").to_str().unwrap(), "--deep"]).ends(0);
}

#[test]
fn wrong_targets_are_refused_with_the_next_step() {
    let world = sealed();
    world.run(&["archive"]).ends(2);
    world.run(&["archive", "--to", "ftp://host/x"]).ends(2);
    world.run(&["archive", "--to", "s3://"]).ends(2);
    world.run(&["archive", "--to", "backup", "--limit", "fast"]).ends(2);
    std::fs::create_dir(world.path("full")).unwrap();
    std::fs::write(world.path("full/letter"), "x").unwrap();
    let run = world.run(&["archive", "--to", "full"]);
    run.ends(2);
    assert!(run.stderr.contains("not empty, and no archive: it holds letter"), "{}", run.stderr);
    world.run(&["archive", "--to", "none", "--list"]).ends(10);
    world.run(&["archive", "--to", "store/archive/x"]).ends(2);
    assert!(!world.store().join("archive").exists());
    let mut command = world.command(&["archive", "--to", "s3://bucket/x"]);
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("AWS_ACCESS_KEY_ID", "an-id");
    let run = world.ran(command.output().unwrap());
    run.ends(2);
    assert!(run.stderr.contains("AWS_SECRET_ACCESS_KEY"), "{}", run.stderr);
}
