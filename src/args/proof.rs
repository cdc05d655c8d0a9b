//! How is `dwell export` typed?

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Bounds, Engine};

/// `dwell export`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Export {
    /// Write rows with the proof that they were sealed into this new folder
    #[arg(long, value_name = "DIR")]
    pub(crate) proof: Option<PathBuf>,
    /// Which rows of `requests`, as a condition: "client_ip = '10.1.1.5' AND status = 403"
    #[arg(long = "where", value_name = "SQL", requires = "proof", conflicts_with = "query")]
    pub(crate) condition: Option<String>,
    /// Which rows, as a query over `requests` that gives source_id and line_no
    #[arg(long, value_name = "SQL", requires = "proof")]
    pub(crate) query: Option<String>,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
    #[command(subcommand)]
    pub(crate) what: Option<Views>,
}

/// What other tools need.
#[derive(Debug, Subcommand)]
pub(crate) enum Views {
    /// A view for another engine that adds the columns which are not stored (url, day)
    Views {
        /// Which engine
        engine: Engine,
    },
}
