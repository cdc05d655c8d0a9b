//! Which distinct values there are: byte strings interned to small ids, a column at a time.

pub(crate) mod key;

use std::hash::{BuildHasher, RandomState};

/// The id that stands for "no value"; it becomes the code of NULL.
pub(crate) const NONE: u32 = u32::MAX;

/// A place of the table. The tag is half of the hash; it gives the place too, so that growing rehashes nothing.
#[derive(Debug, Clone, Copy)]
struct Slot {
    tag: u32,
    /// [`NONE`] if the place is free.
    id: u32,
    start: u32,
    len: u32,
}

const FREE: Slot = Slot { tag: 0, id: NONE, start: 0, len: 0 };

/// Beyond this many bytes of values they no longer lie in the second cache.
const WARM_BYTES: usize = 256 << 10;

/// The working memory of [`Interner::intern_column`].
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    tags: Vec<u32>,
    found: Vec<Slot>,
}

/// Distinct byte strings, numbered in the order of their first appearance.
#[derive(Debug)]
pub(crate) struct Interner {
    slots: Vec<Slot>,
    bytes: Vec<u8>,
    ends: Vec<u32>,
    seed: u64,
}

impl Interner {
    /// An empty interner. The seed is random, so that nobody can write a log whose values all collide.
    pub(crate) fn new() -> Self {
        let seed = RandomState::new().hash_one(0_u64) | 1;
        Self { slots: vec![FREE; 64], bytes: Vec::new(), ends: Vec::new(), seed }
    }

    /// An interner without a table, to stand in for another.
    pub(crate) fn empty() -> Self {
        Self { slots: Vec::new(), bytes: Vec::new(), ends: Vec::new(), seed: 0 }
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// About how many bytes it occupies.
    pub(crate) fn num_bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * 4 + self.slots.len() * size_of::<Slot>()
    }

    /// The value with this id; empty if there is none.
    pub(crate) fn value(&self, id: u32) -> &[u8] {
        let at = id as usize;
        let Some(&end) = self.ends.get(at) else { return &[] };
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start as usize..end as usize]
    }

    /// Forgets everything but keeps some of the memory.
    pub(crate) fn clear(&mut self) {
        self.slots.fill(FREE);
        self.bytes.clear();
        self.ends.clear();
    }

    /// The id of `value`, and whether it is new.
    pub(crate) fn intern(&mut self, value: &[u8]) -> (u32, bool) {
        let tag = self.tag(value);
        self.find_or_add(tag, value)
    }

    /// The ids of a column of values. Hashing the whole column, then touching what the hashes lead to, and only then
    /// comparing lets the memory accesses of many rows overlap.
    pub(crate) fn intern_column<'a>(
        &mut self,
        values: impl Iterator<Item = &'a [u8]> + Clone,
        scratch: &mut Scratch,
        ids: &mut Vec<u32>,
    ) {
        let Scratch { tags, found } = scratch;
        tags.clear();
        tags.extend(values.clone().map(|value| self.tag(value)));
        found.clear();
        let mask = self.slots.len() - 1;
        // Nothing is decided yet: a wrongly predicted branch would wait for each slot in turn.
        found.extend(tags.iter().map(|&tag| self.slots[tag as usize & mask]));
        if self.bytes.len() > WARM_BYTES {
            self.touch(found);
        }
        ids.clear();
        for ((value, &tag), slot) in values.zip(tags.iter()).zip(found.iter()) {
            let known = slot.tag == tag && slot.id != NONE && self.is(slot, value);
            ids.push(if known { slot.id } else { self.find_or_add(tag, value).0 });
        }
    }

    /// Reads a byte of each value, so that it is on its way when it is compared.
    fn touch(&self, found: &[Slot]) {
        let byte = |at: u32| self.bytes.get(at as usize).copied().unwrap_or_default();
        let touched = found.iter().fold(0_u8, |sum, slot| {
            sum ^ byte(slot.start) ^ byte(slot.start + slot.len / 2) ^ byte(slot.start + slot.len)
        });
        std::hint::black_box(touched);
    }

    fn is(&self, slot: &Slot, value: &[u8]) -> bool {
        let start = slot.start as usize;
        slot.len as usize == value.len()
            && self.bytes.get(start..start + value.len()).is_some_and(|known| same(known, value))
    }

    fn find_or_add(&mut self, tag: u32, value: &[u8]) -> (u32, bool) {
        let mask = self.slots.len() - 1;
        let mut at = tag as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.id == NONE {
                break;
            }
            if slot.tag == tag && self.is(&slot, value) {
                return (slot.id, false);
            }
            at = (at + 1) & mask;
        }
        let id = self.ends.len() as u32;
        self.slots[at] = Slot { tag, id, start: self.bytes.len() as u32, len: value.len() as u32 };
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len() as u32);
        if self.ends.len() * 2 > self.slots.len() {
            self.grow();
        }
        (id, true)
    }

    fn grow(&mut self) {
        let len = self.slots.len() * 2;
        let old = std::mem::replace(&mut self.slots, vec![FREE; len]);
        let mask = len - 1;
        for slot in old.into_iter().filter(|slot| slot.id != NONE) {
            let mut at = slot.tag as usize & mask;
            while self.slots[at].id != NONE {
                at = (at + 1) & mask;
            }
            self.slots[at] = slot;
        }
    }

    fn tag(&self, value: &[u8]) -> u32 {
        (hash(value, self.seed) >> 32) as u32
    }
}

