//! How do numbers, ranges and files look in a record? As short arrays, with integers that no reader rounds.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::super::json::Int;
use super::files::FileBody;
use crate::segment::{ColumnStats, FileMeta, SourceRange};

/// One integer: `#[serde(with = "form::int")]`.
pub(crate) mod int {
    use super::*;

    pub(crate) fn serialize<T, S>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
    where
        T: Copy + Into<i128>,
        S: Serializer,
    {
        Int((*value).into()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: TryFrom<i128>,
        D: Deserializer<'de>,
    {
        Int::deserialize(deserializer)?.get().map_err(D::Error::custom)
    }
}

/// An integer that may be absent.
pub(crate) mod opt_int {
    use super::*;

    pub(crate) fn serialize<T, S>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
    where
        T: Copy + Into<i128>,
        S: Serializer,
    {
        value.map(|value| Int(value.into())).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: TryFrom<i128>,
        D: Deserializer<'de>,
    {
        let value = Option::<Int>::deserialize(deserializer)?;
        value.map(|value| value.get().map_err(D::Error::custom)).transpose()
    }
}

/// Something whose parts are integers.
pub(crate) trait Row<const N: usize>: Sized {
    /// The integers.
    fn row(&self) -> [i128; N];
    /// What they say.
    fn from_row(row: [i128; N]) -> Option<Self>;
}

impl Row<2> for (i64, i64) {
    fn row(&self) -> [i128; 2] {
        [self.0.into(), self.1.into()]
    }

    fn from_row([first, last]: [i128; 2]) -> Option<Self> {
        Some((first.try_into().ok()?, last.try_into().ok()?))
    }
}

/// A source and a number of its rows.
impl Row<2> for (i32, u64) {
    fn row(&self) -> [i128; 2] {
        [self.0.into(), self.1.into()]
    }

    fn from_row([id, rows]: [i128; 2]) -> Option<Self> {
        Some((id.try_into().ok()?, rows.try_into().ok()?))
    }
}

/// The number of a source there, and here.
impl Row<2> for (i32, i32) {
    fn row(&self) -> [i128; 2] {
        [self.0.into(), self.1.into()]
    }

    fn from_row([there, here]: [i128; 2]) -> Option<Self> {
        Some((there.try_into().ok()?, here.try_into().ok()?))
    }
}

/// A source, and the first and last of its lines.
impl Row<3> for (i32, i64, i64) {
    fn row(&self) -> [i128; 3] {
        [self.0.into(), self.1.into(), self.2.into()]
    }

    fn from_row([id, first, last]: [i128; 3]) -> Option<Self> {
        Some((id.try_into().ok()?, first.try_into().ok()?, last.try_into().ok()?))
    }
}

impl Row<4> for SourceRange {
    fn row(&self) -> [i128; 4] {
        [self.source_id.into(), self.first_line.into(), self.last_line.into(), self.rows.into()]
    }

    fn from_row([id, first, last, rows]: [i128; 4]) -> Option<Self> {
        Some(Self {
            source_id: id.try_into().ok()?,
            first_line: first.try_into().ok()?,
            last_line: last.try_into().ok()?,
            rows: rows.try_into().ok()?,
        })
    }
}

impl Row<5> for crate::store::Hidden {
    fn row(&self) -> [i128; 5] {
        let rows = i128::from(self.rows);
        let (first, last) = (self.first.into(), self.last.into());
        [self.source_id.into(), first, last, self.before_seq.into(), rows]
    }

    fn from_row([id, first, last, before, rows]: [i128; 5]) -> Option<Self> {
        Some(Self {
            source_id: id.try_into().ok()?,
            first: first.try_into().ok()?,
            last: last.try_into().ok()?,
            before_seq: before.try_into().ok()?,
            rows: rows != 0,
        })
    }
}

fn to_row<T: Row<N>, const N: usize>(value: &T) -> Vec<Int> {
    value.row().into_iter().map(Int).collect()
}

fn from_row<T: Row<N>, const N: usize>(row: Vec<Int>) -> Option<T> {
    let row: Vec<i128> = row.into_iter().map(|int| int.0).collect();
    T::from_row(row.try_into().ok()?)
}

/// One [`Row`].
pub(crate) mod row {
    use super::*;

    pub(crate) fn serialize<T: Row<N>, S: Serializer, const N: usize>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        to_row(value).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Row<N>, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let row = Vec::<Int>::deserialize(deserializer)?;
        from_row(row).ok_or_else(|| D::Error::custom("numbers that don't fit"))
    }
}

/// Many [`Row`]s.
pub(crate) mod rows {
    use super::*;

    pub(crate) fn serialize<T: Row<N>, S: Serializer, const N: usize>(
        values: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        values.iter().map(to_row).collect::<Vec<_>>().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Row<N>, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        let rows = Vec::<Vec<Int>>::deserialize(deserializer)?;
        let rows: Option<Vec<T>> = rows.into_iter().map(from_row).collect();
        rows.ok_or_else(|| D::Error::custom("numbers that don't fit"))
    }
}

/// A data file.
pub(crate) mod meta {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        meta: &FileMeta,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        FileBody::new(meta).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<FileMeta, D::Error> {
        FileBody::deserialize(deserializer)?.into_meta().map_err(D::Error::custom)
    }
}

/// A data file that may be absent.
pub(crate) mod opt_meta {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        meta: &Option<FileMeta>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        meta.as_ref().map(FileBody::new).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<FileMeta>, D::Error> {
        let body = Option::<FileBody>::deserialize(deserializer)?;
        body.map(FileBody::into_meta).transpose().map_err(D::Error::custom)
    }
}

/// Data files.
pub(crate) mod metas {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        metas: &[FileMeta],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        metas.iter().map(FileBody::new).collect::<Vec<_>>().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<FileMeta>, D::Error> {
        let bodies = Vec::<FileBody>::deserialize(deserializer)?;
        bodies
            .into_iter()
            .map(|body| body.into_meta().map_err(D::Error::custom))
            .collect::<Result<_, _>>()
    }
}

/// Statistics of columns, by name.
pub(crate) mod stats {
    use super::*;
    use crate::ledger::record::files::{stats_from_map, stats_to_map};

    pub(crate) fn serialize<S: Serializer>(
        stats: &[ColumnStats],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        stats_to_map(stats).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<ColumnStats>, D::Error> {
        let map = std::collections::BTreeMap::deserialize(deserializer)?;
        stats_from_map(map).map_err(D::Error::custom)
    }
}
