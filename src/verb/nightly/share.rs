//! Is the store still what was signed? Each night the ledger and the presence of every file, and the bytes of a share of
//! the files: those that were longest not read, so that all are within `verify_nights`.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use serde_json::json;
use storage::day::Day;
use storage::segment::{self, FileMeta};
use storage::store::{Standing, State, Store};
use storage::verify::{self, VerifyOptions};
use storage::{ErrorKind, Micros};

use super::{Done, Night};
use crate::exit::{Exit, Interrupted};
use crate::say;

/// A day of requests, or a day of ingest whose lines these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Requests(Day),
    Lines(Day),
}

/// Verifies.
pub(super) fn run(night: &mut Night<'_>) -> Result<Done> {
    let context = night.context;
    let store = context.open_quietly()?;
    let report = verify::verify(
        store.dir(),
        &VerifyOptions {
            since_us: None,
            deep: false,
            trusted: None,
            pinned_key: context.pinned_key.clone(),
            key_dir: context.key_dir.clone(),
            fallback_dir: context.fallback_dir.clone(),
            standing: Standing::Live,
            fs: storage::fs::real(),
            now_us: storage::clock::now_us(),
        },
    )?;
    let mut problems: Vec<String> =
        report.problems.iter().map(|it| format!("{}: {}", it.path.display(), it.what)).collect();
    let state = store.refresh()?;
    let units = units(&state);
    let nights = u64::from(context.settings(&store)?.nightly.verify_nights.max(1));
    let total: u64 = units.values().flatten().map(|file| file.bytes).sum();
    let (mut bytes, mut files) = (0_u64, 0_u64);
    for unit in night.oldest_first(&units) {
        if bytes >= total.div_ceil(nights) {
            break;
        }
        let of_unit = units.get(&unit).map_or(&[][..], Vec::as_slice);
        for file in of_unit {
            if context.cancel.is_asked() {
                return Err(Interrupted.into());
            }
            bytes += file.bytes;
            files += 1;
            problems.extend(compare(&store, file)?);
        }
        night.verified(unit, storage::clock::now_us());
    }
    night.forget(&units);
    for problem in &problems {
        say::error(problem);
    }
    let said = match problems.len() {
        0 => format!(
            "{} records, {} files there, {} of them read ({})",
            say::count(report.records),
            say::count(report.files),
            say::count(files),
            say::size(bytes)
        ),
        number => format!(
            "{number} {}: {}",
            say::plural(number as u64, "problem", "problems"),
            problems[0]
        ),
    };
    let exit = if problems.is_empty() { Exit::Done } else { Exit::Integrity };
    let report = json!({
        "records": report.records,
        "files": report.files,
        "files_read": files,
        "bytes_read": bytes,
        "problems": problems,
    });
    Ok(Done { exit, said, report })
}

/// What a file is found to be, if it is not the one that was signed. One that a later version has moved away is none.
fn compare(store: &Store, file: &FileMeta) -> Result<Option<String>> {
    let path = store.dir().join(&file.path);
    match segment::check_file(&path, file) {
        Ok(()) => Ok(None),
        Err(error) => {
            if !store.refresh()?.files().any(|live| live.path == file.path) {
                return Ok(None);
            }
            let gone = !path.exists();
            match error.kind() {
                ErrorKind::Integrity => Ok(Some(error.to_string())),
                _ if gone => Ok(Some(format!("{}: missing", file.path))),
                _ => Err(error.into()),
            }
        }
    }
}

/// All files by what they are verified with.
fn units(state: &State) -> BTreeMap<Unit, Vec<Arc<FileMeta>>> {
    let mut units: BTreeMap<Unit, Vec<Arc<FileMeta>>> = BTreeMap::new();
    for (day, segment) in state.segments() {
        units.entry(Unit::Requests(day)).or_default().push(Arc::clone(&segment.meta));
    }
    for lines in &state.lines {
        units.entry(Unit::Lines(lines.day)).or_default().push(Arc::clone(&lines.meta));
    }
    units
}

impl Night<'_> {
    /// What was longest not read comes first; what never was, before all.
    fn oldest_first(&self, units: &BTreeMap<Unit, Vec<Arc<FileMeta>>>) -> Vec<Unit> {
        let mut order: Vec<Unit> = units.keys().copied().collect();
        order.sort_by_key(|unit| (self.last_read(*unit), *unit));
        order
    }

    fn last_read(&self, unit: Unit) -> Option<Micros> {
        match unit {
            Unit::Requests(day) => self.memory.days.get(&day).copied(),
            Unit::Lines(day) => self.memory.lines.get(&day).copied(),
        }
    }

    fn verified(&mut self, unit: Unit, now: Micros) {
        match unit {
            Unit::Requests(day) => self.memory.days.insert(day, now),
            Unit::Lines(day) => self.memory.lines.insert(day, now),
        };
    }

    /// Days that are gone need not be remembered.
    fn forget(&mut self, units: &BTreeMap<Unit, Vec<Arc<FileMeta>>>) {
        self.memory.days.retain(|day, _| units.contains_key(&Unit::Requests(*day)));
        self.memory.lines.retain(|day, _| units.contains_key(&Unit::Lines(*day)));
    }
}
