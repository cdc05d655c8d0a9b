//! `dwell hunt`: which hunts, over which time, told how?

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Bounds, OutputArgs};

/// `dwell hunt`
#[derive(Debug, Subcommand)]
pub(crate) enum Hunt {
    /// All hunts
    List {
        #[command(flatten)]
        own: OwnHunts,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// What a hunt finds and why, its parameters, its query
    Show {
        /// Its id
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        own: OwnHunts,
    },
    /// Run hunts: findings, each with the SQL that gives its rows
    Run(Box<Run>),
    /// Write the list of what the house accepts, from its own quiet weeks
    Accept(Accept),
    /// Keep the summaries of days, from which hunts read what is usual
    Summarize {
        #[command(flatten)]
        bounds: Bounds,
    },
}

/// What a house may accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Acceptable {
    /// User agents, and the usual system of computers by their names
    Agents,
}

/// `dwell hunt accept`
#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// What
    #[arg(value_name = "WHAT", value_enum)]
    pub(crate) what: Acceptable,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
    /// Accept what at least so many clients sent
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) min_clients: u64,
}

/// Hunts of one's own.
#[derive(Debug, Default, Args)]
pub(crate) struct OwnHunts {
    /// A folder of hunts of your own, beside those that come with dwell
    #[arg(long, value_name = "DIR")]
    pub(crate) hunts: Option<PathBuf>,
}

/// `dwell hunt run`
#[derive(Debug, Default, Args)]
pub(crate) struct Run {
    /// Ids of hunts, or `all`
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
    /// Set a parameter: NAME=VALUE, or HUNT.NAME=VALUE where only one hunt is meant
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) param: Vec<String>,
    /// Who and what is excused: a line for each address, network, host, `ua:` agent or `user:` name
    #[arg(long, value_name = "FILE")]
    pub(crate) allow: Vec<PathBuf>,
    /// Tell nothing below this level: informational, low, medium, high, critical
    #[arg(long, value_name = "LEVEL", default_value = "informational")]
    pub(crate) min_level: String,
    /// Only days that have changed since they were last hunted; what was told before is not told again
    #[arg(long)]
    pub(crate) new: bool,
    /// Also write a report as one HTML file that needs nothing else
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Append what is told to FILE, a JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) findings: Option<PathBuf>,
    /// End with 20 if anything is told
    #[arg(long)]
    pub(crate) fail_on_findings: bool,
    #[command(flatten)]
    pub(crate) own: OwnHunts,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// `dwell nightly`
#[derive(Debug, Default, Args)]
pub(crate) struct Nightly {
    /// Append new findings to FILE, a JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) findings: Option<PathBuf>,
    /// Write the report of new findings as one HTML file
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// End with 20 if there are new findings
    #[arg(long)]
    pub(crate) fail_on_findings: bool,
}
