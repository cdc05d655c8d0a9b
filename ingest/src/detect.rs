//! Which format is this? Every format scores a sample of lines; the answer names the winner, the next and the margin.

mod classes;

use std::sync::Arc;

use storage::clock::Micros;
use storage::extent::LineEnd;

use classes::Facts;
pub(crate) use classes::named;

use crate::format::own::Own;
use crate::format::{ChunkSink, Framed, Framing, LineContext, Parser, Score};
use crate::report::FormatChoice;

/// Bytes of content that are looked at.
pub const SAMPLE_BYTES: usize = 256 << 10;

/// Lines of it that are scored.
const SAMPLE_LINES: usize = 400;

/// A format claims a text if it reads at least this share of its lines.
const CLAIM: f64 = 0.4;

/// Shares this near to each other count as equal: a few broken lines must not decide between dialects.
const NEAR: f64 = 0.02;

/// The beginning of a content, and what it shows.
#[derive(Debug, Clone)]
pub struct Sample<'a> {
    /// The bytes before the first line.
    pub bom: &'a [u8],
    /// The lines that are whole, without line ends.
    pub lines: Vec<&'a [u8]>,
    /// How most of them end.
    pub line_end: LineEnd,
    /// How the content is cut into records; `lines` are these, without headers, where they are no lines.
    pub framing: Framing,
}

impl<'a> Sample<'a> {
    /// Takes the beginning of a content apart; `whole` says that it is all of it.
    pub fn new(bytes: &'a [u8], whole: bool) -> Self {
        let (bom, text) = bytes.split_at(if bytes.starts_with(BOM) { BOM.len() } else { 0 });
        let mut lines: Vec<&[u8]> = Vec::new();
        let mut crlf = 0;
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(line) => {
                    crlf += usize::from(line.ends_with(b"\r"));
                    lines.push(line);
                }
                None if whole || lines.is_empty() => lines.push(line),
                None => {}
            }
        }
        let crlf = crlf * 2 > lines.len();
        if crlf {
            lines.iter_mut().for_each(|line| *line = line.strip_suffix(b"\r").unwrap_or(line));
        }
        let line_end = if crlf { LineEnd::Crlf } else { LineEnd::Lf };
        let framing = Framing::of(text);
        if framing != Framing::Lines {
            let mut records = framing.records(text);
            if !whole {
                records.pop();
            }
            let bare = |record: &'a [u8]| record.strip_suffix(b"\n").unwrap_or(record);
            let records = records.into_iter().filter(|(_, header)| !header);
            let records: Vec<&[u8]> = records.map(|(record, _)| bare(record)).collect();
            // A document without any item is a text like others.
            if records.is_empty() {
                return Self { bom, lines, line_end, framing: Framing::Lines };
            }
            lines = records;
        }
        Self { bom, lines, line_end, framing }
    }

    /// The lines that are scored: those with content.
    pub(crate) fn scored(&self) -> Vec<&'a [u8]> {
        let content = |line: &&&[u8]| line.iter().any(|byte| !byte.is_ascii_whitespace());
        self.lines.iter().filter(content).take(SAMPLE_LINES).copied().collect()
    }
}

/// The UTF-8 byte-order mark.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

/// What a text is.
#[derive(Debug, Clone)]
pub enum Detected {
    /// One format reads it.
    Format(Arc<dyn Parser>, FormatChoice),
    /// None does; the best one and its share, if any reads a line at all.
    Unknown(FormatChoice),
    /// Two do, equally well, and differently.
    Ambiguous(FormatChoice),
}

/// A format that may claim a text, under the name that people know it by.
pub type Candidate = (String, Arc<dyn Parser>);

/// Finds the format of a sample among the built-in ones and the user's `own`. `ingest_us` is the moment of ingest, as
/// for a parse.
pub fn detect(sample: &Sample<'_>, own: &[Own], ingest_us: Micros) -> Detected {
    let facts = Facts { line_end: sample.line_end, own, ingest_us };
    match classes::detect(&sample.scored(), facts) {
        Detected::Format(parser, choice) => {
            Detected::Format(framed(parser, sample.framing), choice)
        }
        other => other,
    }
}

