//! Which days does an archive hold? Its newest index says so, under the store's signature; it is written last.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Micros;
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Breach, Error, ErrorKind, Result};
use crate::ledger::chain::KeyChain;
use crate::ledger::json;
use crate::ledger::note::{SignerKey, VerifierKey};
use crate::ledger::record::{Body, Record, form};

/// What the text of an index begins with, so that no other signed text can pass for one.
const HEADER: &str = "dwell archive index 1\n";

/// The folder of the indexes.
pub(super) const FOLDER: &str = "index";

/// Digits of an index's name.
const DIGITS: usize = 10;

/// An index of more bytes is none: a century of days is a tenth of it.
pub(super) const LONGEST: u64 = 128 << 20;

/// The name of index `number`, from 1.
pub(super) fn name(number: u64) -> String {
    format!("{FOLDER}/{number:010}")
}

/// The number of an index of this name.
pub(super) fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(FOLDER)?.strip_prefix('/')?;
    let good = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = if good { digits.parse().ok()? } else { return None };
    (number > 0).then_some(number)
}

/// A state of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The root over its records.
    pub root: Digest,
    /// How many records.
    #[serde(with = "form::int")]
    pub size: u64,
}

/// A day as the index has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexedDay {
    /// Bytes of all objects of its package.
    #[serde(with = "form::int")]
    pub bytes: u64,
    /// The folder of its package below `days/<day>/`.
    pub content: String,
    /// The day.
    pub day: Day,
    /// SHA-256 of its manifest.
    pub manifest: Digest,
    /// How many objects its package has, the manifest among them.
    #[serde(with = "form::int")]
    pub objects: u64,
    /// Its rows.
    #[serde(with = "form::int")]
    pub rows: u64,
}

impl IndexedDay {
    /// The prefix of the names of its objects.
    pub fn prefix(&self) -> String {
        prefix(self.day, &self.content)
    }
}

/// The prefix of the names of the objects of a package.
pub(super) fn prefix(day: Day, content: &str) -> String {
    format!("days/{day}/{content}/")
}

/// The day and folder of the package that an object of this name belongs to.
pub(super) fn package_of(name: &str) -> Option<(Day, &str)> {
    let mut words = name.strip_prefix("days/")?.splitn(3, '/');
    let day = words.next()?.parse().ok()?;
    let content = words.next()?;
    words.next()?;
    Some((day, content))
}

