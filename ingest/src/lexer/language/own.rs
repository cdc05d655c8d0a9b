//! What a format in dwell's own words says: `{meaning}`, for logs whose writer has no language of format strings.
//!
//! `{meaning?null|null=argument}`: the meaning is a column, perhaps with how it is written behind a colon; null words
//! and the argument may be absent. `{ts=PATTERN}` is the time, `{action=word:meaning,...}` a decision and what its words
//! mean, `{-name}` a field without column. `{{` is a brace.

use std::sync::Arc;

use storage::schema::{Col, ColumnType};

use super::{Cursor, Kind, Style, Tokens, Wrong, time};
use crate::lexer::squid::Placed;
use crate::lexer::verdict::Table;
use crate::lexer::{Field, Shape, nulls};

/// Turns a string into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Wrong> {
    let mut cursor = Cursor::new(text);
    let mut out = Tokens::new(Style::Raw);
    while let Some(next) = cursor.peek() {
        let at = cursor.at;
        if next != '{' {
            out.literal(&cursor.take_while(|c| c != '{').replace("\\t", "\t"), at);
            continue;
        }
        if cursor.take("{{") {
            out.literal("{", at);
            continue;
        }
        let inner = cursor.braces()?.unwrap_or_default();
        push(&mut out, inner, at).map_err(|message| (message, at))?;
    }
    Ok(out.placed)
}

fn push(out: &mut Tokens, inner: &str, at: usize) -> Result<(), String> {
    let (head, argument) = match inner.split_once('=') {
        Some((head, argument)) => (head, Some(argument)),
        None => (inner, None),
    };
    let (meaning, words) = match head.split_once('?') {
        Some((meaning, words)) => (meaning, Some(words)),
        None => (head, None),
    };
    if meaning == "request" {
        out.request(Kind::Url, at);
        return Ok(());
    }
    let mut field = match meaning.strip_prefix('-') {
        Some(name) => out.field(Kind::Extra, name),
        None => of_column(out, meaning, argument)?,
    };
    if let Some(words) = words {
        field.nulls = nulls(words.split('|'));
    }
    out.push(field, at);
    Ok(())
}

fn of_column(out: &Tokens, meaning: &str, argument: Option<&str>) -> Result<Field, String> {
    let (column, how) = meaning.split_once(':').unwrap_or((meaning, ""));
    let plain = |kind| Ok(out.field(kind, column));
    let col = Col::ALL.iter().copied().find(|col| col.name() == column);
    match (column, how) {
        ("ts", "") => plain(time(argument.unwrap_or("iso"))?),
        ("action" | "rule" | "reason", "") if argument.is_some() => {
            let words = argument.unwrap_or_default().split(',');
            let words = words.filter_map(|pair| pair.rsplit_once(':'));
            let table = Table::new(words, false)
                .map_err(|word| format!("`{word}` is not what a decision can mean"))?;
            // Without a word for all others there are no others.
            let others =
                argument.is_some_and(|words| words.split(',').any(|w| w.starts_with("*:")));
            let table = Arc::new(if others { table } else { table.closed() });
            plain(match column {
                "rule" => Kind::Judged(table, Col::Rule),
                "reason" => Kind::Judged(table, Col::Reason),
                _ => Kind::Verdict(table, true),
            })
        }
        ("action", "squid") => plain(Kind::Action),
        ("client_ip" | "server_ip", "") => plain(Kind::Address(col.unwrap_or(Col::ClientIp))),
        ("client_ip", "port") => plain(Kind::Endpoint(Col::ClientIp, Col::ClientPort)),
        ("server_ip", "port") => plain(Kind::Endpoint(Col::ServerIp, Col::Port)),
        ("peer", "server") => plain(Kind::Upstream),
        ("peer", "squid") => plain(Kind::Peer),
        ("duration_ms", "s") => plain(Kind::Thousandths(Col::DurationMs)),
        ("duration_ms", "us") => plain(Kind::Scaled(Col::DurationMs, 1, 1000)),
        ("method", "") => plain(Kind::Method),
        ("url", "") => plain(Kind::Url),
        ("url", "schemeless") => plain(Kind::SchemelessUrl),
        ("url", "target") => plain(Kind::Target),
        ("host", "") => plain(Kind::Host),
        ("host", "port") => plain(Kind::Authority),
        ("scheme", "") => plain(Kind::Scheme),
        ("path", "") => plain(Kind::Path),
        ("query", "") => plain(Kind::Query),
        ("http_version", "") => plain(Kind::Protocol),
        ("http_version", "bare") => plain(Kind::Text(Col::HttpVersion)),
        ("status", "") => plain(Kind::Status),
        ("hierarchy", "") => plain(Kind::Hierarchy),
        ("content_type" | "request_content_type", "") => {
            plain(Kind::Media(col.unwrap_or(Col::ContentType)))
        }
        ("user" | "user_agent" | "referer" | "cookie", "percent") => {
            let field = out.field(Kind::Text(col.unwrap_or(Col::User)), column);
            Ok(Field { style: Style::Url, ..field })
        }
        ("user" | "user_agent" | "referer" | "cookie", "backslash") => {
            let field = out.field(Kind::Text(col.unwrap_or(Col::User)), column);
            Ok(Field { style: Style::Quotes, ..field })
        }
        (_, "enclosed") if is_text(col) => {
            let field = out.field(Kind::Text(col.unwrap_or(Col::Rule)), column);
            Ok(Field { style: Style::Quoted, shape: Shape::Enclosed(b'"', b'"'), ..field })
        }
        (_, "") => match col.filter(|col| is_free(*col)).map(|col| (col, col.column().kind)) {
            Some((col, ColumnType::Text)) => plain(Kind::Text(col)),
            Some((col, ColumnType::Int32 | ColumnType::Int64)) => plain(Kind::Int(col)),
            _ => Err(unknown(meaning)),
        },
        _ => Err(unknown(meaning)),
    }
}

fn is_text(col: Option<Col>) -> bool {
    col.is_some_and(|col| is_free(col) && col.column().kind == ColumnType::Text)
}

/// Columns that a format may fill with what it logs, and not with what follows from it.
fn is_free(col: Col) -> bool {
    use Col::{Cache, Domain, Extra, LineNo, Parse, Raw, SourceId, Ts, TsQuality, Verdict};
    let derived = [Cache, Domain, Extra, LineNo, Parse, Raw, SourceId, Ts, TsQuality, Verdict];
    !derived.contains(&col)
}

fn unknown(meaning: &str) -> String {
    format!("`{meaning}` is no meaning of a field; a field without column is `{{-name}}`")
}
