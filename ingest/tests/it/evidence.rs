//! Do real logs, which lie beside the project, come back from a store byte for byte, with formats found by content?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dwell_ingest::Outcome;
use storage::digest::Digest;

use crate::support::{Bench, assert_same, options};

/// The folder of samples, beside the project or above it.
fn samples() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.map(|dir| dir.join("shared/samples")).find(|path| path.is_dir())
}

#[test]
fn every_sample_is_accounted_for_and_comes_back() {
    let Some(root) = samples() else {
        println!("skipped: shared/samples is not there");
        return;
    };
    let bench = Bench::new();
    let report = bench.run(&[&root.join("squid"), &root.join("apache_clf")], &options());
    assert!(report.sources.len() > 10);
    let mut formats: BTreeMap<String, u64> = BTreeMap::new();
    for source in &report.sources {
        let name = source.path.strip_prefix(&root).unwrap().display().to_string();
        let format = source.format.as_ref().map(|format| format.id.clone()).unwrap_or_default();
        println!(
            "{name}: {} {format} lines {} rows {} quarantined {} headers {} blank {} raw {}",
            source.outcome.name(),
            source.counts.lines,
            source.counts.rows,
            source.counts.quarantined,
            source.counts.headers,
            source.counts.blank,
            source.raw_rows
        );
        assert!(source.counts.balance(), "{name}");
        let Some(id) = source.source_id else { continue };
        *formats.entry(format).or_default() += 1;
        let bytes = bench.raw(id);
        assert_eq!(Digest::of(&bytes), bench.store.state().sources[&id].sha256, "{name}");
        let packed = std::fs::read(&source.path).unwrap();
        if !packed.starts_with(b"\x1f\x8b") && source.outcome != Outcome::AlreadyStored {
            assert_same(&bytes, &packed);
        }
    }
    assert!(formats.len() >= 3, "{formats:?}");
}
