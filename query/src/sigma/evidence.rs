//! Which rows does a hit of a rule mean? Their query, with the rule's own condition in it.

use chrono::DateTime;
use detect::sigma::sql::quoted;
use serde_json::Value;
use storage::Micros;

/// A time as a literal of SQL.
fn timestamp(at: Micros) -> String {
    let time = DateTime::from_timestamp_micros(at).unwrap_or_default();
    format!("TIMESTAMP '{}'", time.format("%Y-%m-%d %H:%M:%S%.6f"))
}

/// That an expression has this value.
pub(super) fn same(expression: &str, value: &Value) -> String {
    match value {
        Value::Null => format!("{expression} IS NULL"),
        Value::String(text) => format!("{expression} = {}", quoted(text)),
        other => format!("{expression} = {other}"),
    }
}

/// The query for rows between two times that meet all of these.
pub(super) fn query(first: Micros, last: Micros, conditions: &[String]) -> String {
    let mut parts =
        vec![format!("ts >= {}", timestamp(first)), format!("ts <= {}", timestamp(last))];
    parts.extend_from_slice(conditions);
    format!("SELECT * FROM requests WHERE {} ORDER BY ts", parts.join(" AND "))
}
