//! Was a request sent to another port than the one its scheme has?

use super::scalar::{Scalar, boolean, integer, text};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use arrow::array::{ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::Int64Type;
use datafusion::common::Result;
use std::sync::Arc;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "is_nonstandard_port",
    signature: "is_nonstandard_port(port INTEGER [, scheme TEXT])",
    kind: FunctionKind::Scalar,
    returns: "BOOLEAN",
    summary: "Whether the port is another than the scheme's own: http 80, https 443, ftp 21, tunnel (CONNECT) 443. \
        Without a scheme, and with one that is NULL or unknown, both 80 and 443 are standard. Every other port is \
        not, 8080 and 8443 too: port_class has grades. Upper and lower case are the same. A NULL port gives NULL.",
    example: "SELECT port, is_nonstandard_port(port) AS alone, is_nonstandard_port(port, 'https') AS https \
        FROM (VALUES (80), (443), (8443), (NULL)) AS t(port)",
    source: "query/src/functions/is_nonstandard_port.rs",
    make,
};

/// The rule. `standard` comes from [`standard_ports`].
fn is_nonstandard(port: i64, standard: (i64, i64)) -> bool {
    port != standard.0 && port != standard.1
}

/// The ports that a scheme may use without remark (twice the same if there is but one).
pub(super) fn standard_ports(scheme: Option<&str>) -> (i64, i64) {
    let scheme = scheme.unwrap_or("");
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    if is("http") {
        (80, 80)
    } else if is("https") || is("tunnel") {
        (443, 443)
    } else if is("ftp") {
        (21, 21)
    } else {
        (80, 443)
    }
}

fn make() -> Made {
    Scalar::made(&DOC, 1, &[integer, text], boolean, |call| {
        let port = call.column(0)?;
        let port = port.as_primitive::<Int64Type>();
        if call.args.len() == 1 || call.constant(1).is_some() {
            let scheme = call.constant(1).and_then(|s| s.try_as_str().flatten());
            let standard = standard_ports(scheme);
            return Ok(Arc::new(BooleanArray::from_unary(port, |p| is_nonstandard(p, standard)))
                as ArrayRef);
        }
        with_schemes(port, &call.column(1)?)
    })
    .udf()
}

fn with_schemes(port: &arrow::array::Int64Array, schemes: &ArrayRef) -> Result<ArrayRef> {
    let mut out = Vec::with_capacity(port.len());
    let mut ports = port.iter();
    texts::for_each(schemes.as_ref(), |scheme| {
        let port = ports.next().flatten();
        out.push(port.map(|p| is_nonstandard(p, standard_ports(scheme))));
    })?;
    Ok(Arc::new(BooleanArray::from(out)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_scheme() {
        let odd = |port, scheme| is_nonstandard(port, standard_ports(scheme));
        for (port, scheme, expected) in [
            (80, None, false),
            (443, None, false),
            (8080, None, true),
            (80, Some("http"), false),
            (80, Some("HTTP"), false),
            (443, Some("http"), true),
            (443, Some("tunnel"), false),
            (80, Some("Https"), true),
            (21, Some("ftp"), false),
            (80, Some("ftp"), true),
            (21, None, true),
            (443, Some("gopher"), false),
            (80, Some(""), false),
            (0, Some("http"), true),
            (-1, None, true),
        ] {
            assert_eq!(odd(port, scheme), expected, "{port} {scheme:?}");
        }
    }
}
