//! Which registered domain does a host belong to?

use super::scalar::{Scalar, text, view};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use storage::observable::{domain, host};

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "registered_domain",
    signature: "registered_domain(host TEXT)",
    kind: FunctionKind::Scalar,
    returns: "TEXT",
    summary: "The domain that somebody registered: the public suffix and one label before it, in lower case, as in the column domain. \
        NULL for addresses, single labels, bare suffixes and NULL. The list of suffixes is that of the build.",
    example: "SELECT host, registered_domain(host) AS domain FROM (VALUES ('www.shop.example.co.uk'), ('A.B.Example.ORG.'), ('192.0.2.7'), ('co.uk'), ('intranet')) AS t(host)",
    source: "query/src/functions/registered_domain.rs",
    make,
};

fn make() -> Made {
    Scalar::made(&DOC, 1, &[text], view, |call| {
        texts::map(&call.column(0)?, |value, out| {
            let Some(host) = host::normalize(value) else { return false };
            let Some(domain) = domain::registered(&host) else { return false };
            out.push_str(domain);
            true
        })
    })
    .udf()
}
