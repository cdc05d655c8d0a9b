//! How are the blocks of a data file digested, and what is the root over them?

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::layout::BLOCK_BYTES;
use crate::digest::Digest;
use crate::fs::FileWriter;

/// What the tail of a data file begins with: [`MAGIC`], bytes of a block and number of blocks (both 32 bits, little
/// endian), then the SHA-256 of each block before the tail. No Parquet offset points at it, so readers pass over it;
/// and it is checked against the signed root before any decoder sees the footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockTable {
    /// Bytes of each block; the last one is shorter if the tail does not begin at a multiple.
    pub block_bytes: u64,
    /// The digests.
    pub digests: Vec<Digest>,
}

/// The first bytes of a block table.
pub const MAGIC: [u8; 8] = *b"dwellBLK";

impl BlockTable {
    /// The bytes of the table.
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + 32 * self.digests.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&(self.block_bytes as u32).to_le_bytes());
        bytes.extend_from_slice(&(self.digests.len() as u32).to_le_bytes());
        self.digests.iter().for_each(|digest| bytes.extend_from_slice(&digest.0));
        bytes
    }

    /// Reads the table at the beginning of the tail of a file whose tail begins at `tail_at`; `None` if there is none
    /// or it does not cover exactly the bytes before.
    pub fn decode(tail: &[u8], tail_at: u64) -> Option<Self> {
        let rest = tail.strip_prefix(&MAGIC)?;
        let (block_bytes, rest) = rest.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let block_bytes = u64::from(u32::from_le_bytes(*block_bytes));
        let count = u32::from_le_bytes(*count);
        let expected = tail_at.checked_add(block_bytes.checked_sub(1)?)? / block_bytes;
        if u64::from(count) != expected {
            return None;
        }
        let digests = rest.get(..32usize.checked_mul(count as usize)?)?;
        let digests = digests.as_chunks().0.iter().map(|bytes| Digest(*bytes)).collect();
        Some(Self { block_bytes, digests })
    }

    /// The root over the blocks and the tail.
    pub fn root(&self, tail: &Digest) -> Digest {
        root(self.digests.iter().chain([tail]))
    }
}

/// RFC 6962 root over `leaves`, each the data of one leaf.
fn root<'a>(leaves: impl IntoIterator<Item = &'a Digest>) -> Digest {
    // Whole subtrees on the left, largest first; the last two of equal size become one.
    let mut subtrees: Vec<(u64, [u8; 32])> = Vec::new();
    for leaf in leaves {
        subtrees.push((1, hash(0, &[&leaf.0])));
        while let [.., (left_size, left), (right_size, right)] = subtrees.as_slice()
            && left_size == right_size
        {
            let joined = (left_size + right_size, hash(1, &[left, right]));
            subtrees.truncate(subtrees.len() - 2);
            subtrees.push(joined);
        }
    }
    let joined = subtrees.into_iter().map(|(_, hash)| hash).rev();
    match joined.reduce(|right, left| hash(1, &[&left, &right])) {
        Some(root) => Digest(root),
        None => Digest::of(b""),
    }
}

fn hash(prefix: u8, parts: &[&[u8; 32]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update([prefix]);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// A file that is being written, digested on the way: as a whole, by block, and apart from the blocks the tail.
pub(super) struct DigestingFile {
    file: Box<dyn FileWriter>,
    whole: Sha256,
    part: Sha256,
    part_bytes: u64,
    bytes: u64,
    table: BlockTable,
    tail: Option<u64>,
}

/// What a finished file comes to.
pub(super) struct FileDigests {
    pub(super) bytes: u64,
    pub(super) sha256: Digest,
    pub(super) tail: u64,
    pub(super) root: Digest,
}

impl DigestingFile {
    pub(super) fn new(file: Box<dyn FileWriter>) -> Self {
        Self {
            file,
            whole: Sha256::new(),
            part: Sha256::new(),
            part_bytes: 0,
            bytes: 0,
            table: BlockTable { block_bytes: BLOCK_BYTES, digests: Vec::new() },
            tail: None,
        }
    }

    fn end_part(&mut self) -> Digest {
        self.part_bytes = 0;
        Digest(std::mem::take(&mut self.part).finalize().into())
    }

    /// Ends the blocks: what is written from now on is the tail. Gives the bytes it has to begin with, and its place.
    pub(super) fn begin_tail(&mut self) -> (Vec<u8>, u64) {
        if self.part_bytes > 0 {
            let block = self.end_part();
            self.table.digests.push(block);
        }
        self.tail = Some(self.bytes);
        (self.table.encode(), self.bytes)
    }

    /// Makes the file durable.
    pub(super) fn finish(mut self) -> io::Result<FileDigests> {
        self.file.flush()?;
        self.file.sync()?;
        let tail_digest = self.end_part();
        Ok(FileDigests {
            bytes: self.bytes,
            sha256: Digest(self.whole.finalize().into()),
            tail: self.tail.unwrap_or(0),
            root: self.table.root(&tail_digest),
        })
    }
}

impl Write for DigestingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        let mut rest = &bytes[..written];
        self.whole.update(rest);
        self.bytes += written as u64;
        if self.tail.is_some() {
            self.part.update(rest);
            return Ok(written);
        }
        while !rest.is_empty() {
            let room = usize::try_from(BLOCK_BYTES - self.part_bytes).unwrap_or(rest.len());
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.part.update(now);
            self.part_bytes += now.len() as u64;
            if self.part_bytes == BLOCK_BYTES {
                let block = self.end_part();
                self.table.digests.push(block);
            }
            rest = later;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962 §2.1, written as it stands there.
    fn recursive(leaves: &[Digest]) -> [u8; 32] {
        match leaves {
            [] => Sha256::digest(b"").into(),
            [leaf] => hash(0, &[&leaf.0]),
            _ => {
                let half = leaves.len().next_power_of_two() / 2;
                hash(1, &[&recursive(&leaves[..half]), &recursive(&leaves[half..])])
            }
        }
    }

    #[test]
    fn roots_follow_rfc_6962() {
        let leaves: Vec<_> = (0..40u8).map(|n| Digest::of(&[n])).collect();
        for n in 0..leaves.len() {
            assert_eq!(root(&leaves[..n]).0, recursive(&leaves[..n]), "{n}");
        }
    }
}
