//! Where do believable logs come from when there are none? Seeded generators for the demo, benches and examples.
//!
//! The same seed, day and size give the same bytes on every machine.

pub mod bulk;
pub mod day;
mod office;
mod planted;
mod random;
mod request;

pub use request::LOGFORMAT;
