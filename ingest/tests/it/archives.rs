//! What becomes of the files in archives: each a source of its own, once, whatever lies beside it?

use std::io::Write;
use std::path::Path;

use dwell_ingest::{IngestReport, Outcome};
use storage::extent::SourceState;
use zip::write::SimpleFileOptions;

use crate::support::{Bench, assert_same, log, options};

fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *text).unwrap();
    }
    tar.into_inner().unwrap()
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn take(bench: &Bench, name: &str, bytes: &[u8]) -> IngestReport {
    bench.run(&[&bench.write(name, bytes)], &options())
}

/// The reports by the names below the bench, with their outcomes.
fn told<'a>(bench: &Bench, report: &'a IngestReport) -> Vec<(&'a str, Outcome)> {
    let below = |path: &'a Path| path.strip_prefix(bench.dir.path()).unwrap().to_str().unwrap();
    report.sources.iter().map(|source| (below(&source.path), source.outcome)).collect()
}

#[test]
fn three_logs_in_a_tar_gz_are_three_sources_and_the_second_run_adds_nothing() {
    let bench = Bench::new();
    let common = (0..300)
        .map(|at| {
            format!(
                "192.0.2.{} - - [19/Nov/2026:10:{:02}:{:02} +0000] \"GET /p{at} HTTP/1.1\" 200 {at}\n",
                at % 200 + 1,
                at / 60,
                at % 60
            )
        })
        .collect::<String>();
    let (squid, other, common) = (log(0, 3000), log(90_000, 500), common.into_bytes());
    let tar = tar_of(&[
        ("./logs/access.log", &squid),
        ("logs/access.log.1.gz", &gz(&other)),
        ("common.log", &common),
    ]);
    let packed = gz(&tar);
    let report = take(&bench, "backup.tar.gz", &packed);
    assert_eq!(
        told(&bench, &report),
        [
            ("backup.tar.gz!/logs/access.log", Outcome::Stored),
            ("backup.tar.gz!/logs/access.log.1.gz", Outcome::Stored),
            ("backup.tar.gz!/common.log", Outcome::Stored),
        ]
    );
    assert!(!report.needs_attention());
    let formats: Vec<_> = report.sources.iter().map(|s| s.format.clone().unwrap().id).collect();
    assert_eq!((formats[0].as_str(), formats[2].as_str()), ("squid", "ncsa_common"));
    for (source, text) in report.sources.iter().zip([&squid, &other, &common]) {
        assert_eq!(source.counts.rows, source.counts.lines);
        assert_same(&bench.raw(source.source_id.unwrap()), text);
    }
    let stored = bench.store.state().version;
    // Under another name, otherwise packed, or unpacked: it is all there.
    for (name, bytes) in [
        ("backup.tar.gz", packed.as_slice()),
        ("again.tar", &tar),
        ("access.log", &squid),
        ("all.zip", &zip_of(&[("a", &squid), ("b", &other), ("c", &common)])),
    ] {
        let report = take(&bench, name, bytes);
        let already =
            |source: &dwell_ingest::SourceReport| source.outcome == Outcome::AlreadyStored;
        assert!(report.sources.iter().all(already), "{name}: {:?}", told(&bench, &report));
        assert!(!report.needs_attention());
    }
    assert_eq!(bench.store.refresh().unwrap().version, stored);
}

#[test]
fn archives_in_archives_are_read_once_down() {
    let bench = Bench::new();
    let (one, two, three) = (log(0, 200), log(1000, 300), log(5000, 400));
    let inner = gz(&tar_of(&[("deep/a.log", &one), ("b.log", &two)]));
    let deepest = zip_of(&[("lost.log", &one)]);
    let middle = zip_of(&[("c.log", &three), ("deepest.zip", &deepest)]);
    let report = take(&bench, "all.zip", &zip_of(&[("in.tgz", &inner), ("in.zip", &middle)]));
    assert_eq!(
        told(&bench, &report),
        [
            ("all.zip!/in.tgz!/deep/a.log", Outcome::Stored),
            ("all.zip!/in.tgz!/b.log", Outcome::Stored),
            ("all.zip!/in.zip!/c.log", Outcome::Stored),
            ("all.zip!/in.zip!/deepest.zip", Outcome::Refused),
        ]
    );
    assert!(report.sources[3].message.as_ref().unwrap().contains("archive in an archive"));
    assert!(report.needs_attention() && !report.none_stored());
    assert_same(&bench.raw(report.sources[2].source_id.unwrap()), &three);
}

#[test]
fn what_cannot_be_read_does_not_hold_up_the_rest() {
    let bench = Bench::new();
    let (one, two) = (log(0, 100), log(1000, 100));
    let mut zip = zip_of(&[("a.log", &one), ("secret.log", b"x"), ("b.log", &two)]);
    for (mark, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = zip.windows(4).enumerate().filter(|(_, bytes)| bytes == mark).nth(1).unwrap().0;
        zip[at + flags] |= 1;
    }
    let report = take(&bench, "logs.zip", &zip);
    assert_eq!(
        told(&bench, &report),
        [
            ("logs.zip!/a.log", Outcome::Stored),
            ("logs.zip!/secret.log", Outcome::Unreadable),
            ("logs.zip!/b.log", Outcome::Stored),
        ]
    );
    assert!(report.sources[1].message.as_ref().unwrap().contains("encrypted"));
    assert!(report.needs_attention());
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice();
    let report = take(&bench, "mixed.tar", &tar_of(&[("a.png", png), ("c.log", &log(9000, 10))]));
    let outcomes: Vec<_> = told(&bench, &report).into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(outcomes, [Outcome::Refused, Outcome::Stored]);
    let report = take(&bench, "none.tar", &tar_of(&[(".hidden", b"x")]));
    assert_eq!(told(&bench, &report), [("none.tar", Outcome::Empty)]);
}

