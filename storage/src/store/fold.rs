//! How does a record change the state? And what must it not do?

mod kept;
mod restore;
mod tables;

use std::sync::Arc;

use super::state::{ExtentRef, Hidden, LinesRef, SegmentRef, Source, State};
use crate::clock::Micros;
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::extent::{Counts, Extent, Retry, Shift};
use crate::ledger::record::{Body, Ingest, Record, Retried, Shifted, day_of};
use crate::ledger::text::Text;
use crate::schema::SCHEMA_VERSION;
use crate::segment::FileMeta;

fn broken(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Integrity, what)
}

impl State {
    /// Applies the next record, with its words.
    pub(crate) fn apply(&mut self, record: &Record, text: &Text) -> Result<()> {
        if record.seq != self.records + 1 {
            return Err(broken(format!("record {} where {} is due", record.seq, self.records + 1)));
        }
        self.forget_tables(&record.body);
        match &record.body {
            Body::Key(key) if record.seq == 1 => self.store_id = key.name().to_owned(),
            // Whether the key before it vouches for it is checked where the keys are kept.
            Body::Rotate(rotation) if rotation.new.name() == self.store_id => {}
            Body::Rotate(_) => return Err(broken("the key of another store")),
            Body::Key(_) => {
                return Err(Error::new(ErrorKind::Unsupported, "a second key")
                    .advise("the store was written by a newer version of dwell: use that"));
            }
            _ if record.seq == 1 => return Err(broken("the first record holds no key")),
            Body::Schema { version } if *version <= SCHEMA_VERSION => self.schema = *version,
            Body::Schema { version } => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("columns of version {version}"),
                )
                .advise("the store was written by a newer version of dwell: use that"));
            }
            Body::Config { sha256 } => self.config = *sha256,
            Body::Recover(_) => {}
            Body::Ingest(ingest) => self.apply_ingest(record, ingest, text)?,
            Body::Retry(retried) => self.apply_retry(record, retried)?,
            Body::Shift(shifted) => self.apply_shift(record, shifted)?,
            Body::Seal(seal) => self.apply_seal(record, seal)?,
            Body::Compact(compact) => self.apply_compact(record, compact)?,
            Body::Retire(retire) => self.apply_retire(record, retire)?,
            Body::Archive(archive) => self.apply_archive(record, archive, text),
            Body::Expire(expire) => self.apply_expire(expire),
            Body::Restore(restore) => self.apply_restore(record, restore, text)?,
            Body::Drop(drop) => self.apply_drop(drop)?,
            Body::Hold(hold) => self.apply_hold(record, hold, text),
            Body::Release(release) => self.apply_release(record, release)?,
            Body::Redact(redact) => self.apply_redact(record, redact)?,
            Body::Intel(tables) | Body::Pdns(tables) | Body::Table(tables) => {
                self.apply_tables(record, tables)?;
            }
            Body::Drill(_) | Body::Encrypt(_) => {}
        }
        self.last.insert(record.body.kind().to_owned(), record.at);
        self.records = record.seq;
        Ok(())
    }

    fn apply_ingest(&mut self, record: &Record, ingest: &Ingest, text: &Text) -> Result<()> {
        let extent = &ingest.extent;
        check_accounts(extent)?;
        if let Some(line) = extent.supersedes {
            self.reopen(ingest.source_id, line, &extent.superseded);
            self.hide(Hidden {
                source_id: ingest.source_id,
                first: line,
                last: line,
                before_seq: record.seq,
                rows: true,
            });
        }
        match self.sources.get_mut(&ingest.source_id) {
            Some(source) => {
                let source = Arc::make_mut(source);
                check_continues(source, extent)?;
                source.extend(extent, record.seq);
            }
            None => {
                let mut source = new_source(ingest, text);
                check_continues(&source, extent)?;
                source.extend(extent, record.seq);
                self.sources.insert(source.id, Arc::new(source));
            }
        }
        for (day, _) in &extent.segments {
            self.days.entry(*day).or_default().ingested_us = record.at;
        }
        self.add_files(record.seq, &extent.segments, extent.lines.as_ref())
    }

    /// Hides lines; the days whose files hold them are no longer as they were.
    fn hide(&mut self, hidden: Hidden) {
        let Hidden { source_id, first, last, before_seq, rows } = hidden;
        self.hidden.push(hidden);
        if !rows {
            return;
        }
        for day in self.days.values_mut() {
            let touched = day.segments.iter().any(|segment| {
                segment.meta.sources.iter().any(|range| {
                    range.source_id == source_id
                        && range.first_line <= last
                        && range.last_line >= first
                })
            });
            if touched {
                day.changed = before_seq;
            }
        }
    }

    fn apply_retry(&mut self, record: &Record, retried: &Retried) -> Result<()> {
        let retry = &retried.retry;
        let source = self.sources.get_mut(&retried.source_id);
        let source = source.ok_or_else(|| broken("a retry of a source that is not there"))?;
        check_retry(source, retry)?;
        let source = Arc::make_mut(source);
        subtract(&mut source.counts, &retry.was);
        source.counts.add(&retry.counts);
        source.see(retry.ts_range);
        if retry.whole {
            source.format.clone_from(&retry.format);
            source.format_spec.clone_from(&retry.format_spec);
            source.zone.clone_from(&retry.zone);
            source.line_end = retry.line_end;
        }
        for &(first, last) in &retry.ranges {
            self.hide(Hidden {
                source_id: retried.source_id,
                first,
                last,
                before_seq: record.seq,
                rows: retry.was.rows > 0,
            });
        }
        self.add_files(record.seq, &retry.segments, retry.lines.as_ref())
    }

    fn apply_shift(&mut self, record: &Record, shifted: &Shifted) -> Result<()> {
        let shift = &shifted.shift;
        let source = self.sources.get_mut(&shifted.source_id);
        let source = source.ok_or_else(|| broken("a shift of a source that is not there"))?;
        check_shift(source, shift)?;
        let source = Arc::make_mut(source);
        if source.shifts.is_empty() {
            source.shifts.push((0, shift.old_us));
        }
        source.shifts.push((record.seq, shift.new_us));
        source.shift_us = shift.new_us;
        (source.first_ts, source.last_ts) = shift.ts_range.unzip();
        self.hide(Hidden {
            source_id: shifted.source_id,
            first: 1,
            last: shift.last_line,
            before_seq: record.seq,
            rows: true,
        });
        self.add_files(record.seq, &shift.segments, shift.lines.as_ref())
    }

    fn add_files(
        &mut self,
        seq: u64,
        segments: &[(Day, FileMeta)],
        lines: Option<&FileMeta>,
    ) -> Result<()> {
        for (day, meta) in segments {
            let segment = SegmentRef { meta: Arc::new(meta.clone()), seq, seal: None };
            let day = self.days.entry(*day).or_default();
            day.segments.push(segment);
            day.changed = seq;
        }
        if let Some(meta) = lines {
            let day = day_of(&meta.path).ok_or_else(|| broken("lines outside of a day"))?;
            self.lines.push(LinesRef { meta: Arc::new(meta.clone()), day, seq });
        }
        Ok(())
    }
}

