//! What does a shift record say? The stated correction of a source's clock, and the files with its corrected rows.

use super::super::json::{self, Int};
use super::files::FileBody;
use super::ingest::day_of;
use crate::error::{Error, ErrorKind, Result};
use crate::extent::{Shift, shift_text};

/// A shift record: the correction, with the ids it got.
#[derive(Debug, Clone)]
pub struct Shifted {
    /// The transaction, as its footers name it.
    pub transaction: String,
    /// The source.
    pub source_id: i32,
    /// What was corrected; file paths are relative to the store.
    pub shift: Shift,
}

impl Shifted {
    pub(super) fn detail(&self) -> String {
        let rows: u64 = self.shift.segments.iter().map(|(_, meta)| meta.rows).sum();
        format!(
            "source {}: {rows} rows, shift {} where it was {}",
            self.source_id,
            shift_text(self.shift.new_us),
            shift_text(self.shift.old_us)
        )
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShiftBody {
    id: Int,
    last_line: Int,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lines: Option<FileBody>,
    new: Int,
    old: Int,
    segments: Vec<FileBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ts: Option<[Int; 2]>,
    tx: String,
}

impl ShiftBody {
    pub(super) fn new(shifted: &Shifted) -> Self {
        let shift = &shifted.shift;
        Self {
            id: shifted.source_id.into(),
            last_line: shift.last_line.into(),
            lines: shift.lines.as_ref().map(FileBody::new),
            new: shift.new_us.into(),
            old: shift.old_us.into(),
            segments: shift.segments.iter().map(|(_, meta)| FileBody::new(meta)).collect(),
            ts: shift.ts_range.map(|(first, last)| [first.into(), last.into()]),
            tx: shifted.transaction.clone(),
        }
    }

    pub(super) fn into_shifted(self) -> Result<Shifted> {
        let segments = self.segments.into_iter().map(|file| {
            let meta = file.into_meta()?;
            let outside = || Error::new(ErrorKind::Integrity, "a segment outside of its day");
            Ok((day_of(&meta.path).ok_or_else(outside)?, meta))
        });
        let pair = |[first, last]: [Int; 2]| Ok::<_, Error>((first.get()?, last.get()?));
        let shift = Shift {
            old_us: self.old.get()?,
            new_us: self.new.get()?,
            last_line: self.last_line.get()?,
            ts_range: self.ts.map(pair).transpose()?,
            segments: segments.collect::<Result<_>>()?,
            lines: self.lines.map(FileBody::into_meta).transpose()?,
        };
        Ok(Shifted { transaction: self.tx, source_id: self.id.get()?, shift })
    }
}

/// What a footer says of the shift that its file belongs to.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FooterBody {
    shift: ShiftBody,
}

impl Shift {
    /// What the footers of its files keep of it (`dwell.extent`), so that a lost ledger can be rebuilt from them.
    ///
    /// Its own list of files does not count, it may still be empty.
    pub fn footer_json(&self, source_id: i32) -> Result<String> {
        let shift = Self { segments: Vec::new(), lines: None, ..self.clone() };
        let shifted = Shifted { transaction: String::new(), source_id, shift };
        let bytes = json::to_bytes(&FooterBody { shift: ShiftBody::new(&shifted) })?;
        String::from_utf8(bytes)
            .map_err(|error| Error::new(ErrorKind::Internal, "no UTF-8").caused_by(error))
    }
}

impl Shifted {
    /// Reads what [`Shift::footer_json`] has written; transaction and files are still missing.
    pub(crate) fn from_footer(text: &str) -> Option<Self> {
        serde_json::from_str::<FooterBody>(text).ok()?.shift.into_shifted().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::record::{Body, Record};

    #[test]
    fn a_record_and_a_footer_survive() {
        let shift = Shift {
            old_us: 0,
            new_us: -90_000_000,
            last_line: 12,
            ts_range: Some((-5, i64::MAX)),
            segments: Vec::new(),
            lines: None,
        };
        let json = shift.footer_json(3).unwrap();
        let read = Shifted::from_footer(&json).unwrap();
        assert_eq!(format!("{:?}", read.shift), format!("{shift:?}"));
        let shifted = Shifted { transaction: "t".into(), source_id: 3, shift };
        assert!(
            shifted.detail().contains("shift -00:01:30 where it was +00:00:00"),
            "{}",
            shifted.detail()
        );
        let record = Record { seq: 2, at: 1, text: None, body: Body::Shift(Box::new(shifted)) };
        let line = record.to_line().unwrap();
        assert!(json::is_canonical(&line));
        assert_eq!(Record::parse(&line).unwrap().to_line().unwrap(), line);
    }
}
