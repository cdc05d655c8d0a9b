//! How Zscaler's web logs are read where NSS writes key=value pairs, as for Splunk.

use super::dialect::DialectFormat;
use super::zscaler_nss;
use crate::lexer::shaped::dialect::{Dialect, Ends};

/// Zscaler NSS web, key=value.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "zscaler_kv",
    title: "Zscaler NSS web log, key=value",
    doc: "A date and time, then key=value pairs with TABs between them, as the NSS feed for Splunk writes them. The time has no \
zone; `tz` names it where it is logged. `serverip` is 0.0.0.0 for what was blocked. After a reconnect NSS sends up to an hour of its \
records again; `event_id` tells them.",
    dialect,
};

fn dialect() -> Dialect {
    zscaler_nss::dialect(Dialect::pairs("\t", Ends::Quotes).head("datetime"))
        .marks(&["urlsupercategory or urlsupercat or urlclass", "action"])
        .time("datetime", zscaler_nss::TIMES)
}
