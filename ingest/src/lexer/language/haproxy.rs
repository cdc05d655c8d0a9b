//! What a HAProxy `log-format` says: its variables turned into fields.

use storage::schema::Col;

use super::{CLF, Cursor, Kind, Style, Tokens, Wrong, closed, request_header, time};
use crate::lexer::squid::Placed;
use crate::lexer::{Field, Shape, Token, nulls};

/// How a session ended: who ended it, and in which phase.
const ENDINGS: &[(&str, &str)] = &[
    // The proxy refused the request (`PR`), the reply (`PH`), or kept the client waiting (`PT`).
    ("P*", "denied"),
    // Out of resources, internal errors, the server went down or was marked so.
    ("R*", "error"),
    ("I*", "error"),
    ("D*", "error"),
    ("K*", "error"),
    // The server (also: in time) did not answer.
    ("SC*", "error"),
    ("SH*", "error"),
    ("SQ*", "error"),
    // Data was flowing when the server, or the client at any time, ended it; or the proxy answered by itself.
    ("S*", "allowed"),
    // The client went away, or was too slow, before it had sent a request.
    ("CR*", "unknown"),
    ("C*", "allowed"),
    ("L*", "allowed"),
    ("U*", "allowed"),
    ("-*", "allowed"),
];

/// Turns a `log-format` string into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Wrong> {
    let mut cursor = Cursor::new(text);
    let mut out = Tokens::new(Style::Haproxy);
    let mut all_quoted = false;
    // A host of its own makes the target of the request a path.
    let host = text.contains("hdr(host)");
    let target = if host { Kind::Target } else { Kind::Url };
    while let Some(next) = cursor.peek() {
        let at = cursor.at;
        if next == '\\' {
            cursor.next();
            out.literal(cursor.next().map(String::from).unwrap_or_default().as_str(), at);
            continue;
        }
        if next != '%' {
            out.literal(cursor.take_while(|c| c != '%' && c != '\\'), at);
            continue;
        }
        cursor.next();
        if cursor.take("%") {
            out.literal("%", at);
            continue;
        }
        let flags = cursor.braces()?.unwrap_or_default();
        if let Some(inner) = expression(&mut cursor)? {
            push(&mut out, expression_kind(inner), inner, quoted(flags, all_quoted), at);
            continue;
        }
        let code = cursor.take_while(|c| c.is_ascii_alphanumeric());
        match code {
            "" => return Err(("`%` is not followed by a variable".into(), at)),
            // Flags for all that follows.
            "o" => all_quoted = quoted(flags, all_quoted),
            "r" => request(&mut out, &target, quoted(flags, all_quoted), at),
            _ => variable(&mut out, code, quoted(flags, all_quoted), at)?,
        }
    }
    Ok(out.placed)
}

fn quoted(flags: &str, before: bool) -> bool {
    if flags.contains("+Q") { true } else { before && !flags.contains("-Q") }
}

/// `[expression]`, which may hold brackets itself.
fn expression<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a str>, Wrong> {
    let at = cursor.at;
    if !cursor.take("[") {
        return Ok(None);
    }
    let inner = cursor.take_while(|c| c != ']');
    if cursor.take("]") { Ok(Some(inner)) } else { Err(("`[` is never closed".into(), at)) }
}

fn push(out: &mut Tokens, kind: Kind, name: &str, quoted: bool, at: usize) {
    let quote = if quoted { "\"" } else { "" };
    out.literal(quote, at);
    out.add(kind, name, at);
    out.literal(quote, at);
}

fn request(out: &mut Tokens, target: &Kind, quoted: bool, at: usize) {
    let quote = if quoted { "\"" } else { "" };
    out.literal(quote, at);
    let first = out.placed.len();
    out.request(target.clone(), at);
    if let Some((Token::Field(field), _)) = out.placed.get_mut(first) {
        field.nulls = nulls(["-", "<BADREQ>"]);
    }
    out.literal(quote, at);
}

fn variable(out: &mut Tokens, code: &str, quoted: bool, at: usize) -> Result<(), Wrong> {
    match code {
        // Captured headers: nothing at all, not even the space, where none is configured.
        "hr" | "hs" => {
            let field = Field {
                shape: Shape::Optional(b'{', b'}'),
                nulls: nulls::<&str>([]),
                ..out.field(Kind::Extra, code)
            };
            out.push(field, at);
        }
        _ => {
            let kind = kind(code).map_err(|message| (message, at))?;
            // `-1` says that the phase was not reached.
            let missing = match code {
                "s" => nulls(["<NOSRV>", "-"]),
                _ if code.starts_with('T') || code == "ST" => nulls(["-1", "-"]),
                _ => std::sync::Arc::clone(&out.nulls),
            };
            let before = std::mem::replace(&mut out.nulls, missing);
            // The milliseconds that follow the seconds, as those of Squid.
            if code == "ms" {
                let field = Field { width: 3, zero: true, ..out.field(Kind::Extra, "tu") };
                out.push(field, at);
            } else {
                push(out, kind, code, quoted, at);
            }
            out.nulls = before;
        }
    }
    Ok(())
}

fn kind(code: &str) -> Result<Kind, String> {
    Ok(match code {
        "tr" | "t" => time("%d/%b/%Y:%H:%M:%S%.3f")?,
        "trg" | "T" | "trl" | "Tl" => time(CLF)?,
        "Ts" => time("epoch")?,
        "ci" => Kind::Address(Col::ClientIp),
        "cp" => Kind::Int(Col::ClientPort),
        "si" => Kind::Address(Col::ServerIp),
        "sp" => Kind::Int(Col::Port),
        // The time all of it took; without it, that of the active part.
        "Ta" | "Tt" => Kind::Int(Col::DurationMs),
        "ST" => Kind::Status,
        "B" => Kind::Int(Col::ResponseBytes),
        "U" => Kind::Int(Col::RequestBytes),
        "s" => Kind::Text(Col::Peer),
        "f" | "ft" => Kind::Text(Col::ProxyName),
        "ts" | "tsc" => Kind::Verdict(closed(ENDINGS), true),
        "HM" => Kind::Method,
        "HU" => Kind::Url,
        "HP" | "HPO" => Kind::Path,
        "HQ" => Kind::Query,
        "HV" => Kind::Protocol,
        "CC" => Kind::Text(Col::Cookie),
        "sslv" => Kind::Text(Col::TlsVersion),
        _ => Kind::Extra,
    })
}

/// What a sample expression gives.
fn expression_kind(inner: &str) -> Kind {
    let name = inner.split(',').next().unwrap_or_default();
    let header = ["req.hdr(", "req.fhdr(", "capture.req.hdr("]
        .iter()
        .find_map(|function| name.strip_prefix(function)?.strip_suffix(')'));
    match name {
        "src" => Kind::Address(Col::ClientIp),
        "src_port" => Kind::Int(Col::ClientPort),
        "ssl_fc_sni" | "req.ssl_sni" => Kind::Text(Col::Sni),
        "ssl_fc_protocol" => Kind::Text(Col::TlsVersion),
        "method" => Kind::Method,
        "path" => Kind::Path,
        "url" => Kind::Url,
        "status" => Kind::Status,
        _ => match header {
            Some(header) if header.eq_ignore_ascii_case("host") => Kind::Authority,
            Some(header) => request_header(header),
            None => Kind::Extra,
        },
    }
}
