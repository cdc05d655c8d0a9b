//! What does a field mean? `client_ip`, `url:path`, `duration_ms:s`: a column, and how the logged text becomes its value.

use std::sync::Arc;

use storage::schema::{Col, ColumnType};

use crate::lexer::verdict::Table;
use crate::lexer::{Field, Kind, Token, escape::Style};

/// Every meaning that is not just the name of a text column, for messages and docs: text and explanation.
pub(crate) const MEANINGS: &[(&str, &str)] = &[
    ("-", "no column: `extra`, under the field's own name"),
    ("client_ip:port", "`address:port` of the client"),
    ("server_ip:port", "`address:port` of the origin"),
    ("duration_ms:s", "decimal seconds"),
    ("duration_ms:ms", "decimal milliseconds"),
    ("duration_ms:us", "microseconds"),
    ("duration_ms:ns", "nanoseconds"),
    ("url", "the whole target, with its scheme where it has one"),
    ("url:schemeless", "the target without scheme: `example.com/a?b`"),
    ("url:portless", "the same, where the port has a field of its own"),
    ("url:target", "path and query, or a whole URL, where the host has a field of its own"),
    ("host:port", "host name, perhaps with a port"),
    ("status:block", "`status/number`: the number is looked up in `verdicts`"),
    (
        "bytes:four",
        "bytes from client, to server, from server, to client, with slashes between them",
    ),
    ("request", "a request line: `GET http://example.com/ HTTP/1.1`"),
    ("request:target", "a request line, where the host has a field of its own"),
    ("request_body", "the body of a request; kept up to 64 KiB, with its digest if it is longer"),
    ("action", "what was decided: looked up in `verdicts`, kept in `action`"),
    ("action:squid", "a result code of Squid, or a word of `verdicts`, kept in `action`"),
    ("verdict", "looked up in `verdicts`, kept in `extra`"),
    ("action/status", "`CODE/status`, a result code as with `action:squid`"),
    ("hierarchy/peer", "`CODE/host`, as Squid logs the next hop"),
    ("reason:verdict", "looked up in `verdicts`, kept in `reason`; also of rule"),
    ("query:bare", "the query without its `?`"),
    ("user_agent:plus", "a text with `+` for spaces; also of user, referer, cookie"),
    (
        "user_agent:percent_twice",
        "a text with `%25XX` for some bytes; also of user, referer, cookie",
    ),
    ("user_agent:hex", "a text with `\\xhh` for some bytes; also of user, referer, cookie"),
    ("user:percent", "a text with `%XX` for some bytes; also of user_agent, referer, cookie"),
];

/// The tokens of a field with this meaning.
///
/// # Errors
/// A message for a meaning that does not exist.
pub(crate) fn tokens(
    meaning: &str,
    name: &str,
    table: &Arc<Table>,
    squid: &Arc<Table>,
) -> Result<Vec<Token>, String> {
    if meaning == "request" || meaning == "request:target" {
        let target = if meaning == "request" { Kind::Url } else { Kind::Target };
        let field = |kind, name: &str| Token::Field(Field::plain(kind, name));
        let literal = |text: &[u8]| Token::Literal(text.to_vec());
        return Ok(vec![
            field(Kind::Method, "method"),
            literal(b" "),
            field(target, "url"),
            literal(b" HTTP/"),
            field(Kind::Text(Col::HttpVersion), "http_version"),
        ]);
    }
    if let Some(tokens) = several(meaning, name, table, squid) {
        return Ok(tokens);
    }
    let (column, modifier) = meaning.split_once(':').unwrap_or((meaning, ""));
    let mut style = Style::Raw;
    let kind = match (column, modifier) {
        ("-", "") => Kind::Extra,
        ("client_ip", "port") => Kind::Endpoint(Col::ClientIp, Col::ClientPort),
        ("server_ip", "port") => Kind::Endpoint(Col::ServerIp, Col::Port),
        ("client_ip" | "server_ip", "") => Kind::Address(column_of(column, meaning)?),
        ("duration_ms", "s") => Kind::Decimal(Col::DurationMs, 1000, 1),
        ("duration_ms", "ms") => Kind::Decimal(Col::DurationMs, 1, 1),
        ("duration_ms", "us") => Kind::Decimal(Col::DurationMs, 1, 1000),
        ("duration_ms", "ns") => Kind::Decimal(Col::DurationMs, 1, 1_000_000),
        ("method", "") => Kind::Method,
        ("http_version", "") => Kind::Protocol,
        ("http_version", "bare") => Kind::Text(Col::HttpVersion),
        ("url", "") => Kind::Url,
        ("url", "schemeless") => Kind::SchemelessUrl,
        ("url", "portless") => Kind::PortlessUrl,
        ("url", "target") => Kind::Target,
        ("scheme", "") => Kind::Scheme,
        ("host", "") => Kind::Host,
        ("host", "port") => Kind::Authority,
        ("path", "") => Kind::Path,
        ("path", "only") => Kind::Text(Col::Path),
        ("query", "") => Kind::Query,
        ("query", "bare") => Kind::Text(Col::Query),
        ("status", "") => Kind::Status,
        ("action", "") => Kind::Verdict(Arc::clone(table), true),
        ("action", "squid") => Kind::Verdict(Arc::clone(squid), true),
        ("action", "text") => Kind::Text(Col::Action),
        ("verdict", "") => Kind::Verdict(Arc::clone(table), false),
        ("request_body", "") => Kind::Body,
        ("hierarchy", "") => Kind::Hierarchy,
        ("peer", "squid") => Kind::Peer,
        ("reason" | "rule", "verdict") => {
            Kind::Judged(Arc::clone(table), column_of(column, meaning)?)
        }
        ("content_type" | "request_content_type", "") => Kind::Media(column_of(column, meaning)?),
        ("user" | "user_agent" | "referer" | "cookie", escaped) if style_of(escaped).is_some() => {
            style = style_of(escaped).unwrap_or(Style::Raw);
            Kind::Text(column_of(column, meaning)?)
        }
        (_, "") => plain(column_of(column, meaning)?, meaning)?,
        _ => return Err(unknown(meaning)),
    };
    Ok(vec![Token::Field(Field { style, ..Field::plain(kind, name) })])
}

