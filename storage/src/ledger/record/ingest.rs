//! What does an ingest record say? One extent of one source, with the accounts of its lines and its files.

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::super::json::Int;
use super::files::FileBody;
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::extent::{Counts, Extent, FileIdentity, LineEnd, SourceInfo, SourceState};

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
        format!(
            "source {}: bytes {}..{}, {} lines, {} rows, {files} files",
            self.source_id, extent.from, extent.to, extent.counts.lines, extent.counts.rows
        )
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CountsBody {
    blank: Int,
    headers: Int,
    lines: Int,
    quarantined: Int,
    rows: Int,
}

impl CountsBody {
    fn new(counts: &Counts) -> Self {
        Self {
            blank: counts.blank.into(),
            headers: counts.headers.into(),
            lines: counts.lines.into(),
            quarantined: counts.quarantined.into(),
            rows: counts.rows.into(),
        }
    }

    fn get(&self) -> Result<Counts> {
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
    zone: String,
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
