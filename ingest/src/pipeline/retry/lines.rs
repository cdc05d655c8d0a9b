//! How are single lines read anew that lie in quarantine? In runs of neighbours, by the parser of a whole source; lines
//! that it reads, or refuses for another reason, replace what is stored of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use storage::day::Day;
use storage::error::{Error, ErrorKind, Result};
use storage::extent::{Counts, LineEnd, Retry};
use storage::schema::Col;
use storage::segment::{Coded, ColumnData, NULL_CODE, RowGroup};
use storage::store::{Source, Transaction};

use super::super::choose;
use super::super::extent::{ExtentWriter, MORE};
use super::super::source::show_reasons;
use super::super::{Run, extent::Totals};
use crate::detect::SAMPLE_BYTES;
use crate::format::{
    ChunkParser, ChunkSink, Headers, LineContext, OddKind, OddLine, Parser, Reason,
};
use crate::raw::merge::Merge;
use crate::report::{FormatChoice, Outcome, SourceReport};

/// Most bytes parsed at once, and most bytes of lines remembered for `raw`.
const PART_BYTES: usize = 4 << 20;

/// A quarantined line as it is stored.
#[derive(Default)]
struct Kept {
    line_no: i64,
    byte_offset: i64,
    quarantined: bool,
    reason: String,
    bytes: Vec<u8>,
    /// Its line end, where not the usual one.
    end: Option<Vec<u8>>,
}

/// Reads the quarantined lines of a source anew.
pub(super) fn retry(run: &Run<'_>, source: &Arc<Source>) -> Result<SourceReport> {
    let own = choose::known(source)?;
    let (parser, zone) = match &run.given.parser {
        Some(named) => {
            let lines = first_lines(run, source)?;
            let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
            (named.parser(&lines)?, run.given.zone)
        }
        None => (Arc::clone(&own), run.given.zone.or(choose::zone_of(source))),
    };
    let parser = if run.given.zone.is_some() { choose::localized(parser, zone) } else { parser };
    let foreign = parser.id() != own.id()
        || parser.spec() != own.spec()
        || zone.map(|zone| zone.name()).unwrap_or_default() != source.zone;
    let transaction = run.store.begin_for(source.id)?;
    let extent = ExtentWriter::new(&transaction, run.store.id(), Day::of(run.started_us), 0, None)
        .with_shift(source.shift_us);
    let context = LineContext {
        source_id: source.id,
        first_line: 1,
        first_offset: 0,
        ingest_us: run.started_us.saturating_sub(source.shift_us),
        line_end: source.line_end,
        zone,
        line_bytes_max: run.options.line_bytes_max,
        headers: None,
        cuts: None,
        near_us: source.last_ts.map_or(run.started_us, |ts| ts.saturating_sub(source.shift_us)),
    };
    let mut again = Again {
        source,
        extent,
        parser: parser.chunk_parser(),
        headers: parser.has_headers().then(Headers::default),
        context,
        raw: foreign.then(HashMap::new),
        raw_bytes: 0,
        part: Vec::new(),
        part_bytes: 0,
        seq: 0,
        ranges: Vec::new(),
        replaced: Totals::default(),
        left: Totals::default(),
        bytes: 0,
    };
    again.read_all(run)?;
    again.commit(run, transaction, parser.as_ref())
}

/// The first lines of a source that are no rows: what a format learns from.
fn first_lines(run: &Run<'_>, source: &Source) -> Result<Vec<Vec<u8>>> {
    let state = run.store.state();
    let mut merge = Merge::of_entries(run.store, &state, source.id);
    let (mut lines, mut bytes) = (Vec::new(), 0);
    while bytes < SAMPLE_BYTES
        && let Some(entry) = merge.next_entry()?
    {
        if [OddKind::Quarantined.name(), OddKind::Header.name()].contains(&entry.kind.as_str()) {
            bytes += entry.bytes.len() + 1;
            lines.push(entry.bytes);
        }
    }
    Ok(lines)
}

/// A source whose quarantined lines are being read.
struct Again<'a> {
    source: &'a Source,
    extent: ExtentWriter,
    parser: Box<dyn ChunkParser>,
    /// The header lines so far, if the format has such.
    headers: Option<Headers>,
    context: LineContext,
    /// The lines of open rows, where rows keep them.
    raw: Option<HashMap<i64, Vec<u8>>>,
    raw_bytes: usize,
    /// Lines that follow one another.
    part: Vec<Kept>,
    part_bytes: usize,
    seq: u64,
    /// The lines that are replaced.
    ranges: Vec<(i64, i64)>,
    /// Their accounts now.
    replaced: Totals,
    /// The lines that stay in quarantine, replaced or not.
    left: Totals,
    bytes: u64,
}

