//! Is a redacted line gone from every place, and is everything else still what it was, byte for byte and provably?

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwell_ingest::pipeline::shift;
use dwell_ingest::quarantine;
use dwell_ingest::raw::{self, Leavings, Lines, RawRequest};
use dwell_ingest::{IngestOptions, Outcome};
use parquet::file::reader::{FileReader, SerializedFileReader};
use storage::error::{ErrorKind, Result};
use storage::fs::{self, FaultKind, FaultyFs, Fs, RecordingFs};
use storage::ledger::text::Text;
use storage::redact::{self, Redaction, Request};
use storage::store::{CommitOptions, HiddenLines, Standing, State, Store};
use storage::verify::{Report, VerifyOptions, verify};

use crate::support::{Bench, NOW_US, assert_same, init, open, options, raw_of, squid};

const NAME: &str = "erika-mustermann";

/// Lines over three days; every 30th names a person, some of these are no rows, some have an unusual end.
fn text() -> Vec<u8> {
    let mut text = Vec::new();
    for at in 0..600_u64 {
        let who = if at % 30 == 7 { NAME } else { "somebody" };
        let line = squid(at * 400, &format!("http://h{}.example.com/{who}/{at}", at % 7));
        match at % 60 {
            37 => text.extend(format!("no line of {who}").bytes()),
            _ => text.extend(line.bytes()),
        }
        text.extend(if at % 90 == 7 { "\r\n" } else { "\n" }.bytes());
    }
    text
}

/// A text without the lines that name the person, and the numbers of those.
fn without(text: &[u8]) -> (Vec<u8>, HiddenLines) {
    let (mut left, mut lines) = (Vec::new(), Vec::new());
    for (at, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        if String::from_utf8_lossy(line).contains(NAME) {
            lines.push((1, at as i64 + 1, at as i64 + 1));
        } else {
            left.extend_from_slice(line);
        }
    }
    (left, HiddenLines::new(lines))
}

fn take_in(store: &Arc<Store>, path: &Path) -> dwell_ingest::SourceReport {
    let options = IngestOptions {
        format: Some("squid".into()),
        extent_bytes: 20_000,
        chunk_bytes: 8_000,
        jobs: 1,
        ..options()
    };
    let report = dwell_ingest::run(store, &[path.to_path_buf().into()], &options, &()).unwrap();
    report.sources.into_iter().next().unwrap()
}

fn bench() -> (Bench, Vec<u8>) {
    let bench = Bench::new();
    let text = text();
    let path = bench.write("a.log", &text);
    assert_eq!(take_in(&bench.store, &path).counts.quarantined, 10);
    (bench, text)
}

fn commit_options() -> CommitOptions {
    CommitOptions { now_us: NOW_US, wait_ms: 10_000, by: "tests".into() }
}

fn redact(store: &Arc<Store>, lines: &HiddenLines) -> Result<Redaction> {
    let text = Text::by("tests").with("reason", "art. 17").with("case", "77");
    let request = Request { lines: lines.clone(), text, ..Request::default() };
    redact::prepare(store, &request, (&Leavings, &Lines))?.commit(&commit_options(), &|_| Ok(()))
}

/// Files of the store with the name in them, also within pages and dictionaries.
fn naming(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(naming(&path));
        } else if holds(&path) {
            found.push(path);
        }
    }
    found
}

fn holds(path: &Path) -> bool {
    let has = |bytes: &[u8]| bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes());
    if has(&std::fs::read(path).unwrap()) {
        return true;
    }
    let Ok(file) = SerializedFileReader::new(std::fs::File::open(path).unwrap()) else {
        return false;
    };
    (0..file.num_row_groups()).any(|group| {
        let group = file.get_row_group(group).unwrap();
        (0..group.num_columns()).any(|column| {
            let pages = group.get_column_page_reader(column).unwrap();
            pages.into_iter().any(|page| has(page.unwrap().buffer()))
        })
    })
}

