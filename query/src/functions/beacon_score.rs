//! How much does a group of requests look like an implant that reports to its master?

use super::beacon::udaf::{Beacons, Group, Numbers, Output};
use super::{FunctionDoc, FunctionKind, Made};
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use detect::beacon::{Rating, Scratch, rate};

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "beacon_score",
    signature: "beacon_score(ts TIMESTAMP [, request_bytes INTEGER])",
    kind: FunctionKind::Aggregate,
    returns: "DOUBLE",
    summary: "How much the requests of a group look like those of an implant that reports to its master, from 0 to 1: it does so \
        by a timer, and so do updates and polls, which only their prevalence tells apart. Group by client and host. It \
        is the certainty that there is a timer, seen through bursts, missed check-ins, absences, changes of the sleep and a person's \
        own requests, and held against chance; weakened by up to 30 % if it runs for a part of the day, and by up to 20 % \
        if no sizes are alike (beacon_stats shows the parts, docs/beacons.md the reasons); above 0.68 is worth a look. Times \
        count in whole seconds. Below 4 distinct seconds it is 0.0; more than 86,400 requests in one UTC day are a strobe \
        and 0.0. Rows with a NULL ts are not there; without any it is NULL. Sizes that are NULL are left out, with less \
        than four the size term is. It is never NaN, and the order of the rows does not matter. A group takes at most \
        1.5 MB of memory for each UTC day, and twice that while it is rated.",
    example: "SELECT host, round(beacon_score(ts, request_bytes), 2) AS score FROM (\
        SELECT 'clock.example' AS host, to_timestamp(1772409600 + 60 * i) AS ts, 212 AS request_bytes \
        FROM (SELECT unnest(range(0, 1440)) AS i) \
        UNION ALL SELECT 'read.example', to_timestamp(1772438400 + 7 * i * i * (i % 5)), 300 + 90 * (i % 11) \
        FROM (SELECT unnest(range(0, 60)) AS i)) GROUP BY host ORDER BY host",
    source: "query/src/functions/beacon_score.rs",
    make,
};

fn make() -> Made {
    Beacons::<Score>::made(&DOC)
}

#[derive(Default)]
struct Score {
    scores: Numbers,
    scratch: Scratch,
}

impl Output for Score {
    const RESPONSES: bool = false;

    fn data_type() -> DataType {
        DataType::Float64
    }

    fn push(&mut self, group: Group<'_>) {
        self.scores.0.push(match group {
            Group::Empty => None,
            Group::Strobe(_) => Some(0.0),
            Group::Rows(rows, _) => {
                Some(rate(rows, &mut self.scratch).as_ref().map_or(0.0, Rating::score))
            }
        });
    }

    fn finish(self) -> Result<ArrayRef> {
        Ok(self.scores.column())
    }
}
