//! Which registered domain does a host belong to?

use super::addr;

/// The registered domain of a host in normal form: the public suffix and one label before it, by the public suffix
/// list compiled into this build. `None` for addresses, single labels and bare suffixes.
pub fn registered(host: &str) -> Option<&str> {
    if addr::is_address(host) || !host.contains('.') {
        return None;
    }
    psl::domain_str(host).filter(|domain| !domain.starts_with('.') && host.ends_with(domain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn domains_follow_the_public_suffix_list() {
        for (host, expected) in [
            ("www.example.com", Some("example.com")),
            ("example.com", Some("example.com")),
            ("a.b.example.co.uk", Some("example.co.uk")),
            ("co.uk", None),
            ("com", None),
            ("localhost", None),
            ("srv.corp.internal", Some("corp.internal")),
            ("192.168.0.1", None),
            ("2001:db8::1", None),
            ("x.user.github.io", Some("user.github.io")),
            ("www.xn--85x722f.xn--55qx5d.cn", Some("xn--85x722f.xn--55qx5d.cn")),
            ("", None),
            ("..", None),
        ] {
            assert_eq!(registered(host), expected, "{host}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(host in "\\PC{0,40}") {
            if let Some(domain) = registered(&host) {
                prop_assert!(host.ends_with(domain));
            }
        }
    }
}
