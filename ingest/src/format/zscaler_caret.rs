//! How Zscaler's NSS web feed is read with `^^` between the values.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Zscaler NSS web feed, `^^`.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "zscaler_caret",
    title: "Zscaler NSS web feed (`^^`)",
    doc: "As `zscaler_csv`, with `^^` between the values, which may stand in quotes.",
    dialect,
};

fn dialect() -> Dialect {
    super::zscaler_csv::words(Dialect::delimited("^^"))
}
