//! What are the bytes of a folded state? Numbers as varints, texts with their length, names of columns once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::sync::Arc;

use crate::day::Day;
use crate::digest::Digest;
use crate::extent::{Counts, FileIdentity, LineEnd, SourceState};
use crate::ledger::record::known_name;
use crate::ledger::tree::Frontier;
use crate::privacy::Privacy;
use crate::segment::{ColumnStats, FileMeta, SourceRange};
use crate::store::kept::{HoldState, Redacted, Restored};
use crate::store::load::{self, Folded};
use crate::store::{DayState, ExtentRef, Hidden, LinesRef, SegmentRef, Source, State};

const STATES: [SourceState; 5] = [
    SourceState::Open,
    SourceState::Complete,
    SourceState::Damaged,
    SourceState::RetiredInPart,
    SourceState::Retired,
];

/// Beside the line end of a source: its privacy rule follows.
const HAS_RULE: u64 = 2;

/// Writes a folded state.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: Vec<u8>,
    columns: Vec<Cow<'static, str>>,
}

impl Writer {
    /// The bytes: the names of columns, then the rest, which counts them.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let mut head = Self::default();
        head.unsigned(self.columns.len() as u64);
        for name in &self.columns {
            head.bytes(name.as_bytes());
        }
        head.out.extend_from_slice(&self.out);
        head.out
    }

    fn unsigned(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.out.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }

    fn signed(&mut self, value: i64) {
        self.unsigned(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    /// A number that is seldom small.
    fn fixed(&mut self, value: i64) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.unsigned(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    fn digest(&mut self, digest: &Digest) {
        self.out.extend_from_slice(&digest.0);
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
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
            self.unsigned(held.segments.len() as u64);
            for segment in &held.segments {
                self.unsigned(segment.seq);
                self.optional(segment.seal, Self::unsigned);
                self.meta(&segment.meta);
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
            self.meta(&lines.meta);
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
    }

    fn restored(&mut self, set: &Restored) {
        for text in [&set.name, &set.origin, &set.key] {
            self.bytes(text.as_bytes());
        }
        self.signed(set.at);
        self.unsigned(set.seq);
        self.optional(set.until, Self::signed);
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
        self.optional(source.first_ts, Self::signed);
        self.optional(source.last_ts, Self::signed);
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

    fn meta(&mut self, meta: &FileMeta) {
        self.bytes(meta.path.as_bytes());
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
        self.unsigned(meta.stats.len() as u64);
        for stats in &meta.stats {
            let column = self.column(&stats.column);
            self.unsigned(column as u64);
            self.unsigned(stats.nulls);
            self.optional(stats.min.zip(stats.max), |out, (min, max)| {
                out.fixed(min);
                out.fixed(max);
            });
        }
    }

    fn column(&mut self, name: &str) -> usize {
        self.columns.iter().position(|known| known == name).unwrap_or_else(|| {
            self.columns.push(known_name(name));
            self.columns.len() - 1
        })
    }
}

/// Reads a folded state; whatever does not fit is `None`, which unlike an error fits into registers.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    columns: Vec<Cow<'static, str>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, columns: Vec::new() }
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    #[inline]
    fn unsigned(&mut self) -> Option<u64> {
        let (&byte, rest) = self.rest.split_first()?;
        if byte < 0x80 {
            self.rest = rest;
            return Some(byte.into());
        }
        self.long()
    }

    fn long(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn fixed(&mut self) -> Option<i64> {
        self.take(8)?.try_into().ok().map(i64::from_le_bytes)
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn small<T: TryFrom<i64>>(&mut self) -> Option<T> {
        T::try_from(self.signed()?).ok()
    }

    fn flag(&mut self) -> Option<bool> {
        match self.unsigned()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.unsigned()?;
        self.take(usize::try_from(len).ok()?)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    fn digest(&mut self) -> Option<Digest> {
        Some(Digest(self.take(32)?.try_into().ok()?))
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Some(None) }
    }

    fn many<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::try_from(self.unsigned()?).ok()?;
        // Each takes a byte at least, so a hostile count can't make us allocate more than we were given.
        let mut values = Vec::with_capacity(count.min(self.rest.len()).min(1 << 16));
        for _ in 0..count {
            values.push(read(self)?);
        }
        Some(values)
    }

    pub(super) fn folded(mut self) -> Option<Folded> {
        self.columns = self.many(|it| it.text().map(|name| known_name(&name)))?;
        let mut state = State { store_id: self.text()?, ..State::default() };
        state.version = self.unsigned()?;
        state.records = self.unsigned()?;
        let nodes = (0..state.records.count_ones()).map(|_| self.digest());
        let nodes = nodes.collect::<Option<Vec<_>>>()?;
        let frontier = Frontier::from_parts(state.records, nodes)?;
        state.root = frontier.root();
        state.schema = u32::try_from(self.unsigned()?).ok()?;
        state.config = self.optional(Self::digest)?;
        let sources = self.many(Self::source)?;
        state.sources = sources.into_iter().map(|it| (it.id, Arc::new(it))).collect();
        (state.days, state.lines, state.hidden) = self.files()?;
        self.kept(&mut state)?;
        if !self.rest.is_empty() {
            return None;
        }
        Some(Folded { state: Arc::new(state), frontier, ..load::nothing() })
    }

    fn files(&mut self) -> Option<(BTreeMap<Day, DayState>, Vec<LinesRef>, Vec<Hidden>)> {
        let days = self.many(|it| {
            let day = Day(it.small()?);
            let segments = it.many(|it| {
                let (seq, seal) = (it.unsigned()?, it.optional(Self::unsigned)?);
                Some(SegmentRef { seq, seal, meta: Arc::new(it.meta()?) })
            })?;
            let seals = it.many(|it| it.json().map(Arc::new))?;
            let (changed, ingested_us) = (it.unsigned()?, it.signed()?);
            Some((day, DayState { segments, seals, changed, ingested_us }))
        })?;
        let lines = self.many(|it| {
            let (day, seq) = (Day(it.small()?), it.unsigned()?);
            Some(LinesRef { meta: Arc::new(it.meta()?), day, seq })
        })?;
        let hidden = self.many(|it| {
            Some(Hidden {
                source_id: it.small()?,
                first: it.signed()?,
                last: it.signed()?,
                before_seq: it.unsigned()?,
                rows: it.flag()?,
            })
        })?;
        Some((BTreeMap::from_iter(days), lines, hidden))
    }

    fn json<T: serde::de::DeserializeOwned>(&mut self) -> Option<T> {
        serde_json::from_slice(self.bytes()?).ok()
    }

    fn kept(&mut self, state: &mut State) -> Option<()> {
        state.retired = self.json()?;
        let holds = self.many(|it| it.json::<HoldState>())?;
        state.holds = holds.into_iter().map(|hold| (hold.id, Arc::new(hold))).collect();
        let archives = self.many(|it| Some((it.digest()?, Arc::new(it.json()?))))?;
        state.archives = archives.into_iter().collect();
        let restored = self.many(Self::restored)?;
        state.restored =
            restored.into_iter().map(|set| (set.name.clone(), Arc::new(set))).collect();
        state.redacted = self.many(|it| {
            Some(Redacted {
                source_id: it.small()?,
                first: it.signed()?,
                last: it.signed()?,
                seq: it.unsigned()?,
            })
        })?;
        state.last = self.json()?;
        Some(())
    }

    fn restored(&mut self) -> Option<Restored> {
        let (name, origin, key) = (self.text()?, self.text()?, self.text()?);
        let (at, seq) = (self.signed()?, self.unsigned()?);
        let until = self.optional(Self::signed)?;
        let (days, lines, hidden) = self.files()?;
        Some(Restored {
            name,
            at,
            seq,
            until,
            origin,
            key,
            days,
            lines,
            hidden,
            sources: self.many(|it| Some((it.small()?, it.unsigned()?)))?,
            sources_file: self.json()?,
            salts: self.json()?,
        })
    }

    fn source(&mut self) -> Option<Source> {
        let mut privacy = None;
        let mut source = Source {
            id: self.small()?,
            path: OsString::from_vec(self.bytes()?.to_vec()).into(),
            sha256: self.digest()?,
            prefix: self.digest()?,
            identity: self.optional(|it| {
                Some(FileIdentity { device: it.unsigned()?, inode: it.unsigned()? })
            })?,
            format: self.text()?,
            format_spec: self.text()?,
            zone: self.text()?,
            line_end: {
                let bits = self.unsigned()?;
                if bits & HAS_RULE != 0 {
                    privacy = Some(Arc::new(Privacy::from_json(self.bytes()?)?));
                }
                match bits & !HAS_RULE {
                    0 => LineEnd::Lf,
                    1 => LineEnd::Crlf,
                    _ => return None,
                }
            },
            bom: self.bytes()?.to_vec(),
            final_newline: self.flag()?,
            state: {
                let state = usize::try_from(self.unsigned()?).ok()?;
                *STATES.get(state)?
            },
            bytes: self.unsigned()?,
            counts: Counts {
                lines: self.unsigned()?,
                rows: self.unsigned()?,
                quarantined: self.unsigned()?,
                headers: self.unsigned()?,
                blank: self.unsigned()?,
            },
            first_ts: self.optional(Self::signed)?,
            last_ts: self.optional(Self::signed)?,
            extents: self.many(|it| {
                Some(ExtentRef {
                    from: it.unsigned()?,
                    to: it.unsigned()?,
                    sha256: it.digest()?,
                    first_line: it.signed()?,
                    lines: it.unsigned()?,
                    seq: it.unsigned()?,
                })
            })?,
            retired: self.unsigned()?,
            redacted: self.unsigned()?,
            redacted_others: self.unsigned()?,
            shift_us: self.signed()?,
            shifts: self.many(|it| Some((it.unsigned()?, it.signed()?)))?,
            remaining: self.optional(|it| Some((it.signed()?, it.digest()?)))?,
            privacy: None,
        };
        source.privacy = privacy;
        Some(source)
    }

    fn meta(&mut self) -> Option<FileMeta> {
        Some(FileMeta {
            path: self.text()?,
            bytes: self.unsigned()?,
            sha256: self.digest()?,
            tail: self.unsigned()?,
            root: self.digest()?,
            rows: self.unsigned()?,
            min_ts: self.fixed()?,
            max_ts: self.fixed()?,
            sources: self.many(|it| {
                Some(SourceRange {
                    source_id: it.small()?,
                    first_line: it.signed()?,
                    last_line: it.signed()?,
                    rows: it.unsigned()?,
                })
            })?,
            stats: self.many(Self::stats)?,
        })
    }

    fn stats(&mut self) -> Option<ColumnStats> {
        let column = usize::try_from(self.unsigned()?).ok()?;
        let column = self.columns.get(column)?.clone();
        let nulls = self.unsigned()?;
        let range = self.optional(|it| Some((it.fixed()?, it.fixed()?)))?;
        Some(ColumnStats { column, nulls, min: range.map(|it| it.0), max: range.map(|it| it.1) })
    }
}
