//! How are numbers and times encoded?

use parquet::basic::{Encoding, Type};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use super::Facts;
use super::bits;
use super::chunk::{Chunk, ChunkBuilder, PageRange, Tools, null_statistics};
use crate::error::Result;

/// Numbers with at most this many distinct values get a dictionary.
const DICTIONARY: usize = 4096;

/// A column of numbers, without type.
pub(super) struct Numbers<'a> {
    /// One entry a row; that of a NULL means nothing.
    pub(super) values: &'a [i64],
    /// Which rows are not NULL; all if absent.
    pub(super) valid: Option<&'a [bool]>,
    /// Whether the values rise steadily, so that their differences are small.
    pub(super) rising: bool,
}

impl Numbers<'_> {
    /// Encodes the column.
    pub(super) fn encode(
        &self,
        descr: ColumnDescPtr,
        facts: Facts,
        tools: &mut Tools,
    ) -> Result<Chunk> {
        let kind = descr.physical_type();
        let dictionary = if self.rising { None } else { self.dictionary() };
        let encoding = match dictionary {
            Some(_) => Encoding::RLE_DICTIONARY,
            None if self.rising => Encoding::DELTA_BINARY_PACKED,
            None => Encoding::PLAIN,
        };
        let mut chunk = ChunkBuilder::new(descr, tools, encoding, true);
        if let Some(dictionary) = &dictionary {
            plain(&dictionary.values, kind, &mut chunk.tools().page);
            chunk.end_dictionary(dictionary.values.len())?;
        }
        let width = dictionary.as_ref().map_or(0, |found| bits::code_width(found.values.len()));
        let (mut present, mut taken) = (Vec::new(), 0);
        let page_rows = chunk.tools().pages.rows;
        for start in (0..self.values.len()).step_by(page_rows) {
            let rows = start..start.saturating_add(page_rows).min(self.values.len());
            let values = self.present(rows.clone(), &mut present);
            let nulls = rows.len() - values.len();
            let nullable = chunk.is_nullable();
            let page = &mut chunk.tools().page;
            if nullable {
                match self.valid {
                    Some(valid) => bits::levels(valid[rows.clone()].iter().copied(), nulls, page),
                    None => bits::levels(rows.clone().map(|_| true), nulls, page),
                }
            }
            match &dictionary {
                Some(dictionary) => {
                    page.push(width as u8);
                    let codes = &dictionary.codes[taken..taken + values.len()];
                    bits::codes(codes, width, page);
                }
                None if self.rising => bits::deltas(values, page),
                None => plain(values, kind, page),
            }
            taken += values.len();
            chunk.end_page(rows.len(), nulls, page_range(values, kind))?;
        }
        chunk.finish(statistics(kind, facts), None)
    }

    /// The values of some rows, without NULLs.
    fn present<'b>(&'b self, rows: std::ops::Range<usize>, buffer: &'b mut Vec<i64>) -> &'b [i64] {
        let Some(valid) = self.valid else { return &self.values[rows] };
        buffer.clear();
        let pairs = self.values[rows.clone()].iter().zip(&valid[rows]);
        buffer.extend(pairs.filter(|(_, valid)| **valid).map(|(value, _)| *value));
        buffer
    }

    /// The distinct values and their codes, if there are few enough for it to pay.
    fn dictionary(&self) -> Option<Distinct> {
        let mut distinct = Distinct::new();
        let most = DICTIONARY.min(self.values.len() / 4 + 1);
        match self.valid {
            None => distinct.extend(self.values.iter().copied(), most)?,
            Some(valid) => {
                let pairs = self.values.iter().zip(valid);
                distinct.extend(pairs.filter(|(_, ok)| **ok).map(|(value, _)| *value), most)?;
            }
        }
        Some(distinct)
    }
}

/// Distinct values in the order they came in.
struct Distinct {
    values: Vec<i64>,
    codes: Vec<u32>,
    /// Code + 1 by hash, with linear probing; twice as many places as values at most.
    places: Vec<u16>,
}

impl Distinct {
    fn new() -> Self {
        Self { values: Vec::new(), codes: Vec::new(), places: vec![0; 2 * DICTIONARY] }
    }

    /// Codes the values; `None` once there are more than `most` distinct ones.
    fn extend(&mut self, values: impl Iterator<Item = i64>, most: usize) -> Option<()> {
        let mask = self.places.len() - 1;
        for value in values {
            let hash = (value as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut place = (hash >> 40) as usize & mask;
            let code = loop {
                match self.places[place] {
                    0 if self.values.len() >= most => return None,
                    0 => {
                        self.values.push(value);
                        self.places[place] = self.values.len() as u16;
                        break self.values.len() as u32 - 1;
                    }
                    found if self.values[usize::from(found) - 1] == value => {
                        break u32::from(found) - 1;
                    }
                    _ => place = (place + 1) & mask,
                }
            };
            self.codes.push(code);
        }
        Some(())
    }
}

/// A column of which every row has the same number.
pub(super) fn constant(
    descr: ColumnDescPtr,
    value: i64,
    facts: Facts,
    rows: usize,
    tools: &mut Tools,
) -> Result<Chunk> {
    let kind = descr.physical_type();
    let mut dictionary = Vec::new();
    plain(&[value], kind, &mut dictionary);
    let range = page_range(&[value], kind);
    super::constant(descr, &dictionary, rows, range, statistics(kind, facts), None, tools)
}

fn plain(values: &[i64], kind: Type, out: &mut Vec<u8>) {
    if kind == Type::INT32 {
        out.extend(values.iter().flat_map(|&value| (value as i32).to_le_bytes()));
    } else {
        out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
}

fn page_range(values: &[i64], kind: Type) -> PageRange {
    let (least, greatest) = (values.iter().copied().min()?, values.iter().copied().max()?);
    let bytes = |value: i64| {
        let mut bytes = Vec::new();
        plain(&[value], kind, &mut bytes);
        bytes
    };
    Some((bytes(least), bytes(greatest)))
}

fn statistics(kind: Type, facts: Facts) -> Statistics {
    let Some((least, greatest)) = facts.range else { return null_statistics(kind, facts.nulls) };
    let nulls = Some(facts.nulls);
    if kind == Type::INT32 {
        Statistics::int32(Some(least as i32), Some(greatest as i32), None, nulls, false)
    } else {
        Statistics::int64(Some(least), Some(greatest), None, nulls, false)
    }
}
