//! What is the value of a field? Logged texts become the values of columns, in the columns' normal forms.

use std::borrow::Cow;

use storage::observable::{addr, host, url};
use storage::schema::Col;

use super::Decoded;
use crate::intern::key::NULL_INT;
use crate::lexer::envelope::{BREAK, Unwrapper, head};
use crate::lexer::verdict::Facts;
use crate::lexer::{Field, Kind, number};

/// Decodes the text of a field into `out`.
pub(super) fn decode_field(field: &Field, text: &[u8], connect: bool, out: &mut Decoded) {
    let lossy = String::from_utf8_lossy(text);
    if field.is_null(text) && field.kind != Kind::Status {
        // That nothing was noted may be what was decided.
        if let Kind::Verdict(table, _) | Kind::Judged(table, _) = &field.kind {
            out.facts = out.facts.and(table.of_null(&lossy).unwrap_or_default());
        }
        return;
    }
    match &field.kind {
        Kind::Text(col) => out.text(*col, decoded_text(field, *col, text)),
        Kind::Method if matches!(text, b"NONE" | b"" | b"unknown" | b"invalid") => {}
        Kind::Method => {
            out.partial |= text.first().is_some_and(u8::is_ascii_digit);
            let bare = super::without_session(text);
            let method = String::from_utf8_lossy(bare).to_ascii_uppercase();
            out.facts = out.facts.and(Facts::of_method(method.as_bytes()));
            out.texts.push((Col::Method, method));
        }
        Kind::Protocol => {
            let version = lossy.strip_prefix("HTTP/").unwrap_or(&lossy);
            out.texts.push((Col::HttpVersion, version.into()));
        }
        Kind::Media(col) => {
            let ends = |c: char| c == ';' || c.is_ascii_whitespace();
            let kind = lossy.trim().split(ends).next().unwrap_or_default().to_ascii_lowercase();
            out.texts.push((*col, kind));
        }
        Kind::Int(col) => decode_int(*col, text, 1, 1, out),
        Kind::Scaled(col, mul, div) => decode_int(*col, text, *mul, *div, out),
        Kind::Status => decode_status(text, out),
        Kind::Action => {
            out.partial |= !is_code(text);
            out.facts = out.facts.and(Facts::of_action(&lossy));
            out.text(Col::Action, lossy);
        }
        Kind::Hierarchy => {
            out.partial |= !is_code(text);
            out.facts = out.facts.and(Facts::of_hierarchy(&lossy));
            out.text(Col::Hierarchy, lossy);
        }
        Kind::Thousandths(col) => decode_decimal(*col, text, 1000, 1, out),
        Kind::Judged(table, col) => {
            out.partial |= table.is_closed() && table.known(&lossy).is_none();
            out.facts = out.facts.and(table.facts(&lossy));
            out.text(*col, lossy);
        }
        Kind::Decimal(col, mul, div) => decode_decimal(*col, text, *mul, *div, out),
        Kind::Verdict(table, fills) => {
            out.partial |= table.is_closed() && table.known(&lossy).is_none();
            out.facts = out.facts.and(table.facts(&lossy));
            if *fills {
                out.text(Col::Action, lossy);
            } else {
                out.keep_as_logged(&field.name, text);
            }
        }
        Kind::Body => body(text, out),
        Kind::Envelope(names) => envelope(field, *names, text, out),
        Kind::Extra | Kind::Time(_) => out.keep_as_logged(&field.name, text),
        place => decode_place(place, text, lossy, connect, out),
    }
}

/// Targets and their parts, and those between whom they went.
fn decode_place(kind: &Kind, text: &[u8], lossy: Cow<'_, str>, connect: bool, out: &mut Decoded) {
    match kind {
        Kind::Url => decode_url(&lossy, connect, out),
        Kind::Address(col) => {
            // A number alone is another field's value.
            out.partial |= text.iter().all(u8::is_ascii_digit);
            // Of a list (`X-Forwarded-For`) the first is the client; the proof keeps it whole.
            let first = lossy.split(", ").next().unwrap_or_default();
            let normal = addr::normalize(first).map(Cow::into_owned);
            out.texts.push((*col, normal.unwrap_or_else(|| first.to_owned())));
        }
        Kind::Peer => {
            if let Some(address) = addr::normalize(&lossy) {
                out.texts.push((Col::ServerIp, address.into_owned()));
            }
            out.text(Col::Peer, lossy);
        }
        Kind::Upstream => {
            let name = without_port(&lossy);
            if let Some(address) = addr::normalize(name) {
                out.texts.push((Col::ServerIp, address.into_owned()));
            }
            out.text(Col::Peer, lossy);
        }
        Kind::Host => {
            // A port that stands here has a field of its own, too.
            let parts = url::split(true, &lossy);
            match parts.host.filter(|_| parts.port.is_some()) {
                Some(name) => host(&name, None, out),
                None => host(&lossy, None, out),
            }
        }
        Kind::Authority => authority(&lossy, out),
        Kind::Scheme => out.texts.push((Col::Scheme, lossy.to_ascii_lowercase())),
        Kind::Path => path(&lossy, out),
        Kind::Query => {
            out.texts.push((Col::Query, lossy.strip_prefix('?').unwrap_or(&lossy).into()));
        }
        Kind::SchemelessUrl | Kind::PortlessUrl => schemeless(&lossy, out),
        // The `host:port` of CONNECT has neither path nor query.
        Kind::Target if connect => {}
        Kind::Target => target(&lossy, out),
        Kind::Endpoint(addr, port) => endpoint(*addr, *port, &lossy, out),
        _ => {}
    }
}

