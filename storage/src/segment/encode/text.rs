//! How are coded texts and bytes encoded?

use std::borrow::Cow;

use parquet::basic::Encoding;
use parquet::bloom_filter::Sbbf;
use parquet::data_type::ByteArray;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::schema::types::ColumnDescPtr;

use super::super::layout::{BLOOM_FPP, PAGE_STATS_VALUES, STATS_BYTES};
use super::super::{Coded, Dictionary, NULL_CODE};
use super::chunk::{Chunk, ChunkBuilder, PageRange, Pages, Tools, null_statistics};
use super::{Facts, bits, broken};
use crate::error::Result;

/// A dictionary page beyond this is a burden for every reader.
const LARGEST_DICTIONARY: usize = 64 << 20;

/// A column of coded values.
pub(super) struct Texts<'a> {
    pub(super) coded: &'a Coded,
    pub(super) facts: Facts,
    /// Whether the bytes are text, with an order.
    pub(super) is_text: bool,
    pub(super) bloom: bool,
}

impl Texts<'_> {
    /// Encodes the column.
    pub(super) fn encode(&self, descr: ColumnDescPtr, tools: &mut Tools) -> Result<Chunk> {
        let values = &self.coded.values;
        if !values.is_sound(self.is_text) {
            return Err(broken(format!("column {} holds what is no text", descr.name())));
        }
        let present = self.coded.codes.len() - self.facts.nulls as usize;
        if self.is_text && values.len() == 1 && self.facts.nulls == 0 {
            return constant(descr, values.value(0), self.coded.codes.len(), self.bloom, tools);
        }
        let order = if self.is_text { Order::of(values, self.coded.codes.len()) } else { None };
        if let Some(order) = &order
            && ![order.least, order.greatest].iter().all(|code| self.coded.codes.contains(code))
        {
            // Statistics have to be those of the rows: drop the values that no row has, and come back.
            let coded = &used(self.coded);
            return Texts { coded, ..*self }.encode(descr, tools);
        }
        let bloom = if self.bloom { Some(bloom(values.iter(), values.len())?) } else { None };
        let statistics = match &order {
            Some(order) => statistics(
                values.value(order.least),
                values.value(order.greatest),
                self.facts.nulls,
            ),
            None => null_statistics(descr.physical_type(), self.facts.nulls),
        };
        // Where nearly every row has its own value, codes are a detour.
        let is_plain = values.len() * 3 > present * 2 || values.num_bytes() > LARGEST_DICTIONARY;
        let chunk = if is_plain {
            self.plain(ChunkBuilder::new(descr, tools, Encoding::PLAIN, true), order.as_ref())?
        } else {
            let chunk = ChunkBuilder::new(descr, tools, Encoding::RLE_DICTIONARY, true);
            self.dictionary(chunk, order.as_ref())?
        };
        chunk.finish(statistics, bloom)
    }

    fn dictionary<'t>(
        &self,
        mut chunk: ChunkBuilder<'t>,
        order: Option<&Order>,
    ) -> Result<ChunkBuilder<'t>> {
        let values = &self.coded.values;
        let page = &mut chunk.tools().page;
        page.reserve(values.num_bytes() + 4 * values.len());
        values.iter().for_each(|value| push_plain(value, page));
        chunk.end_dictionary(values.len())?;
        let width = bits::code_width(values.len());
        let page_rows = chunk.tools().pages.rows;
        for codes in self.coded.codes.chunks(page_rows) {
            let nullable = chunk.is_nullable();
            let Tools { page, codes: buffer, .. } = chunk.tools();
            let present = begin_page(codes, self.facts.nulls > 0, nullable, page, buffer);
            page.push(width as u8);
            bits::codes(present, width, page);
            let (nulls, range) = (codes.len() - present.len(), self.page_range(order, present));
            chunk.end_page(codes.len(), nulls, range)?;
        }
        Ok(chunk)
    }

    fn plain<'t>(
        &self,
        mut chunk: ChunkBuilder<'t>,
        order: Option<&Order>,
    ) -> Result<ChunkBuilder<'t>> {
        let mut rest = self.coded.codes.as_slice();
        while !rest.is_empty() {
            let (codes, later) = rest.split_at(self.rows_of_plain_page(rest, chunk.tools().pages));
            rest = later;
            let nullable = chunk.is_nullable();
            let Tools { page, codes: buffer, .. } = chunk.tools();
            let present = begin_page(codes, self.facts.nulls > 0, nullable, page, buffer);
            for &code in present {
                push_plain(self.coded.values.value(code), page);
            }
            let (nulls, range) = (codes.len() - present.len(), self.page_range(order, present));
            chunk.end_page(codes.len(), nulls, range)?;
        }
        Ok(chunk)
    }

    fn rows_of_plain_page(&self, codes: &[u32], pages: Pages) -> usize {
        let most = codes.len().min(pages.rows);
        // All values together may already be few enough.
        if self.coded.values.num_bytes() <= pages.bytes {
            return most;
        }
        let mut bytes = 0;
        let full = codes[..most].iter().position(|&code| {
            bytes += self.coded.values.value(code).len();
            bytes > pages.bytes
        });
        full.map_or(most, |at| at.max(1))
    }

    fn page_range(&self, order: Option<&Order>, codes: &[u32]) -> PageRange {
        let (least, greatest) = order?.range(codes)?;
        let values = &self.coded.values;
        let (least, _) = lower_bound(values.value(least));
        let (greatest, _) = upper_bound(values.value(greatest))?;
        Some((least.to_vec(), greatest.into_owned()))
    }
}

