//! How long is the syslog header before a line, and what does it say? RFC 5424, RFC 3164 with its many habits, and
//! headers without priority; behind it the `Info: ` of Cisco's appliances.

use std::ops::Range;

/// A header before a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its length, up to the line.
    pub(crate) len: usize,
    /// Where its time stands.
    pub(crate) time: Option<Range<usize>>,
    /// Where the name of the sending host stands.
    pub(crate) host: Option<Range<usize>>,
}

/// The longest word of a header.
const WORD_BYTES: usize = 256;

/// The header that a line begins with.
pub(crate) fn head(line: &[u8]) -> Option<Head> {
    let mut at = priority(line).unwrap_or(0);
    let marked = at > 0;
    if marked && line[at..].starts_with(b"1 ") {
        return rfc5424(line, at + 2);
    }
    let Some(len) = time_len(&line[at..]) else {
        let bare = info(line, 0);
        let len = if marked { info(line, at) } else { bare };
        return (len > 0).then_some(Head { len, time: None, host: None });
    };
    let time = Some(at..at + len);
    at += len;
    // `TIME: host` is written by Cisco's devices.
    at += usize::from(line.get(at) == Some(&b':'));
    if line.get(at) != Some(&b' ') {
        return None;
    }
    at = skip_spaces(line, at);
    let mut host = None;
    if !is_tag(word(line, at)?) {
        let len = word(line, at)?.len();
        host = Some(at..at + len);
        at = skip_spaces(line, at + len);
    }
    if let Some(tag) = word(line, at).filter(|word| is_tag(word)) {
        at += tag.len();
        // What follows a tag is separated by one space; more belong to the line (right-aligned numbers).
        at += usize::from(line.get(at) == Some(&b' '));
    }
    Some(Head { len: info(line, at), time, host })
}

/// `<134>`
fn priority(line: &[u8]) -> Option<usize> {
    let digits = line.strip_prefix(b"<")?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ends = (1..=3).contains(&digits) && line.get(digits + 1) == Some(&b'>');
    // Some relays put a space behind it.
    ends.then(|| digits + 2 + usize::from(line.get(digits + 2) == Some(&b' ')))
}

/// `TIME HOST APP PROCID MSGID SD ` behind the version.
fn rfc5424(line: &[u8], start: usize) -> Option<Head> {
    let mut at = start;
    let mut places: Vec<Range<usize>> = Vec::with_capacity(5);
    for _ in 0..5 {
        let len = word(line, at)?.len();
        places.push(at..at + len);
        at += len + 1;
    }
    if line.get(at) == Some(&b'-') {
        at += 1;
    } else {
        while line.get(at) == Some(&b'[') {
            at = structured(line, at)?;
        }
    }
    at += usize::from(line.get(at) == Some(&b' '));
    if line.get(at..).is_some_and(|rest| rest.starts_with(b"\xef\xbb\xbf")) {
        at += 3;
    }
    let told = |range: &Range<usize>| line.get(range.clone()) != Some(b"-");
    let mut places = places.into_iter();
    let time = places.next().filter(told);
    let host = places.next().filter(told);
    (at <= line.len()).then_some(Head { len: at, time, host })
}