/// Longer bodies are cut: they are kept to be searched, and the line has the rest.
const BODY_BYTES: usize = 64 << 10;

/// A body that is cut says how long it was, and its digest.
fn body(text: &[u8], out: &mut Decoded) {
    if text.len() > BODY_BYTES {
        let digest = storage::digest::Digest::of(text);
        out.extra.push(("request_body_bytes".into(), text.len().to_string()));
        out.extra.push(("request_body_sha256".into(), digest.to_string()));
        out.extra.push(("request_body_cap".into(), BODY_BYTES.to_string()));
    }
    out.body = Some(text[..text.len().min(BODY_BYTES)].to_vec());
    out.inexact |= text.len() > BODY_BYTES || std::str::from_utf8(text).is_err();
}

/// Kept whole, to give the line back; its time and the name of the sender besides.
fn envelope(field: &Field, names: bool, text: &[u8], out: &mut Decoded) {
    out.keep_as_logged(&field.name, text);
    // Behind the second break stands the header within a JSON object; without breaks all is header.
    let mut parts = text.splitn(3, |&byte| byte == BREAK);
    let (object, header) = match (parts.next(), parts.next(), parts.next()) {
        (Some(before), Some(behind), header) => {
            (Some([before, behind]), header.unwrap_or_default())
        }
        _ => (None, text),
    };
    // The line itself is not needed to tell where its header ends.
    let head = head(header);
    let part = |range: Option<std::ops::Range<usize>>| {
        range
            .and_then(|range| header.get(range))
            .map(|part| String::from_utf8_lossy(part).into_owned())
    };
    let (time, sender) = head.map_or((None, None), |head| (part(head.time), part(head.host)));
    out.extra.extend(time.map(|time| ("syslog_time".to_owned(), time)));
    let sender = sender.or_else(|| {
        let [before, behind] = object?;
        Unwrapper::sender(&[before, b"x", behind].concat())
    });
    if let Some(sender) = sender {
        match names {
            true => out.texts.push((Col::ProxyName, sender)),
            false => out.extra.push(("syslog_host".into(), sender)),
        }
    }
}

/// Whether a text is made as Squid's codes are.
pub(super) fn is_code(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte))
}

fn host(name: &str, port: Option<i64>, out: &mut Decoded) {
    let normal = host::normalize(name).unwrap_or(Cow::Borrowed(name));
    out.text(Col::Host, normal);
    out.ints.extend(port.map(|port| (Col::Port, port)));
}

/// `host` or `host:port`.
fn authority(text: &str, out: &mut Decoded) {
    let parts = url::split(true, text);
    match parts.host {
        Some(name) => {
            out.text(Col::Host, name);
            out.ints.extend(parts.port.map(|port| (Col::Port, i64::from(port))));
        }
        None => host(text, None, out),
    }
}

fn path(text: &str, out: &mut Decoded) {
    out.texts.push((Col::Path, text.into()));
    let extension = url::split(false, text).extension.map(Cow::into_owned);
    out.texts.extend(extension.map(|extension| (Col::Extension, extension)));
}

/// A URL without scheme is one with some scheme whose name and port are not told.
fn schemeless(text: &str, out: &mut Decoded) {
    if text.starts_with('/') || text.split('/').next().is_some_and(|head| head.ends_with(':')) {
        decode_url(text, false, out);
        // Its scheme is not kept, which another field may give.
        out.url_needed = true;
        return;
    }
    out.texts.push((Col::Url, text.into()));
    // It has to be stored: rebuilt from its parts, it would have the scheme that another field gives.
    out.url_needed = true;
    let whole = format!("x://{text}");
    let parts = url::split(false, &whole);
    for (col, part) in [
        (Col::Host, parts.host),
        (Col::Path, parts.path.map(Cow::Borrowed)),
        (Col::Query, parts.query.map(Cow::Borrowed)),
        (Col::Extension, parts.extension),
    ] {
        out.texts.extend(part.map(|part| (col, part.into_owned())));
    }
    out.ints.extend(parts.port.map(|port| (Col::Port, i64::from(port))));
}

/// Path and query; of a whole URL only these, since the host has a field of its own.
fn target(text: &str, out: &mut Decoded) {
    let parts = url::split(false, text);
    for (col, part) in [
        (Col::Path, parts.path.map(Cow::Borrowed)),
        (Col::Query, parts.query.map(Cow::Borrowed)),
        (Col::Extension, parts.extension),
    ] {
        out.texts.extend(part.map(|part| (col, part.into_owned())));
    }
}

