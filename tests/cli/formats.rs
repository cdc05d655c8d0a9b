//! Formats: what is listed, shown and tried, formats of one's own, and whether the tutorial tells what happens.

use crate::world::{SQUID, World, gzip};

/// Words of a command line; quotes hold them together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.push(c),
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == ' ' => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            None => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// What a page tells, done: its files are written, its settings set, its commands run and what they print put in their place.
fn played(page: &str) -> String {
    let world = World::with_store();
    let mut out = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(kind) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = block.iter().map(|line| format!("{line}\n")).collect::<String>();
        match kind.split_once(' ') {
            Some(("text", name)) => drop(world.file(name, text.as_bytes())),
            _ if kind == "toml" => {
                let path = world.store().join("dwell.toml");
                let before = std::fs::read_to_string(&path).unwrap();
                std::fs::write(&path, before + "\n" + &text).unwrap();
            }
            _ => {}
        }
        if kind == "console" {
            for command in block.iter().filter_map(|line| line.strip_prefix("$ dwell ")) {
                let words = words(command);
                let run = world.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
                assert!(matches!(run.code, Some(0 | 3)), "{command}: {}", run.stderr);
                out.push_str(&format!("$ dwell {command}\n{}{}", run.out(), run.stderr));
            }
        } else {
            out.push_str(&text);
        }
        out.push_str("```\n");
    }
    out
}

#[test]
#[allow(clippy::disallowed_methods, reason = "snapshots are updated by this variable, too")]
fn the_tutorial_of_own_formats_tells_what_happens() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/own-format.md");
    let page = std::fs::read_to_string(path).unwrap();
    let played = played(&page);
    if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
        std::fs::write(path, &played).unwrap();
        return;
    }
    assert!(played == page, "INSTA_UPDATE=always writes {path} anew:\n{played}");
}

const GATE: &str = r#"
[[format]]
name = "gate"
lexer = "delimited"
separator = "|"
columns = ["when", "client", "verb", "target", "code", "site"]
time = { field = "when", spelling = "iso" }
[format.fields]
client = "client_ip"
verb = "method"
target = "url"
code = "status"
"#;

const LOG: &str = "\
2026-11-20T08:15:02+01:00|10.20.3.4|GET|http://www.example.com/a|200|nor\x1bth
2026-11-20T08:15:03+01:00|10.20.3.5|GET|http://www.example.com/b|404|south
what is this
";

fn with_gate() -> World {
    let world = World::with_store();
    let path = world.store().join("dwell.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text + GATE).unwrap();
    world.file("gate.log", LOG.as_bytes());
    world
}

#[test]
fn formats_are_listed_and_shown() {
    let world = World::new();
    world.run(&["formats"]).ends(0);
    // Only some lines, as formats come and change.
    let list = world.run(&["formats", "list"]);
    let some = |line: &&str| {
        ["name,", "squid,", "squid_referrer,"].iter().any(|name| line.starts_with(name))
    };
    let some: Vec<String> = list.ends(0).out().lines().filter(some).map(str::to_owned).collect();
    insta::assert_snapshot!("formats_list", some.join("\n"));
    insta::assert_snapshot!(
        "formats_show",
        world.run(&["formats", "show", "squid"]).ends(0).shown()
    );
    world.run(&["formats", "show", "squid-combined"]).ends(0);
    insta::assert_snapshot!(
        "formats_unknown",
        world.run(&["formats", "show", "squidd"]).ends(2).shown()
    );
    let meanings = world.run(&["formats", "meanings"]);
    assert!(meanings.ends(0).out().lines().any(|line| line.starts_with("client_ip,")));
    let json = world.run(&["--json", "formats", "list"]);
    let all: serde_json::Value = serde_json::from_slice(&json.ends(0).stdout).unwrap();
    assert!(all.as_array().unwrap().iter().all(|format| format["columns"].is_string()));
    let shown = world.run(&["--json", "formats", "show", "w3c"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.ends(0).stdout).unwrap();
    assert_eq!((&shown["nulls"][0], &shown["time"][0]["field"]), (&"-".into(), &"date".into()));
}

#[test]
fn formats_are_tried() {
    let world = with_gate();
    world.file("squid.log", SQUID.as_bytes());
    let tried = world.run(&["formats", "try", "squid.log"]);
    assert!(
        tried.ends(0).out().starts_with("format,fit,exact\nsquid,1.0,1.0\n"),
        "{}",
        tried.out()
    );
    assert!(tried.stderr.contains("`squid` would be taken"), "{}", tried.stderr);
    let tried = world.run(&["formats", "try", "gate.log"]);
    assert!(tried.ends(0).out().starts_with("format,fit,exact\ngate,"), "{}", tried.out());
    insta::assert_snapshot!(
        "formats_try",
        world.run(&["formats", "try", "gate.log", "--format", "gate"]).ends(0).shown()
    );
    // Compressed, found by content, as JSON.
    world.file("gate.log.gz", &gzip(LOG.as_bytes(), &world.path("")));
    let json = world.run(&["--json", "formats", "try", "gate.log.gz", "--format", "auto"]);
    let found: serde_json::Value = serde_json::from_slice(&json.ends(0).stdout).unwrap();
    assert_eq!((&found["format"], &found["rows"]), (&"gate".into(), &2.into()));
    assert_eq!((&found["quarantined"], &found["extra"]["site"]), (&1.into(), &2.into()));
    assert_eq!(found["reasons"][0]["example"], "what is this");
    let list = ["formats", "try", "gate.log", "--fields", "ts,client_ip,url"];
    assert!(world.run(&list).ends(0).out().contains("quarantined"));
    world.run(&["formats", "try", "gate.log", "--format", "gat"]).ends(2);
    world.run(&["formats", "try", "no-such.log"]).ends(1);
    world.file("image.png", b"\x89PNG\r\n\x1a\n0000");
    world.run(&["formats", "try", "image.png"]).ends(1);
}

#[test]
fn a_wrong_own_format_is_told_by_each_command() {
    let world = with_gate();
    let path = world.store().join("dwell.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"client_ip\"", "\"clientip\"")).unwrap();
    insta::assert_snapshot!("own_wrong", world.run(&["ingest", "gate.log"]).ends(2).shown());
    world.run(&["formats", "list"]).ends(2);
    world.run(&["formats", "try", "gate.log"]).ends(2);
    let doctor = world.run(&["doctor"]);
    assert!(doctor.out().contains("look  dwell.toml: format `gate`"), "{}", doctor.out());
}

#[test]
fn a_text_without_header_is_taken_in_by_its_fields() {
    let world = World::with_store();
    let text = "2026-11-20 10:00:01 10.1.2.3 anna GET http://a.example/x 200\n\
                2026-11-20 10:00:02 10.1.2.4 - GET http://a.example/y 404\n";
    world.file("bare.log", text.as_bytes());
    let list = "date time c-ip cs-username cs-method cs-uri sc-status";
    world.run(&["ingest", "bare.log", "--fields", list]).ends(0);
    let rows = world.csv("SELECT client_ip, user, host, status FROM requests ORDER BY ts");
    assert_eq!(rows, ["10.1.2.3,anna,a.example,200", "10.1.2.4,,a.example,404"]);
    assert_eq!(world.csv("SELECT format FROM system.sources"), ["fields"]);
    assert_eq!(world.run(&["raw", "--source", "1"]).ends(0).out(), text);
    world.run(&["ingest", "bare.log", "--fields", "a b"]).ends(2);
    world.run(&["ingest", "bare.log", "--fields", list, "--format", "w3c"]).ends(2);
}
