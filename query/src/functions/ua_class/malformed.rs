//! Which user agents can't have been sent by the program they claim to be?
//!
//! The rules are about structure, so that they catch families of forged agents and not single ones.

/// Versions of Chrome and Firefox above this are not there for years to come.
const NEWEST: u32 = 220;
/// Longer agents are not from a program that behaves.
const LONGEST: usize = 512;

/// The rule that `ua` breaks, if any. `lower` is the same in lower case; neither is empty.
pub(super) fn reason(ua: &str, lower: &str, known_word: bool) -> Option<&'static str> {
    bytes(ua)
        .or_else(|| beginning(ua, lower))
        .or_else(|| word(lower, known_word))
        .or_else(|| brackets(ua))
        .or_else(|| spelling(lower))
        .or_else(|| explorer(lower))
        .or_else(|| windows(lower))
        .or_else(|| versions(lower))
        .or_else(|| fragment(lower))
}

fn bytes(ua: &str) -> Option<&'static str> {
    if ua.len() > LONGEST {
        return Some("length");
    }
    ua.bytes().any(|b| !(0x20..0x7f).contains(&b)).then_some("bytes")
}

fn beginning(ua: &str, lower: &str) -> Option<&'static str> {
    if ua.starts_with(' ') {
        return Some("leading blank");
    }
    if ["user-agent", "mozila", "moxilla", "mozzila", "mozilla "]
        .iter()
        .any(|p| lower.starts_with(p))
    {
        return Some("typo");
    }
    if lower.trim_end() == "mozilla/4.0" || lower.trim_end() == "mozilla/5.0" || lower == "mozilla"
    {
        return Some("bare");
    }
    let version = lower.strip_prefix("mozilla/")?;
    let major = number(version)?;
    let old = (1..=3).contains(&major)
        && version
            .split([' ', '(', ';'])
            .next()
            .is_some_and(|v| version[v.len()..].starts_with(' '));
    let adobe = lower.contains("acrobat") || lower.contains("adobe");
    if (old && !adobe) || major >= 6 {
        return Some("mozilla version");
    }
    None
}

fn word(lower: &str, known: bool) -> Option<&'static str> {
    if lower.contains(' ') || known {
        return None;
    }
    if lower.len() < 5 {
        return Some("short");
    }
    let plain = lower.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if plain && lower.bytes().any(|b| b.is_ascii_digit()) {
        return Some("digits");
    }
    let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let padded = lower.len() >= 8 && lower.ends_with('=') && lower.bytes().all(base64);
    (padded || lower.starts_with("tw96awxsy")).then_some("base64")
}

fn brackets(ua: &str) -> Option<&'static str> {
    let mut depth = 0_i32;
    for b in ua.bytes() {
        match b {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            break;
        }
    }
    (depth != 0).then_some("brackets")
}

fn spelling(lower: &str) -> Option<&'static str> {
    let typo = [";msie ", ";windows nt", "chrome /", "win32; x32", "windows nt 6.;"];
    typo.iter().any(|t| lower.contains(t)).then_some("typo")
}

/// Claims of Internet Explorer that can't be: its engine and its system have to fit.
fn explorer(lower: &str) -> Option<&'static str> {
    if lower.contains("opera") || lower.contains("iemobile") || lower.contains("windows phone") {
        return None;
    }
    let msie = number(after(lower, "msie ")?)?;
    let trident = after(lower, "trident/").and_then(number);
    let expected = match msie {
        8 => Some(4),
        9 => Some(5),
        10 => Some(6),
        11 => Some(7),
        _ => None,
    };
    if let (Some(expected), Some(trident)) = (expected, trident)
        && expected != trident
    {
        return Some("msie and trident");
    }
    // In its compatibility mode a later Explorer says 7 and keeps its own engine.
    let compatible = msie == 7 && trident.is_some_and(|t| t >= 4);
    if msie <= 8 && !compatible && windows_version(lower).is_some_and(|v| v >= (6, 2)) {
        return Some("msie and windows");
    }
    None
}

fn windows_version(lower: &str) -> Option<(u32, u32)> {
    let text = after(lower, "windows nt ")?;
    let major = number(text)?;
    let minor =
        text.split_once('.').filter(|(head, _)| head.len() <= 2).and_then(|(_, m)| number(m));
    Some((major, minor.unwrap_or(0)))
}

fn windows(lower: &str) -> Option<&'static str> {
    let odd = match windows_version(lower)? {
        (5, minor) => minor > 2,
        (6, minor) => minor > 4,
        (10, minor) => minor > 0,
        (major, _) => major > 6,
    };
    odd.then_some("windows version")
}