/// An address without the port behind it and the brackets around it.
fn without_port(text: &str) -> &str {
    let text = match text.rsplit_once(':') {
        Some((address, port)) if number::digits(port.as_bytes()).is_some() => {
            let alone = address.contains(':') && !address.ends_with(']');
            if alone { text } else { address }
        }
        _ => text,
    };
    text.trim_start_matches('[').trim_end_matches(']')
}

/// `address:port`, `[address]:port`, or an address alone; the last colon decides.
fn endpoint(addr_col: Col, port_col: Col, text: &str, out: &mut Decoded) {
    let bare = |text: &str| text.trim_start_matches('[').trim_end_matches(']').to_owned();
    let split = text.rsplit_once(':').and_then(|(address, port)| {
        let port = number::digits(port.as_bytes()).filter(|port| *port <= 65_535)?;
        // `::1` is an address; `::1:443` is one with a port, which brackets or the count of groups would tell.
        let alone = address.contains(':') && !address.ends_with(']');
        let whole = alone && addr::normalize(text).is_some() && addr::normalize(address).is_none();
        (!whole).then(|| (bare(address), i64::try_from(port).unwrap_or_default()))
    });
    let (address, port) = match split {
        Some((address, port)) => (address, Some(port)),
        None => (bare(text), None),
    };
    let normal = addr::normalize(&address).map(Cow::into_owned).unwrap_or(address);
    out.texts.push((addr_col, normal));
    out.ints.extend(port.map(|port| (port_col, port)));
}

/// A decimal number without exponent: digits, perhaps with a sign and a fraction.
fn decode_decimal(col: Col, text: &[u8], mul: i64, div: i64, out: &mut Decoded) {
    match decimal(text, mul, div).filter(|&value| fits(col, value)) {
        Some(value) => out.ints.push((col, value)),
        None => out.partial = true,
    }
}

fn decimal(text: &[u8], mul: i64, div: i64) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.get(..fraction.len().min(9))?;
    let number = |text: &str| number::digits(text.as_bytes()).map(i128::from);
    let places = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction = if fraction.is_empty() { Some(0) } else { number(fraction) };
    let scaled = (number(whole)? * places + fraction?) * i128::from(mul);
    let value = scaled / (places * i128::from(div.max(1)));
    i64::try_from(if negative { -value } else { value }).ok()
}

/// Names and headers, which come from outside, are decoded; the rest is kept as logged.
fn decoded_text<'a>(field: &Field, col: Col, text: &'a [u8]) -> Cow<'a, str> {
    if !is_decoded(col) {
        return String::from_utf8_lossy(text);
    }
    match field.style.decode(text) {
        Cow::Borrowed(text) => String::from_utf8_lossy(text),
        Cow::Owned(text) => Cow::Owned(String::from_utf8_lossy(&text).into_owned()),
    }
}

pub(super) fn is_decoded(col: Col) -> bool {
    matches!(col, Col::User | Col::UserAgent | Col::Referer | Col::Cookie)
}

fn decode_url(text: &str, connect: bool, out: &mut Decoded) {
    let parts = url::split(connect, text);
    // For the proof, the logged text stands here; the builder stores it only where the parts don't give it back.
    out.texts.push((Col::Url, text.into()));
    out.url_needed = parts.needs_as_logged;
    for (col, part) in [
        (Col::Scheme, parts.scheme),
        (Col::Host, parts.host),
        (Col::Path, parts.path.map(Cow::Borrowed)),
        (Col::Query, parts.query.map(Cow::Borrowed)),
        (Col::Extension, parts.extension),
    ] {
        if let Some(part) = part {
            out.text(col, part);
        }
    }
    if let Some(port) = parts.port {
        out.ints.push((Col::Port, i64::from(port)));
    }
}

fn decode_int(col: Col, text: &[u8], mul: i64, div: i64, out: &mut Decoded) {
    let lossy = String::from_utf8_lossy(text);
    let value = lossy.trim().parse::<i64>().ok().and_then(|value| value.checked_mul(mul));
    match value.map(|value| value / div).filter(|&value| fits(col, value)) {
        Some(value) => out.ints.push((col, value)),
        None => out.partial = true,
    }
}

/// Whether a value fits its column. The least number of all stands for NULL.
pub(crate) fn fits(col: Col, value: i64) -> bool {
    value != NULL_INT
        && (col.column().kind != storage::schema::ColumnType::Int32 || i32::try_from(value).is_ok())
}

fn decode_status(text: &[u8], out: &mut Decoded) {
    // `403 - Forbidden`: what follows the code is kept by the proof.
    let word = text.split(|&byte| byte == b' ').next().unwrap_or_default();
    let code = match word.len() {
        1..=3 => number::digits(word).and_then(|code| i64::try_from(code).ok()),
        _ => None,
    };
    if let Some(code) = code {
        out.facts = out.facts.and(Facts::of_status(code));
        if code > 0 {
            out.ints.push((Col::Status, code));
        }
    }
}
