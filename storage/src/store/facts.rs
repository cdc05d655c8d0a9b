//! How does what is known of a source leave the ledger, into an archive or beside a restored set? As one object of
//! canonical JSON, which gives the source back.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{ExtentRef, Source};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::extent::{Counts, FileIdentity, LineEnd, SourceState};
use crate::ledger::json::Int;
use crate::privacy::Privacy;

/// A source, as it is written outside of the ledger. It holds the path: log text, which a record must not have.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFacts {
    bom: String,
    bytes: Int,
    /// Lines, rows, quarantined, headers, blank.
    counts: [Int; 5],
    extents: Vec<ExtentFacts>,
    final_newline: bool,
    format: String,
    format_spec: String,
    id: Int,
    /// Device and inode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<[Int; 2]>,
    line_end: LineEnd,
    path: String,
    /// The bytes of the path, where it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    prefix: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    privacy: Option<serde_json::Value>,
    redacted: Int,
    #[serde(default = "none")]
    redacted_others: Int,
    /// The last line it covers, and the digest of what is left up to there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remaining: Option<(Int, Digest)>,
    retired: Int,
    sha256: Digest,
    shift: Int,
    /// Where it was changed: record, microseconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shifts: Vec<(u64, i64)>,
    state: SourceState,
    /// Earliest and latest event time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ts: Option<[Int; 2]>,
    zone: String,
}

fn none() -> Int {
    0_u64.into()
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtentFacts {
    first_line: Int,
    from: Int,
    lines: Int,
    seq: Int,
    sha256: Digest,
    to: Int,
}

impl ExtentFacts {
    fn of(extent: &ExtentRef) -> Self {
        Self {
            first_line: extent.first_line.into(),
            from: extent.from.into(),
            lines: extent.lines.into(),
            seq: extent.seq.into(),
            sha256: extent.sha256,
            to: extent.to.into(),
        }
    }

    fn get(&self) -> Result<ExtentRef> {
        Ok(ExtentRef {
            from: self.from.get()?,
            to: self.to.get()?,
            sha256: self.sha256,
            first_line: self.first_line.get()?,
            lines: self.lines.get()?,
            seq: self.seq.get()?,
        })
    }
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Integrity, what)
}

impl SourceFacts {
    /// What is known of `source`.
    pub fn of(source: &Source) -> Result<Self> {
        let counts = &source.counts;
        let counts = [counts.lines, counts.rows, counts.quarantined, counts.headers, counts.blank];
        let identity = |identity: FileIdentity| [identity.device.into(), identity.inode.into()];
        let privacy = match &source.privacy {
            Some(privacy) => {
                Some(serde_json::from_slice(&privacy.to_json()?).map_err(|error| {
                    Error::new(ErrorKind::Internal, "a privacy rule is no JSON").caused_by(error)
                })?)
            }
            None => None,
        };
        Ok(Self {
            bom: BASE64_STANDARD.encode(&source.bom),
            bytes: source.bytes.into(),
            counts: counts.map(Int::from),
            extents: source.extents.iter().map(ExtentFacts::of).collect(),
            final_newline: source.final_newline,
            format: source.format.clone(),
            format_spec: source.format_spec.clone(),
            id: source.id.into(),
            identity: source.identity.map(identity),
            line_end: source.line_end,
            path: source.path.to_string_lossy().into_owned(),
            path_bytes: path_bytes(&source.path),
            prefix: source.prefix,
            privacy,
            redacted: source.redacted.into(),
            redacted_others: source.redacted_others.into(),
            remaining: source.remaining.map(|(line, digest)| (line.into(), digest)),
            shifts: source.shifts.clone(),
            retired: source.retired.into(),
            sha256: source.sha256,
            shift: source.shift_us.into(),
            state: source.state,
            ts: source
                .first_ts
                .zip(source.last_ts)
                .map(|(first, last)| [first.into(), last.into()]),
            zone: source.zone.clone(),
        })
    }

