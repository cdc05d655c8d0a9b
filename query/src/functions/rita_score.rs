//! What would RITA say of a group of requests?

use super::beacon::udaf::{Beacons, Group, Numbers, Output};
use super::{FunctionDoc, FunctionKind, Made};
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use detect::beacon::{Scratch, rate_rita};

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "rita_score",
    signature: "rita_score(ts TIMESTAMP [, request_bytes INTEGER])",
    kind: FunctionKind::Aggregate,
    returns: "DOUBLE",
    summary: "The beacon score of RITA 5, from 0 to 1 in steps of 0.001: the mean of how alike the gaps are, how alike \
        the sizes are, how evenly the day is filled and how much of it is covered. RITA takes the last 24 hours of all \
        data as the window; here it is the UTC day if all requests of the group lie in one, else the group's own \
        span, at least 24 hours. NULLs, few requests and strobes are as in beacon_score; without sizes it is the \
        mean of the other three.",
    example: "SELECT rita_score(ts) AS rita FROM (\
        SELECT to_timestamp(1772409600 + 60 * i + i % 7) AS ts FROM (SELECT unnest(range(0, 1440)) AS i))",
    source: "query/src/functions/rita_score.rs",
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
                Some(rate_rita(rows, &mut self.scratch).map_or(0.0, |p| p.score))
            }
        });
    }

    fn finish(self) -> Result<ArrayRef> {
        Ok(self.scores.column())
    }
}
