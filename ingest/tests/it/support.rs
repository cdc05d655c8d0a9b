//! What do the tests stand on? A store in a folder of its own, a fixed clock, and lines that look like Squid's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwell_ingest::raw::{self, RawRequest};
use dwell_ingest::{IngestOptions, IngestReport, InputArg, SourceReport};
use storage::clock::Micros;
use storage::error::Result;
use storage::fs::{self, Fs};
use storage::store::{InitOptions, NewStoreKey, OpenOptions, Standing, Store};

/// 2026-11-20T12:00:00Z, the time of all tests.
pub(crate) const NOW_US: Micros = 1_795_176_000_000_000;

/// A store, the folder it lies in, and its inputs beside it.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: Arc<Store>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = init(dir.path(), fs::real()).unwrap();
        Self { dir, store }
    }

    /// One with an encrypted store.
    pub(crate) fn encrypted() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = init_options(dir.path(), fs::real());
        let path = dir.path().join("store");
        let store = Store::init_encrypted(&path, &options, &NewStoreKey::KeyDir).unwrap();
        Self { dir, store }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes an input.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn run(&self, paths: &[&Path], options: &IngestOptions) -> IngestReport {
        let inputs: Vec<InputArg> = paths.iter().map(|p| InputArg::Path(p.to_path_buf())).collect();
        dwell_ingest::run(&self.store, &inputs, options, &()).unwrap()
    }

    /// Takes one file in and returns its report.
    pub(crate) fn take(&self, path: &Path) -> SourceReport {
        let report = self.run(&[path], &options());
        let [source] = report.sources.try_into().unwrap();
        source
    }

    /// The bytes of a source, as the store gives them back.
    pub(crate) fn raw(&self, source_id: i32) -> Vec<u8> {
        raw_of(&self.store, source_id).unwrap()
    }

    /// The store, opened anew.
    pub(crate) fn reopen(&self) -> Result<Arc<Store>> {
        open(self.dir.path(), fs::real())
    }
}

pub(crate) fn raw_of(store: &Store, source_id: i32) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    raw::write(store, RawRequest::Source(source_id), &mut bytes)?;
    Ok(bytes)
}

pub(crate) fn init(dir: &Path, fs: Arc<dyn Fs>) -> Result<Arc<Store>> {
    Store::init(&dir.join("store"), &init_options(dir, fs))
}

fn init_options(dir: &Path, fs: Arc<dyn Fs>) -> InitOptions {
    InitOptions {
        group: None,
        key_dir: Some(dir.join("keys")),
        fallback_dir: None,
        fs,
        now_us: NOW_US,
        by: "tests".into(),
    }
}

pub(crate) fn open(dir: &Path, fs: Arc<dyn Fs>) -> Result<Arc<Store>> {
    let options = OpenOptions {
        key_dir: Some(dir.join("keys")),
        fallback_dir: None,
        pinned_key: None,
        standing: Standing::Live,
        fs,
    };
    Store::open(&dir.join("store"), &options)
}

/// Two workers, small chunks, the fixed clock.
pub(crate) fn options() -> IngestOptions {
    IngestOptions {
        jobs: 2,
        chunk_bytes: 64 << 10,
        by: "tests".into(),
        clock: || NOW_US,
        ..IngestOptions::default()
    }
}

/// A line as Squid writes it, `at` seconds after 2026-11-19T00:00:00Z.
pub(crate) fn squid(at: u64, url: &str) -> String {
    let client = at % 250 + 1;
    format!(
        "{}.{:03} {:6} 10.0.0.{client} TCP_MISS/200 {} GET {url} - HIER_DIRECT/192.0.2.{client} text/html",
        1_795_046_400 + at,
        at % 1000,
        at % 3000,
        300 + at % 7000,
    )
}

/// So many lines of Squid's, a second apart, from second `first` on.
pub(crate) fn log(first: u64, lines: u64) -> Vec<u8> {
    let line =
        |at: u64| squid(at, &format!("http://h{}.example.com/p{}?q={at}", at % 97, at % 13)) + "\n";
    (first..first + lines).map(line).collect::<String>().into_bytes()
}

/// That two texts are the same, without printing them whole.
pub(crate) fn assert_same(got: &[u8], expected: &[u8]) {
    if got == expected {
        return;
    }
    let at = got.iter().zip(expected).take_while(|(a, b)| a == b).count();
    let near = |bytes: &[u8]| {
        let from = at.saturating_sub(40).min(bytes.len());
        String::from_utf8_lossy(&bytes[from..(at + 40).min(bytes.len())]).into_owned()
    };
    panic!(
        "{} bytes instead of {}, differing from byte {at} on:\n{:?}\n{:?}",
        got.len(),
        expected.len(),
        near(got),
        near(expected)
    );
}
