//! Where do the salts of a seal come from? From one secret, as the leaves of a GGM tree: a salt can be given away, or
//! destroyed, without the others.
//!
//! A node is 32 bytes; its children are HMAC-SHA-256 of the bytes 0x00 (left) and 0x01 (right) under it as the key. The
//! tree over `n` salts has the lowest depth of at least 1 that holds them; the root is the secret. Whoever holds a node
//! can derive what lies below it and nothing else, so a salt is destroyed by putting in the place of the secret the
//! nodes that lie beside the way to it.

use crate::error::{Error, ErrorKind, Result};
use crate::privacy::mac::Mac;

/// A salt, or what salts are derived from.
pub type Secret = [u8; 32];

/// The most leaves a seal can have: the order of the rows of a day is kept in memory, four bytes a row.
pub(super) const MOST_LEAVES: u64 = u32::MAX as u64;

/// A node of the tree, with everything below it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed {
    /// How many steps below the root.
    pub level: u32,
    /// Its number on this level, from 0.
    pub index: u64,
    /// What its leaves are derived from.
    pub secret: Secret,
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seed {}/{}", self.level, self.index)
    }
}

/// The two children of a node.
fn children(node: &Secret) -> [Secret; 2] {
    let mac = Mac::new(node);
    [mac.of(&[0]).0, mac.of(&[1]).0]
}

/// How deep the tree over so many leaves is.
pub(super) fn depth(leaves: u64) -> u32 {
    leaves.max(2).next_power_of_two().trailing_zeros()
}

/// 32 bytes of the system.
pub(super) fn random() -> Result<Secret> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| {
        Error::new(ErrorKind::Io, "the system gives no random bytes").caused_by(error)
    })?;
    Ok(secret)
}

impl Seed {
    /// The root of a tree.
    pub(super) fn root(secret: Secret) -> Self {
        Self { level: 0, index: 0, secret }
    }

    /// The leaves below it, in a tree of this depth: the first, and the one after the last.
    pub(super) fn range(&self, depth: u32) -> (u64, u64) {
        let below = depth.saturating_sub(self.level);
        (self.index << below, (self.index + 1) << below)
    }

    fn split(&self) -> [Self; 2] {
        let [left, right] = children(&self.secret);
        let child =
            |nth, secret| Self { level: self.level + 1, index: 2 * self.index + nth, secret };
        [child(0, left), child(1, right)]
    }

    /// What stays of it once the leaves `gone` (rising, all below it) can't be derived any more; leaves from `end` on
    /// are none.
    pub(super) fn puncture(&self, depth: u32, end: u64, gone: &[u64], stays: &mut Vec<Self>) {
        let (first, after) = self.range(depth);
        if first >= end {
            return;
        }
        if gone.is_empty() {
            stays.push(*self);
            return;
        }
        if self.level == depth || gone.len() as u64 == after.min(end) - first {
            return;
        }
        let [left, right] = self.split();
        let (of_left, of_right) =
            gone.split_at(gone.partition_point(|leaf| *leaf < right.range(depth).0));
        left.puncture(depth, end, of_left, stays);
        right.puncture(depth, end, of_right, stays);
    }

    /// Calls `each` with the salts of the leaves `from..to` below it, in order.
    pub(super) fn each(&self, depth: u32, from: u64, to: u64, each: &mut dyn FnMut(u64, &Secret)) {
        let (first, after) = self.range(depth);
        if first >= to || after <= from {
            return;
        }
        if self.level == depth {
            return each(self.index, &self.secret);
        }
        // As deep as a tree is: no more than 32 steps.
        let [left, right] = self.split();
        left.each(depth, from, to, each);
        right.each(depth, from, to, each);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn salts(seeds: &[Seed], depth: u32, end: u64) -> Vec<(u64, Secret)> {
        let mut found = Vec::new();
        for seed in seeds {
            seed.each(depth, 0, end, &mut |leaf, salt| found.push((leaf, *salt)));
        }
        found
    }

    #[test]
    fn a_tree_is_as_deep_as_its_leaves_need() {
        for (leaves, expected) in [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (1 << 20, 20)] {
            assert_eq!(depth(leaves), expected, "{leaves}");
        }
    }

    /// Written down once, from `hmac` of Python's standard library, so that another program can derive the same salts.
    #[test]
    fn the_salts_of_a_known_secret() {
        let found = salts(&[Seed::root([7; 32])], 2, 3);
        let hex = |salt: &Secret| crate::Digest(*salt).to_string();
        let found: Vec<String> = found.iter().map(|(_, salt)| hex(salt)).collect();
        assert_eq!(
            found,
            [
                "03fb68ab2834ed92e338574aa65d0147121715f851d833962db882de6cd0e761",
                "ee3f5224c9a6e7008e6fef18966104079f9d01abc0374abadd844f1b05cb2944",
                "642e49746ae36a4431695801dc50e82a7b9523853ee9368fcf4d31083c87d983",
            ]
        );
    }

    proptest! {
        #[test]
        fn what_is_punctured_is_gone_and_all_else_stays(
            end in 1_u64..200, picks in proptest::collection::btree_set(0_u64..200, 0..40), secret: [u8; 32],
        ) {
            let gone: Vec<u64> = picks.into_iter().filter(|leaf| *leaf < end).collect();
            let depth = depth(end);
            let root = Seed::root(secret);
            let whole = salts(&[root], depth, end);
            prop_assert_eq!(whole.len() as u64, end);
            let mut stays = Vec::new();
            root.puncture(depth, end, &gone, &mut stays);
            let left = salts(&stays, depth, end);
            let expected: Vec<_> =
                whole.iter().filter(|(leaf, _)| !gone.contains(leaf)).copied().collect();
            prop_assert_eq!(&left, &expected);
            // No node that stays is on the way to one that is gone, nor one that lies beyond the end.
            for seed in &stays {
                let (first, after) = seed.range(depth);
                prop_assert!(first < end && !gone.iter().any(|leaf| (first..after).contains(leaf)));
            }
            // Punctured one after the other, it comes to the same.
            let mut seeds = vec![root];
            for leaf in &gone {
                let mut next = Vec::new();
                for seed in &seeds {
                    let (first, after) = seed.range(depth);
                    let hit: &[u64] = if (first..after).contains(leaf) { &[*leaf] } else { &[] };
                    seed.puncture(depth, end, hit, &mut next);
                }
                seeds = next;
            }
            prop_assert_eq!(salts(&seeds, depth, end), expected);
        }
    }
}
