//! How is a store encrypted at rest? Which keys there are, what each is for, and what is bound to what.
//!
//! One **store key** lies outside of the store (a file, or what a command prints). It encrypts nothing but **data keys**:
//! one at random for the rows of each day, one for the lines of each ingest day, one for the words of the ledger. Each
//! lies, wrapped by the store key, in one small file below `keys/`, so that destroying that file makes what it encrypts
//! unreadable wherever copies of it lie. Parquet files are encrypted as Parquet's modular encryption says (every
//! module, the footer too, AES-256-GCM), so that other readers open them with the data key.

pub(crate) mod cipher;
mod command;
mod data;
mod key;
mod prefix;
mod sealed;
mod shred;
mod vault;

pub use self::command::{CommandRunner, run_commands_with};
pub(crate) use self::data::DataKey;
pub use self::data::{KeyName, Scope};
pub use self::key::StoreKey;
pub(crate) use self::prefix::{CryptoMetadata, FileId, store_of};
pub(crate) use self::sealed::SealedFs;
pub use self::vault::Vault;
pub(crate) use self::vault::{KeyPlaces, key_file, next_of, old_of};

/// The folder of the wrapped data keys.
pub(crate) const FOLDER: &str = "keys";

/// What an encrypted Parquet file begins and ends with.
pub const ENCRYPTED_MAGIC: [u8; 4] = *b"PARE";

#[cfg(test)]
mod tests;
