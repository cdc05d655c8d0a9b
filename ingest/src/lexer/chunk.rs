//! How a chunk becomes rows: lines cut in blocks, words interned column by column, rows handed to their days.

mod cut;
mod lines;
mod read;

use std::sync::Arc;

use storage::day::Day;

pub(crate) use lines::{
    CLASS, LAYOUT, NANOS, REMARK, REPLY_HEADERS, REQUEST_HEADERS, SPACES, TAIL, TRUNCATED,
    UTC_OFFSET, ZONE,
};
use lines::{Line, account, reject};

use super::envelope::{Kept, Opener};
use super::layout::{Layout, WordKind};
use super::shaped::cut::Cutter;
use super::split::Span;
use crate::builder::day::{OpenDay, Rows};
use crate::builder::sink::{ChunkSink, Reason};
use crate::format::{ChunkParser, LineContext};
use crate::intern::Scratch;
use crate::intern::key::{KeyColumn, RAW, Values};
use crate::time::{Memo, Zone};

/// Words with a column that a row must have, its time among them.
const FIELDS_MIN: usize = 3;

/// The scheme of CONNECT.
const TUNNEL: &[u8] = b"tunnel";

/// Lines of a block: their text (about 32 KiB) stays in the first cache while column after column is read.
const BLOCK_ROWS: usize = 120;

/// Rows of a full row group: measured against 75,000 it takes 6 % less space and 5 % less time (longer dictionaries, fewer of
/// them), and two workers stay below 512 MiB.
const GROUP_ROWS: usize = 250_000;

/// More fields than this without a column make row groups smaller.
const EXTRAS_MANY: usize = 4;

/// Most bytes of open rows over all days; beyond it the largest day is handed over.
const OPEN_BYTES: usize = 32 << 20;

/// Most bytes of dictionaries; beyond it everything is handed over and they begin anew.
const DICTIONARY_BYTES: usize = 96 << 20;

/// Dictionaries larger than this begin anew when no row is open: they would only miss the cache.
const WARM_BYTES: usize = 32 << 20;

/// The lines of a block and where their words lie.
#[derive(Debug)]
struct Block {
    lines: Vec<Line>,
    spans: Vec<Span>,
    rows: Rows,
    /// Lines that had to be copied out of their envelopes, what stands around each line, and where its time lies.
    copies: Vec<u8>,
    envelopes: Vec<Kept>,
    times: Vec<Option<Span>>,
    /// What header lines say of each line's date and zone.
    dates: Vec<(Option<i64>, Option<Zone>)>,
    scratch: Scratch,
    rejected: Vec<Option<Reason>>,
    /// Typed words that hold what is not of their type: row and word.
    misfits: Vec<(usize, usize)>,
    any_rejected: bool,
}

/// The state of one worker for one source.
#[derive(Debug)]
pub(crate) struct LineParser {
    layout: Arc<Layout>,
    keys: Vec<Option<KeyColumn>>,
    values: Values,
    days: Vec<OpenDay>,
    block: Block,
    memo: Memo,
    cutter: Cutter,
    opener: Opener,
    source_id: i32,
    group_rows: usize,
    /// Which class of a source with several formats these lines are.
    class: usize,
}

impl LineParser {
    /// A parser without rows.
    pub(crate) fn new(layout: Arc<Layout>) -> Self {
        let keys = layout
            .words
            .iter()
            .map(|word| (word.kind == WordKind::Key).then(|| KeyColumn::new(word)));
        let around = layout.envelope.iter().map(|around| Some(KeyColumn::new(&around.1)));
        let keys = keys.chain(around);
        let words = layout.words.len();
        let columns = layout.width();
        Self {
            keys: keys.collect(),
            values: Values::new(),
            days: Vec::new(),
            block: Block {
                lines: Vec::with_capacity(BLOCK_ROWS),
                spans: vec![Span::MISSING; BLOCK_ROWS * words],
                rows: Rows::new(columns),
                copies: Vec::new(),
                envelopes: Vec::new(),
                times: Vec::new(),
                dates: Vec::new(),
                scratch: Scratch::default(),
                rejected: Vec::new(),
                misfits: Vec::new(),
                any_rejected: false,
            },
            memo: Memo::default(),
            cutter: Cutter::default(),
            opener: Opener::default(),
            source_id: 0,
            group_rows: group_rows(&layout),
            class: 0,
            layout,
        }
    }

    fn keep_raw(&mut self, chunk: &[u8]) {
        let block = &mut self.block;
        for (row, line) in block.lines.iter().enumerate() {
            block.rows.line_no.push(line.line_no);
            if block.rows.flags[row] & RAW != 0 {
                let bytes = line.whole(chunk);
                block.rows.raw_bytes += bytes.len();
                block.rows.raw.push((row as u32, bytes.to_vec()));
            }
        }
        // Members were found word by word; the rows' order is wanted.
        block.rows.members.sort_by_key(|&(row, _)| row);
    }