fn deep(root: &Path) -> Report {
    let options = VerifyOptions {
        deep: true,
        trusted: None,
        since_us: None,
        pinned_key: None,
        key_dir: Some(root.join("keys")),
        fallback_dir: None,
        standing: Standing::Live,
        fs: fs::real(),
        now_us: NOW_US,
    };
    let report = verify(&root.join("store"), &options).unwrap();
    assert_eq!(report.problems, []);
    report
}

#[test]
fn the_lines_are_gone_and_the_rest_is_proven() {
    let (bench, text) = bench();
    let (left, lines) = without(&text);
    assert!(!naming(&bench.path("store")).is_empty());
    let survey =
        redact::survey(&bench.store, &bench.store.state(), &lines, &BTreeSet::new()).unwrap();
    assert_eq!((survey.all_rows(), survey.all_others(), survey.days.len()), (10, 10, 3));
    let done = redact(&bench.store, &lines).unwrap();
    assert_eq!((done.all_rows(), done.all_others(), done.days.len()), (10, 10, 3));
    assert_eq!((done.lines.count(), done.files), (20, survey.files));
    assert_eq!(naming(&bench.path("store")), Vec::<PathBuf>::new());
    assert_same(&bench.raw(1), &left);
    deep(bench.dir.path());
    let state = bench.store.state();
    let source = &state.sources[&1];
    assert_eq!((source.redacted, source.redacted_others), (10, 10));
    assert_eq!(source.remaining.unwrap().1, storage::Digest::of(&left));
    let rows: u64 = state.segments().map(|(_, segment)| segment.meta.rows).sum();
    assert_eq!(rows, 580);
    let store = bench.reopen().unwrap();
    assert_eq!(store.state(), state);
    let mut out = Vec::new();
    let report = raw::write(&store, RawRequest::Source(1), &mut out).unwrap();
    assert_eq!((report.lines, report.redacted), (580, 20));
    assert_eq!(redact(&store, &lines).unwrap().lines.count(), 0);
}

#[test]
fn a_changed_rest_is_noticed() {
    let (bench, text) = bench();
    let (_, lines) = without(&text);
    redact(&bench.store, &lines).unwrap();
    // A redaction that says nothing of a line does not excuse its absence.
    let mut state = State::clone(&bench.store.state());
    state.redacted.pop();
    let mut gone = Default::default();
    let error = redact::Remainder::left(&Leavings, &bench.store, &state, 1, &lines, &mut gone);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Integrity);
}

#[test]
fn what_came_in_does_not_come_back() {
    let (bench, text) = bench();
    let (left, lines) = without(&text);
    redact(&bench.store, &lines).unwrap();
    let again = take_in(&bench.store, &bench.path("a.log"));
    assert_eq!(again.outcome, Outcome::AlreadyStored);
    assert!(again.message.unwrap().contains("20 of its lines were redacted and stay out"));
    let renamed = bench.write("b.log", &text);
    assert_eq!(take_in(&bench.store, &renamed).outcome, Outcome::AlreadyStored);
    // An older copy, cut off somewhere after the first of the lines, in the middle of a line.
    for cut in [text.len() / 2, 3_000, text.len() - 5] {
        let older = bench.write("a.log", &text[..cut]);
        assert_eq!(take_in(&bench.store, &older).outcome, Outcome::AlreadyStored, "{cut}");
    }
    // It grows: the rest is stored, what was taken out stays out.
    let more = [text.clone(), format!("{}\n", squid(300_000, "http://x.example/")).into_bytes()];
    let grown = bench.write("a.log", &more.concat());
    let report = take_in(&bench.store, &grown);
    assert_eq!((report.outcome, report.counts.rows), (Outcome::Grown, 1));
    assert_same(&bench.raw(1), &[left, more[1].clone()].concat());
    assert_eq!(naming(&bench.path("store")), Vec::<PathBuf>::new());
    deep(bench.dir.path());
}

