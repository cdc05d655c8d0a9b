//! `dwell intel` and `dwell pdns`: which lists of others, and what to do with them?

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Bounds, OutputArgs};

/// `dwell intel`
#[derive(Debug, Subcommand)]
pub(crate) enum Intel {
    /// Add lists of indicators or warninglists: MISP, STIX, URLhaus, ThreatFox, Feodo, plain or any CSV, known by content
    Add(Add),
    /// The lists in the store
    List {
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Remove lists; the ledger keeps that they were there
    Remove {
        /// Names of lists
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
    /// Look for indicators in all days: findings, as of hunts
    Sweep(Box<Sweep>),
}

/// `dwell intel add`
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Files or folders; each becomes one list
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// The list's name; an older list of that name is replaced [default: by the path]
    #[arg(long, value_name = "LIST")]
    pub(crate) name: Option<String>,
    /// Take this column of a CSV, by number from 1 or by name; it may hold any kind of value
    #[arg(long, value_name = "N|NAME")]
    pub(crate) column: Option<String>,
    /// How far the list may be passed on, where its source does not say: clear, green, amber, amber+strict, red
    #[arg(long, value_name = "COLOUR")]
    pub(crate) tlp: Option<String>,
    /// A tag for each of its indicators
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
}

/// `dwell intel sweep`
#[derive(Debug, Args)]
pub(crate) struct Sweep {
    #[command(flatten)]
    pub(crate) bounds: Bounds,
    /// Only indicators that were added from this time on
    #[arg(long, value_name = "TIME")]
    pub(crate) added_since: Option<String>,
    /// Tell nothing below this level: informational, low, medium, high, critical
    #[arg(long, value_name = "LEVEL", default_value = "informational")]
    pub(crate) min_level: String,
    /// End with 20 if anything is found
    #[arg(long)]
    pub(crate) fail_on_findings: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// `dwell pdns`
#[derive(Debug, Subcommand)]
pub(crate) enum Pdns {
    /// Add passive DNS: Common Output Format, DNSDB's stream, dns.log of Zeek, known by content
    Add {
        /// Files or folders; each becomes one list
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
        /// The list's name; an older list of that name is replaced [default: by the path]
        #[arg(long, value_name = "LIST")]
        name: Option<String>,
    },
    /// The lists in the store
    List {
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Remove lists; the ledger keeps that they were there
    Remove {
        /// Names of lists
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
    /// What the log itself knows: its pairs of host and server address, in the Common Output Format
    Export {
        #[command(flatten)]
        bounds: Bounds,
        /// Write to FILE, which is replaced when it is whole
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}
