//! How do days come back from an archive? Checked in `staging/` first, then with one commit: as a set beside the live
//! data, or into it.

mod plan;
mod sources;

pub use self::plan::{
    Goal, Plan, PlannedDay, Request, SPARE_BYTES, check_name, expired, plan, sources_name,
};
pub use self::sources::{read_sources, sources_to_bytes};
