//! `system.overlaps`: which sources tell of the same events, in how many rows?

use std::collections::{BTreeMap, BTreeSet};

use storage::day::Day;
use storage::store::State;

use super::requests_distinct;

pub(super) const NAME: &str = "overlaps";
pub(super) const FULL_NAME: &str = "system.overlaps";

/// Its columns.
pub(super) const COLUMNS: &[(&str, &str)] = &[
    ("source_id", "the source with the lower number"),
    ("other_source_id", "the other"),
    ("common_rows", "rows that both have, as requests_distinct compares them"),
    ("share", "their share of the rows of source_id, 0 to 1"),
    ("other_share", "their share of the rows of other_source_id, 0 to 1"),
    ("first_ts", "time of the first row in common"),
    ("last_ts", "time of the last row in common"),
    ("path", "the input of source_id"),
    ("other_path", "the input of other_source_id"),
];

/// Which days, and which of their sources, can have rows in common: those with rows on the same day whose times overlap.
/// Told by the ledger alone.
fn candidates(state: &State) -> (Vec<Day>, BTreeSet<i32>) {
    let mut held: BTreeMap<Day, BTreeSet<i32>> = BTreeMap::new();
    for (day, segment) in state.segments() {
        let sources = segment.meta.sources.iter().filter(|range| range.rows > 0);
        held.entry(day).or_default().extend(sources.map(|range| range.source_id));
    }
    let (mut days, mut found) = (Vec::new(), BTreeSet::new());
    for (day, sources) in held {
        let start = day.start();
        let mut spans: Vec<_> = sources
            .iter()
            .filter_map(|id| {
                let source = state.sources.get(id)?;
                let (first, last) = (source.first_ts?, source.last_ts?);
                Some((first.max(start), last.min(day.end() - 1), *id))
            })
            .collect();
        spans.sort_unstable();
        // The one that reaches farthest so far meets whatever begins before it ends.
        let mut farthest: Option<(i64, i32)> = None;
        let mut meets = false;
        for (first, last, id) in spans {
            if let Some((end, other)) = farthest
                && first <= end
            {
                meets = true;
                found.extend([id, other]);
            }
            if farthest.is_none_or(|(end, _)| last > end) {
                farthest = Some((last, id));
            }
        }
        if meets {
            days.push(day);
        }
    }
    (days, found)
}

/// Days as conditions: runs of them become ranges.
fn days_condition(days: &[Day]) -> String {
    let mut runs: Vec<(Day, Day)> = Vec::new();
    for &day in days {
        match runs.last_mut() {
            Some((_, last)) if last.end() == day.start() => *last = day,
            _ => runs.push((day, day)),
        }
    }
    let runs = runs.iter().map(|(first, last)| format!("day BETWEEN '{first}' AND '{last}'"));
    runs.collect::<Vec<_>>().join(" OR ")
}

/// Rows are counted by time and key, and only keys that two sources have are looked at pair by pair.
pub(super) fn definition(state: &State) -> String {
    let (days, sources) = candidates(state);
    let within = if days.is_empty() {
        "false".to_owned()
    } else {
        let sources: Vec<_> = sources.iter().map(ToString::to_string).collect();
        format!("({}) AND source_id IN ({})", days_condition(&days), sources.join(", "))
    };
    let genuine = requests_distinct::genuine(state);
    let key = requests_distinct::key(state);
    format!(
        "WITH held AS (
  SELECT ts, source_id, {key} AS event_key, ({genuine}) IS NULL AS once
  FROM (SELECT *, record_id(extra) AS record_id FROM requests WHERE {within})),
counted AS (
  SELECT ts, event_key, source_id, CASE WHEN bool_or(once) THEN 1 ELSE count(*) END AS n
  FROM held GROUP BY ts, event_key, source_id),
shared AS (
  SELECT ts, event_key, array_agg(named_struct('id', source_id, 'n', n)) AS each
  FROM (SELECT *, count(*) OVER (PARTITION BY ts, event_key) AS sources FROM counted)
  WHERE sources > 1 GROUP BY ts, event_key),
pairs AS (
  SELECT ts, a, unnest(each) AS b FROM (SELECT ts, unnest(each) AS a, each FROM shared)),
overlaps AS (
  SELECT a['id'] AS source_id, b['id'] AS other_source_id, sum(least(a['n'], b['n'])) AS common_rows,
    min(ts) AS first_ts, max(ts) AS last_ts
  FROM pairs WHERE a['id'] < b['id'] GROUP BY 1, 2)
SELECT o.source_id, o.other_source_id, o.common_rows,
  round(CAST(o.common_rows AS DOUBLE) / (x.rows - x.retired - x.redacted), 4) AS share,
  round(CAST(o.common_rows AS DOUBLE) / (y.rows - y.retired - y.redacted), 4) AS other_share,
  o.first_ts, o.last_ts, x.path, y.path AS other_path
FROM overlaps o JOIN system.sources x ON x.source_id = o.source_id
  JOIN system.sources y ON y.source_id = o.other_source_id"
    )
}
