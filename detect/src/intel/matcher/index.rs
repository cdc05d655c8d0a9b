//! How are many keys found fast? Tables of hashes that can't be foreseen, with chains of rows behind them.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

/// No row follows.
pub(super) const END: u32 = u32::MAX;

/// Passes on a hash that was made already.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Passed(u64);

impl Hasher for Passed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A key of a table: the hash of a text, or an address.
pub(super) trait Key: Copy + Eq + std::hash::Hash {
    /// Who hashes it.
    type Build: std::hash::BuildHasher + Default + std::fmt::Debug;
}

impl Key for u64 {
    type Build = BuildHasherDefault<Passed>;
}

impl Key for u128 {
    type Build = RandomState;
}

/// The first row of each key; the others follow in a list of successors that belongs to all tables.
#[derive(Debug)]
pub(super) struct Chains<K: Key>(HashMap<K, u32, K::Build>);

impl<K: Key> Default for Chains<K> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Key> Chains<K> {
    /// Puts a row in front of the chain of its key.
    pub(super) fn add(&mut self, key: K, row: u32, next: &mut [u32]) {
        let first = self.0.insert(key, row);
        if let Some(slot) = next.get_mut(row as usize) {
            *slot = first.unwrap_or(END);
        }
    }

    /// The rows of a key.
    pub(super) fn of<'a>(&self, key: K, next: &'a [u32]) -> Chain<'a> {
        let at = if self.0.is_empty() { END } else { self.0.get(&key).copied().unwrap_or(END) };
        Chain { at, next }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Rows one after the other.
#[derive(Debug, Clone)]
pub(super) struct Chain<'a> {
    at: u32,
    next: &'a [u32],
}

impl Iterator for Chain<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let row = self.at;
        self.at = *self.next.get(row as usize)?;
        Some(row)
    }
}

/// Texts one behind the other, and how they are hashed.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: String,
    ends: Vec<u32>,
    hash: RandomState,
}

impl Texts {
    /// Adds the text of the next row.
    pub(super) fn push(&mut self, text: &str) -> Option<()> {
        self.bytes.push_str(text);
        self.ends.push(u32::try_from(self.bytes.len()).ok()?);
        Some(())
    }

    /// The text of a row.
    pub(super) fn get(&self, row: u32) -> &str {
        let row = row as usize;
        let start = row
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .map_or(0, |end| *end as usize);
        self.ends.get(row).and_then(|end| self.bytes.get(start..*end as usize)).unwrap_or("")
    }

    /// The hash of a text.
    pub(super) fn hash(&self, text: &str) -> u64 {
        self.hash.hash_one(text.as_bytes())
    }

    /// The hash of two texts that belong together.
    pub(super) fn hash_pair(&self, text: &str, number: u16) -> u64 {
        self.hash.hash_one((text.as_bytes(), number))
    }
}
