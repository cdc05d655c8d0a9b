//! Which rule does a forged agent break, and does a real one break none?

use super::*;

fn of(ua: &str) -> Option<&'static str> {
    broken(ua, &ua.to_ascii_lowercase(), false).map(|broken| broken.rule)
}

#[test]
fn forged_agents_break_a_rule() {
    for (ua, expected) in [
        ("User-Agent: Mozilla/5.0 (Windows NT 10.0)", "typing error"),
        (" Mozilla/5.0 (Windows NT 10.0)", "blank"),
        ("Mozila/5.0 (Windows NT 10.0)", "typing error"),
        ("Mozilla 5.0 (Windows NT 10.0)", "typing error"),
        ("Mozilla/2.0 (compatible; MSIE 3.0)", "version of Mozilla"),
        ("Mozilla/6.0 (X11; Linux x86_64)", "version of Mozilla"),
        ("Mozilla/5.0", "nothing behind"),
        ("Mozilla/4.0", "nothing behind"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64", "brackets"),
        ("Mozilla/4.0 (compatible;MSIE 6.0; Windows NT 5.1)", "typing error"),
        ("Mozilla/4.0 (compatible; MSIE 8.0;Windows NT 6.1)", "typing error"),
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/5.0)", "engine of another"),
        ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 10.0)", "never was"),
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.2)", "never was"),
        ("Mozilla/5.0 (Windows NT 6.5; rv:50.0) Gecko/20100101 Firefox/50.0", "of Windows"),
        ("Mozilla/5.0 (Windows NT 9; rv:50.0) Gecko/20100101 Firefox/50.0", "of Windows"),
        ("Mozilla/5.0 (Windows NT 6.; WOW64; rv:20.0) Gecko/20100101 Firefox/20.0", "typing"),
        ("Mozilla/5.0 (Windows NT 10.0; Win32; x32; rv:60.0)", "typing error"),
        ("Mozilla/5.0 (Windows NT 6.3; rv:39.0) Gecko/20100101 Firefox/35.0", "rv and"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:999.0) Gecko/20100101 Firefox/999.0", "newest"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko)",
            "without a browser",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; rv:60.0) Gecko/20100101", "without a browser"),
        ("xxx", "short"),
        ("4ce7c27cb4be9d32e333bf032c88235a", "digits"),
        ("TW96aWxsYS81LjAg", "Base64"),
        ("aGVsbG8gd29ybGQ=", "Base64"),
        ("Mozilla/5.0 \u{7}", "bytes"),
        ("Möbel/1.0", "bytes"),
    ] {
        let rule = of(ua).unwrap_or("no rule");
        assert!(rule.contains(expected), "{ua}: {rule}");
    }
    assert!(of(&"a b".repeat(300)).is_some());
}

#[test]
fn claims_that_nobody_makes() {
    for (ua, expected) in [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/102.0.5005.63 Safari/537.36 Edg/100.0.1185.39",
            "Edge",
        ),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) Chrome/28.0.1500.95 Safari/537.36", "Chrome without"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:90.0) Firefox/90.0", "Firefox without"),
        (
            "Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "for this system",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; iPhone) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
            "two systems",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chorme/120.0.0.0 Safari/537.36",
            "typing error",
        ),
        (
            "Mozilla/5.0(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
            "blank",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "no browser"),
        ("Mozilla/5.0 (Windows NT 6.2; WOW64; rv:20.0) Gecko/20100101 Firefox/", "version follows"),
    ] {
        let found = doubtful(&ua.to_ascii_lowercase());
        let rule = found.map_or("no rule", |broken| broken.rule);
        assert!(rule.contains(expected), "{ua}: {rule}");
    }
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
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
        "curl/8.5.0",
    ] {
        assert_eq!(of(ua), None, "{ua}");
        assert_eq!(doubtful(&ua.to_ascii_lowercase()), None, "{ua}");
    }
}
