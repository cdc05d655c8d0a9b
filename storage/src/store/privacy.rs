//! Which key do the pseudonyms and keyed digests of a store belong to?

use super::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::privacy::PrivacyKey;

impl Store {
    /// The privacy key; `None` if no source came in under a rule and none was made yet.
    ///
    /// # Errors
    /// Sources were taken in under a rule, but their key is not here: without it nobody can tell whether a content is
    /// stored already.
    pub fn privacy_key(&self) -> Result<Option<PrivacyKey>> {
        let key = self.keys.privacy_key(self.id())?;
        if key.is_none() && self.state().sources.values().any(|source| source.privacy.is_some()) {
            let what = format!("no privacy key for store {}", self.id());
            return Err(Error::new(ErrorKind::Io, what).advise(
                "sources were taken in under a privacy rule: bring <id>.privacy back into the folder of the keys \
                 (`dwell pseudonym --new-key` if it is lost)",
            ));
        }
        Ok(key)
    }

    /// Makes a new privacy key in place of one that is lost: what was stored with that is not recognised any more, and its
    /// pseudonyms don't join with new ones.
    ///
    /// # Errors
    /// There is a key; or the folder of the keys can't be written.
    pub fn new_privacy_key(&self) -> Result<PrivacyKey> {
        match self.keys.privacy_key(self.id())? {
            None => self.keys.privacy_key_or_new(self.id()),
            Some(key) => {
                let what = format!("the privacy key of the store is there ({})", key.id());
                Err(Error::new(ErrorKind::InvalidInput, what)
                    .advise("move it away first if it must not be used any more"))
            }
        }
    }

    /// The privacy key, made now if there never was one.
    ///
    /// # Errors
    /// As [`Store::privacy_key`]; or the folder of the keys can't be written.
    pub fn privacy_key_or_new(&self) -> Result<PrivacyKey> {
        match self.privacy_key()? {
            Some(key) => Ok(key),
            None => self.keys.privacy_key_or_new(self.id()),
        }
    }
}
