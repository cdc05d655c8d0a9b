//! Can analysts read a store that they may not write, and does nothing secret show?

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::World;

/// Everything below a folder: kind, rights, size, time of the last change, content.
fn tree(dir: &Path) -> BTreeMap<PathBuf, (u32, u64, i64, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            let content = if meta.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
            if meta.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path, (meta.mode(), meta.len(), meta.mtime(), meta.mtime_nsec(), content));
        }
    }
    found
}

/// What analysts do.
const READING: &[&[&str]] = &[
    &["sql", "SELECT count(*) FROM requests"],
    &["days"],
    &["sources"],
    &["raw", "--source", "1"],
    &["verify"],
    &["verify", "--deep"],
    &["checkpoint", "export"],
];

#[test]
fn a_store_that_is_only_read_stays_as_it_is() {
    let world = World::with_rows();
    let before = tree(&world.store());
    for words in READING {
        let words = [&["--read-only"], *words].concat();
        world.run(&words).ends(0);
    }
    assert_eq!(tree(&world.store()), before);
    let run = world.run(&["--read-only", "sql", "SELECT 1"]);
    assert_eq!(run.ends(0).stderr.matches("lease").count(), 1, "{}", run.stderr);
    // What would write is refused, and has not written.
    world.file("more.log", crate::world::SQUID.replace("10.1.1.5", "10.1.1.2").as_bytes());
    let run = world.run(&["--read-only", "ingest", "more.log"]);
    assert!(run.ends(1).stderr.contains("to be read only"), "{}", run.stderr);
    world.run(&["--read-only", "checkpoint", "rotate-key", "--reason", "x"]).ends(1);
    assert_eq!(tree(&world.store()), before);
    assert!(!world.path("keys").join("x.key.new").exists());
}

/// Takes the right to write away from everything below a folder.
fn freeze(dir: &Path) {
    for path in tree(dir).into_keys().chain([dir.to_path_buf()]) {
        let mode = path.metadata().unwrap().permissions().mode();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode & !0o222)).unwrap();
    }
}

#[test]
fn another_user_of_the_group_reads_a_frozen_copy() {
    let analyst = 65_534;
    let world = World::with_rows();
    let store = world.path("shared");
    let gid = 54_321;
    if !is_root(&world) {
        println!("skipped: only root can be another user");
        return;
    }
    let words = ["init", store.to_str().unwrap(), "--group", "54321"];
    world.run(&words).ends(0);
    world.run(&["--store", store.to_str().unwrap(), "ingest", "squid.log"]).ends(0);
    freeze(&store);
    // The way to the store, the program and a home of his own are the analyst's to use.
    let base = world.path("");
    std::fs::set_permissions(&base, std::fs::Permissions::from_mode(0o711)).unwrap();
    let home = world.path("analyst");
    std::fs::create_dir(&home).unwrap();
    std::os::unix::fs::chown(&home, Some(analyst), Some(gid)).unwrap();
    let program = home.join("dwell");
    std::fs::copy(env!("CARGO_BIN_EXE_dwell"), &program).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let before = tree(&store);
    for (mode, words) in READING.iter().flat_map(|words| [(true, words), (false, words)]) {
        let mut command = Command::new(&program);
        command.env_clear().env("HOME", &home).env("USER", "analyst").current_dir(&home);
        command.uid(analyst).gid(gid).arg("--store").arg(&store);
        if mode {
            command.arg("--read-only");
        }
        let output = command.args(*words).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {stderr}");
    }
    assert_eq!(tree(&store), before);
    // Somebody who is not in the group sees nothing.
    let mut command = Command::new(&program);
    command.env_clear().env("HOME", &home).current_dir(&home).uid(analyst).gid(analyst);
    let output = command.arg("--store").arg(&store).arg("days").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}

fn is_root(world: &World) -> bool {
    world.path("").metadata().unwrap().uid() == 0
}

/// Every command and every command of these.
fn commands(world: &World, above: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let words: Vec<&str> = above.iter().map(String::as_str).chain(["--help"]).collect();
    let help = world.run(&words).ends(0).out();
    let listed = help.split("Commands:\n").nth(1).unwrap_or("");
    for line in listed.lines().take_while(|line| !line.is_empty()) {
        let name = line.trim().split(' ').next().unwrap_or("");
        if line.starts_with("  ") && !line.starts_with("   ") && name != "help" {
            commands(world, &[above, &[name.to_owned()]].concat(), found);
        }
    }
    found.push((above.to_vec(), help));
}

#[test]
fn no_command_takes_or_shows_a_secret() {
    let world = World::with_rows();
    let mut found = Vec::new();
    commands(&world, &[], &mut found);
    assert!(found.len() > 30, "{}", found.len());
    for (words, help) in &found {
        for option in help.split_whitespace().filter(|word| word.starts_with("--")) {
            let option = option.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            for secret in ["--password", "--passphrase", "--secret", "--token", "--private-key"] {
                assert!(!option.starts_with(secret), "{words:?} takes {option} as a word");
            }
        }
    }
    // Secrets of the environment come out nowhere, however things go.
    let secret = "s3cr3t-of-the-environment";
    for words in
        [&["--help"][..], &["doctor"], &["days"], &["archive", "--to", "s3://x/y"], &["nonsense"]]
    {
        let mut command = world.command(words);
        for name in ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "DWELL_CHECKPOINT_AUTHORIZATION"]
        {
            command.env(name, secret);
        }
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_ENDPOINT", "http://127.0.0.1:9");
        let run = world.ran(command.output().unwrap());
        assert!(!run.stderr.contains(secret) && !run.out().contains(secret), "{words:?}");
    }
}
