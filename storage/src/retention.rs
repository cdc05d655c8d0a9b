//! Which days may go, which must, and what keeps the others? Policy, plan and the commit that removes.
//!
//! The unit is the file: a segment goes when the rows of every source in it have expired. That keeps the common case, one
//! policy for all, a matter of whole days, and a rule for some sources removes their files and no others. Compaction
//! keeps sources with different terms apart ([`Policy::terms`]); where a file mixes them all the same, because the rule
//! is younger than the file, the file stays until the last of its rows expires, and the plan says so.

mod apply;
mod facts;
mod inventory;
mod plan;
mod policy;
#[cfg(test)]
mod tests;

pub use self::apply::{Applied, apply};
pub use self::inventory::{DayFacts, Facts, Inventory, LinesFacts, Piece};
pub use self::plan::{Kept, LinesGone, Plan, RetiredPart, Why, plan, plan_over};
pub use self::policy::{Cause, Policy, Terms};