/// Whether two texts of one length are equal; most are short, and a call would cost more than comparing.
#[inline]
fn same(known: &[u8], value: &[u8]) -> bool {
    match (known.first_chunk::<8>(), value.first_chunk::<8>()) {
        (Some(a), Some(b)) if known.len() <= 16 => {
            a == b && known.last_chunk::<8>() == value.last_chunk::<8>()
        }
        _ => known == value,
    }
}

/// A seeded hash of short strings: one folded multiplication for sixteen bytes.
#[inline]
fn hash(value: &[u8], seed: u64) -> u64 {
    const ODD: u64 = 0xe703_7ed1_a0b4_28db;
    let mut state = seed ^ (value.len() as u64).wrapping_mul(MIX);
    let mut rest = value;
    while let Some((pair, after)) = rest.split_first_chunk::<16>() {
        let (low, high) = words(pair);
        state = fold(low ^ state, high ^ ODD ^ seed);
        rest = after;
    }
    if !rest.is_empty() {
        let (low, high) = match (value.last_chunk::<16>(), rest.first_chunk::<8>()) {
            // The last sixteen bytes overlap what was hashed already, which does no harm.
            (Some(pair), _) => words(pair),
            (None, Some(word)) => (
                u64::from_le_bytes(*word),
                rest.last_chunk::<8>().map_or(0, |w| u64::from_le_bytes(*w)),
            ),
            (None, None) => (short_word(rest), 0),
        };
        state = fold(low ^ state, high ^ ODD ^ seed);
    }
    fold(state, seed ^ MIX)
}

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
fn words(pair: &[u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(*pair);
    (both as u64, (both >> 64) as u64)
}

/// One to seven bytes as a word.
fn short_word(bytes: &[u8]) -> u64 {
    if let (Some(low), Some(high)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*low)) | u64::from(u32::from_le_bytes(*high)) << 32;
    }
    bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_get_equal_ids() {
        let mut interner = Interner::new();
        let words: Vec<String> = (0..10_000).map(|n| format!("value {}", n % 3000)).collect();
        for (n, word) in words.iter().enumerate() {
            let (id, new) = interner.intern(word.as_bytes());
            assert_eq!(id as usize, n % 3000);
            assert_eq!(new, n < 3000);
            assert_eq!(interner.value(id), word.as_bytes());
        }
        assert_eq!(interner.len(), 3000);
    }

    #[test]
    fn a_column_agrees_with_single_values() {
        let words: Vec<Vec<u8>> = (0..500_u32).map(|n| vec![b'x'; (n % 37) as usize]).collect();
        let (mut one, mut column) = (Interner::new(), Interner::new());
        let expected: Vec<u32> = words.iter().map(|word| one.intern(word).0).collect();
        let (mut scratch, mut ids) = (Scratch::default(), Vec::new());
        column.intern_column(words.iter().map(Vec::as_slice), &mut scratch, &mut ids);
        assert_eq!(ids, expected);
        column.clear();
        assert_eq!(column.intern(b"").0, 0);
    }
}
