//! How do small texts become the log of a house in two weeks? Each line of a case is a burst of requests.
//!
//! `WHO DAYS TIMES METHOD URL [NAME=VALUE ..]`: who is `planted`, `near` (two clients of each case) or `crowd` (eight clients of all), days are those
//! since the first, times are `HH:MM` or `HH:MM-HH:MM xN`. `{n}` is the number of the request, `{r9}` nine characters by chance, `{w}` one of some
//! words. `quiet-lake`, `small-club`, `partner` and `backup` in hosts become names of the case. What is not named is as of a browser.
//! All clients also read a page every hour of every day, so that they have a past.

use std::fmt::Write as _;

/// The day that is hunted; those before are the past.
pub(super) const LAST: u32 = 14;
const FIELDS: &str = "#Software: SGOS 7.3.5.1\n#Version: 1.0\n#Fields: date time time-taken c-ip c-dns cs-username cs-method cs-version cs-uri-scheme cs-host \
    cs-uri-port cs-uri-path cs-uri-query sc-status s-action sc-filter-result x-exception-id sc-bytes cs-bytes rs(Content-Type) cs(Content-Type) \
    cs(User-Agent) cs(Referer) cs-categories r-ip x-cs-connection-negotiated-ssl-version x-cs-client-hello-server-name\n";
const AGENTS: &[(&str, &str)] = &[
    (
        "browser",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    ),
    (
        "edge",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    ),
    ("script", "python-requests/2.32.4"),
    ("curl", "curl/8.13.0"),
    ("webdav", "Microsoft-WebDAV-MiniRedir/10.0.26100"),
    ("update", "Windows-Update-Agent/10.0.10011.16384 Client-Protocol/2.71"),
    ("printer", "PaperMill-Device/2.2"),
    ("none", "-"),
    ("typo", "Mozilla 5.0 (Windows NT 10.0; Win64; x64) Gecko"),
    ("tuned", "Mozilla/5.0 (Windows NT 6.5; rv:90.0) Gecko/20100101 Firefox/90.0"),
    (
        "mac",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    ),
];
const WORDS: &[&str] = &["harbor", "meadow", "kettle", "river", "timber", "orchid", "saffron"];

/// A case: its hunt, its clients, and the levels that the planted one must reach and the near miss must not exceed.
pub(super) struct Case {
    pub(super) hunt: String,
    pub(super) planted: String,
    pub(super) near: String,
    pub(super) finds: String,
    pub(super) at_most: String,
}

/// All cases, and the log in which they lie.
pub(super) fn house(texts: &[(String, String)]) -> (Vec<Case>, String) {
    let mut lines = Vec::new();
    let cases: Vec<Case> = texts
        .iter()
        .enumerate()
        .map(|(number, (hunt, text))| case(number, hunt, text, &mut lines))
        .collect();
    for hour in 8..17 {
        let minute = 7 + hour;
        let habit =
            format!("crowd 0-{LAST} {hour:02}:{minute:02} GET http://www.daily.example/p.html");
        burst(0, &habit, &mut lines);
    }
    lines.sort();
    let log: String = lines.into_iter().map(|(_, line)| line).collect();
    (cases, format!("{FIELDS}{log}"))
}

fn case(number: usize, hunt: &str, text: &str, lines: &mut Vec<(u32, String)>) -> Case {
    let header = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("case {hunt} has no line `{name}`")).trim().to_owned()
    };
    for hour in 8..17 {
        for who in ["planted", "near"] {
            let minute = 7 + hour;
            let habit =
                format!("{who} 0-{LAST} {hour:02}:{minute:02} GET http://www.daily.example/p.html");
            burst(number, &habit, lines);
        }
    }
    let told = text.lines().map(str::trim);
    for line in told.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        burst(number, line, lines);
    }
    Case {
        hunt: hunt.to_owned(),
        planted: format!("10.9.{}.1", number + 10),
        near: format!("10.9.{}.2", number + 10),
        finds: header("# finds:"),
        at_most: header("# near:"),
    }
}

