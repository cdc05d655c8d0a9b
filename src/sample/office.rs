//! What does an ordinary day at an office look like from its proxy? People browse, programs poll, updates come.

use super::random::Random;
use super::request::Request;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

const FIRST: &[&str] = &[
    "anna", "ben", "chiara", "david", "elif", "farid", "greta", "hanna", "ines", "jonas", "karim",
    "lena", "marek", "nadia", "oskar", "paula", "quentin", "rosa", "samir", "tanja", "ulrich",
    "vera", "wanda", "yusuf", "zoe",
];
const LAST: &[&str] = &[
    "abel", "brandt", "conti", "dahl", "ebert", "fischer", "grau", "huber", "ivanov", "jansen",
    "koch", "lang", "meier", "novak", "otto", "peters", "quast", "rossi", "sommer", "thiel",
    "unger", "vogel", "weiss", "zimmer",
];
const BROWSERS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
];
const WORDS: &[&str] = &[
    "atlas", "birch", "cargo", "delta", "ember", "fjord", "grain", "harbor", "ivory", "juniper",
    "kettle", "lumen", "meadow", "north", "orchid", "pepper", "quartz", "river", "saffron",
    "timber", "umber", "velvet", "willow", "zephyr",
];
const KINDS: &[&str] =
    &["news", "shop", "travel", "docs", "maps", "media", "forum", "bank", "games", "mail"];
const PATHS: &[&str] =
    &["/", "/index.html", "/search", "/article", "/product", "/login", "/account", "/help"];

/// A computer with its person.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) ip: String,
    pub(super) user: String,
    pub(super) browser: &'static str,
    /// First and last minute of work, in milliseconds of the day.
    pub(super) work: (u64, u64),
}

/// A web site.
#[derive(Debug, Clone)]
struct Site {
    host: String,
    server: String,
    tls: bool,
}

/// The people, the web they use, and the requests of the day so far.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) day_ms: i64,
    pub(super) clients: Vec<Client>,
    pub(super) requests: Vec<Request>,
    pub(super) random: Random,
    sites: Vec<Site>,
}

impl Office {
    /// An office of so many people on the day that begins at `day_ms`.
    pub(super) fn new(day_ms: i64, people: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let clients = (0..people).map(|at| client(at, &mut random)).collect();
        let sites = (0..900).map(|at| site(at, &mut random)).collect();
        Self { day_ms, clients, requests: Vec::new(), random, sites }
    }

    /// A plain successful request of a client, `at` milliseconds into the day.
    pub(super) fn request(
        &mut self,
        client: usize,
        at: u64,
        method: &'static str,
        url: String,
    ) -> &mut Request {
        let random = &mut self.random;
        let who = &self.clients[client];
        let tunnel = method == "CONNECT";
        self.requests.push(Request {
            at_ms: self.day_ms + i64::try_from(at).unwrap_or(0),
            duration_ms: random.size(if tunnel { 4_000 } else { 60 }),
            client: who.ip.clone(),
            client_port: random.between(49_152, 65_535) as u16,
            action: if tunnel { "TCP_TUNNEL" } else { "TCP_MISS" },
            status: 200,
            response_bytes: random.size(if tunnel { 9_000 } else { 6_000 }),
            request_bytes: random.between(320, 980),
            method,
            url,
            user: who.user.clone(),
            hierarchy: "HIER_DIRECT",
            server: format!("198.18.{}.{}", random.below(200), random.between(1, 250)),
            mime: if tunnel { "-" } else { "text/html" },
            referer: "-".into(),
            agent: who.browser.into(),
        });
        let last = self.requests.len() - 1;
        &mut self.requests[last]
    }

    /// What the machines of everyone do by themselves: regular, and harmless.
    pub(super) fn poll(&mut self) {
        for client in 0..self.clients.len() {
            let (from, to) = self.clients[client].work;
            let chat = client % 8 == 0;
            self.every(
                client,
                from,
                to,
                5 * MINUTE_MS,
                5,
                "CONNECT",
                "outlook.office365.com:443",
                "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.19328; Pro)",
            );
            self.every(
                client,
                from,
                to,
                15 * MINUTE_MS,
                1,
                "GET",
                "http://www.msftconnecttest.com/connecttest.txt",
                "Microsoft NCSI",
            );
            self.every(
                client,
                from,
                to,
                15 * MINUTE_MS,
                10,
                "CONNECT",
                "v10.events.data.microsoft.com:443",
                "-",
            );
            self.every(
                client,
                from,
                to,
                HOUR_MS,
                3,
                "GET",
                "http://definitions.antivirus.example/v4/delta.cab",
                "AVUpdate/7.12.4",
            );
            self.every(
                client,
                from,
                to,
                2 * HOUR_MS,
                20,
                "GET",
                "http://wsus.corp.example:8530/selfupdate/wuident.cab",
                "Windows-Update-Agent/10.0.10011.16384 Client-Protocol/2.71",
            );
            if chat {
                self.every(
                    client,
                    from,
                    to,
                    MINUTE_MS,
                    8,
                    "CONNECT",
                    "chat.teamtalk.example:443",
                    "TeamTalk/5.41 (Windows NT 10.0) Electron/37.2",
                );
            }
        }
    }