#[test]
fn copies_that_are_not_shown_go_too() {
    let bench = Bench::new();
    // A last line without end that goes on, another in quarantine that becomes a row, and a corrected clock.
    let half =
        format!("{}\n{}", squid(1, "http://a.example/"), squid(2, "http://a.example/erika-"));
    let half = half.split(" - HIER").collect::<Vec<_>>()[..2].join(" - HIER").into_bytes();
    let path = bench.write("a.log", &half);
    take_in(&bench.store, &path);
    let tabs = format!("1795046400\t10.1.0.9\tGET\thttp://b.example.com/{NAME}\n");
    let whole = [
        &half[..],
        &NAME.as_bytes()[6..],
        b" - HIER_DIRECT/192.0.2.1 text/html\n",
        tabs.as_bytes(),
    ]
    .concat();
    let whole = [&whole[..], format!("{}\n", squid(3, "http://c.example/")).as_bytes()].concat();
    bench.write("a.log", &whole);
    take_in(&bench.store, &path);
    let tabbed = IngestOptions { logformat: Some("%ts\t%>a\t%rm\t%ru".into()), ..options() };
    shift::apply(&bench.store, 1, 3_600_000_000, "clock", &options(), &()).unwrap();
    quarantine::retry(&bench.store, 1, &tabbed, &()).unwrap();
    let (left, lines) = without(&whole);
    assert_eq!(lines.count(), 2);
    assert!(naming(&bench.path("store")).len() >= 3, "{:?}", naming(&bench.path("store")));
    let done = redact(&bench.store, &lines).unwrap();
    assert_eq!((done.all_rows(), done.all_others()), (2, 0));
    assert_eq!(naming(&bench.path("store")), Vec::<PathBuf>::new());
    assert_same(&bench.raw(1), &left);
    deep(bench.dir.path());
    // A shift moves what is left, and nothing else.
    shift::apply(&bench.store, 1, 0, "clock", &options(), &()).unwrap();
    assert_same(&bench.raw(1), &left);
}

#[test]
fn a_half_line_that_goes_on_is_another_line() {
    let bench = Bench::new();
    let half = format!(
        "{}\n{}",
        squid(1, "http://a.example/"),
        squid(2, &format!("http://{NAME}.example/"))
    );
    let path = bench.write("a.log", half.as_bytes());
    take_in(&bench.store, &path);
    let lines = HiddenLines::new(vec![(1, 2, 2)]);
    assert_eq!(redact(&bench.store, &lines).unwrap().all_rows(), 1);
    let first = format!("{}\n", squid(1, "http://a.example/"));
    assert_same(&bench.raw(1), first.as_bytes());
    let whole = format!("{half}\n");
    bench.write("a.log", whole.as_bytes());
    let report = take_in(&bench.store, &path);
    assert!(report.message.unwrap().contains("line 2 was redacted"));
    assert_same(&bench.raw(1), whole.as_bytes());
    let state = bench.store.state();
    assert_eq!((state.sources[&1].redacted, state.redacted.len()), (0, 0));
    assert_eq!(redact(&bench.store, &lines).unwrap().all_rows(), 1);
    assert_same(&bench.raw(1), first.as_bytes());
    deep(bench.dir.path());
}

#[test]
fn whole_sources_and_days_may_go() {
    let (bench, text) = bench();
    let other =
        bench.write("b.log", format!("{}\n", squid(900, "http://other.example/")).as_bytes());
    take_in(&bench.store, &other);
    for day in bench.store.state().days.keys() {
        storage::seal::apply(&bench.store, *day, &Lines, &commit_options()).unwrap().unwrap();
    }
    let all = text.split_inclusive(|&byte| byte == b'\n').count() as i64;
    let done = redact(&bench.store, &HiddenLines::new(vec![(1, 1, all)])).unwrap();
    assert_eq!((done.all_rows(), done.all_others()), (590, 10));
    assert_eq!(bench.raw(1), b"");
    let state = bench.store.state();
    assert_eq!((state.days.len(), state.lines.len()), (1, 0));
    assert_eq!(state.side_files().count(), 1);
    let sealed = &state.days.values().next().unwrap().seals[0];
    storage::seal::check(&bench.store, &state, sealed, &Lines).unwrap();
    let salts = std::fs::read_dir(bench.path("store/salts")).unwrap().count();
    assert_eq!(salts, 1);
    deep(bench.dir.path());
    assert_eq!(take_in(&bench.store, &bench.path("a.log")).outcome, Outcome::AlreadyStored);
}

