//! How do records become one digest, and how is one proven to be under it? The Merkle tree of RFC 6962 (SHA-256).

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

/// The hash of a leaf with this data.
pub fn leaf_hash(data: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(data);
    Digest(hasher.finalize().into())
}

/// The hash of a node over two subtrees.
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left.0);
    hasher.update(right.0);
    Digest(hasher.finalize().into())
}

/// The root of the tree over these leaf hashes.
pub fn root(leaves: &[Digest]) -> Digest {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier.root()
}

/// What is needed of a tree to append to it: the roots of its complete subtrees, largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Digest>,
}

impl Frontier {
    /// Puts a frontier back together; `None` if the count of nodes does not fit the size.
    pub fn from_parts(size: u64, nodes: Vec<Digest>) -> Option<Self> {
        (nodes.len() == size.count_ones() as usize).then_some(Self { size, nodes })
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, largest first.
    pub fn nodes(&self) -> &[Digest] {
        &self.nodes
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Digest) {
        let mut node = leaf;
        let mut size = self.size;
        while size & 1 == 1 {
            if let Some(left) = self.nodes.pop() {
                node = node_hash(&left, &node);
            }
            size >>= 1;
        }
        self.nodes.push(node);
        self.size += 1;
    }

    /// The root of the tree; that of no leaves is the digest of nothing.
    pub fn root(&self) -> Digest {
        let mut nodes = self.nodes.iter().rev();
        let Some(last) = nodes.next() else { return Digest::of(b"") };
        nodes.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The largest power of two below `size` (which is at least 2).
fn split(size: usize) -> usize {
    (size - 1).checked_ilog2().map_or(1, |log| 1 << log)
}

/// The proof that leaf number `index` (from 0) is under the root of `leaves`; `None` beyond their end.
pub fn inclusion_proof(leaves: &[Digest], index: usize) -> Option<Vec<Digest>> {
    if index >= leaves.len() {
        return None;
    }
    let mut proof = Vec::new();
    let (mut range, mut index) = (leaves, index);
    while range.len() > 1 {
        let (left, right) = range.split_at(split(range.len()));
        if index < left.len() {
            proof.push(root(right));
            range = left;
        } else {
            proof.push(root(left));
            index -= left.len();
            range = right;
        }
    }
    proof.reverse();
    Some(proof)
}

/// The proof that the tree over the first `old` of `leaves` is a prefix of the tree over all; `None` if there are
/// fewer, or `old` is 0.
pub fn consistency_proof(leaves: &[Digest], old: usize) -> Option<Vec<Digest>> {
    if old == 0 || old > leaves.len() {
        return None;
    }
    let mut proof = Vec::new();
    let (mut range, mut old, mut whole) = (leaves, old, true);
    while old < range.len() {
        let (left, right) = range.split_at(split(range.len()));
        if old <= left.len() {
            proof.push(root(right));
            range = left;
        } else {
            proof.push(root(left));
            old -= left.len();
            range = right;
            whole = false;
        }
    }
    if !whole {
        proof.push(root(range));
    }
    proof.reverse();
    Some(proof)
}

/// Whether `proof` shows that `leaf` is number `index` of the `size` leaves under `root`.
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    root: &Digest,
) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut at, mut last) = (*leaf, index, size - 1);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            node = node_hash(sibling, &node);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && node == *root
}

/// Whether `proof` shows that the tree of `old_size` leaves and `old_root` is a prefix of that of `size` and `root`.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Digest,
    size: u64,
    root: &Digest,
    proof: &[Digest],
) -> bool {
    if old_size == 0 || old_size > size {
        return false;
    }
    if old_size == size {
        return proof.is_empty() && old_root == root;
    }
    let mut nodes = proof.iter();
    let first = if old_size.is_power_of_two() { Some(old_root) } else { nodes.next() };
    let Some(first) = first else { return false };
    let (mut old_node, mut node) = (*first, *first);
    let (mut at, mut last) = (old_size - 1, size - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    for sibling in nodes {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old_node = node_hash(sibling, &old_node);
            node = node_hash(sibling, &node);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && old_node == *old_root && node == *root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The leaves and roots that certificate-transparency's own tests use.
    fn reference_leaves() -> Vec<Digest> {
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        inputs.iter().map(|input| leaf_hash(input)).collect()
    }

    #[test]
    fn the_reference_roots() {
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let leaves = reference_leaves();
        for (size, expected) in roots.iter().enumerate() {
            assert_eq!(root(&leaves[..=size]).to_string(), *expected);
        }
        assert_eq!(root(&[]), Digest::of(b""));
    }

    fn hex(proof: Option<Vec<Digest>>) -> Vec<String> {
        proof.unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_reference_proofs() {
        let leaves = reference_leaves();
        assert_eq!(
            hex(inclusion_proof(&leaves, 0)),
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ]
        );
        assert_eq!(
            hex(consistency_proof(&leaves, 6)),
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        assert_eq!(
            hex(consistency_proof(&leaves[..5], 2)),
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ]
        );
    }

    proptest! {
        #[test]
        fn every_proof_holds_and_no_other(size in 1_usize..70, pick in 0_usize..70, bad in 0_usize..8) {
            let leaves: Vec<_> = (0..size).map(|at| leaf_hash(&at.to_le_bytes())).collect();
            let whole = root(&leaves);
            let index = pick % size;
            let proof = inclusion_proof(&leaves, index).unwrap();
            let n = size as u64;
            prop_assert!(verify_inclusion(&leaves[index], index as u64, n, &proof, &whole));
            prop_assert!(!verify_inclusion(&leaf_hash(b"x"), index as u64, n, &proof, &whole));
            let old = index + 1;
            let old_root = root(&leaves[..old]);
            let proof = consistency_proof(&leaves, old).unwrap();
            prop_assert!(verify_consistency(old as u64, &old_root, n, &whole, &proof));
            if !proof.is_empty() {
                let mut wrong = proof.clone();
                let at = bad % wrong.len();
                wrong[at].0[0] ^= 1;
                prop_assert!(!verify_consistency(old as u64, &old_root, n, &whole, &wrong));
                prop_assert!(!verify_consistency(old as u64, &old_root, n, &whole, &proof[1..]));
            }
        }

        #[test]
        fn a_frontier_is_all_that_appending_needs(size in 0_u64..200) {
            let mut frontier = Frontier::default();
            for at in 0..size {
                let parts = Frontier::from_parts(frontier.size(), frontier.nodes().to_vec());
                frontier = parts.unwrap();
                frontier.push(leaf_hash(&at.to_le_bytes()));
            }
            let leaves: Vec<_> = (0..size).map(|at| leaf_hash(&at.to_le_bytes())).collect();
            // The naive definition of RFC 6962 §2.1.
            fn mth(leaves: &[Digest]) -> Digest {
                match leaves {
                    [] => Digest::of(b""),
                    [leaf] => *leaf,
                    _ => {
                        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                        node_hash(&mth(left), &mth(right))
                    }
                }
            }
            prop_assert_eq!(frontier.root(), mth(&leaves));
        }
    }
}
