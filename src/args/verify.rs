//! Which options has `dwell verify`?

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

/// `dwell verify`
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A store, a copy of one, an archive, or restored/NAME of a store; default is the store
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
    /// Read every byte, recompute every seal, and give back sources and compare their digests
    #[arg(long)]
    pub(crate) deep: bool,
    /// How many sources --deep gives back: a number (chosen anew each time), or all
    #[arg(long, value_name = "N|all", default_value = "all", requires = "deep")]
    pub(crate) renders: Renders,
    /// Only files that records of this time and later brought; the ledger is always read whole
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// A signed checkpoint (C2SP signed note), or a log with exported ones, that the ledger must contain
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted: Option<PathBuf>,
    /// Certificates (PEM) of the time-stamping authorities that stamps must lead to
    #[arg(long, value_name = "FILE")]
    pub(crate) tsa_ca: Option<PathBuf>,
}

/// How many sources are given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renders {
    /// Each.
    All,
    /// So many of them.
    Some(usize),
}

impl FromStr for Renders {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            number => number.parse().map(Self::Some).map_err(|_| "a number, or `all`".to_owned()),
        }
    }
}
