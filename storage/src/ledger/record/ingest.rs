//! What does an ingest record say? One extent of one source, with the accounts of its lines and its files.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::super::json::{self, Int};
use super::super::text::Text;
use super::files::FileBody;
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::extent::{Counts, Extent, FileIdentity, LineEnd, SourceInfo, SourceState};
use crate::privacy::{Privacy, Rule};

/// An ingest record: an extent (its path lies in the words) with the ids it got.
#[derive(Debug, Clone)]
pub struct Ingest {
    /// The transaction, as its footers name it.
    pub transaction: String,
    /// The source.
    pub source_id: i32,
    /// The extent; file paths are relative to the store.
    pub extent: Extent,
}

impl Ingest {
    pub(super) fn detail(&self) -> String {
        let extent = &self.extent;
        let files = extent.segments.len() + usize::from(extent.lines.is_some());
        let privacy = extent.source.privacy.as_ref();
        let privacy = privacy.map(|it| format!("; digests keyed; {}", it.rule.describe()));
        format!(
            "source {}: bytes {}..{}, {} lines, {} rows, {files} files{}",
            self.source_id,
            extent.from,
            extent.to,
            extent.counts.lines,
            extent.counts.rows,
            privacy.unwrap_or_default()
        )
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CountsBody {
    blank: Int,
    headers: Int,
    lines: Int,
    quarantined: Int,
    rows: Int,
}

impl CountsBody {
    pub(super) fn new(counts: &Counts) -> Self {
        Self {
            blank: counts.blank.into(),
            headers: counts.headers.into(),
            lines: counts.lines.into(),
            quarantined: counts.quarantined.into(),
            rows: counts.rows.into(),
        }
    }

    pub(super) fn get(&self) -> Result<Counts> {
        Ok(Counts {
            lines: self.lines.get()?,
            rows: self.rows.get()?,
            quarantined: self.quarantined.get()?,
            headers: self.headers.get()?,
            blank: self.blank.get()?,
        })
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SupersedesBody {
    counts: CountsBody,
    line: Int,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceBody {
    bom: String,
    format: String,
    format_spec: String,
    id: Int,
    /// Device and inode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<[Int; 2]>,
    line_end: LineEnd,
    prefix: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    privacy: Option<PrivacyBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shift: Option<Int>,
    zone: String,
}

/// The rule of a source, and the key that its digests and pseudonyms were made with.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PrivacyBody {
    key: String,
    rule: Rule,
}

impl Privacy {
    fn to_body(&self) -> PrivacyBody {
        PrivacyBody { key: self.key_id.clone(), rule: self.rule.clone() }
    }

    /// Its canonical bytes.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>> {
        json::to_bytes(&self.to_body())
    }

    /// Reads what [`Self::to_json`] has written.
    pub(crate) fn from_json(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice::<PrivacyBody>(bytes).ok().map(PrivacyBody::into_privacy)
    }
}

impl PrivacyBody {
    fn into_privacy(self) -> Privacy {
        Privacy { rule: self.rule, key_id: self.key }
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IngestBody {
    counts: CountsBody,
    final_newline: bool,
    first_line: Int,
    from: Int,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lines: Option<FileBody>,
    segments: Vec<FileBody>,
    sha256: Digest,
    source: SourceBody,
    state: SourceState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    supersedes: Option<SupersedesBody>,
    to: Int,
    /// Earliest and latest event time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ts: Option<[Int; 2]>,
    tx: String,
}

/// The day of a file below `requests/` or `lines/`.
pub(crate) fn day_of(path: &str) -> Option<Day> {
    Day::from_folder(path.split('/').nth(1)?)
}

impl IngestBody {
    pub(super) fn new(ingest: &Ingest) -> Self {
        let Extent { source, .. } = &ingest.extent;
        let extent = &ingest.extent;
        let identity = |identity: FileIdentity| [identity.device.into(), identity.inode.into()];
        Self {
            counts: CountsBody::new(&extent.counts),
            final_newline: extent.final_newline,
            first_line: extent.first_line.into(),
            from: extent.from.into(),
            lines: extent.lines.as_ref().map(FileBody::new),
            segments: extent.segments.iter().map(|(_, meta)| FileBody::new(meta)).collect(),
            sha256: extent.sha256,
            source: SourceBody {
                bom: BASE64_STANDARD.encode(&source.bom),
                format: source.format.clone(),
                format_spec: source.format_spec.clone(),
                id: ingest.source_id.into(),
                identity: source.identity.map(identity),
                line_end: source.line_end,
                prefix: source.prefix,
                privacy: source.privacy.as_deref().map(Privacy::to_body),
                shift: (source.shift_us != 0).then(|| source.shift_us.into()),
                zone: source.zone.clone(),
            },
            state: extent.state,
            supersedes: extent.supersedes.map(|line| SupersedesBody {
                counts: CountsBody::new(&extent.superseded),
                line: line.into(),
            }),
            to: extent.to.into(),
            ts: extent.ts_range.map(|(first, last)| [first.into(), last.into()]),
            tx: ingest.transaction.clone(),
        }
    }

    pub(super) fn into_ingest(self) -> Result<Ingest> {
        let bad = |what: &str| Error::new(ErrorKind::Integrity, what);
        let source_id = self.source.id.get()?;
        let identity = match self.source.identity {
            Some([device, inode]) => {
                Some(FileIdentity { device: device.get()?, inode: inode.get()? })
            }
            None => None,
        };
        let bom = BASE64_STANDARD.decode(&self.source.bom).map_err(|_| bad("no base64"))?;
        let segments = self.segments.into_iter().map(|file| {
            let meta = file.into_meta()?;
            let day = day_of(&meta.path).ok_or_else(|| bad("a segment outside of its day"))?;
            Ok((day, meta))
        });
        let (supersedes, superseded) = match &self.supersedes {
            Some(body) => (Some(body.line.get()?), body.counts.get()?),
            None => (None, Counts::default()),
        };
        let ts_range = match self.ts {
            Some([first, last]) => Some((first.get()?, last.get()?)),
            None => None,
        };
        let extent = Extent {
            source: SourceInfo {
                path: PathBuf::new(),
                identity,
                prefix: self.source.prefix,
                format: self.source.format,
                format_spec: self.source.format_spec,
                zone: self.source.zone,
                line_end: self.source.line_end,
                bom,
                privacy: self.source.privacy.map(|body| Arc::new(body.into_privacy())),
                shift_us: self.source.shift.map_or(Ok(0), |shift| shift.get())?,
            },
            from: self.from.get()?,
            to: self.to.get()?,
            sha256: self.sha256,
            first_line: self.first_line.get()?,
            counts: self.counts.get()?,
            supersedes,
            superseded,
            final_newline: self.final_newline,
            state: self.state,
            ts_range,
            segments: segments.collect::<Result<_>>()?,
            lines: self.lines.map(FileBody::into_meta).transpose()?,
        };
        Ok(Ingest { transaction: self.tx, source_id, extent })
    }
}

/// What a footer says of the extent that its file belongs to: all of its record but the files.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FooterBody {
    extent: IngestBody,
    words: Text,
}

impl Extent {
    /// What the footers of its files keep of it (`dwell.extent`), so that a lost ledger can be rebuilt from them.
    ///
    /// The extent's own list of files does not count, it may still be empty.
    pub fn footer_json(&self, source_id: i32) -> Result<String> {
        let extent = Self { segments: Vec::new(), lines: None, ..self.clone() };
        let words = Text::default().with_path(&self.source.path);
        let ingest = Ingest { transaction: String::new(), source_id, extent };
        let bytes = json::to_bytes(&FooterBody { extent: IngestBody::new(&ingest), words })?;
        String::from_utf8(bytes)
            .map_err(|error| Error::new(ErrorKind::Internal, "no UTF-8").caused_by(error))
    }
}

/// What a footer says without the path that its source came from; `None` if it names none.
pub(crate) fn without_path(footer: &str) -> Option<String> {
    let body: FooterBody = serde_json::from_str(footer).ok()?;
    if body.words.is_empty() {
        return None;
    }
    let bytes = json::to_bytes(&FooterBody { words: Text::default(), ..body }).ok()?;
    String::from_utf8(bytes).ok()
}

impl Ingest {
    /// Reads what [`Extent::footer_json`] has written; transaction and files are still missing.
    pub(crate) fn from_footer(text: &str) -> Result<Self> {
        let body: FooterBody = serde_json::from_str(text).map_err(|error| {
            Error::new(ErrorKind::Integrity, "a footer without its extent").caused_by(error)
        })?;
        let mut ingest = body.extent.into_ingest()?;
        ingest.extent.source.path = body.words.path();
        Ok(ingest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::record::{Body, Record};
    use crate::segment::{ColumnStats, FileMeta, SourceRange};

    fn example() -> Extent {
        let meta = FileMeta {
            path: "requests/day=2026-11-20/a.parquet".into(),
            bytes: 10,
            sha256: Digest::of(b"a"),
            tail: 3,
            root: Digest::of(b"b"),
            rows: 1,
            min_ts: -1,
            max_ts: i64::MAX,
            sources: vec![SourceRange { source_id: 7, first_line: 1, last_line: 2, rows: 1 }],
            stats: vec![
                ColumnStats { column: "ts".into(), nulls: 0, min: Some(-1), max: Some(i64::MAX) },
                ColumnStats { column: "user".into(), nulls: 1, min: None, max: None },
            ]
            .into(),
        };
        let lines = FileMeta { path: "lines/day=2026-11-24/b.parquet".into(), ..meta.clone() };
        Extent {
            source: SourceInfo {
                path: "/var/log/a.log".into(),
                identity: Some(FileIdentity { device: u64::MAX, inode: 3 }),
                prefix: Digest::of(b"p"),
                format: "squid".into(),
                format_spec: "%ts".into(),
                zone: "UTC".into(),
                line_end: LineEnd::Crlf,
                bom: vec![0xef, 0xbb, 0xbf],
                privacy: None,
                shift_us: -3_600_000_000,
            },
            from: 3,
            to: 1 << 60,
            sha256: Digest::of(b"c"),
            first_line: 1,
            counts: Counts { lines: 2, rows: 1, quarantined: 1, headers: 0, blank: 0 },
            supersedes: Some(1),
            superseded: Counts { lines: 1, rows: 1, ..Counts::default() },
            final_newline: false,
            state: SourceState::RetiredInPart,
            ts_range: Some((-1, i64::MAX)),
            segments: vec![("2026-11-20".parse().unwrap(), meta)],
            lines: Some(lines),
        }
    }

    #[test]
    fn a_record_survives() {
        let ingest = Ingest { transaction: "t".into(), source_id: 7, extent: example() };
        let body = Body::Ingest(Box::new(ingest));
        let record = Record { seq: 9, at: 5, text: Some(Digest::of(b"w")), body };
        let line = record.to_line().unwrap();
        assert!(json::is_canonical(&line));
        let text = String::from_utf8(line.clone()).unwrap();
        assert!(!text.contains("a.log"), "no words in a record: {text}");
        let read = Record::parse(&line).unwrap();
        assert_eq!(read.to_line().unwrap(), line);
        let Body::Ingest(read) = read.body else { panic!("another kind") };
        let mut expected = example();
        expected.source.path = PathBuf::new();
        assert_eq!(format!("{:?}", read.extent), format!("{expected:?}"));
    }

    #[test]
    fn a_rule_stands_in_the_record_of_another_version() {
        let mut extent = example();
        let rule: Rule = toml::from_str("drop = ['cookie']\ntruncate_ip = {}").unwrap();
        let privacy = Arc::new(Privacy { rule, key_id: "00".into() });
        extent.source.privacy = Some(Arc::clone(&privacy));
        let ingest = Ingest { transaction: "t".into(), source_id: 7, extent };
        let json = ingest.extent.footer_json(7).unwrap();
        assert_eq!(Ingest::from_footer(&json).unwrap().extent.source.privacy, Some(privacy));
        let body = Body::Ingest(Box::new(ingest));
        assert!(body.detail().ends_with("cookie dropped; client_ip truncated to /24 and /48"));
        let line = Record { seq: 9, at: 5, text: None, body }.to_line().unwrap();
        let text = String::from_utf8(line.clone()).unwrap();
        assert!(text.contains(
            r#""privacy":{"key":"00","rule":{"drop":["cookie"],"truncate_ip":{"v4":24,"v6":48}}}"#
        ));
        assert!(text.ends_with(r#","v":2}"#), "{text}");
        assert_eq!(Record::parse(&line).unwrap().to_line().unwrap(), line);
    }

    #[test]
    fn a_footer_survives() {
        let json = example().footer_json(7).unwrap();
        let read = Ingest::from_footer(&json).unwrap();
        let expected = Extent { segments: Vec::new(), lines: None, ..example() };
        assert_eq!(read.source_id, 7);
        assert_eq!(format!("{:?}", read.extent), format!("{expected:?}"));
        assert!(Ingest::from_footer("{}").is_err());
        let forgotten = without_path(&json).unwrap();
        assert_eq!(without_path(&forgotten), None);
        let read = Ingest::from_footer(&forgotten).unwrap();
        assert_eq!(read.extent.source.path, std::path::Path::new(""));
        assert_eq!(read.extent.sha256, expected.sha256);
    }
}
