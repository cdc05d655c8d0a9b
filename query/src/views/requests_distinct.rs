//! `requests_distinct`: which rows are left when an event that was logged, shipped or replayed twice counts once?

use storage::schema::Col;
use storage::store::State;

use super::event_key;

pub(super) const NAME: &str = "requests_distinct";

/// What it has beyond the columns of `requests`.
pub(super) const COLUMNS: &[(&str, &str)] = &[
    ("repeats", "how many rows of requests this one stands for beside itself"),
    ("copy", "1, or n for the n-th of rows in one source that are alike and may all be genuine"),
];

/// The formats whose shippers replay their buffer into one source, by the beginning of their names.
const REPLAYING: &str = "zscaler";

/// An expression that is NULL where alike rows of one source are replays, else the source they are compared within:
/// the second of two alike lines may well be a second event, and only an id, or a shipper known to replay, says that it is
/// none.
pub(super) fn genuine(state: &State) -> String {
    let replaying = state.sources.values().filter(|source| source.format.starts_with(REPLAYING));
    let replaying: Vec<_> = replaying.map(|source| source.id.to_string()).collect();
    match replaying.as_slice() {
        [] => "CASE WHEN record_id IS NULL THEN source_id END".to_owned(),
        ids => format!(
            "CASE WHEN record_id IS NULL AND source_id NOT IN ({}) THEN source_id END",
            ids.join(", ")
        ),
    }
}

/// The n-th alike row of one source is compared with the n-th of the others, and the one of the lowest source stays.
/// Time, host and client stand in each partition, so that filters on them go down into the scan.
pub(super) fn definition(state: &State) -> String {
    let columns: Vec<_> = Col::ALL.iter().map(|col| format!("\"{}\"", col.name())).collect();
    let columns = columns.join(", ");
    let alike = "day, ts, host, client_ip, event_key";
    let genuine = genuine(state);
    let key = event_key::call("record_id");
    format!(
        "SELECT {columns}, repeats, copy FROM (
  SELECT {columns}, copy, count(*) OVER (PARTITION BY {alike}, copy) - 1 AS repeats,
    row_number() OVER (PARTITION BY {alike}, copy ORDER BY source_id, line_no) AS place
  FROM (
    SELECT {columns}, event_key, CASE WHEN genuine_in IS NULL THEN 1 ELSE
      CAST(row_number() OVER (PARTITION BY {alike}, genuine_in ORDER BY line_no) AS BIGINT) END AS copy
    FROM (
      SELECT {columns}, {key} AS event_key, {genuine} AS genuine_in
      FROM (SELECT {columns}, record_id(extra) AS record_id FROM requests))))
WHERE place = 1"
    )
}
