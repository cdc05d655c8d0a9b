//! How the tests read a text: all of it through one parser, with every row rendered and compared.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use std::sync::Arc;

use dwell_ingest::format::{
    ChunkSink, Framing, Headers, LineContext, OddKind, OddLine, Parser, RowView,
};
use dwell_ingest::render::{GroupRows, Rows};
use storage::extent::{Counts, LineEnd};
use storage::schema::{COLUMNS, Col, ColumnType};

/// 2026-11-24T00:00:00Z
pub(crate) const NOW_US: i64 = 1_795_478_400_000_000;

/// A text that was parsed.
pub(crate) struct Parsed {
    /// The values of each row, by line: columns that are not NULL, as text.
    pub(crate) rows: BTreeMap<i64, BTreeMap<&'static str, String>>,
    /// Lines that are no rows, and odd line ends.
    pub(crate) odd: Vec<OddLine>,
    /// The accounts.
    pub(crate) counts: Counts,
    /// Rows with `raw`.
    pub(crate) raw_rows: u64,
}

pub(crate) fn context() -> LineContext {
    LineContext {
        source_id: 7,
        first_line: 1,
        first_offset: 0,
        ingest_us: NOW_US,
        line_end: LineEnd::Lf,
        zone: None,
        line_bytes_max: 1 << 20,
        headers: None,
        cuts: None,
        near_us: NOW_US,
    }
}

/// Parses `text` in chunks of about `chunk` bytes and checks the invariants of every source.
pub(crate) fn parse(parser: &dyn Parser, text: &[u8], chunk: usize, cx: &LineContext) -> Parsed {
    let mut chunks = parser.chunk_parser();
    let mut sink = ChunkSink::default();
    let mut cx = cx.clone();
    let mut headers = Headers::default();
    if parser.framing() != Framing::Lines {
        let mut end = 0;
        let cut = |(record, header): (&[u8], bool)| {
            end += record.len();
            (end, header)
        };
        cx.cuts = Some(parser.framing().records(text).into_iter().map(cut).collect());
        chunks.parse(text, &cx, &mut sink);
        chunks.flush(&mut sink);
        return check(parser, text, sink, cx.line_end, cx.zone);
    }
    let mut rest = text;
    while !rest.is_empty() {
        let from = chunk.min(rest.len()) - 1;
        let end =
            rest[from..].iter().position(|&b| b == b'\n').map_or(rest.len(), |at| from + at + 1);
        let (head, tail) = rest.split_at(end);
        cx.headers = parser.has_headers().then(|| Arc::new(headers.clone()));
        chunks.parse(head, &cx, &mut sink);
        headers.see(head);
        cx.first_line += head.iter().filter(|&&b| b == b'\n').count() as i64;
        cx.first_offset += head.len() as u64;
        rest = tail;
    }
    chunks.flush(&mut sink);
    check(parser, text, sink, cx.line_end, cx.zone)
}

fn check(
    parser: &dyn Parser,
    text: &[u8],
    mut sink: ChunkSink,
    line_end: LineEnd,
    zone: Option<Tz>,
) -> Parsed {
    let mut lines: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
    let mut ends: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
    let mut rows = BTreeMap::new();
    for (day, group) in sink.take_groups() {
        let view = GroupRows(&group);
        assert!(group.rows > 0 && group.columns.len() == Col::stored().len());
        for row in 0..group.rows {
            let ts = view.int(row, Col::Ts).unwrap();
            assert_eq!(storage::Day::of(ts), day);
            assert!(view.text(row, Col::Verdict).is_some());
            let line_no = view.int(row, Col::LineNo).unwrap();
            let mut line = Vec::new();
            parser.render(&RowView::new(&view, row), zone, &mut line);
            assert!(lines.insert(line_no, line).is_none(), "line {line_no} twice");
            rows.insert(line_no, values(&view, row));
        }
    }
    assert!(sink.odd.is_sorted_by_key(|odd| odd.line_no), "odd lines in order");
    for odd in &sink.odd {
        match odd.kind {
            OddKind::Eol => {
                ends.insert(odd.line_no, odd.bytes.clone());
            }
            _ => {
                let at = odd.byte_offset as usize;
                assert_eq!(&text[at..at + odd.bytes.len()], odd.bytes);
                assert!(lines.insert(odd.line_no, odd.bytes.clone()).is_none());
            }
        }
    }
    assert!(sink.counts.balance(), "{:?}", sink.counts);
    assert_eq!(sink.counts.lines, lines.len() as u64);
    assert_eq!(sink.counts.rows, rows.len() as u64);
    let usual: &[u8] = if line_end == LineEnd::Crlf { b"\r\n" } else { b"\n" };
    let mut back = Vec::new();
    let last = lines.len() as i64;
    for (expected, (line_no, line)) in (1..).zip(lines) {
        assert_eq!(line_no, expected);
        back.extend_from_slice(&line);
        if line_no < last || text.ends_with(b"\n") {
            back.extend_from_slice(ends.get(&line_no).map_or(usual, Vec::as_slice));
        }
    }
    if back != text {
        for (nth, (a, b)) in
            back.split(|&b| b == b'\n').zip(text.split(|&b| b == b'\n')).enumerate()
        {
            assert_eq!(
                String::from_utf8_lossy(a),
                String::from_utf8_lossy(b),
                "line {} is not given back",
                nth + 1
            );
        }
    }
    assert!(back == text, "the text is not given back");
    Parsed { rows, odd: sink.odd, counts: sink.counts, raw_rows: sink.raw_rows }
}

fn values(view: &GroupRows<'_>, row: usize) -> BTreeMap<&'static str, String> {
    let mut found = BTreeMap::new();
    for (col, column) in Col::stored().iter().zip(COLUMNS) {
        let value = match column.kind {
            ColumnType::Text => view.text(row, *col).map(|text| text.into_owned()),
            ColumnType::Binary => {
                view.bytes(row, *col).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            }
            _ => view.int(row, *col).map(|value| value.to_string()),
        };
        if let Some(value) = value {
            found.insert(column.name, value);
        }
    }
    found
}