/// How a text is escaped, by the word behind its column.
fn style_of(word: &str) -> Option<Style> {
    match word {
        "percent" => Some(Style::Url),
        "percent_twice" => Some(Style::UrlTwice),
        "plus" => Some(Style::Plus),
        "hex" => Some(Style::Zeek),
        _ => None,
    }
}

/// Whether there is such a meaning.
///
/// # Errors
/// A message for a meaning that does not exist.
pub(crate) fn exists(meaning: &str) -> Result<(), String> {
    let table = Arc::new(Table::default());
    tokens(meaning, "", &table, &table).map(drop)
}

/// Meanings of several values with slashes between them.
fn several(
    meaning: &str,
    name: &str,
    table: &Arc<Table>,
    squid: &Arc<Table>,
) -> Option<Vec<Token>> {
    let fields = match meaning {
        "status:block" => vec![
            Field::plain(Kind::Status, name),
            Field::plain(Kind::Verdict(Arc::clone(table), false), "block_id"),
        ],
        "action/status" => vec![
            Field::plain(Kind::Verdict(Arc::clone(squid), true), "action"),
            Field::plain(Kind::Status, "status"),
        ],
        "hierarchy/peer" => {
            vec![Field::plain(Kind::Hierarchy, "hierarchy"), Field::plain(Kind::Peer, "peer")]
        }
        "bytes:four" => vec![
            Field::plain(Kind::Int(Col::RequestBytes), "bytes_from_client"),
            Field::plain(Kind::Extra, "bytes_to_server"),
            Field::plain(Kind::Extra, "bytes_from_server"),
            Field::plain(Kind::Int(Col::ResponseBytes), "bytes_to_client"),
        ],
        _ => return None,
    };
    let mut tokens = Vec::with_capacity(fields.len() * 2);
    for field in fields {
        if !tokens.is_empty() {
            tokens.push(Token::Literal(b"/".to_vec()));
        }
        tokens.push(Token::Field(field));
    }
    Some(tokens)
}

fn column_of(name: &str, meaning: &str) -> Result<Col, String> {
    Col::ALL.iter().copied().find(|col| col.name() == name).ok_or_else(|| unknown(meaning))
}

/// A column that takes its text or number as it is.
fn plain(col: Col, meaning: &str) -> Result<Kind, String> {
    let own = [Col::TsQuality, Col::Verdict, Col::Cache, Col::Domain, Col::Extra, Col::Parse];
    match col.column().kind {
        ColumnType::Int32 | ColumnType::Int64 if !matches!(col, Col::SourceId | Col::LineNo) => {
            Ok(Kind::Int(col))
        }
        ColumnType::Text if !own.contains(&col) => Ok(Kind::Text(col)),
        _ => Err(format!("no field can fill `{meaning}`: dwell does that itself")),
    }
}

fn unknown(meaning: &str) -> String {
    format!("`{meaning}` is no column and no other meaning; `dwell formats meanings` lists them")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(meaning: &str) -> Result<Kind, String> {
        let table = Arc::new(Table::default());
        let tokens = tokens(meaning, "x", &table, &table)?;
        let [Token::Field(field)] = tokens.as_slice() else { return Ok(Kind::Extra) };
        Ok(field.kind.clone())
    }

    #[test]
    fn meanings() {
        for (meaning, _) in MEANINGS {
            assert!(kind(meaning).is_ok(), "{meaning}");
        }
        assert_eq!(kind("status"), Ok(Kind::Status));
        assert_eq!(kind("categories"), Ok(Kind::Text(Col::Categories)));
        assert_eq!(kind("response_bytes"), Ok(Kind::Int(Col::ResponseBytes)));
        for wrong in ["", "nonsense", "url:nonsense", "line_no", "verdict:x", "parse", "raw"] {
            assert!(kind(wrong).is_err(), "{wrong}");
        }
    }
}
