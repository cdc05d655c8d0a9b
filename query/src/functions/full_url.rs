//! What is the whole URL of a request, also where the log has only its path?

use super::scalar::{Call, Scalar, integer, text, view};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use arrow::array::{Array as _, ArrayRef, AsArray as _, StringViewBuilder};
use arrow::datatypes::Int64Type;
use datafusion::common::Result;
use std::fmt::Write as _;
use std::sync::Arc;
use storage::observable::url::implied_port;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "full_url",
    signature: "full_url(url TEXT, scheme TEXT, host TEXT, port INTEGER)",
    kind: FunctionKind::Scalar,
    returns: "TEXT",
    summary: "The URL with scheme and host before it where only its path was logged and both are known, with the port unless the scheme \
        implies it; every other URL as it is, that of a tunnel (CONNECT) too. This is what Sigma rules call c-uri. A NULL url gives NULL.",
    example: "SELECT full_url(url, scheme, host, port) AS full FROM (VALUES ('/a?b', 'http', 'www.example', 80), ('/a', 'https', '2001:db8::1', 8443), \
        ('http://x.example/', 'http', 'x.example', 80), ('x.example:443', 'tunnel', 'x.example', 443), (NULL, 'http', 'x.example', 80)) AS t(url, scheme, host, port)",
    source: "query/src/functions/full_url.rs",
    make,
};

/// Writes the whole URL of a path into the empty `out`; `false` if it is none, or the rest is not known.
fn write(
    url: &str,
    scheme: Option<&str>,
    host: Option<&str>,
    port: Option<i64>,
    out: &mut String,
) -> bool {
    let (Some(scheme), Some(host)) = (scheme, host) else { return false };
    if !url.starts_with('/') || matches!(scheme, "tunnel" | "error") {
        return false;
    }
    let bracket = host.contains(':');
    let (open, close) = if bracket { ("[", "]") } else { ("", "") };
    let _ = write!(out, "{scheme}://{open}{host}{close}");
    if let Some(port) = port.filter(|port| implied_port(scheme).map(i64::from) != Some(*port)) {
        let _ = write!(out, ":{port}");
    }
    out.push_str(url);
    true
}

fn run(call: &Call<'_>) -> Result<ArrayRef> {
    let urls = call.column(0)?;
    let mut bare = false;
    texts::for_each(urls.as_ref(), |url| bare |= url.is_some_and(|url| url.starts_with('/')))?;
    let plain = urls.as_string_view_opt();
    if let (false, Some(_)) = (bare, plain) {
        return Ok(urls);
    }
    let (mut schemes, mut hosts) = (Vec::new(), Vec::new());
    let (scheme, host, port) = (call.column(1)?, call.column(2)?, call.column(3)?);
    texts::for_each(scheme.as_ref(), |one| schemes.push(one))?;
    texts::for_each(host.as_ref(), |one| hosts.push(one))?;
    let ports = port.as_primitive::<Int64Type>();
    let mut out = StringViewBuilder::with_capacity(urls.len());
    let mut buffer = String::new();
    let mut row = 0;
    texts::for_each(urls.as_ref(), |url| {
        buffer.clear();
        let port = ports.is_valid(row).then(|| ports.value(row));
        match url {
            None => out.append_null(),
            Some(url) if write(url, schemes[row], hosts[row], port, &mut buffer) => {
                out.append_value(&buffer);
            }
            Some(url) => out.append_value(url),
        }
        row += 1;
    })?;
    Ok(Arc::new(out.finish()))
}

fn make() -> Made {
    Scalar::made(&DOC, 4, &[text, text, text, integer], view, run).udf()
}
