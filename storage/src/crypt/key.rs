//! The store key: 32 random bytes that lie outside of the store and wrap its data keys.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::cipher::{self, Cipher, KEY_BYTES};
use crate::error::{Error, ErrorKind, Result};

/// Hex digits of a key's id.
pub(super) const ID_DIGITS: usize = 16;

/// The key that the data keys of a store are wrapped with.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreKey {
    bytes: [u8; KEY_BYTES],
    id: String,
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreKey({})", self.id)
    }
}

impl Drop for StoreKey {
    fn drop(&mut self) {
        // As well as it goes without unsafe code: nothing of it stays in memory that is given back.
        self.bytes.fill(0);
        std::hint::black_box(&mut self.bytes);
    }
}

/// Bytes as hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; KEY_BYTES]> {
    let digest: crate::Digest = text.parse().ok()?;
    Some(digest.0)
}

impl StoreKey {
    /// A new key of the system's random bytes.
    pub fn generate() -> Result<Self> {
        Ok(Self::new(cipher::random()?))
    }

    fn new(bytes: [u8; KEY_BYTES]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"dwell store key\0");
        hasher.update(bytes);
        let id = hex(&hasher.finalize())[..ID_DIGITS].to_owned();
        Self { bytes, id }
    }

    /// Reads what a key file holds, or a command prints: 32 bytes as they are, as 64 hex digits, or in base64.
    ///
    /// # Errors
    /// `Io`: it is none of these. The text is not repeated in the error.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if let Ok(raw) = bytes.try_into() {
            return Ok(Self::new(raw));
        }
        let text = std::str::from_utf8(bytes).unwrap_or_default().trim();
        let base64 = || BASE64_STANDARD.decode(text).ok()?.try_into().ok();
        from_hex(text).or_else(base64).map(Self::new).ok_or_else(|| {
            Error::new(ErrorKind::Io, "this is no key").advise(
                "a key is 32 random bytes, 64 hex digits or their base64 (`openssl rand -hex 32` makes one)",
            )
        })
    }

    /// The line of its file.
    pub fn line(&self) -> String {
        hex(&self.bytes)
    }

    /// What tells it from other keys and may stand in the ledger: the beginning of a digest over it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The cipher that wraps data keys.
    pub(super) fn cipher(&self) -> Result<Cipher> {
        Cipher::new(&self.bytes)
    }
}
