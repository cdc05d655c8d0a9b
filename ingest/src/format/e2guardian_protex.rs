//! How the log of e2guardian log formats 5 and 6 is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// e2guardian log formats 5 and 6.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "e2guardian_protex",
    "e2guardian log formats 5 and 6",
    Language::Own,
    r#"{ts=epoch.3}\t{proxy_name?|-}\t{user?|-}\t{client_ip}\t{computer?|-}\t{url}\t{method}\t{status}\t{response_bytes}\t{content_type?|-}\t{user_agent?|-}\t{-result_code?|-}\t{duration_ms}\t{-peer_code?|-}\t{-message_no}\t{reason?|-=:allowed,-:allowed,*DENIED*:denied,*INFECTED*:denied,*EXCEPTION*:allowed,*SCANNED*:allowed,*:allowed}\t{-weight}\t{categories?|-}\t{-groupname?|-}\t{-filtergroup}"#,
    "e2guardian's Protex formats: Unix times, the server's name, and codes of the parent proxy between TABs. Times are UTC, the end of the request.",
);
