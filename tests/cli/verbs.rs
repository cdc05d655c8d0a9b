//! What does each command print, where, and with which code? Snapshots of stdout, stderr and exit code.

use crate::world::{SQUID, World};

#[test]
fn init_makes_a_store_once() {
    let world = World::new();
    insta::assert_snapshot!("init", world.run(&["init"]).shown());
    insta::assert_snapshot!("init_again", world.run(&["init"]).ends(0).shown());
    // `init DIR` is `--store DIR init`; two different folders are a wrong use, one folder named twice is not.
    let other = world.path("other");
    let other = other.to_str().unwrap();
    world.run(&["init", other]).ends(0);
    world.run(&["--store", other, "init", other]).ends(0);
    world.run(&["init", other, "--store", "./other/../other/"]).ends(0);
    insta::assert_snapshot!(
        "init_two",
        world.run(&["init", other, "--store", "third"]).ends(2).shown()
    );
    world.run(&["--store", other, "sql", "SELECT 1"]).ends(0);
    world.run(&["sql", "SELECT 1", "--store", other]).ends(0);
}

#[test]
fn without_a_store_every_command_says_so() {
    let world = World::new();
    for words in [
        &["sql", "SELECT 1"][..],
        &["days"],
        &["sources"],
        &["ingest", "x.log"],
        &["raw", "--source", "1"],
        &["quarantine", "list"],
        &["verify"],
    ] {
        world.run(words).ends(10);
    }
    insta::assert_snapshot!("no_store", world.run(&["days"]).shown());
}

#[test]
fn ingest_tells_what_became_of_each_input() {
    let world = World::with_store();
    world.file("squid.log", SQUID.as_bytes());
    insta::assert_snapshot!("ingest", world.run(&["ingest", "squid.log"]).ends(0).shown());
    insta::assert_snapshot!("ingest_again", world.run(&["ingest", "squid.log"]).ends(0).shown());
    // The same content under another name, and compressed, is there already.
    world.file("renamed.log", SQUID.as_bytes());
    world.file("squid.log.gz", &crate::world::gzip(SQUID.as_bytes(), &world.path("")));
    world.run(&["ingest", "renamed.log", "squid.log.gz"]).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["12"]);
    let run = world.run_with(
        &["--json", "ingest", "-", "--source", "piped"],
        SQUID.replace("10.1.1.5", "10.1.1.4").as_bytes(),
    );
    run.ends(0);
    let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(report["rows"], 12);
    assert_eq!(report["sources"][0]["path"], "piped");
    let last: serde_json::Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(last["message_type"], "summary");
    assert_eq!(last["rows"], 12);
}

#[test]
fn a_source_comes_back_byte_for_byte() {
    let world = World::with_rows();
    assert_eq!(world.run(&["raw", "--source", "1"]).ends(0).out(), SQUID);
    let day = world.run(&["raw", "--day", "2026-11-21"]);
    assert_eq!(day.ends(0).out(), SQUID.lines().last().unwrap().to_owned() + "\n");
    world.run(&["raw", "--source", "1", "-o", "back.log"]).ends(0);
    assert_eq!(std::fs::read_to_string(world.path("back.log")).unwrap(), SQUID);
    insta::assert_snapshot!("raw_unknown", world.run(&["raw", "--source", "7"]).shown());
    world.run(&["raw"]).ends(2);
}

#[test]
fn listings() {
    let world = World::with_store();
    world.file("odd.log", format!("{SQUID}what is this\n\nand this\n").as_bytes());
    world.run(&["ingest", "odd.log", "--format", "squid"]).ends(3);
    insta::assert_snapshot!(
        "days",
        world.run(&["days", "--format", "markdown"]).ends(0).shown().replace(char::is_numeric, "9")
    );
    let sources =
        world.csv("SELECT lines, rows, quarantined, headers, blank, state FROM system.sources");
    assert_eq!(sources, ["15,12,2,0,1,complete"]);
    world.run(&["sources"]).ends(0);
    insta::assert_snapshot!("quarantine_list", world.run(&["quarantine", "list"]).ends(0).shown());
    insta::assert_snapshot!(
        "quarantine_show",
        world.run(&["quarantine", "show", "--format", "csv"]).ends(0).shown()
    );
    for verb in ["list", "show", "retry"] {
        let run = world.run(&["quarantine", verb, "--source", "9"]);
        assert!(run.ends(2).stderr.contains("there is no source 9"), "{}", run.stderr);
    }
}

