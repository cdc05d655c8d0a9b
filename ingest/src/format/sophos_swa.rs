//! How the Sophos Web Appliance is read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::{Dialect, Ends};

/// Sophos Web Appliance.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "sophos_swa",
    title: "Sophos Web Appliance",
    doc: "key=value pairs with short names: `h` client, `u` user, `s` status, `t` time in seconds since 1970, `T` time taken in \
microseconds, `act` what was done (1 allowed, 2 to 5 went on after a warning or quota page, negative: stopped), `req` the request line.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::pairs(" ", Ends::Quotes)
        .marks(&["h", "u", "s", "t", "sav-ev", "req"])
        .time("t", &["epoch"])
        .starts()
        .nulls(&["-"])
        .fields(&[
            ("h", "client_ip"),
            ("u", "user"),
            ("s", "status"),
            ("T", "duration_ms:us"),
            ("act", "action"),
            ("rsn", "reason"),
            ("threat", "threat"),
            ("type", "content_type"),
            ("in", "request_bytes"),
            ("out", "response_bytes"),
            ("req", "request"),
            ("ref", "referer"),
            ("ua", "user_agent"),
            ("target_ip", "server_ip"),
            ("rule", "rule"),
            ("cat", "categories"),
        ])
        .verdicts(&[
            ("1", "allowed"),
            ("2", "allowed"),
            ("3", "allowed"),
            ("4", "allowed"),
            ("5", "allowed"),
            ("-*", "denied"),
        ])
}
