//! As many lines as wanted, over a week, with the spread of a large office: the file that measurements use.

use std::io::{self, Write};

use storage::Micros;

use super::random::Random;

/// The Squid logformat of [`BulkKind::Agents`].
pub const AGENTS_LOGFORMAT: &str = r#"%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h""#;

/// Which lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkKind {
    /// Squid's native format.
    Native,
    /// Native with referer and agent, [`AGENTS_LOGFORMAT`].
    Agents,
}

/// What to generate.
#[derive(Debug, Clone, Copy)]
pub struct BulkOptions {
    /// How many lines.
    pub lines: u64,
    /// Over how many days.
    pub days: u64,
    /// When they begin.
    pub start: Micros,
    /// Which lines.
    pub kind: BulkKind,
    /// Another seed, other lines.
    pub seed: u64,
}

impl BulkOptions {
    /// Lines of a week that began on 2025-11-15.
    pub fn new(lines: u64) -> Self {
        Self { lines, days: 7, start: 1_763_164_800_000_000, kind: BulkKind::Agents, seed: 1 }
    }
}

struct World {
    random: Random,
    clients: Vec<(String, String, String)>,
    hosts: Vec<(String, String)>,
    urls: Vec<Url>,
}

struct Url {
    host: usize,
    text: String,
}

/// Writes the lines, in the order of time; returns the bytes written.
///
/// # Errors
/// Those of `out`.
pub fn write(options: &BulkOptions, out: &mut impl Write) -> io::Result<u64> {
    let mut world = World::new(options);
    let span_ms = options.days.max(1) * 86_400_000;
    let mut line = String::new();
    let mut bytes = 0;
    for number in 0..options.lines {
        let slot = span_ms * number / options.lines.max(1);
        let next = span_ms * (number + 1) / options.lines.max(1);
        let at = options.start / 1_000 + (slot + world.random.below(next - slot + 1)).cast_signed();
        line.clear();
        world.line(options.kind, at, &mut line);
        out.write_all(line.as_bytes())?;
        bytes += line.len() as u64;
    }
    out.flush()?;
    Ok(bytes)
}

impl World {
    fn new(options: &BulkOptions) -> Self {
        let mut random = Random::new(options.seed);
        let clients = (0..408).map(|_| {
            let ip =
                format!("10.{}.{}.{}", random.below(4), random.below(40), random.between(2, 250));
            (ip, format!("u{:06}", random.below(700_000)), agent(&mut random))
        });
        let clients = clients.collect();
        let hosts: Vec<_> = (0..30_000).map(|_| host(&mut random)).collect();
        let urls = (0..263_108).map(|_| {
            let host = random.ranked(hosts.len());
            Url { host, text: path(&mut random) }
        });
        let urls = urls.collect();
        Self { random, clients, hosts, urls }
    }

    fn line(&mut self, kind: BulkKind, at_ms: i64, line: &mut String) {
        use std::fmt::Write as _;
        let random = &mut self.random;
        let (client, user, agent) = &self.clients[random.skewed(self.clients.len())];
        let tunnel = random.below(100) < 12;
        let url = &self.urls[random.skewed(self.urls.len())];
        let (host, server) = &self.hosts[url.host];
        let user = if random.once_in(10) { "-" } else { user };
        let (action, mut hierarchy, mut mime) = if tunnel {
            ("TCP_TUNNEL/200", "HIER_DIRECT/", "-")
        } else {
            let action = *random.pick(ACTIONS);
            (action, "HIER_DIRECT/", *random.pick(MIMES))
        };
        let mut server = server.as_str();
        if action.contains("HIT") || action.contains("DENIED") {
            (hierarchy, server) = ("HIER_NONE/", "-");
        }
        if action.contains("DENIED") {
            mime = "text/html";
        }
        let duration = random.size(60) - 119;
        let bytes = random.size(6_000);
        // Writing to a String does not fail.
        let _ = write!(
            line,
            "{}.{:03} {duration:6} {client} {action} {bytes} ",
            at_ms / 1_000,
            at_ms % 1_000
        );
        let _ = match (tunnel, random.below(100)) {
            (true, _) => write!(line, "CONNECT {host}:443"),
            (false, 0..6) => write!(line, "POST http://{host}{}", url.text),
            (false, 6..40) => write!(line, "GET https://{host}{}", url.text),
            (false, _) => write!(line, "GET http://{host}{}", url.text),
        };
        let _ = write!(line, " {user} {hierarchy}{server} {mime}");
        if kind == BulkKind::Agents {
            let _ = if tunnel || random.once_in(2) {
                write!(line, " \"-\" \"{agent}\"")
            } else {
                write!(line, " \"http://{host}/\" \"{agent}\"")
            };
        }
        line.push('\n');
    }
}

