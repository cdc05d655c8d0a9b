//! Do archived days prove themselves, whatever happens on the way and whatever is done to them?

mod crash;
mod damage;
mod expiry;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwell_storage::archive::target::{FaultyTarget, TargetFault};
use dwell_storage::archive::{
    Archive, ArchiveReport, ArchiveTarget, DirTarget, RunOptions, RunReport, Trust, VerifyOptions,
    run, verify,
};
use dwell_storage::fs;
use dwell_storage::ledger::record::{Body, NamedFile, Seal};
use dwell_storage::ledger::text::Text;
use dwell_storage::segment::SourceRange;
use dwell_storage::store::{State, Store};
use dwell_storage::{Day, Digest, ErrorKind, Result};

use crate::real;
use crate::world::{NOON, World, options};

/// Seals what stands under no seal of a day. The root is made up: an archive carries seals, it does not compute them.
fn seal(store: &Arc<Store>, day: Day) {
    let change = store.begin_maintenance().unwrap();
    let held = change.base().days[&day].clone();
    let open = held.segments.iter().filter(|segment| segment.seal.is_none());
    let sources: Vec<SourceRange> =
        open.clone().flat_map(|segment| segment.meta.sources.clone()).collect();
    let secret = format!("secret of {day} number {}", held.seals.len());
    let path = format!("salts/{}", change.id());
    fs::write_new(&**change.fs(), &change.dir().join("salts"), secret.as_bytes()).unwrap();
    let body = Seal {
        day,
        leaves: open.map(|segment| segment.meta.rows).sum(),
        number: held.seals.len() as u32,
        root: Digest::of(secret.as_bytes()),
        salts: NamedFile::of(path.clone(), secret.as_bytes()),
        sources,
        stats: Vec::new(),
        ts: (day.start(), day.end() - 1),
    };
    let moves = [(change.dir().join("salts"), path)];
    let records = vec![(Body::Seal(Box::new(body)), Text::by("anna"))];
    change.commit(records, &moves, &options(), &|_: &State| Ok(())).unwrap();
}

/// A store with two sources over two sealed days.
struct Sealed {
    world: World,
    store: Arc<Store>,
}

fn days() -> [Day; 2] {
    let today = Day::of(NOON);
    [Day(today.0 - 1), today]
}

impl Sealed {
    fn new() -> Self {
        let world = World::new();
        let store = world.init();
        real::ingest(&store, "/var/log/a.log").unwrap();
        real::ingest(&store, "/var/log/b.log").unwrap();
        for day in days() {
            seal(&store, day);
        }
        Self { world, store }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.world.path().join(name)
    }

    fn target(&self) -> Arc<dyn ArchiveTarget> {
        Arc::new(DirTarget::create(&self.at("archive"), fs::real()).unwrap())
    }

    fn trust(&self) -> Trust {
        Trust {
            key_dir: Some(self.at("keys")),
            fallback_dir: None,
            pinned_key: None,
            trusted: None,
            fs: fs::real(),
        }
    }

    fn options(&self) -> RunOptions<'static> {
        RunOptions {
            jobs: 3,
            commit: options(),
            lock: None,
            repair: false,
            trust: self.trust(),
            cancel: &|| false,
            progress: &|_| (),
        }
    }

    fn archive(&self, target: &Arc<dyn ArchiveTarget>) -> Result<RunReport> {
        run(&self.store, target, &self.options())
    }

    fn verify(&self, deep: bool) -> ArchiveReport {
        let trust = self.trust();
        let options = VerifyOptions {
            deep,
            days: None,
            jobs: 2,
            trust: &trust,
            cancel: &|| false,
            progress: &|_| (),
        };
        verify(&self.target(), &options).unwrap()
    }

    fn open(&self) -> Result<Archive> {
        Archive::open(self.target(), &self.trust())
    }
}

/// Every object of the archive is there and right.
fn check_all(archive: &Archive) -> Result<usize> {
    let mut objects = 0;
    for day in archive.days().keys() {
        let package = archive.package(*day)?;
        for object in package.objects() {
            package.fetch(object, &mut std::io::sink())?;
            objects += 1;
        }
    }
    Ok(objects)
}

#[test]
fn sealed_days_are_archived_once_and_prove_themselves() {
    let sealed = Sealed::new();
    let done = sealed.archive(&sealed.target()).unwrap();
    assert_eq!(done.archived.iter().map(|day| day.day).collect::<Vec<_>>(), days());
    assert!(done.failed.is_empty() && done.unsealed.is_empty(), "{done:?}");
    let archive = sealed.open().unwrap();
    assert_eq!(archive.store_id(), sealed.store.id());
    let package = archive.package(days()[0]).unwrap();
    let contents = &package.manifest.contents;
    assert_eq!((contents.rows, contents.segments.len(), contents.lines.len()), (10, 2, 2));
    assert_eq!((contents.sources.len(), contents.seals.len()), (2, 1));
    let kinds: Vec<_> = package.records.iter().map(|it| it.record.body.kind()).collect();
    assert_eq!(kinds, ["key", "ingest", "ingest", "seal"]);
    assert_eq!(package.records[1].text.path(), Path::new("/var/log/a.log"));
    assert_eq!(check_all(&archive).unwrap(), 2 * (2 + 2 + 1 + 5));

    let again = sealed.archive(&sealed.target()).unwrap();
    assert_eq!((again.archived.len(), again.current, again.index), (0, 2, Some(1)));
    let state = sealed.store.state();
    let known = state.archives.values().next().unwrap();
    assert_eq!(known.days.len(), 2);
    assert_eq!(Path::new(&known.url), sealed.at("archive").canonicalize().unwrap());
}