/// Whether a word can be the folder of a package.
pub(super) fn is_content(word: &str) -> bool {
    word.len() == 32 && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A list of days, as one run left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// When it was written.
    pub at: Micros,
    /// The ledger at that time.
    pub head: Head,
    /// Its days.
    pub days: BTreeMap<Day, IndexedDay>,
    /// Its number, from 1.
    pub number: u64,
    /// SHA-256 of the index before it.
    pub previous: Option<Digest>,
    /// SHA-256 of the archive's README.md.
    pub readme: Digest,
    /// The records that brought new keys, oldest first: each key vouches for the next.
    pub rotations: Vec<String>,
    /// The id of the store.
    pub store: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexBody {
    #[serde(with = "form::int")]
    at: Micros,
    checkpoint: Head,
    days: Vec<IndexedDay>,
    #[serde(with = "form::int")]
    number: u64,
    previous: Option<Digest>,
    readme: Digest,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rotations: Vec<String>,
    store: String,
}

impl Index {
    fn text(&self) -> Result<String> {
        let body = IndexBody {
            at: self.at,
            checkpoint: self.head,
            days: self.days.values().cloned().collect(),
            number: self.number,
            previous: self.previous,
            readme: self.readme,
            rotations: self.rotations.clone(),
            store: self.store.clone(),
        };
        let line = String::from_utf8(json::to_bytes(&body)?).map_err(|error| {
            Error::new(ErrorKind::Internal, "cannot write an index").caused_by(error)
        })?;
        Ok(format!("{HEADER}{line}\n"))
    }

    /// Its bytes, signed.
    pub fn render(&self, signer: &SignerKey) -> Result<Vec<u8>> {
        Ok(signer.sign(&self.text()?).into_bytes())
    }

    /// Reads an index of the store whose first key is `first`. It is signed by the newest of the keys, of which each is
    /// vouched for by the one before it. Returns it with these keys.
    pub fn parse(bytes: &[u8], first: &VerifierKey) -> Result<(Self, KeyChain)> {
        let bad = |what: &str| Error::new(ErrorKind::Integrity, what);
        let note = std::str::from_utf8(bytes).map_err(|_| bad("altered: no signed note"))?;
        // Which keys there are is read before the signature is checked: each of them proves itself.
        let end = note.rfind("\n\n").ok_or_else(|| bad("altered: no signed note"))?;
        let text = &note[..=end];
        let line = text.strip_prefix(HEADER).ok_or_else(|| bad("altered: no index"))?;
        let body: IndexBody = serde_json::from_str(line.trim_end_matches('\n'))
            .map_err(|error| bad("altered: no index").caused_by(error))?;
        let keys = chain(first, &body.rotations)?;
        keys.newest().unwrap_or(first).open(note)?;
        let days = body.days.into_iter().map(|day| (day.day, day)).collect();
        let index = Self {
            at: body.at,
            head: body.checkpoint,
            days,
            number: body.number,
            previous: body.previous,
            readme: body.readme,
            rotations: body.rotations,
            store: body.store,
        };
        if index.store != first.name() {
            return Err(bad("the index of another store").as_breach(Breach::WrongKey));
        }
        if index.days.values().any(|day| !is_content(&day.content)) || index.text()? != text {
            return Err(bad("altered: no index in canonical form"));
        }
        Ok((index, keys))
    }
}

/// The keys that follow from the first by records of rotation.
fn chain(first: &VerifierKey, rotations: &[String]) -> Result<KeyChain> {
    let mut keys = KeyChain::of(first);
    for line in rotations {
        let record = Record::parse(line.as_bytes())?;
        let Body::Rotate(rotation) = &record.body else {
            return Err(Error::new(ErrorKind::Integrity, "altered: no record of a rotation"));
        };
        keys.rotate(record.seq, record.seq, rotation)?;
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(days: Vec<(i32, u64)>) -> Index {
        let day = |(day, rows): (i32, u64)| {
            let digest = Digest::of(&rows.to_le_bytes());
            let content = digest.to_string()[..32].to_owned();
            let day = Day(day);
            (day, IndexedDay { bytes: rows, content, day, manifest: digest, objects: 7, rows })
        };
        Index {
            at: 5,
            head: Head { root: Digest::of(b"r"), size: 1 << 60 },
            days: days.into_iter().map(day).collect(),
            number: 3,
            previous: None,
            readme: Digest::of(b"r"),
            rotations: Vec::new(),
            store: "s".into(),
        }
    }

    proptest! {
        #[test]
        fn an_index_is_written_and_read(
            days in prop::collection::vec((-1000_i32..40_000, any::<u64>()), 0..20)
        ) {
            let signer = SignerKey::from_seed("s", &[1; 32]).unwrap();
            let index = index(days);
            let bytes = index.render(&signer).unwrap();
            prop_assert_eq!(Index::parse(&bytes, &signer.verifier().unwrap()).unwrap().0, index);
        }
    }

    #[test]
    fn every_flipped_bit_and_every_other_key_is_noticed() {
        let signer = SignerKey::from_seed("s", &[1; 32]).unwrap();
        let key = signer.verifier().unwrap();
        let bytes = index(vec![(1, 2), (3, 4)]).render(&signer).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Index::parse(&flipped, &key).is_err(), "bit {bit}");
        }
        let other = SignerKey::from_seed("s", &[2; 32]).unwrap();
        let forged = index(vec![(1, 2)]).render(&other).unwrap();
        assert_eq!(Index::parse(&forged, &key).unwrap_err().kind(), ErrorKind::Integrity);
        let checkpoint = signer.sign("s\n1\nAAAA\n");
        assert!(Index::parse(checkpoint.as_bytes(), &key).is_err());
    }

    #[test]
    fn names_have_ten_digits() {
        assert_eq!(name(7), "index/0000000007");
        assert_eq!(number_of("index/0000000007"), Some(7));
        for bad in ["index/0000000000", "index/7", "index/+000000007", "0000000007", "index"] {
            assert_eq!(number_of(bad), None, "{bad}");
        }
    }
}