    /// The source.
    pub fn into_source(self) -> Result<Source> {
        let [lines, rows, quarantined, headers, blank] = self.counts;
        let counts = Counts {
            lines: lines.get()?,
            rows: rows.get()?,
            quarantined: quarantined.get()?,
            headers: headers.get()?,
            blank: blank.get()?,
        };
        if !counts.balance() {
            return Err(broken("the accounts of a source don't add up"));
        }
        let identity = match self.identity {
            Some([device, inode]) => {
                Some(FileIdentity { device: device.get()?, inode: inode.get()? })
            }
            None => None,
        };
        let ts = match self.ts {
            Some([first, last]) => Some((first.get()?, last.get()?)),
            None => None,
        };
        let privacy = match &self.privacy {
            Some(rule) => {
                let rule = Privacy::from_json(rule.to_string().as_bytes());
                Some(Arc::new(rule.ok_or_else(|| broken("an unknown privacy rule"))?))
            }
            None => None,
        };
        let decode = |text: &str| BASE64_STANDARD.decode(text).map_err(|_| broken("no base64"));
        Ok(Source {
            id: self.id.get()?,
            path: match &self.path_bytes {
                Some(bytes) => PathBuf::from(OsString::from_vec(decode(bytes)?)),
                None => self.path.into(),
            },
            sha256: self.sha256,
            prefix: self.prefix,
            identity,
            format: self.format,
            format_spec: self.format_spec,
            zone: self.zone,
            line_end: self.line_end,
            bom: decode(&self.bom)?,
            final_newline: self.final_newline,
            state: self.state,
            bytes: self.bytes.get()?,
            counts,
            first_ts: ts.map(|(first, _)| first),
            last_ts: ts.map(|(_, last)| last),
            extents: self.extents.iter().map(ExtentFacts::get).collect::<Result<_>>()?,
            retired: self.retired.get()?,
            redacted: self.redacted.get()?,
            privacy,
            shift_us: self.shift.get()?,
            shifts: self.shifts,
            remaining: match self.remaining {
                Some((line, digest)) => Some((line.get()?, digest)),
                None => None,
            },
            redacted_others: self.redacted_others.get()?,
        })
    }
}

/// The bytes of a path that is no text, in base64.
fn path_bytes(path: &Path) -> Option<String> {
    path.to_str().is_none().then(|| BASE64_STANDARD.encode(path.as_os_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::json;

    fn source() -> Source {
        let extent = |from, to, seq| ExtentRef {
            from,
            to,
            sha256: Digest::of(&[seq as u8]),
            first_line: from as i64 + 1,
            lines: to - from,
            seq,
        };
        Source {
            id: 7,
            path: OsString::from_vec(b"/var/log/\xff.log".to_vec()).into(),
            sha256: Digest::of(b"all"),
            prefix: Digest::of(b"a"),
            identity: Some(FileIdentity { device: 1, inode: u64::MAX }),
            format: "squid".into(),
            format_spec: "%ts".into(),
            zone: "Europe/Berlin".into(),
            line_end: LineEnd::Crlf,
            bom: vec![0xef, 0xbb, 0xbf],
            final_newline: false,
            state: SourceState::RetiredInPart,
            bytes: 20,
            counts: Counts { lines: 20, rows: 17, quarantined: 1, headers: 1, blank: 1 },
            first_ts: Some(-5),
            last_ts: Some(1_795_521_600_000_000),
            extents: vec![extent(0, 10, 4), extent(10, 20, 9)],
            retired: 3,
            redacted: 1,
            privacy: None,
            shift_us: -3_600_000_000,
            shifts: vec![(0, 0), (9, -3_600_000_000)],
            remaining: Some((20, Digest::of(b"left"))),
            redacted_others: 1,
        }
    }

    #[test]
    fn a_source_comes_back_as_it_was() {
        let rule = serde_json::from_str(r#"{"drop":["path"]}"#).unwrap();
        let private = Privacy { rule, key_id: "00".into() };
        let plain = Source { path: "/a.log".into(), identity: None, ..source() };
        let unseen = Source { first_ts: None, last_ts: None, ..source() };
        let private = Source { privacy: Some(Arc::new(private)), ..source() };
        for source in [source(), plain, unseen, private] {
            let bytes = json::to_bytes(&SourceFacts::of(&source).unwrap()).unwrap();
            assert!(json::is_canonical(&bytes));
            let read: SourceFacts = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(read.into_source().unwrap(), source);
        }
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        let mut facts = SourceFacts::of(&source()).unwrap();
        facts.counts[0] = Int(1);
        assert!(facts.into_source().is_err());
        let mut facts = SourceFacts::of(&source()).unwrap();
        facts.bytes = Int(-1);
        assert!(facts.into_source().is_err());
    }
}
