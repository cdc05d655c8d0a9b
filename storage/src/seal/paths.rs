//! How are some leaves of a large tree proven to be under its root, while its leaves pass by once?

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::ledger::tree::node_hash;

/// A complete subtree, or at the end the rest of the tree.
struct Node {
    first: u64,
    size: u64,
    hash: Digest,
}

/// Collects the RFC 6962 audit paths of some leaves. Memory holds the paths and one node for each level of the tree.
#[derive(Default)]
pub struct Paths {
    /// The leaves wanted, each with its path so far.
    paths: BTreeMap<u64, Vec<Digest>>,
    /// The complete subtrees so far, largest first.
    nodes: Vec<Node>,
    size: u64,
}

impl Paths {
    /// Asks for the path of a leaf that is still to come; one that has passed is not found again.
    pub fn want(&mut self, leaf: u64) {
        if leaf >= self.size {
            self.paths.entry(leaf).or_default();
        }
    }

    /// Takes the next leaf (height 0), or so many leaves at once that they are a node of the tree.
    pub fn push_subtree(&mut self, height: u32, hash: Digest) {
        let mut node = Node { first: self.size, size: 1 << height, hash };
        self.size += node.size;
        while let Some(left) = self.nodes.pop_if(|left| left.size == node.size) {
            node = self.join(&left, &node);
        }
        self.nodes.push(node);
    }

    fn join(&mut self, left: &Node, right: &Node) -> Node {
        let after = right.first + right.size;
        self.paths.range_mut(left.first..right.first).for_each(|(_, path)| path.push(right.hash));
        self.paths.range_mut(right.first..after).for_each(|(_, path)| path.push(left.hash));
        Node {
            first: left.first,
            size: left.size + right.size,
            hash: node_hash(&left.hash, &right.hash),
        }
    }

    /// The root, and each leaf wanted that there was with its path, from the leaf up.
    pub fn finish(mut self) -> (Digest, BTreeMap<u64, Vec<Digest>>) {
        while let Some(right) = self.nodes.pop() {
            let Some(left) = self.nodes.pop() else {
                self.paths.retain(|leaf, _| *leaf < self.size);
                return (right.hash, self.paths);
            };
            let node = self.join(&left, &right);
            self.nodes.push(node);
        }
        (Digest::of(b""), BTreeMap::new())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::tree::{inclusion_proof, leaf_hash, root, verify_inclusion};

    proptest! {
        #[test]
        fn the_paths_are_those_of_the_whole_tree(
            size in 0_u64..130, wanted in proptest::collection::vec(0_u64..140, 0..20),
        ) {
            let leaves: Vec<_> = (0..size).map(|at| leaf_hash(&at.to_le_bytes())).collect();
            let mut paths = Paths::default();
            for (at, leaf) in leaves.iter().enumerate() {
                // Some are asked for at the start, others just before they come.
                let early = |leaf: &u64| at == 0 && leaf.is_multiple_of(2) || *leaf == at as u64;
                wanted.iter().filter(|leaf| early(leaf)).for_each(|leaf| paths.want(*leaf));
                paths.push_subtree(0, *leaf);
            }
            let (found, paths) = paths.finish();
            prop_assert_eq!(found, root(&leaves));
            let expected: std::collections::BTreeSet<u64> =
                wanted.into_iter().filter(|leaf| *leaf < size).collect();
            prop_assert_eq!(paths.len(), expected.len());
            for (leaf, path) in paths {
                prop_assert!(expected.contains(&leaf));
                let expected = inclusion_proof(&leaves, leaf as usize).unwrap();
                prop_assert_eq!(&path, &expected);
                prop_assert!(verify_inclusion(&leaves[leaf as usize], leaf, size, &path, &found));
            }
        }
    }
}
