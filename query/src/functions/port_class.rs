//! How unusual is a port for web traffic?

use super::is_nonstandard_port::standard_ports;
use super::scalar::{Scalar, integer, text, view};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "port_class",
    signature: "port_class(port INTEGER [, scheme TEXT])",
    kind: FunctionKind::Scalar,
    returns: "TEXT",
    summary: "A grade for a port: standard (as is_nonstandard_port has it), alternate (one that web servers and \
        proxies often use instead: 3128, 8000, 8008, 8080, 8081, 8088, 8443, 8888, 9443), nonstandard (any other), invalid \
        (not 1 to 65535). A tunnel (CONNECT) has no alternates: any port but 443 is nonstandard. A NULL port gives NULL.",
    example: "SELECT port, port_class(port) AS alone, port_class(port, 'tunnel') AS tunnel \
        FROM (VALUES (443), (8443), (4444), (70000), (NULL)) AS t(port)",
    source: "query/src/functions/port_class.rs",
    make,
};

const WORDS: [&str; 4] = ["standard", "alternate", "nonstandard", "invalid"];
const ALTERNATES: [i64; 9] = [3128, 8000, 8008, 8080, 8081, 8088, 8443, 8888, 9443];

/// Index into [`WORDS`].
fn class(port: i64, scheme: Option<&str>) -> u8 {
    let (one, other) = standard_ports(scheme);
    let tunnel = scheme.is_some_and(|s| s.eq_ignore_ascii_case("tunnel"));
    if port == one || port == other {
        0
    } else if !(1..=65535).contains(&port) {
        3
    } else if !tunnel && ALTERNATES.contains(&port) {
        1
    } else {
        2
    }
}

fn make() -> Made {
    Scalar::made(&DOC, 1, &[integer, text], view, |call| {
        let ports = call.column(0)?;
        let ports = ports.as_primitive::<Int64Type>();
        let constant = call.constant(1).and_then(|s| s.try_as_str().flatten());
        if call.args.len() == 1 || call.constant(1).is_some() {
            return texts::words(ports.iter().map(|p| p.map(|p| class(p, constant))), &WORDS);
        }
        let mut out = Vec::with_capacity(ports.len());
        let mut each = ports.iter();
        texts::for_each(call.column(1)?.as_ref(), |scheme| {
            out.push(each.next().flatten().map(|p| class(p, scheme)));
        })?;
        texts::words(out.into_iter(), &WORDS)
    })
    .udf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_four_grades() {
        for (port, scheme, expected) in [
            (80, None, "standard"),
            (8080, None, "alternate"),
            (8443, Some("https"), "alternate"),
            (8443, Some("TUNNEL"), "nonstandard"),
            (443, Some("tunnel"), "standard"),
            (4444, Some("http"), "nonstandard"),
            (443, Some("http"), "nonstandard"),
            (0, None, "invalid"),
            (65536, None, "invalid"),
            (-80, Some("http"), "invalid"),
        ] {
            assert_eq!(WORDS[class(port, scheme) as usize], expected, "{port} {scheme:?}");
        }
    }
}
