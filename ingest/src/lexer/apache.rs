//! What an Apache `LogFormat` says: its codes turned into fields.

use storage::schema::Col;

use super::escape::Style;
use super::squid::{Cursor, Placed, Wrong, push_literal};
use super::{Field, Kind, Token};
use crate::time::strftime::Pattern;
use crate::time::{Base, TimeSpec};

/// Turns a `LogFormat` string into tokens.
pub(crate) fn tokens(text: &str) -> Result<Vec<Placed>, Wrong> {
    let mut cursor = Cursor::new(text);
    let mut tokens: Vec<Placed> = Vec::new();
    while let Some(next) = cursor.peek() {
        let at = cursor.at;
        if next != '%' {
            push_literal(&mut tokens, cursor.take_while(|c| c != '%'), at);
            continue;
        }
        cursor.next();
        if cursor.take("%") {
            push_literal(&mut tokens, "%", at);
            continue;
        }
        // Conditions on the status (`%!200,304`) and the choice of internal redirects change no meaning here.
        cursor.take_while(|c| c.is_ascii_digit() || c == ',' || c == '!');
        cursor.take_while(|c| c == '<' || c == '>');
        let arg = cursor.braces()?;
        cursor.take_while(|c| c == '<' || c == '>');
        let code = match cursor.take("^") {
            true => format!("^{}", cursor.take_while(|c| c.is_ascii_alphabetic())),
            false => cursor.next().map(String::from).unwrap_or_default(),
        };
        if !code.starts_with(|c: char| c.is_ascii_alphabetic() || c == '^') {
            return Err(("`%` is not followed by a code".into(), at));
        }
        push_code(&mut tokens, &code, arg, at)?;
    }
    Ok(tokens)
}

fn push_code(
    tokens: &mut Vec<Placed>,
    code: &str,
    arg: Option<&str>,
    at: usize,
) -> Result<(), Wrong> {
    let name = match (code, arg) {
        ("l", _) => "ident".into(),
        (_, Some(arg)) => format!("{{{arg}}}{code}"),
        (_, None) => code.to_owned(),
    };
    let field = |kind| {
        let field = Field { style: Style::Apache, ..Field::plain(kind, name.clone()) };
        (Token::Field(field), at)
    };
    match code {
        "r" => {
            tokens.push(field(Kind::Method));
            push_literal(tokens, " ", at);
            tokens.push(field(Kind::Url));
            push_literal(tokens, " HTTP/", at);
            tokens.push(field(Kind::Text(Col::HttpVersion)));
        }
        "t" if arg.is_none() => {
            push_literal(tokens, "[", at);
            let base = Base::Calendar(Pattern::clf());
            tokens.push(field(Kind::Time(TimeSpec { base, millis: None })));
            push_literal(tokens, "]", at);
        }
        "t" => tokens.push(field(time(arg.unwrap_or_default()).map_err(|text| (text, at))?)),
        _ => tokens.push(field(kind(code, arg.unwrap_or_default()))),
    }
    Ok(())
}

fn time(arg: &str) -> Result<Kind, String> {
    let arg = arg.strip_prefix("begin:").unwrap_or(arg);
    match arg {
        "sec" => return Ok(Kind::Time(TimeSpec::epoch(0))),
        "msec_frac" | "usec_frac" | "msec" | "usec" => return Ok(Kind::Extra),
        _ => {}
    }
    match Pattern::compile(arg, false) {
        Ok(pattern) if pattern.is_complete() => {
            Ok(Kind::Time(TimeSpec { base: Base::Calendar(pattern), millis: None }))
        }
        Ok(_) => Ok(Kind::Extra),
        Err(at) => {
            let code: String = arg.chars().skip(at).take(2).collect();
            Err(format!("`{code}` is not supported in a time"))
        }
    }
}

fn kind(code: &str, arg: &str) -> Kind {
    match (code, arg) {
        ("h" | "a", "" | "c") => Kind::Address(Col::ClientIp),
        ("u", _) => Kind::Text(Col::User),
        ("s", _) => Kind::Status,
        ("b" | "B" | "O", _) => Kind::Int(Col::ResponseBytes),
        ("I", _) => Kind::Int(Col::RequestBytes),
        ("D", _) | ("T", "us") => Kind::Scaled(Col::DurationMs, 1, 1000),
        ("T", "ms") => Kind::Int(Col::DurationMs),
        ("T", _) => Kind::Scaled(Col::DurationMs, 1000, 1),
        ("m", _) => Kind::Method,
        ("U", _) => Kind::Text(Col::Path),
        ("H", _) => Kind::Protocol,
        ("v" | "V", _) => Kind::Text(Col::ProxyName),
        ("p", "remote") => Kind::Int(Col::ClientPort),
        ("i", arg) => match arg.to_ascii_lowercase().as_str() {
            "user-agent" => Kind::Text(Col::UserAgent),
            "referer" => Kind::Text(Col::Referer),
            "cookie" => Kind::Text(Col::Cookie),
            "content-type" => Kind::Media(Col::RequestContentType),
            _ => Kind::Extra,
        },
        ("x", "SSL_PROTOCOL") => Kind::Text(Col::TlsVersion),
        ("x", "SSL_TLS_SNI") => Kind::Text(Col::Sni),
        ("o", arg) if arg.eq_ignore_ascii_case("content-type") => Kind::Media(Col::ContentType),
        _ => Kind::Extra,
    }
}
