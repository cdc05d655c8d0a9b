//! What does the record say that makes a store an encrypted one?

/// From this record on, and for ever, what the store holds is encrypted; a later one names another store key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encrypt {
    /// The cipher: `AES-256-GCM`.
    pub cipher: String,
    /// The id of the store key that the data keys are wrapped with.
    pub key: String,
}

impl Encrypt {
    /// The record of a store with the key of this id.
    pub(crate) fn with(key_id: &str) -> Self {
        Self { cipher: "AES-256-GCM".to_owned(), key: key_id.to_owned() }
    }

    /// What it says, in a few words.
    pub(super) fn detail(&self) -> String {
        format!("encrypted with {}, store key {}", self.cipher, self.key)
    }
}