#[test]
fn late_rows_are_named_and_archived_with_their_addendum() {
    let sealed = Sealed::new();
    sealed.archive(&sealed.target()).unwrap();
    real::ingest(&sealed.store, "/var/log/c.log").unwrap();
    let late = sealed.archive(&sealed.target()).unwrap();
    assert_eq!((late.archived.len(), late.unsealed.len()), (0, 2));
    seal(&sealed.store, days()[1]);
    let done = sealed.archive(&sealed.target()).unwrap();
    assert_eq!(done.archived.iter().map(|day| day.day).collect::<Vec<_>>(), [days()[1]]);
    assert_eq!(done.index, Some(2));
    let archive = sealed.open().unwrap();
    let package = archive.package(days()[1]).unwrap();
    assert_eq!(package.manifest.contents.seals.len(), 2);
    check_all(&archive).unwrap();
}

#[test]
fn whatever_call_of_the_target_fails_the_next_run_ends_it() {
    let mut fired = 0;
    for kind in [TargetFault::Error, TargetFault::Lost, TargetFault::Dead, TargetFault::Flipped] {
        for step in 0.. {
            let fail_at = 1 + 3 * step;
            let sealed = Sealed::new();
            let faulty = Arc::new(FaultyTarget::new(sealed.target(), fail_at, kind));
            let target: Arc<dyn ArchiveTarget> = Arc::clone(&faulty) as _;
            let first = sealed.archive(&target);
            if faulty.fired() == 0 {
                assert!(first.is_ok_and(|done| done.archived.len() == 2 && done.failed.is_empty()));
                break;
            }
            fired += 1;
            // What the ledger says is archived, is.
            for (day, known) in
                sealed.store.state().archives.values().flat_map(|target| target.days.clone())
            {
                let package = sealed.open().unwrap().package(day).unwrap();
                assert_eq!(package.manifest_sha256, known.manifest);
            }
            let next = sealed.archive(&sealed.target()).unwrap();
            assert!(next.failed.is_empty(), "{kind:?} at {fail_at}: {next:?}");
            let archive = sealed.open().unwrap();
            assert_eq!(archive.days().len(), 2);
            check_all(&archive).unwrap();
            let last = sealed.archive(&sealed.target()).unwrap();
            assert_eq!((last.current, last.counters.sent), (2, 0));
            let left = sealed.target().list("").unwrap();
            assert_eq!(left.len(), 2 + 1 + 2 * (2 + 2 + 1 + 5 + 1), "{left:?}");
        }
    }
    assert!(fired > 60, "{fired} faults fired");
}

#[test]
fn an_older_index_is_a_rollback_and_another_store_is_refused() {
    let sealed = Sealed::new();
    sealed.archive(&sealed.target()).unwrap();
    let index = sealed.at("archive/index");
    real::ingest(&sealed.store, "/var/log/c.log").unwrap();
    seal(&sealed.store, days()[1]);
    sealed.archive(&sealed.target()).unwrap();
    std::fs::remove_file(index.join("0000000002")).unwrap();
    let error = sealed.open().unwrap_err();
    assert!(error.to_string().starts_with("rolled back"), "{error}");

    let other = Sealed::new();
    let error = other.archive(&sealed.target()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    std::fs::create_dir(other.at("full")).unwrap();
    std::fs::write(other.at("full/letter"), "x").unwrap();
    let full = Arc::new(DirTarget::open(&other.at("full"), fs::real()).unwrap());
    let error = other.archive(&(full as Arc<dyn ArchiveTarget>)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

#[test]
fn days_of_a_store_with_another_key_follow_on_the_old_ones() {
    let sealed = Sealed::new();
    sealed.archive(&sealed.target()).unwrap();
    let key = sealed.store.key();
    sealed.store.rotate_key("the old one was seen", &options()).unwrap();
    assert_ne!(sealed.store.key(), key);
    real::ingest(&sealed.store, "/var/log/c.log").unwrap();
    seal(&sealed.store, days()[1]);
    sealed.archive(&sealed.target()).unwrap();
    let archive = sealed.open().unwrap();
    assert_eq!(*archive.key(), sealed.store.key());
    check_all(&archive).unwrap();
    assert!(sealed.verify(true).is_valid());
    let stranger = Trust { key_dir: None, ..sealed.trust() };
    assert_eq!(check_all(&Archive::open(sealed.target(), &stranger).unwrap()).unwrap(), 23);
}
