//! How is a text signed? As a C2SP signed note with one Ed25519 signature; and what is a checkpoint? Such a note
//! over origin, size and root of a tree.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::error::{Breach, Error, ErrorKind, Result};

/// The algorithm byte of Ed25519 in key lines and key ids.
const ED25519: u8 = 1;

/// What a signature line begins with.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// The name and public key that a note is verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: VerifyingKey,
}

/// The private key that a note is signed with.
pub struct SignerKey {
    name: String,
    private: SigningKey,
}

impl std::fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignerKey").field("name", &self.name).finish_non_exhaustive()
    }
}

fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', ED25519]);
    hasher.update(public);
    let digest: [u8; 32] = hasher.finalize().into();
    [digest[0], digest[1], digest[2], digest[3]]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn good_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|char| char.is_whitespace() || char == '+')
}

/// Decodes `base64(0x01 || 32 bytes)`, as key lines end.
fn key_data(text: &str) -> Option<[u8; 32]> {
    let data = BASE64_STANDARD.decode(text).ok()?;
    let (&algorithm, key) = data.split_first()?;
    if algorithm == ED25519 { key.try_into().ok() } else { None }
}

fn key_line_data(key: &[u8; 32]) -> String {
    let mut data = vec![ED25519];
    data.extend_from_slice(key);
    BASE64_STANDARD.encode(data)
}

impl VerifierKey {
    /// The key of this name and these 32 bytes.
    pub fn new(name: &str, public: &[u8; 32]) -> Result<Self> {
        let bad = || Error::new(ErrorKind::InvalidInput, "no Ed25519 public key");
        let public = VerifyingKey::from_bytes(public).map_err(|_| bad())?;
        if !good_name(name) {
            return Err(Error::new(ErrorKind::InvalidInput, "bad name of a key"));
        }
        Ok(Self { name: name.to_owned(), public })
    }

    /// Reads a key line: `name+8 hex digits+base64`.
    pub fn parse(line: &str) -> Result<Self> {
        let bad = || {
            Error::new(ErrorKind::InvalidInput, "no verifier key line")
                .advise("a line looks like name+1a2b3c4d+base64")
        };
        let (name, rest) = line.split_once('+').ok_or_else(bad)?;
        let (id, data) = rest.split_once('+').ok_or_else(bad)?;
        let public = key_data(data).ok_or_else(bad)?;
        if id != hex(&key_id(name, &public)) {
            return Err(bad());
        }
        Self::new(name, &public)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32 bytes of the key.
    pub fn public(&self) -> &[u8; 32] {
        self.public.as_bytes()
    }

    /// The key line.
    pub fn line(&self) -> String {
        let public = self.public();
        format!("{}+{}+{}", self.name, self.id(), key_line_data(public))
    }

    /// The signed text of `note`, with its newline, if this key alone signed it and not a byte is superfluous.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str> {
        let bad =
            |what: &str| Error::new(ErrorKind::Integrity, what).as_breach(Breach::UnsignedCommit);
        let malformed = || bad("no signed note");
        let split = note.rfind("\n\n").ok_or_else(malformed)?;
        let (text, signatures) = (&note[..=split], &note[split + 2..]);
        let line = signatures.strip_suffix('\n').ok_or_else(malformed)?;
        if line.contains('\n') {
            return Err(bad("more than one signature"));
        }
        let line = line.strip_prefix(SIGNATURE_MARK).ok_or_else(malformed)?;
        let (name, data) = line.split_once(' ').ok_or_else(malformed)?;
        let data = BASE64_STANDARD.decode(data).map_err(|_| malformed())?;
        let (id, signature) = data.split_at_checked(4).ok_or_else(malformed)?;
        if name != self.name || id != key_id(&self.name, self.public()) {
            return Err(bad("signed by another key").as_breach(Breach::WrongKey));
        }
        let signature = Signature::from_slice(signature).map_err(|_| malformed())?;
        self.public
            .verify_strict(text.as_bytes(), &signature)
            .map_err(|_| bad("the signature does not hold"))?;
        Ok(text)
    }

    /// Whether `signature` is this key's over `text`, without a note around it.
    pub fn has_signed(&self, text: &str, signature: &[u8; 64]) -> bool {
        self.public.verify_strict(text.as_bytes(), &Signature::from_bytes(signature)).is_ok()
    }

    /// The id that notes name the key by, in hex digits.
    pub fn id(&self) -> String {
        hex(&key_id(&self.name, self.public()))
    }
}

impl SignerKey {
    /// The key of this name that grows from 32 random bytes.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self> {
        let key = Self { name: name.to_owned(), private: SigningKey::from_bytes(seed) };
        key.verifier().map(|_| key)
    }

    /// Reads a private key line: `PRIVATE+KEY+name+8 hex digits+base64`.
    pub fn parse(line: &str) -> Result<Self> {
        let bad = || Error::new(ErrorKind::InvalidInput, "no private key line");
        let rest = line.strip_prefix("PRIVATE+KEY+").ok_or_else(bad)?;
        let (name, rest) = rest.split_once('+').ok_or_else(bad)?;
        let (id, data) = rest.split_once('+').ok_or_else(bad)?;
        let key = Self::from_seed(name, &key_data(data).ok_or_else(bad)?)?;
        if id != hex(&key_id(name, key.private.verifying_key().as_bytes())) {
            return Err(bad());
        }
        Ok(key)
    }

    /// The private key line.
    pub fn line(&self) -> String {
        let id = hex(&key_id(&self.name, self.private.verifying_key().as_bytes()));
        format!("PRIVATE+KEY+{}+{id}+{}", self.name, key_line_data(&self.private.to_bytes()))
    }

    /// The public half.
    pub fn verifier(&self) -> Result<VerifierKey> {
        VerifierKey::new(&self.name, self.private.verifying_key().as_bytes())
    }

    /// The signature over `text` alone, without a note around it.
    pub fn signature(&self, text: &str) -> [u8; 64] {
        self.private.sign(text.as_bytes()).to_bytes()
    }

    /// Signs `text`, which ends with a newline.
    pub fn sign(&self, text: &str) -> String {
        let mut data = key_id(&self.name, self.private.verifying_key().as_bytes()).to_vec();
        data.extend_from_slice(&self.signature(text));
        format!("{text}\n{SIGNATURE_MARK}{} {}\n", self.name, BASE64_STANDARD.encode(data))
    }
}

