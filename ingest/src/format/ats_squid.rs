//! How the log of Apache Traffic Server squid is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Apache Traffic Server squid.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "ats_squid",
    "Apache Traffic Server squid",
    Language::Ats,
    r#"%<cqtq> %<ttms> %<chi> %<crc>/%<pssc> %<psql> %<cqhm> %<cquc> %<caun> %<phr>/%<shn> %<psct>"#,
    "Traffic Server's log in the form of Squid's. Times are UTC, but the start of the request, where Squid's are its end; the server is named, not its address. By result codes of its own (ERR_CONNECT_FAIL, TCP_EXPIRED_MISS) it is told from Squid's; a text without any is taken for Squid's if it is not named.",
)
.known_by(&[
    " ERR_CLIENT_ABORT/",
    " ERR_CLIENT_READ_ERROR/",
    " ERR_CONNECT_FAIL/",
    " ERR_DNS_FAIL/",
    " ERR_INVALID_REQ/",
    " ERR_PROXY_DENIED/",
    " ERR_READ_TIMEOUT/",
    " ERR_UNKNOWN/",
    " TCP_EXPIRED_MISS/",
    " TCP_REF_FAIL_HIT/",
    " TCP_HIT_REDIRECT/",
    " TCP_MISS_REDIRECT/",
])
.at_start();
