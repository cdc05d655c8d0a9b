//! How is `dwell seal` typed?

use clap::Args;

use super::OutputArgs;

/// `dwell seal`
#[derive(Debug, Args)]
pub(crate) struct Seal {
    /// Close all days before this one (excluded) now, whatever their grace
    #[arg(long, value_name = "DAY")]
    pub(crate) before: Option<storage::Day>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
