//! Is everything noticed that may be done to an archive?

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;

use dwell_storage::Breach;
use dwell_storage::archive::{Index, IndexedDay, Object};
use dwell_storage::ledger::note::SignerKey;

use super::*;

/// An archive with an older package of one day, and the copy of it that damage is done to.
fn archived() -> Sealed {
    let sealed = Sealed::new();
    sealed.archive(&sealed.target()).unwrap();
    real::ingest(&sealed.store, "/var/log/c.log").unwrap();
    seal(&sealed.store, days()[1]);
    sealed.archive(&sealed.target()).unwrap();
    let report = sealed.verify(true);
    assert_eq!(report.problems, []);
    assert_eq!((report.days, report.index, report.rows), (2, 2, 22));
    assert_eq!(report.unfinished.len(), 1, "{:?}", report.unfinished);
    sealed
}

/// The objects of the packages that count, and everything else that is signed.
fn objects(sealed: &Sealed) -> Vec<PathBuf> {
    let root = sealed.at("archive");
    let old = sealed.verify(false).unfinished[0].path.clone();
    let names = sealed.target().list("").unwrap().into_iter().map(|listed| listed.name);
    names.filter(|name| !Path::new(name).starts_with(&old)).map(|name| root.join(name)).collect()
}

fn breaches(report: &ArchiveReport) -> BTreeSet<Breach> {
    report.problems.iter().map(|problem| problem.breach).collect()
}

#[test]
fn bit_flips_in_every_object_are_noticed() {
    let sealed = archived();
    let mut flips = 0;
    for path in objects(&sealed) {
        let whole = std::fs::read(&path).unwrap();
        let step = (whole.len() * 8 / 24).max(1) | 1;
        for bit in (0..whole.len() * 8).step_by(step).chain([whole.len() * 8 - 1]) {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &flipped).unwrap();
            let report = sealed.verify(true);
            assert!(!report.is_valid(), "bit {bit} of {}", path.display());
            flips += 1;
        }
        std::fs::write(&path, &whole).unwrap();
    }
    assert!(flips > 500, "{flips}");
    assert!(sealed.verify(true).is_valid());
}