/// The end of `[id key="value" ...]`; backslashes escape within values.
fn structured(line: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    let mut quoted = false;
    loop {
        match line.get(at)? {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b']' if !quoted => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
}

/// `Info: ` and its like, which Cisco's appliances put before what they send.
fn info(line: &[u8], at: usize) -> usize {
    let rest = line.get(at..).unwrap_or_default();
    let known: [&[u8]; 4] = [b"Info: ", b"Debug: ", b"Warning: ", b"Critical: "];
    let found = known.iter().find(|word| rest.starts_with(word));
    at + found.map_or(0, |word| word.len())
}

fn skip_spaces(line: &[u8], at: usize) -> usize {
    at + line.get(at..).unwrap_or_default().iter().take_while(|&&byte| byte == b' ').count()
}

fn word(line: &[u8], at: usize) -> Option<&[u8]> {
    let rest = line.get(at..)?;
    let head = &rest[..rest.len().min(WORD_BYTES)];
    let len = memchr::memchr(b' ', head).unwrap_or(head.len());
    (len > 0 && len < WORD_BYTES).then(|| &rest[..len])
}

/// `squid[123]:`, `proxy:`
fn is_tag(word: &[u8]) -> bool {
    let Some(name) = word.strip_suffix(b":") else { return false };
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./[]()%#:".contains(byte);
    name.first().is_some_and(|&byte| byte != b'#')
        && name.iter().all(letter)
        && name.iter().any(u8::is_ascii_alphabetic)
}

/// The length of a time at the beginning: `Oct  6 12:34:56`, with a year or without, `2026-11-20T...`, or that of Sophos.
fn time_len(text: &[u8]) -> Option<usize> {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let digits = |at: usize, len: usize| {
        text.get(at..at + len).is_some_and(|found| found.iter().all(u8::is_ascii_digit))
    };
    let is = |at: usize, byte: u8| text.get(at) == Some(&byte);
    if text.get(..3).is_some_and(|month| MONTHS.contains(&month)) && is(3, b' ') {
        let day = skip_spaces(text, 3);
        let day_len = text.get(day..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut at = day + day_len;
        if !(1..=2).contains(&day_len) || !is(at, b' ') {
            return None;
        }
        at += 1;
        if digits(at, 4) && is(at + 4, b' ') {
            at += 5;
        }
        let clock = digits(at, 2) && is(at + 2, b':') && digits(at + 3, 2) && digits(at + 6, 2);
        return clock.then(|| at + 8 + fraction(&text[at + 8..]));
    }
    // `2026-11-20T10:00:01.123+01:00`, `2026:11:20-10:00:01`
    let date = digits(0, 4) && (is(4, b'-') || is(4, b':')) && digits(5, 2) && digits(8, 2);
    if !date || !(is(10, b'T') || is(10, b'-')) || !digits(11, 2) || !is(13, b':') {
        return None;
    }
    word(text, 0).map(<[u8]>::len)
}

fn fraction(text: &[u8]) -> usize {
    match text.split_first() {
        Some((b'.', rest)) => 1 + rest.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn cut(line: &str, body: &str, time: &str, host: &str) {
        let found = head(line.as_bytes()).unwrap();
        let text = |range: &Option<Range<usize>>| range.clone().map_or("", |range| &line[range]);
        assert_eq!(&line[found.len..], body);
        assert_eq!((text(&found.time), text(&found.host)), (time, host));
    }

    #[test]
    fn headers_of_all_kinds() {
        cut("<134>Oct  6 12:34:56 px1 squid[12]: 1795 x", "1795 x", "Oct  6 12:34:56", "px1");
        cut("Oct 16 12:34:56 px1 squid[12]:    45 x", "   45 x", "Oct 16 12:34:56", "px1");
        cut("Oct 16 12:34:56 squid[12]: x", "x", "Oct 16 12:34:56", "");
        cut(
            "Aug 18 12:30:46 10.8.24.10 #Fields: a b",
            "#Fields: a b",
            "Aug 18 12:30:46",
            "10.8.24.10",
        );
        cut("<13>Oct 16 2026 12:34:56: fw1 wsa: Info: 17 x", "17 x", "Oct 16 2026 12:34:56", "fw1");
        cut(
            "2026-11-20T10:00:01.5+01:00 px2 tag: x y",
            "x y",
            "2026-11-20T10:00:01.5+01:00",
            "px2",
        );
        cut(
            "2026:11:20-10:00:01 utm httpproxy[6267]: id=\"1\"",
            "id=\"1\"",
            "2026:11:20-10:00:01",
            "utm",
        );
        cut(
            "<14>1 2026-11-20T10:00:01Z px3 app 12 - [a@1 b=\"]\\\"\"][c] body",
            "body",
            "2026-11-20T10:00:01Z",
            "px3",
        );
        cut("<14>1 - - - - - - body", "body", "", "");
        cut(
            "<134> 2026-11-20T10:00:01Z px4 bluecoat[0]: x=1",
            "x=1",
            "2026-11-20T10:00:01Z",
            "px4",
        );
        cut("<134>1795169425.918 x", "1795169425.918 x", "", "");
        cut("Info: 1795169425.918 x", "1795169425.918 x", "", "");
    }

    #[test]
    fn other_lines_have_none() {
        for line in [
            "",
            "<",
            "<134",
            "1795169425.918 45 10.1.2.3",
            "Oct",
            "Octave 12 x",
            "<14>1 a b",
            "#Fields: a",
        ] {
            assert_eq!(head(line.as_bytes()), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(line in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120)) {
            if let Some(head) = head(&line) {
                proptest::prop_assert!(head.len <= line.len());
            }
        }
    }
}
