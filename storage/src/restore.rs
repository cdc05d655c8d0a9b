//! How do days come back from an archive? Checked in `staging/` first, then with one commit: as a set beside the live
//! data, or into it.

mod adopt;
mod bring;
mod drill;
mod fetch;
mod leave;
mod live;
mod plan;
mod rows;
mod sources;

pub use self::bring::{Report, RestoreOptions, run};
pub use self::drill::{Practice, Question, pick, record_drill};
pub use self::leave::{Dropped, drop_set, expired, holds};
pub(crate) use self::plan::is_name;
pub use self::plan::{
    Goal, Plan, PlannedDay, Request, SPARE_BYTES, check_name, plan, sources_name,
};
pub use self::sources::{read_sources, sources_to_bytes};
