//! A store for tests: rows written down by hand, real segments, a state made without a ledger.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwell_query::{Origin, Session, SessionOptions};
use storage::clock::Micros;
use storage::day::Day;
use storage::digest::Digest;
use storage::extent::{Counts, LineEnd, SourceState};
use storage::ledger::record::{NamedFile, Seal};
use storage::schema::{Col, ColumnType};
use storage::segment::{
    Coded, ColumnData, LineEntry, LinesWriter, NULL_CODE, RowGroup, SegmentHeader, SegmentWriter,
    SourceRange, encode,
};
use storage::store::{
    ExtentRef, Hidden, LedgerEntry, LinesRef, Restored, Sealed, SegmentRef, Source, State,
};

/// The moment that `now()` says in tests: 2026-11-24T12:00:00Z.
pub(crate) const NOW: Micros = 1_795_521_600_000_000;

/// One row: the columns that are not NULL, as text.
#[derive(Clone, Default)]
pub(crate) struct Row(HashMap<Col, String>);

/// Microseconds of an RFC 3339 time.
pub(crate) fn micros(text: &str) -> Micros {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
}

/// A row of source 1 at `ts`, with what is never NULL.
pub(crate) fn row(ts: &str, line_no: i64) -> Row {
    Row::default()
        .set("ts", &micros(ts).to_string())
        .set("ts_quality", "exact")
        .set("verdict", "allowed")
        .set("parse", "ok")
        .set("source_id", "1")
        .set("line_no", &line_no.to_string())
}

impl Row {
    /// The row with a value in a column; `url` is the URL as logged.
    pub(crate) fn set(mut self, column: &str, value: &str) -> Self {
        self.0.insert(Col::from_name(column).unwrap(), value.to_owned());
        self
    }

    fn ts(&self) -> Micros {
        self.0[&Col::Ts].parse().unwrap()
    }

    fn number(&self, col: Col) -> Option<i64> {
        self.0.get(&col).map(|value| value.parse().unwrap())
    }
}

fn coded(rows: &[&Row], col: Col) -> Coded {
    let mut coded = Coded::default();
    let mut known = HashMap::new();
    for row in rows {
        let code = match row.0.get(&col) {
            None => NULL_CODE,
            Some(value) => {
                *known.entry(value).or_insert_with(|| coded.values.push(value.as_bytes()))
            }
        };
        coded.codes.push(code);
    }
    coded
}

fn group(rows: &[&Row]) -> RowGroup {
    let columns = Col::stored().iter().map(|&col| {
        let numbers = || rows.iter().map(move |row| row.number(col));
        match col.column().kind {
            ColumnType::Text => ColumnData::Text(coded(rows, col)),
            ColumnType::Binary => ColumnData::Binary(coded(rows, col)),
            ColumnType::Int32 => {
                ColumnData::Int32(numbers().map(|one| one.map(|one| one as i32)).collect())
            }
            _ => ColumnData::Int64 {
                values: numbers().map(|one| one.unwrap_or(0)).collect(),
                valid: Some(numbers().map(|one| one.is_some()).collect()),
            },
        }
    });
    RowGroup { rows: rows.len(), columns: columns.collect() }
}

/// A folder with segments, and the state that names them.
#[derive(Debug)]
pub(crate) struct TestStore {
    dir: tempfile::TempDir,
    state: State,
    seq: u64,
}

impl Default for TestStore {
    fn default() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, state: State::default(), seq: 0 }
    }
}

#[derive(Debug)]
struct Folder(PathBuf);

impl Origin for Folder {
    fn locate(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    fn ledger_entries(&self) -> storage::Result<Vec<LedgerEntry>> {
        Ok(vec![LedgerEntry {
            seq: 1,
            at: NOW,
            kind: "key".to_owned(),
            by: "test".to_owned(),
            detail: "{}".to_owned(),
        }])
    }
}

impl TestStore {
    /// The folder.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn header(&mut self, day: Day) -> SegmentHeader {
        self.seq += 1;
        SegmentHeader { store_id: "test".to_owned(), day, transaction: format!("t{}", self.seq) }
    }