#[test]
fn sources_that_overlap() {
    let world = World::with_rows();
    insta::assert_snapshot!(
        "overlap_none",
        world.run(&["sources", "--overlap", "--format", "csv"]).ends(0).shown()
    );
    // A rotated copy that was cut at both ends and has a line of its own, and a log of another day.
    let copy: String = SQUID.lines().skip(2).take(6).map(|line| format!("{line}\n")).collect();
    let own = SQUID.lines().next().unwrap().replace("anna", "bert");
    world.file("squid.log.1", format!("{own}\n{copy}").as_bytes());
    world.file("later.log", SQUID.replace("17951694", "17955694").as_bytes());
    world.run(&["ingest", "squid.log.1", "later.log", "--jobs", "1"]).ends(0);
    insta::assert_snapshot!(
        "overlap",
        world.run(&["sources", "--overlap", "--format", "csv"]).ends(0).shown()
    );
    assert_eq!(world.csv("SELECT count(*), sum(repeats) FROM requests_distinct"), ["24,7"]);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["31"]);
}

#[test]
fn one_pipe_brings_another_content_each_time() {
    let world = World::with_store();
    for (at, lines) in [(1, 12), (2, 5), (3, 1)] {
        let text = SQUID.replace("10.1.1.", &format!("10.1.{at}."));
        let text = text.lines().take(lines).map(|line| format!("{line}\n")).collect::<String>();
        world.run_with(&["ingest", "-", "--source", "tap"], text.as_bytes()).ends(0);
        world.run_with(&["ingest", "-", "--source", "tap"], text.as_bytes()).ends(0);
    }
    assert_eq!(world.csv("SELECT rows FROM system.sources ORDER BY 1 DESC"), ["12", "5", "1"]);
    world.run(&["verify", "--deep"]).ends(0);
}

#[test]
fn other_settings_name_formats_too() {
    let world = World::with_store();
    world.file("other.toml", b"[logformat]\nshort = '%ts.%03tu %>a %ru'\n");
    world.file("short.log", b"1795169425.918 10.1.1.5 http://www.corp.test/\n");
    let words = ["--config", "other.toml", "ingest", "short.log", "--format", "short"];
    world.run(&words[2..]).ends(2);
    world.run(&words).ends(0);
    assert_eq!(world.csv("SELECT host FROM requests"), ["www.corp.test"]);
}

#[test]
fn a_quarantined_source_is_read_again() {
    let world = World::with_store();
    let text = SQUID.replace(" GET ", " | GET | ").replace(" CONNECT ", " | CONNECT | ");
    world.file("branch.log", text.replace(" POST ", " | POST | ").as_bytes());
    world.run(&["ingest", "branch.log"]).ends(3);
    assert_eq!(world.csv("SELECT rows, quarantined FROM system.sources"), ["0,12"]);
    let format = "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st | %rm | %ru %[un %Sh/%<a %mt";
    let run = world.run(&["quarantine", "retry", "--source", "1", "--logformat", format]);
    insta::assert_snapshot!("retry", run.ends(0).shown());
    assert_eq!(world.csv("SELECT rows, quarantined FROM system.sources"), ["12,0"]);
    assert_eq!(world.csv("SELECT count(*) FROM quarantine"), ["0"]);
    world.run(&["verify", "--deep"]).ends(0);
    // Nothing is left: that is said, and nothing written.
    let run = world.run(&["quarantine", "retry", "--source", "1"]);
    assert!(run.ends(0).stderr.contains("no line of it is in quarantine"), "{}", run.stderr);
    assert_eq!(world.csv("SELECT count(*) FROM system.ledger WHERE kind = 'retry'"), ["1"]);
}

#[test]
fn verify_and_inspect() {
    let world = World::with_rows();
    insta::assert_snapshot!("verify", world.run(&["verify"]).ends(0).shown());
    insta::assert_snapshot!("verify_deep", world.run(&["verify", "--deep"]).ends(0).shown());
    let day = world.store().join("requests/day=2026-11-20");
    let segment = std::fs::read_dir(&day).unwrap().next().unwrap().unwrap().path();
    let inspected = world.run(&["inspect", segment.to_str().unwrap()]);
    assert!(inspected.ends(0).out().contains("dwell.day = 2026-11-20"), "{}", inspected.out());
    // One bit in the middle of the data: audit and query both end with 12 and name the file.
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[100] ^= 4;
    std::fs::write(&segment, &bytes).unwrap();
    let name = segment.file_name().unwrap().to_str().unwrap();
    for words in [&["verify", "--deep"][..], &["sql", "SELECT * FROM requests"]] {
        let run = world.run(words);
        run.ends(12);
        assert!((run.stderr.clone() + &run.out()).contains(name), "{}", run.stderr);
    }
}

