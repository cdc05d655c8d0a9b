//! How do many small files of a day become few large ones, with the same rows?
//!
//! Files of one day and of one seal (or of none) are merged by (source, line), cut into row groups, and each row group is
//! sorted by host. Lines that are not shown any more are left out. What was written is read back and
//! compared with what was read ([`plan`] says which days are due, the ledger's record keeps row count, digest and the
//! counts by source). Readers are not disturbed: files that were replaced lie in `trash/` as long as somebody may need
//! them.

mod apart;
mod digest;
mod origins;
mod plan;
mod run;
mod sealed;
mod sort;
mod write;

pub(crate) use self::origins::{Origin, Origins};
pub use self::plan::{Group, Input, Kept, Plan, Policy, Why, plan};
pub use self::run::{CompactOptions, Compacted, Report, run};
pub(crate) use self::write::digest_of;
