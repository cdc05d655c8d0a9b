//! Which options has `dwell archive`?

use clap::Args;
use storage::config::Rate;

/// `dwell archive`
#[derive(Debug, Args)]
pub(crate) struct Archive {
    /// A folder, s3://BUCKET/PREFIX, or the name of a target of dwell.toml; several times for several [default: all of dwell.toml]
    #[arg(long, value_name = "DIR|URL|NAME")]
    pub(crate) to: Vec<String>,
    /// Objects sent at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: Option<u16>,
    /// The most that goes over the line, to and fro together: 10MiB/s
    #[arg(long, value_name = "RATE")]
    pub(crate) limit: Option<Rate>,
    /// Read again what is there of the days that the store still has, and send anew what is missing or damaged
    #[arg(long, conflicts_with_all = ["list", "expire"])]
    pub(crate) repair: bool,
    /// Show the days that the archive holds
    #[arg(long, conflicts_with_all = ["expire", "yes"])]
    pub(crate) list: bool,
    /// Show which days are older than the target's `keep_days`, and with --yes remove them; days under a hold stay
    #[arg(long)]
    pub(crate) expire: bool,
    /// Do what --expire shows
    #[arg(long, requires = "expire")]
    pub(crate) yes: bool,
}
