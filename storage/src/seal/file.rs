//! What stands in a file of `salts/`? What the salts of a seal are derived from, and the hashes of what left the files of
//! its day.
//!
//! Lines of text, each ended by LF, numbers in decimal, bytes in lower-case hex:
//!
//! ```text
//! dwell salts 1
//! leaves N                       how many lines were sealed
//! seed LEVEL NUMBER SECRET       a node of the tree of salts, LEVEL steps below its root (`0 0`: the secret itself)
//! gone HEIGHT NUMBER HASH        a node of the sealed tree, HEIGHT steps above its leaves, whose lines left the files
//! ```
//!
//! A `seed` stands for the leaves below it, a `gone` for the leaves `NUMBER << HEIGHT` and after, `1 << HEIGHT` of them.
//! Every leaf lies below exactly one of them, both rise, two that are the halves of one `gone` are put together, and
//! nothing else is in the file. So whatever leaves the files of a sealed day keeps its place under the root, and what it
//! was can't be guessed and tried, for its salt is destroyed.

use super::salts::{MOST_LEAVES, Secret, Seed, depth, random};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::tree::node_hash;

/// The first line of every such file.
const TITLE: &str = "dwell salts 1";

/// A part of the sealed tree whose lines are no longer in the files of their day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    /// How many steps above the leaves; 0 is one line.
    pub height: u32,
    /// Its number at this height, from 0.
    pub number: u64,
    /// Its hash; of a line, the leaf hash.
    pub hash: Digest,
}

impl Gone {
    /// A line.
    pub fn line(index: u64, leaf: Digest) -> Self {
        Self { height: 0, number: index, hash: leaf }
    }

    /// Its first leaf, and the one after its last.
    pub fn range(&self) -> (u64, u64) {
        (self.number << self.height, (self.number + 1) << self.height)
    }

    /// Puts this one and the one after it together, if they are the halves of one.
    fn join(&self, next: &Self) -> Option<Self> {
        let halves = self.height == next.height
            && self.number.is_multiple_of(2)
            && self.number + 1 == next.number;
        halves.then(|| Self {
            height: self.height + 1,
            number: self.number / 2,
            hash: node_hash(&self.hash, &next.hash),
        })
    }
}

/// The salts of one seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealFile {
    leaves: u64,
    seeds: Vec<Seed>,
    gone: Vec<Gone>,
}

fn damaged(line: usize) -> Error {
    Error::new(ErrorKind::Integrity, format!("no file of salts (line {line})"))
}

impl SealFile {
    /// Salts for so many leaves, from a new secret.
    pub fn new(leaves: u64) -> Result<Self> {
        Self::of_secret(leaves, random()?)
    }

    /// Salts for so many leaves, from this secret.
    pub(super) fn of_secret(leaves: u64, secret: Secret) -> Result<Self> {
        if leaves == 0 || leaves > MOST_LEAVES {
            let what = format!("{leaves} rows can't be sealed as one; the most are {MOST_LEAVES}");
            return Err(Error::new(ErrorKind::Unsupported, what));
        }
        Ok(Self { leaves, seeds: vec![Seed::root(secret)], gone: Vec::new() })
    }

    /// How many lines were sealed.
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// What of them left the files, in the order of their leaves.
    pub fn gone(&self) -> &[Gone] {
        &self.gone
    }

    /// The nodes that the other salts are derived from, in the order of their leaves.
    pub fn seeds(&self) -> &[Seed] {
        &self.seeds
    }

    /// Calls `each` with the salts that there are of the leaves `from..to`, in order.
    pub(super) fn each_salt(&self, from: u64, to: u64, each: &mut dyn FnMut(u64, &Secret)) {
        let depth = depth(self.leaves);
        let to = to.min(self.leaves);
        let first = self.seeds.partition_point(|seed| seed.range(depth).1 <= from);
        for seed in self.seeds[first..].iter().take_while(|seed| seed.range(depth).0 < to) {
            seed.each(depth, from, to, each);
        }
    }

    /// How many of them left the files.
    pub fn num_gone(&self) -> u64 {
        self.gone.iter().map(|gone| 1 << gone.height).sum()
    }

