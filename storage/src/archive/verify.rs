//! Is an archive as it was signed? Its index, each manifest with its proofs, each object by name and size and, if asked,
//! each byte; and nothing besides.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::index::{self, Index, IndexedDay};
use super::manifest;
use super::open::{self, Archive, Trust};
use super::package::Package;
use super::parallel::each;
use super::target::{ArchiveTarget, Listed, read_small};
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Breach, Error, ErrorKind, Result};
use crate::verify::{Finding, Problem};

/// How an archive is verified.
pub struct VerifyOptions<'a> {
    /// Whether every byte is read.
    pub deep: bool,
    /// Only these days; all if absent.
    pub days: Option<&'a BTreeSet<Day>>,
    /// Objects read at once.
    pub jobs: usize,
    /// What it is checked with.
    pub trust: &'a Trust,
    /// Whether to stop.
    pub cancel: &'a (dyn Fn() -> bool + Sync),
    /// Told of every object that was read whole, with its size.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

impl std::fmt::Debug for VerifyOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyOptions").field("deep", &self.deep).finish_non_exhaustive()
    }
}

/// What verifying an archive has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveReport {
    /// The store's id; empty if not even that can be read.
    pub store_id: String,
    /// The key that it is signed with, as verifier key line.
    pub key: String,
    /// Number of the newest index; 0 if there is none.
    pub index: u64,
    /// Days that were checked.
    pub days: u64,
    /// Their objects.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Their rows.
    pub rows: u64,
    /// What is not as it was signed; with any of these, the archive is not valid.
    pub problems: Vec<Problem>,
    /// Days that are not as they were signed.
    pub bad_days: BTreeSet<Day>,
    /// What runs left that did not finish, and packages that newer ones have replaced.
    pub unfinished: Vec<Finding>,
    /// What else one should know.
    pub notes: Vec<String>,
}

impl ArchiveReport {
    /// Whether everything is as it was signed.
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, breach: Breach, path: impl Into<PathBuf>, what: impl Into<String>) {
        let problem = Problem { breach, path: path.into(), what: what.into() };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Takes an error as a problem if it is about what was found, not about how it was looked for.
    fn take(&mut self, error: Error) -> Result<()> {
        match error.kind() {
            ErrorKind::Integrity | ErrorKind::InvalidInput => {
                let path = error.path().map_or_else(|| PathBuf::from("archive"), PathBuf::from);
                self.problem(error.breach(), path, error.without_path().to_string());
                Ok(())
            }
            _ => Err(error),
        }
    }

    fn take_day(&mut self, day: Day, error: Error) -> Result<()> {
        self.take(error)?;
        self.bad_days.insert(day);
        Ok(())
    }
}

/// Verifies the archive at `target`. An error means that it could not be done; whatever is wrong stands in the report.
pub fn verify(
    target: &Arc<dyn ArchiveTarget>,
    options: &VerifyOptions<'_>,
) -> Result<ArchiveReport> {
    let mut report = ArchiveReport::default();
    let archive = match Archive::open(Arc::clone(target), options.trust) {
        Ok(archive) => archive,
        Err(error) => return report.take(error).map(|()| report),
    };
    archive.store_id().clone_into(&mut report.store_id);
    report.key = archive.key().line();
    report.notes.extend_from_slice(archive.notes());
    let listed: BTreeMap<String, Listed> =
        target.list("")?.into_iter().map(|listed| (listed.name.clone(), listed)).collect();
    let older = check_indexes(target, &archive, &listed, &mut report)?;
    let days: Vec<&IndexedDay> = archive
        .days()
        .values()
        .filter(|day| options.days.is_none_or(|days| days.contains(&day.day)))
        .collect();
    let packages = open_all(target, &archive, &days, options, &mut report)?;
    check_objects(&packages, &listed, options, &mut report)?;
    check_foreign(&archive, &packages, &listed, &older, options, &mut report);
    report.problems.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(report)
}

/// Checks the indexes that are there, and what the newest says of README.md. Returns the packages that older ones name.
fn check_indexes(
    target: &Arc<dyn ArchiveTarget>,
    archive: &Archive,
    listed: &BTreeMap<String, Listed>,
    report: &mut ArchiveReport,
) -> Result<BTreeSet<(Day, String)>> {
    let mut older = BTreeSet::new();
    let Some((newest, _)) = archive.index() else { return Ok(older) };
    report.index = newest.number;
    let mut after: Option<Index> = None;
    for number in listed.keys().filter_map(|name| index::number_of(name)).rev() {
        match open::read_index(&**target, number, archive.first_key()) {
            Ok((index, sha256, _)) => {
                let next = after.as_ref().filter(|next| next.number == number + 1);
                if next.is_some_and(|next| next.previous != Some(sha256)) {
                    let what = "altered: signed, but not the one that the next index follows on";
                    report.problem(Breach::Altered, index::name(number), what);
                }
                older.extend(index.days.values().map(|day| (day.day, day.content.clone())));
                after = Some(index);
            }
            Err(error) => report.take(error)?,
        }
    }
    // A README beyond this size is not the one that was written.
    match read_small(&**target, open::README, 1 << 20) {
        Ok(Some(text)) if Digest::of(&text) == newest.readme => {}
        Ok(Some(_)) => report.problem(Breach::Altered, open::README, "altered: SHA-256 differs"),
        Ok(None) => report.problem(Breach::Missing, open::README, "missing"),
        Err(error) => report.take(error)?,
    }
    Ok(older)
}