/// Whether a retry gives an account of each line that it takes away, and of no other.
pub(super) fn check_retry(source: &Source, retry: &Retry) -> Result<()> {
    let (was, counts) = (&retry.was, &retry.counts);
    let covered = |(first, last): &(i64, i64)| (last - first + 1).max(0) as u64;
    let lines: u64 = retry.ranges.iter().map(covered).sum();
    let rising = retry.ranges.windows(2).all(|pair| pair[0].1 < pair[1].0);
    let within = retry
        .ranges
        .iter()
        .all(|&(first, last)| 1 <= first && first <= last && last < source.next_line());
    if !rising || !within {
        return Err(broken("the ranges of a retry don't lie in their source"));
    }
    if !was.balance() || was.lines != lines || counts.lines != lines {
        return Err(broken(format!("{lines} lines read anew, accounts of {was:?} and {counts:?}")));
    }
    if was.rows > source.counts.rows || was.quarantined > source.counts.quarantined {
        return Err(broken("more lines read anew than the source has"));
    }
    check_files(counts, &retry.segments, retry.lines.as_ref())
}

/// Whether a shift brings every row of its source anew.
pub(super) fn check_shift(source: &Source, shift: &Shift) -> Result<()> {
    if shift.last_line + 1 != source.next_line() || shift.old_us != source.shift_us {
        return Err(broken("a shift of another state of its source"));
    }
    let gone = source.retired + source.redacted;
    let counts = Counts {
        rows: source.counts.rows.saturating_sub(gone),
        quarantined: source.counts.quarantined.saturating_sub(source.redacted_others),
        ..source.counts
    };
    let lines = counts.quarantined + counts.headers + counts.blank + counts.rows;
    check_files(&Counts { lines, ..counts }, &shift.segments, shift.lines.as_ref())
}

/// Whether every line of the extent is accounted for, and the files hold what the accounts say.
pub(super) fn check_accounts(extent: &Extent) -> Result<()> {
    check_files(&extent.counts, &extent.segments, extent.lines.as_ref())?;
    let superseded = &extent.superseded;
    let expected = u64::from(extent.supersedes.is_some());
    if !superseded.balance() || superseded.lines != expected || extent.from > extent.to {
        return Err(broken("the accounts of the superseded line don't add up"));
    }
    Ok(())
}

