//! How do seals, compactions, retirements, archives, holds and redactions change the state?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::kept::{ArchivedDay, HoldState, Redacted, RetiredDay, Sealed};
use super::super::state::{Hidden, LinesRef, SegmentRef, Source, State};
use super::broken;
use crate::error::Result;
use crate::extent::{Counts, SourceState};
use crate::ledger::record::{
    Archive, Compact, Expire, Hold, Record, Redact, Release, Retire, RetireDay, Seal, SealSalts,
    Table,
};
use crate::ledger::text::Text;

impl State {
    pub(super) fn apply_seal(&mut self, record: &Record, seal: &Seal) -> Result<()> {
        let day = self.days.get_mut(&seal.day).ok_or_else(|| broken("a seal over no day"))?;
        if usize::try_from(seal.number).ok() != Some(day.seals.len()) {
            return Err(broken(format!("seal {} of {} is not the next", seal.number, seal.day)));
        }
        let mut rows = 0;
        for segment in day.segments.iter_mut().filter(|segment| segment.seal.is_none()) {
            segment.seal = Some(record.seq);
            rows += segment.meta.rows;
        }
        if rows == 0 || seal.leaves > rows {
            return Err(broken(format!("a seal over {} of {rows} rows", seal.leaves)));
        }
        let seal = Seal { stats: Vec::new(), ..seal.clone() };
        day.seals.push(Arc::new(Sealed { at: record.at, seal, seq: record.seq }));
        Ok(())
    }

    pub(super) fn apply_compact(&mut self, record: &Record, compact: &Compact) -> Result<()> {
        let inputs: BTreeSet<&str> = compact.inputs.iter().map(String::as_str).collect();
        let mut found = 0;
        let mut rows = 0;
        match compact.table {
            Table::Requests => {
                let day = self.days.get_mut(&compact.day);
                let day = day.ok_or_else(|| broken("a compaction of no day"))?;
                let seal = compact.seal;
                day.segments.retain(|segment| {
                    let input = inputs.contains(segment.meta.path.as_str()) && segment.seal == seal;
                    found += usize::from(input);
                    rows += if input { segment.meta.rows } else { 0 };
                    !input
                });
                day.segments.extend(compact.segments.iter().map(|meta| SegmentRef {
                    meta: Arc::new(meta.clone()),
                    seq: record.seq,
                    seal,
                }));
            }
            Table::Lines => {
                self.lines.retain(|lines| {
                    let input =
                        inputs.contains(lines.meta.path.as_str()) && lines.day == compact.day;
                    found += usize::from(input);
                    rows += if input { lines.meta.rows } else { 0 };
                    !input
                });
                self.lines.extend(compact.segments.iter().map(|meta| LinesRef {
                    meta: Arc::new(meta.clone()),
                    day: compact.day,
                    seq: record.seq,
                }));
            }
        }
        let written: u64 = compact.segments.iter().map(|meta| meta.rows).sum();
        if found != inputs.len() || written != compact.rows || written + compact.dropped != rows {
            return Err(broken(format!(
                "a compaction of {rows} rows in {found} files into {written}, {} dropped",
                compact.dropped
            )));
        }
        if self.days.get(&compact.day).is_some_and(|day| day.segments.is_empty()) {
            self.days.remove(&compact.day);
        }
        if let (Some(seal), Some(file)) = (compact.seal, &compact.salts) {
            self.resalt(&[SealSalts { file: file.clone(), seal }])?;
        }
        if compact.dropped > 0 {
            self.forget_hidden();
        }
        Ok(())
    }

    /// Forgets the hidden lines that no file holds any more.
    fn forget_hidden(&mut self) {
        let mut by_source: BTreeMap<i32, Vec<(Hidden, bool)>> = BTreeMap::new();
        for hidden in &self.hidden {
            by_source.entry(hidden.source_id).or_default().push((*hidden, false));
        }
        let segments = self.days.values().flat_map(|day| &day.segments);
        let segments = segments.map(|it| (&it.meta, it.seq, true));
        let lines = self.lines.iter().map(|it| (&it.meta, it.seq, false));
        for (meta, seq, rows) in segments.chain(lines) {
            for range in &meta.sources {
                let hidden = by_source.get_mut(&range.source_id).into_iter().flatten();
                for (hidden, needed) in hidden {
                    *needed |= seq < hidden.before_seq
                        && (hidden.rows || !rows)
                        && range.first_line <= hidden.last
                        && range.last_line >= hidden.first;
                }
            }
        }
        let needed = by_source.into_values().flatten().filter(|(_, needed)| *needed);
        let needed: BTreeSet<_> = needed.map(|(it, _)| key_of(&it)).collect();
        self.hidden.retain(|hidden| needed.contains(&key_of(hidden)));
    }

