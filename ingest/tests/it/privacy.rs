//! Is what a privacy rule takes away in no file of the store, and is the source still known and accounted for?

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwell_ingest::quarantine;
use dwell_ingest::raw::{self, RawRequest};
use dwell_ingest::render::{BatchRows, Rows as _};
use dwell_ingest::{IngestOptions, Outcome, Progress, SourceReport};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use storage::ErrorKind;
use storage::clock::Micros;
use storage::config::Config;
use storage::digest::Digest;
use storage::fs::{self, FaultKind, FaultyFs};
use storage::privacy::Kind;
use storage::schema::Col;
use storage::segment::VerifiedFile;
use storage::segment::reader::{self, ReadOptions};
use storage::store::{Standing, Store};
use storage::verify::{VerifyOptions, verify};

use crate::support::{Bench, NOW_US, open, options, raw_of};

/// Words that are logged in every place where a log may hold them, and that no file may hold then.
const SECRETS: &[&str] =
    &["zanna", "zquery", "zcookie", "10.77.7.7", "10.88.8.8", "zbroken", "zremark"];

const RULE: &str = r#"
[[source]]
path = "*/branch/*"
privacy.drop = ["cookie", "extra.{X-Note}>h"]
privacy.cut_query = true
privacy.truncate_ip = { v4 = 16 }
privacy.pseudonymise = ["user"]
"#;

/// A format with all the fields that such a rule is about.
const SPEC: &str = "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt \"%{Referer}>h\" \"%{Cookie}>h\" \
                    \"%{X-Forwarded-For}>h\" \"%{X-Note}>h\"";

fn line(at: u64) -> String {
    format!(
        "{}.000     12 10.77.7.7 TCP_MISS/200 512 GET http://zanna:pw@www.corp.test/p{}?zquery={at} CORP%5Czanna \
         HIER_DIRECT/192.0.2.1 text/html \"http://ref.corp.test/?zquery\" \"id=zcookie{at}\" \"10.88.8.8, 10.77.7.7\" \"zanna\"",
        1_795_046_400 + at,
        at % 13,
    )
}

/// Rows, a line that is none, a blank one, an odd end, and a row that is not made as the format says.
fn secret_log(first: u64, lines: u64) -> Vec<u8> {
    let mut text = String::new();
    for at in first..first + lines {
        text.push_str(&line(at));
        text.push_str(if at % 50 == 7 { "\r\n" } else { "\n" });
        match at % 40 {
            3 => text.push_str("zbroken 10.77.7.7 zanna\n"),
            4 => text.push_str(" \t\n"),
            5 => text.push_str(&format!("{} zremark 10.77.7.7 zquery\n", line(at))),
            6 => text.push_str("# zremark of zanna\n"),
            _ => {}
        }
    }
    text.into_bytes()
}

fn settings() -> IngestOptions {
    IngestOptions { logformat: Some(SPEC.into()), ..options() }
}

/// A store with the rule in its dwell.toml.
fn ruled() -> Bench {
    let bench = Bench::new();
    set_rule(bench, RULE)
}

fn set_rule(mut bench: Bench, text: &str) -> Bench {
    std::fs::write(bench.path("store/dwell.toml"), text).unwrap();
    bench.store = bench.reopen().unwrap();
    bench
}

