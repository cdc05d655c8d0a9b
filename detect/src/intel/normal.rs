//! What is the normal form of a value, so that a list and a log spell it alike?

use std::net::IpAddr;

use ipnet::IpNet;
use storage::observable::{addr, host};
use url::{Host, Url};

use super::indicator::{Kind, Value};

/// The longest name, label and URL that are taken for one.
const NAME_MAX: usize = 253;
const LABEL_MAX: usize = 63;
const URL_MAX: usize = 16_384;

/// Why a value is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It does not read as what it should be.
    Malformed,
    /// A name of one label: as a domain it would be a whole top level.
    SingleLabel,
}

impl Refused {
    /// In words.
    pub fn why(self) -> &'static str {
        match self {
            Self::Malformed => "malformed value",
            Self::SingleLabel => "a single label",
        }
    }
}

type Result<T> = std::result::Result<T, Refused>;

/// A host name: lower case, A-labels, no trailing dot; `_` is kept.
pub fn name(text: &str) -> Result<String> {
    let text = text.trim();
    if text.len() > NAME_MAX * 4 || text.contains([':', '%', '/', '[', '\u{fffd}']) {
        return Err(Refused::Malformed);
    }
    let name = host::normalize(text).ok_or(Refused::Malformed)?;
    let letters =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    let label = |label: &str| (1..=LABEL_MAX).contains(&label.len()) && label.bytes().all(letters);
    let last = name.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit());
    if name.len() > NAME_MAX || numeric || !name.split('.').all(label) {
        return Err(Refused::Malformed);
    }
    Ok(name.into_owned())
}

/// A domain: a name of at least two labels.
pub fn domain(text: &str) -> Result<Value> {
    let name = name(text)?;
    if !name.contains('.') {
        return Err(Refused::SingleLabel);
    }
    Ok(Value::plain(Kind::Domain, name))
}

/// A host alone.
pub fn hostname(text: &str) -> Result<Value> {
    Ok(Value::plain(Kind::Hostname, name(text)?))
}

/// An address, without brackets and zone; leading zeros are refused.
pub fn address(text: &str) -> Result<IpAddr> {
    let text = text.trim();
    if text.contains(['[', '%']) {
        return Err(Refused::Malformed);
    }
    let normal = addr::normalize(text).ok_or(Refused::Malformed)?;
    normal.parse().map_err(|_| Refused::Malformed)
}

/// An address or a network; one of a single address is an address.
pub fn ip(text: &str) -> Result<Value> {
    let text = text.trim();
    let Some((ip, bits)) = text.split_once('/') else {
        return Ok(Value::plain(Kind::Ip, address(text)?.to_string()));
    };
    let net = network(ip, bits)?;
    if net.prefix_len() == net.max_prefix_len() {
        return Ok(Value::plain(Kind::Ip, net.addr().to_string()));
    }
    Ok(Value::plain(Kind::Cidr, net.to_string()))
}

fn network(ip: &str, bits: &str) -> Result<IpNet> {
    if bits.is_empty() || bits.len() > 3 || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refused::Malformed);
    }
    let bits: u8 = bits.parse().map_err(|_| Refused::Malformed)?;
    let mapped = ip.contains(':');
    let ip = address(ip)?;
    // `::ffff:192.0.2.0/120` counts its bits in 128.
    let bits = match ip {
        IpAddr::V4(_) if mapped => bits.checked_sub(96).ok_or(Refused::Malformed)?,
        _ => bits,
    };
    IpNet::new(ip, bits).map(|net| net.trunc()).map_err(|_| Refused::Malformed)
}

/// A port.
pub fn port(text: &str) -> Result<u16> {
    let text = text.trim();
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port > 0 => Ok(port),
        _ => Err(Refused::Malformed),
    }
}

