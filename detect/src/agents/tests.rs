//! Which agent gets which class, and which rule is named?

use super::*;

fn name(ua: &str) -> &'static str {
    classify(ua).class.name()
}

#[test]
fn classes_by_example() {
    for (ua, expected) in [
        ("", "empty"),
        ("-", "empty"),
        ("Mozilla/5.0", "malformed"),
        ("Mozilla/4.0 (compatible; MSIE 6.1; Windows NT)", "c2"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:60.0)", "c2"),
        ("antSword/v2.1", "c2"),
        ("sqlmap/1.8.4#stable (https://sqlmap.org)", "hacktool"),
        ("Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:Port Check)", "hacktool"),
        ("curl/8.5.0", "script"),
        ("Wget/1.21.4", "script"),
        ("python-requests/2.31.0", "script"),
        (
            "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1",
            "script",
        ),
        ("Microsoft BITS/7.8", "script"),
        ("CertUtil URL Agent", "script"),
        ("Go-http-client/1.1", "script"),
        ("Ruby", "script"),
        ("axios/1.6.2", "script"),
        ("okhttp/4.12.0", "library"),
        ("Java/17.0.9", "library"),
        ("Apache-HttpClient/4.5.14 (Java/17.0.9)", "library"),
        ("Microsoft-CryptoAPI/10.0", "library"),
        ("Windows-Update-Agent/10.0.10011.16384 Client-Protocol/2.50", "os_update"),
        ("Microsoft-Delivery-Optimization/10.0", "os_update"),
        ("Debian APT-HTTP/1.3 (2.6.1)", "os_update"),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)", "office"),
        ("Sophos AutoUpdate/6.15", "security_agent"),
        ("Microsoft SkyDriveSync 24.020.0128.0003 ship; Windows NT 10.0 (22631)", "sync_app"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Teams/1.6.00.4472 Chrome/102.0.5005.167 Electron/19.1.8 Safari/537.36",
            "sync_app",
        ),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "bot"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
            "bot",
        ),
        ("Dalvik/2.1.0 (Linux; U; Android 13; SM-A536B Build/TP1A.220624.014)", "mobile_app"),
        ("MyBank/812 CFNetwork/1474 Darwin/23.0.0", "mobile_app"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1",
            "browser_mobile",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.144 Mobile Safari/537.36",
            "browser_mobile",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91",
            "browser",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "browser"),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "browser"),
        (
            "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/6.0 TV Safari/537.36",
            "media",
        ),
        ("AppleCoreMedia/1.0.0.21C62 (Apple TV; U; CPU OS 17_2 like Mac OS X; en_us)", "media"),
        ("VLC/3.0.20 LibVLC/3.0.20", "media"),
        ("Acme Inventory 3.1", "other"),
    ] {
        assert_eq!(name(ua), expected, "{ua}");
    }
}

#[test]
fn names_are_in_order() {
    for (class, name) in Class::ALL.iter().zip(Class::NAMES) {
        assert_eq!((class.name(), Class::named(name)), (name, Some(*class)));
    }
    assert!(Class::ALL.is_sorted());
}

#[test]
fn reasons_name_the_text_and_the_author() {
    for (ua, expected) in [
        ("", "empty: no user agent"),
        ("curl/8.5.0", "script: a tool for scripts: \"curl/\""),
        (
            "Mozilla/5.0 (Windows NT 6.3; rv:39.0) Gecko/20100101 Firefox/35.0",
            "malformed: rv and Firefox's version don't go together: \"rv:39.0) Gecko/20100101 Firefox/35.0\"",
        ),
        (
            "sqlmap/1.8",
            "hacktool: a tool of attackers: \"sqlmap\" (Sigma rule c42a3073-30fb-48ae-8c99-c23ada84b103 by Florian Roth (Nextron Systems), DRL 1.1)",
        ),
        ("Acme Inventory 3.1", "other: no rule fits"),
    ] {
        assert_eq!(reason(ua), expected);
    }
}

proptest::proptest! {
    #[test]
    fn any_text_has_a_class(ua in "\\PC{0,60}", cut in "(Mozilla/|Windows NT |MSIE |rv:| Firefox/| Chrome/|\\(|[0-9.; ]{1,4}){0,12}") {
        classify(&ua);
        reason(&ua);
        flags::flags(&ua);
        classify(&cut);
        reason(&cut);
        flags::flags(&cut);
    }
}