    /// One request every `period`, each up to `jitter` percent off.
    #[expect(clippy::too_many_arguments, reason = "one line a poller reads as a table")]
    pub(super) fn every(
        &mut self,
        client: usize,
        from: u64,
        to: u64,
        period: u64,
        jitter: u64,
        method: &'static str,
        url: &str,
        agent: &str,
    ) {
        let mut at = from + self.random.below(period);
        while at < to {
            let request = self.request(client, at, method, url.to_owned());
            request.agent = agent.into();
            let swing = period * jitter / 100;
            at += period - swing + self.random.below(2 * swing + 1);
        }
    }

    /// People browse until there are `lines` requests: visits of a page and what it loads.
    pub(super) fn browse(&mut self, lines: usize) {
        while self.requests.len() < lines {
            let client = self.random.index(self.clients.len());
            let (from, to) = self.clients[client].work;
            let mut at = from + self.random.below(to - from);
            let pages = self.random.between(1, 6);
            for _ in 0..pages {
                let site = self.random.ranked(self.sites.len());
                self.visit(client, site, at);
                at += self.random.pause(40_000);
            }
        }
    }

    fn visit(&mut self, client: usize, site: usize, at: u64) {
        let Site { host, server, tls } = self.sites[site].clone();
        let parts = if tls { self.random.between(1, 4) } else { self.random.between(2, 9) };
        let page = format!("http://{host}{}", self.random.pick(PATHS));
        for part in 0..parts {
            let at = at + part * self.random.between(20, 400);
            if tls {
                let name = if part == 0 { host.clone() } else { format!("static{part}.{host}") };
                self.request(client, at, "CONNECT", format!("{name}:443")).server = server.clone();
                continue;
            }
            let (url, mime, typical) = if part == 0 {
                (page.clone(), "text/html", 22_000)
            } else {
                let kinds = [
                    ("js", "application/javascript"),
                    ("css", "text/css"),
                    ("png", "image/png"),
                    ("jpg", "image/jpeg"),
                ];
                let (extension, mime) = *self.random.pick(&kinds);
                let number = self.random.below(400);
                (
                    format!(
                        "http://{host}/assets/{number:x}/{}.{extension}?v={}",
                        self.random.pick(WORDS),
                        number % 17
                    ),
                    mime,
                    14_000,
                )
            };
            let hit = part > 0 && self.random.once_in(3);
            let missing = self.random.once_in(60);
            let size = self.random.size(typical);
            let request = self.request(client, at, "GET", url);
            request.mime = mime;
            request.response_bytes = size;
            request.server = server.clone();
            if part > 0 {
                request.referer = page.clone();
            }
            if hit {
                (request.action, request.hierarchy, request.server) =
                    ("TCP_MEM_HIT", "HIER_NONE", "-".into());
                request.duration_ms %= 4;
            } else if missing {
                request.status = 404;
            }
        }
    }
}

fn client(at: usize, random: &mut Random) -> Client {
    let start = 7 * HOUR_MS + random.below(150 * MINUTE_MS);
    Client {
        ip: format!("10.20.{}.{}", at / 200 + 1, at % 200 + 20),
        user: format!("{}.{}", FIRST[at % FIRST.len()], LAST[(at / FIRST.len() + at) % LAST.len()]),
        browser: BROWSERS[random.ranked(BROWSERS.len())],
        work: (start, start + 8 * HOUR_MS + random.below(90 * MINUTE_MS)),
    }
}

fn site(at: usize, random: &mut Random) -> Site {
    let host = match at {
        0 => "intranet.corp.example:8080".to_owned(),
        _ => format!("www.{}{}-{}.example", random.pick(WORDS), at, random.pick(KINDS)),
    };
    Site {
        server: if at == 0 {
            "10.20.0.8".into()
        } else {
            format!("198.18.{}.{}", at / 250, at % 250 + 1)
        },
        tls: at > 0 && !random.once_in(3),
        host,
    }
}
