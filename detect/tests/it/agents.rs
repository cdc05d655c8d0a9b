//! How far do public lists of user agents, which lie beside the project, agree with our classes?

use dwell_detect::agents::{Class, classify, info};
use saphyr::{LoadableYamlNode as _, Yaml};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The lists; they lie in `shared/ua` beside the project or above it.
fn lists() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|dir| dir.join("shared/ua")).find(|dir| dir.is_dir());
    if found.is_none() {
        println!("skipped: shared/ua is not there");
    }
    found
}

fn name(ua: &str) -> &'static str {
    classify(ua).class.name()
}

/// Calls `each` with every case of a YAML file: a list, below `key` or at the top.
fn cases(file: &Path, key: Option<&str>, mut each: impl FnMut(&Yaml<'_>)) {
    let text = std::fs::read_to_string(file).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    let top = &documents[0];
    let list = key.map_or(top, |key| &top[key]);
    list.as_vec().unwrap().iter().for_each(&mut each);
}

fn text(case: &Yaml<'_>, key: &str) -> String {
    match case.as_mapping_get(key) {
        Some(Yaml::Value(saphyr::Scalar::Integer(n))) => n.to_string(),
        Some(Yaml::Value(saphyr::Scalar::FloatingPoint(n))) => n.to_string(),
        found => found.and_then(|v| v.as_str()).unwrap_or_default().to_owned(),
    }
}

/// What came out, tag by tag.
#[derive(Default)]
struct Tally {
    right: usize,
    all: usize,
    confusion: BTreeMap<String, BTreeMap<Class, usize>>,
}

impl Tally {
    fn see(&mut self, ua: &str, expected: &[&str], tag: &str) {
        let class = classify(ua).class;
        self.all += 1;
        self.right += usize::from(expected.contains(&class.name()));
        *self.confusion.entry(tag.to_owned()).or_default().entry(class).or_default() += 1;
        assert!(class != Class::C2, "{ua}");
        if !expected.contains(&class.name()) {
            println!("{tag}\t{}\t{ua}", class.name());
        }
    }

    /// Prints the table and gives the share that agrees.
    fn report(&self, what: &str) -> f64 {
        let share = self.right as f64 / self.all.max(1) as f64;
        println!("== {what}: {} of {} agree = {share:.4}", self.right, self.all);
        for (tag, classes) in &self.confusion {
            let counts: Vec<_> =
                classes.iter().map(|(class, n)| format!("{} {n}", class.name())).collect();
            println!("| {tag} | {} |", counts.join(", "));
        }
        share
    }
}

#[test]
fn agrees_with_woothee() {
    let Some(lists) = lists() else { return };
    let mut tally = Tally::default();
    let mut files: Vec<_> = std::fs::read_dir(lists.join("woothee/testsets"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        cases(&file, None, |case| {
            let category = text(case, "category");
            let expected: &[&str] = match category.as_str() {
                "pc" => &["browser", "office"],
                "smartphone" => &["browser_mobile", "mobile_app"],
                "mobilephone" => &["browser_mobile"],
                "appliance" => &["media"],
                "crawler" => &["bot"],
                "misc" => &["script", "library", "bot", "other", "os_update", "media"],
                _ => &["empty", "malformed", "other"],
            };
            tally.see(&text(case, "target"), expected, &category);
        });
    }
    assert!(tally.all > 200);
    assert!(tally.report("woothee") >= 0.98);
}

#[test]
fn agrees_with_the_list_of_crawlers() {
    let Some(lists) = lists() else { return };
    let json = std::fs::read(lists.join("crawler-user-agents/crawler-user-agents.json")).unwrap();
    let entries: Vec<serde_json::Value> = serde_json::from_slice(&json).unwrap();
    let mut tally = Tally::default();
    let mut browsers = 0;
    for entry in entries {
        let tag = entry["tags"][0].as_str().unwrap_or_default();
        let expected: &[&str] = match tag {
            "http-library" => &["script", "library", "bot", "malformed"],
            "scanner" => &["bot", "hacktool", "script", "malformed"],
            "social-preview" => {
                &["bot", "mobile_app", "sync_app", "script", "library", "malformed"]
            }
            _ => &["bot", "script", "malformed"],
        };
        for ua in entry["instances"].as_array().unwrap() {
            let ua = ua.as_str().unwrap();
            tally.see(ua, expected, tag);
            browsers += usize::from(name(ua).starts_with("browser"));
        }
    }
    assert!(tally.report("crawlers") >= 0.98);
    println!("== taken for browsers: {browsers}");
    assert!(browsers <= 5);
}

/// Attackers' tools that the lists of ordinary agents hold, too.
const TOOLS: [&str; 3] = ["WhatWeb/", "masscan/", "OpenVAS"];

#[test]
fn accuses_no_ordinary_agent() {
    let Some(lists) = lists() else { return };
    let mut all = 0;
    let mut counts: BTreeMap<Class, usize> = BTreeMap::new();
    for file in [
        "tests/test_ua.yaml",
        "tests/test_os.yaml",
        "test_resources/additional_os_tests.yaml",
        "test_resources/firefox_user_agent_strings.yaml",
        "test_resources/opera_mini_user_agent_strings.yaml",
        "test_resources/pgts_browser_list.yaml",
        "test_resources/podcasting_user_agent_strings.yaml",
    ] {
        cases(&lists.join("uap-core").join(file), Some("test_cases"), |case| {
            let ua = text(case, "user_agent_string");
            let class = classify(&ua).class;
            assert_ne!(class, Class::C2, "{ua}");
            let tool = TOOLS.iter().any(|tool| ua.contains(tool));
            assert!(class != Class::Hacktool || tool, "{ua}");
            all += 1;
            *counts.entry(class).or_default() += 1;
        });
    }
    let counts: Vec<_> = counts.iter().map(|(class, n)| format!("{} {n}", class.name())).collect();
    println!("== ordinary: {all}; {}", counts.join(", "));
    assert!(all > 14_000);
}

#[test]
fn families_and_systems_are_those_of_uap_core() {
    let Some(lists) = lists() else { return };
    let (mut all, mut family, mut system) = (0, 0, 0);
    cases(&lists.join("uap-core/tests/test_ua.yaml"), Some("test_cases"), |case| {
        let got = info::info(&text(case, "user_agent_string")).unwrap();
        let right = got.family.as_deref() == Some(&text(case, "family"))
            && got.major.unwrap_or_default() == text(case, "major");
        all += 1;
        family += usize::from(right);
    });
    let mut systems = 0;
    cases(&lists.join("uap-core/tests/test_os.yaml"), Some("test_cases"), |case| {
        let got = info::info(&text(case, "user_agent_string")).unwrap();
        systems += 1;
        system += usize::from(got.os.as_deref() == Some(&text(case, "family")));
    });
    println!("== family and major: {family} of {all}; system: {system} of {systems}");
    assert!(family == all && system == systems);
}
