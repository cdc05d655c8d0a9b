//! Which rows are meant? The SQL that gives exactly those that a finding counts.

use detect::hunt::{Hunt, quoted};
use serde_json::Value;
use storage::clock::Micros;

/// A time as a literal of SQL.
pub(super) fn timestamp(at: Micros) -> String {
    let time = chrono::DateTime::from_timestamp_micros(at).unwrap_or_default();
    format!("TIMESTAMP '{}'", time.format("%Y-%m-%d %H:%M:%S%.6f"))
}

fn same(column: &str, value: &Value) -> String {
    match value {
        Value::Null => format!("\"{column}\" IS NULL"),
        Value::String(text) => format!("\"{column}\" = {}", quoted(text)),
        other => format!("\"{column}\" = {other}"),
    }
}

/// The query: between two times, with these values in these columns, and what else is true of them.
pub(super) fn sql(
    hunt: &Hunt,
    (first, last): (Micros, Micros),
    values: &[(String, Value)],
    predicate: Option<&str>,
) -> String {
    let mut parts =
        vec![format!("ts >= {}", timestamp(first)), format!("ts <= {}", timestamp(last))];
    let named = hunt.entity.iter().chain(&hunt.keys);
    let of = |name: &String| values.iter().find(|(column, _)| column == name);
    parts.extend(named.filter_map(of).map(|(column, value)| same(column, value)));
    parts.extend(predicate.map(|predicate| format!("({predicate})")));
    format!("SELECT * FROM requests WHERE {} ORDER BY ts", parts.join(" AND "))
}
