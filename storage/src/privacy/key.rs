//! What are pseudonyms and keyed digests made with? One secret a store, in the folder of its keys, never in the store.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::mac::Mac;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::observable::addr;
use crate::schema::Col;

/// How the line of a key file begins; the store's id and the secret follow.
const LINE_BEGINS: &str = "PRIVACY+KEY+";

/// How a pseudonym begins, so that nobody takes it for a name.
const PSEUDONYM_BEGINS: &str = "p-";

/// Bytes of a code that a pseudonym shows: 128 bits, 26 letters and digits.
const PSEUDONYM_BYTES: usize = 16;

/// What a pseudonym stands for. Each kind has a key of its own, so that a user and a computer of one name don't look
/// alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An authenticated user.
    User,
    /// A client's address (or what stands in its place).
    ClientIp,
    /// A client's device name.
    Computer,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::User, Self::ClientIp, Self::Computer];

    /// The column it stands in.
    pub fn col(self) -> Col {
        match self {
            Self::User => Col::User,
            Self::ClientIp => Col::ClientIp,
            Self::Computer => Col::Computer,
        }
    }

    /// The kind of a column; `None` if no pseudonyms stand in it.
    pub fn of(col: Col) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.col() == col)
    }

    /// The kind by the name of its column.
    pub fn from_name(name: &str) -> Option<Self> {
        Col::from_name(name).and_then(Self::of)
    }
}

/// The secret behind pseudonyms and keyed digests.
#[derive(Clone)]
pub struct PrivacyKey {
    secret: [u8; 32],
    id: String,
    kinds: [Mac; 3],
    content: Mac,
    line: Mac,
}

impl std::fmt::Debug for PrivacyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivacyKey({})", self.id)
    }
}

impl PrivacyKey {
    /// The key with this secret.
    pub fn from_secret(secret: [u8; 32]) -> Self {
        let root = Mac::new(&secret);
        let id = root.of(b"dwell key id").to_string();
        Self {
            id: id[..16].to_owned(),
            kinds: Kind::ALL
                .map(|kind| root.derive(&format!("dwell pseudonym {}", kind.col().name()))),
            content: root.derive("dwell content"),
            line: root.derive("dwell line"),
            secret,
        }
    }

    /// A new key from the system's random bytes.
    pub(crate) fn generate() -> Result<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| {
            Error::new(ErrorKind::Io, "the system gives no random bytes").caused_by(error)
        })?;
        Ok(Self::from_secret(secret))
    }

    /// The line of its file.
    pub(crate) fn to_line(&self, store_id: &str) -> String {
        format!("{LINE_BEGINS}{store_id}+{}", BASE64_STANDARD.encode(self.secret))
    }

    /// Reads the line of a key file of the store `store_id`.
    pub(crate) fn parse(line: &str, store_id: &str) -> Option<Self> {
        let rest = line.strip_prefix(LINE_BEGINS)?.strip_prefix(store_id)?.strip_prefix('+')?;
        let secret = BASE64_STANDARD.decode(rest).ok()?;
        Some(Self::from_secret(secret.try_into().ok()?))
    }

    /// Which key it is: 16 hex digits that tell nothing of the secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The pseudonym of a value as it stands in its column; an address in any spelling gives the same.
    pub fn pseudonym(&self, kind: Kind, value: &str) -> String {
        let normal = match kind {
            Kind::ClientIp => addr::normalize(value),
            Kind::User | Kind::Computer => None,
        };
        let code = self.kinds[kind as usize].of(normal.as_deref().unwrap_or(value).as_bytes());
        format!("{PSEUDONYM_BEGINS}{}", base32(&code.0[..PSEUDONYM_BYTES]))
    }

    /// What is kept in place of the digest of a content, so that nobody without the key can test a guess at it.
    pub fn content(&self, digest: &Digest) -> Digest {
        self.content.of(&digest.0)
    }

    /// What is kept in place of a line.
    pub fn line(&self, bytes: &[u8]) -> Digest {
        self.line.of(bytes)
    }
}

/// RFC 4648 base 32 in lower case, without padding.
fn base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut out = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0_u32, 0);
    for &byte in bytes {
        held = held << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(DIGITS[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        out.push(char::from(DIGITS[(held << (5 - bits) & 31) as usize]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_the_rfc() {
        for (text, expected) in
            [("", ""), ("f", "my"), ("fo", "mzxq"), ("foob", "mzxw6yq"), ("foobar", "mzxw6ytboi")]
        {
            assert_eq!(base32(text.as_bytes()), expected);
        }
    }

    #[test]
    fn pseudonyms_are_stable_and_of_one_kind() {
        let key = PrivacyKey::from_secret([7; 32]);
        let anna = key.pseudonym(Kind::User, "anna");
        assert_eq!(anna, PrivacyKey::from_secret([7; 32]).pseudonym(Kind::User, "anna"));
        assert_eq!(anna.len(), 28);
        assert!(anna.starts_with("p-"));
        assert_ne!(anna, key.pseudonym(Kind::Computer, "anna"));
        assert_ne!(anna, key.pseudonym(Kind::User, "Anna"));
        assert_ne!(anna, PrivacyKey::from_secret([8; 32]).pseudonym(Kind::User, "anna"));
        let mapped = key.pseudonym(Kind::ClientIp, "::ffff:192.0.2.7");
        assert_eq!(mapped, key.pseudonym(Kind::ClientIp, "192.0.2.7"));
        assert_ne!(key.content(&Digest::of(b"a")), key.line(&Digest::of(b"a").0));
    }

    #[test]
    fn a_key_file_survives_and_belongs_to_its_store() {
        let key = PrivacyKey::generate().unwrap();
        let line = key.to_line("dwell-1");
        let read = PrivacyKey::parse(&line, "dwell-1").unwrap();
        assert_eq!((read.secret, read.id()), (key.secret, key.id()));
        assert!(PrivacyKey::parse(&line, "dwell-2").is_none());
        assert!(PrivacyKey::parse(&line[..line.len() - 4], "dwell-1").is_none());
        assert!(!format!("{key:?}").contains(&BASE64_STANDARD.encode(key.secret)));
    }
}