/// The same parser for records that are cut so.
pub fn framed(parser: Arc<dyn Parser>, framing: Framing) -> Arc<dyn Parser> {
    if framing == Framing::Lines { parser } else { Arc::new(Framed::new(framing, parser)) }
}

fn decide(lines: &[&[u8]], parsers: Vec<Candidate>, facts: Facts<'_>) -> Detected {
    let score = |candidate: Candidate| {
        let score = candidate.1.score(lines);
        (candidate, score)
    };
    let mut scored: Vec<(Candidate, Score)> = parsers.into_iter().map(score).collect();
    let best = scored.iter().map(|(_, score)| score.fit).fold(0.0, f64::max);
    // Among those that are near the best the rank decides, then how exactly rows give lines back. The sort keeps the
    // order of the registry for equals: the more general format first.
    scored.sort_by(|(_, a), (_, b)| {
        let near = |score: &Score| score.fit > 0.0 && score.fit >= best - NEAR;
        let key = |score: &Score| (near(score), if near(score) { score.rank } else { 0 });
        key(b).cmp(&key(a)).then(if near(a) && near(b) {
            b.exact.total_cmp(&a.exact)
        } else {
            b.fit.total_cmp(&a.fit)
        })
    });
    let choice = |note: Option<String>| FormatChoice {
        id: scored.first().map_or(String::new(), |((name, _), _)| name.clone()),
        score: scored.first().map(|(_, score)| score.fit),
        runner_up: scored.get(1).map(|((name, _), score)| (name.clone(), score.fit)),
        note,
    };
    let Some(((_, winner), top)) = scored.first() else { return Detected::Unknown(choice(None)) };
    if top.fit < CLAIM {
        return Detected::Unknown(choice(None));
    }
    let Some(((name, next), _)) = scored.get(1).filter(|(_, score)| equal(score, top)) else {
        return Detected::Format(Arc::clone(winner), choice(None));
    };
    if same_rows(winner.as_ref(), next.as_ref(), lines, facts) {
        let note = format!("`{name}` reads it alike; the more general format was taken");
        return Detected::Format(Arc::clone(winner), choice(Some(note)));
    }
    Detected::Ambiguous(choice(None))
}

fn equal(a: &Score, b: &Score) -> bool {
    (a.fit - b.fit).abs() <= NEAR && a.rank == b.rank && (a.exact - b.exact).abs() <= NEAR
}

/// Whether two parsers make the same rows of the same lines.
fn same_rows(a: &dyn Parser, b: &dyn Parser, lines: &[&[u8]], facts: Facts<'_>) -> bool {
    let Facts { line_end, ingest_us, .. } = facts;
    let end: &[u8] = if line_end == LineEnd::Crlf { b"\r\n" } else { b"\n" };
    let text = lines.iter().flat_map(|line| [*line, end].concat()).collect::<Vec<u8>>();
    let rows = |parser: &dyn Parser| {
        let mut sink = ChunkSink::default();
        let context = LineContext {
            source_id: 0,
            first_line: 1,
            first_offset: 0,
            ingest_us,
            line_end,
            zone: None,
            line_bytes_max: 1 << 20,
            headers: None,
            cuts: None,
            near_us: ingest_us,
        };
        let mut chunk = parser.chunk_parser();
        chunk.parse(&text, &context, &mut sink);
        chunk.flush(&mut sink);
        sink
    };
    let (a, b) = (rows(a), rows(b));
    let decoded = |sink: ChunkSink| -> Vec<_> {
        sink.groups.into_iter().map(|(day, group)| (day, plain(&group))).collect()
    };
    a.counts == b.counts && a.odd == b.odd && decoded(a) == decoded(b)
}

