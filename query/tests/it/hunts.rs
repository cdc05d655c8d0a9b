//! Are the pages of the hunts what their front matter says? Each has one, and there is no other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use detect::hunt::{index, page};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/hunts")
}

#[test]
fn the_pages_are_true() {
    let hunts = dwell_query::hunts::shipped().unwrap();
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hunts");
    std::fs::create_dir_all(&fresh).unwrap();
    let mut expected = vec![("index.md".to_owned(), index(&hunts))];
    expected.extend(hunts.iter().map(|hunt| (format!("{}.md", hunt.id), page(hunt))));
    let names: BTreeSet<_> = expected.iter().map(|(name, _)| name.clone()).collect();
    let mut stale = Vec::new();
    for (name, text) in &expected {
        std::fs::write(fresh.join(name), text).unwrap();
        let actual = std::fs::read_to_string(folder().join(name)).unwrap_or_default();
        if actual != *text {
            stale.push(name.as_str());
        }
    }
    let there = std::fs::read_dir(folder()).into_iter().flatten();
    let there = there.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let other: Vec<String> = there.filter(|name| !names.contains(name)).collect();
    assert!(
        stale.is_empty() && other.is_empty(),
        "copy {} over docs/hunts; stale: {stale:?}, of no hunt: {other:?}",
        fresh.display()
    );
}
