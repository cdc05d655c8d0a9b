//! Which incidents are hidden in the generated day? Each is one that the functions of dwell can show, and no more.
//!
//! All names end in `.example` and all addresses are reserved for documentation, so nobody real is accused.

use super::office::Office;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Plants all incidents.
pub(super) fn plant(office: &mut Office) {
    beacons(office);
    agents(office);
    ports(office);
}

fn who(office: &Office, at: usize) -> usize {
    at % office.clients.len()
}

/// Three implants that call home: with little jitter all day, with much jitter in working hours, and slowly.
fn beacons(office: &mut Office) {
    let (first, second, third) = (who(office, 41), who(office, 87), who(office, 133));
    let browser = office.clients[first].browser.to_owned();
    office.every(
        first,
        0,
        DAY_MS,
        MINUTE_MS,
        20,
        "POST",
        "http://sync.metrics-cloud.example/v2/collect",
        &browser,
    );
    steady(office, "http://sync.metrics-cloud.example/v2/collect", 412, 40, "203.0.113.24");

    let (from, to) = office.clients[second].work;
    let cobalt = "Mozilla/5.0 (Windows NT 10.0; Win32; x32; rv:60.0)";
    let url = "http://203.0.113.77/jquery-3.3.1.min.js";
    office.every(second, from, to, 3 * MINUTE_MS, 45, "GET", url, cobalt);
    steady(office, url, 503, 12, "203.0.113.77");

    let browser = office.clients[third].browser.to_owned();
    office.every(
        third,
        0,
        DAY_MS,
        15 * MINUTE_MS,
        8,
        "CONNECT",
        "cdn-assets-eu.example:443",
        &browser,
    );
    steady(office, "cdn-assets-eu.example:443", 274, 6, "198.51.100.19");
}

/// Gives an implant's requests nearly equal sizes and one server.
fn steady(office: &mut Office, url: &str, bytes: u64, spread: u64, server: &str) {
    for request in office.requests.iter_mut().rev().filter(|request| request.url == url) {
        request.request_bytes = bytes + office.random.below(spread);
        request.response_bytes = 180 + office.random.below(60);
        request.server = server.into();
        request.duration_ms = 40 + office.random.below(90);
        if request.method != "CONNECT" {
            request.mime = "application/octet-stream";
        }
    }
}

/// A script's requests: milliseconds after the first, method, URL, agent, bytes sent, bytes received.
type Step = (u64, &'static str, &'static str, &'static str, u64, u64);

/// How a foothold gets its tools, and how data leaves: one computer, one hour.
const STEPS: &[Step] = &[
    (0, "GET", "http://files.paste-drop.example/a/inv-2291.ps1", POWERSHELL, 310, 18_422),
    (
        9_000,
        "GET",
        "http://files.paste-drop.example/a/m64.bin",
        "Microsoft-CryptoAPI/10.0",
        290,
        702_114,
    ),
    (21_000, "GET", "http://files.paste-drop.example/a/cfg.txt", "CertUtil URL Agent", 280, 2_018),
    (
        95_000,
        "GET",
        "http://files.paste-drop.example/a/w.exe",
        "Microsoft BITS/7.8",
        300,
        4_190_220,
    ),
    (40 * MINUTE_MS, "PUT", "http://upload.share-box.example/u/1", "curl/8.13.0", 48_221_004, 402),
    (47 * MINUTE_MS, "PUT", "http://upload.share-box.example/u/2", "curl/8.13.0", 51_380_551, 402),
    (
        58 * MINUTE_MS,
        "POST",
        "http://api.share-box.example/done",
        "python-requests/2.32.4",
        912,
        220,
    ),
];
const POWERSHELL: &str =
    "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4522";

/// Posts with agents that are impossible, misspelt, missing, or an implant's own: client, times, URL, agent.
const ODD_AGENTS: &[(usize, u64, &str, &str)] = &[
    (
        151,
        31,
        "http://stat.adserv-metrics.example/g.php",
        "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 10.0)",
    ),
    (58, 22, "http://check.licence-hub.example/k", "Mozila/5.0 (Windows NT 10.0; Win64; x64)"),
    (199, 17, "http://198.51.100.203/gate.php", "-"),
    (76, 5, "http://panel.night-owl.example/submit.php", WSHRAT),
];
const WSHRAT: &str =
    "WSHRAT|5E6F1A2B|DESKTOP-7Q2|office|Microsoft Windows 10 Pro|plus|nan-av|false - 1/24";

/// Agents that no browser sends.
fn agents(office: &mut Office) {
    let begin = 10 * HOUR_MS + 12 * MINUTE_MS;
    let victim = who(office, 12);
    for &(after, method, url, agent, sent, received) in STEPS {
        let request = office.request(victim, begin + after, method, url.into());
        request.agent = agent.into();
        (request.request_bytes, request.response_bytes) = (sent, received);
        request.server = "203.0.113.140".into();
        request.mime = "application/octet-stream";
    }
    for &(client, times, url, agent) in ODD_AGENTS {
        let client = who(office, client);
        let (from, to) = office.clients[client].work;
        for _ in 0..times {
            let at = from + office.random.below(to - from);
            let bytes = office.random.between(600, 2_400);
            let request = office.request(client, at, "POST", url.into());
            (request.agent, request.request_bytes) = (agent.into(), bytes);
            request.server = "198.51.100.203".into();
        }
    }
}

/// Ports that no web server of the office uses: a reverse shell, SSH and RDP through the proxy, a panel, a miner.
fn ports(office: &mut Office) {
    let odd: &[(usize, u64, &'static str, &str, u64)] = &[
        (12, 6, "CONNECT", "203.0.113.66:4444", 1_900_000),
        (104, 3, "CONNECT", "bastion.side-door.example:22", 3_100_000),
        (171, 4, "CONNECT", "198.51.100.90:3389", 1_400_000),
        (33, 9, "GET", "http://203.0.113.9:8081/panel/tasks", 220),
        (215, 14, "CONNECT", "pool.coin-mill.example:3333", 600_000),
    ];
    for &(client, times, method, url, duration) in odd {
        let client = who(office, client);
        for _ in 0..times {
            let at = 18 * HOUR_MS + office.random.below(5 * HOUR_MS);
            let lasting = office.random.size(duration).min(3 * duration);
            let bytes = office.random.size(80_000);
            let request = office.request(client, at, method, url.into());
            request.duration_ms = lasting;
            request.response_bytes = bytes;
            request.server = "203.0.113.66".into();
            if method == "CONNECT" {
                request.agent = "-".into();
            }
        }
    }
    // Two tries that the proxy refused.
    for at in [19 * HOUR_MS, 19 * HOUR_MS + 40_000] {
        let client = who(office, 12);
        let request = office.request(client, at, "CONNECT", "203.0.113.66:5555".into());
        (request.action, request.status, request.hierarchy) = ("TCP_DENIED", 403, "HIER_NONE");
        (request.server, request.agent, request.mime) = ("-".into(), "-".into(), "text/html");
    }
}
