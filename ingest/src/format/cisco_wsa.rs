//! How the log of Cisco Secure Web Appliance (WSA) access log is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Cisco Secure Web Appliance (WSA) access log.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "cisco_wsa",
    "Cisco Secure Web Appliance (WSA) access log",
    Language::Wsa,
    r#"%t %e %a %w/%h %s %2r %A %H/%d %c %D %Xr %?BLOCK_SUSPECT_USER_AGENT,MONITOR_SUSPECT_USER_AGENT?%<User-Agent:%!%-%."#,
    "The access log of Cisco's Secure Web Appliance (IronPort WSA) in its default form; custom fields behind it are kept together as the tail. Times are UTC, the end of the transaction. The ACL tag is the rule, and its beginning gives the verdict; it is not taken apart, since names of policies may hold hyphens. The agent is logged only where it is a suspect one.",
)
.with_comments()
.with_open_end();
