//! What a feed template of Zscaler's NSS says: `%s{name}`, `%d{name}`, `%02d{name}` turned into fields.

use storage::schema::Col;

use super::{Cursor, Kind, Style, Tokens, Wrong, table, time};
use crate::lexer::squid::Placed;
use crate::lexer::{Field, nulls};

/// What stands for an absent value.
const NULLS: [&str; 5] = ["None", "N/A", "NA", "Unknown", ""];

/// Turns a template into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Wrong> {
    let mut cursor = Cursor::new(text);
    let mut out = Tokens::new(Style::Raw);
    out.nulls = nulls(NULLS);
    // Two times: the one that needs no zone.
    let epoch = text.contains("{epochtime}");
    // Parts of a date side by side, as a pattern.
    let mut date: Option<(String, usize)> = None;
    while let Some(next) = cursor.peek() {
        let at = cursor.at;
        if next != '%' {
            let literal = unescape(cursor.take_while(|c| c != '%'));
            match &mut date {
                Some((pattern, _)) => pattern.push_str(&literal),
                None => out.literal(&literal, at),
            }
            continue;
        }
        cursor.next();
        if cursor.take("%") {
            close(&mut out, &mut date)?;
            out.literal("%", at);
            continue;
        }
        let conversion = cursor.take_while(|c| c.is_ascii_alphanumeric());
        let Some(name) = cursor.braces()?.filter(|_| conversion.ends_with(['s', 'd', 'x'])) else {
            return Err(("`%` is not followed by `s{name}`, `d{name}` or `x{name}`".into(), at));
        };
        if let Some(part) = part(name, conversion).filter(|_| !epoch) {
            let (pattern, _) = date.get_or_insert_with(|| (String::new(), at));
            pattern.push_str(part);
            continue;
        }
        close(&mut out, &mut date)?;
        let field = field(&out, name, epoch).map_err(|message| (message, at))?;
        out.push(field, at);
    }
    close(&mut out, &mut date)?;
    // The newline that ends the template ends the line.
    if let Some((crate::lexer::Token::Literal(bytes), _)) = out.placed.last_mut() {
        while bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        if bytes.is_empty() {
            out.placed.pop();
        }
    }
    Ok(out.placed)
}

fn unescape(text: &str) -> String {
    text.replace("\\t", "\t").replace("\\n", "\n").replace("\\\"", "\"")
}

/// The strftime code of a part of a date.
fn part(name: &str, conversion: &str) -> Option<&'static str> {
    let padded = conversion.starts_with("02");
    Some(match (name, padded) {
        ("yyyy" | "yy", _) => "%Y",
        ("mth", true) => "%m",
        ("mth", false) => "%-m",
        ("mon", _) => "%b",
        ("dd", true) => "%d",
        ("dd", false) => "%-d",
        ("day", _) => "%a",
        ("hh", _) => "%H",
        ("mm", _) => "%M",
        ("ss", _) => "%S",
        _ => return None,
    })
}

/// Ends a run of parts of a date: it is the time if it is whole. What follows its last part is literal text.
fn close(out: &mut Tokens, date: &mut Option<(String, usize)>) -> Result<(), Wrong> {
    let Some((pattern, at)) = date.take() else { return Ok(()) };
    let last =
        pattern.rfind('%').map_or(0, |at| at + if pattern[at..].starts_with("%-") { 3 } else { 2 });
    let (pattern, behind) = pattern.split_at(last);
    match time(pattern) {
        Ok(kind) => out.add(kind, "time", at),
        Err(message) => return Err((message, at)),
    }
    out.literal(behind, at);
    Ok(())
}

fn field(out: &Tokens, name: &str, epoch: bool) -> Result<Field, String> {
    // `e`: %HH for some bytes; `b64`: base64; `o`: a number in place of a name. These two stay as logged.
    let plain = kind(name, epoch)?;
    if name == "sip" {
        // Where the request was blocked no server was asked.
        let none = nulls(["0.0.0.0"].into_iter().chain(NULLS));
        return Ok(Field { nulls: none, ..out.field(plain, name) });
    }
    if plain != Kind::Extra {
        return Ok(out.field(plain, name));
    }
    if let Some(kind) = name.strip_prefix('e').map(|name| kind(name, epoch)).transpose()? {
        return Ok(Field { style: Style::Url, ..out.field(kind, name) });
    }
    Ok(out.field(Kind::Extra, name))
}

fn kind(name: &str, epoch: bool) -> Result<Kind, String> {
    Ok(match name {
        "epochtime" => time("epoch")?,
        "time" if !epoch => time("%a %b %e %H:%M:%S %Y")?,
        "login" => Kind::Text(Col::User),
        "cip" => Kind::Address(Col::ClientIp),
        "clt_sport" => Kind::Int(Col::ClientPort),
        "devicehostname" => Kind::Text(Col::Computer),
        "sip" => Kind::Address(Col::ServerIp),
        "srv_dport" => Kind::Int(Col::Port),
        "proto" => Kind::Scheme,
        "reqmethod" => Kind::Method,
        "reqversion" => Kind::Text(Col::HttpVersion),
        "respcode" => Kind::Status,
        "reqsize" => Kind::Int(Col::RequestBytes),
        "respsize" => Kind::Int(Col::ResponseBytes),
        // A name of Zscaler's own (`Other`), or a media type.
        "contenttype" => Kind::Text(Col::ContentType),
        "ua" => Kind::Text(Col::UserAgent),
        "referer" => Kind::Text(Col::Referer),
        "host" => Kind::Host,
        "url" => Kind::SchemelessUrl,
        "action" => {
            let words = [("Allowed", "allowed"), ("Blocked", "denied"), ("*", "unknown")];
            Kind::Verdict(table(&words, false), true)
        }
        "reason" => Kind::Text(Col::Reason),
        "rulelabel" => Kind::Text(Col::Rule),
        "urlcat" => Kind::Text(Col::Categories),
        "threatname" => Kind::Text(Col::Threat),
        _ => Kind::Extra,
    })
}
