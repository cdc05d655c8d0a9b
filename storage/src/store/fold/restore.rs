//! How do days that came back from an archive change the state: as a set beside the live data, or as part of it?

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::kept::{Restored, shared};
use super::super::state::{DayState, LinesRef, SegmentRef, State};
use super::broken;
use crate::day::Day;
use crate::error::Result;
use crate::extent::SourceState;
use crate::ledger::record::{Drop, Record, Restore, RestoredFile, day_of};
use crate::ledger::text::Text;
use crate::restore::is_name;

impl State {
    pub(super) fn apply_restore(
        &mut self,
        record: &Record,
        restore: &Restore,
        text: &Text,
    ) -> Result<()> {
        match &restore.name {
            Some(name) if self.restored.contains_key(name) => {
                Err(broken(format!("restored.{name} is there already")))
            }
            Some(name) => {
                let set = restored(record, name, restore)?;
                self.restored.insert(name.clone(), Arc::new(set));
                Ok(())
            }
            None => self.restore_live(record, restore, text),
        }
    }

    fn restore_live(&mut self, record: &Record, restore: &Restore, text: &Text) -> Result<()> {
        let own = restore.origin == self.store_id;
        self.add_sources(record.seq, restore, text)?;
        let hidden = restore.hidden.iter().filter(|it| !self.hidden.contains(it));
        let hidden: Vec<_> = hidden.copied().collect();
        self.hidden.extend(hidden);
        self.hidden.sort_by_key(|hidden| hidden.before_seq);
        for file in &restore.files {
            let day = day_of(&file.file.path).ok_or_else(|| broken("a file outside of a day"))?;
            self.bring_back_seals(day, file.seal.filter(|_| own));
            let held = self.days.entry(day).or_default();
            held.segments.push(SegmentRef {
                meta: Arc::new(file.file.clone()),
                seq: if own { file.seq } else { record.seq },
                seal: file.seal.filter(|_| own),
            });
            held.changed = record.seq;
        }
        for file in &restore.lines {
            let (mut lines, own_seq) = (lines_ref(file)?, own);
            lines.seq = if own_seq { lines.seq } else { record.seq };
            self.lines.push(lines);
        }
        self.resalt(&restore.salts)?;
        if own {
            for &(id, rows) in &restore.sources {
                self.account(id, |source| source.retired = source.retired.saturating_sub(rows))?;
            }
            for (id, state) in &restore.was {
                let source = self.sources.get_mut(id).filter(|source| source.retired == 0);
                if let Some(source) = source.filter(|it| it.state == SourceState::Complete) {
                    Arc::make_mut(source).state = *state;
                }
            }
        }
        Ok(())
    }

    /// Takes up the sources that came with days of another store; their paths stand in the words.
    fn add_sources(&mut self, seq: u64, restore: &Restore, text: &Text) -> Result<()> {
        for facts in &restore.added {
            let mut source = facts.clone().into_source()?;
            source.path = text.get(&format!("path {}", source.id)).into();
            source.extents.iter_mut().for_each(|extent| extent.seq = seq);
            source.shifts.iter_mut().for_each(|shift| shift.0 = 0);
            let id = source.id;
            if self.sources.insert(id, Arc::new(source)).is_some() {
                return Err(broken(format!("source {id} is there already")));
            }
        }
        Ok(())
    }

    /// A retired day that is there again stands under its old seals.
    fn bring_back_seals(&mut self, day: Day, seal: Option<u64>) {
        let held = self.days.entry(day).or_default();
        let known = seal.is_none_or(|seal| held.seals.iter().any(|it| it.seq == seal));
        if known {
            return;
        }
        let retired = self.retired.get(&day).into_iter().flatten();
        let last = retired.rev().find(|it| it.seals.iter().any(|sealed| Some(sealed.seq) == seal));
        if let Some(last) = last {
            held.seals = shared(last.seals.clone());
        }
    }

    pub(super) fn apply_drop(&mut self, drop: &Drop) -> Result<()> {
        let gone = self.restored.remove(&drop.name);
        gone.map(|_| ()).ok_or_else(|| broken(format!("no restored.{} to drop", drop.name)))
    }
}

/// A file of lines that came back; its day is the one its folder names.
fn lines_ref(file: &RestoredFile) -> Result<LinesRef> {
    let folder = file.file.path.split('/').find_map(Day::from_folder);
    let day = folder.ok_or_else(|| broken("lines outside of a day"))?;
    Ok(LinesRef { meta: Arc::new(file.file.clone()), day, seq: file.seq })
}

fn restored(record: &Record, name: &str, restore: &Restore) -> Result<Restored> {
    if !is_name(name) {
        return Err(broken("a restored set with a bad name"));
    }
    let mut days: BTreeMap<Day, DayState> = BTreeMap::new();
    for file in &restore.files {
        let folder = file.file.path.split('/').find_map(Day::from_folder);
        let day = folder.ok_or_else(|| broken("a file outside of a day"))?;
        days.entry(day).or_default().segments.push(SegmentRef {
            meta: Arc::new(file.file.clone()),
            seq: file.seq,
            seal: file.seal,
        });
    }
    for of_day in &restore.days {
        if let Some(held) = days.get_mut(&of_day.day) {
            held.seals = shared(of_day.seals.clone());
        }
    }
    let set = Restored {
        name: name.to_owned(),
        at: record.at,
        seq: record.seq,
        until: restore.until,
        origin: restore.origin.clone(),
        key: restore.key.clone(),
        days,
        lines: restore.lines.iter().map(lines_ref).collect::<Result<_>>()?,
        hidden: restore.hidden.clone(),
        sources: restore.sources.clone(),
        sources_file: restore.sources_file.clone(),
        salts: restore.salts.clone(),
    };
    check_paths(&set)?;
    Ok(set)
}

/// Whether every file of a set lies in its folder.
fn check_paths(set: &Restored) -> Result<()> {
    let folder = format!("restored/{}/", set.name);
    let data = set.files().map(|meta| meta.path.as_str());
    let mut paths = data.chain(set.side_files().map(|file| file.path.as_str()));
    match paths.find(|path| !path.starts_with(&folder) || path.split('/').any(|it| it == "..")) {
        Some(path) => Err(broken(format!("{path} is no file of restored.{}", set.name))),
        None => Ok(()),
    }
}