#[test]
fn a_damaged_archive_gives_what_it_has_and_a_whole_one_the_rest() {
    let bench = Bench::new();
    let (one, two) = (log(0, 3000), log(100_000, 9000));
    let packed = gz(&tar_of(&[("a.log", &one), ("b.log", &two)]));
    let report = take(&bench, "logs.tgz", &packed[..packed.len() * 2 / 3]);
    assert_eq!(
        told(&bench, &report),
        [
            ("logs.tgz!/a.log", Outcome::Stored),
            ("logs.tgz!/b.log", Outcome::Damaged),
            ("logs.tgz", Outcome::Damaged),
        ]
    );
    assert!(report.needs_attention() && !report.none_stored());
    let id = report.sources[1].source_id.unwrap();
    assert_eq!(bench.store.state().sources[&id].state, SourceState::Damaged);
    let came_out = bench.raw(id);
    assert!(two.starts_with(&came_out) && came_out.len() > 100_000);
    let report = take(&bench, "logs.tgz", &packed);
    assert_eq!(
        told(&bench, &report),
        [("logs.tgz!/a.log", Outcome::AlreadyStored), ("logs.tgz!/b.log", Outcome::Continued),]
    );
    assert_same(&bench.raw(id), &two);
    let report = take(&bench, "rest.tar", &tar_of(&[("a", b"x")])[..700]);
    assert!(report.none_stored() || report.needs_attention());
}

#[test]
fn one_name_in_two_archives_is_two_sources() {
    let bench = Bench::new();
    // Both begin alike, and the second is longer: in a folder that would be one file that has grown.
    let first = take(&bench, "week.tar", &tar_of(&[("access.log", &log(0, 50))]));
    let second = take(&bench, "week.tar", &tar_of(&[("access.log", &log(0, 60))]));
    assert_eq!(second.sources[0].outcome, Outcome::Stored);
    assert_ne!(first.sources[0].source_id, second.sources[0].source_id);
    // A large one that is begun by all of a stored one goes on there, and stays the file that it was.
    let live = bench.write("access.log", &log(30_000, 2000));
    let id = bench.take(&live).source_id.unwrap();
    let longer = log(30_000, 2500);
    let report = take(&bench, "snapshot.zip", &zip_of(&[("access.log", &longer)]));
    assert_eq!((report.sources[0].outcome, report.counts().rows), (Outcome::Grown, 500));
    let state = bench.store.state();
    assert_eq!(state.sources[&id].path, live);
    assert!(state.sources[&id].identity.is_some());
    assert_same(&bench.raw(id), &longer);
    // It begins like a stored one and differs later: read from its beginning again.
    let mut other = longer.clone();
    let last = other.len() - 200;
    other[last] = b'!';
    other.extend(log(60_000, 8000));
    let whole = gz(&tar_of(&[("small", &log(0, 5)), ("access.log", &other)]));
    let report = take(&bench, "other.tgz", &whole);
    assert_eq!(report.sources[1].outcome, Outcome::Stored);
    assert_same(&bench.raw(report.sources[1].source_id.unwrap()), &other);
}

#[test]
fn two_archives_at_once_do_not_store_twice() {
    let bench = Bench::new();
    let logs: Vec<Vec<u8>> = (0..20).map(|at| log(at * 1000, 100)).collect();
    let names: Vec<String> = (0..20).map(|at| format!("{at:02}.log")).collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().zip(&logs).map(|(name, log)| (name.as_str(), log.as_slice())).collect();
    bench.write("in/a.tar", &tar_of(&files));
    bench.write("in/b.zip", &zip_of(&files));
    bench.write("in/05.log", &logs[5]);
    let report = bench.run(&[&bench.path("in")], &options());
    let stored = report.sources.iter().filter(|source| source.outcome == Outcome::Stored).count();
    assert_eq!((report.sources.len(), stored, report.counts().rows), (41, 20, 2000));
}

#[test]
#[cfg(unix)]
fn an_archive_may_come_through_a_pipe() {
    for (at, bytes) in [gz(&tar_of(&[("a.log", &log(0, 300))])), zip_of(&[("a.log", &log(0, 300))])]
        .iter()
        .enumerate()
    {
        let bench = Bench::new();
        let path = bench.path(&format!("pipe{at}"));
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let writer = {
            let (path, bytes) = (path.clone(), bytes.clone());
            std::thread::spawn(move || std::fs::write(path, bytes).unwrap())
        };
        let report = bench.run(&[&path], &options());
        writer.join().unwrap();
        assert_eq!((report.sources[0].outcome, report.counts().rows), (Outcome::Stored, 300));
        assert!(report.sources[0].path.ends_with("a.log"));
    }
}
