//! Does a store keep its promises, through its public interface alone?

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod archive;
mod commit;
mod crash;
mod encrypted;
mod fixture;
mod maintain;
mod real;
mod recover;
mod restore;
mod retain;
mod rotate;
mod seal;
mod verify;
mod world;
