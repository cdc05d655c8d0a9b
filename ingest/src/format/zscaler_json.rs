//! How Zscaler's web logs are read where NSS writes JSON.

use super::dialect::DialectFormat;
use super::zscaler_nss;
use crate::lexer::shaped::dialect::Dialect;

/// Zscaler NSS web, JSON.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "zscaler_json",
    title: "Zscaler NSS web log, JSON",
    doc: "One JSON object a line: the record alone, or as `event` beside `sourcetype` (`zscalernss-web`). All values are strings. The \
time has no zone; `tz` names it where it is logged. Feeds other than the web feed in the same file are no rows. Without the feed's \
escape setting, quotes within values stand as they are: such lines are cut at the keys that are known.",
    dialect,
};

fn dialect() -> Dialect {
    zscaler_nss::dialect(Dialect::json().within(&["event"]))
        .marks(&["urlsupercategory or urlsupercat or urlclass or urlcategory or urlcat", "action"])
        .only(&["sourcetype=zscalernss-web", "url|eurl|hostname|host|ehost"])
        .time("datetime", zscaler_nss::TIMES)
        .time("time", zscaler_nss::TIMES)
        .time("epochtime", &["epoch"])
}