#[test]
fn what_is_gone_cut_or_longer_is_noticed_without_reading() {
    let sealed = archived();
    for path in objects(&sealed) {
        let whole = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let report = sealed.verify(false);
        let number = path.file_name().unwrap().to_string_lossy().into_owned();
        if number == "0000000001" && path.parent().unwrap().ends_with("index") {
            // Older indexes may go.
            assert!(report.is_valid());
        } else if number == "dwell-archive" || number == "0000000002" {
            assert!(!report.is_valid());
        } else {
            assert_eq!(breaches(&report), BTreeSet::from([Breach::Missing]), "{report:?}");
        }
        for other in [&whole[..whole.len() - 1], &[&whole[..], b"x"].concat()] {
            std::fs::write(&path, other).unwrap();
            assert!(!sealed.verify(false).is_valid(), "{}", path.display());
        }
        std::fs::remove_file(&path).unwrap();
        symlink("/etc/hostname", &path).unwrap();
        assert!(!sealed.verify(false).is_valid(), "{}", path.display());
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn foreign_files_are_named() {
    let sealed = archived();
    let day = sealed.open().unwrap().days()[&days()[0]].prefix();
    for name in [
        "letter",
        "index/letter",
        "days/letter",
        "days/2026-11-20/letter/x",
        &format!("{day}letter"),
        &format!("{day}requests/day=2026-11-19/more.parquet"),
        &format!("days/2026-11-20/{}/letter", "0".repeat(32)),
    ] {
        let path = sealed.at("archive").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "x").unwrap();
        let report = sealed.verify(false);
        assert_eq!(breaches(&report), BTreeSet::from([Breach::ForeignFile]), "{name}");
        std::fs::remove_file(&path).unwrap();
    }
    symlink("..", sealed.at("archive/up")).unwrap();
    assert_eq!(breaches(&sealed.verify(false)), BTreeSet::from([Breach::ForeignFile]));
}

/// A file of the key folder, by its ending.
fn key_file(sealed: &Sealed, ending: &str) -> PathBuf {
    let mut files = std::fs::read_dir(sealed.at("keys")).unwrap().map(|it| it.unwrap().path());
    files.find(|path| path.extension().is_some_and(|it| it == ending)).unwrap()
}

/// The index that is there, changed and signed anew, on a machine that has not written it.
fn resign(sealed: &Sealed, key: &SignerKey, change: impl FnOnce(&mut Index)) {
    std::fs::write(key_file(sealed, "archives"), "").unwrap();
    let mut index = sealed.open().unwrap().index().unwrap().0.clone();
    change(&mut index);
    std::fs::write(sealed.at("archive/index/0000000002"), index.render(key).unwrap()).unwrap();
}

#[test]
fn other_keys_and_other_packages_are_refused() {
    let sealed = archived();
    let index = std::fs::read(sealed.at("archive/index/0000000002")).unwrap();
    let stranger = SignerKey::from_seed(sealed.store.id(), &[9; 32]).unwrap();
    resign(&sealed, &stranger, |_| ());
    let report = sealed.verify(false);
    assert_eq!(breaches(&report), BTreeSet::from([Breach::WrongKey]), "{report:?}");
    assert_eq!(sealed.open().unwrap_err().kind(), ErrorKind::Integrity);
    // All of it under the other key: noticed where the store's key is known.
    let mark = format!("dwell archive 1\n{}\n", stranger.verifier().unwrap().line());
    let right = std::fs::read(sealed.at("archive/dwell-archive")).unwrap();
    std::fs::write(sealed.at("archive/dwell-archive"), mark).unwrap();
    assert!(!sealed.verify(false).is_valid());
    std::fs::write(sealed.at("archive/dwell-archive"), right).unwrap();
    std::fs::write(sealed.at("archive/index/0000000002"), &index).unwrap();

    // With the store's own key: one day's package under another day's name.
    let line = std::fs::read_to_string(key_file(&sealed, "key")).unwrap();
    let own = SignerKey::parse(line.trim()).unwrap();
    resign(&sealed, &own, |index| {
        let other: IndexedDay = index.days[&days()[1]].clone();
        index.days.insert(days()[0], IndexedDay { day: days()[0], ..other });
    });
    let report = sealed.verify(false);
    assert!(report.bad_days.contains(&days()[0]), "{report:?}");
    std::fs::write(sealed.at("archive/index/0000000002"), &index).unwrap();
    assert!(sealed.verify(true).is_valid());
}

#[test]
fn a_manifest_that_says_what_no_record_says_is_refused_though_it_is_signed() {
    let sealed = archived();
    let line = std::fs::read_to_string(key_file(&sealed, "key")).unwrap();
    let own = SignerKey::parse(line.trim()).unwrap();
    let archive = sealed.open().unwrap();
    let package = archive.package(days()[0]).unwrap();
    let mut manifest = package.manifest.clone();
    let file = manifest.contents.segments[0].file.clone();
    let forged = b"PAR1 forged".to_vec();
    manifest.contents.segments[0].file.bytes = forged.len() as u64;
    manifest.contents.segments[0].file.sha256 = Digest::of(&forged);
    for object in &mut manifest.objects {
        if object.name == file.path {
            *object = Object {
                bytes: forged.len() as u64,
                name: object.name.clone(),
                sha256: Digest::of(&forged),
            };
        }
    }
    let bytes = manifest.render().unwrap();
    let indexed = manifest.indexed(&bytes).unwrap();
    let from = sealed.at("archive").join(archive.days()[&days()[0]].prefix());
    let to = sealed.at("archive").join(indexed.prefix());
    std::fs::rename(from, &to).unwrap();
    std::fs::write(to.join("manifest.json"), bytes).unwrap();
    std::fs::write(to.join(&file.path), forged).unwrap();
    resign(&sealed, &own, |index| {
        index.days.insert(days()[0], indexed);
    });
    let error = sealed.open().unwrap().package(days()[0]).unwrap_err();
    assert!(error.to_string().contains("no record of the ledger names"), "{error}");
    assert!(!sealed.verify(false).is_valid());
}

#[test]
fn what_is_damaged_or_gone_is_sent_anew() {
    let sealed = archived();
    let repair = RunOptions { repair: true, ..sealed.options() };
    let mut mended = 0;
    for path in objects(&sealed) {
        // What is beside the packages says that it is an archive, and which. The other day has rows under no seal.
        if !path.to_string_lossy().contains(&format!("/days/{}/", days()[1])) {
            continue;
        }
        let whole = std::fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 8;
        std::fs::write(&path, &flipped).unwrap();
        let done = run(&sealed.store, &sealed.target(), &repair).unwrap();
        assert!(done.failed.is_empty() && done.counters.sent > 0, "{}: {done:?}", path.display());
        let report = sealed.verify(true);
        assert!(report.is_valid(), "{}: {report:?}", path.display());
        std::fs::remove_file(&path).unwrap();
        run(&sealed.store, &sealed.target(), &repair).unwrap();
        assert!(sealed.verify(true).is_valid());
        mended += 2;
    }
    assert!(mended > 20, "{mended}");
    let done = run(&sealed.store, &sealed.target(), &repair).unwrap();
    assert_eq!((done.archived.len(), done.counters.sent), (1, 0));
}
