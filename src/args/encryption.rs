//! How is `dwell rekey` typed?

use std::path::PathBuf;

use clap::Args;

/// `dwell rekey`
#[derive(Debug, Args)]
pub(crate) struct Rekey {
    /// The new store key: 32 bytes, as hex or base64 [default: made at random beside the old one]
    #[arg(long, value_name = "FILE")]
    pub(crate) new_key: Option<PathBuf>,
}
