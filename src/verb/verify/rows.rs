//! Do the rows say what came in? Seals are computed anew, and sources given back and compared with their digests.

use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use ingest::raw::RawRequest;
use storage::seal::{self, SealFile};
use storage::segment::FileMeta;
use storage::store::{Restored, Source, Store};
use storage::verify::Report;
use storage::{Breach, Digest, ErrorKind, restore};

use super::note;
use crate::args::verify::Renders;
use crate::context::Context;
use crate::exit::Interrupted;
use crate::verb::seal::Lines;

/// What looking at the rows has shown.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Sources given back byte for byte.
    pub(super) exact: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// Sources that the sample left out.
    pub(super) unasked: u64,
    /// Seals computed anew.
    pub(super) seals: u64,
    /// Sources under a privacy rule, each with what was given up: their lines are all there, their bytes are not.
    pub(super) withheld: Vec<(i32, String)>,
    /// Sources of which retention has removed rows: source, rows that are gone, rows it had.
    pub(super) retired: Vec<(i32, u64, u64)>,
    /// Sources of which lines were redacted: source, lines that are gone.
    pub(super) redacted: Vec<(i32, u64)>,
    /// Whether the store is encrypted, and its key is not here.
    pub(super) not_checked: bool,
}

impl Found {
    /// Computes the seals of a store anew, and gives back its sources, or some of them.
    pub(super) fn of_store(
        &mut self,
        context: &Context,
        store: &Arc<Store>,
        renders: Renders,
        report: &mut Report,
    ) -> Result<()> {
        self.not_checked = store.vault().is_some_and(|vault| vault.is_locked());
        if self.not_checked {
            return Ok(());
        }
        let state = store.state();
        let lines = Lines(context.cancel.clone());
        let since = report.since_seq;
        for (day, held) in &state.days {
            for sealed in held.seals.iter().filter(|sealed| touched(sealed.seq, held, since)) {
                if context.cancel.is_asked() {
                    return Err(Interrupted.into());
                }
                self.seals += 1;
                let checked = seal::check(store, &state, sealed, &lines);
                self.take(report, Path::new(&day.to_string()), checked)?;
            }
        }
        let late = |source: &&Arc<Source>| source.extents.iter().any(|it| it.seq >= since);
        let mut asked: Vec<_> = state.sources.values().filter(late).collect();
        if let Renders::Some(number) = renders {
            // Another sample each time, and none that somebody could have foreseen by much.
            asked.sort_by_key(|source| {
                Digest::of(format!("{} {}", context.now_us, source.id).as_bytes()).0
            });
            self.unasked = asked.len().saturating_sub(number) as u64;
            asked.truncate(number);
            asked.sort_by_key(|source| source.id);
        }
        for source in asked {
            if context.cancel.is_asked() {
                return Err(Interrupted.into());
            }
            self.give_back(store, source, report)?;
        }
        Ok(())
    }

    /// Renders a source and compares its digest with the one taken at ingest, or with what redaction left; of a source
    /// under a privacy rule, the lines are counted.
    fn give_back(&mut self, store: &Store, source: &Source, report: &mut Report) -> Result<()> {
        let gone = source.redacted + source.redacted_others;
        if gone > 0 {
            self.redacted.push((source.id, gone));
        }
        if source.retired > 0 {
            self.retired.push((source.id, source.retired, source.counts.rows));
            return Ok(());
        }
        let request = match (&source.privacy, gone) {
            (None, 0) => RawRequest::Source(source.id),
            _ => RawRequest::Kept(source.id),
        };
        match (ingest::raw::write(store, request, &mut io::sink()), &source.privacy) {
            (Ok(_), Some(privacy)) => self.withheld.push((source.id, privacy.rule.describe())),
            (Ok(raw), None) => {
                self.exact += 1;
                self.bytes += raw.bytes;
            }
            (Err(error), _) if error.kind() == ErrorKind::Integrity => {
                let path = error.path().unwrap_or(&source.path).to_path_buf();
                let what = format!("source {}: {error}", source.id);
                report.problem(error.breach(), path, what);
            }
            // What is gone lawfully can't be compared.
            (Err(error), _) if error.kind() == ErrorKind::InvalidInput && gone > 0 => {}
            (Err(error), _) => return Err(error.into()),
        }
        Ok(())
    }

    /// Computes the seals of a restored set anew, from its files and those that came with it.
    pub(super) fn of_set(
        &mut self,
        context: &Context,
        store: &Arc<Store>,
        name: &str,
        report: &mut Report,
    ) -> Result<()> {
        let state = store.state();
        let Some(set) = state.restored.get(name) else { return Ok(()) };
        self.not_checked = store.vault().is_some_and(|vault| vault.is_locked());
        let Some(named) = set.sources_file.as_ref().filter(|_| !self.not_checked) else {
            return Ok(());
        };
        let sources = restore::read_sources(&store.locate(&named.path), named)?;
        let open = |meta: &FileMeta| store.open_file(meta);
        let (of_set, lines) = (set.as_state(), Lines(context.cancel.clone()));
        for (day, held) in &set.days {
            for sealed in &held.seals {
                let Some(file) = salts_of(store, set, sealed.seq)? else { continue };
                self.seals += 1;
                let files = seal::files(&of_set, sealed);
                let rows = seal::SealedRows::new(files, &open, &sources, &lines);
                let checked = seal::check_rows(&rows, &file, &sealed.seal);
                self.take(report, Path::new(&day.to_string()), checked)?;
            }
        }
        Ok(())
    }

    fn take(&self, report: &mut Report, path: &Path, checked: storage::Result<()>) -> Result<()> {
        match checked {
            Err(error) if error.kind() == ErrorKind::Integrity => {
                note(report, path, &error.as_breach(Breach::SealedDayChanged));
                Ok(())
            }
            checked => Ok(checked?),
        }
    }
}

/// Whether a seal, or a file of its day, came with the records asked for.
fn touched(seal: u64, held: &storage::store::DayState, since: u64) -> bool {
    seal >= since || held.segments.iter().any(|it| it.seal == Some(seal) && it.seq >= since)
}

/// The salts of a seal of a restored set.
fn salts_of(store: &Store, set: &Restored, seal: u64) -> Result<Option<SealFile>> {
    match set.salts.iter().find(|salts| salts.seal == seal) {
        Some(salts) => Ok(Some(seal::salts(store, &salts.file)?)),
        None => Ok(None),
    }
}