impl Again<'_> {
    /// Gathers the entries of each line, and the lines that follow one another.
    fn read_all(&mut self, run: &Run<'_>) -> Result<()> {
        let state = run.store.state();
        let mut merge = Merge::of_entries(run.store, &state, self.source.id);
        let mut kept = Kept::default();
        while let Some(entry) = merge.next_entry()? {
            if entry.line_no != kept.line_no {
                run.check()?;
                self.line(std::mem::take(&mut kept))?;
                kept.line_no = entry.line_no;
            }
            match entry.kind.as_str() {
                kind if kind == OddKind::Eol.name() => kept.end = Some(entry.bytes),
                // What is too long to be tried is not kept in memory.
                MORE if kept.bytes.len() <= self.context.line_bytes_max => {
                    kept.bytes.extend_from_slice(&entry.bytes);
                }
                kind if kind == OddKind::Quarantined.name() => {
                    kept.quarantined = true;
                    kept.byte_offset = entry.byte_offset;
                    kept.reason = entry.reason.unwrap_or_default();
                    kept.bytes = entry.bytes;
                }
                kind if kind == OddKind::Header.name() => self.header(&entry.bytes)?,
                _ => {}
            }
        }
        self.line(kept)?;
        self.parse()?;
        self.hand_over()
    }

    /// From here on another header line is in force.
    fn header(&mut self, line: &[u8]) -> Result<()> {
        if self.headers.is_some() {
            self.parse()?;
        }
        if let Some(headers) = &mut self.headers {
            headers.take(line);
        }
        Ok(())
    }

    /// Adds a line to the part, which goes to the parser where it does not follow.
    fn line(&mut self, kept: Kept) -> Result<()> {
        if !kept.quarantined {
            return Ok(());
        }
        self.bytes += kept.bytes.len() as u64;
        let cut = kept.reason == Reason::CutShort.name();
        if cut || kept.bytes.len() > self.context.line_bytes_max {
            self.stays(&kept.reason);
            return Ok(());
        }
        let follows = self.part.last().is_some_and(|last| last.line_no + 1 == kept.line_no);
        if !follows || self.part_bytes > PART_BYTES {
            self.parse()?;
        }
        self.part_bytes += kept.bytes.len() + 64;
        self.part.push(kept);
        Ok(())
    }

    fn stays(&mut self, reason: &str) {
        self.left.counts.lines += 1;
        self.left.counts.quarantined += 1;
        if let Some(reason) = Reason::ALL.iter().find(|known| known.name() == reason) {
            *self.left.reasons.entry(*reason).or_default() += 1;
        }
    }

    /// Parses the part and keeps what came of the lines that have changed.
    fn parse(&mut self) -> Result<()> {
        let part = std::mem::take(&mut self.part);
        self.part_bytes = 0;
        let Some(first) = part.first() else { return Ok(()) };
        self.context.first_line = first.line_no;
        self.context.first_offset = first.byte_offset.unsigned_abs();
        let usual: &[u8] = if self.source.line_end == LineEnd::Crlf { b"\r\n" } else { b"\n" };
        let last_line = self.source.next_line() - 1;
        let mut chunk = Vec::new();
        for line in &part {
            chunk.extend_from_slice(&line.bytes);
            match &line.end {
                Some(end) => chunk.extend_from_slice(end),
                None if line.line_no == last_line && !self.source.final_newline => {}
                None => chunk.extend_from_slice(usual),
            }
        }
        let mut sink = ChunkSink::default();
        self.context.headers = self.headers.clone().map(Arc::new);
        self.parser.parse(&chunk, &self.context, &mut sink);
        if let Some(headers) = &mut self.headers {
            headers.see(&chunk);
        }
        if sink.counts.lines != part.len() as u64 || !sink.counts.balance() {
            let what = format!("line {} of source {}", first.line_no, self.source.id);
            return Err(Error::new(ErrorKind::Internal, format!("{what} was not accounted for"))
                .advise("report this with the line"));
        }
        let mut odd: BTreeMap<i64, Vec<OddLine>> = BTreeMap::new();
        for entry in std::mem::take(&mut sink.odd) {
            odd.entry(entry.line_no).or_default().push(entry);
        }
        sink.counts = Counts::default();
        for line in part {
            self.judge(line, &mut odd, &mut sink);
        }
        self.take(&mut sink)?;
        if self.raw_bytes > PART_BYTES {
            self.hand_over()?;
        }
        Ok(())
    }

    /// What has become of a line: its entries go to the sink if they replace what is stored.
    fn judge(&mut self, line: Kept, odd: &mut BTreeMap<i64, Vec<OddLine>>, sink: &mut ChunkSink) {
        let entries = odd.remove(&line.line_no).unwrap_or_default();
        let is = entries.iter().find(|entry| entry.kind != OddKind::Eol);
        let counts = &mut sink.counts;
        match is {
            Some(entry) if entry.kind == OddKind::Quarantined => {
                let reason = entry.reason.map_or("", Reason::name);
                self.stays(reason);
                if reason == line.reason {
                    return;
                }
                counts.quarantined += 1;
            }
            Some(entry) if entry.kind == OddKind::Header => counts.headers += 1,
            Some(_) => counts.blank += 1,
            None => {
                counts.rows += 1;
                if let Some(raw) = &mut self.raw {
                    self.raw_bytes += line.bytes.len() + 64;
                    raw.insert(line.line_no, line.bytes);
                }
            }
        }
        counts.lines += 1;
        sink.odd.extend(entries);
        match self.ranges.last_mut() {
            Some((_, last)) if *last + 1 == line.line_no => *last = line.line_no,
            _ => self.ranges.push((line.line_no, line.line_no)),
        }
    }

    /// Hands over all open rows.
    fn hand_over(&mut self) -> Result<()> {
        let mut sink = ChunkSink::default();
        self.parser.flush(&mut sink);
        self.take(&mut sink)?;
        if let Some(raw) = &mut self.raw {
            raw.clear();
        }
        self.raw_bytes = 0;
        Ok(())
    }

    fn take(&mut self, sink: &mut ChunkSink) -> Result<()> {
        if let Some(raw) = &self.raw {
            sink.groups.iter_mut().for_each(|(_, group)| keep_lines(group, raw));
            sink.raw_rows = sink.counts.rows;
        }
        self.extent.take(sink, Some(self.seq))?;
        self.seq += 1;
        Ok(())
    }

    /// Commits what has changed, unless no line has become a row.
    fn commit(
        mut self,
        run: &Run<'_>,
        transaction: Transaction,
        parser: &dyn Parser,
    ) -> Result<SourceReport> {
        self.replaced = self.extent.totals();
        let (source, counts) = (self.source, self.replaced.counts);
        let mut report = SourceReport::new(&source.path, Outcome::Unchanged);
        report.source_id = Some(source.id);
        report.format = Some(FormatChoice::given(parser.id()));
        report.counts = Counts { quarantined: self.left.counts.quarantined, ..counts };
        report.counts.lines =
            report.counts.quarantined + counts.rows + counts.headers + counts.blank;
        report.bytes = self.bytes;
        show_reasons(&mut report, &self.left);
        if report.counts.quarantined > 0 {
            report.next = Some(format!("dwell quarantine show --source {}", source.id));
        }
        if counts.rows == 0 {
            report.counts = self.left.counts;
            report.message = Some(match self.left.counts.quarantined {
                0 => "no line of it is in quarantine; nothing was changed".to_owned(),
                _ => format!(
                    "none of its quarantined lines reads as `{}`; nothing was changed",
                    parser.id()
                ),
            });
            return Ok(report);
        }
        let zone = self.context.zone.map(|zone| zone.name().to_owned()).unwrap_or_default();
        let mut record = Retry {
            format: parser.id().to_owned(),
            format_spec: parser.spec().to_owned(),
            zone,
            line_end: source.line_end,
            whole: false,
            ranges: std::mem::take(&mut self.ranges),
            was: Counts { lines: counts.lines, quarantined: counts.lines, ..Counts::default() },
            counts,
            ts_range: self.replaced.ts_range,
            segments: Vec::new(),
            lines: None,
        };
        let facts = record.footer_json(source.id)?;
        (record.segments, record.lines) = self.extent.finish(Some(&facts))?;
        run.check()?;
        transaction.commit_retry(&record, &run.commit_options())?;
        report.outcome = Outcome::Retried;
        report.extents = 1;
        report.raw_rows = self.replaced.raw_rows;
        report.assumed_zone = self.replaced.assumed_zone;
        report.ts_range = self.replaced.ts_range;
        Ok(report)
    }
}

/// Gives every row of a group its exact line.
fn keep_lines(group: &mut RowGroup, lines: &HashMap<i64, Vec<u8>>) {
    let Some(ColumnData::Int64 { values: numbers, .. }) = group.columns.get(Col::LineNo as usize)
    else {
        return;
    };
    let mut raw = Coded::default();
    let mut known: HashMap<&[u8], u32> = HashMap::new();
    for number in numbers {
        let code = match lines.get(number) {
            None => NULL_CODE,
            Some(line) => *known.entry(line).or_insert_with(|| raw.values.push(line)),
        };
        raw.codes.push(code);
    }
    group.columns[Col::Raw as usize] = ColumnData::Binary(raw);
}
