//! Which distinct values there are: byte strings interned to small ids, a column at a time.

pub(crate) mod key;

use std::hash::{BuildHasher, RandomState};

/// The id that stands for "no value"; it becomes the code of NULL.
pub(crate) const NONE: u32 = u32::MAX;

/// Distinct byte strings, numbered in the order of their first appearance.
#[derive(Debug)]
pub(crate) struct Interner {
    /// `tag << 32 | id + 1`; 0 is free. The tag is half of the hash and gives the place, so growing rehashes nothing.
    slots: Vec<u64>,
    bytes: Vec<u8>,
    ends: Vec<u32>,
    seed: u64,
}

impl Interner {
    /// An empty interner. The seed is random, so that nobody can write a log whose values all collide.
    pub(crate) fn new() -> Self {
        let seed = RandomState::new().hash_one(0_u64) | 1;
        Self { slots: vec![0; 256], bytes: Vec::new(), ends: Vec::new(), seed }
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// About how many bytes it occupies.
    pub(crate) fn num_bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * 4 + self.slots.len() * 8
    }

    /// The value with this id; empty if there is none.
    pub(crate) fn value(&self, id: u32) -> &[u8] {
        let at = id as usize;
        let Some(&end) = self.ends.get(at) else { return &[] };
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start as usize..end as usize]
    }

    /// Forgets everything but keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.slots.fill(0);
        self.bytes.clear();
        self.ends.clear();
    }

    /// The id of `value`, and whether it is new.
    pub(crate) fn intern(&mut self, value: &[u8]) -> (u32, bool) {
        let tag = self.tag(value);
        self.find_or_add(tag, value)
    }

    /// The ids of a column of values; those that were new are appended to `fresh` by id. Hashing the whole column
    /// before probing lets the memory accesses of many rows overlap.
    pub(crate) fn intern_column<'a>(
        &mut self,
        values: impl Iterator<Item = &'a [u8]> + Clone,
        scratch: &mut Vec<(u32, u64)>,
        ids: &mut Vec<u32>,
    ) {
        scratch.clear();
        let mask = self.slots.len() - 1;
        scratch.extend(values.clone().map(|value| {
            let tag = self.tag(value);
            (tag, self.slots[tag as usize & mask])
        }));
        ids.clear();
        for (value, &(tag, slot)) in values.zip(scratch.iter()) {
            let id = (slot as u32).wrapping_sub(1);
            let known = (slot >> 32) as u32 == tag && slot != 0 && self.value(id) == value;
            ids.push(if known { id } else { self.find_or_add(tag, value).0 });
        }
    }

    fn find_or_add(&mut self, tag: u32, value: &[u8]) -> (u32, bool) {
        let mask = self.slots.len() - 1;
        let mut at = tag as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                break;
            }
            if (slot >> 32) as u32 == tag {
                let id = (slot as u32).wrapping_sub(1);
                if self.value(id) == value {
                    return (id, false);
                }
            }
            at = (at + 1) & mask;
        }
        let id = self.ends.len() as u32;
        self.slots[at] = u64::from(tag) << 32 | u64::from(id + 1);
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len() as u32);
        if self.ends.len() * 2 > self.slots.len() {
            self.grow();
        }
        (id, true)
    }

    fn grow(&mut self) {
        let len = self.slots.len() * 4;
        let old = std::mem::replace(&mut self.slots, vec![0; len]);
        let mask = len - 1;
        for slot in old.into_iter().filter(|&slot| slot != 0) {
            let mut at = (slot >> 32) as usize & mask;
            while self.slots[at] != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = slot;
        }
    }

    fn tag(&self, value: &[u8]) -> u32 {
        (hash(value, self.seed) >> 32) as u32
    }
}

/// A seeded hash of short strings: folded multiplications over words of eight bytes.
fn hash(value: &[u8], seed: u64) -> u64 {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let len = value.len();
    let mut state = seed ^ (len as u64).wrapping_mul(MIX);
    let mut rest = value;
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        state = fold(state ^ u64::from_le_bytes(*word), MIX);
        rest = after;
    }
    if !rest.is_empty() {
        let word = match value.last_chunk::<8>() {
            // The last eight bytes overlap what was hashed already, which does no harm.
            Some(word) => u64::from_le_bytes(*word),
            None => short_word(rest),
        };
        state = fold(state ^ word, MIX);
    }
    fold(state, seed ^ MIX)
}

/// One to seven bytes as a word.
fn short_word(bytes: &[u8]) -> u64 {
    if let (Some(low), Some(high)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*low)) | u64::from(u32::from_le_bytes(*high)) << 32;
    }
    bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

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
        let (mut scratch, mut ids) = (Vec::new(), Vec::new());
        column.intern_column(words.iter().map(Vec::as_slice), &mut scratch, &mut ids);
        assert_eq!(ids, expected);
        column.clear();
        assert_eq!(column.intern(b"").0, 0);
    }
}
