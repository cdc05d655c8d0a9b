//! Is what was sealed still what was sealed, whatever happens to the files? And is it noticed when it is not?

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{Int32Type, Int64Type};
use dwell_storage::config::Config;
use dwell_storage::fs::{self, FaultKind, FaultyFs, Fs, RecordingFs};
use dwell_storage::hold::Asked;
use dwell_storage::ledger::note::Checkpoint;
use dwell_storage::ledger::record::{Body, Compact, Record, Seal, Table};
use dwell_storage::ledger::text::Text;
use dwell_storage::ledger::tree;
use dwell_storage::retention::{self, Policy};
use dwell_storage::schema::Col;
use dwell_storage::seal::{self, Line, LineSource, RowsFile, SealFile, SealPolicy, SealedRows};
use dwell_storage::segment::reader::{self, ReadOptions};
use dwell_storage::segment::{
    FileMeta, SegmentHeader, SegmentWriter, SourceRange, VerifiedFile, encode, row_group,
};
use dwell_storage::store::{CommitOptions, Sealed, Source, Standing, State, Store};
use dwell_storage::{Day, Digest, ErrorKind, Result};

use crate::real;
use crate::world::{NOON, World, init, open, options, store_dir, temporary};

/// Makes lines of the numbers and hosts of the rows; one of them may be told wrongly.
#[derive(Default)]
pub(crate) struct Made {
    wrong: Option<(i32, i64)>,
}

/// Host, source and line of each row.
fn columns(batch: &RecordBatch) -> Vec<(String, i32, i64)> {
    let column = |col: Col| batch.column_by_name(col.name()).unwrap();
    let hosts = column(Col::Host).as_string::<i32>();
    let ids = column(Col::SourceId).as_primitive::<Int32Type>();
    let lines = column(Col::LineNo).as_primitive::<Int64Type>();
    let rows = 0..batch.num_rows();
    rows.map(|at| (hosts.value(at).to_owned(), ids.value(at), lines.value(at))).collect()
}

