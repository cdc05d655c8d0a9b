//! Which options has `dwell checkpoint`?

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

/// `dwell checkpoint`
#[derive(Debug, Subcommand)]
pub(crate) enum Checkpoint {
    /// Send the signed head of the ledger to where whoever owns this machine can't change it
    Export(Export),
    /// Prove that the ledger has only grown since a checkpoint (RFC 6962 consistency proof)
    Prove(Prove),
    /// Check a checkpoint or a proof without the store
    Verify(Check),
    /// Let a time-stamping authority say that the head was there now (RFC 3161); kept beside the ledger
    Timestamp(Timestamp),
    /// Replace the key of the store by a new one that the old one vouches for
    RotateKey(RotateKey),
}

/// `dwell checkpoint export`
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// `-` is stdout, `syslog` one line to the system's log, `syslog:PATH` to that socket, http(s)://... a PUT, anything else a file
    #[arg(long, value_name = "FILE|-|syslog|URL", default_value = "-")]
    pub(crate) to: String,
    /// The checkpoint of this ledger file in the place of the newest
    #[arg(long, value_name = "NUMBER")]
    pub(crate) at: Option<u64>,
}

/// `dwell checkpoint prove`
#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// The older checkpoint: a file, `-` for stdin, or a number of records
    #[arg(value_name = "OLD")]
    pub(crate) old: String,
    /// The newer one [default: the head]
    #[arg(value_name = "NEW")]
    pub(crate) new: Option<String>,
    /// Write to FILE, which is replaced when the proof is whole
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `dwell checkpoint verify`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// A checkpoint or a proof; `-` is stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The older checkpoint of a proof
    #[arg(long, value_name = "FILE")]
    pub(crate) old: Option<PathBuf>,
}

/// `dwell checkpoint timestamp`
#[derive(Debug, Args)]
#[group(skip)]
#[command(group(ArgGroup::new("how").args(["tsa", "query", "reply"]).required(true)))]
pub(crate) struct Timestamp {
    /// The authority: http(s)://...
    #[arg(long, value_name = "URL")]
    pub(crate) tsa: Option<String>,
    /// Without a network: write the request to FILE, for the authority
    #[arg(long, value_name = "FILE")]
    pub(crate) query: Option<PathBuf>,
    /// Without a network: keep the authority's answer in FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) reply: Option<PathBuf>,
    /// The checkpoint of this ledger file in the place of the newest
    #[arg(long, value_name = "NUMBER")]
    pub(crate) at: Option<u64>,
    /// Certificates (PEM) that the authority's must lead to
    #[arg(long, value_name = "FILE")]
    pub(crate) tsa_ca: Option<PathBuf>,
}

/// `dwell checkpoint rotate-key`
#[derive(Debug, Args)]
pub(crate) struct RotateKey {
    /// Why; kept in the ledger
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}
