//! Which URL do the stored parts give back?

use super::{TUNNEL, implied_port};

/// The URL that the parts give: `scheme://host[:port]path[?query]`, the port only where the scheme does not imply it.
/// Without a scheme, or with scheme `tunnel`, it begins at the host; with a scheme but no host it is `scheme:path`.
/// A host with a colon stands in brackets. `None` if there is nothing but perhaps a scheme.
pub fn rebuild(
    scheme: Option<&str>,
    host: Option<&str>,
    port: Option<i32>,
    path: Option<&str>,
    query: Option<&str>,
) -> Option<String> {
    let mut out = Vec::new();
    if !rebuild_into(scheme, host, port, path, query, &mut out) {
        return None;
    }
    // Pieces of text back to back are text.
    String::from_utf8(out).ok()
}

/// Appends the URL of [`rebuild`] to `out`; `false` if there is none (then nothing is appended).
pub fn rebuild_into(
    scheme: Option<&str>,
    host: Option<&str>,
    port: Option<i32>,
    path: Option<&str>,
    query: Option<&str>,
    out: &mut Vec<u8>,
) -> bool {
    write(scheme, host, port, path, query, |piece| {
        out.extend_from_slice(piece.as_bytes());
        true
    })
}

/// Whether the parts give exactly `text`.
pub(super) fn gives(
    text: &str,
    scheme: Option<&str>,
    host: Option<&str>,
    port: Option<i32>,
    path: Option<&str>,
    query: Option<&str>,
) -> bool {
    let mut rest = text;
    write(scheme, host, port, path, query, |piece| match rest.strip_prefix(piece) {
        Some(after) => {
            rest = after;
            true
        }
        None => false,
    }) && rest.is_empty()
}

/// Hands the pieces of the URL to `push`, in order, until it says `false`.
fn write(
    scheme: Option<&str>,
    host: Option<&str>,
    port: Option<i32>,
    path: Option<&str>,
    query: Option<&str>,
    mut push: impl FnMut(&str) -> bool,
) -> bool {
    if host.is_none() && port.is_none() && path.is_none() && query.is_none() {
        return false;
    }
    let mut authority = true;
    let mut implied = None;
    if let Some(scheme) = scheme.filter(|&scheme| scheme != TUNNEL) {
        authority = host.is_some();
        implied = implied_port(scheme);
        if !push(scheme) || !push(if authority { "://" } else { ":" }) {
            return false;
        }
    }
    if authority {
        if let Some(host) = host {
            let bracket = host.contains(':');
            if bracket && !push("[") || !push(host) || bracket && !push("]") {
                return false;
            }
        }
        if let Some(port) = port.filter(|_| port != implied) {
            let mut digits = [0; 12];
            if !push(":") || !push(decimal(port, &mut digits)) {
                return false;
            }
        }
    }
    path.is_none_or(&mut push) && query.is_none_or(|query| push("?") && push(query))
}

/// Decimal digits without an allocation.
fn decimal(number: i32, buffer: &mut [u8; 12]) -> &str {
    let mut at = buffer.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        at -= 1;
        buffer[at] = b'-';
    }
    std::str::from_utf8(&buffer[at..]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_give_urls() {
        let full = rebuild(Some("http"), Some("h"), Some(80), Some("/a"), Some("b=c"));
        assert_eq!(full.as_deref(), Some("http://h/a?b=c"));
        let port = rebuild(Some("https"), Some("::1"), Some(8443), None, None);
        assert_eq!(port.as_deref(), Some("https://[::1]:8443"));
        let tunnel = rebuild(Some("tunnel"), Some("h"), Some(443), None, None);
        assert_eq!(tunnel.as_deref(), Some("h:443"));
        let nameless = rebuild(Some("tunnel"), None, Some(80), None, None);
        assert_eq!(nameless.as_deref(), Some(":80"));
        let pseudo = rebuild(Some("error"), None, None, Some("invalid-request"), None);
        assert_eq!(pseudo.as_deref(), Some("error:invalid-request"));
        assert_eq!(rebuild(None, None, None, Some("*"), None).as_deref(), Some("*"));
        assert_eq!(rebuild(Some("http"), None, None, None, None), None);
        assert_eq!(
            rebuild(None, Some("h"), Some(i32::MIN), None, None).as_deref(),
            Some("h:-2147483648")
        );
    }
}