    /// Names the newest salts of seals.
    pub(super) fn resalt(&mut self, salts: &[SealSalts]) -> Result<()> {
        for SealSalts { file, seal } in salts {
            let seals = self.days.values_mut().flat_map(|day| &mut day.seals);
            let sealed = seals.into_iter().find(|sealed| sealed.seq == *seal);
            let sealed = sealed.ok_or_else(|| broken(format!("salts of no seal {seal}")))?;
            Arc::make_mut(sealed).seal.salts = file.clone();
        }
        Ok(())
    }

    pub(super) fn apply_retire(&mut self, record: &Record, retire: &Retire) -> Result<()> {
        for gone in &retire.days {
            self.retire_day(record, gone)?;
        }
        self.resalt(&retire.salts)?;
        let gone: BTreeSet<&str> = retire.lines.iter().map(|file| file.path.as_str()).collect();
        let before = self.lines.len();
        self.lines.retain(|lines| !gone.contains(lines.meta.path.as_str()));
        if before - self.lines.len() != gone.len() {
            return Err(broken("a retirement of lines that are not there"));
        }
        Ok(())
    }

    fn retire_day(&mut self, record: &Record, gone: &RetireDay) -> Result<()> {
        let day = self.days.get_mut(&gone.day).ok_or_else(|| broken("a retirement of no day"))?;
        let paths: BTreeSet<&str> = gone.files.iter().map(|file| file.path.as_str()).collect();
        let before = day.segments.len();
        day.segments.retain(|segment| !paths.contains(segment.meta.path.as_str()));
        if before - day.segments.len() != paths.len() {
            return Err(broken(format!("a retirement of files that {} has not", gone.day)));
        }
        day.changed = record.seq;
        let mut seals = Vec::new();
        if day.segments.is_empty() {
            seals = day.seals.iter().map(|sealed| (**sealed).clone()).collect();
            self.days.remove(&gone.day);
        }
        self.retired.entry(gone.day).or_default().push(RetiredDay {
            at: record.at,
            bytes: gone.files.iter().map(|file| file.bytes).sum(),
            seq: record.seq,
            sources: gone.sources.clone(),
            seals,
            why: gone.why.clone(),
        });
        for &(id, rows) in &gone.sources {
            self.account(id, |source| source.retired += rows)?;
        }
        Ok(())
    }

    /// Changes what is gone of a source, which must not be more than it had.
    pub(super) fn account(&mut self, id: i32, change: impl FnOnce(&mut Source)) -> Result<()> {
        let source = self.sources.get_mut(&id).ok_or_else(|| broken(format!("no source {id}")))?;
        let source = Arc::make_mut(source);
        change(source);
        let gone = source.retired + source.redacted;
        if gone > source.counts.rows {
            let what =
                format!("{gone} rows of source {id} are gone, it had {}", source.counts.rows);
            return Err(broken(what));
        }
        let retired = matches!(source.state, SourceState::Retired | SourceState::RetiredInPart);
        if source.retired > 0 {
            let all = gone == source.counts.rows;
            source.state = if all { SourceState::Retired } else { SourceState::RetiredInPart };
        } else if retired {
            source.state = SourceState::Complete;
        }
        Ok(())
    }

    pub(super) fn apply_archive(&mut self, record: &Record, archive: &Archive, text: &Text) {
        let target = Arc::make_mut(self.archives.entry(archive.target).or_default());
        text.get("to").clone_into(&mut target.url);
        for day in &archive.days {
            let archived = ArchivedDay {
                at: record.at,
                bytes: day.bytes,
                manifest: day.manifest,
                packed_at: day.seq,
                rows: day.rows,
            };
            target.days.insert(day.day, archived);
        }
    }

    pub(super) fn apply_expire(&mut self, expire: &Expire) {
        if let Some(target) = self.archives.get_mut(&expire.target) {
            let target = Arc::make_mut(target);
            target.days.retain(|day, _| !expire.days.contains(day));
        }
    }

    pub(super) fn apply_hold(&mut self, record: &Record, hold: &Hold, text: &Text) {
        let held = self.holds.entry(hold.id).or_insert_with(|| {
            Arc::new(HoldState {
                at: record.at,
                days: Vec::new(),
                id: hold.id,
                query_at: None,
                released: None,
                seq: record.seq,
                until: hold.until,
                words: text.clone(),
            })
        });
        let held = Arc::make_mut(held);
        held.days.extend(hold.days.iter().copied());
        held.days.sort_unstable();
        held.days.dedup();
        held.query_at = hold.query_at.or(held.query_at);
    }

