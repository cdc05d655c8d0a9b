//! What are the bytes of a folded state? Numbers as varints, texts with their length, names of columns once.

mod read;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::os::unix::ffi::OsStrExt as _;

pub(super) use self::read::Reader;
use crate::day::Day;
use crate::extent::{LineEnd, SourceState};
use crate::ledger::record::known_name;
use crate::segment::FileMeta;
use crate::store::kept::{KeptTable, Restored};
use crate::store::load::Folded;
use crate::store::{DayState, Hidden, LinesRef, Source, State, layout};
use crate::varint;

pub(super) const STATES: [SourceState; 5] = [
    SourceState::Open,
    SourceState::Complete,
    SourceState::Damaged,
    SourceState::RetiredInPart,
    SourceState::Retired,
];

/// Beside the line end of a source: its privacy rule follows.
pub(super) const HAS_RULE: u64 = 2;

/// The folder of the files of a day, as their paths begin with it.
fn folder_of(table: &str, day: Day) -> String {
    format!("{table}/{}/", day.folder())
}

/// Writes a folded state.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: varint::Writer,
    /// The lists of columns that files have statistics of.
    shapes: Vec<Vec<Cow<'static, str>>>,
}

impl Deref for Writer {
    type Target = varint::Writer;

    fn deref(&self) -> &varint::Writer {
        &self.out
    }
}

impl DerefMut for Writer {
    fn deref_mut(&mut self) -> &mut varint::Writer {
        &mut self.out
    }
}

