//! What does the record of a key say that takes the place of another?

use super::Body;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::chain::{self, Rotation};
use crate::ledger::note::VerifierKey;

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateBody {
    by_new: String,
    by_old: String,
    key: String,
    old: String,
    store: String,
}

/// Reads the body of such a record.
pub(super) fn read(body: RotateBody) -> Result<Body> {
    Ok(Body::Rotate(Box::new(body.into_rotation()?)))
}

impl RotateBody {
    pub(super) fn new(rotation: &Rotation) -> Self {
        Self {
            by_new: chain::encode(&rotation.by_new),
            by_old: chain::encode(&rotation.by_old),
            key: rotation.new.line(),
            old: rotation.old.line(),
            store: rotation.new.name().to_owned(),
        }
    }

    /// The rotation, its signatures still unchecked.
    fn into_rotation(self) -> Result<Rotation> {
        let (old, new) = (VerifierKey::parse(&self.old)?, VerifierKey::parse(&self.key)?);
        if old.name() != self.store || new.name() != self.store {
            return Err(Error::new(ErrorKind::Integrity, "the key of another store"));
        }
        let (by_old, by_new) = (chain::decode(&self.by_old)?, chain::decode(&self.by_new)?);
        Ok(Rotation { old, new, by_old, by_new })
    }
}
