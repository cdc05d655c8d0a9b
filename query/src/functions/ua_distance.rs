//! How unlike are two user agents?

use super::scalar::{Scalar, double, text};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use arrow::array::{ArrayRef, Float64Array};
use datafusion::common::Result;
use detect::agents::pattern::distance;
use std::sync::Arc;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "ua_distance",
    signature: "ua_distance(a TEXT, b TEXT)",
    kind: FunctionKind::Scalar,
    returns: "DOUBLE",
    summary: "How unlike two agents are, from 0 (the same) to 1 (nothing in common): the edit distance of their words over the number of words; \
        another version of the same product counts a quarter of a word. NULL if either is NULL.",
    example: "SELECT ua_distance('curl/8.5.0', 'curl/7.88.1') AS version, ua_distance('curl/8.5.0', 'Wget/1.21') AS other",
    source: "query/src/functions/ua_distance.rs",
    make,
};

fn make() -> Made {
    Scalar::made(&DOC, 2, &[text, text], double, |call| -> Result<ArrayRef> {
        let (a, b) = (call.column(0)?, call.column(1)?);
        let mut left = Vec::with_capacity(a.len());
        texts::for_each(a.as_ref(), |value| left.push(value))?;
        let mut out = Vec::with_capacity(a.len());
        texts::for_each(b.as_ref(), |value| {
            let a = left.get(out.len()).copied().flatten();
            out.push(a.zip(value).map(|(a, b)| distance(a, b)));
        })?;
        Ok(Arc::new(Float64Array::from(out)))
    })
    .udf()
}
