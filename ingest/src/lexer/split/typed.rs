//! Does a text have the type of a word, and which words are sure enough of theirs to hold on to?

use std::borrow::Cow;

use storage::observable::addr;

use crate::lexer::Kind;
use crate::lexer::field::{plausible, without_session};
use crate::lexer::layout::{Layout, Word, WordKind};
use crate::time::{Context, Memo, TimeSpec};

/// Whether a text can be this word's.
pub(crate) fn fits(word: &Word, text: &[u8]) -> bool {
    match &word.kind {
        WordKind::Time(spec) => is_time(spec, text, &mut Memo::default()),
        _ => plausible(word, text),
    }
}

/// Whether a text can only be this word's (`true`), may be its (`false`), or can't be (`None`).
pub(crate) fn anchors(word: &Word, text: &[u8]) -> Option<bool> {
    if let WordKind::Time(spec) = &word.kind {
        // The date alone, where the time of day is a value of its own.
        let begins = text.iter().filter(|byte| byte.is_ascii_digit()).count() >= 6;
        let reads = is_time(spec, text, &mut Memo::default());
        return (reads || begins && text.len() <= 10).then_some(true);
    }
    let text = word.wrap.as_ref().map_or(Cow::Borrowed(text), |wrap| wrap.decode(text));
    if word.fields().any(|field| field.is_null(&text)) {
        return Some(false);
    }
    if word.tokens.len() > 1 {
        // A whole URL, or the target of CONNECT, can stand nowhere else.
        let whole = memchr::memmem::find(&text, b"://").is_some();
        let connect = text.starts_with(b"CONNECT ") && text.contains(&b':');
        return plausible(word, &text).then_some(whole || connect);
    }
    let sure = word.fields().any(|field| is_sure(&field.kind, &text));
    let named = word.fields().any(|field| matches!(field.kind, Kind::Method | Kind::Scheme));
    let path = word.fields().any(|field| field.kind == Kind::Path);
    let unknown = matches!(&*text, b"unknown" | b"NONE" | b"invalid")
        || word.fields().any(|field| field.kind == Kind::Method) && is_command(&text);
    if named && !sure && !unknown || path && text.first() != Some(&b'/') {
        return None;
    }
    // A client may have a name; but a word alone is none.
    let address = word.fields().any(|field| matches!(field.kind, Kind::Address(_)));
    if address && !text.iter().any(|byte| b".:".contains(byte)) {
        return None;
    }
    plausible(word, &text).then_some(sure)
}

/// Whether a text may be a method nobody has heard of: capitals, or any letters behind the number of an FTP session.
fn is_command(text: &[u8]) -> bool {
    let bare = without_session(text);
    let letter = |byte: &u8| match bare.len() < text.len() {
        true => byte.is_ascii_alphabetic(),
        false => byte.is_ascii_uppercase(),
    };
    (3..=24).contains(&bare.len()) && bare.iter().all(letter)
}

/// Whether a text can stand in no other column: addresses, the usual methods and schemes, whole URLs. Numbers can.
fn is_sure(kind: &Kind, text: &[u8]) -> bool {
    const METHODS: [&[u8]; 14] = [
        b"GET",
        b"POST",
        b"CONNECT",
        b"HEAD",
        b"PUT",
        b"DELETE",
        b"OPTIONS",
        b"PATCH",
        b"TRACE",
        b"PROPFIND",
        b"REPORT",
        b"LOCK",
        b"MOVE",
        b"SEARCH",
    ];
    const SCHEMES: [&[u8]; 10] =
        [b"http", b"https", b"ftp", b"tcp", b"ssl", b"tunnel", b"ws", b"wss", b"rtsp", b"mms"];
    let among = |words: &[&[u8]]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    match kind {
        Kind::Address(_) | Kind::Endpoint(..) => {
            let text = String::from_utf8_lossy(text);
            addr::normalize(text.rsplit_once(':').map_or(&*text, |(addr, _)| addr)).is_some()
                || addr::normalize(&text).is_some()
        }
        Kind::Method => METHODS.iter().any(|word| word.eq_ignore_ascii_case(text)),
        Kind::Scheme => among(&SCHEMES),
        Kind::Url => memchr::memmem::find(text, b"://").is_some(),
        Kind::Path => text.first() == Some(&b'/'),
        Kind::Media(_) => MEDIA.iter().any(|kind| text.starts_with(kind)),
        Kind::Verdict(table, _) | Kind::Judged(table, _) => {
            std::str::from_utf8(text).is_ok_and(|word| table.known(word).is_some())
        }
        _ => false,
    }
}

/// Whether a text is a time of this kind, in whatever year.
fn is_time(spec: &TimeSpec, text: &[u8], memo: &mut Memo) -> bool {
    // 2100-01-01: only whether it can be read counts.
    let context =
        Context { near: Some(4_102_444_800_000_000), date: Some(0), ..Context::default() };
    spec.read_in(text, &context, memo).is_some()
}

/// How media types begin.
const MEDIA: &[&[u8]] =
    &[b"text/", b"image/", b"application/", b"audio/", b"video/", b"font/", b"multipart/"];

/// Whether the text of a word that may hold anything holds the beginning of another record: a time, or a second URL.
pub(super) fn holds_a_record(layout: &Layout, word: &Word, text: &[u8]) -> bool {
    let Some(WordKind::Time(spec)) = layout.words.get(layout.time).map(|word| &word.kind) else {
        return false;
    };
    let mut memo = Memo::default();
    text.split(|&byte| byte == b' ' || byte == layout.separator).enumerate().any(|(nth, piece)| {
        let piece = piece.strip_prefix(b"[").unwrap_or(piece);
        let colons = memchr::memchr_iter(b':', piece).count();
        let calendar = piece.len() >= 19 && colons >= 3 && piece[0].is_ascii_digit();
        let url = nth > 1 && !word.quoted && memchr::memmem::find(piece, b"://").is_some();
        url || calendar || piece.len() > 9 && is_time(spec, piece, &mut memo)
    })
}
