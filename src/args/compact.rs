//! The words of `dwell compact`.

use clap::Args;

/// `dwell compact`
#[derive(Debug, Default, Args)]
pub(crate) struct Compact {
    /// Only say which days gain; nothing is written
    #[arg(long)]
    pub(crate) dry_run: bool,
}
