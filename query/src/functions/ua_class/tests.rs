//! Which agent gets which class, and how far do public lists agree?

use super::*;
use arrow::array::{DictionaryArray, StringArray, StringViewArray};
use std::path::{Path, PathBuf};

fn name(ua: &str) -> &'static str {
    NAMES[classify(ua) as usize]
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
fn all_forms_of_text_give_the_same() {
    let agents = [Some("curl/8.5.0"), None, Some("-"), Some("okhttp/4.12.0"), Some("curl/8.5.0")];
    let plain = StringArray::from_iter(agents);
    let views = StringViewArray::from_iter(agents);
    let dictionary: DictionaryArray<Int32Type> = agents.into_iter().collect();
    let got = classes(&plain).unwrap();
    assert_eq!(got, classes(&views).unwrap());
    assert_eq!(got, classes(&dictionary).unwrap());
    let names: Vec<_> = got.into_iter().map(|c| NAMES[usize::from(c.unwrap())]).collect();
    assert_eq!(names, ["script", "empty", "empty", "library", "script"]);
}

#[test]
fn marks_are_lower_case_and_names_in_order() {
    for (_, _, list) in tables::MARKS {
        assert_eq!(*list, list.to_ascii_lowercase());
        assert!(list.split('|').all(|m| !m.is_empty()));
    }
    assert_eq!(NAMES[Class::SecurityAgent as usize], "security_agent");
    assert_eq!(NAMES[Class::Other as usize], "other");
    assert!(FINDER.automaton.is_some());
}

proptest::proptest! {
    #[test]
    fn any_text_has_a_class(ua in "\\PC{0,60}", cut in "(Mozilla/|Windows NT |MSIE |rv:| Firefox/| Chrome/|\\(|[0-9.; ]{1,4}){0,12}") {
        classify(&ua);
        classify(&cut);
    }
}

/// Public test sets that lie beside some checkouts; without them there is nothing to measure.
fn lists() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.map(|folder| folder.join("shared/ua")).find(|folder| folder.is_dir())
}

fn quoted(line: &str) -> String {
    let text = line.trim();
    match text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => text.trim_matches('"').replace("\\\"", "\""),
    }
}

struct Tally {
    right: usize,
    all: usize,
    c2: usize,
}

impl Tally {
    fn see(&mut self, ua: &str, expected: &[&str], what: &str) {
        let got = name(ua);
        self.all += 1;
        self.c2 += usize::from(got == "c2");
        if expected.contains(&got) {
            self.right += 1;
        } else {
            println!("{what}\t{got}\t{ua}");
        }
    }

    fn report(&self, what: &str) -> f64 {
        let share = self.right as f64 / self.all.max(1) as f64;
        println!("== {what}: {} of {} = {share:.4}; c2 {}", self.right, self.all, self.c2);
        share
    }
}

#[test]
fn agrees_with_woothee() {
    let Some(lists) = lists() else { return };
    let mut tally = Tally { right: 0, all: 0, c2: 0 };
    let mut files: Vec<_> = std::fs::read_dir(lists.join("woothee/testsets"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        let mut target = String::new();
        for line in text.lines() {
            let line = line.trim_start_matches("- ").trim();
            if let Some(ua) = line.strip_prefix("target:") {
                target = quoted(ua);
            } else if let Some(category) = line.strip_prefix("category:") {
                let category = category.trim();
                let expected: &[&str] = match category {
                    "pc" => &["browser", "office"],
                    "smartphone" => &["browser_mobile", "mobile_app"],
                    "mobilephone" => &["browser_mobile"],
                    "appliance" => &["media"],
                    "crawler" => &["bot"],
                    "misc" => &["script", "library", "bot", "other", "os_update", "media"],
                    _ => &["empty", "malformed", "other"],
                };
                tally.see(&target, expected, category);
            }
        }
    }
    assert!(tally.report("woothee") >= 0.98);
    assert_eq!(tally.c2, 0);
}

#[test]
fn agrees_with_the_list_of_crawlers() {
    let Some(lists) = lists() else { return };
    let text = std::fs::read(lists.join("crawler-user-agents/crawler-user-agents.json")).unwrap();
    let entries: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
    let mut exact = Tally { right: 0, all: 0, c2: 0 };
    let mut browsers = 0;
    for entry in entries {
        let tags: Vec<&str> =
            entry["tags"].as_array().unwrap().iter().filter_map(|t| t.as_str()).collect();
        let expected: &[&str] = match tags.first().copied() {
            Some("http-library") => &["script", "library", "bot", "malformed"],
            Some("scanner") => &["bot", "hacktool", "script", "malformed"],
            Some("social-preview") => {
                &["bot", "mobile_app", "sync_app", "script", "library", "malformed"]
            }
            _ => &["bot", "script", "malformed"],
        };
        for ua in entry["instances"].as_array().unwrap() {
            let ua = ua.as_str().unwrap();
            exact.see(ua, expected, tags.first().copied().unwrap_or_default());
            browsers += usize::from(name(ua).starts_with("browser"));
        }
    }
    assert!(exact.report("crawlers") >= 0.98);
    println!("== taken for browsers: {browsers}");
    assert_eq!(exact.c2, 0);
    assert!(browsers <= 5);
}

#[test]
fn accuses_no_ordinary_agent() {
    let Some(lists) = lists() else { return };
    let (mut all, mut counts) = (0, [0; NAMES.len()]);
    for file in [
        "tests/test_ua.yaml",
        "tests/test_os.yaml",
        "test_resources/additional_os_tests.yaml",
        "test_resources/firefox_user_agent_strings.yaml",
        "test_resources/opera_mini_user_agent_strings.yaml",
        "test_resources/pgts_browser_list.yaml",
        "test_resources/podcasting_user_agent_strings.yaml",
    ] {
        let text = std::fs::read_to_string(lists.join("uap-core").join(file)).unwrap();
        for line in text.lines() {
            let line = line.trim_start().trim_start_matches("- ").trim();
            if let Some(ua) = line.strip_prefix("user_agent_string:") {
                let class = classify(&quoted(ua));
                assert_ne!(class, Class::C2, "{ua}");
                all += 1;
                counts[class as usize] += 1;
            }
        }
    }
    println!("== ordinary: {all}; {:?}", NAMES.iter().zip(counts).collect::<Vec<_>>());
    assert!(all > 10_000);
}
