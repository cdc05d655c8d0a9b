//! What stands in a file of `salts/`? What the salts of a seal are derived from, and the leaf hashes of lines that left
//! the files of their day.
//!
//! Lines of text, each ended by LF, numbers in decimal, bytes in lower-case hex:
//!
//! ```text
//! dwell salts 1
//! leaves N                            how many lines were sealed
//! seed LEVEL NUMBER SECRET            a node of the tree of salts (`0 0`: the secret itself)
//! gone INDEX SOURCE LINE LEAF         a line that left the files: its place, its leaf hash; its salt is destroyed
//! ```
//!
//! Every leaf lies below exactly one `seed` or has one `gone`, both rise, and nothing else is in the file. So whatever
//! leaves the files of a sealed day keeps its place under the root, and what it was can't be guessed and tried.

use super::salts::{MOST_LEAVES, Secret, Seed, depth, random};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};

/// The first line of every such file.
const TITLE: &str = "dwell salts 1";

/// A sealed line that is no longer in the files of its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    /// Which leaf it is, from 0.
    pub index: u64,
    /// The source it came from.
    pub source_id: i32,
    /// Its line there.
    pub line_no: i64,
    /// Its leaf hash.
    pub leaf: Digest,
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

    /// Those of them that left the files, in the order of their leaves.
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

    /// Those of the leaves `from..to` that left the files.
    pub(super) fn gone_within(&self, from: u64, to: u64) -> &[Gone] {
        let first = self.gone.partition_point(|gone| gone.index < from);
        let after = self.gone.partition_point(|gone| gone.index < to);
        &self.gone[first..after]
    }

    /// Destroys the salts of lines that leave the files, and keeps their leaf hashes.
    ///
    /// # Errors
    /// `Internal`: one of them is no leaf of this seal, is given twice, or has gone before.
    pub fn remove(&mut self, mut gone: Vec<Gone>) -> Result<()> {
        gone.sort_unstable_by_key(|gone| gone.index);
        let indexes: Vec<u64> = gone.iter().map(|gone| gone.index).collect();
        let depth = depth(self.leaves);
        let mut seeds = Vec::with_capacity(self.seeds.len());
        let (mut at, mut rest) = (0, indexes.as_slice());
        for seed in &self.seeds {
            let (first, after) = seed.range(depth);
            let (before, more) = rest.split_at(rest.partition_point(|index| *index < first));
            let (below, more) = more.split_at(more.partition_point(|index| *index < after));
            if !before.is_empty() || below.windows(2).any(|pair| pair[0] == pair[1]) {
                break;
            }
            seed.puncture(depth, self.leaves, below, &mut seeds);
            at += below.len();
            rest = more;
        }
        if at < indexes.len() || indexes.last().is_some_and(|last| *last >= self.leaves) {
            return Err(Error::new(ErrorKind::Internal, "a line leaves its seal twice"));
        }
        self.seeds = seeds;
        self.gone.extend(gone);
        self.gone.sort_unstable_by_key(|gone| gone.index);
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
        let words: Vec<&str> = rest.splitn(5, ' ').collect();
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
            ("gone", [index, source, at, leaf]) => {
                let gone = Gone {
                    index: number(index)?,
                    source_id: source.parse().ok()?,
                    line_no: at.parse().ok()?,
                    leaf: Digest(hex(leaf)?),
                };
                (gone_line(&gone) == line).then(|| self.gone.push(gone))
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
            } else if gone.next_if(|gone| gone.index == next).is_some() {
                next += 1;
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
    format!("gone {} {} {} {}", gone.index, gone.source_id, gone.line_no, gone.leaf)
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

    fn gone(index: u64) -> Gone {
        Gone {
            index,
            source_id: 1,
            line_no: index as i64 + 1,
            leaf: Digest::of(&index.to_le_bytes()),
        }
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
        assert_eq!(words, ["dwell salts", "leaves", "seed 2 0", "seed 1 1", "gone 1 1 2"]);
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
            good.replace("gone 2", "gone  2"),
            good.replace("gone 2 1", "gone 2 +1"),
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
        assert!(file.seeds().is_empty() && file.gone().len() == 10);
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
            let gone: Vec<u64> = file.gone_within(from, from + len).iter().map(|it| it.index).collect();
            let expected: Vec<u64> = left.range(from..from + len).copied().collect();
            prop_assert_eq!(gone, expected);
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
