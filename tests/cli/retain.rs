//! What goes by `dwell retain`, what `dwell hold` keeps, and what is left to prove it?

use std::path::Path;

use crate::world::World;

/// 2024-01-01T12:00:00Z in seconds.
const NOON: u64 = 1_704_110_400;

/// Lines of the day that lies `day` days after 2024-01-01, one for each client.
pub(crate) fn lines(day: u64, clients: &[&str]) -> String {
    let line = |(at, client): (usize, &&str)| {
        format!(
            "{}.{at:03}      4 {client} TCP_MISS/200 349 GET http://www.corp.test/{day}/{at} - HIER_DIRECT/192.0.2.1 text/html\n",
            NOON + day * 86_400
        )
    };
    clients.iter().enumerate().map(line).collect()
}

/// A store with ten days, a file each: 2024-01-01 to 2024-01-10.
fn ten_days(settings: &str) -> World {
    let world = World::with_store();
    world.file("store/dwell.toml", settings.as_bytes());
    for day in 0..10 {
        let log = lines(day, &["10.1.1.5", "10.1.1.6", "10.1.1.7"]);
        world.file(&format!("{day:02}.log"), log.as_bytes());
    }
    world.run(&["ingest", "*.log"]).ends(0);
    world
}

/// Names in a folder of the store; those of folders below it too.
pub(crate) fn files(world: &World, folder: &str) -> usize {
    fn walk(dir: &Path) -> usize {
        let entries = std::fs::read_dir(dir).unwrap().flatten();
        entries.map(|it| if it.path().is_dir() { walk(&it.path()) } else { 1 }).sum()
    }
    walk(&world.store().join(folder))
}

fn days(world: &World) -> Vec<String> {
    world.csv("SELECT DISTINCT day FROM requests ORDER BY day")
}

#[test]
fn without_a_policy_everything_stays() {
    let world = ten_days("");
    insta::assert_snapshot!("no_policy", world.run(&["retain", "plan"]).ends(0).shown());
    let run = world.run(&["retain", "apply"]);
    run.ends(0);
    assert!(run.stderr.contains("nothing to retire"), "{}", run.stderr);
    assert_eq!(days(&world).len(), 10);
}

#[test]
fn what_has_expired_goes_with_a_receipt() {
    let world = ten_days("[retention]\nmax_days = 60\n");
    insta::assert_snapshot!("plan", world.run(&["retain", "plan"]).ends(0).shown());
    // All of it at once needs a word, and there is no terminal to ask for it.
    let refused = world.run(&["retain", "apply"]);
    refused.ends(1);
    assert!(refused.stderr.contains("more than 20 % in one run"), "{}", refused.stderr);
    assert_eq!(days(&world).len(), 10);
    let before = files(&world, "requests");
    insta::assert_snapshot!("apply", world.run(&["retain", "apply", "--yes"]).ends(0).shown());
    assert_eq!(days(&world), [""; 0]);
    assert_eq!((files(&world, "requests"), files(&world, "trash")), (0, before));
    let sources = world.csv("SELECT DISTINCT state, rows, retired FROM system.sources");
    assert_eq!(sources, ["retired,3,3"]);
    let receipts = world.csv("SELECT day, rows, why FROM system.retired ORDER BY day LIMIT 1");
    assert_eq!(receipts, ["2024-01-01,3,max_days 60"]);
    let detail = world.csv("SELECT kind, detail FROM system.ledger ORDER BY seq DESC LIMIT 1");
    assert!(
        detail[0].starts_with("retire,\"2024-01-01 to 2024-01-10: 10 days, 30 rows"),
        "{detail:?}"
    );
    assert_eq!(world.csv("SELECT count(*) FROM system.days"), ["0"]);
    world.run(&["verify"]).ends(0);
    // Again: nothing is due, and nothing is written.
    let records = world.csv("SELECT count(*) FROM system.ledger");
    world.run(&["retain", "apply", "--yes"]).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM system.ledger"), records);
    // The same files again are no new ones.
    world.run(&["ingest", "00.log"]).ends(0);
    assert_eq!(days(&world), [""; 0]);
}