/// An address and a port.
pub fn ip_port(ip: &str, given: &str) -> Result<Value> {
    let (ip, port) = (address(ip)?, port(given)?);
    let value = match ip {
        IpAddr::V4(_) => format!("{ip}:{port}"),
        IpAddr::V6(_) => format!("[{ip}]:{port}"),
    };
    let plain = Value::plain(Kind::IpPort, value);
    Ok(Value { ips: vec![ip.to_string()], port: Some(port), ..plain })
}

/// A host and a port.
pub fn hostname_port(host: &str, given: &str) -> Result<Value> {
    let (host, port) = (name(host)?, port(given)?);
    let plain = Value::plain(Kind::HostnamePort, format!("{host}:{port}"));
    Ok(Value { host: Some(host), port: Some(port), ..plain })
}

/// A host and the addresses that it had.
pub fn domain_ip(host: &str, ips: &[&str]) -> Result<Value> {
    let host = domain(host)?.value;
    let ips = ips.iter().map(|ip| Ok(address(ip)?.to_string())).collect::<Result<Vec<_>>>()?;
    let plain = Value::plain(Kind::DomainIp, format!("{host}|{}", ips.join("|")));
    Ok(Value { host: Some(host), ips, ..plain })
}

/// A URL; without a scheme it is one of any scheme.
pub fn url(text: &str) -> Result<Value> {
    let text = text.trim();
    let schemed = scheme_of(text).is_some();
    let parsed = if schemed { parsed(text)? } else { parsed(&format!("http://{text}"))? };
    let host = match parsed.host() {
        Some(Host::Domain(host)) => name(host)?,
        Some(Host::Ipv4(ip)) => ip.to_string(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().to_string(),
        None => return Err(Refused::Malformed),
    };
    let port = if schemed { parsed.port_or_known_default() } else { parsed.port() };
    let value = parsed.as_str();
    let value = if schemed { value } else { value.strip_prefix("http://").unwrap_or(value) };
    let plain = Value::plain(Kind::Url, value.to_owned());
    Ok(Value { host: Some(host), port, any_scheme: !schemed, ..plain })
}

/// The WHATWG form of an absolute URL, without fragment; a host in its own normal form.
fn parsed(text: &str) -> Result<Url> {
    let after = scheme_of(text).ok_or(Refused::Malformed)?;
    // The standard would read `http:///a` as the host `a`; nobody means that.
    if text.len() > URL_MAX || after.is_empty() || after.starts_with(['/', '\\', '?', '#', ':']) {
        return Err(Refused::Malformed);
    }
    let mut url = Url::parse(text).map_err(|_| Refused::Malformed)?;
    if !matches!(url.scheme(), "http" | "https" | "ftp" | "ws" | "wss") {
        return Err(Refused::Malformed);
    }
    url.set_fragment(None);
    let host = match url.host() {
        Some(Host::Domain(host)) if host.ends_with('.') => {
            Some(host.trim_end_matches('.').to_owned())
        }
        Some(Host::Ipv6(ip)) => ip.to_ipv4_mapped().map(|ip| ip.to_string()),
        _ => None,
    };
    if let Some(host) = host {
        url.set_host(Some(&host)).map_err(|_| Refused::Malformed)?;
    }
    Ok(url)
}

/// What follows `scheme://`.
fn scheme_of(text: &str) -> Option<&str> {
    let (scheme, after) = text.split_once("://")?;
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.len() <= 16;
    (named && scheme.bytes().all(letters)).then_some(after)
}

/// The normal form of a request's URL, as [`url`] would write it; `None` if it is no absolute URL.
pub fn request_url(text: &str) -> Option<String> {
    parsed(text).ok().map(String::from)
}

/// A path and query; a full URL under this name is one.
pub fn uri(text: &str) -> Result<Value> {
    if scheme_of(text.trim()).is_some() {
        return url(text);
    }
    if text.is_empty() || text.len() > URL_MAX || text.contains(char::is_control) {
        return Err(Refused::Malformed);
    }
    Ok(Value::plain(Kind::Uri, text.to_owned()))
}

/// What stands in `url:value` of STIX and the like: a URL, or a path alone.
pub fn url_or_uri(text: &str) -> Result<Value> {
    if text.starts_with('/') { uri(text) } else { url(text) }
}

/// A user agent, untouched.
pub fn user_agent(text: &str) -> Result<Value> {
    if text.trim().is_empty() {
        return Err(Refused::Malformed);
    }
    Ok(Value::plain(Kind::UserAgent, text.to_owned()))
}

/// A method.
pub fn method(text: &str) -> Result<Value> {
    let text = text.trim();
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-_!#$%&'*+.^`|~".contains(&byte);
    if text.is_empty() || text.len() > 64 || !text.bytes().all(letters) {
        return Err(Refused::Malformed);
    }
    Ok(Value::plain(Kind::HttpMethod, text.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(value: Result<Value>) -> String {
        match value {
            Ok(value) => format!("{} {}", value.kind.name(), value.value),
            Err(refused) => refused.why().to_owned(),
        }
    }

    #[test]
    fn names_have_one_form() {
        assert_eq!(shown(domain("Evil.EXAMPLE.")), "domain evil.example");
        assert_eq!(shown(domain("grüße.example")), "domain xn--gre-6ka8l.example");
        assert_eq!(shown(domain("local")), "a single label");
        assert_eq!(shown(domain("a b.example")), "malformed value");
        assert_eq!(shown(domain("a..example")), "malformed value");
        assert_eq!(shown(domain("192.0.2.1")), "malformed value");
        assert_eq!(shown(hostname("a_b.relay.example")), "hostname a_b.relay.example");
        assert_eq!(shown(hostname(&"a".repeat(64))), "malformed value");
    }

    #[test]
    fn addresses_have_one_form() {
        assert_eq!(shown(ip("192.0.2.77/28")), "cidr 192.0.2.64/28");
        assert_eq!(shown(ip("192.0.2.7/32")), "ip 192.0.2.7");
        assert_eq!(shown(ip("2001:DB8:0::1")), "ip 2001:db8::1");
        assert_eq!(shown(ip("::ffff:192.0.2.0/120")), "cidr 192.0.2.0/24");
        assert_eq!(shown(ip("192.0.2.010")), "malformed value");
        assert_eq!(shown(ip("192.0.2.1/33")), "malformed value");
        assert_eq!(shown(ip("[2001:db8::1]")), "malformed value");
        assert_eq!(shown(ip_port("2001:db8::1", "443")), "ip_port [2001:db8::1]:443");
        assert_eq!(shown(ip_port("192.0.2.1", "0")), "malformed value");
    }

    #[test]
    fn urls_have_one_form() {
        assert_eq!(shown(url("HTTP://A.Example:80#x")), "url http://a.example/");
        assert_eq!(shown(url("a.example./x y")), "url a.example/x%20y");
        assert_eq!(shown(url("http:///a")), "malformed value");
        assert_eq!(shown(url("javascript://a.example/")), "malformed value");
        assert_eq!(shown(url("http://[::ffff:192.0.2.9]:8080/a")), "url http://192.0.2.9:8080/a");
        assert_eq!(shown(uri("https://a.example/b")), "url https://a.example/b");
        assert_eq!(shown(url_or_uri("/b?c=")), "uri /b?c=");
        assert_eq!(url("a.example:8080/x").map(|v| (v.port, v.any_scheme)), Ok((Some(8080), true)));
    }

    proptest! {
        #[test]
        fn normal_forms_stay(text in "\\PC{0,40}") {
            for make in [domain, hostname, ip, url, uri, user_agent, method] {
                if let Ok(value) = make(&text) && value.kind != Kind::Uri {
                    let again = make(&value.value);
                    prop_assert_eq!(again.map(|v| v.value), Ok(value.value));
                }
            }
        }

        #[test]
        fn a_url_of_a_list_is_that_of_a_request(text in "http://[a-zA-Z.]{1,12}(:[0-9]{1,4})?(/\\PC{0,20})?") {
            if let Ok(value) = url(&text) {
                prop_assert_eq!(request_url(&text), Some(value.value));
            }
        }
    }
}