/// The state of a tree, as it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which tree: the store's id.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64_STANDARD.encode(self.root.0))
    }

    /// Reads the text of a checkpoint; every byte must be as [`Checkpoint::text`] writes it.
    pub fn parse(text: &str) -> Result<Self> {
        let read = || {
            let mut lines = text.split('\n');
            let origin = lines.next()?.to_owned();
            let size = lines.next()?.parse().ok()?;
            let root = BASE64_STANDARD.decode(lines.next()?).ok()?;
            let checkpoint = Self { origin, size, root: Digest(root.try_into().ok()?) };
            (checkpoint.text() == text).then_some(checkpoint)
        };
        read().ok_or_else(|| Error::new(ErrorKind::Integrity, "no checkpoint"))
    }
}

/// What a checkpoint in one line begins with.
const LINE_MARK: &str = "checkpoint ";

/// A signed checkpoint as one line without odd characters, for a log of another system: `checkpoint ORIGIN SIZE ROOT
/// SIGNATURE`.
pub fn to_line(note: &str) -> Option<String> {
    let (text, signature) = note.split_once("\n\n")?;
    let data = signature.trim_end().rsplit(' ').next()?;
    Some(format!("{LINE_MARK}{} {data}", text.replace('\n', " ")))
}

/// The signed checkpoint that such a line holds, whatever a log has put before it.
pub fn from_line(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(LINE_MARK)?;
    let words: Vec<_> = rest.split_ascii_whitespace().take(4).collect();
    let [origin, size, root, signature] = words[..] else { return None };
    Some(format!("{origin}\n{size}\n{root}\n\n{SIGNATURE_MARK}{origin} {signature}\n"))
}

/// The signed checkpoints in a text: a note, or a log with lines of [`to_line`], in their order.
pub fn checkpoints_in(text: &str) -> Vec<String> {
    let lines: Vec<_> = text.lines().filter_map(from_line).collect();
    if lines.is_empty() { vec![text.to_owned()] } else { lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key, note and signature of the C2SP signed-note specification.
    #[test]
    fn the_vectors_of_the_specification() {
        let key = VerifierKey::parse(
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        )
        .unwrap();
        let note = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n\
                    \n\
                    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        assert!(key.open(note).unwrap().ends_with("your problem is.\n"));
        assert_eq!(
            key.line(),
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        );
        let private =
            "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
        let signer = SignerKey::parse(private).unwrap();
        assert_eq!(signer.line(), private);
        assert_eq!(signer.verifier().unwrap(), key);
        assert_eq!(signer.sign(key.open(note).unwrap()), note);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let signer = SignerKey::from_seed("store", &[7; 32]).unwrap();
        let key = signer.verifier().unwrap();
        let checkpoint = Checkpoint { origin: "store".into(), size: 12, root: Digest::of(b"x") };
        let note = signer.sign(&checkpoint.text());
        assert_eq!(Checkpoint::parse(key.open(&note).unwrap()).unwrap(), checkpoint);
        for bit in 0..note.len() * 8 {
            let mut bytes = note.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Ok(flipped) = String::from_utf8(bytes) else { continue };
            assert!(key.open(&flipped).is_err(), "bit {bit}");
        }
        let twice = format!("{note}{}", note.lines().last().unwrap());
        assert!(key.open(&twice).is_err() && key.open(&format!("{twice}\n")).is_err());
    }

    #[test]
    fn a_checkpoint_survives_a_log_line() {
        let signer = SignerKey::from_seed("store", &[7; 32]).unwrap();
        let checkpoint = Checkpoint { origin: "store".into(), size: 12, root: Digest::of(b"x") };
        let note = signer.sign(&checkpoint.text());
        let line = to_line(&note).unwrap();
        assert!(line.is_ascii() && !line.contains('\n'));
        let logged = format!("Nov 20 08:00:00 host dwell[7]: {line}");
        assert_eq!(checkpoints_in(&format!("other\n{logged}\nmore\n")), [note.as_str()]);
        assert_eq!(checkpoints_in(&note), [note]);
    }

    #[test]
    fn a_checkpoint_has_one_form() {
        let root = BASE64_STANDARD.encode([0; 32]);
        assert!(Checkpoint::parse(&format!("a\n1\n{root}\n")).is_ok());
        for bad in [
            format!("a\n01\n{root}\n"),
            format!("a\n+1\n{root}\n"),
            format!("a\n1\n{root}"),
            format!("a\n1\n{root}\nmore\n"),
            "a\n1\n".into(),
        ] {
            assert!(Checkpoint::parse(&bad).is_err(), "{bad}");
        }
    }
}
