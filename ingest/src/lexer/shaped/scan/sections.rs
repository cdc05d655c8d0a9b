//! Where do the values of a record of ModSecurity's serial audit log lie? It comes in sections of lines, each kind of which has
//! a letter.

use super::Pieces;
use crate::framing::section;

/// What the first line of section A holds, behind the time.
const TRANSACTION: [&[u8]; 5] =
    [b"unique_id", b"client_ip", b"client_port", b"server_ip", b"server_port"];

/// The values of a record. Bodies of replies, files and rules stay in the record alone.
pub(super) fn record(text: &[u8], pieces: &mut Pieces) -> bool {
    let mut letter = 0;
    let mut first = true;
    let mut body: Option<(usize, usize)> = None;
    let mut at = 0;
    while at < text.len() {
        let len = memchr::memchr(b'\n', &text[at..]).unwrap_or(text.len() - at);
        let line = &text[at..at + len];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(next) = section(line) {
            if let Some((start, end)) = body.take() {
                pieces.push(&[b"request.body"], start, end);
            }
            (letter, first) = (next, true);
        } else {
            let end = at + line.len();
            let whole = match letter {
                b'A' if first => transaction(text, at, end, pieces),
                b'B' if first => pieces.push(&[b"request.line"], at, end),
                b'B' => member(b"request.headers.", text, at, end, pieces),
                b'C' => {
                    // Blank lines at the end of a section belong to its frame.
                    let start = body.map_or(at, |body| body.0);
                    let last = if line.is_empty() { body.map_or(at, |body| body.1) } else { end };
                    body = Some((start, last));
                    true
                }
                b'F' if first => status(text, at, end, pieces),
                b'F' => member(b"response.headers.", text, at, end, pieces),
                b'H' => member(b"audit.", text, at, end, pieces),
                _ => true,
            };
            if !whole {
                return false;
            }
            first = false;
        }
        at += len + 1;
    }
    pieces.number_repeats();
    pieces.len() > TRANSACTION.len()
}

/// `[14/May/2021:14:52:47 +0200] id address port address port`
fn transaction(text: &[u8], start: usize, end: usize, pieces: &mut Pieces) -> bool {
    let line = &text[start..end];
    let Some(close) = memchr::memchr(b']', line).filter(|_| line.starts_with(b"[")) else {
        return false;
    };
    pieces.push(&[b"time"], start + 1, start + close);
    let mut at = start + close + 1;
    for name in TRANSACTION {
        at += text[at..end].iter().take_while(|&&byte| byte == b' ').count();
        let len = memchr::memchr(b' ', &text[at..end]).unwrap_or(end - at);
        if len == 0 {
            return false;
        }
        pieces.push(&[name], at, at + len);
        at += len;
    }
    true
}

/// `HTTP/1.1 403 Forbidden`
fn status(text: &[u8], start: usize, end: usize, pieces: &mut Pieces) -> bool {
    let Some(len) = memchr::memchr(b' ', &text[start..end]) else { return true };
    pieces.push(&[b"response.protocol"], start, start + len);
    let from = start + len + 1;
    let len = memchr::memchr(b' ', &text[from..end]).unwrap_or(end - from);
    pieces.push(&[b"response.status"], from, from + len);
    from + len == end || pieces.push(&[b"response.reason"], from + len + 1, end)
}

/// `Name: value`; other lines (continuations) are left alone.
fn member(outer: &[u8], text: &[u8], start: usize, end: usize, pieces: &mut Pieces) -> bool {
    let line = &text[start..end];
    let Some(colon) = memchr::memchr(b':', line).filter(|&colon| (1..=128).contains(&colon)) else {
        return true;
    };
    let value = line[colon + 1..].iter().take_while(|&&byte| byte == b' ').count();
    let from = start + colon + 1 + value;
    pieces.push(&[outer, &line[..colon]], from, end)
}