/// Writes the levels of a page, and gives its codes without NULLs.
fn begin_page<'b>(
    codes: &'b [u32],
    with_nulls: bool,
    nullable: bool,
    page: &mut Vec<u8>,
    buffer: &'b mut Vec<u32>,
) -> &'b [u32] {
    let present = if with_nulls {
        buffer.clear();
        buffer.extend(codes.iter().filter(|&&code| code != NULL_CODE));
        &*buffer
    } else {
        codes
    };
    if nullable {
        let valid = codes.iter().map(|&code| code != NULL_CODE);
        bits::levels(valid, codes.len() - present.len(), page);
    }
    present
}

/// A column of which every row has the same text.
pub(super) fn constant(
    descr: ColumnDescPtr,
    value: &[u8],
    rows: usize,
    bloomed: bool,
    tools: &mut Tools,
) -> Result<Chunk> {
    let mut dictionary = Vec::new();
    push_plain(value, &mut dictionary);
    let bloom = if bloomed { Some(bloom([value].into_iter(), 1)?) } else { None };
    let (least, _) = lower_bound(value);
    let range = upper_bound(value).map(|(greatest, _)| (least.to_vec(), greatest.into_owned()));
    super::constant(descr, &dictionary, rows, range, statistics(value, value, 0), bloom, tools)
}

fn push_plain(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    out.extend_from_slice(value);
}

fn bloom<'v>(values: impl Iterator<Item = &'v [u8]>, count: usize) -> Result<Sbbf> {
    let mut bloom = Sbbf::new_with_ndv_fpp(count as u64, BLOOM_FPP)
        .map_err(|error| broken("cannot make a bloom filter".into()).caused_by(error))?;
    values.for_each(|value| bloom.insert(value));
    Ok(bloom)
}

/// The values that some row has, with new codes.
fn used(coded: &Coded) -> Coded {
    let mut new_codes = vec![NULL_CODE; coded.values.len()];
    let mut used = Coded::default();
    for &code in &coded.codes {
        let new = match new_codes.get_mut(code as usize) {
            None => NULL_CODE,
            Some(new) => {
                if *new == NULL_CODE {
                    *new = used.values.push(coded.values.value(code));
                }
                *new
            }
        };
        used.codes.push(new);
    }
    used
}

/// The order of the values of a dictionary.
struct Order {
    least: u32,
    greatest: u32,
    ranks: Ranks,
}

/// The ranks of codes.
enum Ranks {
    /// Codes are ranks.
    Same,
    /// The rank of each code, and the code of each rank.
    Table(Vec<u32>, Vec<u32>),
    /// To find out would cost too much.
    Unknown,
}

impl Order {
    /// `None` for no values.
    fn of(values: &Dictionary, rows: usize) -> Option<Self> {
        let last = u32::try_from(values.len()).ok()?.checked_sub(1)?;
        if values.iter().is_sorted() {
            return Some(Self { least: 0, greatest: last, ranks: Ranks::Same });
        }
        if values.len() <= PAGE_STATS_VALUES.min(rows / 64) {
            let mut sorted: Vec<u32> = (0..=last).collect();
            sorted.sort_unstable_by_key(|&code| (head(values.value(code)), values.value(code)));
            let mut ranks = vec![0; sorted.len()];
            sorted.iter().zip(0..).for_each(|(&code, rank)| ranks[code as usize] = rank);
            let (&least, &greatest) = (sorted.first()?, sorted.last()?);
            return Some(Self { least, greatest, ranks: Ranks::Table(ranks, sorted) });
        }
        let key = |code: u32| (head(values.value(code)), values.value(code), code);
        let (mut least, mut greatest) = (key(0), key(0));
        for code in 1..=last {
            let key = key(code);
            if key < least {
                least = key;
            } else if key > greatest {
                greatest = key;
            }
        }
        Some(Self { least: least.2, greatest: greatest.2, ranks: Ranks::Unknown })
    }

