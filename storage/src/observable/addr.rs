//! What is the normal form of an IP address?

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest text that can be an IPv6 address, without brackets and zone.
const LONGEST: usize = 45;

/// The normal form of an address: IPv4 dotted; IPv6 lower case and compressed (RFC 5952), without brackets and zone
/// id; an IPv4 address inside `::ffff:0:0/96` as IPv4. `None` if `text` is no address.
pub fn normalize(text: &str) -> Option<Cow<'_, str>> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None => text,
    };
    let head = bare.as_bytes().get(..LONGEST).unwrap_or(bare.as_bytes());
    if !head.contains(&b':') {
        // std refuses leading zeros, so what it accepts is canonical as it stands.
        return (bare.len() == text.len() && bare.parse::<Ipv4Addr>().is_ok())
            .then_some(Cow::Borrowed(text));
    }
    let bare = bare.split_once('%').map_or(bare, |(address, _zone)| address);
    if bare.len() > LONGEST {
        return None;
    }
    let address = bare.parse::<Ipv6Addr>().ok()?;
    Some(Cow::Owned(match address.to_ipv4_mapped() {
        Some(v4) => v4.to_string(),
        None => address.to_string(),
    }))
}

/// Whether `host` (in normal form) is an address and no name.
pub fn is_address(host: &str) -> bool {
    let digits_last = host.as_bytes().last().is_some_and(u8::is_ascii_digit);
    host.contains(':') || digits_last && host.parse::<Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_have_one_spelling() {
        for (text, expected) in [
            ("192.168.0.1", Some("192.168.0.1")),
            ("::FFFF:10.1.2.3", Some("10.1.2.3")),
            ("::ffff:a01:203", Some("10.1.2.3")),
            ("[2001:DB8:0:0::1]", Some("2001:db8::1")),
            ("2001:0db8:0000:0000:0000:0000:0000:0001", Some("2001:db8::1")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("[fe80::1%25eth0]", Some("fe80::1")),
            ("::", Some("::")),
            ("1.2.3", None),
            ("01.2.3.4", None),
            ("[1.2.3.4]", None),
            ("1.2.3.4:80", None),
            ("[::1", None),
            ("", None),
            ("host", None),
            ("10.0.0.0/8", None),
        ] {
            assert_eq!(normalize(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn normal_forms_stay(text in "[0-9a-fA-F:.%\\[\\]]{0,50}") {
            if let Some(once) = normalize(&text) {
                prop_assert!(is_address(&once));
                let twice = normalize(&once).map(Cow::into_owned);
                prop_assert_eq!(twice.as_deref(), Some(once.as_ref()));
            }
        }
    }
}
