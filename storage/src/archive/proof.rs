//! How are many records proven at once? The hashes of all complete subtrees are kept, so that each proof costs a few
//! look-ups and not the whole tree.

use crate::digest::Digest;
use crate::ledger::tree::node_hash;

/// The hashes of an RFC 6962 tree: level 0 are the leaves, level `k` the complete subtrees of `2^k` leaves.
#[derive(Debug, Clone, Default)]
pub(super) struct Hashes {
    levels: Vec<Vec<Digest>>,
}

impl Hashes {
    /// Builds the tree over these leaf hashes.
    pub(super) fn new(leaves: Vec<Digest>) -> Self {
        let mut levels = vec![leaves];
        while let Some(last) = levels.last().filter(|last| last.len() > 1) {
            let next = last.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
            levels.push(next);
        }
        Self { levels }
    }

    /// How many leaves.
    pub(super) fn leaves(&self) -> usize {
        self.levels.first().map_or(0, Vec::len)
    }

    /// The root over `count` leaves from `start` on, where `start` is a multiple of the next power of two.
    fn root(&self, start: usize, count: usize) -> Option<Digest> {
        if count.is_power_of_two() {
            let level = count.trailing_zeros() as usize;
            return self.levels.get(level)?.get(start >> level).copied();
        }
        let left = 1 << count.checked_ilog2()?;
        Some(node_hash(&self.root(start, left)?, &self.root(start + left, count - left)?))
    }

    /// The proof that leaf number `index` is under the root over all; `None` beyond their end.
    pub(super) fn inclusion(&self, index: usize) -> Option<Vec<Digest>> {
        if index >= self.leaves() {
            return None;
        }
        let (mut start, mut count) = (0, self.leaves());
        let mut proof = Vec::new();
        while count > 1 {
            let left = 1 << (count - 1).checked_ilog2()?;
            if index < start + left {
                proof.push(self.root(start + left, count - left)?);
                count = left;
            } else {
                proof.push(self.root(start, left)?);
                start += left;
                count -= left;
            }
        }
        proof.reverse();
        Some(proof)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tree::{inclusion_proof, leaf_hash};

    #[test]
    fn proofs_are_those_of_the_plain_way() {
        for size in 0..70_u64 {
            let leaves: Vec<_> = (0..size).map(|at| leaf_hash(&at.to_le_bytes())).collect();
            let hashes = Hashes::new(leaves.clone());
            for index in 0..=leaves.len() {
                assert_eq!(hashes.inclusion(index), inclusion_proof(&leaves, index));
            }
        }
    }
}