    /// Destroys the salts of lines that leave the files, given by place and leaf hash, and keeps the hashes.
    ///
    /// # Errors
    /// `Internal`: one of them is no leaf of this seal, is given twice, or has gone before.
    pub fn remove(&mut self, mut lines: Vec<(u64, Digest)>) -> Result<()> {
        lines.sort_unstable_by_key(|(index, _)| *index);
        let indexes: Vec<u64> = lines.iter().map(|(index, _)| *index).collect();
        let depth = depth(self.leaves);
        let mut seeds = Vec::with_capacity(self.seeds.len());
        let (mut found, mut rest) = (0, indexes.as_slice());
        for seed in &self.seeds {
            let (first, after) = seed.range(depth);
            let (before, more) = rest.split_at(rest.partition_point(|index| *index < first));
            let (below, more) = more.split_at(more.partition_point(|index| *index < after));
            if !before.is_empty() || below.windows(2).any(|pair| pair[0] == pair[1]) {
                break;
            }
            seed.puncture(depth, self.leaves, below, &mut seeds);
            found += below.len();
            rest = more;
        }
        if found < indexes.len() || indexes.last().is_some_and(|last| *last >= self.leaves) {
            return Err(Error::new(ErrorKind::Internal, "a line leaves its seal twice"));
        }
        self.seeds = seeds;
        let mut gone = std::mem::take(&mut self.gone);
        gone.extend(lines.into_iter().map(|(index, leaf)| Gone::line(index, leaf)));
        gone.sort_by_key(|gone| gone.range().0);
        for mut next in gone {
            while let Some(joined) = self.gone.last().and_then(|last| last.join(&next)) {
                self.gone.pop();
                next = joined;
            }
            self.gone.push(next);
        }
        Ok(())
    }

    /// The bytes of the file.
    pub fn render(&self) -> Vec<u8> {
        let mut text = format!("{TITLE}\nleaves {}\n", self.leaves);
        for seed in &self.seeds {
            text.push_str(&seed_line(seed));
            text.push('\n');
        }
        for gone in &self.gone {
            text.push_str(&gone_line(gone));
            text.push('\n');
        }
        text.into_bytes()
    }

    /// Reads the bytes of a file; not one of them may be other than [`SealFile::render`] writes it.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| damaged(1))?;
        let mut lines = text.strip_suffix('\n').ok_or_else(|| damaged(1))?.split('\n');
        if lines.next() != Some(TITLE) {
            return Err(damaged(1));
        }
        let leaves = lines.next().and_then(|line| line.strip_prefix("leaves "));
        let leaves =
            leaves.and_then(|count| number(count).filter(|it| (1..=MOST_LEAVES).contains(it)));
        let mut file =
            Self { leaves: leaves.ok_or_else(|| damaged(2))?, seeds: Vec::new(), gone: Vec::new() };
        for (at, line) in lines.enumerate() {
            file.read_line(line).ok_or_else(|| damaged(at + 3))?;
        }
        if !file.covers_each_leaf_once() {
            return Err(Error::new(
                ErrorKind::Integrity,
                "a file of salts that lacks some, or has some twice",
            ));
        }
        Ok(file)
    }

    fn read_line(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once(' ')?;
        let words: Vec<&str> = rest.splitn(4, ' ').collect();
        match (word, words.as_slice()) {
            ("seed", [level, index, secret]) if self.gone.is_empty() => {
                let level = number(level)?.try_into().ok()?;
                let index = number(index)?;
                if level > depth(self.leaves) || index >= 1_u64 << level {
                    return None;
                }
                let seed = Seed { level, index, secret: hex(secret)? };
                (seed_line(&seed) == line).then(|| self.seeds.push(seed))
            }
            ("gone", [height, index, hash]) => {
                let height: u32 = number(height)?.try_into().ok()?;
                let number = number(index)?;
                // All below it are leaves: the tree has such a node.
                let after = number.checked_add(1)?.checked_mul(1_u64.checked_shl(height)?)?;
                let gone = Gone { height, number, hash: Digest(hex(hash)?) };
                let apart = self.gone.last().is_none_or(|last| last.join(&gone).is_none());
                let sound = after <= self.leaves && apart && gone_line(&gone) == line;
                sound.then(|| self.gone.push(gone))
            }
            _ => None,
        }
    }

    fn covers_each_leaf_once(&self) -> bool {
        let depth = depth(self.leaves);
        let (mut seeds, mut gone) = (self.seeds.iter().peekable(), self.gone.iter().peekable());
        let mut next = 0;
        while next < self.leaves {
            if let Some(seed) = seeds.next_if(|seed| seed.range(depth).0 == next) {
                next = seed.range(depth).1;
            } else if let Some(gone) = gone.next_if(|gone| gone.range().0 == next) {
                next = gone.range().1;
            } else {
                return false;
            }
        }
        seeds.next().is_none() && gone.next().is_none()
    }
}

