//! What does a person see of a privacy rule? Ingest, listings, raw, verify, and the pseudonyms of known names.

use crate::world::{SQUID, World};

const RULE: &str = "[[source]]\npath = \"*branch*\"\nprivacy.pseudonymise = [\"user\", \"client_ip\"]\nprivacy.cut_query = true\n";

/// A store with [`SQUID`] in it, taken in under [`RULE`].
fn ruled() -> World {
    let world = World::with_store();
    world.file("store/dwell.toml", RULE.as_bytes());
    world.file("branch.log", SQUID.as_bytes());
    insta::assert_snapshot!("ingest", world.run(&["ingest", "branch.log"]).ends(0).shown());
    world
}

#[test]
fn pseudonyms_lead_forward() {
    let world = ruled();
    let row = |words: &[&str]| {
        let run = world.run(&[&["pseudonym"], words].concat());
        run.ends(0);
        run.out().lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let anna = row(&["anna"]);
    assert_eq!(anna.len(), 1);
    let anna = anna[0].strip_prefix("anna,user,").unwrap().to_owned();
    assert!(anna.starts_with("p-") && anna.len() == 28, "{anna}");
    assert_eq!(row(&["--kind", "user", "anna"])[0], format!("anna,user,{anna}"));
    assert_ne!(row(&["--kind", "computer", "anna"])[0], format!("anna,computer,{anna}"));
    let client =
        row(&["10.1.1.5", "bob"])[0].strip_prefix("10.1.1.5,client_ip,").unwrap().to_owned();
    // Hunts still join: the rows of a user and of a client are found by their pseudonyms.
    let count = |place: &str| world.csv(&format!("SELECT count(*) FROM requests WHERE {place}"));
    assert_eq!(count(&format!("user = '{anna}'")), ["2"]);
    assert_eq!(count(&format!("client_ip = '{client}'")), ["3"]);
    assert_eq!(count("client_ip LIKE '10.%' OR user = 'anna' OR url LIKE '%?%'"), ["0"]);
    let json = world.run(&["--json", "pseudonym", "anna"]);
    let json: serde_json::Value = serde_json::from_slice(&json.ends(0).stdout).unwrap();
    assert_eq!(json[0]["pseudonym"], anna.as_str());
    world.run(&["pseudonym"]).ends(2);
    world.run(&["pseudonym", "--kind", "host", "x"]).ends(2);
    world.run(&["pseudonym", "--new-key"]).ends(2);
}

#[test]
fn a_lost_key_is_missed_until_there_is_another() {
    let world = ruled();
    let is_key = |path: &std::path::Path| path.extension().is_some_and(|it| it == "privacy");
    let keys = std::fs::read_dir(world.path("keys")).unwrap().flatten().map(|it| it.path());
    let key = keys.filter(|path| is_key(path)).collect::<Vec<_>>();
    assert_eq!(key.len(), 1);
    std::fs::remove_file(&key[0]).unwrap();
    world.file("other.log", SQUID.replace("anna", "otto").as_bytes());
    insta::assert_snapshot!("lost_key", world.run(&["ingest", "other.log"]).ends(1).shown());
    assert!(world.run(&["doctor"]).ends(0).out().contains("look  no privacy key"));
    world.run(&["pseudonym", "--new-key"]).ends(0);
    world.run(&["ingest", "other.log"]).ends(0);
    world.run(&["verify", "--deep"]).ends(0);
}

#[test]
fn without_a_rule_there_are_no_pseudonyms() {
    let world = World::with_rows();
    insta::assert_snapshot!("no_pseudonyms", world.run(&["pseudonym", "anna"]).ends(1).shown());
    assert_eq!(world.csv("SELECT digest, privacy FROM system.sources"), ["sha256,"]);
}

#[test]
fn what_is_missing_is_said() {
    let world = ruled();
    insta::assert_snapshot!("raw", world.run(&["raw", "--source", "1"]).ends(1).shown());
    world.run(&["raw", "--day", "2026-11-20"]).ends(1);
    let kept = world.run(&["raw", "--source", "1", "--kept"]);
    kept.ends(0);
    assert_eq!(kept.out().lines().count(), 12);
    assert!(kept.out().contains("GET http://cdn.corp.test/p26.html -"), "{}", kept.out());
    world.run(&["raw", "--day", "2026-11-20", "--kept"]).ends(0);
    // Pseudonyms are of a key that is drawn anew, so the sizes differ by some bytes.
    let deep = world.run(&["verify", "--deep"]).ends(0).shown();
    let sizes = |line: &str| !line.contains("rows,");
    assert!(deep.contains("2 data files, 12 rows, 2"), "{deep}");
    let deep: Vec<_> = deep.lines().filter(|line| sizes(line)).collect();
    insta::assert_snapshot!("verify_deep", deep.join("\n"));
    let row = world.csv("SELECT digest, privacy, length(sha256) FROM system.sources");
    assert_eq!(row, ["hmac-sha256,\"query strings cut; client_ip, user pseudonymised\",64"]);
    let detail = world.csv("SELECT detail FROM system.ledger WHERE kind = 'ingest'");
    assert!(detail[0].contains("digests keyed; query strings cut"), "{detail:?}");
    insta::assert_snapshot!("ingest_again", world.run(&["ingest", "branch.log"]).ends(0).shown());
}

#[test]
fn lines_that_are_no_rows_show_their_length() {
    let world = World::with_store();
    world.file("store/dwell.toml", RULE.as_bytes());
    let log = format!("{SQUID}secret words of anna\n");
    world.file("branch.log", log.as_bytes());
    world.run(&["ingest", "branch.log"]).ends(3);
    let raw = world.csv("SELECT raw FROM quarantine");
    assert!(raw[0].contains("[withheld: 20 bytes, keyed digest "), "{raw:?}");
    let retry = world.run(&["quarantine", "retry", "--source", "1", "--format", "squid"]);
    assert_ne!(retry.code, Some(0));
    assert!(retry.stderr.contains("privacy rule"), "{}", retry.stderr);
    world.file("branch2.log", "secret words of anna\n".repeat(40).as_bytes());
    let whole = world.run(&["ingest", "branch2.log"]);
    insta::assert_snapshot!("whole", whole.ends(3).shown());
    world.run(&["quarantine", "retry", "--source", "1", "--original", "squid.log"]).ends(1);
    world.run(&["quarantine", "retry", "--source", "1", "--original", "branch2.log"]).ends(2);
    world.run(&["quarantine", "retry", "--source", "1", "--original", "branch.log"]).ends(3);
    world.run(&["quarantine", "retry", "--original", "branch.log"]).ends(2);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["12"]);
    world.run(&["verify", "--deep"]).ends(0);
}

#[test]
fn a_wrong_rule_is_refused_with_its_line() {
    let world = World::with_store();
    let rule = "[[source]]\npath = \"*\"\nprivacy.drop = [\"usr\"]\n";
    world.file("store/dwell.toml", rule.as_bytes());
    world.file("branch.log", SQUID.as_bytes());
    insta::assert_snapshot!("wrong_rule", world.run(&["ingest", "branch.log"]).ends(2).shown());
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["0"]);
}
