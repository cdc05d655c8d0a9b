//! How is it shown that a ledger has only grown between two checkpoints? By the RFC 6962 consistency proof, in the text
//! form that C2SP witnesses take: `old SIZE`, the hashes in base64, an empty line, the newer signed checkpoint.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::note::Checkpoint;
use super::tree;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};

/// The longest proof there is: that of a tree of 2^63 leaves.
const HASHES_MAX: usize = 63;

/// A proof that a newer checkpoint covers everything that an older one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// How many records the older one covers.
    pub old_size: u64,
    /// The hashes of RFC 6962, section 2.1.2.
    pub hashes: Vec<Digest>,
    /// The newer checkpoint, signed.
    pub note: String,
}

impl Consistency {
    /// Makes the proof from the leaves of the newer tree; `None` if the older one is larger, or empty.
    pub fn new(leaves: &[Digest], old_size: u64, note: &str) -> Option<Self> {
        let hashes = tree::consistency_proof(leaves, usize::try_from(old_size).ok()?)?;
        Some(Self { old_size, hashes, note: note.to_owned() })
    }

    /// Whether it shows that the tree of `new` begins with that of `old`.
    pub fn holds(&self, old: &Checkpoint, new: &Checkpoint) -> bool {
        old.origin == new.origin
            && old.size == self.old_size
            && tree::verify_consistency(old.size, &old.root, new.size, &new.root, &self.hashes)
    }

    /// The text.
    pub fn text(&self) -> String {
        let hashes: String =
            self.hashes.iter().map(|hash| BASE64_STANDARD.encode(hash.0) + "\n").collect();
        format!("old {}\n{hashes}\n{}", self.old_size, self.note)
    }

    /// Reads the text; the note is not checked yet.
    pub fn parse(text: &str) -> Result<Self> {
        let read = || {
            let (head, note) = text.split_once("\n\n")?;
            let mut lines = head.split('\n');
            let old_size = lines.next()?.strip_prefix("old ")?.parse().ok()?;
            let mut hashes = Vec::new();
            for line in lines {
                let hash = BASE64_STANDARD.decode(line).ok()?.try_into().ok()?;
                hashes.push(Digest(hash));
                if hashes.len() > HASHES_MAX {
                    return None;
                }
            }
            Some(Self { old_size, hashes, note: note.to_owned() })
        };
        read().ok_or_else(|| Error::new(ErrorKind::InvalidInput, "no consistency proof"))
    }

    /// Whether a text begins as a proof does.
    pub fn is_one(text: &str) -> bool {
        text.starts_with("old ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_survives_as_text_and_shows_growth_alone() {
        let leaves: Vec<_> = (0..40u8).map(|byte| tree::leaf_hash(&[byte])).collect();
        let head = |size: usize| Checkpoint {
            origin: "s".into(),
            size: size as u64,
            root: tree::root(&leaves[..size]),
        };
        for old in 1..=40 {
            for new in old..=40 {
                let proof = Consistency::new(&leaves[..new], old as u64, "a note\n").unwrap();
                assert_eq!(Consistency::parse(&proof.text()).unwrap(), proof);
                assert!(proof.holds(&head(old), &head(new)));
                let other = Checkpoint { root: Digest::of(b"x"), ..head(old) };
                assert!(!proof.holds(&other, &head(new)));
                let other = Checkpoint { origin: "t".into(), ..head(old) };
                assert!(!proof.holds(&other, &head(new)));
            }
        }
        assert_eq!(Consistency::new(&leaves, 41, ""), None);
        for bad in ["old x\n\n", "old 1\n", "new 1\n\n", "old 1\nAA\n\n"] {
            assert!(Consistency::parse(bad).is_err(), "{bad}");
        }
        let long = format!("old 1\n{}\nnote", (BASE64_STANDARD.encode([0; 32]) + "\n").repeat(64));
        assert!(Consistency::parse(&long).is_err());
    }
}