impl Writer {
    /// The bytes: the lists of columns, then the rest, which counts them.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let mut head = varint::Writer::default();
        head.unsigned(self.shapes.len() as u64);
        for names in &self.shapes {
            head.unsigned(names.len() as u64);
            names.iter().for_each(|name| head.bytes(name.as_bytes()));
        }
        head.raw(&self.out.into_bytes());
        head.into_bytes()
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut varint::Writer, T)) {
        self.unsigned(value.is_some().into());
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub(super) fn folded(&mut self, folded: &Folded) {
        let state = &folded.state;
        self.bytes(state.store_id.as_bytes());
        self.unsigned(state.version);
        self.unsigned(folded.frontier.size());
        folded.frontier.nodes().iter().for_each(|node| self.digest(node));
        self.unsigned(state.schema.into());
        self.optional(state.config, |out, digest| out.digest(&digest));
        self.unsigned(state.sources.len() as u64);
        state.sources.values().for_each(|source| self.source(source));
        self.files(&state.days, &state.lines, &state.hidden);
        self.kept(state);
    }

    fn files(&mut self, days: &BTreeMap<Day, DayState>, lines: &[LinesRef], hidden: &[Hidden]) {
        self.unsigned(days.len() as u64);
        for (day, held) in days {
            self.signed(day.0.into());
            let folder = folder_of(layout::REQUESTS, *day);
            self.unsigned(held.segments.len() as u64);
            for segment in &held.segments {
                self.unsigned(segment.seq);
                self.optional(segment.seal, varint::Writer::unsigned);
                self.meta(&segment.meta, &folder);
            }
            self.unsigned(held.seals.len() as u64);
            held.seals.iter().for_each(|sealed| self.json(&**sealed));
            self.unsigned(held.changed);
            self.signed(held.ingested_us);
        }
        self.unsigned(lines.len() as u64);
        for lines in lines {
            self.signed(lines.day.0.into());
            self.unsigned(lines.seq);
            self.meta(&lines.meta, &folder_of(layout::LINES, lines.day));
        }
        self.unsigned(hidden.len() as u64);
        for hidden in hidden {
            self.signed(hidden.source_id.into());
            self.signed(hidden.first);
            self.signed(hidden.last);
            self.unsigned(hidden.before_seq);
            self.unsigned(hidden.rows.into());
        }
    }

    /// What is seldom, or small, as JSON.
    fn json<T: serde::Serialize>(&mut self, value: &T) {
        // None of our types refuses; what a reader can't read again, it takes for no snapshot.
        self.bytes(&serde_json::to_vec(value).unwrap_or_default());
    }

    /// What stands beside the rows.
    fn kept(&mut self, state: &State) {
        self.json(&state.retired);
        self.unsigned(state.holds.len() as u64);
        state.holds.values().for_each(|hold| self.json(&**hold));
        self.unsigned(state.archives.len() as u64);
        for (target, archive) in &state.archives {
            self.digest(target);
            self.json(&**archive);
        }
        self.unsigned(state.restored.len() as u64);
        state.restored.values().for_each(|set| self.restored(set));
        self.unsigned(state.redacted.len() as u64);
        for redacted in &state.redacted {
            self.signed(redacted.source_id.into());
            self.signed(redacted.first);
            self.signed(redacted.last);
            self.unsigned(redacted.seq);
        }
        self.json(&state.last);
        self.unsigned(state.tables.len() as u64);
        state.tables.values().for_each(|kept| self.table(kept));
    }

    fn table(&mut self, kept: &KeptTable) {
        let table = &kept.table;
        self.signed(kept.at);
        self.unsigned(kept.seq);
        self.unsigned(table.basis);
        self.optional(table.key.day, |out, day| out.signed(day.0.into()));
        for text in [&table.key.table, &table.key.name, &table.file.path] {
            self.bytes(text.as_bytes());
        }
        self.unsigned(table.file.bytes);
        self.digest(&table.file.sha256);
        self.optional(table.input, |out, digest| out.digest(&digest));
        self.unsigned(table.rows);
        self.unsigned(table.skipped);
    }

    fn restored(&mut self, set: &Restored) {
        for text in [&set.name, &set.origin, &set.key] {
            self.bytes(text.as_bytes());
        }
        self.signed(set.at);
        self.unsigned(set.seq);
        self.optional(set.until, varint::Writer::signed);
        self.files(&set.days, &set.lines, &set.hidden);
        self.unsigned(set.sources.len() as u64);
        for &(id, rows) in &set.sources {
            self.signed(id.into());
            self.unsigned(rows);
        }
        self.json(&set.sources_file);
        self.json(&set.salts);
    }

    fn source(&mut self, source: &Source) {
        self.signed(source.id.into());
        self.bytes(source.path.as_os_str().as_bytes());
        self.digest(&source.sha256);
        self.digest(&source.prefix);
        self.optional(source.identity, |out, identity| {
            out.unsigned(identity.device);
            out.unsigned(identity.inode);
        });
        for text in [&source.format, &source.format_spec, &source.zone] {
            self.bytes(text.as_bytes());
        }
        // A rule is told by a bit that was always 0, so that a source without one has the bytes it always had.
        let rule = source.privacy.as_ref().and_then(|privacy| privacy.to_json().ok());
        let crlf = u64::from(source.line_end == LineEnd::Crlf);
        self.unsigned(crlf | if rule.is_some() { HAS_RULE } else { 0 });
        if let Some(rule) = rule {
            self.bytes(&rule);
        }
        self.bytes(&source.bom);
        self.unsigned(source.final_newline.into());
        let state = STATES.iter().position(|state| *state == source.state);
        self.unsigned(state.unwrap_or_default() as u64);
        self.unsigned(source.bytes);
        let counts = &source.counts;
        for count in [counts.lines, counts.rows, counts.quarantined, counts.headers, counts.blank] {
            self.unsigned(count);
        }
        self.optional(source.first_ts, varint::Writer::signed);
        self.optional(source.last_ts, varint::Writer::signed);
        self.unsigned(source.extents.len() as u64);
        for extent in &source.extents {
            self.unsigned(extent.from);
            self.unsigned(extent.to);
            self.digest(&extent.sha256);
            self.signed(extent.first_line);
            self.unsigned(extent.lines);
            self.unsigned(extent.seq);
        }
        self.unsigned(source.retired);
        self.unsigned(source.redacted);
        self.unsigned(source.redacted_others);
        self.signed(source.shift_us);
        self.unsigned(source.shifts.len() as u64);
        for &(seq, shift_us) in &source.shifts {
            self.unsigned(seq);
            self.signed(shift_us);
        }
        self.optional(source.remaining, |out, (last_line, digest)| {
            out.signed(last_line);
            out.digest(&digest);
        });
    }

    /// A file in the folder where files of its day lie is named by the rest of its path.
    fn meta(&mut self, meta: &FileMeta, folder: &str) {
        let name = meta.path.strip_prefix(folder);
        self.unsigned(name.is_some().into());
        self.bytes(name.unwrap_or(&meta.path).as_bytes());
        self.unsigned(meta.bytes);
        self.digest(&meta.sha256);
        self.unsigned(meta.tail);
        self.digest(&meta.root);
        self.unsigned(meta.rows);
        self.fixed(meta.min_ts);
        self.fixed(meta.max_ts);
        self.unsigned(meta.sources.len() as u64);
        for range in &meta.sources {
            self.signed(range.source_id.into());
            self.signed(range.first_line);
            self.signed(range.last_line);
            self.unsigned(range.rows);
        }
        let shape = self.shape(meta);
        self.unsigned(shape as u64);
        let stats = meta.stats.pack(meta.rows);
        self.bytes(&stats);
    }

    /// The number of the list of columns that a file has statistics of.
    fn shape(&mut self, meta: &FileMeta) -> usize {
        let is = |names: &Vec<Cow<'static, str>>| {
            names.len() == meta.stats.len()
                && names.iter().zip(meta.stats.iter()).all(|(name, stats)| *name == stats.column)
        };
        self.shapes.iter().position(is).unwrap_or_else(|| {
            self.shapes.push(meta.stats.iter().map(|it| known_name(&it.column)).collect());
            self.shapes.len() - 1
        })
    }
}
