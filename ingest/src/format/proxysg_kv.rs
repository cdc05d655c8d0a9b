//! How ProxySG's logs are read where they are written as key=value pairs, as for Splunk.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::{Dialect, Ends};

/// Blue Coat / Symantec / Broadcom ProxySG, key=value.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "proxysg_kv",
    title: "Blue Coat / Symantec / Broadcom ProxySG, key=value",
    doc: "The log format for Splunk: the fields of the W3C log as `name=value`, values with spaces in quotes; `cs-auth-groups` \
may come twice. Records have no time of their own unless a field holds it: that of the syslog header before them counts.",
    dialect,
};

fn dialect() -> Dialect {
    super::proxysg::words(Dialect::pairs(" ", Ends::Quotes).head("program"))
        .marks(&["c-ip or x-client-address", "s-action or sc-filter-result"])
        .date_time("date", "time", &["utc:%Y-%m-%d %H:%M:%S"])
        .time("x-timestamp-unix-utc", &["epoch"])
        .time("timestamp", &["epoch", "epoch.3"])
        .outer_time()
        .nulls(&["-"])
        .fields(&[
            ("rs-Content-Type", "content_type"),
            ("cs-User-Agent", "user_agent"),
            ("cs-Referer", "referer"),
            ("cs-Cookie", "cookie"),
            ("cs-Content-Type", "request_content_type"),
        ])
}
