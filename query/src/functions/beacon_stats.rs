//! What is the rhythm of a group of requests made of?

use super::beacon::udaf::{Beacons, Group, Output};
use super::beacon::{NO_SIZE, Scratch, rate, second, size};
use super::{FunctionDoc, FunctionKind, Made};
use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use std::sync::{Arc, LazyLock};

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "beacon_stats",
    signature: "beacon_stats(ts TIMESTAMP [, request_bytes INTEGER])",
    kind: FunctionKind::Aggregate,
    returns: "STRUCT",
    summary: "The parts behind beacon_score, to sort and filter by: beacon_stats(ts, request_bytes)['period_s']. Fields: score \
        (beacon_score); rita_score and its parts gap_score, size_score, duration_score, histogram_score; core (the \
        measure of regularity); count (rows with a ts), distinct_seconds, checkins (gaps between check-ins that were used, and one), \
        median_gap_s (of the distinct seconds), period_s (of the check-ins), jitter (robust standard deviation of the \
        gaps' logarithm: 0 a clock, about 0.9 chance), missed (share of gaps with missed check-ins), pauses (share of \
        long gaps), active_hours (distinct hours with a request), span_s (from first to last), strobe, sizes (rows with \
        a size), modal_bytes (the commonest size) and modal_share (its share of them). What can't be said is NULL; a strobe has only score, count, \
        span_s and strobe. Without any ts the whole struct is NULL.",
    example: "SELECT s['count'] AS n, s['period_s'] AS period, s['missed'] > 0 AS missed, s['strobe'] AS strobe \
        FROM (SELECT beacon_stats(to_timestamp(1772409600 + 300 * i)) AS s \
        FROM (SELECT unnest(range(0, 288)) AS i) WHERE i % 9 <> 4)",
    source: "query/src/functions/beacon_stats.rs",
    make,
};

fn make() -> Made {
    Beacons::<Stats>::made(&DOC)
}

/// Fields that are numbers with fractions, in order; then whole numbers; `strobe` is last.
const FRACTIONS: [&str; 13] = [
    "score",
    "rita_score",
    "gap_score",
    "size_score",
    "duration_score",
    "histogram_score",
    "core",
    "median_gap_s",
    "period_s",
    "jitter",
    "missed",
    "pauses",
    "modal_share",
];
const WHOLES: [&str; 7] =
    ["count", "distinct_seconds", "checkins", "active_hours", "span_s", "sizes", "modal_bytes"];

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let fractions = FRACTIONS.iter().map(|n| Field::new(*n, DataType::Float64, true));
    let wholes = WHOLES.iter().map(|n| Field::new(*n, DataType::Int64, true));
    fractions.chain(wholes).chain([Field::new("strobe", DataType::Boolean, true)]).collect()
});

#[derive(Default)]
struct Stats {
    fractions: Vec<[Option<f64>; FRACTIONS.len()]>,
    wholes: Vec<[Option<i64>; WHOLES.len()]>,
    strobes: Vec<Option<bool>>,
    scratch: Scratch,
    counted: Vec<u32>,
}

impl Stats {
    fn of_rows(&mut self, rows: &[u64]) {
        let mut fractions = [None; FRACTIONS.len()];
        let mut wholes = [None; WHOLES.len()];
        let mut checkins = None;
        fractions[0] = Some(0.0);
        if let Some(rating) = rate(rows, &mut self.scratch) {
            let rita = &rating.rita;
            fractions[0] = Some(rating.score());
            fractions[1] = Some(rita.score);
            fractions[2] = Some(rita.gaps);
            fractions[3] = rita.sizes;
            fractions[4] = Some(rita.duration);
            fractions[5] = Some(rita.histogram);
            fractions[6] = Some(rating.core);
            if let Some(r) = &rating.regular {
                fractions[8] = Some(r.period);
                fractions[9] = Some(r.spread);
                fractions[10] = Some(r.missed);
                fractions[11] = Some(r.pauses);
                checkins = Some(r.gaps as i64 + 1);
            }
        }
        let (distinct, hours) = (runs(rows, |r| second(*r)), runs(rows, |r| second(*r) / 3600));
        fractions[7] = self.median_gap(rows);
        let (sizes, commonest) = self.commonest_size(rows);
        fractions[12] = commonest.map(|(_, n)| n as f64 / sizes as f64);
        let span = i64::from(second(rows[rows.len() - 1]) - second(rows[0]));
        wholes[0] = Some(rows.len() as i64);
        wholes[1] = Some(distinct);
        wholes[2] = checkins;
        wholes[3] = Some(hours);
        wholes[4] = Some(span);
        wholes[5] = Some(sizes as i64);
        wholes[6] = commonest.map(|(bytes, _)| i64::from(bytes));
        self.add(fractions, wholes, Some(false));
    }

