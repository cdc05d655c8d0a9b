//! Which options has `dwell redact`?

use clap::{ArgGroup, Args};

/// `dwell redact`
#[derive(Debug, Args)]
#[group(skip)]
#[command(group(ArgGroup::new("what").args(["matching", "quarantine"]).required(true).multiple(true)))]
pub(crate) struct Redact {
    /// The rows for which this condition over `requests` is true: "user = 'erika'"
    #[arg(long = "where", value_name = "SQL")]
    pub(crate) matching: Option<String>,
    /// The quarantined lines for which this condition over `quarantine` is true: "raw LIKE '%erika%'"
    #[arg(long, value_name = "SQL")]
    pub(crate) quarantine: Option<String>,
    /// Why; kept in the ledger
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// The case it is for; kept in the ledger
    #[arg(long, value_name = "TEXT")]
    pub(crate) case: String,
    /// Who decided it; kept in the ledger
    #[arg(long, value_name = "WHO")]
    pub(crate) by: String,
    /// A text that must not stay in words beside the ledger, paths and the log of queries either; may be given several
    /// times [default: the texts in the conditions]
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Vec<String>,
    /// Also in the archives that can be reached: the days are archived anew and their old packages removed
    #[arg(long)]
    pub(crate) archives: bool,
    /// Do it; without, it is only shown what would go
    #[arg(long)]
    pub(crate) yes: bool,
}
