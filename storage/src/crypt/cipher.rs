//! AES-256-GCM, alone and in the form that the modules of a Parquet file have.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::error::{Error, ErrorKind, Result};

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// Bytes of the tag that authenticates a piece.
const TAG_BYTES: usize = 16;

/// What a Parquet module is longer than its plaintext: length, nonce, tag.
pub(crate) const MODULE_OVERHEAD: usize = 4 + NONCE_LEN + TAG_BYTES;

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Io, "the system gives no random bytes").caused_by(error)
    })?;
    Ok(bytes)
}

/// A cipher with its key.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    pub(crate) fn new(key: &[u8; KEY_BYTES]) -> Result<Self> {
        UnboundKey::new(&AES_256_GCM, key)
            .map(|key| Self(LessSafeKey::new(key)))
            .map_err(|_| Error::new(ErrorKind::Internal, "no key for AES-256-GCM"))
    }

    /// Nonce, ciphertext and tag, under a nonce of its own.
    pub(crate) fn seal(&self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(NONCE_LEN + plain.len() + TAG_BYTES);
        self.seal_into(random()?, aad, plain, &mut out)?;
        Ok(out)
    }

    fn seal_into(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        plain: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<()> {
        out.extend_from_slice(&nonce);
        let at = out.len();
        out.extend_from_slice(plain);
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad),
                &mut out[at..],
            )
            .map_err(|_| Error::new(ErrorKind::Internal, "cannot encrypt so many bytes at once"))?;
        out.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// What [`Cipher::seal`] was given; `None` if key, `aad` or any bit is another.
    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut plain = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let len = self.0.open_in_place(nonce, Aad::from(aad), &mut plain).ok()?.len();
        plain.truncate(len);
        Some(plain)
    }
}

/// The modules of a Parquet file that are encrypted on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Module {
    /// The footer.
    Footer,
    /// A data page, by its place in its chunk.
    DataPage(u16),
    /// The dictionary page of a chunk.
    DictionaryPage,
    /// The header of a data page.
    DataPageHeader(u16),
    /// The header of a dictionary page.
    DictionaryPageHeader,
    /// The column index of a chunk.
    ColumnIndex,
    /// The offset index of a chunk.
    OffsetIndex,
}

impl Module {
    /// Its number in the format, and the place of its page.
    fn parts(self) -> (u8, Option<u16>) {
        match self {
            Self::Footer => (0, None),
            Self::DataPage(page) => (2, Some(page)),
            Self::DictionaryPage => (3, None),
            Self::DataPageHeader(page) => (4, Some(page)),
            Self::DictionaryPageHeader => (5, None),
            Self::ColumnIndex => (6, None),
            Self::OffsetIndex => (7, None),
        }
    }
}

/// Encrypts the modules of one file. Nonces are counted from a random start, so that within a file none comes twice, and
/// two files of one key meet with a probability that does not count.
pub(crate) struct ModuleCipher {
    cipher: Cipher,
    nonce: u128,
    aad: Vec<u8>,
    prefix: usize,
}

impl ModuleCipher {
    /// The cipher of a file; `file_aad` is its prefix with the bytes that are its alone.
    pub(crate) fn new(key: &[u8; KEY_BYTES], file_aad: Vec<u8>) -> Result<Self> {
        let nonce = u128::from_le_bytes(random()?);
        Ok(Self { cipher: Cipher::new(key)?, nonce, prefix: file_aad.len(), aad: file_aad })
    }

    /// Appends a module to `out`: length, nonce, ciphertext, tag.
    pub(crate) fn encrypt(
        &mut self,
        module: Module,
        (row_group, column): (u16, u16),
        plain: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let (number, page) = module.parts();
        self.aad.truncate(self.prefix);
        self.aad.push(number);
        if module != Module::Footer {
            self.aad.extend_from_slice(&row_group.to_le_bytes());
            self.aad.extend_from_slice(&column.to_le_bytes());
        }
        if let Some(page) = page {
            self.aad.extend_from_slice(&page.to_le_bytes());
        }
        let length = u32::try_from(NONCE_LEN + plain.len() + TAG_BYTES)
            .map_err(|_| Error::new(ErrorKind::Internal, "a module exceeds 4 GiB"))?;
        out.extend_from_slice(&length.to_le_bytes());
        self.nonce = self.nonce.wrapping_add(1);
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&self.nonce.to_le_bytes()[..NONCE_LEN]);
        self.cipher.seal_into(nonce, &self.aad, plain, out)
    }
}
