//! Bytes to rows: inputs, lines, log formats, quarantine, and the pipeline that brings them into a store.
//!
//! [`IngestOptions`] says how, an [`IngestReport`] what became of each input. Nothing here prints, reads the
//! environment or a clock: the caller does.

pub mod builder;
pub mod chunk;
pub mod detect;
pub mod format;
pub mod framing;
pub mod fuzz;
pub mod input;
mod intern;
mod lexer;
pub mod options;
pub mod pipeline;
mod privacy;
pub mod quarantine;
pub mod raw;
pub mod render;
pub mod report;
mod time;

pub use options::{IngestOptions, InputArg, Progress};
pub use pipeline::{run, trial};
pub use report::{FormatChoice, IngestReport, Outcome, SourceReport};
