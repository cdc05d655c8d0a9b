//! Whether formats read what they should, and give back what they read.

mod formats;
mod parsed;
mod samples;