/// Whether the accounts add up, and the files hold what they say.
fn check_files(
    counts: &Counts,
    segments: &[(Day, FileMeta)],
    lines: Option<&FileMeta>,
) -> Result<()> {
    if !counts.balance() {
        return Err(broken(format!("the accounts of the lines don't add up: {counts:?}")));
    }
    let rows: u64 = segments.iter().map(|(_, meta)| meta.rows).sum();
    if rows != counts.rows {
        return Err(broken(format!("{rows} rows in the files, {} in the accounts", counts.rows)));
    }
    let kept = counts.quarantined + counts.headers + counts.blank;
    let lines = lines.map_or(0, |meta| meta.rows);
    if lines < kept {
        return Err(broken(format!("{lines} lines in their file, {kept} in the accounts")));
    }
    Ok(())
}

/// Whether the extent begins where the source ends.
pub(super) fn check_continues(source: &Source, extent: &Extent) -> Result<()> {
    let id = source.id;
    let follows = match extent.supersedes {
        None => extent.from == source.bytes && extent.first_line == source.next_line(),
        Some(line) => {
            !source.final_newline
                && extent.from < source.bytes
                && source.bytes <= extent.to
                && line + 1 == source.next_line()
                && extent.first_line == line
        }
    };
    if !follows {
        return Err(broken(format!(
            "bytes {}..{} from line {} don't continue source {id}, which ends at byte {} before line {}",
            extent.from,
            extent.to,
            extent.first_line,
            source.bytes,
            source.next_line()
        )));
    }
    // Its digests can't be compared if they were made in another way, and what was given up is promised to be gone.
    if source.bytes > 0 && extent.source.privacy != source.privacy {
        return Err(broken(format!("the privacy rule of source {id} has changed")));
    }
    // Only whole lines tell a format: a source without any takes that of its first.
    let told = source.counts.lines > extent.superseded.lines;
    let info = &extent.source;
    let alike = info.format == source.format
        && info.format_spec == source.format_spec
        && info.shift_us == source.shift_us;
    if told && !alike {
        return Err(broken(format!("format or shift of source {id} have changed")));
    }
    Ok(())
}

fn new_source(ingest: &Ingest, text: &Text) -> Source {
    let info = &ingest.extent.source;
    Source {
        id: ingest.source_id,
        path: text.path(),
        sha256: ingest.extent.sha256,
        prefix: info.prefix,
        identity: info.identity,
        format: info.format.clone(),
        format_spec: info.format_spec.clone(),
        zone: info.zone.clone(),
        line_end: info.line_end,
        bom: info.bom.clone(),
        final_newline: true,
        state: ingest.extent.state,
        bytes: 0,
        counts: Counts::default(),
        first_ts: None,
        last_ts: None,
        extents: Vec::new(),
        retired: 0,
        redacted: 0,
        privacy: info.privacy.clone(),
        shift_us: info.shift_us,
        shifts: Vec::new(),
        remaining: None,
        redacted_others: 0,
    }
}

fn subtract(counts: &mut Counts, other: &Counts) {
    counts.lines = counts.lines.saturating_sub(other.lines);
    counts.rows = counts.rows.saturating_sub(other.rows);
    counts.quarantined = counts.quarantined.saturating_sub(other.quarantined);
    counts.headers = counts.headers.saturating_sub(other.headers);
    counts.blank = counts.blank.saturating_sub(other.blank);
}

impl Source {
    fn see(&mut self, ts_range: Option<(Micros, Micros)>) {
        if let Some((first, last)) = ts_range {
            self.first_ts = Some(self.first_ts.map_or(first, |ts| ts.min(first)));
            self.last_ts = Some(self.last_ts.map_or(last, |ts| ts.max(last)));
        }
    }

    fn extend(&mut self, extent: &Extent, seq: u64) {
        let info = &extent.source;
        subtract(&mut self.counts, &extent.superseded);
        if self.counts.lines == 0 {
            self.format.clone_from(&info.format);
            self.format_spec.clone_from(&info.format_spec);
            self.zone.clone_from(&info.zone);
            self.line_end = info.line_end;
            self.bom.clone_from(&info.bom);
            self.privacy.clone_from(&info.privacy);
            self.shift_us = info.shift_us;
        }
        self.counts.add(&extent.counts);
        self.sha256 = extent.sha256;
        self.prefix = info.prefix;
        self.identity = info.identity.or(self.identity);
        self.final_newline = extent.final_newline;
        self.state = extent.state;
        self.bytes = extent.to;
        self.see(extent.ts_range);
        self.extents.push(ExtentRef {
            from: extent.from,
            to: extent.to,
            sha256: extent.sha256,
            first_line: extent.first_line,
            lines: extent.counts.lines,
            seq,
        });
    }
}
