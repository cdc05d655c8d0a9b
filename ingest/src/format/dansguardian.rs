//! How the log of DansGuardian log format 4 (TAB) is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// DansGuardian log format 4 (TAB).
pub(super) static FORMAT: Dialect = Dialect::plain(
    "dansguardian",
    "DansGuardian log format 4 (TAB)",
    Language::Own,
    r#"{ts=%Y.%-m.%-d %-H:%M:%S}\t{user?|-}\t{client_ip}\t{url}\t{reason?|-=:allowed,-:allowed,*DENIED*:denied,*INFECTED*:denied,*EXCEPTION*:allowed,*SCANNED*:allowed,*:allowed}\t{method}\t{response_bytes}\t{-weight}\t{categories?|-}\t{-filtergroup}\t{status}\t{content_type?|-}\t{computer?|-}\t{-groupname?|-}\t{user_agent?|-}"#,
    "DansGuardian's format 4, and that of e2guardian before 5.4: fields between TABs, dates without leading zeros. Times print no zone; they are the end of the request, in whole seconds.",
)
.with_open_end();
