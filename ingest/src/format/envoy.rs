//! How the log of Envoy default is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Envoy default.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "envoy",
    "Envoy default",
    Language::Envoy,
    r#"[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%""#,
    "Envoy's default access log. Times are UTC, the start of the request, in milliseconds. Sizes are those of the bodies. The client is known only by X-Forwarded-For. The flags of the reply are the action.",
)
.at_start();