    /// Hands the rows of the block to their days, and those with an impossible time to quarantine.
    fn hand_over(&mut self, chunk: &[u8], cx: &LineContext, out: &mut ChunkSink) {
        let mut rows = std::mem::take(&mut self.block.rows);
        let days = |rows: &Rows| {
            let (low, high) = rows
                .ts
                .iter()
                .fold((i64::MAX, i64::MIN), |(low, high), &ts| (low.min(ts), high.max(ts)));
            (low, high)
        };
        let (low, high) = days(&rows);
        if !self.block.any_rejected && Day::of(low) == Day::of(high) {
            account(&rows, out, |_| true);
            out.see(low, high);
            self.day(Day::of(low)).extend(&mut rows);
        } else {
            let rejected = std::mem::take(&mut self.block.rejected);
            account(&rows, out, |row| rejected[row].is_none());
            let odd = out.odd.len();
            for (row, reason) in rejected.iter().enumerate() {
                let line = self.block.lines[row];
                match reason {
                    None => {
                        let ts = rows.ts[row];
                        out.see(ts, ts);
                        self.day(Day::of(ts)).push(&rows, row);
                    }
                    Some(reason) => {
                        reject(line.whole(chunk), line, *reason, cx, out);
                    }
                }
            }
            self.block.rejected = rejected;
            if out.odd.len() > odd {
                let lines = self.block.lines.first().map_or(0, |line| line.line_no);
                let from = out.odd.partition_point(|odd| odd.line_no < lines);
                out.odd[from.min(odd)..].sort_by_key(|odd| odd.line_no);
            }
        }
        rows.clear();
        self.block.rows = rows;
        self.block.rejected.clear();
        self.block.any_rejected = false;
        self.block.lines.clear();
        self.block.dates.clear();
        self.block.copies.clear();
        self.block.envelopes.clear();
        self.block.times.clear();
        self.limit(out);
    }

    fn day(&mut self, day: Day) -> &mut Rows {
        let at = match self.days.binary_search_by_key(&day, |open| open.day) {
            Ok(at) => at,
            Err(at) => {
                let rows = Rows::new(self.layout.width());
                self.days.insert(at, OpenDay { day, rows });
                at
            }
        };
        &mut self.days[at].rows
    }

    /// Hands over what is full, and what must go to stay within memory.
    fn limit(&mut self, out: &mut ChunkSink) {
        while let Some(at) = self.days.iter().position(|open| open.rows.len() >= self.group_rows) {
            self.close(at, out);
            self.begin_anew();
        }
        let open: usize = self.days.iter().map(|open| open.rows.num_bytes()).sum();
        if open > OPEN_BYTES {
            let largest =
                self.days.iter().enumerate().max_by_key(|(_, open)| open.rows.num_bytes());
            if let Some((at, _)) = largest {
                self.close(at, out);
            }
        }
        if self.dictionary_bytes() > DICTIONARY_BYTES {
            self.flush(out);
        }
    }

    fn dictionary_bytes(&self) -> usize {
        let keys: usize = self.keys.iter().flatten().map(KeyColumn::num_bytes).sum();
        keys + self.values.num_bytes()
    }

    /// Empties large dictionaries if no row needs them.
    fn begin_anew(&mut self) {
        if self.days.is_empty() && self.dictionary_bytes() > WARM_BYTES {
            self.keys.iter_mut().flatten().for_each(KeyColumn::clear);
            self.values.clear();
        }
    }

    fn close(&mut self, at: usize, out: &mut ChunkSink) {
        let open = self.days.remove(at);
        let group = open.rows.row_group(&self.layout, &self.keys, &self.values, self.source_id);
        out.groups.push((open.day, group));
    }
}

impl ChunkParser for LineParser {
    fn parse(&mut self, chunk: &[u8], cx: &LineContext, out: &mut ChunkSink) {
        self.source_id = cx.source_id;
        if let Some(shaped) = &self.layout.shaped {
            self.cutter.begin(shaped, cx.headers.as_ref());
        }
        let mut at = 0;
        let mut line_no = cx.first_line;
        while at < chunk.len() {
            at = self.cut_block(chunk, at, &mut line_no, cx, out);
            self.read_block(chunk, cx, out);
        }
    }

    fn mark(&mut self, class: usize) {
        self.class = class;
    }

    fn flush(&mut self, out: &mut ChunkSink) {
        while !self.days.is_empty() {
            self.close(0, out);
        }
        self.begin_anew();
    }
}

/// Rows of a full row group; fewer where much of each goes to `extra`, whose texts are made when the group is.
fn group_rows(layout: &Layout) -> usize {
    let extras = layout.words.iter().filter(|word| !word.has_column()).count();
    if extras > EXTRAS_MANY { GROUP_ROWS / 4 } else { GROUP_ROWS }
}
