//! HMAC-SHA-256 (RFC 2104, FIPS 198-1).
//!
//! Written out, because the crate `hmac` would switch a feature on in `digest` that everything above, DataFusion
//! included, would be built anew for; the tests hold it to the vectors of RFC 4231.

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// A key, ready to be used: the two hashers that have taken in its pads.
#[derive(Clone)]
pub(crate) struct Mac {
    inner: Sha256,
    outer: Sha256,
}

impl Mac {
    /// A key of any length.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK];
        if key.len() > BLOCK {
            block[..32].copy_from_slice(&Digest::of(key).0);
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let padded = |pad: u8| {
            let mut hasher = Sha256::new();
            hasher.update(block.map(|byte| byte ^ pad));
            hasher
        };
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }

    /// A key for one purpose only, derived from this one.
    pub(crate) fn derive(&self, purpose: &str) -> Self {
        Self::new(&self.of(purpose.as_bytes()).0)
    }

    /// The code of `message`.
    pub(crate) fn of(&self, message: &[u8]) -> Digest {
        let mut inner = self.inner.clone();
        inner.update(message);
        let mut outer = self.outer.clone();
        outer.update(inner.finalize());
        Digest(outer.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4231() {
        let data = b"what do ya want for nothing?";
        let larger = b"Test Using Larger Than Block-Size Key - Hash Key First";
        for (key, message, expected) in [
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (b"Jefe", data, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &[0xaa; 131],
                larger,
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(Mac::new(key).of(message).to_string(), expected);
        }
    }

    #[test]
    fn purposes_have_keys_of_their_own() {
        let key = Mac::new(b"key");
        assert_ne!(key.derive("a").of(b"x"), key.derive("b").of(b"x"));
        assert_ne!(key.derive("a").of(b"x"), key.of(b"x"));
    }
}