/// A line of a case as lines of the log, each with its second.
fn burst(number: usize, line: &str, lines: &mut Vec<(u32, String)>) {
    let mut line = line.to_owned();
    for name in ["quiet-lake", "small-club", "partner", "backup"] {
        line = line.replace(name, &format!("{name}-{number}"));
    }
    let mut words = line.split_whitespace().peekable();
    let (who, days, times) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let count =
        words.next_if(|word| word.starts_with('x')).map_or(1, |word| word[1..].parse().unwrap());
    let (method, url) = (words.next().unwrap(), words.next().unwrap());
    let named: Vec<(&str, &str)> = words.map(|word| word.split_once('=').unwrap()).collect();
    let clients: Vec<String> = match who {
        "planted" => vec![format!("10.9.{}.1", number + 10)],
        "near" => vec![format!("10.9.{}.2", number + 10)],
        "crowd" => (1..9).map(|at| format!("10.9.1.{at}")).collect(),
        other => panic!("nobody is called {other}"),
    };
    let (first, last) = range(days, |day| day.parse().unwrap());
    let (begin, end) = range(times, |time| {
        let (hour, minute) = time.split_once(':').unwrap();
        (hour.parse::<u32>().unwrap() * 60 + minute.parse::<u32>().unwrap()) * 60
    });
    for day in first..=last {
        for (at, client) in clients.iter().enumerate() {
            for n in 0..count {
                // Uneven on purpose: what comes at fixed times is for the hunts of beacons.
                let step = if count > 1 { (end - begin) * n / (count - 1) } else { 0 };
                let second = begin + step + (n * 37 + at as u32 * 11) % 23;
                lines.push((
                    day * 86_400 + second,
                    request(day, second, client, (method, url), n, &named),
                ));
            }
        }
    }
}

fn range<T: Copy>(text: &str, read: impl Fn(&str) -> T) -> (T, T) {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    (read(first), read(last))
}

fn request(
    day: u32,
    second: u32,
    client: &str,
    target: (&str, &str),
    n: u32,
    named: &[(&str, &str)],
) -> String {
    let of = |name: &str| {
        named.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| fill(value, n, day))
    };
    let or = |name: &str, value: &str| of(name).unwrap_or_else(|| value.into());
    let (method, url) = (target.0, fill(target.1, n, day));
    let (scheme, rest) = url.split_once("://").unwrap_or(("tcp", &url));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let usual = if scheme == "http" { "80" } else { "443" };
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, usual));
    let (path, query) = path.split_once('?').unwrap_or((path, "-"));
    let denied = of("denied").is_some();
    let agent = or("agent", "browser");
    let known = AGENTS.iter().find(|(name, _)| *name == agent);
    let agent = known.map_or(agent.as_str(), |(_, known)| known);
    let agent = if agent == "-" { agent.into() } else { format!("\"{agent}\"") };
    let sni = or("sni", if scheme == "http" { "-" } else { host });
    let status = or("status", if denied { "403" } else { "200" });
    let action = or(
        "action",
        if denied {
            "TCP_DENIED"
        } else if status.starts_with('5') {
            "TCP_ERR_MISS"
        } else {
            "TCP_NC_MISS"
        },
    );
    let mut line = format!(
        "2026-11-{:02} {:02}:{:02}:{:02} {} {client} - - {method} HTTP/{} {scheme} {host} {port} {} {query} {status} {action} {} {} ",
        day + 2,
        second / 3600,
        second / 60 % 60,
        second % 60,
        or("ms", "85"),
        or("version", "1.1"),
        if path.is_empty() { if method == "CONNECT" { "-" } else { "/" } } else { path },
        if denied { "DENIED" } else { "OBSERVED" },
        or("reason", if denied { "content_filter_denied" } else { "-" }),
    );
    // Sizes that wander unless they are given, as those of people do.
    let (down, up) = (9_000 + n * 977 % 7_000 + day * 31, 500 + n * 71 % 400 + day * 3);
    let _ = writeln!(
        line,
        "{} {} {} {} {agent} {} \"{}\" {} - {sni}",
        or("down", &down.to_string()),
        or("up", &up.to_string()),
        or("ctype", "text/html"),
        or("rtype", "-"),
        or("referer", "-"),
        or("category", "Business"),
        or("ip", "198.51.100.7"),
    );
    line
}

/// `{n}`, `{r}` and `{w}` in a text.
fn fill(text: &str, n: u32, day: u32) -> String {
    let mut text =
        text.replace("{n}", &n.to_string()).replace("{w}", WORDS[n as usize % WORDS.len()]);
    while let Some(at) = text.find("{r") {
        let (length, end) = text[at + 2..].split_once('}').map_or((16, at + 2), |(length, _)| {
            (length.parse().unwrap_or(16), at + 3 + length.len())
        });
        let mut seed = u64::from(n) * 7_919 + u64::from(day) * 104_729 + at as u64;
        let random: String = (0..length)
            .map(|_| {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                char::from(
                    b"bcdfghjklmnpqrstvwxz0123456789ABDEFGHIKLNOQRTUVWXYZaeiouy"
                        [(seed >> 33) as usize % 57],
                )
            })
            .collect();
        text.replace_range(at..end, &random);
    }
    text
}
