//! Is an address in one of some networks?

use super::scalar::{Scalar, boolean, text};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use arrow::array::{ArrayRef, BooleanArray, BooleanBuilder};
use datafusion::common::{Result, exec_datafusion_err};
use ipnet::IpNet;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use storage::observable::addr;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "ip_in",
    signature: "ip_in(ip TEXT, networks TEXT)",
    kind: FunctionKind::Scalar,
    returns: "BOOLEAN",
    summary: "Whether an address lies in one of the networks, which are given as CIDR or single addresses, several with commas: \
        '10.0.0.0/8, 2001:db8::/32'. Bits behind the prefix don't matter; IPv4 inside IPv6 (::ffff:10.0.0.1) is IPv4. Text that is no address is in none: \
        false. NULL gives NULL. A network that can't be read is an error.",
    example: "SELECT ip, ip_in(ip, '10.0.0.0/8, 2001:db8::/32') AS inside FROM (VALUES ('10.1.2.3'), ('192.0.2.7'), ('2001:DB8::1'), ('proxy.example'), (NULL)) AS t(ip)",
    source: "query/src/functions/ip_in.rs",
    make,
};

/// The address that `text` is.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    addr::normalize(text)?.parse().ok()
}

/// The networks of a list.
fn networks(list: &str) -> Result<Vec<IpNet>> {
    list.split(',').map(str::trim).filter(|n| !n.is_empty()).map(network).collect()
}

fn network(text: &str) -> Result<IpNet> {
    let wrong = || {
        exec_datafusion_err!(
            "ip_in: '{text}' is no network: expected such as 10.0.0.0/8 or 2001:db8::1"
        )
    };
    let Some((ip, bits)) = text.split_once('/') else {
        return address(text).map(IpNet::from).ok_or_else(wrong);
    };
    let ip: IpAddr = ip.trim().parse().map_err(|_| wrong())?;
    let bits: u8 = bits.trim().parse().map_err(|_| wrong())?;
    let mapped = match ip {
        IpAddr::V6(v6) if bits >= 96 => v6.to_ipv4_mapped().map(|v4| (IpAddr::V4(v4), bits - 96)),
        _ => None,
    };
    let (ip, bits) = mapped.unwrap_or((ip, bits));
    IpNet::new(ip, bits).map_err(|_| wrong())
}

/// Whether an address is in one of them.
fn is_in(ip: &str, networks: &[IpNet]) -> bool {
    address(ip).is_some_and(|ip| networks.iter().any(|n| n.contains(&ip)))
}

fn make() -> Made {
    Scalar::made(&DOC, 2, &[text, text], boolean, |call| {
        let ips = call.column(0)?;
        let Some(constant) = call.constant(1) else {
            return by_row(&ips, &call.column(1)?);
        };
        let Some(list) = constant.try_as_str().flatten() else {
            return Ok(Arc::new(BooleanArray::new_null(call.rows)) as ArrayRef);
        };
        let networks = networks(list)?;
        texts::per_entry(&ips, |values| -> Result<ArrayRef> {
            let mut out = BooleanBuilder::with_capacity(values.len());
            texts::for_each(values, |ip| out.append_option(ip.map(|ip| is_in(ip, &networks))))?;
            Ok(Arc::new(out.finish()))
        })
    })
    .udf()
}

/// Each row has its own networks; a list is read once in a batch.
fn by_row(ips: &ArrayRef, lists: &ArrayRef) -> Result<ArrayRef> {
    let mut addresses = Vec::with_capacity(ips.len());
    texts::for_each(ips.as_ref(), |ip| addresses.push(ip))?;
    let (mut known, mut wrong) = (HashMap::new(), None);
    let mut out = BooleanBuilder::with_capacity(ips.len());
    let mut each = addresses.into_iter();
    texts::for_each(lists.as_ref(), |list| {
        let (Some(Some(ip)), Some(list)) = (each.next(), list) else { return out.append_null() };
        let found = known.entry(list).or_insert_with(|| {
            networks(list).unwrap_or_else(|e| {
                wrong = Some(e);
                Vec::new()
            })
        });
        out.append_value(is_in(ip, found));
    })?;
    match wrong {
        Some(error) => Err(error),
        None => Ok(Arc::new(out.finish())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        for (ip, list, expected) in [
            ("10.1.2.3", "10.0.0.0/8", true),
            ("10.1.2.3", "10.9.9.9/8", true),
            ("11.1.2.3", "10.0.0.0/8", false),
            ("::ffff:10.1.2.3", "10.0.0.0/8", true),
            ("10.1.2.3", "::ffff:10.0.0.0/104", true),
            ("2001:DB8::1", "192.0.2.0/24,2001:db8::/32", true),
            ("[2001:db8::1]", "2001:db8::1", true),
            ("192.0.2.7", " 192.0.2.7 , ", true),
            ("192.0.2.7", "0.0.0.0/0", true),
            ("2001:db8::1", "0.0.0.0/0", false),
            ("host.example", "0.0.0.0/0", false),
            ("10.0.0.1", "", false),
        ] {
            assert_eq!(is_in(ip, &networks(list).unwrap()), expected, "{ip} {list}");
        }
    }

    #[test]
    fn a_wrong_network_is_named() {
        for list in ["10.0.0.0/33", "10.0.0/8", "host.example", "10.0.0.0/", "::/129"] {
            let error = networks(list).unwrap_err().to_string();
            assert!(error.contains(list) && error.contains("ip_in"), "{error}");
        }
    }
}