    /// The codes of the least and the greatest value among `codes`, if that is cheap to find.
    fn range(&self, codes: &[u32]) -> Option<(u32, u32)> {
        match &self.ranks {
            Ranks::Same => Some((codes.iter().copied().min()?, codes.iter().copied().max()?)),
            Ranks::Table(ranks, sorted) => {
                let (mut least, mut greatest) = (u32::MAX, 0);
                for &code in codes {
                    let rank = ranks.get(code as usize).copied().unwrap_or_default();
                    least = least.min(rank);
                    greatest = greatest.max(rank);
                }
                Some((*sorted.get(least as usize)?, *sorted.get(greatest as usize)?))
            }
            Ranks::Unknown => None,
        }
    }
}

/// The first bytes of a value as a number that sorts as they do.
fn head(value: &[u8]) -> u64 {
    let mut head = [0; 8];
    let len = value.len().min(8);
    head[..len].copy_from_slice(&value[..len]);
    u64::from_be_bytes(head)
}

fn statistics(least: &[u8], greatest: &[u8], nulls: u64) -> Statistics {
    let (least, exact) = lower_bound(least);
    let greatest = upper_bound(greatest);
    let exact_greatest = greatest.as_ref().is_some_and(|(_, exact)| *exact);
    let statistics = ValueStatistics::new(
        Some(ByteArray::from(least.to_vec())),
        greatest.map(|(greatest, _)| ByteArray::from(greatest.into_owned())),
        None,
        Some(nulls),
        false,
    );
    Statistics::ByteArray(statistics.with_min_is_exact(exact).with_max_is_exact(exact_greatest))
}

/// At most [`STATS_BYTES`] of a text that is not above `value`, and whether it is `value` itself.
fn lower_bound(value: &[u8]) -> (&[u8], bool) {
    if value.len() <= STATS_BYTES {
        return (value, true);
    }
    (&value[..char_boundary(value)], false)
}

/// At most [`STATS_BYTES`] of a text that is not below `value`, if there is one.
fn upper_bound(value: &[u8]) -> Option<(Cow<'_, [u8]>, bool)> {
    if value.len() <= STATS_BYTES {
        return Some((value.into(), true));
    }
    // Raise the last character that is ASCII and has a successor there; drop what follows it.
    let head = &value[..char_boundary(value)];
    let at = head.iter().rposition(|&byte| byte < 0x7f)?;
    let mut bound = head[..=at].to_vec();
    bound[at] += 1;
    Some((bound.into(), false))
}

fn char_boundary(value: &[u8]) -> usize {
    let is_start = |&at: &usize| value[at] & 0xc0 != 0x80;
    (0..=STATS_BYTES).rev().find(is_start).unwrap_or(0)
}

impl Dictionary {
    /// Whether the values lie one after another and, if they are to be text, are text.
    fn is_sound(&self, is_text: bool) -> bool {
        let rising = self.ends.is_sorted()
            && self.ends.last().map_or(0, |&end| end as usize) == self.bytes.len();
        let begins = |&end: &u32| self.bytes.get(end as usize).is_none_or(|b| b & 0xc0 != 0x80);
        rising
            && (!is_text
                || std::str::from_utf8(&self.bytes).is_ok() && self.ends.iter().all(begins))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_long_texts_hold() {
        let long = format!("{}é{}", "a".repeat(63), "z".repeat(40));
        let (least, exact) = lower_bound(long.as_bytes());
        assert_eq!((least, exact), ("a".repeat(63).as_bytes(), false));
        let (greatest, exact) = upper_bound(long.as_bytes()).unwrap();
        assert!(*greatest > *long.as_bytes() && greatest.len() <= STATS_BYTES && !exact);
        assert_eq!(upper_bound("é".repeat(50).as_bytes()), None);
        assert_eq!(upper_bound(b"abc"), Some((Cow::Borrowed(b"abc".as_slice()), true)));
    }

    #[test]
    fn values_without_rows_are_dropped() {
        let mut coded = Coded::default();
        ["z", "b", "a"].iter().for_each(|value| _ = coded.values.push(value.as_bytes()));
        coded.codes = vec![1, NULL_CODE, 1];
        let used = used(&coded);
        assert_eq!(used.codes, [0, NULL_CODE, 0]);
        assert_eq!(used.values.iter().collect::<Vec<_>>(), [b"b"]);
    }
}
