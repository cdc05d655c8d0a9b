//! `system.clocks`: which clocks look wrong, and on what evidence? Nothing is corrected here.
//!
//! Three kinds of evidence: the times of one clock (a source and a proxy in it) in the order of the lines; the time in the
//! syslog header around a line; and another source or proxy that logged the same requests. Rows are sorted (which
//! spills) and compared with a few neighbours; for the last kind so many requests are drawn by a hash that memory is
//! bounded.

mod envelope;
mod ingested;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;
use storage::store::State;

use super::event_key;
use crate::origin::Origin;

pub(super) const NAME: &str = "clocks";
pub(super) const FULL_NAME: &str = "system.clocks";

/// Its columns.
pub(super) const COLUMNS: &[(&str, &str)] = &[
    ("source_id", "the source"),
    ("proxy_name", "the proxy in it, where its lines name one"),
    (
        "kind",
        "jump: the times leap ahead; backwards: they fall back and stay there; out_of_order: single rows more than a \
         minute earlier than the row before; future: later than they came in; offset_syslog, offset_source: whole hours \
         away from the syslog header, or from a source that logged the same requests",
    ),
    ("count", "how many rows show it; for offset_source how many requests both have logged"),
    ("seconds", "the greatest step, lead or delay; for offsets how far this clock is ahead"),
    ("first_line", "the first of these rows"),
    ("last_line", "the last of them"),
    ("first_ts", "the earliest time of these rows"),
    ("last_ts", "the latest time of these rows"),
    ("other_source_id", "for offset_source the source it was compared with"),
    ("other_proxy_name", "the proxy in that"),
    ("detail", "what it may mean"),
];

/// Requests that are drawn to compare sources with each other.
const DRAWN: u64 = 200_000;

/// The functions that the view is made of.
pub(super) fn functions(origin: &Arc<dyn Origin>, state: &State) -> [ScalarUDF; 2] {
    [envelope::function(), ingested::function(origin, state)]
}

/// The view over the rows of `state`.
pub(super) fn definition(state: &State) -> String {
    let rows: u64 = state.segments().map(|(_, segment)| segment.meta.rows).sum();
    let one_in = rows.div_ceil(DRAWN).max(1);
    let columns: Vec<_> = COLUMNS.iter().map(|(name, _)| *name).collect();
    format!(
        "WITH {}\nSELECT {} FROM (\n{}\nUNION ALL\n{}\nUNION ALL\n{})",
        [STEPS, ENVELOPES, &pairs(one_in)].join(",\n"),
        columns.join(", "),
        FROM_STEPS,
        FROM_ENVELOPES,
        FROM_PAIRS
    )
}

/// Each row beside its neighbours. A step counts if the three rows before it lie all on one side of it and this row and
/// the two after it on the other, so that a single row (a long request, a wrong stamp) is none. A leap ahead must take
/// five minutes and a hundred times what rows before it took.
const STEPS: &str = "\
near AS (
  SELECT source_id, proxy_name, line_no, ts, CAST(ts AS BIGINT) AS us, ingested_at(source_id, line_no) AS came_us,
    lag(CAST(ts AS BIGINT), 1) OVER (PARTITION BY source_id, proxy_name ORDER BY line_no) AS b1,
    lag(CAST(ts AS BIGINT), 2) OVER (PARTITION BY source_id, proxy_name ORDER BY line_no) AS b2,
    lag(CAST(ts AS BIGINT), 3) OVER (PARTITION BY source_id, proxy_name ORDER BY line_no) AS b3,
    lag(CAST(ts AS BIGINT), 20) OVER (PARTITION BY source_id, proxy_name ORDER BY line_no) AS b20,
    lead(CAST(ts AS BIGINT), 1) OVER (PARTITION BY source_id, proxy_name ORDER BY line_no) AS a1,
    lead(CAST(ts AS BIGINT), 2) OVER (PARTITION BY source_id, proxy_name ORDER BY line_no) AS a2
  FROM requests),
steps AS (
  SELECT source_id, proxy_name, line_no, ts, us - b1 AS step, us - came_us AS lead_us,
    least(us, a1, a2) - greatest(b1, b2, b3) AS ahead, least(b1, b2, b3) - greatest(us, a1, a2) AS back,
    b2 IS NOT NULL AND a1 IS NOT NULL AS told,
    greatest(coalesce((b1 - b20) / 19, (b1 - b3) / 2, b1 - b2, 0), 0) AS usual
  FROM near),
seen AS (
  SELECT source_id, proxy_name, line_no, ts, step, lead_us,
    CASE WHEN told AND ahead >= 300000000 AND step > 100 * usual THEN 'jump'
      WHEN told AND back >= 30000000 THEN 'backwards'
      WHEN step < -60000000 THEN 'out_of_order' END AS kind,
    CASE WHEN lead_us > 300000000 THEN 'future' END AS future
  FROM steps),
hits AS (
  SELECT source_id, proxy_name, line_no, ts,
    unnest(make_array(named_struct('kind', kind, 'us', abs(step)), named_struct('kind', future, 'us', lead_us))) AS hit
  FROM seen WHERE kind IS NOT NULL OR future IS NOT NULL)";