/// The values of a row group, whatever codes stand for them. `raw` is left out: it depends on the format's own text.
fn plain(group: &storage::segment::RowGroup) -> Vec<String> {
    use storage::schema::Col;
    use storage::segment::{Coded, ColumnData, NULL_CODE};
    let coded = |coded: &Coded| -> Vec<Option<Vec<u8>>> {
        let value = |&code: &u32| (code != NULL_CODE).then(|| coded.values.value(code).to_vec());
        coded.codes.iter().map(value).collect()
    };
    let rows = group.rows;
    let text = |col: &ColumnData| match col {
        ColumnData::Null => format!("{:?}", vec![None::<Vec<u8>>; rows]),
        ColumnData::Text(values) | ColumnData::Binary(values) => format!("{:?}", coded(values)),
        ColumnData::ConstText(text) => format!("{:?}", vec![Some(text.as_bytes()); rows]),
        ColumnData::Int32(values) => format!("{values:?}"),
        ColumnData::ConstInt32(value) => format!("{:?}", vec![Some(*value); rows]),
        ColumnData::Int64 { values, valid } => match valid {
            None => format!("{:?}", values.iter().map(Some).collect::<Vec<_>>()),
            Some(valid) => {
                let each = values.iter().zip(valid).map(|(value, &valid)| valid.then_some(value));
                format!("{:?}", each.collect::<Vec<_>>())
            }
        },
    };
    let columns = Col::stored().iter().zip(&group.columns);
    columns.filter(|(col, _)| **col != Col::Raw).map(|(_, data)| text(data)).collect()
}

/// What the first bytes of files that are no text say they are.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x7fELF", "an ELF program"),
    (b"MZ\x90\0", "a Windows program"),
    (b"\xca\xfe\xba\xbe", "a class file or program"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture"),
    (b"\xa1\xb2\xc3\xd4", "a packet capture"),
    (b"\x4d\x3c\xb2\xa1", "a packet capture"),
    (b"\xa1\xb2\x3c\x4d", "a packet capture"),
    (b"\x0a\x0d\x0d\x0a", "a packet capture"),
    (b"PK\x03\x04", "a document or program packed as a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1\0\0", "an Arrow file"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x1f\x9d", "a file of compress(1)"),
    (b"\x04\x22\x4d\x18", "an LZ4 file"),
];

/// Why these first bytes are no text, for a file that no format claims.
pub fn binary(bytes: &[u8]) -> Option<String> {
    if let Some(what) = magic(bytes) {
        return Some(what.to_owned());
    }
    if is_utf16(bytes) || bytes.is_empty() {
        return None;
    }
    let odd = bytes.iter().filter(|&&byte| byte < 0x20 && !b"\t\n\r\x0b\x0c\x1b".contains(&byte));
    let share = odd.count() as f64 / bytes.len() as f64;
    (share > 0.1).then(|| format!("{:.0} % control bytes", share * 100.0))
}

/// What a file's first bytes say it is, where that is certain.
pub fn magic(bytes: &[u8]) -> Option<&'static str> {
    // A mark in the middle of a text is none.
    if bytes.get(257..262) == Some(b"ustar") && bytes[..257].contains(&0) {
        return Some("a tar archive");
    }
    MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what)
}