impl LineSource for Made {
    fn lines(
        &self,
        file: &VerifiedFile,
        _seq: u64,
        _sources: &BTreeMap<i32, Arc<Source>>,
        wanted: &dyn Fn(u64) -> bool,
        visit: &mut dyn FnMut(Line<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut row = 0;
        for batch in reader::rows(file, Col::stored(), &ReadOptions::default())? {
            for (host, source_id, line_no) in columns(&batch?) {
                let mut line = format!("line {line_no} of {source_id}: {host}");
                if self.wrong == Some((source_id, line_no)) {
                    line.push('!');
                }
                if wanted(row) {
                    visit(Line { row, source_id, line_no, bytes: line.as_bytes() })?;
                }
                row += 1;
            }
        }
        Ok(())
    }
}

fn today() -> Day {
    Day::of(NOON)
}

/// A store with rows of two sources over two days: lines 1 to 4 of each today, 5 to 9 yesterday.
fn begin(root: &Path) -> Arc<Store> {
    let store = init(root, fs::real()).unwrap();
    real::ingest(&store, "/a").unwrap();
    real::ingest(&store, "/b").unwrap();
    store
}

fn seal_today(store: &Arc<Store>) -> Arc<Sealed> {
    let receipt = seal::apply(store, today(), &Made::default(), &options()).unwrap().unwrap();
    let state = store.state();
    let sealed = state.days[&today()].seals.last().unwrap();
    assert_eq!((receipt.seq, receipt.root), (sealed.seq, sealed.seal.root));
    Arc::clone(sealed)
}

fn check(store: &Store, wrong: Option<(i32, i64)>) -> Result<()> {
    let state = store.state();
    for sealed in state.days.values().flat_map(|held| &held.seals) {
        seal::check(store, &state, sealed, &Made { wrong })?;
    }
    Ok(())
}

/// Puts the rows of a sealed day into one file in another order, without some of them.
fn compact(store: &Arc<Store>, sealed: &Sealed, drops: &dyn Fn(i32, i64) -> bool) {
    let change = store.begin_maintenance().unwrap();
    let state = Arc::clone(change.base());
    let inputs: Vec<&FileMeta> = state.days[&sealed.seal.day]
        .segments
        .iter()
        .filter(|segment| segment.seal == Some(sealed.seq))
        .map(|segment| &*segment.meta)
        .collect();
    let mut batches = Vec::new();
    for meta in &inputs {
        let file = store.open_file(meta).unwrap();
        let rows = reader::rows(&file, Col::stored(), &ReadOptions::default()).unwrap();
        batches.extend(rows.map(|batch| batch.unwrap()));
    }
    let all = concat_batches(&batches[0].schema(), &batches).unwrap();
    let rows = columns(&all);
    let mut order: Vec<u32> = (0..rows.len() as u32).rev().collect();
    order.sort_by_key(|at| rows[*at as usize].2 % 3);
    order.retain(|at| !drops(rows[*at as usize].1, rows[*at as usize].2));
    let kept = take_record_batch(&all, &UInt32Array::from(order)).unwrap();
    let mut sources: BTreeMap<i32, SourceRange> = BTreeMap::new();
    for (_, source_id, line) in columns(&kept) {
        let empty = SourceRange { source_id, first_line: line, last_line: line, rows: 0 };
        let range = sources.entry(source_id).or_insert(empty);
        range.first_line = range.first_line.min(line);
        range.last_line = range.last_line.max(line);
        range.rows += 1;
    }
    let header = SegmentHeader {
        store_id: store.id().to_owned(),
        day: sealed.seal.day,
        transaction: change.id().to_owned(),
    };
    let mut writer = SegmentWriter::create(change.fs(), change.dir(), header).unwrap();
    writer.append(encode(&row_group(&kept).unwrap()).unwrap()).unwrap();
    let mut meta = writer.finish(sources.into_values().collect()).unwrap();
    let staged = change.dir().join(&meta.path);
    meta.path = format!("requests/{}/{}", sealed.seal.day.folder(), meta.path);
    let mut moves = vec![(staged, meta.path.clone())];
    let salts = seal::without(store, &state, sealed, &Made::default(), &mut |id, line, path| {
        assert!(inputs.iter().any(|meta| meta.path == path));
        drops(id, line)
    })
    .unwrap();
    let place = (sealed.seal.day, sealed.seal.number);
    let (salts, moved) = seal::write_salts(&change, place, &salts).unwrap();
    moves.push(moved);
    let record = Compact {
        day: sealed.seal.day,
        digest: Digest::of(b"rows"),
        dropped: rows.len() as u64 - meta.rows,
        inputs: inputs.iter().map(|meta| meta.path.clone()).collect(),
        rows: meta.rows,
        salts: Some(salts),
        seal: Some(sealed.seq),
        segments: vec![meta],
        sources: Vec::new(),
        table: Table::Requests,
        tx: change.id().to_owned(),
    };
    let records = vec![(Body::Compact(Box::new(record)), Text::by("anna"))];
    change.commit(records, &moves, &options(), &|_| Ok(())).unwrap();
}

#[test]
fn the_root_is_that_of_the_salted_lines_in_their_order() {
    let world = World::new();
    let store = begin(world.path());
    let sealed = seal_today(&store);
    assert_eq!((sealed.seal.leaves, sealed.seal.number), (8, 0));
    let range = |source_id| SourceRange { source_id, first_line: 1, last_line: 4, rows: 4 };
    assert_eq!(sealed.seal.sources, [range(1), range(2)]);
    assert!(store.state().days[&today()].segments.iter().all(|it| it.seal == Some(sealed.seq)));
    // From the secret in the file, the slow way.
    let text = std::fs::read_to_string(world.dir().join(&sealed.seal.salts.path)).unwrap();
    let file = SealFile::parse(text.as_bytes()).unwrap();
    assert_eq!((file.leaves(), file.seeds().len(), file.num_gone()), (8, 1, 0));
    let evidence = seal::prove(&store, &lines_of(1..=2, 1..=4), &Made::default()).unwrap();
    let leaves: Vec<Digest> = evidence
        .rows
        .iter()
        .map(|row| tree::leaf_hash(&[&row.salt[..], &row.line].concat()))
        .collect();
    assert_eq!((leaves.len(), tree::root(&leaves)), (8, sealed.seal.root));
    assert_eq!(evidence.rows[5].line, b"line 2 of 2: 1.example");
    // Two seals of the same lines have nothing in common.
    let other = World::new();
    assert_ne!(seal_today(&begin(other.path())).seal.root, sealed.seal.root);
    check(&store, None).unwrap();
}

fn lines_of(
    sources: std::ops::RangeInclusive<i32>,
    lines: std::ops::RangeInclusive<i64>,
) -> BTreeSet<(i32, i64)> {
    sources.flat_map(|id| lines.clone().map(move |line| (id, line))).collect()
}

#[test]
fn what_comes_late_has_a_seal_of_its_own() {
    let world = World::new();
    let store = begin(world.path());
    let first = seal_today(&store);
    assert_eq!(seal::apply(&store, today(), &Made::default(), &options()).unwrap(), None);
    assert_eq!(seal::apply(&store, Day(1), &Made::default(), &options()).unwrap(), None);
    real::ingest(&store, "/c").unwrap();
    real::ingest(&store, "/a").unwrap();
    let policy = SealPolicy { grace_hours: 48, before: None };
    let plan = seal::plan(&store.state(), &policy, NOON + 10 * 86_400_000_000);
    let due: Vec<_> = plan.due.iter().map(|open| (open.day, open.number, open.rows)).collect();
    assert_eq!(due, [(Day(today().0 - 1), 0, 20), (today(), 1, 8)]);
    let second = seal_today(&store);
    assert_eq!((second.seal.number, second.seal.leaves), (1, 8));
    let state = store.state();
    let seals: Vec<_> = state.days[&today()].segments.iter().filter_map(|it| it.seal).collect();
    assert_eq!(seals, [first.seq, first.seq, second.seq, second.seq]);
    check(&store, None).unwrap();
    let reopened = world.open().unwrap();
    assert_eq!(reopened.state().days[&today()].seals, state.days[&today()].seals);
}

#[test]
fn another_order_of_the_rows_changes_nothing() {
    let world = World::new();
    let store = begin(world.path());
    let sealed = seal_today(&store);
    let before = seal::prove(&store, &lines_of(2..=2, 3..=3), &Made::default()).unwrap();
    compact(&store, &sealed, &|_, _| false);
    assert_eq!(store.state().days[&today()].segments.len(), 1);
    check(&store, None).unwrap();
    let after = seal::prove(&store, &lines_of(2..=2, 3..=3), &Made::default()).unwrap();
    assert_eq!(before.rows, after.rows);
}

#[test]
fn lines_that_leave_keep_their_place_and_lose_their_salt() {
    let world = World::new();
    let store = begin(world.path());
    let sealed = seal_today(&store);
    let salt = |line: i64| {
        let evidence = seal::prove(&store, &lines_of(1..=1, line..=line), &Made::default());
        Digest(evidence.unwrap().rows[0].salt).to_string()
    };
    let of_second = salt(2);
    compact(&store, &sealed, &|id, line| (id, line) == (1, 2));
    check(&store, None).unwrap();
    let newest = |store: &Store| Arc::clone(&store.state().days[&today()].seals[0]);
    let again = newest(&store);
    assert_eq!((again.seq, again.seal.root), (sealed.seq, sealed.seal.root));
    compact(&store, &again, &|id, _| id == 2);
    check(&store, None).unwrap();
    let path = newest(&store).seal.salts.path.clone();
    let text = std::fs::read_to_string(world.dir().join(&path)).unwrap();
    let file = SealFile::parse(text.as_bytes()).unwrap();
    assert_eq!(file.num_gone(), 5);
    assert!(!text.contains(&of_second));
    assert!(!world.dir().join(&sealed.seal.salts.path).exists(), "the secret is still there");
    // The others are proven as before, those that left are not there.
    let evidence = seal::prove(&store, &lines_of(1..=2, 1..=4), &Made::default()).unwrap();
    let left: Vec<_> = evidence.rows.iter().map(|row| (row.source_id, row.line_no)).collect();
    assert_eq!(left, [(1, 1), (1, 3), (1, 4)]);
    assert_eq!(evidence.unsealed.len(), 5);
    for row in &evidence.rows {
        let leaf = seal::leaf(&row.salt, &row.line);
        let root = &sealed.seal.root;
        assert!(tree::verify_inclusion(&leaf, row.index, 8, &row.path, root));
    }
}

#[test]
fn what_retention_takes_of_a_sealed_day_leaves_the_rest_proven() {
    let world = World::new();
    let store = begin(world.path());
    let sealed = seal_today(&store);
    let rule = "[[retention.rule]]\nsource = \"/b\"\nkeep_days = 10\n";
    let policy = Policy::new(&Config::parse(rule.as_bytes()).unwrap().retention, None);
    let later = CommitOptions { now_us: NOON + 100 * 86_400_000_000, ..options() };
    let asked = Asked::at(&store.refresh().unwrap());
    let (none, made) = (BTreeSet::new(), Made::default());
    retention::apply(&store, &policy, &none, asked, &made, &later, &mut |_| Ok(true)).unwrap();
    let state = store.state();
    assert_eq!(state.days[&today()].segments.len(), 1);
    check(&store, None).unwrap();
    let salts = seal::salts(&store, &state.days[&today()].seals[0].seal.salts).unwrap();
    // All of a source is one subtree here.
    assert_eq!((salts.num_gone(), salts.gone().len()), (4, 1));
    assert!(!world.dir().join(&sealed.seal.salts.path).exists());
    let evidence = seal::prove(&store, &lines_of(1..=2, 1..=4), &made).unwrap();
    assert_eq!(evidence.rows.len(), 4);
    compact(&store, &state.days[&today()].seals[0], &|_, line| line == 2);
    check(&world.open().unwrap(), None).unwrap();
}

#[test]
fn any_other_line_is_noticed() {
    let world = World::new();
    let store = begin(world.path());
    let sealed = seal_today(&store);
    for wrong in [(1, 1), (1, 4), (2, 2)] {
        let error = check(&store, Some(wrong)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        assert!(error.to_string().starts_with("sealed day changed: 2026-11-20: "), "{error}");
        let wrong = Made { wrong: Some(wrong) };
        let wanted = lines_of(1..=1, 3..=3);
        assert_eq!(seal::prove(&store, &wanted, &wrong).unwrap_err().kind(), ErrorKind::Integrity);
        let left = seal::without(&store, &store.state(), &sealed, &wrong, &mut |_, _, _| true);
        assert_eq!(left.unwrap_err().kind(), ErrorKind::Integrity);
    }
    // Salts that are not the ones named.
    let path = world.dir().join(&sealed.seal.salts.path);
    let text = std::fs::read_to_string(&path).unwrap();
    for bad in [text.replace("leaves 8", "leaves 7"), text + "\n", String::new()] {
        std::fs::write(&path, bad).unwrap();
        let error = check(&store, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(check(&store, None).unwrap_err().kind(), ErrorKind::Integrity);
}

#[test]
fn rows_that_are_missing_doubled_or_of_another_source_are_noticed() {
    let world = World::new();
    let store = begin(world.path());
    let sealed = seal_today(&store);
    let state = store.state();
    let salts = seal::salts(&store, &sealed.seal.salts).unwrap();
    let files = seal::files(&state, &sealed);
    let open = |meta: &FileMeta| store.open_file(meta);
    let made = Made::default();
    let found = |files: Vec<RowsFile>, seal: &Seal| {
        let rows = SealedRows::new(files, &open, &state.sources, &made);
        seal::check_rows(&rows, &salts, seal).map_err(|error| error.to_string())
    };
    found(files.clone(), &sealed.seal).unwrap();
    let missing = found(files[1..].to_vec(), &sealed.seal).unwrap_err();
    assert!(missing.contains("4 rows in its files, 0 left them, 8 were sealed"), "{missing}");
    let twice = files.iter().chain(&files[..1]).cloned().collect();
    assert!(found(twice, &sealed.seal).unwrap_err().contains("12 rows"));
    let same_twice = vec![files[0].clone(), files[0].clone()];
    assert!(found(same_twice, &sealed.seal).unwrap_err().contains("out of place"));
    let mut other = sealed.seal.clone();
    other.sources[0].rows = 3;
    assert!(found(files.clone(), &other).unwrap_err().contains("out of place"));
    other = Seal { leaves: 9, ..sealed.seal.clone() };
    assert!(found(files, &other).unwrap_err().contains("8 salts for 9 lines"));
}

#[test]
fn a_proof_stands_without_the_store() {
    let world = World::new();
    let store = begin(world.path());
    let sealed = seal_today(&store);
    real::ingest(&store, "/c").unwrap();
    let wanted = [(1, 2), (2, 4), (3, 1), (1, 7), (9, 1)].into();
    let evidence = seal::prove(&store, &wanted, &Made::default()).unwrap();
    let found: Vec<_> = evidence.rows.iter().map(|row| (row.source_id, row.line_no)).collect();
    assert_eq!(found, [(1, 2), (2, 4)]);
    let yesterday = Day(today().0 - 1);
    let open = [(1, 7, Some(yesterday)), (3, 1, Some(today())), (9, 1, None)];
    assert_eq!(evidence.unsealed, open);
    let head = Checkpoint::parse(store.key().open(&evidence.checkpoint).unwrap()).unwrap();
    assert_eq!(head.root, store.state().root);
    let seqs: Vec<u64> = evidence.records.iter().map(|record| record.seq).collect();
    // The key, what was taken in of the two sources, and the seal.
    assert!(seqs.starts_with(&[1]) && seqs.contains(&sealed.seq) && seqs.len() == 4, "{seqs:?}");
    for record in &evidence.records {
        let leaf = tree::leaf_hash(&record.record);
        let index = record.seq - 1;
        assert!(tree::verify_inclusion(&leaf, index, head.size, &record.path, &head.root));
        Record::parse(&record.record).unwrap();
    }
}

/// Seals both days; tells how many seals that took.
fn go_on(store: &Arc<Store>) -> Result<usize> {
    let mut made = 0;
    for day in [Day(today().0 - 1), today()] {
        made += seal::apply(store, day, &Made::default(), &options())?.iter().count();
    }
    Ok(made)
}

/// Whatever is there is whole; then the work goes on, and nothing is left that no version names.
fn finish(root: &Path) {
    let store = open(root, fs::real(), Standing::Live).unwrap();
    check(&store, None).unwrap();
    go_on(&store).unwrap();
    real::ingest(&store, "/c").unwrap();
    let store = open(root, fs::real(), Standing::Live).unwrap();
    check(&store, None).unwrap();
    let state: Arc<State> = store.state();
    let seals: usize = state.days.values().map(|held| held.seals.len()).sum();
    assert_eq!(seals, 2);
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(store_dir(root).join(folder)).unwrap();
        entries.map(|it| format!("{folder}/{}", it.unwrap().file_name().display())).collect()
    };
    assert_eq!(names("salts"), state.side_files().map(|file| file.path.clone()).collect());
    assert_eq!(names("staging").len(), 0);
}

#[test]
fn every_call_that_fails_leaves_before_or_after() {
    let mut fired = 0;
    for kind in [FaultKind::Error, FaultKind::Torn, FaultKind::Dead] {
        for n in 1.. {
            let root = temporary();
            drop(begin(root.path()));
            let faulty = FaultyFs::new(fs::real(), n, kind);
            let outcome = open(root.path(), Arc::new(faulty.clone()), Standing::Live)
                .and_then(|store| go_on(&store));
            if faulty.fired() == 0 {
                assert_eq!(outcome.unwrap(), 2);
                break;
            }
            fired += 1;
            if kind == FaultKind::Error || n % 4 == 0 {
                finish(root.path());
            } else {
                check(&open(root.path(), fs::real(), Standing::Live).unwrap(), None).unwrap();
            }
        }
    }
    println!("{fired} faults fired while sealing");
    assert!(fired > 100, "{fired}");
}

#[test]
fn every_state_that_a_power_loss_may_leave_is_before_or_after() {
    let root = temporary();
    drop(begin(root.path()));
    let recording = RecordingFs::new(root.path()).unwrap();
    let fs: Arc<dyn Fs> = Arc::new(recording.clone());
    let store = open(root.path(), fs, Standing::Live).unwrap();
    let mut acknowledged = Vec::new();
    for day in [Day(today().0 - 1), today()] {
        seal::apply(&store, day, &Made::default(), &options()).unwrap().unwrap();
        acknowledged.push(recording.len());
    }
    let mut states = 0;
    for changes in 0..=recording.len() {
        let sealed = acknowledged.iter().filter(|&&at| at <= changes).count();
        for state in recording.crash_states(changes) {
            let root = temporary();
            state.write_to(root.path()).unwrap();
            let store = open(root.path(), fs::real(), Standing::Live).unwrap();
            check(&store, None).unwrap();
            let found: usize = store.state().days.values().map(|held| held.seals.len()).sum();
            assert!(found == sealed || found == sealed + 1, "{found} seals, {sealed} reported");
            drop(store);
            states += 1;
            if states % 3 == 0 {
                finish(root.path());
            }
        }
    }
    println!("{states} states checked");
    assert!(states > 200, "{states}");
}
