//! Is an address one of those that are not routed on the internet?

use super::ip_in::address;
use super::scalar::{Scalar, boolean, text};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use arrow::array::{ArrayRef, BooleanBuilder};
use datafusion::common::Result;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "is_private_ip",
    signature: "is_private_ip(ip TEXT)",
    kind: FunctionKind::Scalar,
    returns: "BOOLEAN",
    summary: "Whether an address is for use inside only: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 (carriers), 127.0.0.0/8, \
        169.254.0.0/16, ::1, fc00::/7, fe80::/10, and IPv4 of these inside IPv6. Text that is no address: false. NULL gives NULL.",
    example: "SELECT ip, is_private_ip(ip) AS private FROM (VALUES ('192.168.1.9'), ('8.8.8.8'), ('fd00::1'), ('proxy.example'), (NULL)) AS t(ip)",
    source: "query/src/functions/is_private_ip.rs",
    make,
};

/// The rule.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let carrier = u32::from(v4) >> 22 == u32::from(Ipv4Addr::new(100, 64, 0, 0)) >> 22;
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || carrier
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

fn make() -> Made {
    Scalar::made(&DOC, 1, &[text], boolean, |call| {
        texts::per_entry(&call.column(0)?, |values| -> Result<ArrayRef> {
            let mut out = BooleanBuilder::with_capacity(values.len());
            let private = |ip: &str| address(ip).is_some_and(is_private);
            texts::for_each(values, |ip| out.append_option(ip.map(private)))?;
            Ok(Arc::new(out.finish()))
        })
    })
    .udf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_inside() {
        for ip in [
            "10.0.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.127.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(address(ip).is_some_and(is_private), "{ip}");
        }
        for ip in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "100.63.255.255",
            "2001:db8::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(!address(ip).is_some_and(is_private), "{ip}");
        }
    }
}
