//! Does each hunt find its planted case, leave its near miss alone, and say nothing of a day without rows?

mod case;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::world::World;

const LEVELS: [&str; 6] = ["none", "informational", "low", "medium", "high", "critical"];

fn rank(level: &str) -> usize {
    LEVELS.iter().position(|name| *name == level).unwrap()
}

/// The texts of the cases, by hunt.
fn texts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/hunts/cases");
    let texts = std::fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let hunt = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (hunt, std::fs::read_to_string(path).unwrap())
    });
    texts.collect::<BTreeMap<_, _>>().into_iter().collect()
}

fn findings(world: &World, hunts: &[&str], since: &str, until: &str) -> Vec<Value> {
    let bounds = ["--since", since, "--until", until, "--format", "json"];
    let words = [&["hunt", "run"], hunts, &bounds].concat();
    let run = world.run(&words);
    let document: Value = serde_json::from_slice(&run.ends(0).stdout).unwrap();
    let list = document.get("findings").unwrap_or(&document);
    list.as_array().unwrap().clone()
}

/// The highest level at which a hunt names a client; a hunt that names no clients is asked as a whole.
fn told(findings: &[Value], hunt: &str, client: &str) -> usize {
    let of = findings.iter().filter(|finding| finding["hunt"] == hunt);
    let named = of.filter(|finding| finding.get("client_ip").is_none_or(|ip| ip == client));
    named.map(|finding| rank(finding["level"].as_str().unwrap())).max().unwrap_or(0)
}

#[test]
fn every_hunt_finds_its_case_and_leaves_its_near_miss() {
    let (cases, log) = case::house(&texts());
    let world = World::with_store();
    let log = world.file("access.log", log.as_bytes());
    world.run(&["ingest", log.to_str().unwrap()]).ends(0);
    let hunts: Vec<&str> = cases.iter().map(|case| case.hunt.as_str()).collect();
    let found = findings(&world, &hunts, "2026-11-16", "2026-11-17");
    let mut wrong = Vec::new();
    for case in &cases {
        let planted = told(&found, &case.hunt, &case.planted);
        if planted < rank(&case.finds) {
            wrong.push(format!(
                "{}: planted is {}, under {}",
                case.hunt, LEVELS[planted], case.finds
            ));
        }
        let names_clients = |it: &Value| it["hunt"] == case.hunt && it.get("client_ip").is_some();
        let near = told(&found, &case.hunt, &case.near);
        if found.iter().any(names_clients) && near > rank(&case.at_most) {
            wrong.push(format!("{}: near is {}, over {}", case.hunt, LEVELS[near], case.at_most));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(findings(&world, &hunts, "2026-12-20", "2026-12-21"), Vec::<Value>::new());
    evidence(&world, &found);
}

/// The evidence of the first findings of each hunt gives as many rows as they count.
fn evidence(world: &World, findings: &[Value]) {
    let mut checked: BTreeMap<&str, usize> = BTreeMap::new();
    let mut counts = Vec::new();
    for finding in findings {
        let seen = checked.entry(finding["hunt"].as_str().unwrap()).or_default();
        *seen += 1;
        if *seen <= 2 {
            let text = |name: &str| finding[name].as_str().unwrap();
            counts.push(format!(
                "SELECT '{}' AS hunt, '{}' AS id, {} AS told, (SELECT count(*) FROM ({}) AS e) AS found",
                text("hunt"),
                text("id"),
                finding["count"],
                text("evidence"),
            ));
        }
    }
    let query = format!("SELECT * FROM ({}) AS t WHERE told <> found", counts.join(" UNION ALL "));
    assert_eq!(world.csv(&query), Vec::<String>::new());
}
