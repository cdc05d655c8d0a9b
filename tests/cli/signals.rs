//! What happens on Ctrl-C, when the reader of a pipe leaves, and when two write at once?

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use crate::world::{SQUID, World};

fn interrupt(child: &Child) {
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn ctrl_c_in_an_ingest_leaves_a_whole_store() {
    let world = World::with_store();
    // stdin stays open, so that the ingest is surely still running when it is interrupted.
    let mut child = world.command(&["ingest", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(SQUID.repeat(4_000).as_bytes()).unwrap();
    interrupt(&child);
    // What comes after the signal is where it stops.
    let _ = stdin.write_all(SQUID.repeat(4_000).as_bytes());
    drop(stdin);
    let run = world.ran(child.wait_with_output().unwrap());
    run.ends(130);
    world.run(&["verify", "--deep"]).ends(0);
    let counts = world.csv("SELECT count(*), count(DISTINCT line_no) FROM requests");
    let (all, distinct) = counts[0].split_once(',').unwrap();
    assert_eq!(all, distinct);
    world.run_with(&["ingest", "-"], SQUID.as_bytes()).ends(0);
}

#[test]
fn ctrl_c_in_a_query() {
    let world = World::with_store();
    world.file("many.log", SQUID.repeat(2_000).as_bytes());
    world.run(&["ingest", "many.log"]).ends(0);
    let query = "SELECT count(*) FROM requests a CROSS JOIN requests b CROSS JOIN requests c WHERE a.url || b.url <> c.url";
    let child = world.command(&["sql", query]).spawn().unwrap();
    // Its private folder shows that it has begun; it would go on for hours.
    let staging = world.store().join("staging");
    while std::fs::read_dir(&staging).unwrap().next().is_none() {
        std::thread::yield_now();
    }
    interrupt(&child);
    let run = world.ran(child.wait_with_output().unwrap());
    run.ends(130);
    assert!(run.stderr.contains("interrupted"), "{}", run.stderr);
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let world = World::with_store();
    world.file("many.log", SQUID.repeat(4_000).as_bytes());
    world.run(&["ingest", "many.log"]).ends(0);
    for words in
        [&["sql", "SELECT * FROM requests", "--format", "ndjson"][..], &["raw", "--source", "1"]]
    {
        let mut child = world.command(words).spawn().unwrap();
        let mut first = [0; 100];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let run = world.ran(child.wait_with_output().unwrap());
        run.ends(0);
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn two_writers_do_not_disturb_each_other() {
    let world = World::with_store();
    let log = SQUID.repeat(1_500);
    world.file("one.log", log.as_bytes());
    let first = world.command(&["ingest", "one.log"]).spawn().unwrap();
    let second = world.command(&["ingest", "one.log"]).spawn().unwrap();
    let first = world.ran(first.wait_with_output().unwrap());
    let second = world.ran(second.wait_with_output().unwrap());
    first.ends(0);
    second.ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["18000"]);
    assert_eq!(world.csv("SELECT count(*) FROM system.sources"), ["1"]);
}

#[test]
fn a_locked_store_ends_with_11() {
    let world = World::with_store();
    world.file("one.log", SQUID.as_bytes());
    let lock = std::fs::File::open(world.store().join("lock")).unwrap();
    lock.lock().unwrap();
    let run = world.run(&["ingest", "one.log", "--wait", "0"]);
    run.ends(11);
    assert!(run.stderr.contains("--wait"), "{}", run.stderr);
    drop(lock);
    world.run(&["ingest", "one.log", "--wait", "0"]).ends(0);
}