    fn add(
        &mut self,
        fractions: [Option<f64>; FRACTIONS.len()],
        wholes: [Option<i64>; WHOLES.len()],
        strobe: Option<bool>,
    ) {
        self.fractions.push(fractions);
        self.wholes.push(wholes);
        self.strobes.push(strobe);
    }

    fn median_gap(&mut self, rows: &[u64]) -> Option<f64> {
        self.counted.clear();
        let gaps = rows.windows(2).map(|w| second(w[1]) - second(w[0])).filter(|g| *g > 0);
        self.counted.extend(gaps);
        self.counted.sort_unstable();
        let n = self.counted.len();
        let at = |i: usize| self.counted.get(i).copied().map(f64::from);
        match n % 2 {
            1 => at(n / 2),
            _ => Some(f64::midpoint(at((n / 2).checked_sub(1)?)?, at(n / 2)?)),
        }
    }

    /// Number of known sizes; the commonest one (the smallest of equals) and how often it is there.
    fn commonest_size(&mut self, rows: &[u64]) -> (usize, Option<(u32, usize)>) {
        self.counted.clear();
        self.counted.extend(rows.iter().map(|r| size(*r)).filter(|s| *s != NO_SIZE));
        self.counted.sort_unstable();
        let same = self.counted.chunk_by(|a, b| a == b).map(|c| (c[0], c.len()));
        let commonest = same.reduce(|best, next| if next.1 > best.1 { next } else { best });
        (self.counted.len(), commonest)
    }
}

/// Number of runs of the same value.
fn runs(rows: &[u64], value: impl Fn(&u64) -> u32) -> i64 {
    rows.chunk_by(|a, b| value(a) == value(b)).count() as i64
}

impl Output for Stats {
    fn data_type() -> DataType {
        DataType::Struct(FIELDS.clone())
    }

    fn push(&mut self, group: Group<'_>) {
        match group {
            Group::Empty => self.add([None; FRACTIONS.len()], [None; WHOLES.len()], None),
            Group::Rows(rows) => self.of_rows(rows),
            Group::Strobe(strobe) => {
                let (mut fractions, mut wholes) = ([None; FRACTIONS.len()], [None; WHOLES.len()]);
                fractions[0] = Some(0.0);
                wholes[0] = Some(i64::try_from(strobe.count).unwrap_or(i64::MAX));
                wholes[4] = Some(i64::from(strobe.last.saturating_sub(strobe.first)));
                self.add(fractions, wholes, Some(true));
            }
        }
    }

    fn finish(self) -> Result<ArrayRef> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(FIELDS.len());
        for i in 0..FRACTIONS.len() {
            columns.push(Arc::new(self.fractions.iter().map(|f| f[i]).collect::<Float64Array>()));
        }
        for i in 0..WHOLES.len() {
            columns.push(Arc::new(self.wholes.iter().map(|w| w[i]).collect::<Int64Array>()));
        }
        let strobes = BooleanArray::from(self.strobes);
        let nulls = strobes.nulls().cloned();
        columns.push(Arc::new(strobes));
        Ok(Arc::new(StructArray::try_new(FIELDS.clone(), columns, nulls)?))
    }
}