const FROM_STEPS: &str = "\
SELECT source_id, proxy_name, hit['kind'] AS kind, count(*) AS count, max(hit['us']) / 1e6 AS seconds,
  min(line_no) AS first_line, max(line_no) AS last_line, min(ts) AS first_ts, max(ts) AS last_ts,
  CAST(NULL AS INT) AS other_source_id, CAST(NULL AS VARCHAR) AS other_proxy_name,
  CASE hit['kind']
    WHEN 'jump' THEN 'the times leap ahead: the clock was set, or nothing was logged'
    WHEN 'backwards' THEN 'the times fall back and go on from there: the clock was set back, or older lines follow'
    WHEN 'out_of_order' THEN 'rows more than a minute earlier than the row before: logged late, or by several writers'
    ELSE 'stamped more than five minutes later than the line came in' END AS detail
FROM hits WHERE hit['kind'] IS NOT NULL GROUP BY source_id, proxy_name, hit['kind']";

/// Rows by the whole hours that lie between them and the syslog header around them.
const ENVELOPES: &str = "\
headers AS (
  SELECT source_id, proxy_name, hours, count(*) AS n, min(line_no) AS first_line, max(line_no) AS last_line,
    min(ts) AS first_ts, max(ts) AS last_ts
  FROM (SELECT source_id, proxy_name, line_no, ts, syslog_hours(ts, extra) AS hours FROM requests
    WHERE extra LIKE '%\"syslog_time\"%')
  GROUP BY source_id, proxy_name, hours),
shares AS (SELECT *, sum(n) OVER (PARTITION BY source_id, proxy_name) AS total FROM headers)";

const FROM_ENVELOPES: &str = "\
SELECT source_id, proxy_name, 'offset_syslog' AS kind, n AS count, hours * 3600.0 AS seconds, first_line, last_line,
  first_ts, last_ts, CAST(NULL AS INT) AS other_source_id, CAST(NULL AS VARCHAR) AS other_proxy_name,
  concat(CAST(n AS VARCHAR), ' of ', CAST(total AS VARCHAR), ' rows are ', CAST(abs(hours) AS VARCHAR), ' h ',
    CASE WHEN hours > 0 THEN 'ahead of' ELSE 'behind' END, ' the syslog header around them: a zone may be wrong') AS detail
FROM shares WHERE hours <> 0 AND n * 10 >= total";

/// Requests that each of two clocks has logged once, with the same minutes and seconds. Of chance matches (a page that is
/// visited every morning) there are few beside all the requests of the smaller one.
fn pairs(one_in: u64) -> String {
    let key = event_key::of("client_ip, method, host, path, query");
    format!(
        "\
drawn AS (
  SELECT source_id, proxy_name, line_no, ts, CAST(ts AS BIGINT) AS us, {key} AS key FROM requests
  WHERE client_ip IS NOT NULL AND host IS NOT NULL),
single AS (
  SELECT source_id, proxy_name, key, (us / 300000000) % 12 AS phase, min(us) AS us, min(line_no) AS line_no,
    min(ts) AS ts
  FROM drawn WHERE key % {one_in} = 0 GROUP BY 1, 2, 3, 4 HAVING count(*) = 1),
sized AS (SELECT *, count(*) OVER (PARTITION BY source_id, proxy_name) AS held FROM single),
pairs AS (
  SELECT a.source_id, a.proxy_name, b.source_id AS other_source_id, b.proxy_name AS other_proxy_name, a.line_no, a.ts,
    least(a.held, b.held) AS held, a.us - b.us AS apart, CAST(round((a.us - b.us) / 3.6e9) AS BIGINT) AS hours
  FROM sized a JOIN sized b ON a.key = b.key AND a.phase = b.phase
  WHERE a.source_id <> b.source_id OR a.proxy_name IS DISTINCT FROM b.proxy_name),
matched AS (
  SELECT source_id, proxy_name, other_source_id, other_proxy_name, hours, count(*) AS n, max(held) AS held,
    min(line_no) AS first_line, max(line_no) AS last_line, min(ts) AS first_ts, max(ts) AS last_ts
  FROM pairs WHERE abs(hours) <= 14 AND abs(apart - hours * 3600000000) <= 30000000
  GROUP BY 1, 2, 3, 4, 5),
ranked AS (
  SELECT *, sum(n) OVER (PARTITION BY source_id, proxy_name, other_source_id, other_proxy_name) AS total FROM matched)"
    )
}

const FROM_PAIRS: &str = "\
SELECT source_id, proxy_name, 'offset_source' AS kind, n AS count, hours * 3600.0 AS seconds, first_line, last_line,
  first_ts, last_ts, other_source_id, other_proxy_name,
  concat(CAST(n AS VARCHAR), ' of ', CAST(total AS VARCHAR), ' requests that both have logged are ',
    CAST(abs(hours) AS VARCHAR), ' h ', CASE WHEN hours > 0 THEN 'later' ELSE 'earlier' END,
    ' here: one of the two clocks or zones may be wrong') AS detail
FROM ranked WHERE hours <> 0 AND n >= 3 AND n * 2 > total AND n * 10 >= held * 3";
