//! What an nginx `log_format` says: its variables turned into fields.

use storage::schema::Col;

use super::{CLF, Cursor, Kind, Style, Tokens, Wrong, reply_header, request_header, table, time};
use crate::lexer::squid::Placed;
use crate::lexer::{Field, Shape, nulls};

/// What a cache says of a request.
const CACHE: &[(&str, &str)] = &[
    ("HIT", "hit"),
    ("STALE", "hit"),
    ("UPDATING", "hit"),
    ("REVALIDATED", "refresh"),
    ("EXPIRED", "miss"),
    ("MISS", "miss"),
    ("BYPASS", "none"),
    ("*", "none"),
];

/// Turns a `log_format` string, perhaps with `escape=...` before it, into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Wrong> {
    let mut cursor = Cursor::new(text);
    let mut out = Tokens::new(Style::Nginx);
    for (word, style) in [
        ("escape=default ", Style::Nginx),
        ("escape=json ", Style::Json),
        ("escape=none ", Style::Raw),
    ] {
        if cursor.take(word) {
            out.style = style;
        }
    }
    if out.style != Style::Nginx {
        // Only the default escape writes a dash for what is empty.
        out.nulls = nulls(["", "-"]);
    }
    // A host of its own makes the target of the request a path.
    let host = ["$host", "$http_host", "${host}", "${http_host}"].iter().any(|v| text.contains(v));
    let target = if host { Kind::Target } else { Kind::Url };
    while let Some(next) = cursor.peek() {
        let at = cursor.at;
        if next != '$' {
            out.literal(cursor.take_while(|c| c != '$'), at);
            continue;
        }
        cursor.next();
        let name = match cursor.braces()? {
            Some(name) => name,
            None => cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '_'),
        };
        if name.is_empty() {
            return Err(("`$` is not followed by the name of a variable".into(), at));
        }
        match name {
            "request" => out.request(target.clone(), at),
            // Three digits, also where there is none: `000`.
            "status" => {
                let field = out.field(Kind::Status, name);
                out.push(Field { width: 3, zero: true, status_zero: true, ..field }, at);
            }
            // Of a request that was tried at several servers.
            _ if name.starts_with("upstream_") => {
                let kind = kind(name, &target).map_err(|message| (message, at))?;
                let field = out.field(kind, name);
                out.push(Field { shape: Shape::List, ..field }, at);
            }
            _ => {
                let kind = kind(name, &target).map_err(|message| (message, at))?;
                out.add(kind, name, at);
            }
        }
    }
    Ok(out.placed)
}

fn kind(name: &str, target: &Kind) -> Result<Kind, String> {
    Ok(match name {
        "time_local" => time(CLF)?,
        "time_iso8601" => time("%Y-%m-%dT%H:%M:%S%:z")?,
        "msec" => time("epoch.3")?,
        "remote_addr" => Kind::Address(Col::ClientIp),
        "remote_port" => Kind::Int(Col::ClientPort),
        "remote_user" => Kind::Text(Col::User),
        "request_method" => Kind::Method,
        "request_uri" => target.clone(),
        "host" => Kind::Host,
        "http_host" => Kind::Authority,
        "scheme" => Kind::Scheme,
        "server_protocol" => Kind::Protocol,
        "server_name" => Kind::Text(Col::ProxyName),
        "body_bytes_sent" | "bytes_sent" => Kind::Int(Col::ResponseBytes),
        "request_length" => Kind::Int(Col::RequestBytes),
        "request_time" => Kind::Thousandths(Col::DurationMs),
        "content_type" => Kind::Media(Col::RequestContentType),
        "upstream_addr" | "connect_addr" => Kind::Upstream,
        "upstream_cache_status" => Kind::Verdict(table(CACHE, false), false),
        "ssl_protocol" => Kind::Text(Col::TlsVersion),
        "ssl_server_name" | "ssl_preread_server_name" => Kind::Text(Col::Sni),
        _ => match (name.strip_prefix("http_"), name.strip_prefix("sent_http_")) {
            (_, Some(header)) => reply_header(header),
            (Some(header), _) => request_header(header),
            _ => Kind::Extra,
        },
    })
}
