//! What is left of a user agent when its versions don't count?

use super::agents::Distinct;
use super::scalar::{Scalar, text, view};
use super::{FunctionDoc, FunctionKind, Made};
use detect::agents::pattern::pattern;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "ua_pattern",
    signature: "ua_pattern(user_agent TEXT)",
    kind: FunctionKind::Scalar,
    returns: "TEXT",
    summary: "The agent with `#` for its versions, build numbers, identifiers and a handheld's model: the next update gives the same pattern. \
        What no update changes stays (Windows NT 10.0, AppleWebKit/537.36), as forgers get that wrong. The accepted list (`dwell hunt accept agents`) holds such patterns. NULL for NULL.",
    example: "SELECT ua_pattern(ua) AS pattern FROM (VALUES ('curl/8.5.0'), \
        ('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'), \
        ('Dalvik/2.1.0 (Linux; U; Android 13; SM-A536B Build/TP1A)')) AS t(ua)",
    source: "query/src/functions/ua_pattern.rs",
    make,
};

fn make() -> Made {
    Scalar::made(&DOC, 1, &[text], view, |call| {
        let agents = call.column(0)?;
        Distinct::of(agents.as_ref())?.texts(|ua| ua.map(pattern))
    })
    .udf()
}
