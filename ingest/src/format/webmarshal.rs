//! How the W3C logs of Trustwave WebMarshal are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// WebMarshal, W3C.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "webmarshal",
    title: "Trustwave WebMarshal (W3C)",
    doc: "A W3C log by its `#Fields`; but against the draft its times are those of the server's zone, so `--tz` is needed.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::elff()
        .marks(&["#Software=WebMarshal*|Marshal*|Trustwave*|M86*"])
        .date_time("date", "time", super::w3c::LOCAL)
        .fields(super::w3c::FIELDS)
}
