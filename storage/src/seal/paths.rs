//! How are some leaves of a large tree proven to be under its root, while its leaves pass by once?

use crate::digest::Digest;
use crate::ledger::tree::node_hash;

/// A complete subtree, or at the end the rest of the tree.
struct Node {
    first: u64,
    size: u64,
    hash: Digest,
}

/// Collects the RFC 6962 audit paths of some leaves. Memory holds the paths and one node for each level of the tree.
pub struct Paths {
    /// The leaves wanted, rising.
    wanted: Vec<u64>,
    paths: Vec<Vec<Digest>>,
    /// The complete subtrees so far, largest first.
    nodes: Vec<Node>,
    size: u64,
}

impl Paths {
    /// For the leaves of these numbers.
    pub fn new(mut wanted: Vec<u64>) -> Self {
        wanted.sort_unstable();
        wanted.dedup();
        let paths = vec![Vec::new(); wanted.len()];
        Self { wanted, paths, nodes: Vec::new(), size: 0 }
    }

    /// Takes the next leaf.
    pub fn push(&mut self, leaf: Digest) {
        let mut node = Node { first: self.size, size: 1, hash: leaf };
        self.size += 1;
        while let Some(left) = self.nodes.pop_if(|left| left.size == node.size) {
            node = self.join(left, node);
        }
        self.nodes.push(node);
    }

    fn join(&mut self, left: Node, right: Node) -> Node {
        let at = |leaf: u64| self.wanted.partition_point(|wanted| *wanted < leaf);
        let (first, middle, after) =
            (at(left.first), at(right.first), at(right.first + right.size));
        self.paths[first..middle].iter_mut().for_each(|path| path.push(right.hash));
        self.paths[middle..after].iter_mut().for_each(|path| path.push(left.hash));
        Node {
            first: left.first,
            size: left.size + right.size,
            hash: node_hash(&left.hash, &right.hash),
        }
    }

    /// The root, and each leaf wanted that there is with its path, from the leaf up.
    pub fn finish(mut self) -> (Digest, Vec<(u64, Vec<Digest>)>) {
        while self.nodes.len() > 1 {
            if let Some((right, left)) = self.nodes.pop().zip(self.nodes.pop()) {
                let node = self.join(left, right);
                self.nodes.push(node);
            }
        }
        let root = self.nodes.pop().map_or_else(|| Digest::of(b""), |node| node.hash);
        let size = self.size;
        let paths = self.wanted.into_iter().zip(self.paths).filter(|(leaf, _)| *leaf < size);
        (root, paths.collect())
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
            let mut paths = Paths::new(wanted.clone());
            leaves.iter().for_each(|leaf| paths.push(*leaf));
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
