//! End to end: what people see of `dwell`, and the rules of the house that no compiler checks.

mod bad_input;
mod house;
mod output;
mod signals;
mod verbs;
mod world;