    /// Writes rows of one day as one segment with row groups of `group_rows`.
    pub(crate) fn segment_in_groups(&mut self, rows: &[Row], group_rows: usize) -> &mut Self {
        let day = Day::of(rows[0].ts());
        assert!(rows.iter().all(|row| Day::of(row.ts()) == day), "one day a segment");
        let folder = self.dir().join("requests").join(day.folder());
        std::fs::create_dir_all(&folder).unwrap();
        let header = self.header(day);
        let mut writer = SegmentWriter::create(&storage::fs::real(), &folder, header).unwrap();
        for rows in rows.chunks(group_rows) {
            let rows: Vec<&Row> = rows.iter().collect();
            writer.append(encode(&group(&rows)).unwrap()).unwrap();
        }
        let mut lines: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
        for row in rows {
            let source = row.number(Col::SourceId).unwrap() as i32;
            lines.entry(source).or_default().push(row.number(Col::LineNo).unwrap());
        }
        let ranges = lines.iter().map(|(&source_id, lines)| SourceRange {
            source_id,
            first_line: *lines.iter().min().unwrap(),
            last_line: *lines.iter().max().unwrap(),
            rows: lines.len() as u64,
        });
        let mut meta = writer.finish(ranges.collect()).unwrap();
        meta.path = format!("requests/{}/{}", day.folder(), meta.path);
        let segment = SegmentRef { meta: Arc::new(meta), seq: self.seq, seal: None };
        self.state.days.entry(day).or_default().segments.push(segment);
        self
    }

    /// Writes rows of one day as one segment.
    pub(crate) fn segment(&mut self, rows: &[Row]) -> &mut Self {
        self.segment_in_groups(rows, 1 << 16)
    }

