//! What a format of Apache Traffic Server says: `%<code>` and `%<{Header}code>` turned into fields.

use storage::schema::Col;

use super::{CLF, Cursor, Kind, Style, Tokens, Wrong, reply_header, request_header, table, time};
use crate::lexer::squid::Placed;

/// Result codes of the cache that Squid's do not cover.
const RESULTS: &[(&str, &str)] = &[
    ("ERR_PROXY_DENIED", "denied+none"),
    ("ERR_CLIENT_ABORT", "allowed"),
    ("ERR_CLIENT_READ_ERROR", "allowed"),
    ("ERR_*", "error"),
    ("TCP_EXPIRED_MISS", "allowed+miss"),
    ("TCP_REF_FAIL_HIT", "allowed+refresh"),
    ("TCP_REFRESH_HIT", "allowed+refresh"),
    ("TCP_CF_HIT", "allowed+hit"),
    ("TCP_SWAPFAIL", "allowed+miss"),
    ("TCP_HIT_REDIRECT", "allowed+hit"),
    ("TCP_MISS_REDIRECT", "allowed+miss"),
    ("UDP_*", "allowed"),
];

/// Turns a format into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Wrong> {
    let mut cursor = Cursor::new(text);
    let mut out = Tokens::new(Style::Raw);
    while let Some(next) = cursor.peek() {
        let at = cursor.at;
        if next != '%' {
            out.literal(cursor.take_while(|c| c != '%'), at);
            continue;
        }
        cursor.next();
        if !cursor.take("<") {
            return Err(("`%` is not followed by `<code>`".into(), at));
        }
        let header = cursor.braces()?;
        let code = cursor.take_while(|c| c != '>' && c != '%');
        if !cursor.take(">") {
            return Err(("`<` is never closed".into(), at));
        }
        if code.contains('(') {
            return Err(("an aggregate over several requests makes no row".into(), at));
        }
        push(&mut out, code, header, at).map_err(|message| (message, at))?;
    }
    Ok(out.placed)
}

fn push(out: &mut Tokens, code: &str, header: Option<&str>, at: usize) -> Result<(), String> {
    let name = match header {
        Some(header) => format!("{{{header}}}{code}"),
        None => code.to_owned(),
    };
    match (code, header) {
        ("cqtx", _) => out.request(Kind::Url, at),
        ("cqh" | "ecqh", Some(header)) => {
            let kind = request_header(header);
            let style = if code == "ecqh" { Style::Url } else { Style::Raw };
            let field = crate::lexer::Field { style, ..out.field(kind, name) };
            out.push(field, at);
        }
        ("psh" | "ssh", Some(header)) => out.add(reply_header(header), name, at),
        _ => out.add(kind(code)?, name, at),
    }
    Ok(())
}

fn kind(code: &str) -> Result<Kind, String> {
    Ok(match code {
        "cqtq" => time("epoch.3")?,
        "cqts" => time("epoch")?,
        "cqtn" => time(CLF)?,
        "chi" => Kind::Address(Col::ClientIp),
        "chp" => Kind::Int(Col::ClientPort),
        "caun" => Kind::Text(Col::User),
        "ttms" => Kind::Int(Col::DurationMs),
        "tts" => Kind::Scaled(Col::DurationMs, 1000, 1),
        "crc" => Kind::Verdict(table(RESULTS, true), true),
        "pssc" => Kind::Status,
        // The whole reply, or its body.
        "psql" | "pscl" => Kind::Int(Col::ResponseBytes),
        "cqql" => Kind::Int(Col::RequestBytes),
        "cqhm" => Kind::Method,
        "cquc" | "cquuc" | "cauc" | "pquc" | "cqu" => Kind::Url,
        "cqup" => Kind::Target,
        "cqus" => Kind::Scheme,
        "cqpv" | "cqhv" => Kind::Protocol,
        "phr" => Kind::Hierarchy,
        "shn" => Kind::Peer,
        "shi" | "pqsi" => Kind::Address(Col::ServerIp),
        "pqsp" => Kind::Int(Col::Port),
        "phn" => Kind::Text(Col::ProxyName),
        "psct" => Kind::Media(Col::ContentType),
        "cqssv" => Kind::Text(Col::TlsVersion),
        "cssn" => Kind::Text(Col::Sni),
        _ => Kind::Extra,
    })
}