fn take(bench: &Bench, path: &Path) -> SourceReport {
    bench.run(&[path], &settings()).sources.remove(0)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Everything in a file that could be read: its bytes, and each page of a Parquet file decompressed.
fn contents(path: &Path) -> Vec<u8> {
    let Ok(mut all) = std::fs::read(path) else { return Vec::new() };
    let Ok(file) = std::fs::File::open(path) else { return all };
    let Ok(reader) = SerializedFileReader::new(file) else { return all };
    for at in 0..reader.num_row_groups() {
        let group = reader.get_row_group(at).unwrap();
        for column in 0..group.num_columns() {
            let mut pages = group.get_column_page_reader(column).unwrap();
            while let Some(page) = pages.get_next_page().unwrap() {
                all.extend_from_slice(page.buffer());
                all.push(b'\n');
            }
        }
    }
    all
}

/// That none of these stands in any file of the store.
fn assert_absent(store: &Path, secrets: &[Vec<u8>]) {
    let files = files(store);
    assert!(!files.is_empty());
    for path in files {
        let all = contents(&path).to_ascii_lowercase();
        for secret in secrets {
            let secret = secret.to_ascii_lowercase();
            let found = memchr::memmem::find(&all, &secret);
            assert!(found.is_none(), "{} in {}", String::from_utf8_lossy(&secret), path.display());
        }
    }
}

#[test]
fn the_search_finds_what_is_there() {
    let bench = Bench::new();
    take(&bench, &bench.write("branch/access.log", &secret_log(0, 100)));
    let all: Vec<u8> = files(&bench.path("store")).iter().flat_map(|path| contents(path)).collect();
    for secret in SECRETS {
        assert!(memchr::memmem::find(&all, secret.as_bytes()).is_some(), "{secret}");
    }
}

fn secrets() -> Vec<Vec<u8>> {
    SECRETS.iter().map(|secret| secret.as_bytes().to_vec()).collect()
}

/// A plain digest, as bytes and as text: it would let anybody test a guess.
fn digests(bytes: &[u8]) -> Vec<Vec<u8>> {
    let digest = Digest::of(bytes);
    vec![digest.0.to_vec(), digest.to_string().into_bytes()]
}

#[test]
fn what_is_removed_is_in_no_file() {
    /// Looks into the store while it is being written.
    struct Looking<'a>(&'a Bench);
    impl Progress for Looking<'_> {
        fn advance(&self, _: u64, _: u64) {
            let staged = files(&self.0.path("store/staging"));
            for path in staged {
                let bytes = std::fs::read(path).unwrap_or_default();
                for secret in SECRETS {
                    assert!(memchr::memmem::find(&bytes, secret.as_bytes()).is_none());
                }
            }
        }
    }
    let bench = ruled();
    let log = secret_log(0, 2000);
    let cut = log.len() - 30;
    let path = bench.write("branch/access.log", &log[..cut]);
    let options = IngestOptions { extent_bytes: 100_000, ..settings() };
    let run = |options: &IngestOptions| {
        let inputs = [path.clone().into()];
        dwell_ingest::run(&bench.store, &inputs, options, &Looking(&bench)).unwrap()
    };
    let report = run(&options);
    let source = &report.sources[0];
    assert_eq!((source.outcome, source.raw_rows), (Outcome::Stored, 0));
    assert!(
        source.counts.balance() && source.counts.quarantined >= 50 && source.counts.blank == 50
    );
    assert!(source.privacy.as_ref().is_some_and(|text| text.contains("user pseudonymised")));
    // The half line is superseded, and the file grows.
    let more = [log.as_slice(), &secret_log(2000, 100)].concat();
    std::fs::write(&path, &more).unwrap();
    assert_eq!(run(&options).sources[0].outcome, Outcome::Grown);
    // Another is quarantined whole.
    let none = bench.write("branch/none.txt", "zanna says zquery\nzbroken\n".repeat(50).as_bytes());
    let unread = bench.run(&[&none], &options_without_format());
    assert_eq!(unread.counts().quarantined, 100);
    let mut secrets = secrets();
    for bytes in [&log[..cut], &log, &more, &more[..64 << 10], &std::fs::read(&none).unwrap()] {
        secrets.extend(digests(bytes));
    }
    secrets.extend(digests(b"zbroken"));
    let key = std::fs::read(bench.path(&format!("keys/{}.privacy", bench.store.id()))).unwrap();
    let secret = key.trim_ascii_end().rsplit(|&byte| byte == b'+').next().unwrap();
    secrets.push(secret.to_vec());
    assert_absent(&bench.path("store"), &secrets);
    let state = bench.store.state();
    let lines = more.split_inclusive(|&byte| byte == b'\n').count() as u64;
    assert_eq!(
        (state.sources[&1].counts.lines, state.sources[&1].bytes),
        (lines, more.len() as u64)
    );
    assert!(verified(&bench).is_valid());
}

fn options_without_format() -> IngestOptions {
    IngestOptions { logformat: None, ..settings() }
}

fn verified(bench: &Bench) -> storage::verify::Report {
    let options = VerifyOptions {
        deep: true,
        trusted: None,
        since_us: None,
        pinned_key: None,
        key_dir: Some(bench.path("keys")),
        fallback_dir: None,
        standing: Standing::Live,
        fs: fs::real(),
        now_us: NOW_US + 1,
    };
    verify(&bench.path("store"), &options).unwrap()
}

