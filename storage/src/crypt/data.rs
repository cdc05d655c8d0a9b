//! A data key: what it encrypts, where it lies, and how it is wrapped.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::cipher::{self, Cipher, KEY_BYTES};
use super::key::{ID_DIGITS, StoreKey, hex};
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::json;

/// What a data key encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The rows of a day, and what is made of them.
    Day(Day),
    /// The lines that are no rows, of one day of ingest.
    Lines(Day),
    /// The words and the snapshot of the ledger.
    Ledger,
}

impl Scope {
    /// The folder of its keys, relative to the store.
    pub fn folder(self) -> String {
        format!("{}/{self}", super::FOLDER)
    }

    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("lines/") {
            Some(day) => Day::from_folder(day).map(Self::Lines),
            None if text == "ledger" => Some(Self::Ledger),
            None => Day::from_folder(text).map(Self::Day),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => f.write_str(&day.folder()),
            Self::Lines(day) => write!(f, "lines/{}", day.folder()),
            Self::Ledger => f.write_str("ledger"),
        }
    }
}

/// Which data key it is: what it is for, and an id of its own, for a day that is destroyed may come again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName {
    /// What it encrypts.
    pub scope: Scope,
    id: String,
}

impl KeyName {
    /// A name that no other key has.
    pub(super) fn new(scope: Scope) -> Result<Self> {
        Ok(Self { scope, id: hex(&cipher::random::<{ ID_DIGITS / 2 }>()?) })
    }

    /// Its id: 16 hex digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The file it lies in, relative to the store: `keys/day=2026-11-20/<id>.key`. Also what stands in the clear in each
    /// file that it encrypts.
    pub fn path(&self) -> String {
        format!("{}/{}.key", self.scope.folder(), self.id)
    }

    /// Reads such a path; `None` if it is another.
    pub fn from_path(path: &str) -> Option<Self> {
        let rest = path.strip_prefix(super::FOLDER)?.strip_prefix('/')?;
        let (scope, file) = rest.rsplit_once('/')?;
        let id = file.strip_suffix(".key")?;
        let sound = id.len() == ID_DIGITS
            && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let name = Self { scope: Scope::parse(scope)?, id: id.to_owned() };
        (sound && name.path() == path).then_some(name)
    }
}

/// A data key.
pub(crate) struct DataKey {
    name: KeyName,
    secret: [u8; KEY_BYTES],
    /// The store that it was made for; a restored set may hold keys of another.
    store: String,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.name.path())
    }
}

impl Drop for DataKey {
    fn drop(&mut self) {
        self.secret.fill(0);
        std::hint::black_box(&mut self.secret);
    }
}

/// What is authenticated with a wrapped key: everything else in its file.
#[derive(serde::Serialize)]
struct Bound<'a> {
    cipher: &'a str,
    id: &'a str,
    scope: &'a str,
    store: &'a str,
    under: &'a str,
    v: u32,
}

/// The file of a wrapped key.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped {
    cipher: String,
    id: String,
    scope: String,
    store: String,
    /// The id of the store key that it is wrapped with.
    under: String,
    v: u32,
    /// Nonce, ciphertext and tag, in base64.
    wrapped: String,
}

/// What a wrapped key says of where it comes from; nobody has checked it.
pub(super) struct KeyOrigin {
    /// The store that it was made for.
    pub(super) store: String,
    /// The id of the store key that it is wrapped with.
    pub(super) under: String,
}

const CIPHER: &str = "AES-256-GCM";
const VERSION: u32 = 1;

impl DataKey {
    /// A new key.
    pub(super) fn generate(scope: Scope, store: &str) -> Result<Self> {
        Ok(Self { name: KeyName::new(scope)?, secret: cipher::random()?, store: store.to_owned() })
    }

    pub(crate) fn name(&self) -> &KeyName {
        &self.name
    }

    /// The store that it was made for.
    pub(crate) fn store(&self) -> &str {
        &self.store
    }

    pub(crate) fn secret(&self) -> &[u8; KEY_BYTES] {
        &self.secret
    }

    pub(crate) fn cipher(&self) -> Result<Cipher> {
        Cipher::new(&self.secret)
    }

    /// The bytes of its file.
    pub(super) fn wrap(&self, key: &StoreKey) -> Result<Vec<u8>> {
        let scope = self.name.scope.to_string();
        let (id, under) = (self.name.id.as_str(), key.id());
        let bound =
            Bound { cipher: CIPHER, id, scope: &scope, store: &self.store, under, v: VERSION };
        let sealed = key.cipher()?.seal(&json::to_bytes(&bound)?, &self.secret)?;
        let mut bytes = json::to_bytes(&Wrapped {
            cipher: CIPHER.to_owned(),
            id: id.to_owned(),
            scope: scope.clone(),
            store: self.store.clone(),
            under: under.to_owned(),
            v: VERSION,
            wrapped: BASE64_STANDARD.encode(sealed),
        })?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads the file of the key `name`.
    ///
    /// # Errors
    /// `Integrity`: it is not as it was written, or is the file of another key. `Io`: it is wrapped with another store key.
    pub(super) fn unwrap(bytes: &[u8], name: &KeyName, key: &StoreKey) -> Result<Self> {
        let bad = |what: &str| Error::new(ErrorKind::Integrity, what);
        let file = Self::look(bytes)?;
        if file.id != name.id || file.scope != name.scope.to_string() {
            return Err(bad("the file of another key"));
        }
        if file.under != key.id() {
            let what = format!(
                "wrapped with the store key {}, the one given here is {}",
                file.under,
                key.id()
            );
            return Err(Error::new(ErrorKind::Io, what).advise("give the key of this store"));
        }
        let bound = Bound {
            cipher: &file.cipher,
            id: &file.id,
            scope: &file.scope,
            store: &file.store,
            under: &file.under,
            v: file.v,
        };
        let sealed = BASE64_STANDARD.decode(&file.wrapped).map_err(|_| bad("no wrapped key"))?;
        let secret = key.cipher()?.open(&json::to_bytes(&bound)?, &sealed);
        let secret = secret.and_then(|secret| secret.try_into().ok());
        let secret =
            secret.ok_or_else(|| bad("the wrapped key is not the one that was written"))?;
        Ok(Self { name: name.clone(), secret, store: file.store })
    }

    /// Reads a file without a key.
    fn look(bytes: &[u8]) -> Result<Wrapped> {
        let bad = || Error::new(ErrorKind::Integrity, "no wrapped key");
        let file: Wrapped =
            serde_json::from_slice(bytes).map_err(|error| bad().caused_by(error))?;
        if file.v != VERSION || file.cipher != CIPHER {
            let what = format!("a key of version {}, {}", file.v, file.cipher);
            return Err(Error::new(ErrorKind::Unsupported, what)
                .advise("the store was written by a newer version of dwell: use that"));
        }
        Ok(file)
    }

    /// Whether `bytes` look like the file of the key `name`, and what it says of its origin: what can be told without the
    /// key that it is wrapped with.
    pub(super) fn wrapped_under(bytes: &[u8], name: &KeyName) -> Result<KeyOrigin> {
        let file = Self::look(bytes)?;
        if file.id == name.id && file.scope == name.scope.to_string() {
            return Ok(KeyOrigin { store: file.store, under: file.under });
        }
        Err(Error::new(ErrorKind::Integrity, "the file of another key"))
    }
}
