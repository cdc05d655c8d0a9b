//! What becomes of damaged compressed input, and of the whole copy that comes later?

use std::io::Write;

use dwell_ingest::Outcome;
use storage::extent::SourceState;

use crate::support::{Bench, assert_same, log};

fn gz(bench: &Bench, name: &str, text: &[u8]) -> Vec<u8> {
    let path = bench.write(name, b"");
    let file = Box::new(std::fs::File::create(&path).unwrap());
    let mut packed = niffler::send::get_writer(
        file,
        niffler::send::compression::Format::Gzip,
        niffler::Level::One,
    )
    .unwrap();
    packed.write_all(text).unwrap();
    drop(packed);
    std::fs::read(path).unwrap()
}

#[test]
fn what_came_out_is_stored_and_a_whole_copy_continues_it() {
    let bench = Bench::new();
    let all = log(0, 5000);
    let packed = gz(&bench, "access.log.gz", &all);
    let path = bench.write("access.log.gz", &packed[..packed.len() / 2]);
    let report = bench.take(&path);
    assert_eq!(report.outcome, Outcome::Damaged);
    assert!(report.needs_attention() && report.is_stored());
    assert_eq!(report.reasons, [("cut_short".to_owned(), 1)]);
    let id = report.source_id.unwrap();
    let came_out = bench.raw(id);
    assert!(all.starts_with(&came_out) && came_out.len() > 10_000);
    assert_eq!(bench.store.state().sources[&id].state, SourceState::Damaged);
    // The same damaged file again adds nothing.
    assert_eq!(bench.take(&path).outcome, Outcome::AlreadyStored);
    bench.write("access.log.gz", &packed);
    let report = bench.take(&path);
    assert_eq!((report.outcome, report.source_id), (Outcome::Continued, Some(id)));
    assert_same(&bench.raw(id), &all);
    let source = &bench.store.state().sources[&id];
    assert_eq!((source.state, source.counts.rows), (SourceState::Complete, 5000));
    assert_eq!(source.counts.quarantined, 0);
}

#[test]
fn garbage_behind_the_data_is_damage() {
    let bench = Bench::new();
    let all = log(0, 500);
    let mut packed = gz(&bench, "a.gz", &all);
    packed.extend_from_slice(b"this is no gzip member");
    let report = bench.take(&bench.write("b.gz", &packed));
    assert_eq!((report.outcome, report.counts.rows), (Outcome::Damaged, 500));
    assert_same(&bench.raw(report.source_id.unwrap()), &all);
}

#[test]
fn members_follow_one_another() {
    let bench = Bench::new();
    let mut packed = gz(&bench, "a.gz", &log(0, 300));
    packed.extend(gz(&bench, "b.gz", &log(300, 200)));
    let report = bench.take(&bench.write("c.gz", &packed));
    assert_eq!((report.outcome, report.counts.rows), (Outcome::Stored, 500));
    assert_same(&bench.raw(report.source_id.unwrap()), &log(0, 500));
}

#[test]
fn a_bomb_stays_small() {
    let bench = Bench::new();
    let bomb = gz(&bench, "bomb.gz", &vec![b'A'; 40 << 20]);
    assert!(bomb.len() < 1 << 20);
    let report = bench.take(&bench.path("bomb.gz"));
    assert_eq!((report.counts.lines, report.counts.quarantined), (1, 1));
    assert_eq!(report.bytes, 40 << 20);
}
