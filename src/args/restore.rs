//! How are `dwell restore` and `dwell drill` typed?

use clap::{Args, Subcommand};

/// `dwell restore`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Restore {
    /// The archive: a folder, s3://BUCKET/PREFIX, or the name of a target of dwell.toml
    #[arg(long, value_name = "DIR|URL|NAME", required = true)]
    pub(crate) from: Option<String>,
    /// The days, both ends included: 2026-11-01..2026-11-30, or one day
    #[arg(long, value_name = "A..B", required = true)]
    pub(crate) days: Option<String>,
    /// The name of the set, `restored.NAME` in SQL [default: made from the days]
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// How long the set stays, after which `dwell nightly` drops it: 30d, 12h [default: until `restore drop`]
    #[arg(long, value_name = "AGE")]
    pub(crate) ttl: Option<String>,
    /// Bring retired days of this store back into the live data instead
    #[arg(long, conflicts_with_all = ["name", "ttl"])]
    pub(crate) into_live: bool,
    /// Only say what would be restored; nothing is read but the archive's index
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Objects read at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: Option<u16>,
    #[command(subcommand)]
    pub(crate) what: Option<RestoreVerb>,
}

/// What is done with restored sets.
#[derive(Debug, Subcommand)]
pub(crate) enum RestoreVerb {
    /// The restored sets, their days and rows
    List(super::OutputArgs),
    /// Remove a set; its files go to the trash
    Drop {
        /// Its name
        name: String,
    },
}

/// `dwell drill`
#[derive(Debug, Args)]
pub(crate) struct Drill {
    /// The archive: a folder, s3://BUCKET/PREFIX, or the name of a target of dwell.toml [default: the targets of dwell.toml in turn]
    #[arg(long, value_name = "DIR|URL|NAME")]
    pub(crate) from: Option<String>,
    /// This day instead of a random one
    #[arg(long, value_name = "DAY")]
    pub(crate) day: Option<storage::Day>,
    /// Objects read at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: Option<u16>,
}