fn versions(lower: &str) -> Option<&'static str> {
    let chrome = after(lower, " chrome/").and_then(number);
    let firefox = after(lower, " firefox/").and_then(number);
    if chrome.is_some_and(|v| v > NEWEST) || firefox.is_some_and(|v| v > NEWEST) {
        return Some("future version");
    }
    let (firefox, rv) = (firefox?, after(lower, "; rv:").and_then(number)?);
    // Before version 5 both were counted apart; from 110 to 119 rv stood still at 109.
    let still = rv == 109 && (110..=119).contains(&firefox);
    (rv >= 5 && rv != firefox && !still && lower.contains(") gecko/")).then_some("rv and version")
}

/// An engine without a browser.
fn fragment(lower: &str) -> Option<&'static str> {
    if !lower.starts_with("mozilla/5.0 (") {
        return None;
    }
    let rv = after(lower, "; rv:").and_then(number);
    if lower.ends_with(" gecko/20100101") && rv.is_some_and(|v| v >= 2) {
        return Some("no browser");
    }
    let desktop = lower.contains("windows nt") || lower.contains("(x11");
    (desktop && lower.ends_with("(khtml, like gecko)")).then_some("no browser")
}

/// What follows `mark`.
fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.find(mark).map(|at| &text[at + mark.len()..])
}

/// The whole number at the beginning.
fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ua: &str) -> Option<&'static str> {
        reason(ua, &ua.to_ascii_lowercase(), false)
    }

    #[test]
    fn forged_agents_break_a_rule() {
        for (ua, expected) in [
            ("User-Agent: Mozilla/5.0 (Windows NT 10.0)", "typo"),
            (" Mozilla/5.0 (Windows NT 10.0)", "leading blank"),
            ("Mozila/5.0 (Windows NT 10.0)", "typo"),
            ("Mozilla 5.0 (Windows NT 10.0)", "typo"),
            ("Mozilla/2.0 (compatible; MSIE 3.0)", "mozilla version"),
            ("Mozilla/6.0 (X11; Linux x86_64)", "mozilla version"),
            ("Mozilla/5.0", "bare"),
            ("Mozilla/4.0", "bare"),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64", "brackets"),
            ("Mozilla/4.0 (compatible;MSIE 6.0; Windows NT 5.1)", "typo"),
            ("Mozilla/4.0 (compatible; MSIE 8.0;Windows NT 6.1)", "typo"),
            ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/5.0)", "msie and trident"),
            ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 10.0)", "msie and windows"),
            ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.2)", "msie and windows"),
            (
                "Mozilla/5.0 (Windows NT 6.5; rv:50.0) Gecko/20100101 Firefox/50.0",
                "windows version",
            ),
            ("Mozilla/5.0 (Windows NT 9; rv:50.0) Gecko/20100101 Firefox/50.0", "windows version"),
            ("Mozilla/5.0 (Windows NT 6.; WOW64; rv:20.0) Gecko/20100101 Firefox/20.0", "typo"),
            ("Mozilla/5.0 (Windows NT 10.0; Win32; x32; rv:60.0)", "typo"),
            ("Mozilla/5.0 (Windows NT 6.3; rv:39.0) Gecko/20100101 Firefox/35.0", "rv and version"),
            (
                "Mozilla/5.0 (Windows NT 10.0; rv:999.0) Gecko/20100101 Firefox/999.0",
                "future version",
            ),
            ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko)", "no browser"),
            ("Mozilla/5.0 (Windows NT 10.0; rv:60.0) Gecko/20100101", "no browser"),
            ("xxx", "short"),
            ("4ce7c27cb4be9d32e333bf032c88235a", "digits"),
            ("TW96aWxsYS81LjAg", "base64"),
            ("aGVsbG8gd29ybGQ=", "base64"),
            ("Mozilla/5.0 \u{7}", "bytes"),
            ("Möbel/1.0", "bytes"),
        ] {
            assert_eq!(of(ua), Some(expected), "{ua}");
        }
        assert_eq!(of(&"a b".repeat(300)), Some("length"));
    }

    #[test]
    fn real_agents_break_none() {
        for ua in [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/115.0",
            "Mozilla/5.0 (X11; U; Linux i686; en-US; rv:1.9.2.3) Gecko/20100401 Firefox/3.6.3",
            "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C)",
            "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
            "Mozilla/3.0 (compatible; Adobe Synchronizer 10.12.20000)",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
            "curl/8.5.0",
        ] {
            assert_eq!(of(ua), None, "{ua}");
        }
    }
}