const ACTIONS: &[&str] = &[
    "TCP_MISS/200",
    "TCP_MISS/200",
    "TCP_MISS/200",
    "TCP_MISS/200",
    "TCP_MISS/200",
    "TCP_MISS/200",
    "TCP_MISS/200",
    "TCP_MISS/200",
    "TCP_MISS/200",
    "TCP_MISS/200",
    "TCP_MISS/200",
    "TCP_MISS/200",
    "TCP_HIT/200",
    "TCP_HIT/200",
    "TCP_HIT/200",
    "TCP_MEM_HIT/200",
    "TCP_MEM_HIT/200",
    "TCP_MISS/304",
    "TCP_REFRESH_UNMODIFIED/304",
    "TCP_MISS/302",
    "TCP_MISS/404",
    "TCP_DENIED/403",
    "TCP_DENIED/407",
];
const MIMES: &[&str] = &[
    "text/html",
    "text/html",
    "application/json",
    "image/jpeg",
    "image/png",
    "application/javascript",
    "text/css",
    "font/woff2",
    "video/mp4",
];
const ENDS: &[&str] = &["com", "com", "com", "net", "org", "de", "fr", "io", "co.uk"];
const NAMES: &[&str] = &["www", "www", "static", "api", "cdn", "img1", "m"];
const FOLDERS: &[&str] = &["static", "content", "assets", "api", "user", "feed", "search", "img"];
const SUFFIXES: &[&str] = &[".js", ".css", ".png", ".jpg", ".html", ".json", ".woff2", "", ""];

fn word(random: &mut Random, from: u64, to: u64, letters: &[u8]) -> String {
    let length = random.between(from, to);
    (0..length).map(|_| char::from(*random.pick(letters))).collect()
}

fn host(random: &mut Random) -> (String, String) {
    let name = word(random, 4, 12, b"abcdefghijklmnopqrstuvwxyz");
    let host = if random.once_in(5) {
        format!("{name}.{}", random.pick(ENDS))
    } else {
        format!("{}.{name}.{}", random.pick(NAMES), random.pick(ENDS))
    };
    let mut part = |from, to| random.between(from, to);
    (host, format!("{}.{}.{}.{}", part(23, 220), part(1, 254), part(1, 254), part(1, 254)))
}

fn path(random: &mut Random) -> String {
    let mut path = String::new();
    for _ in 0..random.between(1, 4) {
        path.push('/');
        path += random.pick::<&str>(FOLDERS);
    }
    path.push('/');
    path.push_str(&word(random, 4, 14, b"0123456789abcdefghij"));
    path += random.pick::<&str>(SUFFIXES);
    if random.below(10) < 4 {
        path.push_str("?id=");
        path.push_str(&word(random, 8, 40, b"0123456789abcdef"));
    }
    path
}

fn agent(random: &mut Random) -> String {
    format!(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.{}.{} Safari/537.36",
        random.between(120, 142),
        random.between(5_000, 5_010),
        random.between(20, 24),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_and_in_order() {
        let mut out = Vec::new();
        let bytes = write(&BulkOptions::new(2_000), &mut out).unwrap();
        assert_eq!(bytes, out.len() as u64);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 2_000);
        assert!(text.lines().map(|line| &line[..14]).is_sorted());
    }
}
