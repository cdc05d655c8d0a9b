//! How are days kept outside of the store? As packages that prove themselves, in a folder or on an object store.
//!
//! The page `docs/archive.md` says what lies in an archive, byte by byte.

pub mod target;

pub use self::target::{ArchiveTarget, DirTarget, ObjectLock, Put, Upload};
