//! How is a folded state read back? Whatever does not fit is `None`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::{Deref, DerefMut};
use std::os::unix::ffi::OsStringExt as _;
use std::sync::Arc;

use bytes::Bytes;

use super::{HAS_RULE, STATES, folder_of};
use crate::day::Day;
use crate::extent::{Counts, FileIdentity, LineEnd};
use crate::ledger::record::{NamedFile, TableFile, TableKey, known_name};
use crate::ledger::tree::Frontier;
use crate::privacy::Privacy;
use crate::segment::{FileMeta, SourceRange, Stats};
use crate::store::kept::{HoldState, KeptTable, Redacted, Restored};
use crate::store::load::{self, Folded};
use crate::store::{DayState, ExtentRef, Hidden, LinesRef, SegmentRef, Source, State, layout};
use crate::varint;

/// Reads a folded state. Statistics stay packed, as slices of `all`.
#[derive(Debug)]
pub(in crate::store::snapshot) struct Reader<'a> {
    input: varint::Reader<'a>,
    all: &'a Bytes,
    shapes: Vec<Arc<[Cow<'static, str>]>>,
}

/// The files of live data or of a set, and the lines in them that are not shown.
type Files = (BTreeMap<Day, DayState>, Vec<LinesRef>, Vec<Hidden>);

impl<'a> Deref for Reader<'a> {
    type Target = varint::Reader<'a>;

    fn deref(&self) -> &varint::Reader<'a> {
        &self.input
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.input
    }
}

impl<'a> Reader<'a> {
    pub(in crate::store::snapshot) fn new(all: &'a Bytes) -> Self {
        Self { input: varint::Reader::new(all), all, shapes: Vec::new() }
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

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Some(None) }
    }

    fn many<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::try_from(self.unsigned()?).ok()?;
        // Each takes a byte at least, so a hostile count can't make us allocate more than we were given.
        let mut values = Vec::with_capacity(count.min(self.left()).min(1 << 16));
        for _ in 0..count {
            values.push(read(self)?);
        }
        Some(values)
    }

    pub(in crate::store::snapshot) fn folded(mut self) -> Option<Folded> {
        self.shapes = self.many(|it| {
            let names = it.many(|it| it.text().map(|name| known_name(&name)))?;
            Some(Arc::from(names))
        })?;
        let mut state = State { store_id: self.text()?, ..State::default() };
        state.version = self.unsigned()?;
        state.records = self.unsigned()?;
        let nodes = (0..state.records.count_ones()).map(|_| self.digest());
        let nodes = nodes.collect::<Option<Vec<_>>>()?;
        let frontier = Frontier::from_parts(state.records, nodes)?;
        state.root = frontier.root();
        state.schema = u32::try_from(self.unsigned()?).ok()?;
        state.config = self.optional(|it| it.digest())?;
        let sources = self.many(Self::source)?;
        state.sources = sources.into_iter().map(|it| (it.id, Arc::new(it))).collect();
        (state.days, state.lines, state.hidden) = self.files()?;
        self.kept(&mut state)?;
        if !self.is_empty() {
            return None;
        }
        Some(Folded { state: Arc::new(state), frontier, ..load::nothing() })
    }

    fn files(&mut self) -> Option<Files> {
        let days = self.many(|it| {
            let day = Day(it.small()?);
            let folder = folder_of(layout::REQUESTS, day);
            let segments = it.many(|it| {
                let (seq, seal) = (it.unsigned()?, it.optional(|it| it.unsigned())?);
                Some(SegmentRef { seq, seal, meta: Arc::new(it.meta(&folder)?) })
            })?;
            let seals = it.many(|it| it.json().map(Arc::new))?;
            let (changed, ingested_us) = (it.unsigned()?, it.signed()?);
            Some((day, DayState { segments, seals, changed, ingested_us }))
        })?;
        let lines = self.many(|it| {
            let (day, seq) = (Day(it.small()?), it.unsigned()?);
            let folder = folder_of(layout::LINES, day);
            Some(LinesRef { meta: Arc::new(it.meta(&folder)?), day, seq })
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
        let tables = self.many(Self::table)?;
        state.tables = tables.into_iter().map(|it| (it.table.key.clone(), Arc::new(it))).collect();
        Some(())
    }

    fn table(&mut self) -> Option<KeptTable> {
        let (at, seq, basis) = (self.signed()?, self.unsigned()?, self.unsigned()?);
        let day = self.optional(|it| it.small().map(Day))?;
        let (table, name, path) = (self.text()?, self.text()?, self.text()?);
        let file = NamedFile { path, bytes: self.unsigned()?, sha256: self.digest()? };
        let input = self.optional(|it| it.digest())?;
        let (rows, skipped) = (self.unsigned()?, self.unsigned()?);
        let key = TableKey { day, name, table };
        Some(KeptTable { at, seq, table: TableFile { basis, file, input, key, rows, skipped } })
    }

    fn restored(&mut self) -> Option<Restored> {
        let (name, origin, key) = (self.text()?, self.text()?, self.text()?);
        let (at, seq) = (self.signed()?, self.unsigned()?);
        let until = self.optional(|it| it.signed())?;
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
            first_ts: self.optional(|it| it.signed())?,
            last_ts: self.optional(|it| it.signed())?,
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

    fn meta(&mut self, folder: &str) -> Option<FileMeta> {
        let below = self.flag()?;
        let name = std::str::from_utf8(self.bytes()?).ok()?;
        let mut meta = FileMeta {
            path: if below { [folder, name].concat() } else { name.to_owned() },
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
            stats: Stats::default(),
        };
        let shape = usize::try_from(self.unsigned()?).ok()?;
        let names = Arc::clone(self.shapes.get(shape)?);
        let packed = self.all.slice_ref(self.input.bytes()?);
        meta.stats = Stats::packed(packed, names, meta.rows);
        Some(meta)
    }
}
