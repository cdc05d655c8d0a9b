//! How Zscaler's NSS web feed is read with TABs between the values.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Zscaler NSS web feed, TSV.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "zscaler_tsv",
    title: "Zscaler NSS web feed (TSV)",
    doc: "As `zscaler_csv`, with TABs between the values, which never stand in quotes.",
    dialect,
};

fn dialect() -> Dialect {
    super::zscaler_csv::words(Dialect::tabs())
}
