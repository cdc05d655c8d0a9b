//! What an access log format of Envoy says: `%OPERATOR(argument)%` turned into fields.

use storage::schema::Col;

use super::{Cursor, Kind, Style, Tokens, Wrong, reply_header, request_header, table, time};
use crate::lexer::Field;
use crate::lexer::squid::Placed;

/// What the flags of a reply say; several are joined by commas.
const FLAGS: &[(&str, &str)] = &[
    ("-", "allowed"),
    // Refused by an authorization service, by a limit of the rate.
    ("UAEX*", "denied"),
    ("RL", "denied"),
    ("RLSE", "error"),
    // The client went away.
    ("DC", "allowed"),
    ("*", "error"),
];

/// Turns a format into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Wrong> {
    let mut cursor = Cursor::new(text);
    let mut out = Tokens::new(Style::Raw);
    let authority = text.to_ascii_uppercase().contains("%REQ(:AUTHORITY");
    while let Some(next) = cursor.peek() {
        let at = cursor.at;
        if next != '%' {
            let literal = cursor.take_while(|c| c != '%');
            // The newline that ends the format ends the line.
            let last = cursor.peek().is_none();
            let end = |text: &'static str| if last { literal.strip_suffix(text) } else { None };
            out.literal(end("\\n").or_else(|| end("\n")).unwrap_or(literal), at);
            continue;
        }
        cursor.next();
        if cursor.take("%") {
            out.literal("%", at);
            continue;
        }
        let operator =
            cursor.take_while(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
        let argument = argument(&mut cursor)?;
        // The most that is printed of it.
        cursor.take_while(|c| c == ':' || c.is_ascii_digit());
        if operator.is_empty() || !cursor.take("%") {
            return Err(("`%` does not begin an operator that ends with `%`".into(), at));
        }
        push(&mut out, operator, argument, authority, at).map_err(|message| (message, at))?;
    }
    Ok(out.placed)
}

fn argument<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a str>, Wrong> {
    let at = cursor.at;
    if !cursor.take("(") {
        return Ok(None);
    }
    let inner = cursor.take_while(|c| c != ')');
    if cursor.take(")") { Ok(Some(inner)) } else { Err(("`(` is never closed".into(), at)) }
}

fn push(
    out: &mut Tokens,
    operator: &str,
    argument: Option<&str>,
    authority: bool,
    at: usize,
) -> Result<(), String> {
    let name = match argument {
        Some(argument) => format!("{operator}({argument})"),
        None => operator.to_owned(),
    };
    let kind = match (operator, argument) {
        ("START_TIME", argument) => return start_time(out, argument, at),
        ("REQ", Some(header)) => {
            let first = header.split('?').next().unwrap_or_default().to_ascii_lowercase();
            match first.as_str() {
                ":method" => Kind::Method,
                ":path" | "x-envoy-original-path" if authority => Kind::Target,
                ":path" | "x-envoy-original-path" => Kind::Url,
                ":authority" | "host" => Kind::Authority,
                ":scheme" => Kind::Scheme,
                _ => request_header(&first),
            }
        }
        ("RESP", Some(header)) => reply_header(header),
        _ => kind(operator),
    };
    let status_zero = kind == Kind::Status;
    let field = Field { status_zero, ..out.field(kind, name) };
    out.push(field, at);
    Ok(())
}

fn kind(operator: &str) -> Kind {
    match operator {
        "PROTOCOL" => Kind::Protocol,
        "RESPONSE_CODE" => Kind::Status,
        "RESPONSE_FLAGS" => Kind::Verdict(table(FLAGS, false), true),
        "RESPONSE_CODE_DETAILS" => Kind::Text(Col::Reason),
        "BYTES_RECEIVED" => Kind::Int(Col::RequestBytes),
        "BYTES_SENT" => Kind::Int(Col::ResponseBytes),
        "DURATION" => Kind::Int(Col::DurationMs),
        "UPSTREAM_HOST" | "UPSTREAM_REMOTE_ADDRESS" => Kind::Upstream,
        "DOWNSTREAM_REMOTE_ADDRESS" => Kind::Endpoint(Col::ClientIp, Col::ClientPort),
        "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" => Kind::Address(Col::ClientIp),
        "DOWNSTREAM_REMOTE_PORT" => Kind::Int(Col::ClientPort),
        "REQUESTED_SERVER_NAME" => Kind::Text(Col::Sni),
        "DOWNSTREAM_TLS_VERSION" => Kind::Text(Col::TlsVersion),
        "ROUTE_NAME" => Kind::Text(Col::Rule),
        "HOSTNAME" => Kind::Text(Col::ProxyName),
        _ => Kind::Extra,
    }
}

/// `%START_TIME%`, or one with a pattern: its `%s` is an epoch, its `%3f`, `%6f` and `%9f` are fractions.
fn start_time(out: &mut Tokens, pattern: Option<&str>, at: usize) -> Result<(), String> {
    let Some(pattern) = pattern else {
        out.add(time("utc:%Y-%m-%dT%H:%M:%S%.3fZ")?, "START_TIME", at);
        return Ok(());
    };
    let text = match pattern {
        "%s" => "epoch".to_owned(),
        "%s.%3f" => "epoch.3".to_owned(),
        "%s.%6f" => "epoch.6".to_owned(),
        "%s.%9f" => "epoch.9".to_owned(),
        // It prints UTC, whatever the pattern says of the zone.
        _ => format!("utc:{}", pattern.replace(".%3f", "%.3f").replace(".%6f", "%.6f")),
    };
    match time(&text) {
        Ok(kind) => out.add(kind, "START_TIME", at),
        // Only a part of a time.
        Err(_) if !pattern.contains("%Y") => out.add(Kind::Extra, "START_TIME", at),
        Err(message) => return Err(message),
    }
    Ok(())
}