    pub(super) fn apply_release(&mut self, record: &Record, release: &Release) -> Result<()> {
        let hold = self.holds.get_mut(&release.id);
        let hold = hold.ok_or_else(|| broken(format!("no hold H{}", release.id)))?;
        Arc::make_mut(hold).released = Some(record.at);
        Ok(())
    }

    pub(super) fn apply_redact(&mut self, record: &Record, redact: &Redact) -> Result<()> {
        for replaced in &redact.replaced {
            let (path, by) = (replaced.path.as_str(), replaced.by.as_ref());
            if !self.replace_file(record.seq, path, by) {
                return Err(broken("a redaction of a file that is not there"));
            }
        }
        self.days.retain(|_, day| !day.segments.is_empty());
        self.resalt(&redact.salts)?;
        for left in &redact.sources {
            self.account(left.id, |source| {
                source.redacted += left.rows;
                source.redacted_others += left.others;
                source.remaining = left.remaining.map(|digest| (left.last_line, digest));
            })?;
        }
        self.forget_words(&redact.words);
        self.redacted.extend(redact.lines.iter().map(|&(source_id, first, last)| Redacted {
            source_id,
            first,
            last,
            seq: record.seq,
        }));
        Ok(())
    }

    /// Clears the words of records that were shredded, wherever the state keeps them.
    fn forget_words(&mut self, words: &[u64]) {
        if words.is_empty() {
            return;
        }
        for source in self.sources.values_mut() {
            if source.extents.first().is_some_and(|first| words.contains(&first.seq)) {
                Arc::make_mut(source).path.clear();
            }
        }
        for hold in self.holds.values_mut().filter(|hold| words.contains(&hold.seq)) {
            Arc::make_mut(hold).words = Text::default();
        }
    }

    /// A last line without newline goes on: what a redaction said of it no longer holds, for the line comes anew.
    pub(super) fn reopen(&mut self, source_id: i32, line: i64, superseded: &Counts) {
        let was_redacted = self.is_redacted(source_id, line);
        if let Some(source) =
            self.sources.get_mut(&source_id).filter(|it| it.remaining.is_some() || was_redacted)
        {
            let source = Arc::make_mut(source);
            source.remaining = source.remaining.filter(|(last, _)| *last < line);
            if was_redacted {
                source.redacted = source.redacted.saturating_sub(superseded.rows);
                let others = superseded.lines.saturating_sub(superseded.rows);
                source.redacted_others = source.redacted_others.saturating_sub(others);
            }
        }
        if !was_redacted {
            return;
        }
        // It is the last line of its source, so it ends every range that it is in.
        for redacted in self.redacted.iter_mut().filter(|it| it.source_id == source_id) {
            redacted.last = redacted.last.min(line - 1);
        }
        self.redacted.retain(|it| it.first <= it.last);
    }

    /// Puts a file in the place of another, wherever that is named; tells whether it was.
    fn replace_file(
        &mut self,
        seq: u64,
        path: &str,
        by: Option<&crate::segment::FileMeta>,
    ) -> bool {
        let mut found = false;
        for day in self.days.values_mut() {
            if replace_in(&mut day.segments, path, by) {
                day.changed = seq;
                found = true;
            }
        }
        found |= replace_lines(&mut self.lines, path, by);
        for set in self.restored.values_mut() {
            if set.files().all(|meta| meta.path != path) {
                continue;
            }
            let set = Arc::make_mut(set);
            for day in set.days.values_mut() {
                found |= replace_in(&mut day.segments, path, by);
            }
            set.days.retain(|_, day| !day.segments.is_empty());
            found |= replace_lines(&mut set.lines, path, by);
        }
        found
    }
}

fn key_of(hidden: &Hidden) -> (i32, i64, i64, u64, bool) {
    (hidden.source_id, hidden.first, hidden.last, hidden.before_seq, hidden.rows)
}

fn replace_in(
    segments: &mut Vec<SegmentRef>,
    path: &str,
    by: Option<&crate::segment::FileMeta>,
) -> bool {
    let Some(at) = segments.iter().position(|segment| segment.meta.path == path) else {
        return false;
    };
    match by {
        Some(meta) => segments[at].meta = Arc::new(meta.clone()),
        None => drop(segments.remove(at)),
    }
    true
}

fn replace_lines(
    files: &mut Vec<LinesRef>,
    path: &str,
    by: Option<&crate::segment::FileMeta>,
) -> bool {
    let Some(at) = files.iter().position(|lines| lines.meta.path == path) else { return false };
    match by {
        Some(meta) => files[at].meta = Arc::new(meta.clone()),
        None => drop(files.remove(at)),
    }
    true
}
