//! What are the bytes of the ledger? Canonical records, the tree over them, the signed checkpoint, the keys.
//!
//! The page `docs/ledger.md` says the same for people who write their own verifier.

pub mod chain;
pub mod file;
pub mod json;
pub mod keys;
pub mod note;
pub mod proof;
pub mod record;
pub mod text;
pub mod tree;
