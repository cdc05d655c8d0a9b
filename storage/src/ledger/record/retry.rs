//! What does a retry record say? Lines of a source that were in quarantine, and what came of reading them anew.

use super::super::json::{self, Int};
use super::files::FileBody;
use super::ingest::{CountsBody, day_of};
use crate::error::{Error, ErrorKind, Result};
use crate::extent::{LineEnd, Retry};

/// A retry record: what was read anew, with the ids it got.
#[derive(Debug, Clone)]
pub struct Retried {
    /// The transaction, as its footers name it.
    pub transaction: String,
    /// The source.
    pub source_id: i32,
    /// What was read; file paths are relative to the store.
    pub retry: Retry,
}

impl Retried {
    pub(super) fn detail(&self) -> String {
        let (was, counts) = (&self.retry.was, &self.retry.counts);
        format!(
            "source {}: {} lines read anew, {} rows where {} were",
            self.source_id, counts.lines, counts.rows, was.rows
        )
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryBody {
    counts: CountsBody,
    format: String,
    format_spec: String,
    id: Int,
    line_end: LineEnd,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lines: Option<FileBody>,
    ranges: Vec<[Int; 2]>,
    segments: Vec<FileBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ts: Option<[Int; 2]>,
    tx: String,
    was: CountsBody,
    whole: bool,
    zone: String,
}

impl RetryBody {
    pub(super) fn new(retried: &Retried) -> Self {
        let retry = &retried.retry;
        let pair = |&(first, last): &(i64, i64)| [first.into(), last.into()];
        Self {
            counts: CountsBody::new(&retry.counts),
            format: retry.format.clone(),
            format_spec: retry.format_spec.clone(),
            id: retried.source_id.into(),
            line_end: retry.line_end,
            lines: retry.lines.as_ref().map(FileBody::new),
            ranges: retry.ranges.iter().map(pair).collect(),
            segments: retry.segments.iter().map(|(_, meta)| FileBody::new(meta)).collect(),
            ts: retry.ts_range.as_ref().map(pair),
            tx: retried.transaction.clone(),
            was: CountsBody::new(&retry.was),
            whole: retry.whole,
            zone: retry.zone.clone(),
        }
    }

    pub(super) fn into_retried(self) -> Result<Retried> {
        let segments = self.segments.into_iter().map(|file| {
            let meta = file.into_meta()?;
            let outside = || Error::new(ErrorKind::Integrity, "a segment outside of its day");
            Ok((day_of(&meta.path).ok_or_else(outside)?, meta))
        });
        let pair = |[first, last]: [Int; 2]| Ok::<_, Error>((first.get()?, last.get()?));
        let retry = Retry {
            format: self.format,
            format_spec: self.format_spec,
            zone: self.zone,
            line_end: self.line_end,
            whole: self.whole,
            ranges: self.ranges.into_iter().map(pair).collect::<Result<_>>()?,
            was: self.was.get()?,
            counts: self.counts.get()?,
            ts_range: self.ts.map(pair).transpose()?,
            segments: segments.collect::<Result<_>>()?,
            lines: self.lines.map(FileBody::into_meta).transpose()?,
        };
        Ok(Retried { transaction: self.tx, source_id: self.id.get()?, retry })
    }
}

/// What a footer says of the retry that its file belongs to.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FooterBody {
    retry: RetryBody,
}

impl Retry {
    /// What the footers of its files keep of it (`dwell.extent`), so that a lost ledger can be rebuilt from them.
    ///
    /// Its own list of files does not count, it may still be empty.
    pub fn footer_json(&self, source_id: i32) -> Result<String> {
        let retry = Self { segments: Vec::new(), lines: None, ..self.clone() };
        let retried = Retried { transaction: String::new(), source_id, retry };
        let bytes = json::to_bytes(&FooterBody { retry: RetryBody::new(&retried) })?;
        String::from_utf8(bytes)
            .map_err(|error| Error::new(ErrorKind::Internal, "no UTF-8").caused_by(error))
    }
}

impl Retried {
    /// Reads what [`Retry::footer_json`] has written; transaction and files are still missing.
    pub(crate) fn from_footer(text: &str) -> Option<Self> {
        serde_json::from_str::<FooterBody>(text).ok()?.retry.into_retried().ok()
    }
}