/// Opens the packages, on several threads.
fn open_all(
    target: &Arc<dyn ArchiveTarget>,
    archive: &Archive,
    days: &[&IndexedDay],
    options: &VerifyOptions<'_>,
    report: &mut ArchiveReport,
) -> Result<BTreeMap<Day, Package>> {
    let packages = Mutex::new(BTreeMap::new());
    let opened = each(options.jobs, days, |indexed| {
        stop_if_asked(options)?;
        let package = Package::open(target, archive.keys(), indexed)?;
        packages.lock().unwrap_or_else(PoisonError::into_inner).insert(indexed.day, package);
        Ok(())
    });
    for (indexed, opened) in days.iter().zip(opened) {
        report.days += 1;
        report.objects += indexed.objects;
        report.bytes += indexed.bytes;
        report.rows += indexed.rows;
        if let Err(error) = opened {
            report.take_day(indexed.day, error)?;
        }
    }
    Ok(packages.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn stop_if_asked(options: &VerifyOptions<'_>) -> Result<()> {
    if (options.cancel)() {
        return Err(Error::new(ErrorKind::Interrupted, "stopped"));
    }
    Ok(())
}

/// Checks every object of every package, by the list or byte by byte.
fn check_objects(
    packages: &BTreeMap<Day, Package>,
    listed: &BTreeMap<String, Listed>,
    options: &VerifyOptions<'_>,
    report: &mut ArchiveReport,
) -> Result<()> {
    let items: Vec<(Day, &Package, usize)> = packages
        .iter()
        .flat_map(|(day, package)| {
            (0..package.objects().len()).map(move |object| (*day, package, object))
        })
        .collect();
    let checked = each(options.jobs, &items, |(_, package, object)| {
        let Some(object) = package.objects().get(*object) else { return Ok(()) };
        let name = package.name_of(&object.name);
        stop_if_asked(options)?;
        if options.deep {
            package.fetch(object, &mut std::io::sink())?;
            (options.progress)(object.bytes);
            return Ok(());
        }
        match listed.get(&name) {
            None => Err(super::target::missing(&name)),
            Some(found) if found.is_odd => Err(Error::integrity(&name, "altered: no plain file")),
            Some(found) if found.bytes != object.bytes => {
                let what =
                    format!("altered: {} bytes long in place of {}", found.bytes, object.bytes);
                Err(Error::integrity(&name, what))
            }
            Some(_) => Ok(()),
        }
    });
    for ((day, ..), checked) in items.iter().zip(checked) {
        if let Err(error) = checked {
            report.take_day(*day, error)?;
        }
    }
    Ok(())
}

/// Looks for what nobody has signed.
fn check_foreign(
    archive: &Archive,
    packages: &BTreeMap<Day, Package>,
    listed: &BTreeMap<String, Listed>,
    older: &BTreeSet<(Day, String)>,
    options: &VerifyOptions<'_>,
    report: &mut ArchiveReport,
) {
    let mut unfinished: BTreeMap<String, &str> = BTreeMap::new();
    for found in listed.values() {
        let name = found.name.as_str();
        let known = name == open::MARK || name == open::README || index::number_of(name).is_some();
        if known && !found.is_odd {
            continue;
        }
        if name.starts_with("incoming/") {
            unfinished.insert(name.to_owned(), "of a run that did not finish");
            continue;
        }
        let Some((day, content)) = index::package_of(name) else {
            report.problem(Breach::ForeignFile, name, "a foreign file");
            continue;
        };
        if options.days.is_some_and(|days| !days.contains(&day)) {
            continue;
        }
        let object = name.get(index::prefix(day, content).len()..).unwrap_or_default();
        match archive.days().get(&day).filter(|indexed| indexed.content == content) {
            // The manifest could not be read: what belongs to it is not known.
            Some(_) if !packages.contains_key(&day) => {}
            Some(_) => {
                let package = packages.get(&day);
                let is_listed = object == manifest::NAME
                    || package.is_some_and(|it| it.manifest.object(object).is_some());
                if !is_listed {
                    report.problem(Breach::ForeignFile, name, "a foreign file");
                    report.bad_days.insert(day);
                }
            }
            None if found.is_odd || !index::is_content(content) || !could_be(object) => {
                report.problem(Breach::ForeignFile, name, "a foreign file");
            }
            None => {
                let package = index::prefix(day, content);
                let what = if older.contains(&(day, content.to_owned())) {
                    "replaced by a newer package"
                } else {
                    "of a run that did not finish"
                };
                unfinished.insert(package, what);
            }
        }
    }
    report.unfinished.extend(
        unfinished
            .into_iter()
            .map(|(path, what)| Finding { path: path.into(), what: what.to_owned() }),
    );
}

/// Whether a package could have an object of this name.
fn could_be(object: &str) -> bool {
    let folders = ["requests/day=", "lines/day=", "salts/", "keys/"];
    object == manifest::NAME
        || manifest::PAPERS.contains(&object)
        || folders.iter().any(|folder| object.starts_with(folder))
}
