//! How does a record name a data file? Its [`FileMeta`], with statistics as short arrays.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::super::json::Int;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Col;
use crate::segment::{ColumnStats, FileMeta, SourceRange};

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileBody {
    bytes: Int,
    max_ts: Int,
    min_ts: Int,
    path: String,
    root: Digest,
    rows: Int,
    sha256: Digest,
    /// Source, first line, last line, rows.
    sources: Vec<[Int; 4]>,
    /// Nulls, and least and greatest value where the column has numbers or times.
    stats: BTreeMap<String, Vec<Int>>,
    tail: Int,
}

impl FileBody {
    pub(super) fn new(meta: &FileMeta) -> Self {
        let range = |range: &SourceRange| {
            [
                range.source_id.into(),
                range.first_line.into(),
                range.last_line.into(),
                range.rows.into(),
            ]
        };
        Self {
            bytes: meta.bytes.into(),
            max_ts: meta.max_ts.into(),
            min_ts: meta.min_ts.into(),
            path: meta.path.clone(),
            root: meta.root,
            rows: meta.rows.into(),
            sha256: meta.sha256,
            sources: meta.sources.iter().map(range).collect(),
            stats: stats_to_map(&meta.stats),
            tail: meta.tail.into(),
        }
    }

    pub(super) fn into_meta(self) -> Result<FileMeta> {
        let sources = self.sources.into_iter().map(|[id, first, last, rows]| {
            Ok(SourceRange {
                source_id: id.get()?,
                first_line: first.get()?,
                last_line: last.get()?,
                rows: rows.get()?,
            })
        });
        let stats = stats_from_map(self.stats)?;
        Ok(FileMeta {
            path: self.path,
            bytes: self.bytes.get()?,
            sha256: self.sha256,
            tail: self.tail.get()?,
            root: self.root,
            rows: self.rows.get()?,
            min_ts: self.min_ts.get()?,
            max_ts: self.max_ts.get()?,
            sources: sources.collect::<Result<_>>()?,
            stats: stats.into(),
        })
    }
}

/// Statistics as a record keeps them.
pub(super) fn stats_to_map(stats: &[ColumnStats]) -> BTreeMap<String, Vec<Int>> {
    let entry = |stats: &ColumnStats| {
        let mut values = vec![Int::from(stats.nulls)];
        if let (Some(min), Some(max)) = (stats.min, stats.max) {
            values.extend([Int::from(min), Int::from(max)]);
        }
        (stats.column.clone().into_owned(), values)
    };
    stats.iter().map(entry).collect()
}

/// Statistics as a record keeps them, in the order of the columns of a file.
pub(super) fn stats_from_map(map: BTreeMap<String, Vec<Int>>) -> Result<Vec<ColumnStats>> {
    let stats = map.into_iter().map(|(name, values)| column_stats(&name, &values));
    let mut stats = stats.collect::<Result<Vec<_>>>()?;
    stats.sort_by_cached_key(|stats| position(&stats.column));
    Ok(stats)
}

fn column_stats(name: &str, values: &[Int]) -> Result<ColumnStats> {
    let (nulls, min, max) = match values {
        [nulls] => (nulls, None, None),
        [nulls, min, max] => (nulls, Some(min.get()?), Some(max.get()?)),
        _ => return Err(Error::new(ErrorKind::Integrity, "statistics of the wrong length")),
    };
    Ok(ColumnStats { column: known_name(name), nulls: nulls.get()?, min, max })
}

/// The columns of a segment file by name: their own copy of the name, and their place.
static COLUMNS: LazyLock<HashMap<&str, (&'static str, usize)>> = LazyLock::new(|| {
    let names = Col::stored().iter().filter_map(|col| col.file_name());
    names.enumerate().map(|(place, name)| (name, (name, place))).collect()
});

/// The place of a column in a segment file; columns of other files come last, in alphabetical order.
fn position(name: &str) -> usize {
    COLUMNS.get(name).map_or(usize::MAX, |(_, place)| *place)
}

/// The schema's own copy of a column's name.
pub(crate) fn known_name(name: &str) -> Cow<'static, str> {
    COLUMNS.get(name).map_or_else(|| Cow::Owned(name.to_owned()), |(name, _)| Cow::Borrowed(*name))
}
