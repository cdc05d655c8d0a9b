//! With which keys is a ledger signed? The one of record 1, and each that the one before it vouches for.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::note::{SignerKey, VerifierKey};
use crate::error::{Breach, Error, ErrorKind, Result};

/// A key that takes the place of another, signed by both: the old one vouches for it, and whoever has it agrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The key up to here.
    pub old: VerifierKey,
    /// The key from the next file of the ledger on.
    pub new: VerifierKey,
    /// Signature of the old one.
    pub by_old: [u8; 64],
    /// Signature of the new one.
    pub by_new: [u8; 64],
}

/// The text that both keys sign; it names the record, so that it counts nowhere else.
fn text(old: &VerifierKey, new: &VerifierKey, seq: u64) -> String {
    format!("dwell key rotation 1\n{}\n{seq}\n{}\n{}\n", old.name(), old.line(), new.line())
}

impl Rotation {
    /// Signs that `new` takes the place of `old` with record number `seq`.
    pub fn sign(old: &SignerKey, new: &SignerKey, seq: u64) -> Result<Self> {
        let (old_key, new_key) = (old.verifier()?, new.verifier()?);
        let text = text(&old_key, &new_key, seq);
        let (by_old, by_new) = (old.signature(&text), new.signature(&text));
        Ok(Self { old: old_key, new: new_key, by_old, by_new })
    }

    /// Whether both keys have signed it for record `seq`.
    pub fn check(&self, seq: u64) -> Result<()> {
        let text = text(&self.old, &self.new, seq);
        let both = self.old.has_signed(&text, &self.by_old)
            && self.new.has_signed(&text, &self.by_new)
            && self.old.name() == self.new.name()
            && self.old != self.new;
        if both {
            return Ok(());
        }
        let what = format!("record {seq} brings a key that not both keys have signed");
        Err(Error::new(ErrorKind::Integrity, what).as_breach(Breach::WrongKey))
    }
}

/// A signature as text.
pub(crate) fn encode(signature: &[u8; 64]) -> String {
    BASE64_STANDARD.encode(signature)
}

/// A signature from text.
pub(crate) fn decode(text: &str) -> Result<[u8; 64]> {
    let bytes = BASE64_STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| Error::new(ErrorKind::Integrity, "no Ed25519 signature"))
}

/// The keys of a ledger, in the order in which they sign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyChain {
    /// Each with the first ledger file that it signs.
    links: Vec<(u64, VerifierKey)>,
}

impl KeyChain {
    /// The chain of a ledger that has one key.
    pub fn of(key: &VerifierKey) -> Self {
        Self { links: vec![(1, key.clone())] }
    }

    /// The key that signs ledger file number `version`.
    pub fn of_file(&self, version: u64) -> Option<&VerifierKey> {
        self.links.iter().rev().find(|(first, _)| *first <= version).map(|(_, key)| key)
    }

    /// The newest key.
    pub fn newest(&self) -> Option<&VerifierKey> {
        self.links.last().map(|(_, key)| key)
    }

    /// All keys, oldest first.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &VerifierKey> {
        self.links.iter().map(|(_, key)| key)
    }

    /// Whether `key` is one of them.
    pub fn contains(&self, key: &VerifierKey) -> bool {
        self.keys().any(|known| known == key)
    }

    /// The ledger files that bring a new key.
    pub fn rotations(&self) -> impl Iterator<Item = u64> {
        self.links.iter().skip(1).map(|(first, _)| first - 1)
    }

    /// The text of a note that one of these keys has signed.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str> {
        open_any(self.keys().rev(), note)
    }

    /// Takes over the key that ledger file `version` brings, if the newest vouches for it.
    pub fn rotate(&mut self, version: u64, seq: u64, rotation: &Rotation) -> Result<()> {
        rotation.check(seq)?;
        if self.newest() != Some(&rotation.old) {
            let what =
                format!("record {seq} brings a key that the key before it does not vouch for");
            return Err(Error::new(ErrorKind::Integrity, what).as_breach(Breach::WrongKey));
        }
        self.links.push((version + 1, rotation.new.clone()));
        Ok(())
    }
}

/// The text of a note that one of `keys` has signed.
pub fn open_any<'k, 'a>(
    keys: impl Iterator<Item = &'k VerifierKey>,
    note: &'a str,
) -> Result<&'a str> {
    let mut failure = None;
    for key in keys {
        match key.open(note) {
            Ok(text) => return Ok(text),
            // Which signature does not hold says more than which key it is not of.
            Err(error) if failure.is_none() || error.breach() != Breach::WrongKey => {
                failure = Some(error);
            }
            Err(_) => {}
        }
    }
    Err(failure.unwrap_or_else(|| Error::new(ErrorKind::Integrity, "no key to check it with")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SignerKey {
        SignerKey::from_seed("s", &[seed; 32]).unwrap()
    }

    #[test]
    fn each_key_vouches_for_the_next() {
        let keys = [key(1), key(2), key(3)];
        let mut chain = KeyChain::of(&keys[0].verifier().unwrap());
        let first = Rotation::sign(&keys[0], &keys[1], 7).unwrap();
        assert_eq!(chain.rotate(4, 8, &first).unwrap_err().breach(), Breach::WrongKey);
        chain.rotate(4, 7, &first).unwrap();
        // The first one vouches no more.
        let late = Rotation::sign(&keys[0], &keys[2], 9).unwrap();
        assert_eq!(chain.rotate(5, 9, &late).unwrap_err().breach(), Breach::WrongKey);
        chain.rotate(5, 9, &Rotation::sign(&keys[1], &keys[2], 9).unwrap()).unwrap();
        let signs = |version| chain.of_file(version).cloned();
        let public = |at: usize| Some(keys[at].verifier().unwrap());
        assert_eq!(
            [signs(1), signs(4), signs(5), signs(6)],
            [public(0), public(0), public(1), public(2)]
        );
        assert_eq!(chain.rotations().collect::<Vec<_>>(), [4, 5]);
        for key in &keys {
            assert_eq!(chain.open(&key.sign("text\n")).unwrap(), "text\n");
        }
        assert_eq!(chain.open(&key(4).sign("text\n")).unwrap_err().breach(), Breach::WrongKey);
    }

    #[test]
    fn no_signature_may_be_missing() {
        let whole = Rotation::sign(&key(1), &key(2), 3).unwrap();
        whole.check(3).unwrap();
        for broken in [
            Rotation { by_old: whole.by_new, ..whole.clone() },
            Rotation { by_new: whole.by_old, ..whole.clone() },
            Rotation { new: key(3).verifier().unwrap(), ..whole.clone() },
            Rotation::sign(&key(1), &key(1), 3).unwrap(),
        ] {
            assert!(broken.check(3).is_err());
        }
        assert_eq!(decode(&encode(&whole.by_old)).unwrap(), whole.by_old);
        assert!(decode("AAAA").is_err());
    }
}
