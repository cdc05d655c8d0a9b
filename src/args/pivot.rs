//! `dwell pivot`: about whom, over which time, told how?

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Bounds;

/// `dwell pivot`
#[derive(Debug, Args)]
pub(crate) struct Pivot {
    /// An address, host, domain, URL, user, computer or user agent, defanged or not; `user:NAME`, `ua:TEXT`, `host:`,
    /// `domain:`, `computer:`, `client_ip:` or `server_ip:` in front where it is not clear which
    #[arg(value_name = "ENTITY")]
    pub(crate) entity: String,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
    /// Values of each section
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) top: u32,
    /// Format of the result; timesketch and bodyfile give every row as an event [default: table; json with --json]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<PivotFormat>,
    /// Write to FILE, which is replaced when the result is whole
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// The formats of `dwell pivot`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PivotFormat {
    /// Sections for people.
    Table,
    /// One JSON document.
    Json,
    /// One JSON object for each value of each section.
    Ndjson,
    /// A line for each value of each section.
    Csv,
    /// Sections for documents.
    Markdown,
    /// Each row as an event for Timesketch: JSON lines; CSV if FILE ends in .csv
    Timesketch,
    /// Each row as a line of a TSK 3 body file.
    Bodyfile,
}