/// Whether it begins with a byte-order mark of UTF-16.
pub fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{ChunkParser, OddKind, OddLine, Reason};
    use crate::render::RowView;
    use chrono_tz::Tz;

    /// A format with a fixed score, that makes of each line whatever `reads` says.
    #[derive(Debug, Clone, Copy)]
    struct Stub {
        id: &'static str,
        score: Score,
        reads: Reason,
    }

    impl Parser for Stub {
        fn id(&self) -> &str {
            self.id
        }
        fn spec(&self) -> &str {
            ""
        }
        fn score(&self, _: &[&[u8]]) -> Score {
            self.score
        }
        fn chunk_parser(&self) -> Box<dyn ChunkParser> {
            Box::new(*self)
        }
        fn render(&self, _: &RowView<'_>, _: Option<Tz>, _: &mut Vec<u8>) {}
    }

    impl ChunkParser for Stub {
        fn parse(&mut self, chunk: &[u8], cx: &LineContext, out: &mut ChunkSink) {
            out.odd.push(OddLine {
                line_no: cx.first_line,
                byte_offset: 0,
                kind: OddKind::Quarantined,
                reason: Some(self.reads),
                bytes: chunk.to_vec(),
            });
        }
        fn flush(&mut self, _: &mut ChunkSink) {}
    }

    fn stub(id: &'static str, fit: f64, rank: u32, reads: Reason) -> Stub {
        Stub { id, score: Score { fit, exact: fit, rank }, reads }
    }

    fn decided(stubs: &[Stub]) -> Detected {
        let facts = Facts { line_end: LineEnd::Lf, own: &[], ingest_us: 0 };
        let candidate = |stub: &Stub| (stub.id.to_owned(), Arc::new(*stub) as Arc<dyn Parser>);
        decide(&[b"one", b"two"], stubs.iter().map(candidate).collect(), facts)
    }

    #[test]
    fn the_best_wins_and_the_next_is_named() {
        let stubs = [stub("a", 0.3, 9, Reason::BadTime), stub("b", 0.7, 1, Reason::BadTime)];
        let Detected::Format(parser, choice) = decided(&stubs) else { panic!("not decided") };
        assert_eq!((parser.id(), choice.runner_up.clone().unwrap().0.as_str()), ("b", "a"));
        assert!((choice.margin().unwrap() - 0.4).abs() < 1e-9);
    }

    #[test]
    fn marks_of_a_dialect_win_over_a_few_broken_lines() {
        let stubs =
            [stub("general", 1.0, 1, Reason::BadTime), stub("dialect", 0.99, 5, Reason::NotText)];
        let Detected::Format(parser, _) = decided(&stubs) else { panic!("not decided") };
        assert_eq!(parser.id(), "dialect");
    }

    #[test]
    fn equals_are_ambiguous_unless_their_rows_are_equal() {
        let (a, b) = (stub("a", 0.9, 3, Reason::BadTime), stub("b", 0.9, 3, Reason::NotText));
        let Detected::Ambiguous(choice) = decided(&[a, b]) else { panic!("decided") };
        assert_eq!((choice.id.as_str(), choice.runner_up.unwrap().0.as_str()), ("a", "b"));
        let same = Stub { reads: Reason::BadTime, ..b };
        let Detected::Format(parser, choice) = decided(&[a, same]) else { panic!("not decided") };
        assert_eq!(parser.id(), "a");
        assert!(choice.note.unwrap().contains("`b` reads it alike"));
    }

    #[test]
    fn too_few_lines_claim_nothing() {
        assert!(matches!(decided(&[stub("a", 0.2, 9, Reason::BadTime)]), Detected::Unknown(_)));
        assert!(matches!(decided(&[]), Detected::Unknown(_)));
    }

    #[test]
    fn a_sample_is_taken_apart() {
        let sample = Sample::new(b"\xef\xbb\xbfone\r\ntwo\r\nthr", false);
        assert_eq!(sample.bom, BOM);
        assert_eq!(sample.lines, [b"one", b"two"]);
        assert_eq!(sample.line_end, LineEnd::Crlf);
        let sample = Sample::new(b"one\ntwo\r\nthr", true);
        assert_eq!(sample.lines, [b"one".as_slice(), b"two\r", b"thr"]);
        assert_eq!(sample.line_end, LineEnd::Lf);
    }

    #[test]
    fn binary_files_are_told_from_text() {
        assert_eq!(binary(b"\x89PNG\r\n\x1a\n").as_deref(), Some("a PNG image"));
        assert!(binary(&[0; 100]).unwrap().contains("control bytes"));
        assert!(binary(b"\xff\xfeo\0n\0e\0\n\0").is_none() && is_utf16(b"\xff\xfe"));
        assert!(binary("grüße, \x1b[1mbunt\x1b[0m\n".as_bytes()).is_none());
    }
}
