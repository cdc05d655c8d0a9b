//! What is left of an agent when its versions don't count?
//!
//! Programs are updated every few weeks, and an agent with the next version is no news. Numbers become `#`; those stay that
//! tell a browser's make and system apart and that no update changes: a forger gets just these wrong.

/// What stands before numbers that stay as they are.
const KEPT: [&str; 10] = [
    "windows nt ",
    "x86_",
    "mozilla/",
    "applewebkit/",
    "safari/",
    "gecko/",
    "trident/",
    "msie ",
    "windows phone ",
    "client-protocol/",
];
/// Longer ones are cut: a pattern is for people to read.
const LONGEST: usize = 512;

/// An agent without its versions, build numbers and identifiers.
pub fn pattern(ua: &str) -> String {
    let ua = &ua[..ua.floor_char_boundary(LONGEST)];
    let lower = ua.to_ascii_lowercase();
    let model = model(&lower);
    let mut out = String::with_capacity(ua.len());
    let mut at = 0;
    while at < ua.len() {
        if at == model.start && !model.is_empty() {
            out.push('#');
            at = model.end;
            continue;
        }
        let rest = &ua[at..];
        let word = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if word == 0 {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..next]);
            at += next;
            continue;
        }
        let number = number(rest);
        if number > 0 {
            let kept = KEPT.iter().any(|mark| lower[..at].ends_with(mark));
            out.push_str(if kept { &rest[..number] } else { "#" });
            at += number;
        } else {
            out.push_str(if identifier(&rest[..word]) { "#" } else { &rest[..word] });
            at += word;
        }
    }
    out
}

/// The length of a number with its points at the beginning; 0 where letters hang on it.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    loop {
        let digits = bytes[end..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            break;
        }
        end += digits;
        let joined = bytes.get(end).is_some_and(|b| matches!(b, b'.' | b'_'))
            && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !joined {
            break;
        }
        end += 1;
    }
    let letters = bytes.get(end).is_some_and(u8::is_ascii_alphabetic);
    if letters { 0 } else { end }
}

/// A word that was counted or drawn, not chosen.
fn identifier(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let hex = word.bytes().all(|b| b.is_ascii_hexdigit());
    (word.len() >= 8 && hex && digits > 0) || (word.len() >= 12 && digits >= 4)
}

/// Where a handheld names its model and build.
fn model(lower: &str) -> std::ops::Range<usize> {
    let Some(android) = lower.find("; android ") else { return 0..0 };
    let after = android + 10;
    let Some(start) = lower[after..].find(';').map(|at| after + at + 2) else { return 0..0 };
    let end = lower[start.min(lower.len())..].find(')').map(|at| start + at);
    let end = end.map(|end| end - if lower[..end].ends_with("; wv") { 4 } else { 0 });
    match end {
        Some(end) if start < end => start..end,
        _ => 0..0,
    }
}

/// How unlike two agents are, from 0 (the same tokens in order) to 1 (none in common): the edit distance of their tokens
/// over the number of tokens of the longer one. Versions count little.
pub fn distance(a: &str, b: &str) -> f64 {
    let (a, b) = (tokens(a), tokens(b));
    let longest = a.len().max(b.len());
    if longest == 0 {
        return 0.0;
    }
    let mut row: Vec<f64> = (0..=b.len()).map(|n| n as f64).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = (i + 1) as f64;
        for (j, y) in b.iter().enumerate() {
            let change = corner + price(x, y);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1.0).min(row[j] + 1.0);
        }
    }
    row[b.len()] / longest as f64
}

/// No more tokens than these are compared.
const TOKENS: usize = 64;

fn tokens(ua: &str) -> Vec<&str> {
    ua.split([' ', ';', '(', ')', ',']).filter(|token| !token.is_empty()).take(TOKENS).collect()
}

/// What it costs to put one token in another's place.
fn price(a: &str, b: &str) -> f64 {
    if a.eq_ignore_ascii_case(b) {
        return 0.0;
    }
    let name = |token| str::split(token, ['/', ':']).next().unwrap_or_default();
    if name(a).eq_ignore_ascii_case(name(b)) { 0.25 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_do_not_count() {
        for (ua, expected) in [
            ("curl/8.5.0", "curl/#"),
            ("okhttp/4.12.0", "okhttp/#"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/# Safari/537.36",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                "Mozilla/5.0 (X11; Linux x86_64; rv:#) Gecko/20100101 Firefox/#",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-A536B Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.6099.144 Mobile Safari/537.36",
                "Mozilla/5.0 (Linux; Android #; #; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/# Chrome/# Mobile Safari/537.36",
            ),
            (
                "Dalvik/2.1.0 (Linux; U; Android 13; SM-A536B Build/TP1A)",
                "Dalvik/# (Linux; U; Android #; #)",
            ),
            ("MyBank/812 CFNetwork/1474 Darwin/23.0.0", "MyBank/# CFNetwork/# Darwin/#"),
            (
                "Microsoft SkyDriveSync 24.020.0128.0003 ship; Windows NT 10.0 (22631)",
                "Microsoft SkyDriveSync # ship; Windows NT 10.0 (#)",
            ),
            ("agent-4ce7c27cb4be9d32e333bf032c88235a", "agent-#"),
            ("Möbel 3", "Möbel #"),
            ("", ""),
        ] {
            assert_eq!(pattern(ua), expected, "{ua}");
        }
    }

    #[test]
    fn near_is_nearer_than_far() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
        let older = chrome.replace("131", "99");
        let mac =
            chrome.replace("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7");
        assert_eq!(distance(chrome, chrome), 0.0);
        assert!(distance(chrome, &older) < distance(chrome, &mac));
        assert!(distance(chrome, &mac) < distance(chrome, "curl/8.5.0"));
        assert_eq!(distance("curl/8", "wget/1"), 1.0);
        assert_eq!(distance("", ""), 0.0);
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_a_pattern(a in "\\PC{0,80}", b in "(Android 1|; |[0-9._]{1,6}|\\(|\\)|[a-z]{1,4}|é){0,30}") {
            pattern(&a);
            pattern(&b);
            let far = distance(&a, &b);
            proptest::prop_assert!((0.0..=1.0).contains(&far));
            proptest::prop_assert_eq!(far, distance(&b, &a));
        }
    }
}
