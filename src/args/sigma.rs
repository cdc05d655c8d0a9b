//! How is `dwell sigma` typed?

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Bounds, OutputArgs};

/// What is done with Sigma rules.
#[derive(Debug, Subcommand)]
pub(crate) enum Sigma {
    /// For each rule: does it run, in part (which field is missing), or not (why, which line)
    Check(Check),
    /// Look for all rules in one pass: a finding for each rule, entity and day
    Run(Run),
}

/// The rules.
#[derive(Debug, Args)]
pub(crate) struct Rules {
    /// Files of rules, or folders of them
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// What %NAME% stands for in values with `expand`; again for more values
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) placeholder: Vec<String>,
}

/// `dwell sigma check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) rules: Rules,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// `dwell sigma run`
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) rules: Rules,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
    /// Only rules of this level and above: informational, low, medium, high, critical
    #[arg(long, value_name = "LEVEL", default_value = "informational")]
    pub(crate) min_level: String,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
