//! How are days kept outside of the store? As packages that prove themselves, in a folder or on an object store.
//!
//! The page `docs/archive.md` says what lies in an archive, byte by byte.

mod expire;
mod extract;
mod index;
mod manifest;
mod open;
mod pack;
mod package;
mod parallel;
mod plan;
mod proof;
mod run;
mod send;
pub mod target;
mod verify;

pub use self::expire::{ExpireReport, Expiring, expire, plan_expiry, sweep};
pub use self::extract::Proven;
pub use self::index::{Head, Index, IndexedDay};
pub use self::manifest::{Contents, Manifest, Object};
pub use self::open::{Archive, MARK, Trust, is_archive};
pub use self::package::Package;
pub(crate) use self::parallel::each;
pub use self::plan::{Plan, plan};
pub use self::run::{RunOptions, RunReport, run};
pub use self::send::Counters;
pub use self::target::{ArchiveTarget, DirTarget, LockMode, ObjectLock, Put, Upload};
pub use self::verify::{ArchiveReport, VerifyOptions, verify};
