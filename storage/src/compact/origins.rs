//! From which commits do the rows of a compacted file come? Its footer keeps what theirs said, so that a lost ledger can
//! still be rebuilt from the files.
//!
//! For each commit whose files went into it, directly or by earlier compactions: its transaction, its `dwell.extent`, and
//! the facts of these files (without statistics, nobody plans with them again). Files of which nothing is shown any more
//! leave without a successor; what their footers said is kept by another file that is written in the same commit.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::error::{Error, ErrorKind, Result};
use crate::ledger::record::{form, without_path};
use crate::segment::{FileMeta, VerifiedFile, key};

/// More than this much of origins is no footer of ours.
const LARGEST: usize = 256 << 20;

/// The level of zstd for the origins.
const ZSTD_LEVEL: i32 = 9;

/// A commit, and those of its files that were put together with others.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Origin {
    /// What the footers of its files say of it, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) extent: Option<String>,
    /// Its files.
    #[serde(with = "form::metas")]
    pub(crate) files: Vec<FileMeta>,
    /// Its name.
    pub(crate) tx: String,
}

/// Commits by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origins(BTreeMap<String, Origin>);

/// What the footer of a compacted file says of where it comes from.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FooterBody {
    compact: CompactBody,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CompactBody {
    /// JSON array of [`Origin`], compressed by zstd, in base64.
    origins: String,
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("a footer of a compacted file {what}"))
}

impl Origins {
    /// Adds where the rows of a file come from.
    pub(super) fn add_file(&mut self, file: &VerifiedFile, meta: &FileMeta) -> Result<()> {
        let pairs = file.metadata().file_metadata().key_value_metadata();
        let value = |name: &str| {
            let pair = pairs.into_iter().flatten().find(|pair| pair.key == name);
            pair.and_then(|pair| pair.value.clone())
        };
        let extent = value(key::EXTENT);
        if let Some(origins) = extent.as_deref().and_then(Self::from_footer) {
            origins?.into_iter().for_each(|origin| self.add(origin));
            return Ok(());
        }
        let tx = value(key::TRANSACTION).ok_or_else(|| broken("without its transaction"))?;
        let meta = FileMeta { stats: crate::segment::Stats::default(), ..meta.clone() };
        self.add(Origin { extent, files: vec![meta], tx });
        Ok(())
    }

    fn add(&mut self, origin: Origin) {
        match self.0.get_mut(&origin.tx) {
            None => _ = self.0.insert(origin.tx.clone(), origin),
            Some(known) => {
                known.extent = known.extent.take().or(origin.extent);
                let new = |file: &FileMeta| known.files.iter().all(|it| it.path != file.path);
                let new: Vec<_> = origin.files.into_iter().filter(new).collect();
                known.files.extend(new);
            }
        }
    }

    /// The value of `dwell.extent` in the footers of the files that come from these commits.
    pub(super) fn to_footer(&self) -> Result<String> {
        let internal = |error: std::io::Error| {
            Error::new(ErrorKind::Internal, "cannot write a footer").caused_by(error)
        };
        let origins: Vec<&Origin> = self.0.values().collect();
        let json = serde_json::to_vec(&origins).map_err(|error| internal(error.into()))?;
        let packed = zstd::encode_all(json.as_slice(), ZSTD_LEVEL).map_err(internal)?;
        let compact = CompactBody { origins: BASE64_STANDARD.encode(packed) };
        serde_json::to_string(&FooterBody { compact }).map_err(|error| internal(error.into()))
    }

    /// What such a footer says without the paths that sources came from; `None` if it names none.
    pub(crate) fn without_paths(text: &str) -> Option<String> {
        let mut origins = Self::default();
        let mut changed = false;
        for mut origin in Self::from_footer(text)?.ok()? {
            if let Some(without) = origin.extent.as_deref().and_then(without_path) {
                origin.extent = Some(without);
                changed = true;
            }
            origins.add(origin);
        }
        if changed { origins.to_footer().ok() } else { None }
    }

    /// Reads what [`Origins::to_footer`] has written; `None` if it is the footer of another kind of commit.
    pub(crate) fn from_footer(text: &str) -> Option<Result<Vec<Origin>>> {
        let body = serde_json::from_str::<FooterBody>(text).ok()?;
        let unpack = || {
            let packed = BASE64_STANDARD.decode(body.compact.origins).ok()?;
            let reader = zstd::stream::read::Decoder::new(packed.as_slice()).ok()?;
            let mut json = Vec::new();
            let limit = LARGEST as u64 + 1;
            std::io::Read::read_to_end(&mut std::io::Read::take(reader, limit), &mut json).ok()?;
            serde_json::from_slice(&json).ok().filter(|_| json.len() <= LARGEST)
        };
        Some(unpack().ok_or_else(|| broken("without sound origins")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::segment::SourceRange;

    fn meta(path: &str) -> FileMeta {
        FileMeta {
            path: path.into(),
            bytes: 9,
            sha256: Digest::of(path.as_bytes()),
            tail: 5,
            root: Digest::default(),
            rows: 3,
            min_ts: -1,
            max_ts: i64::MAX,
            sources: vec![SourceRange { source_id: 1, first_line: 1, last_line: 3, rows: 3 }],
            stats: crate::segment::Stats::default(),
        }
    }

    #[test]
    fn origins_are_joined_and_survive_a_footer() {
        let mut origins = Origins::default();
        let origin = |tx: &str, extent: Option<&str>, path: &str| Origin {
            extent: extent.map(str::to_owned),
            files: vec![meta(path)],
            tx: tx.into(),
        };
        origins.add(origin("1", None, "a"));
        origins.add(origin("2", Some("{}"), "b"));
        origins.add(origin("1", Some("{\"x\":1}"), "c"));
        origins.add(origin("1", None, "a"));
        let text = origins.to_footer().unwrap();
        let read = Origins::from_footer(&text).unwrap().unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), origins.0.values().collect::<Vec<_>>());
        assert_eq!(read[0].files.iter().map(|it| &*it.path).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(read[0].extent.as_deref(), Some("{\"x\":1}"));
        assert!(Origins::from_footer("{}").is_none());
        let cut = text.replace("\"origins\":\"", "\"origins\":\"AAAA");
        assert!(Origins::from_footer(&cut).unwrap().is_err());
    }
}
