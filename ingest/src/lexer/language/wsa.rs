//! What an access log format of Cisco's Secure Web Appliance (WSA) says: its codes turned into fields.

use storage::schema::Col;

use super::{Cursor, Kind, Style, Tokens, Wrong, closed, reply_header, request_header, time};
use crate::lexer::squid::Placed;
use crate::lexer::{Field, Shape};

/// What the beginning of a decision tag says was decided.
const DECISIONS: &[(&str, &str)] = &[
    ("BLOCK*", "denied"),
    ("DENY*", "denied"),
    ("DROP*", "denied"),
    ("NO_AUTHORIZATION*", "denied"),
    ("NO_PASSWORD*", "auth_required"),
    ("SAAS_AUTH*", "allowed"),
    ("REDIRECT*", "redirected"),
    ("ALLOW*", "allowed"),
    ("PASSTHRU*", "allowed"),
    ("DECRYPT*", "allowed"),
    ("DEFAULT*", "allowed"),
    ("MONITOR*", "allowed"),
    ("WARN*", "allowed"),
    ("OTHER*", "allowed"),
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
        if cursor.take("%") {
            out.literal("%", at);
        } else if cursor.take("?") {
            conditional(&mut cursor, &mut out, at)?;
        } else {
            code(&mut cursor, &mut out, at)?;
        }
    }
    Ok(out.placed)
}

/// `?TAG,TAG?something%!something else%.`: one of two, which can't be told before the line is there. It is the field
/// that the first of them has, or a dash.
fn conditional(cursor: &mut Cursor<'_>, out: &mut Tokens, at: usize) -> Result<(), Wrong> {
    let tags = cursor.take_while(|c| c != '?');
    if !cursor.take("?") {
        return Err(("`%?` is never followed by a second `?`".into(), at));
    }
    let open = "`%?` is never closed by `%.`";
    let mut inner = String::new();
    loop {
        inner.push_str(cursor.take_while(|c| c != '%'));
        if cursor.take("%.") {
            break;
        }
        if cursor.take("%!") {
            inner.push('\0');
        } else {
            match cursor.next() {
                Some(next) => inner.push(next),
                None => return Err((open.into(), at)),
            }
        }
    }
    let first = inner.split('\0').next().unwrap_or_default();
    match first.strip_prefix("%<").map(|header| header.trim_end_matches(':')) {
        Some(header) => {
            let field = quoted(out, request_header(header), format!("<{header}:"));
            out.push(field, at);
        }
        None => {
            let field = quoted(out, Kind::Extra, tags);
            out.push(field, at);
        }
    }
    Ok(())
}

/// A field that writes its own quotes.
fn quoted(out: &Tokens, kind: Kind, name: impl Into<String>) -> Field {
    let style = Style::Quoted;
    Field { style, shape: Shape::Enclosed(b'"', b'"'), ..out.field(kind, name) }
}

fn code(cursor: &mut Cursor<'_>, out: &mut Tokens, at: usize) -> Result<(), Wrong> {
    // Headers: `%<Name:` of the request, `%>Name:` of the reply.
    for (arrow, request) in [("<", true), (">", false)] {
        if cursor.take(arrow) {
            let header = cursor.take_while(|c| c != ':' && c != ' ');
            if !cursor.take(":") {
                return Err(("the name of a header is not followed by `:`".into(), at));
            }
            let kind = if request { request_header(header) } else { reply_header(header) };
            let field = quoted(out, kind, format!("{arrow}{header}:"));
            out.push(field, at);
            return Ok(());
        }
    }
    if cursor.take("2r") {
        out.add(Kind::Method, "method", at);
        out.literal(" ", at);
        out.add(Kind::Url, "url", at);
        return Ok(());
    }
    let digits = cursor.take_while(|c| c.is_ascii_digit() || c == '#');
    let mut code = cursor.next().map(String::from).unwrap_or_default();
    if matches!(code.as_str(), "X" | ":") {
        code.push_str(
            cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '<' || c == '>' || c == '#'),
        );
    }
    if !code.starts_with(|c: char| c.is_ascii_alphabetic() || c == ':') {
        return Err(("`%` is not followed by a code".into(), at));
    }
    let name = format!("{digits}{code}");
    match code.as_str() {
        "r" => out.request(Kind::Url, at),
        "A" => {
            let field =
                Field { style: Style::QuotedUser, ..quoted(out, Kind::Text(Col::User), name) };
            out.push(field, at);
        }
        "u" => {
            let field = quoted(out, Kind::Text(Col::UserAgent), name);
            out.push(field, at);
        }
        "Xr" => {
            let shape = Shape::Enclosed(b'<', b'>');
            let field = Field { shape, ..out.field(Kind::Extra, "Xr") };
            out.push(field, at);
        }
        _ => out.add(kind(&code).map_err(|message| (message, at))?, name, at),
    }
    Ok(())
}

fn kind(code: &str) -> Result<Kind, String> {
    Ok(match code {
        "t" => time("epoch.3")?,
        "L" => time("%d/%b/%Y:%H:%M:%S %z")?,
        "e" => Kind::Int(Col::DurationMs),
        "a" => Kind::Address(Col::ClientIp),
        "F" => Kind::Int(Col::ClientPort),
        "w" => Kind::Action,
        "h" => Kind::Status,
        "s" => Kind::Int(Col::ResponseBytes),
        "q" => Kind::Int(Col::RequestBytes),
        "y" => Kind::Method,
        "Y" => Kind::Url,
        "P" => Kind::Protocol,
        "H" => Kind::Hierarchy,
        "d" => Kind::Peer,
        "k" => Kind::Address(Col::ServerIp),
        "p" => Kind::Int(Col::Port),
        "c" => Kind::Media(Col::ContentType),
        "D" => Kind::Judged(closed(DECISIONS), Col::Rule),
        "N" => Kind::Text(Col::ProxyName),
        "XC" => Kind::Text(Col::Categories),
        _ => Kind::Extra,
    })
}
