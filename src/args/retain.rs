//! Which options have `dwell retain`, `dwell hold` and `dwell nightly`?

use clap::{ArgGroup, Args, Subcommand};

use super::OutputArgs;

/// `dwell retain`
#[derive(Debug, Subcommand)]
pub(crate) enum Retain {
    /// What would be removed, and what protects each other day; nothing is changed
    Plan {
        /// Plan with this in the place of every `keep_days` of dwell.toml
        #[arg(long, value_name = "N")]
        keep_days: Option<u32>,
    },
    /// Remove what has expired: one record, files to trash/, deletion after `trash_days`
    Apply {
        /// Remove with this in the place of every `keep_days` of dwell.toml
        #[arg(long, value_name = "N")]
        keep_days: Option<u32>,
        /// Also beyond the limits: more than 20 % of the live rows, or a day less than 30 days old
        #[arg(long)]
        yes: bool,
    },
}

/// `dwell hold`
#[derive(Debug, Subcommand)]
pub(crate) enum Hold {
    /// Protect days from every command that removes; prints the number of the hold
    Place(PlaceHold),
    /// End a hold; it stays in the ledger
    Release {
        /// The hold, by its number in `dwell hold list`
        #[arg(value_name = "ID")]
        id: u64,
        /// Why; kept in the ledger
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who decided it; kept in the ledger
        #[arg(long, value_name = "WHO")]
        by: String,
    },
    /// All holds, those that have ended too
    List(OutputArgs),
}

/// `dwell hold place`
#[derive(Debug, Args)]
#[group(skip)]
#[command(group(ArgGroup::new("what").args(["days", "matching"]).required(true)))]
pub(crate) struct PlaceHold {
    /// These days, both ends included: 2026-11-01..2026-11-20, or one day
    #[arg(long, value_name = "A..B")]
    pub(crate) days: Option<String>,
    /// The days with rows for which this condition over `requests` is true, now and whenever something would be removed:
    /// "client_ip = '10.1.1.5'"
    #[arg(long = "where", value_name = "SQL")]
    pub(crate) matching: Option<String>,
    /// The hold ends by itself at this time
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// Why; kept in the ledger
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// The case it is for; kept in the ledger
    #[arg(long, value_name = "CASE")]
    pub(crate) case: String,
    /// Who decided it; kept in the ledger
    #[arg(long, value_name = "WHO")]
    pub(crate) by: String,
}