fn seed_line(seed: &Seed) -> String {
    format!("seed {} {} {}", seed.level, seed.index, Digest(seed.secret))
}

fn gone_line(gone: &Gone) -> String {
    format!("gone {} {} {}", gone.height, gone.number, gone.hash)
}

/// A number in its one form.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

fn hex(text: &str) -> Option<Secret> {
    text.parse::<Digest>().ok().map(|digest| digest.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gone(index: u64) -> (u64, Digest) {
        (index, Digest::of(&index.to_le_bytes()))
    }

    fn salts(file: &SealFile) -> Vec<(u64, Secret)> {
        let mut found = Vec::new();
        file.each_salt(0, u64::MAX, &mut |index, salt| found.push((index, *salt)));
        found
    }

    #[test]
    fn the_text_of_a_file() {
        let mut file = SealFile::of_secret(3, [0xab; 32]).unwrap();
        let ab = "ab".repeat(32);
        assert_eq!(
            String::from_utf8(file.render()).unwrap(),
            format!("dwell salts 1\nleaves 3\nseed 0 0 {ab}\n")
        );
        file.remove(vec![gone(1)]).unwrap();
        let text = String::from_utf8(file.render()).unwrap();
        let words: Vec<_> = text.lines().map(|line| line.rsplit_once(' ').unwrap().0).collect();
        assert_eq!(words, ["dwell salts", "leaves", "seed 2 0", "seed 1 1", "gone 0 1"]);
        assert!(!text.contains(&ab));
        assert_eq!(SealFile::parse(text.as_bytes()).unwrap(), file);
    }

    #[test]
    fn what_no_writer_writes_is_refused() {
        let mut file = SealFile::of_secret(6, [1; 32]).unwrap();
        file.remove(vec![gone(2), gone(3), gone(5)]).unwrap();
        let good = String::from_utf8(file.render()).unwrap();
        assert!(SealFile::parse(good.as_bytes()).is_ok());
        let lines: Vec<&str> = good.lines().collect();
        let join = |lines: &[&str]| lines.join("\n") + "\n";
        let mut bad = vec![
            String::new(),
            "\n".into(),
            good.trim_end().to_owned(),
            good.clone() + "\n",
            good.replace("leaves 6", "leaves 06"),
            good.replace("leaves 6", "leaves 7"),
            good.replace("leaves 6", "leaves 0"),
            good.replace("leaves 6", "leaves 99999999999"),
            good.replace("leaves 6", "leaves +6"),
            good.replace("seed 2 0", "seed 9 0"),
            good.replace("gone 1", "gone  1"),
            good.replace("gone 1 1", "gone 1 +1"),
            good.replace("gone 0 5", "gone 64 5"),
            good.replace("gone 0 5", "gone 0 18446744073709551615"),
            good.replace('\n', "\r\n"),
            good.replace("gone", "seed"),
            good.replacen("seed", "Seed", 1),
            good.to_uppercase(),
        ];
        for at in 0..lines.len() {
            let mut without = lines.clone();
            without.remove(at);
            bad.push(join(&without));
            let mut twice = lines.clone();
            twice.insert(at, lines[at]);
            bad.push(join(&twice));
            if at + 1 < lines.len() {
                let mut swapped = lines.clone();
                swapped.swap(at, at + 1);
                bad.push(join(&swapped));
            }
        }
        for text in bad {
            assert!(SealFile::parse(text.as_bytes()).is_err(), "{text}");
        }
        // Halves that were not put together.
        let (one, two) = (gone(2).1, gone(3).1);
        let joined = format!("gone 1 1 {}\n", node_hash(&one, &two));
        assert!(good.contains(&joined));
        let apart = good.replace(&joined, &format!("gone 0 2 {one}\ngone 0 3 {two}\n"));
        assert!(SealFile::parse(apart.as_bytes()).is_err());
        assert!(SealFile::parse(b"dwell salts 1\nleaves 1\nseed 0 0 \xff\n").is_err());
    }

    #[test]
    fn a_line_leaves_once() {
        let mut file = SealFile::of_secret(10, [1; 32]).unwrap();
        assert!(file.clone().remove(vec![gone(3), gone(3)]).is_err());
        assert!(file.clone().remove(vec![gone(10)]).is_err());
        assert!(file.clone().remove(vec![gone(15)]).is_err());
        file.remove(vec![gone(4), gone(3)]).unwrap();
        for index in [3, 4] {
            let before = file.clone();
            let mut after = file.clone();
            assert!(after.remove(vec![gone(0), gone(index)]).is_err());
            assert_eq!(after, before);
        }
        file.remove(Vec::new()).unwrap();
        file.remove((0..10).filter(|index| ![3, 4].contains(index)).map(gone).collect()).unwrap();
        assert!(file.seeds().is_empty());
        // Eight leaves and two: the complete subtrees of a tree of ten.
        let left: Vec<_> = file.gone().iter().map(|gone| (gone.height, gone.number)).collect();
        assert_eq!((left, file.num_gone()), (vec![(3, 0), (1, 4)], 10));
        assert_eq!(SealFile::parse(&file.render()).unwrap(), file);
    }

    proptest! {
        #[test]
        fn any_lines_may_leave_in_any_steps(
            leaves in 1_u64..300, steps in proptest::collection::vec(proptest::collection::btree_set(0_u64..300, 0..30), 0..4),
            secret: [u8; 32], from in 0_u64..300, len in 0_u64..300,
        ) {
            let whole = SealFile::of_secret(leaves, secret).unwrap();
            let mut file = whole.clone();
            let mut left = std::collections::BTreeSet::new();
            for step in steps {
                let step: Vec<u64> =
                    step.into_iter().filter(|index| *index < leaves && !left.contains(index)).collect();
                left.extend(step.iter().copied());
                file.remove(step.into_iter().map(gone).collect()).unwrap();
            }
            prop_assert_eq!(&SealFile::parse(&file.render()).unwrap(), &file);
            let stay: Vec<_> =
                salts(&whole).into_iter().filter(|(index, _)| !left.contains(index)).collect();
            prop_assert_eq!(salts(&file), stay.clone());
            let mut within = Vec::new();
            file.each_salt(from, from + len, &mut |index, salt| within.push((index, *salt)));
            let expected: Vec<_> =
                stay.into_iter().filter(|(index, _)| (from..from + len).contains(index)).collect();
            prop_assert_eq!(within, expected);
            // What has gone comes to the same root as the lines themselves.
            let mut paths = crate::seal::Paths::default();
            let mut index = 0;
            let mut hashes = file.gone().iter().peekable();
            while index < leaves {
                match hashes.next_if(|gone| gone.range().0 == index) {
                    Some(gone) => {
                        paths.push_subtree(gone.height, gone.hash);
                        index = gone.range().1;
                    }
                    None => {
                        prop_assert!(!left.contains(&index));
                        paths.push_subtree(0, self::gone(index).1);
                        index += 1;
                    }
                }
            }
            let all: Vec<Digest> = (0..leaves).map(|index| self::gone(index).1).collect();
            prop_assert_eq!(paths.finish().0, crate::ledger::tree::root(&all));
            prop_assert_eq!(file.num_gone(), left.len() as u64);
        }

        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..300, put: u8) {
            let _ = SealFile::parse(&bytes);
            let mut file = SealFile::of_secret(9, [1; 32]).unwrap();
            file.remove(vec![gone(0), gone(8)]).unwrap();
            let mut text = file.render();
            let at = cut % text.len();
            text[at] = put;
            if let Ok(read) = SealFile::parse(&text) {
                prop_assert_eq!(read.render(), text);
            }
        }
    }
}
