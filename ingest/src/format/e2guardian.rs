//! How the log of e2guardian log format 4 (TAB) is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// e2guardian log format 4 (TAB).
pub(super) static FORMAT: Dialect = Dialect::plain(
    "e2guardian",
    "e2guardian log format 4 (TAB)",
    Language::Own,
    r#"{ts=%Y.%m.%d %H:%M:%S}\t{user?|-}\t{client_ip}\t{url}\t{reason?|-=:allowed,-:allowed,*DENIED*:denied,*INFECTED*:denied,*EXCEPTION*:allowed,*SCANNED*:allowed,*:allowed}\t{method}\t{response_bytes}\t{-weight}\t{categories?|-}\t{-filtergroup}\t{status}\t{content_type?|-}\t{computer?|-}\t{-groupname?|-}\t{user_agent?|-}\t{-params?|-}\t{-logid1?|-}\t{-logid2?|-}\t{-postdata?|-}"#,
    "e2guardian's format 4: the fields of DansGuardian between TABs. Times print no zone; they are the end of the request, in whole seconds.",
);
