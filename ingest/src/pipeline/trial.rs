//! What would become of a file? Everything that an ingest does but the storing: records, counts, and what is left over.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use storage::clock::Micros;
use storage::config::Config;
use storage::error::{Error, ErrorKind, Result};
use storage::extent::Counts;
use storage::schema::{Col, ColumnType};
use storage::segment::RowGroup;

use super::choose::{self, Chosen, Given};
use crate::chunk::{Chunk, ChunkKind, ChunkReader, End, Start};
use crate::detect::{self, SAMPLE_BYTES, Sample};
use crate::format::{self, ChunkSink, LineContext, Parser, Reason, RowView, Score, own};
use crate::input::{Content, Input, ReadError};
use crate::lexer::chunk::{CLASS, LAYOUT, SPACES, UTC_OFFSET, ZONE};
use crate::options::{IngestOptions, Progress};
use crate::render::{GroupRows, Rows};
use crate::report::FormatChoice;

/// Rows that are shown.
const RECORDS: usize = 10;

/// Bytes of content that are read.
pub const BYTES_MAX: u64 = 256 << 20;

/// What a format made of a file.
#[derive(Debug)]
pub struct Trial {
    /// The format, and how it was found.
    pub choice: FormatChoice,
    /// Why no line is read, if no format is found.
    pub unread: Option<Reason>,
    /// The first rows.
    pub records: Vec<Record>,
    /// What the lines became.
    pub counts: Counts,
    /// Rows of which only some fields could be read.
    pub partial: u64,
    /// Rows that keep their exact line.
    pub raw: u64,
    /// Rows whose time prints no zone, if none was given.
    pub assumed_zone: u64,
    /// Earliest and latest time.
    pub ts_range: Option<(Micros, Micros)>,
    /// Why lines became no rows: how many, and the first of them with its number.
    pub reasons: BTreeMap<&'static str, (u64, i64, Vec<u8>)>,
    /// Fields without a column, and in how many rows each is.
    pub extra: BTreeMap<String, u64>,
    /// Bytes of content that were read.
    pub bytes: u64,
    /// Whether that was all of it.
    pub whole: bool,
    /// Why the content ended before its end.
    pub damaged: Option<String>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line it came from.
    pub line_no: i64,
    /// The columns that are not NULL, in the order of the table.
    pub values: Vec<(Col, Value)>,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A time.
    Time(Micros),
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// How well each format reads the beginning of a file.
#[derive(Debug)]
pub struct Scores {
    /// What an ingest would take.
    pub choice: FormatChoice,
    /// Why it would take none.
    pub unread: Option<Reason>,
    /// All formats that could read it, the best first.
    pub formats: Vec<(String, Score)>,
}

/// Reads a file as an ingest with these settings and options would, and stores nothing.
///
/// # Errors
/// `InvalidInput`: the format is not known or described wrongly. `Unsupported`: the file is no text. `Io`, `Interrupted`.
pub fn run(
    path: &Path,
    config: &Config,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<Trial> {
    let given = Given::new(config, options)?;
    let (content, bytes, whole) = begin(path)?;
    let now_us = (options.clock)();
    let sample = Sample::new(&bytes, whole);
    let Chosen { parser, choice, zone, unread } =
        given.choose(path, &bytes, &sample, now_us).map_err(|what| no_text(path, &what))?;
    let context = LineContext {
        source_id: 0,
        first_line: 1,
        first_offset: 0,
        ingest_us: now_us,
        line_end: sample.line_end,
        zone,
        line_bytes_max: options.line_bytes_max,
        headers: None,
        cuts: None,
        near_us: content.modified_us.unwrap_or(now_us),
    };
    let bom = sample.bom.len();
    let mut found = Found::default();
    let sizes = (options.chunk_bytes, options.line_bytes_max);
    let mut reader = ChunkReader::new(content, bytes.clone(), Start::default(), sizes);
    reader.skip(bom);
    found.known = parser.exact_names();
    found.read(&mut reader, &parser, context, progress).map_err(|error| failed(path, error))?;
    let damaged = match reader.end() {
        Some(End::Damaged(why)) => Some(why.clone()),
        Some(End::Clean) | None => None,
    };
    let whole = !reader.has_more().map_err(|error| failed(path, error))?;
    Ok(Trial {
        choice,
        unread,
        records: found.records.into_values().collect(),
        counts: found.counts,
        partial: found.partial,
        raw: found.raw,
        assumed_zone: if zone.is_some() { 0 } else { found.assumed_zone },
        ts_range: found.ts_range,
        reasons: found.reasons,
        extra: found.extra,
        bytes: reader.offset(),
        whole,
        damaged,
    })
}

/// How well every format reads the beginning of a file, and which of them an ingest would take.
///
/// # Errors
/// As [`run`].
pub fn scores(path: &Path, config: &Config, options: &IngestOptions) -> Result<Scores> {
    let given = Given::new(config, options)?;
    let (_, bytes, whole) = begin(path)?;
    let sample = Sample::new(&bytes, whole);
    let chosen = given
        .choose(path, &bytes, &sample, (options.clock)())
        .map_err(|what| no_text(path, &what))?;
    let lines = sample.scored();
    let mut formats: Vec<(String, Score)> = Vec::new();
    let mut add = |name: &str, parser: Option<Arc<dyn Parser>>| {
        formats.extend(parser.map(|parser| (name.to_owned(), parser.score(&lines))));
    };
    for format in format::FORMATS {
        let learn =
            |lines: &[&[u8]], times: &[&[u8]]| format.learn_within(lines, times).map(Arc::from);
        add(format.id(), detect::named(&lines, &learn));
    }
    for own in own::all(config).map_err(choose::refuse)? {
        let learn = |lines: &[&[u8]], times: &[&[u8]]| own.learn_within(lines, times);
        add(own.name(), detect::named(&lines, &learn));
    }
    formats.sort_by(|(_, a), (_, b)| b.fit.total_cmp(&a.fit).then(b.rank.cmp(&a.rank)));
    // What an ingest would take stands first, whatever decided between equals.
    if let Some(at) = formats.iter().position(|(name, _)| *name == chosen.choice.id) {
        formats[..=at].rotate_right(1);
    }
    Ok(Scores { choice: chosen.choice, unread: chosen.unread, formats })
}

/// Opens a file and reads its beginning; whether that is all of it.
fn begin(path: &Path) -> Result<(Content, Vec<u8>, bool)> {
    let mut content = Input::of_file(path).open().map_err(|error| failed(path, error))?;
    let mut bytes = vec![0; SAMPLE_BYTES];
    let mut len = 0;
    while len < bytes.len() {
        match content.read(&mut bytes[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            // What can be read is tried.
            Err(ReadError::Damaged(_)) if len > 0 => break,
            Err(error) => return Err(failed(path, error)),
        }
    }
    let whole = len < bytes.len();
    bytes.truncate(len);
    Ok((content, bytes, whole))
}

fn failed(path: &Path, error: ReadError) -> Error {
    match error {
        ReadError::Io(error) => Error::io("read", path, error),
        ReadError::Damaged(why) => Error::new(ErrorKind::Io, why).at(path),
    }
}

fn no_text(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("it is no text of lines ({what})")).at(path)
}

/// What was seen so far.
#[derive(Default)]
struct Found {
    /// Names in `extra` of fields that have a column.
    known: Vec<String>,
    records: BTreeMap<i64, Record>,
    counts: Counts,
    partial: u64,
    raw: u64,
    assumed_zone: u64,
    ts_range: Option<(Micros, Micros)>,
    reasons: BTreeMap<&'static str, (u64, i64, Vec<u8>)>,
    extra: BTreeMap<String, u64>,
}

impl Found {
    fn read(
        &mut self,
        reader: &mut ChunkReader,
        parser: &Arc<dyn Parser>,
        mut context: LineContext,
        progress: &dyn Progress,
    ) -> std::result::Result<(), ReadError> {
        reader.frame(parser.framing());
        if parser.has_headers() {
            reader.watch_headers();
        }
        let mut chunks = parser.chunk_parser();
        let mut buffer = Vec::new();
        while reader.offset() < BYTES_MAX && !progress.cancelled() {
            let Some(chunk) = reader.next(&mut buffer, &|| false)? else { break };
            let bytes = &buffer[..chunk.len];
            let mut sink = ChunkSink::default();
            match chunk.kind {
                ChunkKind::Lines => {
                    context.first_line = chunk.first_line;
                    context.first_offset = chunk.first_offset;
                    (context.headers, context.cuts) = (reader.headers(), reader.take_cuts());
                    chunks.parse(bytes, &context, &mut sink);
                    self.take(sink);
                }
                ChunkKind::Long { .. } | ChunkKind::Cut => self.odd(&chunk, bytes),
            }
        }
        let mut sink = ChunkSink::default();
        chunks.flush(&mut sink);
        self.take(sink);
        Ok(())
    }

    /// A line that is too long, or was cut short by damage.
    fn odd(&mut self, chunk: &Chunk, bytes: &[u8]) {
        let (begins, reason) = match chunk.kind {
            ChunkKind::Long { first, .. } => (first, Reason::LineTooLong),
            ChunkKind::Lines | ChunkKind::Cut => (true, Reason::CutShort),
        };
        if begins {
            self.counts.lines += 1;
            self.counts.quarantined += 1;
            self.reason(reason, chunk.first_line, bytes);
        }
    }

    fn reason(&mut self, reason: Reason, line_no: i64, bytes: &[u8]) {
        let example = || (0, line_no, bytes[..bytes.len().min(EXAMPLE_BYTES)].to_vec());
        self.reasons.entry(reason.name()).or_insert_with(example).0 += 1;
    }

    fn take(&mut self, mut sink: ChunkSink) {
        self.counts.lines += sink.counts.lines;
        self.counts.rows += sink.counts.rows;
        self.counts.quarantined += sink.counts.quarantined;
        self.counts.headers += sink.counts.headers;
        self.counts.blank += sink.counts.blank;
        self.partial += sink.partial_rows;
        self.raw += sink.raw_rows;
        self.assumed_zone += sink.assumed_zone_rows;
        if let Some((first, last)) = sink.ts_range {
            let (low, high) = self.ts_range.unwrap_or((first, last));
            self.ts_range = Some((low.min(first), high.max(last)));
        }
        for odd in &sink.odd {
            if let Some(reason) = odd.reason {
                self.reason(reason, odd.line_no, &odd.bytes);
            }
        }
        for (_, group) in sink.take_groups() {
            self.rows(&group);
        }
    }

    fn rows(&mut self, group: &RowGroup) {
        let rows = GroupRows(group);
        for row in 0..group.rows {
            let extra = rows.text(row, Col::Extra);
            let extra = extra.and_then(|text| serde_json::from_str(&text).ok());
            let extra: serde_json::Map<String, serde_json::Value> = extra.unwrap_or_default();
            for name in extra.keys().filter(|name| !self.known.contains(name) && !is_ours(name)) {
                if let Some(count) = self.extra.get_mut(name) {
                    *count += 1;
                } else if self.extra.len() < NAMES_MAX {
                    self.extra.insert(name.clone(), 1);
                }
            }
            let line_no = rows.int(row, Col::LineNo).unwrap_or_default();
            let last = self.records.last_key_value().map(|(line_no, _)| *line_no);
            if self.records.len() < RECORDS || last.is_some_and(|last| line_no < last) {
                self.records.insert(line_no, record(&RowView::new(&rows, row), line_no));
                if self.records.len() > RECORDS {
                    self.records.pop_last();
                }
            }
        }
    }
}

/// Whether a member of `extra` is there for the sake of exactness, and nothing that was logged.
fn is_ours(name: &str) -> bool {
    [CLASS, LAYOUT, UTC_OFFSET, ZONE].contains(&name) || name.ends_with(SPACES)
}

/// Bytes that are shown of a line that became no row.
const EXAMPLE_BYTES: usize = 400;

/// Different names of fields that are counted: hostile JSON has no end of them.
const NAMES_MAX: usize = 10_000;

fn record(row: &RowView<'_>, line_no: i64) -> Record {
    let mut values = Vec::new();
    for &col in Col::ALL {
        if matches!(col, Col::SourceId | Col::LineNo | Col::Day) {
            continue;
        }
        let value = match col.column().kind {
            ColumnType::Text => row.text(col).map(|text| Value::Text(text.into_owned())),
            ColumnType::Timestamp => row.int(col).map(Value::Time),
            ColumnType::Int32 | ColumnType::Int64 => row.int(col).map(Value::Int),
            ColumnType::Binary => row.bytes(col).map(|bytes| Value::Bytes(bytes.into_owned())),
            ColumnType::Date => None,
        };
        values.extend(value.map(|value| (col, value)));
    }
    Record { line_no, values }
}