#[test]
fn a_late_delivery_keeps_its_day() {
    // Every day is old, every ingest is of today: only the second counts for `keep_days`.
    let world = ten_days("[retention]\nkeep_days = 60\n");
    let plan = world.run(&["retain", "plan", "--json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.ends(0).out()).unwrap();
    assert_eq!((&plan["report"], &plan["schema_version"]), (&"retain".into(), &1.into()));
    assert_eq!(
        (&plan["retire"]["days"], &plan["kept"].as_array().unwrap().len()),
        (&0.into(), &10)
    );
    assert_eq!(plan["kept"][0]["protected_by"], serde_json::json!(["last ingest too recent"]));
    let plan = world.run(&["retain", "plan", "--json", "--keep-days", "0"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.ends(0).out()).unwrap();
    assert_eq!(plan["retire"]["rows"], 30);
    assert_eq!(plan["days"][0]["causes"], serde_json::json!(["keep_days 0"]));
    world.run(&["retain", "apply", "--keep-days", "0"]).ends(1);
    world.run(&["retain", "apply", "--keep-days", "0", "--yes"]).ends(0);
    assert_eq!(days(&world), [""; 0]);
}

#[test]
fn the_trash_is_emptied_when_the_grace_is_over() {
    let world = ten_days("[retention]\nmax_days = 60\ntrash_days = 0\n");
    let run = world.run(&["retain", "apply", "--yes", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&run.ends(0).out()).unwrap();
    assert_eq!(
        (&report["applied"], &report["removed"]["purged"]["files"]),
        (&true.into(), &10.into())
    );
    assert_eq!(report["removed"]["purged"]["bytes"], report["retire"]["bytes"]);
    assert_eq!(files(&world, "trash"), 0);
    world.run(&["verify", "--deep"]).ends(0);
}

#[test]
fn a_hold_is_never_overridden() {
    let world = ten_days("[retention]\nmax_days = 60\n");
    let place = ["hold", "place", "--days", "2024-01-03..2024-01-04", "--reason", "a suit"];
    let place = [&place[..], &["--case", "C-7", "--by", "legal"]].concat();
    let run = world.run(&place);
    assert_eq!(run.ends(0).out(), "1\n");
    insta::assert_snapshot!(
        "holds",
        world.run(&["hold", "list"]).ends(0).shown().replace(&today(&world), "NOW")
    );
    insta::assert_snapshot!("plan_held", world.run(&["retain", "plan"]).ends(0).shown());
    world.run(&["retain", "apply", "--yes"]).ends(0);
    assert_eq!(days(&world), ["2024-01-03", "2024-01-04"]);
    assert_eq!(world.csv("SELECT DISTINCT holds FROM system.days"), ["1"]);
    world.run(&["retain", "apply", "--yes", "--keep-days", "0"]).ends(0);
    assert_eq!(days(&world).len(), 2);
    // Its end is a record, too, and comes once.
    world.run(&["hold", "release", "2", "--reason", "r", "--by", "legal"]).ends(2);
    world.run(&["hold", "release", "1", "--reason", "settled", "--by", "legal"]).ends(0);
    world.run(&["hold", "release", "1", "--reason", "settled", "--by", "legal"]).ends(2);
    assert_eq!(world.csv("SELECT state, live_days FROM system.holds"), ["released,0"]);
    let kinds = "SELECT kind, by FROM system.ledger WHERE kind IN ('hold', 'release') ORDER BY seq";
    assert_eq!(world.csv(kinds), ["hold,legal", "release,legal"]);
    world.run(&["retain", "apply", "--yes"]).ends(0);
    assert_eq!(days(&world), [""; 0]);
    assert_eq!(world.run(&place).ends(0).out(), "2\n");
}

/// The time of the first record, as the hold list shows times of today.
fn today(world: &World) -> String {
    world.csv("SELECT placed_at FROM system.holds LIMIT 1").remove(0)
}

#[test]
fn a_hold_by_query_finds_rows_that_come_later() {
    let world = ten_days("[retention]\nmax_days = 60\n");
    world.file("late.log", lines(5, &["10.9.9.9"]).as_bytes());
    world.run(&["ingest", "late.log"]).ends(0);
    let place = ["hold", "place", "--where", "client_ip = '10.9.9.9' -- the laptop"];
    let place = [&place[..], &["--reason", "r", "--case", "c", "--by", "w"]].concat();
    assert_eq!(world.run(&place).ends(0).out(), "1\n");
    assert_eq!(world.csv("SELECT days FROM system.holds"), ["2024-01-06"]);
    // Another file brings such a row for another day.
    world.file("later.log", lines(8, &["10.1.1.1", "10.9.9.9"]).as_bytes());
    world.run(&["ingest", "later.log"]).ends(0);
    let plan = world.run(&["retain", "plan"]);
    assert!(plan.ends(0).out().contains("hold 1"), "{}", plan.out());
    world.run(&["retain", "apply", "--yes"]).ends(0);
    assert_eq!(days(&world), ["2024-01-06", "2024-01-09"]);
    assert_eq!(world.csv("SELECT days FROM system.holds"), ["\"2024-01-06, 2024-01-09\""]);
    world.run(&["retain", "apply", "--yes"]).ends(0);
    assert_eq!(days(&world).len(), 2);
}

#[test]
fn if_a_query_can_not_be_asked_nothing_goes() {
    let world = ten_days("[retention]\nmax_days = 60\n");
    let place = ["hold", "place", "--where", "host = 'no.such.test'"];
    let place = [&place[..], &["--reason", "r", "--case", "c", "--by", "w"]].concat();
    world.run(&place).ends(0);
    world.file("late.log", lines(5, &["10.9.9.9"]).as_bytes());
    world.run(&["ingest", "late.log"]).ends(0);
    // Every file of that day is damaged.
    let day = world.store().join("requests/day=2024-01-06");
    for entry in std::fs::read_dir(&day).unwrap().flatten() {
        let mut bytes = std::fs::read(entry.path()).unwrap();
        bytes.iter_mut().for_each(|byte| *byte ^= 0x55);
        std::fs::write(entry.path(), bytes).unwrap();
    }
    let run = world.run(&["retain", "apply", "--yes"]);
    run.ends(12);
    assert!(run.stderr.contains("nothing is removed"), "{}", run.stderr);
    assert_eq!(world.csv("SELECT count(*) FROM system.days"), ["10"]);
    let wrong =
        ["hold", "place", "--where", "hots = 'a'", "--reason", "r", "--case", "c", "--by", "w"];
    world.run(&wrong).ends(2);
    assert_eq!(world.csv("SELECT count(*) FROM system.holds"), ["1"]);
}

#[test]
fn a_hold_ends_by_itself() {
    let world = ten_days("[retention]\nmax_days = 60\n");
    let words = ["--reason", "r", "--case", "c", "--by", "w"];
    let days_ = ["hold", "place", "--days", "2024-01-03", "--until"];
    world.run(&[&days_[..], &["2020-01-01"], &words[..]].concat()).ends(2);
    world.run(&[&days_[..], &["2999-01-01"], &words[..]].concat()).ends(0);
    world.run(&["retain", "apply", "--yes"]).ends(0);
    assert_eq!(days(&world), ["2024-01-03"]);
    world.run(&["hold", "place", "--days", "2024-01-03"]).ends(2);
    world.run(&[&["hold", "place"][..], &words[..]].concat()).ends(2);
}

#[test]
fn rules_by_source_take_their_rows_and_leave_the_others() {
    let settings = "[retention]\n[[retention.rule]]\nsource = \"*branch*\"\nmax_days = 60\n";
    let world = World::with_store();
    world.file("store/dwell.toml", settings.as_bytes());
    world.file("main.log", lines(0, &["10.1.1.1", "10.1.1.2", "10.1.1.3", "10.1.1.4"]).as_bytes());
    let branch = format!("{}{}# not a line\n", lines(0, &["10.2.2.2"]), lines(1, &["10.2.2.2"]));
    world.file("branch.log", branch.as_bytes());
    world.run(&["ingest", "main.log"]).ends(0);
    world.run(&["ingest", "branch.log", "--format", "squid"]).ends(3);
    world.run(&["seal"]).ends(0);
    // Both sources have rows on the day; putting files together keeps them apart.
    world.run(&["compact"]).ends(0);
    let segments = world.csv("SELECT count(*) FROM system.segments WHERE day = '2024-01-01'");
    assert_eq!(segments, ["2"]);
    world.run(&["retain", "apply", "--yes"]).ends(0);
    assert_eq!(world.csv("SELECT client_ip FROM requests WHERE client_ip LIKE '10.2%'"), [""; 0]);
    assert_eq!(world.csv("SELECT day, rows, retired FROM system.days"), ["2024-01-01,4,1"]);
    let sources = "SELECT state, rows, quarantined, retired FROM system.sources ORDER BY source_id";
    assert_eq!(world.csv(sources), ["complete,4,0,0", "retired,2,1,2"]);
    // The seal still stands over what is left: a row of it can be proven, and one that is gone is in no proof.
    let proof = world.run(&["export", "--proof", "proof", "--where", "client_ip = '10.1.1.2'"]);
    proof.ends(0);
    assert!(
        files(&world, "salts") == 1 && files(&world, "trash") == 5,
        "{}",
        files(&world, "trash")
    );
    // Its quarantined line went with its last row.
    assert_eq!(world.csv("SELECT count(*) FROM quarantine"), ["0"]);
    world.run(&["verify", "--deep"]).ends(0);
    let raw = world.run(&["raw", "--source", "1"]);
    assert_eq!(raw.ends(0).stdout, std::fs::read(world.path("main.log")).unwrap());
}

#[test]
fn what_is_left_of_a_source_verifies() {
    let world = World::with_store();
    world.file("store/dwell.toml", b"[retention]\nmax_days = 60\n");
    let now = world.csv("SELECT CAST(date_part('epoch', now()) AS BIGINT)").remove(0);
    let now: u64 = now.parse().unwrap();
    let recent = lines(0, &["10.1.1.9"; 9]).replace(&NOON.to_string(), &(now - 3_600).to_string());
    let log = format!("{}no line\n{recent}", lines(0, &["10.1.1.5", "10.1.1.6"]));
    world.file("a.log", log.as_bytes());
    world.run(&["ingest", "a.log", "--format", "squid"]).ends(3);
    // 2 of 11 rows: below the limit.
    world.run(&["retain", "apply"]).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["9"]);
    let sources = world.csv("SELECT state, rows, quarantined, retired FROM system.sources");
    assert_eq!(sources, ["retired_in_part,11,1,2"]);
    assert_eq!(world.csv("SELECT raw FROM quarantine"), ["no line"]);
    world.run(&["verify"]).ends(0);
    let deep = world.run(&["verify", "--deep"]);
    deep.ends(0);
    assert!(deep.out().contains("retired"), "{}", deep.out());
    let raw = world.run(&["raw", "--source", "1"]);
    assert!(raw.code != Some(0) && raw.stderr.contains("retired"), "{}", raw.stderr);
}