#[test]
fn what_changes_meanwhile_is_planned_anew() {
    let (bench, text) = bench();
    let (_, lines) = without(&text);
    let request = Request { lines, ..Request::default() };
    let prepared = redact::prepare(&bench.store, &request, (&Leavings, &Lines)).unwrap();
    shift::apply(&bench.store, 1, 3_600_000_000, "clock", &options(), &()).unwrap();
    let error = prepared.commit(&commit_options(), &|_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let prepared = redact::prepare(&bench.store, &request, (&Leavings, &Lines)).unwrap();
    // What other sources do meanwhile is no matter.
    let other = bench.write("b.log", format!("{}\n", squid(5, "http://other.example/")).as_bytes());
    take_in(&bench.store, &other);
    assert_eq!(prepared.commit(&commit_options(), &|_| Ok(())).unwrap().all_rows(), 10);
    assert_eq!(naming(&bench.path("store")), Vec::<PathBuf>::new());
}

#[test]
fn a_reader_that_loses_its_file_is_told_why() {
    let (bench, text) = bench();
    let (_, lines) = without(&text);
    let reader = bench.reopen().unwrap();
    let old = reader.state();
    let (_, first) = old.segments().next().unwrap();
    let opened = reader.open_file(&first.meta).unwrap();
    redact(&bench.store, &lines).unwrap();
    // What is open can be read to its end.
    opened.read(0..opened.size()).unwrap();
    let error = reader.open_file(&first.meta).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("removed for good"), "{error}");
    let state = reader.state();
    let (_, first) = state.segments().next().unwrap();
    reader.open_file(&first.meta).unwrap();
    std::fs::remove_file(bench.store.dir().join(&first.meta.path)).unwrap();
    assert_eq!(reader.open_file(&first.meta).unwrap_err().kind(), ErrorKind::Integrity);
}

#[test]
fn words_and_queries_that_name_somebody_go() {
    let bench = Bench::new();
    let line = format!("{}\n", squid(1, &format!("http://{NAME}.example/")));
    let path = bench.write(&format!("{NAME}.log"), line.as_bytes());
    take_in(&bench.store, &path);
    let log = bench.store.query_log();
    log.ask(NOW_US, "tests", &format!("SELECT '{NAME}'")).unwrap();
    log.ask(NOW_US, "tests", "SELECT 1").unwrap();
    // A snapshot that knows the path.
    std::fs::write(bench.path("store/ledger/snapshot"), "of no use").unwrap();
    let store = bench.reopen().unwrap();
    let other = bench.write("b.log", format!("{}\n", squid(5, "http://o.example/")).as_bytes());
    take_in(&store, &other);
    assert!(naming(&bench.path("store")).len() >= 4, "{:?}", naming(&bench.path("store")));
    let texts = [NAME.to_uppercase()];
    let state = store.state();
    let words = redact::naming(&store, &state, &texts, NOW_US).unwrap();
    let queries = storage::querylog::naming(&*fs::real(), store.dir(), &texts).unwrap();
    assert_eq!((words.records.len(), queries.len()), (1, 1));
    let request = Request {
        lines: HiddenLines::new(vec![(1, 1, 1)]),
        words: words.records.keys().copied().collect(),
        paths: words.sources,
        queries,
        ..Request::default()
    };
    let prepared = redact::prepare(&store, &request, (&Leavings, &Lines)).unwrap();
    prepared.commit(&commit_options(), &|_| Ok(())).unwrap();
    assert_eq!(naming(&bench.path("store")), Vec::<PathBuf>::new());
    assert_eq!(store.state().sources[&1].path, Path::new(""));
    deep(bench.dir.path());
    assert_eq!(bench.reopen().unwrap().state(), store.state());
    // Words that nobody says were removed are missed.
    let text = bench.path("store/ledger/0000000003.text");
    let words = std::fs::read_to_string(&text).unwrap();
    let mut line: storage::ledger::text::TextLine = serde_json::from_str(words.trim_end()).unwrap();
    line.shred().unwrap();
    std::fs::write(&text, storage::ledger::text::render(&[line]).unwrap()).unwrap();
    let options = VerifyOptions {
        deep: false,
        trusted: None,
        since_us: None,
        pinned_key: None,
        key_dir: Some(bench.path("keys")),
        fallback_dir: None,
        standing: Standing::Live,
        fs: fs::real(),
        now_us: NOW_US,
    };
    let report = verify(&bench.path("store"), &options).unwrap();
    assert!(
        report.problems.iter().any(|it| it.what.contains("no redaction says so")),
        "{report:?}"
    );
}