#[test]
fn views_for_other_engines() {
    let world = World::with_store();
    assert!(
        world.run(&["export", "views", "duckdb"]).ends(0).out().contains("CREATE OR REPLACE VIEW")
    );
    world.run(&["export", "views", "spark"]).ends(0);
    world.run(&["export", "views", "oracle"]).ends(2);
}

#[test]
fn help_version_completions_man() {
    let world = World::new();
    insta::assert_snapshot!("help", world.run(&["--help"]).ends(0).shown());
    assert!(world.run(&["--version"]).ends(0).out().starts_with("dwell "));
    assert!(world.run(&["completions", "bash"]).ends(0).out().contains("dwell"));
    assert!(world.run(&["man"]).ends(0).out().contains(".TH"));
    world.run(&[]).ends(2);
    world.run(&["no-such-verb"]).ends(2);
    world.run(&["doctor"]).ends(10);
}

#[test]
fn the_demo_finds_what_was_planted_and_runs_twice() {
    let world = World::new();
    let words = ["demo", "--lines", "20000", "--day", "2026-11-20"];
    let first = world.run(&words);
    first.ends(0);
    let json = world.run(&["--json", "demo", "--lines", "20000", "--day", "2026-11-20"]);
    let found: serde_json::Value = serde_json::from_slice(&json.ends(0).stdout).unwrap();
    let found = found["findings"].as_array().unwrap();
    for planted in [
        "sync.metrics-cloud.example",
        "203.0.113.77",
        "cdn-assets-eu.example",
        "203.0.113.66",
        "WSHRAT",
        "Mozila/5.0",
        "upload.share-box.example",
        "panel.n",
    ] {
        assert!(
            found.iter().any(|finding| finding.to_string().contains(planted)),
            "{planted} is not among the findings:\n{}",
            first.out()
        );
    }
    for harmless in
        ["outlook.office365.com", "msftconnecttest", "wsus.corp.example", "intranet.corp.example"]
    {
        let accused = found.iter().find(|finding| {
            let weak = ["informational", "low"].contains(&finding["level"].as_str().unwrap());
            !weak && finding.to_string().contains(harmless)
        });
        assert!(accused.is_none(), "{harmless} is accused: {accused:?}");
    }
    let second = world.run(&words);
    assert_eq!(second.ends(0).out(), first.out());
    assert!(found.len() >= 10 && first.out().contains("WSHRAT"), "{}", first.out());
    let page = std::fs::read_to_string(world.path("dwell-demo/report.html")).unwrap();
    assert!(page.contains("sync.metrics-cloud.example"));
}

#[test]
fn the_tour_of_the_readme_runs() {
    let world = World::with_rows();
    let readme = include_str!("../../README.md");
    // Every `dwell sql` of the tour, its text between double quotes, over as many lines as it takes.
    let mut queries = 0;
    for piece in readme.split("dwell sql ").skip(1) {
        let (options, rest) = piece.split_once('"').unwrap();
        let (query, _) = rest.split_once('"').unwrap();
        let mut words = vec!["sql"];
        words.extend(options.split_whitespace());
        words.push(query);
        world.run(&words).ends(0);
        queries += 1;
    }
    assert!(queries >= 5);
    for words in [
        &["sources"][..],
        &["days"],
        &["verify", "--deep"],
        &["quarantine", "list"],
        &["formats", "list"],
    ] {
        world.run(words).ends(0);
    }
}

#[test]
fn a_lost_ledger_and_a_lost_key_are_recovered_from() {
    let world = World::with_rows();
    let ledger = world.store().join("ledger");
    for entry in std::fs::read_dir(&ledger).unwrap().flatten() {
        std::fs::remove_file(entry.path()).unwrap();
    }
    let lost = world.run(&["sql", "SELECT 1"]);
    assert!(lost.ends(12).stderr.contains("recover --from-files"), "{}", lost.stderr);
    world.run(&["recover", "--from-files"]).ends(0);
    // It is not the store last seen here until somebody says so, with a reason.
    world.run(&["verify"]).ends(12);
    world.run(&["recover", "--accept-head"]).ends(2);
    world.run(&["recover", "--accept-head", "--reason", "disk died"]).ends(0);
    world.run(&["verify", "--deep"]).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["12"]);
    assert_eq!(world.run(&["raw", "--source", "1"]).out(), SQUID);

    for entry in std::fs::read_dir(world.path("keys")).unwrap().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "key") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    world.file("more.log", SQUID.replace("10.1.1.5", "10.1.1.2").as_bytes());
    world.run(&["ingest", "more.log"]).ends(1);
    world.run(&["recover", "--new-key", "--reason", "laptop lost"]).ends(0);
    world.run(&["ingest", "more.log"]).ends(0);
    assert_eq!(world.csv("SELECT count(*) FROM requests"), ["24"]);
}
