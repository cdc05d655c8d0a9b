//! What is the rhythm of a group of requests made of?

use super::beacon::udaf::{Beacons, Group, Output};
use super::{FunctionDoc, FunctionKind, Made};
use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, StructArray,
};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use detect::beacon::{NO_SIZE, Scratch, rate, second, size};
use std::sync::{Arc, LazyLock};

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "beacon_stats",
    signature: "beacon_stats(ts TIMESTAMP [, request_bytes INTEGER [, response_bytes INTEGER]])",
    kind: FunctionKind::Aggregate,
    returns: "STRUCT",
    summary: "The parts behind beacon_score, to sort and filter by: beacon_stats(ts, request_bytes)['period_s']. Fields: score \
        (beacon_score) with its parts evidence (of a timer, 0 to 1), sigma (standard deviations between the spread of the gaps \
        and that of chance), coverage (share of the day with requests) and alike (share of the requests of about the same \
        size); rita_score with its parts ts, ds, dur, hist (gaps, sizes, duration, histogram); view (plain, local, timed, \
        local_timed or lattice: what the timer was seen through), spread (robust standard deviation of the gaps' logarithm), \
        jitter (width of the law of the gaps: 0.2 is a sleep cut by up to 20 %), missed (share of the expected check-ins \
        that did not come), duty (share of the time without pauses), absences (gaps of hours that were left out), period_s \
        (typical gap between check-ins), median_gap_s (of the distinct seconds); n (rows with a ts), n_checkins, \
        distinct_seconds, active_hours (distinct hours with a request), span_s (from first to last); sizes (rows with a size), \
        modal_bytes (the commonest size), modal_share (its share), and response_sizes, modal_response_bytes, \
        modal_response_share of the responses; strobe. What can't be said is NULL; a strobe has only score, n, \
        span_s and strobe. Without any ts the whole struct is NULL.",
    example: "SELECT s['n'] AS n, s['period_s'] AS period, round(s['missed'], 2) AS missed, s['strobe'] AS strobe \
        FROM (SELECT beacon_stats(to_timestamp(1772409600 + 300 * i)) AS s \
        FROM (SELECT unnest(range(0, 288)) AS i) WHERE i % 9 <> 4)",
    source: "query/src/functions/beacon_stats.rs",
    make,
};

fn make() -> Made {
    Beacons::<Stats>::made(&DOC)
}

/// Fields that are numbers with fractions, in order; then whole numbers; then `view` and `strobe`.
const FRACTIONS: [&str; 18] = [
    "score",
    "rita_score",
    "ts",
    "ds",
    "dur",
    "hist",
    "evidence",
    "sigma",
    "coverage",
    "alike",
    "spread",
    "jitter",
    "missed",
    "duty",
    "period_s",
    "median_gap_s",
    "modal_share",
    "modal_response_share",
];
const WHOLES: [&str; 10] = [
    "n",
    "n_checkins",
    "distinct_seconds",
    "active_hours",
    "span_s",
    "absences",
    "sizes",
    "modal_bytes",
    "response_sizes",
    "modal_response_bytes",
];

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let fractions = FRACTIONS.iter().map(|n| Field::new(*n, DataType::Float64, true));
    let wholes = WHOLES.iter().map(|n| Field::new(*n, DataType::Int64, true));
    let last =
        [Field::new("view", DataType::Utf8, true), Field::new("strobe", DataType::Boolean, true)];
    fractions.chain(wholes).chain(last).collect()
});

#[derive(Default)]
struct Stats {
    fractions: Vec<[Option<f64>; FRACTIONS.len()]>,
    wholes: Vec<[Option<i64>; WHOLES.len()]>,
    views: Vec<Option<&'static str>>,
    strobes: Vec<Option<bool>>,
    scratch: Scratch,
    counted: Vec<u32>,
}

impl Stats {
    fn of_rows(&mut self, rows: &[u64], responses: &[u64]) {
        let mut fractions = [None; FRACTIONS.len()];
        let mut wholes = [None; WHOLES.len()];
        let mut view = None;
        fractions[0] = Some(0.0);
        if let Some(rating) = rate(rows, &mut self.scratch) {
            let rita = &rating.rita;
            let parts = [rating.score(), rita.score, rita.gaps];
            fractions[..3].copy_from_slice(&parts.map(Some));
            fractions[3] = rita.sizes;
            fractions[4..6].copy_from_slice(&[rita.duration, rita.histogram].map(Some));
            fractions[8] = Some(rating.coverage);
            fractions[9] = rating.alike;
            if let Some(r) = &rating.rhythm {
                fractions[6..8].copy_from_slice(&[r.evidence, r.sigma].map(Some));
                let law = [r.spread, r.jitter, r.missed, r.duty, r.period];
                fractions[10..15].copy_from_slice(&law.map(Some));
                wholes[1] = Some(r.checkins as i64);
                wholes[5] = Some(r.absences as i64);
                view = Some(r.view.name());
            }
        }
        fractions[15] = self.median_gap(rows);
        wholes[0] = Some(rows.len() as i64);
        wholes[2] = Some(runs(rows, |r| second(*r)));
        wholes[3] = Some(runs(rows, |r| second(*r) / 3600));
        wholes[4] = Some(i64::from(second(rows[rows.len() - 1]) - second(rows[0])));
        for (rows, share, count) in [(rows, 16, 6), (responses, 17, 8)] {
            let (sizes, commonest) = self.commonest_size(rows);
            fractions[share] = commonest.map(|(_, n)| n as f64 / sizes as f64);
            wholes[count] = Some(sizes as i64);
            wholes[count + 1] = commonest.map(|(bytes, _)| i64::from(bytes));
        }
        self.add(fractions, wholes, view, Some(false));
    }

    fn add(
        &mut self,
        fractions: [Option<f64>; FRACTIONS.len()],
        wholes: [Option<i64>; WHOLES.len()],
        view: Option<&'static str>,
        strobe: Option<bool>,
    ) {
        self.fractions.push(fractions);
        self.wholes.push(wholes);
        self.views.push(view);
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
    const RESPONSES: bool = true;

    fn data_type() -> DataType {
        DataType::Struct(FIELDS.clone())
    }

    fn push(&mut self, group: Group<'_>) {
        match group {
            Group::Empty => self.add([None; FRACTIONS.len()], [None; WHOLES.len()], None, None),
            Group::Rows(rows, responses) => self.of_rows(rows, responses),
            Group::Strobe(strobe) => {
                let (mut fractions, mut wholes) = ([None; FRACTIONS.len()], [None; WHOLES.len()]);
                fractions[0] = Some(0.0);
                wholes[0] = Some(i64::try_from(strobe.count).unwrap_or(i64::MAX));
                wholes[4] = Some(i64::from(strobe.last.saturating_sub(strobe.first)));
                self.add(fractions, wholes, None, Some(true));
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
        columns.push(Arc::new(StringArray::from(self.views)));
        let strobes = BooleanArray::from(self.strobes);
        let nulls = strobes.nulls().cloned();
        columns.push(Arc::new(strobes));
        Ok(Arc::new(StructArray::try_new(FIELDS.clone(), columns, nulls)?))
    }
}
