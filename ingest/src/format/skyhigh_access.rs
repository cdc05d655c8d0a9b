//! How the log of Skyhigh (McAfee, Webwasher) access.log is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Skyhigh (McAfee, Webwasher) access.log.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "skyhigh_access",
    "Skyhigh (McAfee, Webwasher) access.log",
    Language::Own,
    r#"[{ts=%d/%b/%Y:%H:%M:%S %z}] "{user?|-}" {client_ip} {status} "{request}" "{categories?|-}" "{-rep_level?|-}" "{content_type?|-}" {response_bytes} "{user_agent?|-}" "{threat?|-}" "{reason?|-=0:allowed,*:denied}""#,
    "The default access.log of Skyhigh Secure Web Gateway (McAfee, Trellix, Webwasher). The first line of a file is free text that does not follow changes of the rule that logs. Times print their offset and are the end of the request. The last field, block_res, is 0 where nothing was blocked; it is the reason.",
)
.with_comments()
.with_open_end();
