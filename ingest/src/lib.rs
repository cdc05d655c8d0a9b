//! Bytes to rows: inputs, lines, log formats, quarantine, and the pipeline that brings them into a store.

pub mod builder;
pub mod format;
pub mod render;
