//! Does a store keep its promises, through its public interface alone?

mod commit;
mod crash;
mod world;
