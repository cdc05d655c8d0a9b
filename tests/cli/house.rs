//! Does the code keep the rules of the house? Edges, clocks, writes, headers and sizes, read from the files themselves.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files that may be longer than [`LINES_MAX`], each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];
/// Lines of a file, its tests not counted.
const LINES_MAX: usize = 500;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below the given folders, with its path from the root and its text.
fn files(folders: &[&str]) -> Vec<(String, String)> {
    fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(dir) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                out.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    for folder in folders {
        walk(&root().join(folder), &mut paths);
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.strip_prefix(root()).unwrap().display().to_string(), text)
        })
        .collect()
}

/// The code of a file: without its tests and its comments.
fn code(path: &str, text: &str) -> String {
    if path.ends_with("/tests.rs") || path.contains("/tests/") {
        return String::new();
    }
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The names in the sections of a manifest that begin with one of `sections`.
fn dependencies(manifest: &str, sections: &[&str]) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join(manifest)).unwrap();
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in text.lines() {
        if let Some(section) = line.strip_prefix('[') {
            inside = sections.iter().any(|name| section == format!("{name}]"));
        } else if inside
            && let Some(name) = line.split(['.', ' ', '=']).next().filter(|n| !n.is_empty())
        {
            names.insert(name.to_owned());
        }
    }
    names
}

/// Whether `word` stands in `line` and is not the tail of a longer name.
fn names(line: &str, word: &str) -> bool {
    let whole = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| whole(at))
}

fn breaches(folders: &[&str], words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files(folders) {
        if allowed.iter().any(|prefix| path.starts_with(prefix)) {
            continue;
        }
        for line in code(&path, &text).lines() {
            if words.iter().any(|word| names(line, word)) {
                found.push(format!("{path}: {}", line.trim()));
            }
        }
    }
    found
}

const NONE: &[String] = &[];

#[test]
fn the_rooms_know_only_what_lies_below() {
    let all = ["dependencies", "dev-dependencies", "build-dependencies"];
    let check = |room: &str, forbidden: &[&str]| {
        let names = dependencies(&format!("{room}/Cargo.toml"), &all);
        for name in forbidden {
            assert!(!names.contains(*name), "{room}/Cargo.toml must not name {name}");
        }
    };
    check("storage", &["ingest", "detect", "query", "dwell", "datafusion", "tokio"]);
    check("ingest", &["detect", "query", "dwell", "datafusion", "tokio"]);
    check("detect", &["ingest", "query", "dwell", "datafusion", "tokio"]);
    check("query", &["ingest", "dwell"]);
    assert!(
        !dependencies("Cargo.toml", &all).contains("datafusion"),
        "only query knows DataFusion"
    );
}

#[test]
fn only_query_names_datafusion() {
    let folders = ["src", "storage", "ingest", "detect", "tests", "benches"];
    let found = breaches(&folders, &["use datafusion", "datafusion::"], &["tests/cli/house.rs"]);
    assert_eq!(found, NONE);
}

#[test]
fn siblings_never_meet() {
    assert_eq!(breaches(&["storage"], &["use ingest", "use query", "dwell::"], &[]), NONE);
    assert_eq!(breaches(&["ingest"], &["use query", "query::", "use detect"], &[]), NONE);
    assert_eq!(breaches(&["detect"], &["use query", "query::", "use ingest"], &[]), NONE);
    assert_eq!(breaches(&["query"], &["use ingest", "ingest::"], &[]), NONE);
}

#[test]
fn the_clock_is_read_in_one_file() {
    let words = ["SystemTime::now", "Utc::now", "Local::now"];
    let allowed = ["storage/src/clock.rs", "tests/cli/house.rs"];
    let folders = ["src", "storage", "ingest", "detect", "query", "examples", "benches", "tests"];
    assert_eq!(breaches(&folders, &words, &allowed), NONE);
}

#[test]
fn a_store_is_written_through_one_door() {
    // `std::fs` by its bare name would hide what is done with it; `crate::fs` is the door itself.
    let words = [
        "use std::fs;",
        "std::fs::write",
        "std::fs::rename",
        "std::fs::remove",
        "std::fs::create_dir",
        "std::fs::hard_link",
        "std::fs::set_permissions",
        "std::fs::copy",
        "File::create",
        "File::options",
        "OpenOptions::new().",
    ];
    let allowed = [
        "storage/src/fs/",
        "storage/tests/",
        "ingest/tests/",
        "query/tests/",
        "detect/tests/",
        // What the fuzzer has found.
        "ingest/examples/fuzz/",
        // Lists the folders of the command line.
        "ingest/src/input/expand.rs",
        // The named exceptions: the private folder of spill files, `-o FILE`, and the demo's own log.
        "query/src/limits.rs",
        "src/reader.rs",
        "src/output/target.rs",
        "src/verb/demo.rs",
    ];
    assert_eq!(breaches(&["storage", "ingest", "detect", "query", "src"], &words, &allowed), NONE);
}

#[test]
fn libraries_read_no_environment_and_print_nothing() {
    let words = ["env::var", "println!", "eprintln!", "print!(", "stdout()", "process::exit"];
    let found = breaches(&["storage/src", "ingest/src", "detect/src", "query/src"], &words, &[]);
    assert_eq!(found, NONE);
}

#[test]
fn every_file_says_what_it_is_for() {
    let folders = ["src", "storage", "ingest", "detect", "query", "tests", "examples", "benches"];
    for (path, text) in files(&folders) {
        assert!(text.starts_with("//! "), "{path} does not begin with a `//!` line");
        assert!(!path.ends_with("/mod.rs"), "{path}: modules are foo.rs beside foo/");
    }
}

#[test]
fn files_stay_short() {
    for (path, text) in files(&["src", "storage/src", "ingest/src", "detect/src", "query/src"]) {
        let end = text.find("#[cfg(test)]").unwrap_or(text.len());
        let lines = text[..end].lines().count();
        let excused = LONG_FILES.iter().any(|(file, _)| *file == path);
        assert!(
            lines <= LINES_MAX || excused || path.ends_with("/tests.rs"),
            "{path} has {lines} lines; split it, or say in LONG_FILES why not"
        );
    }
}

#[test]
fn the_map_names_files_that_exist() {
    for page in ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for word in text.split('`').skip(1).step_by(2) {
            let is_file = word.ends_with(".rs") || word.ends_with(".md") || word.ends_with(".toml");
            if is_file
                && word.contains('/')
                && !word.contains(['*', '<', ' ', '{'])
                && !word.contains("NAME")
            {
                assert!(root().join(word).exists(), "{page} names `{word}`, which is not there");
            }
        }
    }
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(map.lines().count() <= 250, "the map has grown beyond 250 lines");
}