/// A temporary folder, in memory where there is one: these tests sync thousands of times.
fn in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Stores a short text, then redacts through a file system that fails or records.
fn small(root: &Path) -> (Vec<u8>, HiddenLines) {
    let store = init(root, fs::real()).unwrap();
    let text: Vec<u8> = (0..6)
        .map(|at| {
            let who = if at % 3 == 1 { NAME } else { "somebody" };
            squid(at * 40_000, &format!("http://h.example/{who}/{at}")) + "\n"
        })
        .collect::<String>()
        .into_bytes();
    let text = [&text[..], format!("no line of {NAME}\n").as_bytes()].concat();
    let path = root.join(format!("{NAME}.log"));
    std::fs::write(&path, &text).unwrap();
    take_in(&store, &path);
    store.query_log().ask(NOW_US, "tests", &format!("SELECT '{NAME}'")).unwrap();
    let (left, lines) = without(&text);
    assert_eq!(lines.count(), 3);
    (left, lines)
}

fn redact_all(root: &Path, fs: Arc<dyn Fs>, lines: &HiddenLines) -> Result<Redaction> {
    let store = open(root, fs)?;
    let texts = [NAME.to_owned()];
    let words = redact::naming(&store, &store.state(), &texts, NOW_US)?;
    let queries = storage::querylog::naming(&**store.fs(), store.dir(), &texts)?;
    let request = Request {
        lines: lines.clone(),
        words: words.records.keys().copied().collect(),
        paths: words.sources,
        queries,
        ..Request::default()
    };
    redact::prepare(&store, &request, (&Leavings, &Lines))?.commit(&commit_options(), &|_| Ok(()))
}

/// Before or after; the next writer ends what was begun.
fn check_after(root: &Path, left: &[u8], lines: &HiddenLines, number: u64) {
    let store = open(root, fs::real()).unwrap();
    let gone = store.state().sources[&1].redacted;
    assert!(gone == 0 || gone == 2, "{number}");
    let bytes = raw_of(&store, 1).unwrap();
    if gone > 0 {
        assert_same(&bytes, left);
    } else {
        let (again, _) = without(&bytes);
        assert_same(&again, left);
    }
    // Any commit of another writer ends it.
    let other = root.join("o.log");
    std::fs::write(&other, format!("{}\n", squid(5, "http://o.example/"))).unwrap();
    take_in(&store, &other);
    if gone == 0 {
        redact_all(root, fs::real(), lines).unwrap();
    }
    assert_eq!(naming(&root.join("store")), Vec::<PathBuf>::new(), "{number}");
    assert_same(&raw_of(&open(root, fs::real()).unwrap(), 1).unwrap(), left);
    let staging = std::fs::read_dir(root.join("store/staging")).unwrap().count();
    assert_eq!(staging, 0, "{number}");
    deep(root);
}

