//! Which rule gave a user agent its class?

use super::agents::Distinct;
use super::scalar::{Scalar, text, view};
use super::{FunctionDoc, FunctionKind, Made};
use detect::agents::reason;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "ua_reason",
    signature: "ua_reason(user_agent TEXT)",
    kind: FunctionKind::Scalar,
    returns: "TEXT",
    summary: "The class of the agent and the rule that decided, in words, with the text that it saw; and whose rule it is, where it is somebody's. \
        NULL is told as no user agent; never NULL.",
    example: "SELECT ua_reason(ua) AS reason FROM (VALUES ('curl/8.5.0'), ('Mozilla/5.0 (Windows NT 6.3; rv:39.0) Gecko/20100101 Firefox/35.0'), \
        ('sqlmap/1.8'), ('Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'), (NULL)) AS t(ua)",
    source: "query/src/functions/ua_reason.rs",
    make,
};

fn make() -> Made {
    Scalar::made(&DOC, 1, &[text], view, |call| {
        let agents = call.column(0)?;
        Distinct::of(agents.as_ref())?.texts(|ua| Some(reason(ua.unwrap_or_default())))
    })
    .never_null()
    .udf()
}