/// What the lines of a source look like as far as they are kept.
fn kept(store: &Store, source_id: i32) -> String {
    let mut bytes = Vec::new();
    raw::write(store, RawRequest::Kept(source_id), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn what_stays_is_there_and_joins() {
    let bench = ruled();
    let path = bench.write("branch/access.log", &secret_log(0, 100));
    assert_eq!(take(&bench, &path).source_id, Some(1));
    let text = kept(&bench.store, 1);
    let key = bench.store.privacy_key().unwrap().unwrap();
    let anna = key.pseudonym(Kind::User, "CORP\\zanna");
    let line = text.lines().next().unwrap();
    for part in
        ["10.77.0.0", "http://www.corp.test/p0 ", &anna, "\"http://ref.corp.test/\"", " 512 GET "]
    {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(text.contains("[withheld: 23 bytes, keyed digest "), "{text}");
    let error = raw_of(&bench.store, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let message = error.to_string();
    assert!(message.contains("client_ip truncated to /16 and /48"), "{message}");
    let day = "2026-11-19".parse().unwrap();
    let day_of = |request| raw::write(&bench.store, request, &mut Vec::new());
    assert_eq!(day_of(RawRequest::Day(day)).unwrap_err().kind(), ErrorKind::Unsupported);
    let rows = bench.store.state().sources[&1].counts.rows;
    assert_eq!(day_of(RawRequest::KeptOfDay(day)).unwrap().lines, rows);
}

#[test]
fn a_content_is_known_though_its_digest_is_keyed() {
    let bench = ruled();
    let log = secret_log(0, 1000);
    assert!(log.len() > 128 << 10);
    let path = bench.write("branch/access.log", &log);
    assert_eq!(take(&bench, &path).outcome, Outcome::Stored);
    let state = bench.store.state();
    assert_ne!(state.sources[&1].sha256, Digest::of(&log));
    // Again; under a name without a rule; from a small file.
    assert_eq!(take(&bench, &path).outcome, Outcome::AlreadyStored);
    let elsewhere = bench.write("elsewhere/copy.log", &log);
    assert_eq!(take(&bench, &elsewhere).outcome, Outcome::AlreadyStored);
    let small = secret_log(5000, 3);
    take(&bench, &bench.write("branch/small.log", &small));
    let again = bench.write("elsewhere/small.log", &small);
    assert_eq!(take(&bench, &again).outcome, Outcome::AlreadyStored);
    // Grown, under a name without a rule: it goes on under its own.
    let more = [log.as_slice(), &secret_log(1000, 50)].concat();
    let grown = bench.write("elsewhere/access.log.1", &more);
    let report = take(&bench, &grown);
    assert_eq!((report.outcome, report.source_id), (Outcome::Grown, Some(1)));
    assert!(report.privacy.is_some());
    // Its earlier state is known, too.
    assert_eq!(take(&bench, &path).outcome, Outcome::AlreadyStored);
    assert_absent(&bench.path("store"), &secrets());
    assert!(verified(&bench).is_valid());
}

#[test]
fn a_changed_rule_is_for_new_sources() {
    let bench = ruled();
    let path = bench.write("branch/access.log", &secret_log(0, 20));
    take(&bench, &path);
    let bench = set_rule(bench, "# none any more\n");
    let more = [secret_log(0, 20), secret_log(20, 20)].concat();
    let path = bench.write("branch/access.log", &more);
    assert_eq!(take(&bench, &path).outcome, Outcome::Grown);
    assert_absent(&bench.path("store"), &secrets());
    let plain = bench.write("branch/plain.log", &secret_log(500, 20));
    let report = take(&bench, &plain);
    assert_eq!((report.privacy, report.source_id), (None, Some(2)));
    let growing = bench.write("branch/growing.log", &secret_log(700, 20));
    take(&bench, &growing);
    assert_eq!(raw_of(&bench.store, 2).unwrap(), secret_log(500, 20));
    let bench = set_rule(bench, RULE);
    let report = take(&bench, &plain);
    assert_eq!(report.outcome, Outcome::AlreadyStored);
    assert!(report.message.unwrap().contains("before the privacy rule"));
    std::fs::write(&growing, [secret_log(700, 20), secret_log(720, 20)].concat()).unwrap();
    let report = take(&bench, &growing);
    assert_eq!((report.outcome, report.source_id, report.privacy), (Outcome::Grown, Some(3), None));
    assert!(report.message.unwrap().contains("began before the privacy rule"));
    take(&bench, &bench.write("branch/new.log", &secret_log(900, 5)));
    let entries = bench.store.ledger_entries().unwrap();
    let configs = entries.iter().filter(|entry| entry.kind == "config").count();
    assert_eq!(configs, 4, "each change is noted");
    let ingests: Vec<_> = entries.iter().filter(|entry| entry.kind == "ingest").collect();
    let words = "digests keyed; cookie, extra.{X-Note}>h dropped; query strings cut; \
                 client_ip truncated to /16 and /48; user pseudonymised";
    assert!(ingests[0].detail.contains(words), "{}", ingests[0].detail);
    assert!(ingests[1].detail.contains(words) && !ingests[2].detail.contains("keyed"));
}

#[test]
fn without_its_key_nothing_is_taken_in() {
    let bench = ruled();
    let path = bench.write("branch/access.log", &secret_log(0, 20));
    take(&bench, &path);
    let file = bench.path(&format!("keys/{}.privacy", bench.store.id()));
    let away = bench.path("away");
    std::fs::rename(&file, &away).unwrap();
    for name in ["branch/other.log", "elsewhere/other.log"] {
        let other = bench.write(name, &secret_log(50, 20));
        let error = dwell_ingest::run(&bench.store, &[other.into()], &settings(), &()).unwrap_err();
        assert!(error.to_string().contains("no privacy key"), "{error}");
    }
    assert!(!file.exists(), "a new key would know nothing of what is stored");
    // One that is made on purpose goes on, but knows nothing of before.
    let other = bench.store.new_privacy_key().unwrap();
    assert_eq!(take(&bench, &path).outcome, Outcome::Stored);
    let state = bench.store.state();
    assert_eq!(state.sources[&2].privacy.as_ref().unwrap().key_id, other.id());
    assert_ne!(state.sources[&1].privacy, state.sources[&2].privacy);
    std::fs::rename(&away, &file).unwrap();
    assert!(bench.store.new_privacy_key().is_err(), "there is one");
    assert_eq!(take(&bench, &path).source_id, Some(1));
}

#[test]
fn a_rule_holds_from_wherever_a_path_is_given() {
    let bench = ruled();
    let log = bench.write("branch/access.log", &secret_log(0, 20));
    let link = bench.path("link.log");
    std::os::unix::fs::symlink(&log, &link).unwrap();
    let named = IngestOptions { source_name: Some("harmless".into()), ..settings() };
    assert!(bench.run(&[&link], &named).sources[0].privacy.is_some());
    // Other settings for one run don't lift the rules of the store.
    let other = bench.write("branch/other.log", &secret_log(30, 20));
    let without = IngestOptions { settings: Some(Config::default()), ..settings() };
    assert!(bench.run(&[&other], &without).sources[0].privacy.is_some());
    assert_absent(&bench.path("store"), &secrets());
}

#[test]
fn lines_that_were_not_kept_are_read_anew_from_their_file() {
    let bench = ruled();
    let line = |at| format!("{at}|10.77.7.7|zanna|http://h.test/?zquery\n");
    let log_of = |lines| (0..lines).map(|at| line(1_795_046_400 + at)).collect::<String>();
    let log = log_of(60);
    let path = bench.write("branch/access.log", log.as_bytes());
    let settings = || IngestOptions { logformat: Some("%ts|%>a|%un|%ru".into()), ..options() };
    // No format reads it by itself: it is quarantined whole, and nothing of its lines is kept.
    let report = bench.run(&[&path], &options()).sources.remove(0);
    assert_eq!((report.outcome, report.counts.rows), (Outcome::Quarantined, 0));
    assert!(report.next.unwrap().contains("--original"));
    let error = quarantine::retry(&bench.store, 1, &settings(), &()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("were not kept, by its privacy rule"), "{error}");
    let other = bench.write("other.log", log_of(61).as_bytes());
    let error = quarantine::retry_from(&bench.store, 1, &other, &settings(), &()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    // The rule of the source counts, not that of the path.
    let moved = bench.write("elsewhere/moved.log", log.as_bytes());
    let report = quarantine::retry_from(&bench.store, 1, &moved, &settings(), &()).unwrap();
    assert_eq!((report.outcome, report.counts.rows), (Outcome::Retried, 60));
    assert_absent(&bench.path("store"), &secrets());
    let text = kept(&bench.store, 1);
    assert!(text.lines().next().unwrap().contains("10.77.0.0"), "{text}");
    assert!(verified(&bench).is_valid());
    assert_eq!(bench.run(&[&path], &options()).sources[0].outcome, Outcome::AlreadyStored);
    let plain = bench.write("plain.log", log_of(5).as_bytes());
    let id = bench.run(&[&plain], &settings()).sources[0].source_id.unwrap();
    let error = quarantine::retry_from(&bench.store, id, &plain, &settings(), &()).unwrap_err();
    assert!(error.to_string().contains("all its bytes"), "{error}");
}

#[test]
fn every_format_is_under_the_rule() {
    let lines = [
        (
            "squid",
            "1795046400.000 1 10.77.7.7 TCP_MISS/200 5 GET http://h.test/a?zquery zanna HIER_NONE/- -",
        ),
        (
            "squid_combined",
            "10.77.7.7 - zanna [19/Nov/2026:00:00:00 +0000] \"GET http://h.test/?zquery HTTP/1.1\" 200 5 \
             \"http://r.test/?zquery\" \"agent\" TCP_MISS:HIER_NONE",
        ),
        (
            "ncsa_combined",
            "10.77.7.7 - zanna [19/Nov/2026:00:00:00 +0100] \"GET /a?zquery HTTP/1.1\" 200 5 \
             \"http://r.test/?zquery\" \"agent\"",
        ),
        ("ncsa_common", "10.77.7.7 - zanna [19/Nov/2026:00:00:00 +0000] \"GET /a?zquery\" 200 5"),
    ];
    let bench = ruled();
    for (nth, (format, line)) in lines.iter().enumerate() {
        let path =
            bench.write(&format!("branch/{nth}.log"), format!("{line}\n").repeat(3).as_bytes());
        let options = IngestOptions { format: Some((*format).into()), ..options() };
        let report = bench.run(&[&path], &options).sources.remove(0);
        assert_eq!(report.counts.rows, 3, "{format}: {report:?}");
    }
    assert_absent(&bench.path("store"), &secrets());
}

#[test]
fn a_lost_ledger_is_rebuilt_with_the_rule() {
    let bench = ruled();
    let path = bench.write("branch/access.log", &secret_log(0, 60));
    take(&bench, &path);
    let before = bench.store.state();
    std::fs::remove_dir_all(bench.path("store/ledger")).unwrap();
    let options = storage::recover::RecoverOptions {
        key_dir: Some(bench.path("keys")),
        fallback_dir: None,
        fs: fs::real(),
        now_us: NOW_US as Micros,
        by: "tests".into(),
        reason: "lost".into(),
        new_key: false,
        accept_head: true,
    };
    storage::recover::from_files(&bench.path("store"), &options).unwrap();
    let store: Arc<Store> = open(bench.dir.path(), fs::real()).unwrap();
    let (old, new) = (&before.sources[&1], &store.state().sources[&1]);
    assert_eq!((&old.privacy, old.sha256, old.counts), (&new.privacy, new.sha256, new.counts));
    assert!(new.privacy.is_some());
    assert_absent(&bench.path("store"), &secrets());
}

#[test]
fn every_call_fails_once_and_never_leaks() {
    let log = secret_log(0, 60);
    let mut fired = 0;
    for n in 1.. {
        let kind = if n % 2 == 0 { FaultKind::Error } else { FaultKind::Torn };
        let bench = ruled();
        let path = bench.write("branch/access.log", &log);
        let faulty = Arc::new(FaultyFs::new(fs::real(), n, kind));
        let options = IngestOptions { jobs: 1, ..settings() };
        let done = open(bench.dir.path(), Arc::clone(&faulty) as _)
            .and_then(|store| dwell_ingest::run(&store, &[path.clone().into()], &options, &()));
        assert_absent(&bench.path("store"), &secrets());
        if done.is_ok() {
            break;
        }
        fired += 1;
        let store = bench.reopen().unwrap();
        let report = dwell_ingest::run(&store, &[path.into()], &options, &()).unwrap();
        let id = report.sources[0].source_id.unwrap();
        assert_eq!(store.state().sources.len(), 1, "call {n}");
        assert!(store.state().sources[&id].privacy.is_some());
    }
    assert!(fired > 20, "only {fired} faults fired");
}

/// The distinct values of some columns of all rows.
fn values(store: &Store, cols: &[Col]) -> BTreeSet<(Col, String)> {
    let mut found = BTreeSet::new();
    for (_, segment) in store.state().segments() {
        let file = VerifiedFile::open(store.locate(&segment.meta.path), &segment.meta).unwrap();
        let options = ReadOptions { batch_rows: 4096, row_groups: None };
        for batch in reader::rows(&file, cols, &options).unwrap() {
            let batch = batch.unwrap();
            let rows = BatchRows::new(&batch);
            for row in 0..batch.num_rows() {
                let text = |col: &Col| rows.text(row, *col).map(|text| (*col, text.into_owned()));
                found.extend(cols.iter().filter_map(text));
            }
        }
    }
    found
}

/// The folder of samples, beside the project or above it.
fn samples() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.map(|dir| dir.join("shared/samples")).find(|path| path.is_dir())
}

#[test]
fn of_no_dialect_anything_is_kept_that_nobody_named() {
    const TAKEN: &[Col] = &[
        Col::User,
        Col::ClientIp,
        Col::Computer,
        Col::Host,
        Col::Query,
        Col::Cookie,
        Col::Referer,
        Col::UserAgent,
    ];
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let plain = Bench::new();
    let report = plain.run(&[&fixtures], &options());
    let rule = "[[source]]\npath = \"*\"\nprivacy.keep = [\"status\", \"extra\"]\n";
    let bench = set_rule(Bench::new(), rule);
    let ruled = bench.run(&[&fixtures], &options());
    assert_eq!(report.counts(), ruled.counts());
    let taken: BTreeSet<String> = values(&plain.store, TAKEN)
        .into_iter()
        .map(|(_, value)| value)
        // Shorter words stand anywhere by chance.
        .filter(|value| value.len() >= 7)
        .collect();
    println!("{} sources, {} values taken away", ruled.sources.len(), taken.len());
    let mut hits = Vec::new();
    for path in files(&bench.path("store")) {
        let all = contents(&path);
        for value in &taken {
            if let Some(at) = memchr::memmem::find(&all, value.as_bytes()) {
                let around = &all[at.saturating_sub(60)..(at + 100).min(all.len())];
                let around = String::from_utf8_lossy(around).into_owned();
                hits.push(format!("{value} in {}: {around:?}", path.display()));
            }
        }
    }
    assert!(hits.is_empty(), "{hits:#?}");
}

#[test]
fn of_real_logs_nothing_comes_through_extra() {
    let Some(root) = samples() else {
        println!("skipped: shared/samples is not there");
        return;
    };
    const TAKEN: &[Col] = &[Col::User, Col::ClientIp, Col::Query, Col::Cookie, Col::Referer];
    let plain = Bench::new();
    plain.run(&[&root], &options());
    let taken = values(&plain.store, TAKEN);
    for rule in [
        "privacy.keep = [\"host\", \"status\", \"extra\"]",
        "privacy.pseudonymise = [\"user\", \"client_ip\"]\nprivacy.cut_query = true\n\
         privacy.drop = [\"cookie\", \"referer\"]",
    ] {
        let bench = set_rule(Bench::new(), &format!("[[source]]\npath = \"*\"\n{rule}\n"));
        let report = bench.run(&[&root], &options());
        let kept = values(&bench.store, &[Col::Extra]);
        let kept: Vec<_> = kept.into_iter().map(|(_, json)| json.to_lowercase()).collect();
        let mut hits = BTreeSet::new();
        // Short words, and the name that every machine has for itself, stand anywhere by chance.
        let own = |value: &str| value.len() >= 6 && value != "localhost";
        for (col, value) in taken.iter().filter(|(_, value)| own(value)) {
            let value = value.to_lowercase();
            let hit = kept.iter().find(|extra| extra.contains(&value));
            hits.extend(hit.map(|extra| format!("{} {value} in {extra}", col.name())));
        }
        println!(
            "{rule}: {} sources, {} rows, {} values taken away, {} of extra kept",
            report.sources.len(),
            report.counts().rows,
            taken.len(),
            kept.len()
        );
        assert!(hits.is_empty(), "{hits:#?}");
        let lines = plain.store.state().sources.values().map(|it| it.counts.lines).sum::<u64>();
        assert_eq!((report.raw_rows(), report.counts().lines), (0, lines));
    }
}