    /// Writes lines that are no rows.
    pub(crate) fn lines(&mut self, day: &str, entries: &[LineEntry<'_>]) -> &mut Self {
        let day: Day = day.parse().unwrap();
        let folder = self.dir().join("lines").join(day.folder());
        std::fs::create_dir_all(&folder).unwrap();
        let header = self.header(day);
        let mut writer = LinesWriter::create(&storage::fs::real(), &folder, header).unwrap();
        for entry in entries {
            writer.append(entry).unwrap();
        }
        let numbers = || entries.iter().map(|entry| entry.line_no);
        let range = SourceRange {
            source_id: entries[0].source_id,
            first_line: numbers().min().unwrap(),
            last_line: numbers().max().unwrap(),
            rows: entries.len() as u64,
        };
        let mut meta = writer.finish(vec![range]).unwrap();
        meta.path = format!("lines/{}/{}", day.folder(), meta.path);
        self.state.lines.push(LinesRef { meta: Arc::new(meta), day, seq: self.seq });
        self
    }

    /// Hides lines in every file written so far.
    pub(crate) fn hide(&mut self, source_id: i32, first: i64, last: i64) -> &mut Self {
        self.state.hidden.push(Hidden {
            source_id,
            first,
            last,
            before_seq: self.seq + 1,
            rows: true,
        });
        self
    }

    /// Adds a source to the state.
    pub(crate) fn source(&mut self, id: i32, path: &str, counts: Counts) -> &mut Self {
        let source = Source {
            id,
            path: path.into(),
            sha256: Digest::of(path.as_bytes()),
            prefix: Digest::of(b""),
            identity: None,
            format: "squid".to_owned(),
            format_spec: String::new(),
            zone: String::new(),
            line_end: LineEnd::Lf,
            bom: Vec::new(),
            final_newline: true,
            state: SourceState::Complete,
            bytes: 1000,
            counts,
            first_ts: Some(micros("2026-11-19T08:00:00Z")),
            last_ts: Some(micros("2026-11-22T23:59:59.999999Z")),
            extents: Vec::new(),
            retired: 0,
            redacted: 0,
            shift_us: 0,
            shifts: Vec::new(),
            remaining: None,
            redacted_others: 0,
            privacy: None,
        };
        self.state.sources.insert(id, Arc::new(source));
        self
    }

    /// Says that the record `seq` has brought all of a source.
    pub(crate) fn came_at(&mut self, id: i32, seq: u64) -> &mut Self {
        let source = Arc::make_mut(self.state.sources.get_mut(&id).unwrap());
        source.extents = vec![ExtentRef {
            from: 0,
            to: source.bytes,
            sha256: source.sha256,
            first_line: 1,
            lines: source.counts.lines,
            seq,
        }];
        self
    }

    /// Adds a source that has this content, and nothing else that is known of it.
    pub(crate) fn content(&mut self, id: i32, text: &str, bytes: u64) -> &mut Self {
        self.source(id, text, Counts::default());
        Arc::make_mut(self.state.sources.get_mut(&id).unwrap()).bytes = bytes;
        self.came_at(id, 1)
    }

    /// Lets a source grow to this content.
    pub(crate) fn grown(&mut self, id: i32, text: &str, bytes: u64) -> &mut Self {
        let source = Arc::make_mut(self.state.sources.get_mut(&id).unwrap());
        let from = source.bytes;
        (source.bytes, source.sha256) = (bytes, Digest::of(text.as_bytes()));
        let (sha256, to) = (source.sha256, bytes);
        source.extents.push(ExtentRef { from, to, sha256, first_line: 1, lines: 0, seq: 2 });
        self
    }

    /// Puts the segments of a day under a seal over so many rows.
    pub(crate) fn seal(&mut self, day: &str, seq: u64, leaves: u64) -> &mut Self {
        let day: Day = day.parse().unwrap();
        let held = self.state.days.get_mut(&day).unwrap();
        let seal = Seal {
            day,
            leaves,
            number: 0,
            root: Digest::of(day.to_string().as_bytes()),
            salts: NamedFile::of("salts/x", b""),
            sources: Vec::new(),
            stats: Vec::new(),
            ts: (day.start(), day.end() - 1),
        };
        held.seals.push(Arc::new(Sealed { at: NOW, seal, seq }));
        held.segments.iter_mut().for_each(|segment| segment.seal = Some(seq));
        self
    }

    /// Restores days of another store as a set.
    pub(crate) fn restore(&mut self, name: &str, other: &Self, days: &[&str]) -> &mut Self {
        self.seq += 1;
        let days = days.iter().map(|day| day.parse::<Day>().unwrap());
        let days = days.map(|day| {
            let mut held = other.state.days[&day].clone();
            for segment in &mut held.segments {
                let mut meta = (*segment.meta).clone();
                let from = other.dir().join(&meta.path);
                meta.path = format!("restored/{name}/{}", meta.path);
                let to = self.dir().join(&meta.path);
                std::fs::create_dir_all(to.parent().unwrap()).unwrap();
                std::fs::copy(from, to).unwrap();
                segment.meta = Arc::new(meta);
            }
            (day, held)
        });
        let days = days.collect();
        let sources = other.state.sources.values().map(AsRef::as_ref);
        let sources = storage::restore::sources_to_bytes(sources).unwrap();
        let file = NamedFile::of(format!("restored/{name}/sources.json"), &sources);
        std::fs::write(self.dir().join(&file.path), sources).unwrap();
        let set = Restored {
            name: name.to_owned(),
            at: NOW,
            seq: self.seq,
            origin: "other".to_owned(),
            days,
            hidden: other.state.hidden.clone(),
            sources_file: Some(file),
            ..Restored::default()
        };
        self.state.restored.insert(name.to_owned(), Arc::new(set));
        self
    }

    /// Gives a source another format.
    pub(crate) fn format(&mut self, id: i32, format: &str) -> &mut Self {
        let source = self.state.sources.get_mut(&id).unwrap();
        Arc::make_mut(source).format = format.to_owned();
        self
    }

    /// Has a source taken in under a privacy rule.
    pub(crate) fn private(&mut self, id: i32) -> &mut Self {
        let rule = serde_json::from_str(r#"{"drop":["path"]}"#).unwrap();
        let privacy = storage::privacy::Privacy { rule, key_id: "00".to_owned() };
        let source = self.state.sources.get_mut(&id).unwrap();
        Arc::make_mut(source).privacy = Some(Arc::new(privacy));
        self
    }

    /// A session with the usual options.
    pub(crate) fn session(&self) -> Session {
        self.session_with(SessionOptions::new(NOW))
    }

    /// A session.
    pub(crate) fn session_with(&self, options: SessionOptions) -> Session {
        let origin = Arc::new(Folder(self.dir().to_path_buf()));
        Session::open(origin, &Arc::new(self.state.clone()), options).unwrap()
    }
}

/// Every value of an answer as text.
pub(crate) async fn ask(session: &Session, sql: &str) -> dwell_query::Result<Vec<Vec<String>>> {
    let answer = session.sql(sql).await?;
    let batches = answer.stream.collect().await?;
    Ok(batches.iter().flat_map(crate::slt::cells).collect())
}

/// Four days, 19 to 22 November 2026, two segments on the 20th, one line hidden on the 21st.
pub(crate) fn four_days() -> TestStore {
    let mut store = TestStore::default();
    store
        .segment(&[
            page("2026-11-19T08:00:00Z", 1, "10.0.0.1", "news.example", "/"),
            page("2026-11-19T09:30:00.000001Z", 2, "10.0.0.2", "news.example", "/a.png")
                .set("user", "ann"),
        ])
        .segment(&[
            page("2026-11-20T00:00:00Z", 3, "10.0.0.1", "mail.example", "/in").set("user", "bob"),
            page("2026-11-20T10:15:00Z", 4, "10.0.0.3", "cdn.example", "/x.js").set("query", "v=1"),
        ])
        .segment(&[page("2026-11-20T23:59:59.999999Z", 5, "10.0.0.1", "evil.example", "/gate.php")
            .set("user", "bob")
            .set("status", "403")
            .set("verdict", "denied")])
        .segment(&[
            page("2026-11-21T00:00:00Z", 6, "10.0.0.2", "news.example", "/"),
            page("2026-11-21T12:00:00Z", 7, "10.0.0.9", "hidden.example", "/secret"),
        ])
        .hide(1, 7, 7)
        .segment(&[page("2026-11-22T23:59:59.999999Z", 8, "10.0.0.1", "tunnel.example", "")
            .set("scheme", "tunnel")
            .set("port", "443")
            .set("method", "CONNECT")
            .set("url", "TUNNEL.example:443")])
        .lines(
            "2026-11-22",
            &[
                LineEntry {
                    source_id: 1,
                    line_no: 9,
                    byte_offset: 700,
                    kind: "quarantined",
                    reason: Some("bad_time"),
                    bytes: b"not a line",
                },
                LineEntry {
                    source_id: 1,
                    line_no: 10,
                    byte_offset: 711,
                    kind: "blank",
                    reason: None,
                    bytes: b"",
                },
            ],
        )
        .source(
            1,
            "/var/log/squid/access.log",
            Counts { lines: 9, rows: 7, quarantined: 1, headers: 0, blank: 1 },
        );
    store
}

fn page(ts: &str, line_no: i64, client: &str, host: &str, path: &str) -> Row {
    row(ts, line_no)
        .set("client_ip", client)
        .set("method", "GET")
        .set("scheme", "http")
        .set("host", host)
        .set("domain", host)
        .set("port", "80")
        .set("path", path)
        .set("status", "200")
        .set("response_bytes", &(line_no * 100).to_string())
        .set("user_agent", "Mozilla/5.0")
}
