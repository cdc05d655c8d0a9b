//! How are the statistics of a hundred thousand files at hand without being read? Packed, and unpacked when someone asks.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::ColumnStats;
use crate::varint::{Reader, Writer};

/// The statistics of the columns of a file, in file order. Cheap to clone while nobody has looked.
#[derive(Clone, Default)]
pub struct Stats {
    packed: Option<Packed>,
    columns: OnceLock<Vec<ColumnStats>>,
}

/// Statistics as the snapshot of the ledger holds them.
#[derive(Clone)]
struct Packed {
    bytes: Bytes,
    names: Arc<[Cow<'static, str>]>,
    rows: u64,
}

impl Stats {
    /// Statistics still packed, of columns with these names, in a file of so many rows.
    pub(crate) fn packed(bytes: Bytes, names: Arc<[Cow<'static, str>]>, rows: u64) -> Self {
        Self { packed: Some(Packed { bytes, names, rows }), columns: OnceLock::new() }
    }

    /// Packs them: for each column the nulls (0 none, 1 all, else two more) and whether there are values; these follow.
    pub(crate) fn pack(&self, rows: u64) -> Vec<u8> {
        let mut out = Writer::default();
        for stats in self.iter() {
            let nulls = match stats.nulls {
                0 => 0,
                all if all == rows => 1,
                some => some.saturating_add(2),
            };
            let range = stats.min.zip(stats.max);
            out.unsigned(nulls.saturating_mul(2) | u64::from(range.is_some()));
            if let Some((min, max)) = range {
                out.signed(min);
                out.signed(max.wrapping_sub(min));
            }
        }
        out.into_bytes()
    }
}

impl Packed {
    /// What was packed; nothing, as of a column that is younger than its file, if it is of another form.
    fn unpack(&self) -> Option<Vec<ColumnStats>> {
        let mut reader = Reader::new(&self.bytes);
        let mut columns = Vec::with_capacity(self.names.len());
        for name in self.names.iter() {
            let code = reader.unsigned()?;
            let nulls = match code / 2 {
                0 => 0,
                1 => self.rows,
                some => some - 2,
            };
            let (min, max) = if code % 2 == 1 {
                let min = reader.signed()?;
                (Some(min), Some(min.wrapping_add(reader.signed()?)))
            } else {
                (None, None)
            };
            columns.push(ColumnStats { column: name.clone(), nulls, min, max });
        }
        reader.is_empty().then_some(columns)
    }
}

impl Deref for Stats {
    type Target = [ColumnStats];

    fn deref(&self) -> &[ColumnStats] {
        self.columns
            .get_or_init(|| self.packed.as_ref().and_then(Packed::unpack).unwrap_or_default())
    }
}

impl From<Vec<ColumnStats>> for Stats {
    fn from(columns: Vec<ColumnStats>) -> Self {
        Self { packed: None, columns: OnceLock::from(columns) }
    }
}

impl FromIterator<ColumnStats> for Stats {
    fn from_iter<I: IntoIterator<Item = ColumnStats>>(columns: I) -> Self {
        columns.into_iter().collect::<Vec<_>>().into()
    }
}

impl PartialEq for Stats {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Stats {}

impl std::fmt::Debug for Stats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl serde::Serialize for Stats {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Stats {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<ColumnStats>::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let column = |nulls, range: Option<(i64, i64)>| ColumnStats {
            column: "c".into(),
            nulls,
            min: range.map(|it| it.0),
            max: range.map(|it| it.1),
        };
        let columns = vec![
            column(0, Some((i64::MIN, i64::MAX))),
            column(10, None),
            column(9, Some((5, 5))),
            column(1, Some((-1, 3))),
        ];
        let stats = Stats::from(columns.clone());
        let names: Vec<_> = columns.iter().map(|it| it.column.clone()).collect();
        let bytes = stats.pack(10);
        let packed = Stats::packed(bytes.clone().into(), names.clone().into(), 10);
        assert_eq!(packed, stats);
        assert_eq!(packed.pack(10), bytes);
        let cut = Stats::packed(bytes[1..].to_vec().into(), names.into(), 10);
        assert!(cut.is_empty(), "nothing is known then");
    }
}