#[test]
fn every_call_of_a_redaction_fails_once() {
    let mut fired = 0;
    for number in 1.. {
        let kind = [FaultKind::Error, FaultKind::Torn, FaultKind::Dead][number as usize % 3];
        let dir = in_memory();
        let (left, lines) = small(dir.path());
        let faulty = FaultyFs::new(fs::real(), number, kind);
        let done = redact_all(dir.path(), Arc::new(faulty.clone()), &lines);
        check_after(dir.path(), &left, &lines, number);
        if faulty.fired() == 0 {
            done.unwrap();
            break;
        }
        fired += 1;
    }
    println!("{fired} faults fired while redacting");
    assert!(fired > 50, "{fired}");
}

#[test]
fn a_power_loss_leaves_before_or_after() {
    let dir = in_memory();
    let (left, lines) = small(dir.path());
    let recording = RecordingFs::new(dir.path()).unwrap();
    redact_all(dir.path(), Arc::new(recording.clone()), &lines).unwrap();
    let mut states = 0;
    let mut seen = BTreeSet::new();
    for changes in 0..=recording.len() {
        for state in recording.crash_states(changes).into_iter().step_by(3) {
            let after = in_memory();
            state.write_to(after.path()).unwrap();
            seen.insert(open(after.path(), fs::real()).unwrap().state().sources[&1].redacted);
            check_after(after.path(), &left, &lines, changes as u64);
            states += 1;
        }
    }
    println!("{states} states after a power loss");
    assert!(states > 50 && seen.len() == 2, "{states}, {seen:?}");
}

#[test]
fn sealed_days_stay_true_without_the_lines() {
    let (bench, text) = bench();
    let (left, lines) = without(&text);
    let days: Vec<_> = bench.store.state().days.keys().copied().collect();
    for day in &days {
        storage::seal::apply(&bench.store, *day, &Lines, &commit_options()).unwrap().unwrap();
    }
    let salts = |state: &State| -> Vec<String> {
        state.side_files().map(|file| file.path.clone()).collect()
    };
    let before = salts(&bench.store.state());
    let done = redact(&bench.store, &lines).unwrap();
    assert_eq!((done.seals.len(), done.all_rows()), (days.len(), 10));
    let state = bench.store.state();
    for sealed in state.days.values().flat_map(|day| &day.seals) {
        storage::seal::check(&bench.store, &state, sealed, &Lines).unwrap();
        let file = storage::seal::salts(&bench.store, &sealed.seal.salts).unwrap();
        assert!(file.num_gone() > 0);
    }
    let after = salts(&state);
    assert!(
        before.iter().all(|path| !after.contains(path) && !bench.store.dir().join(path).exists())
    );
    assert_same(&bench.raw(1), &left);
    assert_eq!(naming(&bench.path("store")), Vec::<PathBuf>::new());
    deep(bench.dir.path());
    // What comes later goes as well.
    let more = HiddenLines::new(vec![(1, 3, 4)]);
    assert_eq!(redact(&bench.store, &more).unwrap().all_rows(), 2);
    let state = bench.store.state();
    for sealed in state.days.values().flat_map(|day| &day.seals) {
        storage::seal::check(&bench.store, &state, sealed, &Lines).unwrap();
    }
}

#[test]
fn trash_goes_at_once_where_it_must() {
    let (bench, text) = bench();
    let (_, lines) = without(&text);
    let other =
        bench.write("b.log", format!("{}\n", squid(900, "http://other.example/")).as_bytes());
    take_in(&bench.store, &other);
    // What compaction has put together lies in the trash until readers are gone.
    let compact = storage::compact::CompactOptions {
        policy: storage::compact::Policy::default(),
        commit: commit_options(),
        lines: &Lines,
        check: &|| Ok(()),
        done: &|_| {},
    };
    storage::compact::run(&bench.store, &compact).unwrap();
    let trash = bench.path("store/trash");
    assert!(!naming(&trash).is_empty(), "nothing to remove");
    let lease = bench.store.lease().unwrap();
    let done = redact(&bench.store, &lines).unwrap();
    assert!(!done.shredded.is_empty());
    assert_eq!(naming(&bench.path("store")), Vec::<PathBuf>::new());
    drop(lease);
    deep(bench.dir.path());
}
