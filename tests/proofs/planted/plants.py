"""What is hidden in the company: one case for each hunt, with the truth about it."""
import random

from .benign import HEX, text
from .company import WORD2, Client, chrome
from .decoys import SHELL

EXE, OCTETS = "application/x-msdownload", "application/octet-stream"


class Plants:
    """Adds them all; `truth` says where each is and which hunts may find it."""

    def __init__(self, company, benign, log):
        self.company, self.benign, self.log = company, benign, log
        self.rng = random.Random(f"plants {company.seed}")
        self.truth, self.indicators, self.resolutions = [], [], []
        self.pool = company.of("windows")
        self.rng.shuffle(self.pool)
        self.mac_pool = company.of("mac")
        for name in sorted(n for n in dir(self) if n.startswith("p_")):
            self.case = name[2:].replace("_", "-")
            getattr(self, name)()

    # ------------------------------------------------------------------------------------------- tools

    def victim(self, mac=False):
        c = (self.mac_pool if mac else self.pool).pop()
        c.plant = self.case
        return c

    def workdays(self, first=9, last=99):
        first = min(first, self.company.laws.first_plant)
        return [d for d in range(self.company.laws.days) if first <= d <= last and not self.company.weekend(d)]

    def a_day(self, first=9):
        return self.rng.choice(self.workdays(first))

    def n(self, count):
        """How often something happens: drawn around a count, where the laws say so."""
        return max(3, int(count * self.rng.uniform(.5, 1.4))) if self.company.laws.varied else count

    def pick(self, *ways):
        return self.rng.choice(ways) if self.company.laws.varied else ways[0]

    def evil(self, label=""):
        """A name of its own for each plant, as ordinary as others."""
        return label + self.company.name()

    def on(self, c, day, agent=None):
        """The client as it is on that day, and there."""
        c.must.add(day)
        c.on_day(day, self.company.laws)
        f = Client(c.kind, c.ip, c.computer, c.user)
        f.agent = agent or c.agent
        return f

    def at(self, day, a=9.5, b=16.):
        return self.benign.local(day, self.rng.uniform(a, b))

    def tell(self, c, hosts, hunts, note, **more):
        """Keeps the truth; the days are those (of UTC) on which the case's lines lie."""
        hosts = [hosts] if isinstance(hosts, str) else hosts
        days = [d for d in range(self.log.count) if any(row[2].ip == c.ip and row[6] in hosts for row in self.log.days[d])]
        self.truth.append({"id": f"P{len(self.truth) + 1:02}", "kind": self.case, "client_ip": c.ip, "computer": c.computer, "user": c.user,
                "hosts": hosts,
                           "days": [str(self.log.start.fromordinal(self.log.start.toordinal() + d)) for d in days],
                           "expected": hunts.split(), "note": note, **more})

    def agent_case(self, agent, hunts, note, version="1.1", n=25):
        c, host, day = self.victim(), self.evil("www."), self.a_day()
        f, t = self.on(c, day, agent), self.at(day, 9, 12)
        for _ in range(self.n(n)):
            t += self.rng.expovariate(1 / 200)
            self.log.web(t, f, host, f"/{self.rng.choice(WORD2)}/{text(self.rng, 6, HEX)}", version=version, down=self.rng.lognormvariate(8, .7),
                    up=self.rng.lognormvariate(6.2, .2))
        self.tell(c, host, hunts, note, agent=agent or f.agent)

    # ---------------------------------------------------------------------------------- agents, version

    def p_http10_browser(self):
        self.agent_case(None, "protocol-version http-version", "a browser that says HTTP/1.0", version="1.0")

    def p_agent_malformed(self):
        self.agent_case(self.pick("Mozila/5.0 (Windows NT 10.0; Win64; x64 AppleWebKit/537.36 Chrome/120.0.0.0",
                                  "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", "Mozilla/5.0",
                                  "Mozilla/4.0 (compatible;MSIE 9.0;Windows NT 6.1)",
                                  "TW96aWxsYS81LjAgKFdpbmRvd3M=", "Mozilla/7.0 (Windows NT 10.0; Win64; x64)"),
                "agent-malformed agent-impossible agent-unknown agent-rare agent-new", "an agent with a typing error")

    def p_agent_impossible(self):
        self.agent_case(self.pick("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 10.0; Trident/7.0)",
                                  "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:102.0) Gecko/20100101 Firefox/115.0",
                                  "Mozilla/5.0 (Windows NT 6.5; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.77 Safari/537.36",
                                  "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 10.0)"),
                "agent-impossible agent-malformed agent-unknown agent-rare agent-new", "versions that don't go together")

    def p_agent_c2(self):
        self.agent_case(self.pick("Mozilla/5.0 (Windows NT 10.0; Win32; x32; rv:60.0)",
                                  "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.110 Safari/537.36",
                                  "Mozilla/4.0 (compatible; MSIE 6.1; Windows NT)",
                                  "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko"),
                "agent-c2 agent-malformed agent-impossible agent-unknown agent-rare agent-new", "the default of a framework")

    def p_agent_rare(self):
        self.agent_case(self.pick("InventorySync/0.3 (build 11)", "svcupd/1.0", "Tasker 2.2 (x64)",
                                  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.5414.75 Safari/537.36"),
                        "agent-rare agent-new agent-unknown agent-unaccepted", "a program that nobody else has")

    def p_agent_script(self):
        self.agent_case(self.pick("python-requests/2.28.1", "Wget/1.21.4", "Go-http-client/1.1", SHELL, "curl/7.88.1", "CertUtil URL Agent"),
                        "agent-script agent-scripted agent-rare agent-new agent-unknown",
                "a script where there was none before")

    def p_agent_empty(self):
        self.agent_case("-", "agent-empty agent-malformed agent-script agent-scripted agent-senseless",
                "no agent, plain HTTP, a host nobody else knows", n=40)

    def p_agent_platform(self):
        self.agent_case(self.pick(chrome("X11; Linux x86_64", self.company.laws.chrome), chrome("Macintosh; Intel Mac OS X 10_15_7", self.company.laws.chrome)), "agent-platform agent-mismatch agent-rare agent-new",
                "Linux on a computer named as Windows")

    # ------------------------------------------------------------------------------- methods and uploads

    def p_method_propfind(self):
        c, host, day = self.victim(), self.evil("dav."), self.a_day()
        f, t = self.on(c, day, "Microsoft-WebDAV-MiniRedir/10.0.26100"), self.at(day)
        for i in range(self.n(140)):
            t += self.rng.expovariate(.5)
            self.log.web(t, f, host, f"/share/{self.rng.choice(WORD2)}/", method="OPTIONS" if i % 20 == 0 else "PROPFIND", status=207,
                    up=self.rng.lognormvariate(6.4, .2), down=self.rng.lognormvariate(7.5, .5), ctype="text/xml", rtype="text/xml")
        self.tell(c, host, "method-increase method-unusual methods unusual-methods", "a burst of PROPFIND")

    def p_method_put(self):
        c, host, day = self.victim(), self.evil("files."), self.a_day()
        f, t = self.on(c, day), self.at(day)
        for _ in range(self.n(90)):
            t += self.rng.expovariate(.3)
            self.log.web(t, f, host, f"/u/{text(self.rng, 10, HEX)}", method="PUT", scheme="https", status=201, up=self.rng.lognormvariate(11, .8),
                    down=250, ctype="-", rtype="-")
        self.tell(c, host, "method-increase method-unusual methods unusual-methods repeated-uploads upload", "a burst of PUT")

    def p_method_odd(self):
        c, host, day = self.victim(), self.evil(), self.a_day()
        f, t = self.on(c, day), self.at(day)
        for method in ["TRACE", "DEBUG", "TRACE", "MKCOL", "DELETE", "TRACE", "SEARCH"]:
            t += self.rng.expovariate(.05)
            self.log.web(t, f, host, "/cgi/test", method=method, status=405, up=500, down=600)
        self.tell(c, host, "method-unusual method-increase methods unusual-methods rare-method", "methods that nobody uses")

    def p_post_octets(self):
        c, host, day = self.victim(), self.evil(), self.a_day()
        f, t = self.on(c, day), self.at(day, 9, 12)
        for _ in range(self.n(40)):
            t += self.rng.expovariate(1 / 240)
            self.log.web(t, f, host, "/gate.php", method="POST", up=self.rng.lognormvariate(9, .6), down=self.rng.lognormvariate(6, .3),
                    ctype=OCTETS, rtype=OCTETS)
        self.tell(c, host, "post-content-type post-octet-stream post-type posts", "POST of octet-stream to a host nobody else knows")

    def p_post_office(self):
        c, host, day = self.victim(), self.evil(), self.a_day()
        f, t = self.on(c, day), self.at(day)
        for kind in ["vnd.openxmlformats-officedocument.spreadsheetml.sheet", "msword", "vnd.ms-excel"] * 6:
            t += self.rng.expovariate(.02)
            self.log.web(t, f, host, "/in.php", method="POST", up=self.rng.lognormvariate(12.5, .7), down=300, ctype="text/plain",
                    rtype=f"application/{kind}")
        self.tell(c, host, "post-content-type post-office post-type posts repeated-uploads",
                "documents are posted to a host nobody else knows")

    def p_repeated_uploads(self):
        c, host, day = self.victim(), self.evil(), self.a_day()
        f, t = self.on(c, day), self.at(day, 9, 12)
        for _ in range(max(12, self.n(22))):
            t += self.rng.expovariate(1 / 400)
            self.log.web(t, f, host, f"/api/upload/{self.rng.randrange(10**6)}", method="POST", scheme="https",
                    up=self.rng.lognormvariate(14.6, .3), down=310, ctype="application/json", rtype="multipart/form-data", ms=9000)
        self.tell(c, host, "repeated-uploads uploads big-upload upload", "two dozen uploads of two megabytes")

    def p_post_ratio(self):
        c, host, day = self.victim(), self.evil("api."), self.a_day()
        f, t = self.on(c, day), self.at(day, 8.8, 10)
        for _ in range(self.n(170)):
            t += self.rng.expovariate(1 / 110)
            self.log.web(t, f, host, "/r", method="POST", scheme="https", up=self.rng.lognormvariate(7, .5), down=self.rng.lognormvariate(6, .5),
                    ctype="text/html", rtype="application/x-www-form-urlencoded")
        self.tell(c, host, "post-ratio post-get-ratio posts post-content-type", "posts, and never a page read")

    def p_same_response(self):
        c, host, day = self.victim(), self.evil("cdn."), self.a_day()
        f, length = self.on(c, day), self.pick(1337, 48, 1672, 2090)
        for _ in range(self.n(70)):
            self.log.web(self.at(day, 9, 16), f, host, f"/assets/{text(self.rng, 5, HEX)}", down=length, up=self.rng.lognormvariate(6.6, .3),
                    ctype="application/javascript")
        self.tell(c, host, "same-response-length same-length repeated-length", "always the same length of answer, at no fixed time")

    def p_same_request(self):
        c, host, day = self.victim(), self.evil(), self.a_day()
        f = self.on(c, day)
        for _ in range(self.n(70)):
            self.log.tunnel(self.at(day, 9, 16), f, host, self.rng.lognormvariate(8.5, .6), 2741, 3000)
        self.tell(c, host, "same-request-length same-length repeated-length", "always the same length of request, in tunnels")

    def p_long_query(self):
        c, host, day = self.victim(), self.evil("t."), self.a_day()
        f, t = self.on(c, day), self.at(day, 9, 12)
        for i in range(self.n(80)):
            t += self.rng.expovariate(1 / 60)
            n = self.rng.randrange(1500, 3900)
            self.log.web(t, f, host, "/p.gif", f"n={i}&d={text(self.rng, n)}", down=350, up=n + 500, ctype="image/gif")
        self.tell(c, host, "length-query length-url long-url long-query url-length query-entropy excessive-length excessive-url", "data goes out in queries")

    def p_big_upload(self):
        c, host, day = self.victim(), self.evil("s3."), self.a_day()
        f, t = self.on(c, day), self.at(day, 14, 16)
        for _ in range(3):
            self.log.tunnel(t, f, host, 90000, self.rng.lognormvariate(19.6, .2), 900000)
            t += 600
        self.tell(c, host, "length-request producer-consumer big-upload upload-volume excessive-request excessive-length uploads exfiltration",
                "a gigabyte goes to a host nobody else knows")

    # ------------------------------------------------------------------------------------ ports, targets

    def p_port_http(self):
        c, host, day, port = self.victim(), self.evil(), self.a_day(), self.pick(6667, 4782, 1080, 50050)
        f = self.on(c, day)
        for _ in range(self.n(12)):
            self.log.web(self.at(day), f, host, "/s", port=port, down=800, up=500)
        self.tell(c, host, "nonstandard-port port", f"HTTP at {port}", port=port)

    def p_connect_4444(self):
        c, host, day = self.victim(), self.evil(), self.a_day()
        for _ in range(4):
            self.log.tunnel(self.at(day), self.on(c, day), host, 4e4, 2e4, 500000, port=4444)
        self.tell(c, host, "connect-port nonstandard-port", "CONNECT to 4444", port=4444)

    def p_connect_22(self):
        c, host, day = self.victim(), self.evil(), self.a_day()
        for _ in range(3):
            self.log.tunnel(self.at(day), self.on(c, day), host, 4e5, 3e5, 1800000, port=22, agent="-")
        self.tell(c, host, "connect-port nonstandard-port", "SSH through the proxy", port=22)

    def p_ip_literal_get(self):
        c, host, day = self.victim(), "203.0.113.77", self.a_day()
        f = self.on(c, day)
        for i in range(6):
            self.log.web(self.at(day), f, host, "/update.bin" if i == 0 else "/c", down=400000 if i == 0 else 900, up=400, ctype=OCTETS, ip=host)
        self.tell(c, host, "ip-literal ip-literals", "HTTP to an address")

    def p_ip_literal_connect(self):
        c, host, day = self.victim(), "203.0.113.201", self.a_day()
        for _ in range(9):
            self.log.tunnel(self.at(day), self.on(c, day), host, 9000, 3000, 60000, ip=host)
        self.tell(c, host, "ip-literal ip-literals connect-ip", "CONNECT to an address")

    # -------------------------------------------------------------------------------------------- beacons

    def beacon(self, times, hunts, note, size=480, agent=None, host=None, mac=False, **more):
        c = self.victim(mac)
        host = host or self.evil("www.")
        days, size = set(), size + self.rng.randrange(200)
        for t in times:
            if not 0 <= t < self.company.laws.days * 86400:
                continue
            day = int(t // 86400)
            days.add(day)
            f = self.on(c, min(day, self.company.laws.days - 1), agent)
            task = self.rng.random() < .03
            self.log.tunnel(t, f, host, 3300 + self.rng.randrange(60) + task * self.rng.lognormvariate(9, 1),
                    size + self.rng.randrange(9) + task * self.rng.lognormvariate(7, 1), 900)
        for day in days:
            if self.company.weekend(day):
                c.must.discard(day)
        self.tell(c, host, hunts, note, **more)

    def sleeps(self, start, end, sleep, jitter):
        out, t = [], start + self.rng.random() * sleep
        while t < end:
            out.append(t)
            t += sleep * (1 - jitter * self.rng.random()) + self.rng.expovariate(3)
        return out

    def p_beacon_fixed(self):
        day = self.a_day(10)
        self.beacon(self.sleeps(day * 86400 + 30000, (day + 2) * 86400, 60, 0), "beacons beacon", "every minute, for two days")

    def p_beacon_jitter(self):
        day = self.a_day(10)
        self.beacon(self.sleeps(day * 86400 + 20000, (day + 2) * 86400, 300, .4), "beacons beacon", "every five minutes less up to 40 %")

    def p_beacon_missing(self):
        day = self.a_day(10)
        times = [t for t in self.sleeps(day * 86400 + 20000, (day + 2) * 86400, 120, .15) if self.rng.random() > .4]
        self.beacon(times, "beacons beacon", "every two minutes, 40 % of it missing")

    def p_beacon_hours(self):
        times = []
        for day in self.workdays(12, 18):
            times += self.sleeps(self.benign.local(day, 8.7), self.benign.local(day, 16.9), 600, .3)
        self.beacon(times, "beacons beacon", "every ten minutes, in working hours", mac=True)

    def p_beacon_slow(self):
        times = self.sleeps(6 * 86400, self.company.laws.days * 86400, 4 * 3600, .1)
        self.beacon(times, "slow-beacons beacons beacon", "every four hours, for two weeks")

    def p_beacon_short(self):
        day = self.a_day(10)
        start = self.at(day, 11, 13)
        self.beacon(self.sleeps(start, start + 3 * 3600, 45, .2), "beacons beacon", "three hours only")

    def p_beacon_fronted(self):
        """Behind a host that others browse, too, and the victim as well."""
        day = self.a_day(10)
        site = next(s for s in self.company.sites[60:] if s.mode == "tunnel")
        times = self.sleeps(day * 86400 + 25000, (day + 2) * 86400, 300, .2)
        self.beacon(times, "beacons beacon domain-fronting", "behind a host that is browsed, too", host=site.host)

    # --------------------------------------------------------------------------------- names and downloads

    def p_new_domain(self):
        c, host, day = self.victim(), self.evil("dl."), self.a_day(12)
        f, t = self.on(c, day), self.at(day)
        self.log.web(t, f, host, "/", down=4000, up=600)
        self.log.web(t + 8, f, host, "/get/viewer-update.exe", down=2.4e6, up=610, ctype=EXE, referer=f"http://{host}/")
        self.tell(c, host, "new-domains new-domain newly-seen newly-seen-domains newly-seen-download",
                "a program from a domain first seen that day")

    def p_long_tunnel(self):
        c, host, day = self.victim(), self.evil("vpn."), self.a_day()
        self.log.tunnel(self.benign.local(day, 21), self.on(c, day), host, 5.1e7, 3.3e7, 12.3 * 3600 * 1000)
        self.tell(c, host, "long-tunnels long-tunnel", "one tunnel of twelve hours")

    def p_fronting(self):
        c, host, day = self.victim(), self.evil("cache."), self.a_day()
        front = self.company.thirds[3].host
        f = self.on(c, day)
        for _ in range(self.n(30)):
            self.log.web(self.at(day), f, host, "/v1/x", scheme="https", sni=front, down=900, up=700, ctype="application/json")
        self.tell(c, host, "domain-fronting", "the handshake asks for another name than the request", sni=front)

    def p_only_errors(self):
        c, host, day = self.victim(), self.evil(), self.a_day()
        f = self.on(c, day)
        for _ in range(self.n(110)):
            self.log.web(self.at(day, 8.5, 16.5), f, host, "/panel/gate", status=self.rng.choice([404, 404, 502]), down=700, up=420)
        self.tell(c, host, "error-only only-errors error-urls only-error-urls", "a master that is gone")

    def p_dga(self):
        c, day = self.victim(), self.a_day()
        f, t, hosts = self.on(c, day), self.at(day), []
        for _ in range(self.n(140)):
            t += self.rng.expovariate(.5)
            host = text(self.rng, self.rng.randrange(12, 20), "abcdefghijklmnopqrstuvwxyz0123456789"[:30]) + self.rng.choice([".example", ".test",
                    ".biz", ".info"])
            hosts.append(host)
            alive = self.rng.random() < .03
            self.log.web(t, f, host, "/", status=200 if alive else 503, action="TCP_NC_MISS" if alive else "TCP_ERR_MISS",
                    reason="-" if alive else "dns_unresolved_hostname", down=1300, up=330, ip=None if alive else "-")
        self.tell(c, hosts, "dga dga-names dga-like dga-like-names", "made-up names, nearly all unknown")

    def p_double_extension(self):
        c, host, day = self.victim(), self.evil("www."), self.a_day()
        self.log.web(self.at(day), self.on(c, day), host, self.pick("/docs/invoice_4711.pdf.exe", "/d/offer.docx.scr", "/scan_0012.jpg.js", "/x/statement.pdf.hta"), down=8.1e5, up=620, ctype=EXE)
        self.tell(c, host, "double-extension double-extensions", "a document that is a program")

    def p_mime_mismatch(self):
        c, host, day = self.victim(), self.evil("img."), self.a_day()
        self.log.web(self.at(day), self.on(c, day), host, self.pick("/gallery/sunset.jpg", "/css/theme.css", "/a/logo.png"), down=4.4e5, up=600,
                     ctype=self.pick("application/x-dosexec", EXE))
        self.tell(c, host, "mime-mismatch mime-extension", "a program that calls itself something else")

    def p_dynamic_dns(self):
        c, host, day = self.victim(), f"{self.rng.choice(WORD2)}{self.rng.randrange(100, 999)}.{self.pick('duckdns.org', 'hopto.org', 'ddns.net', 'no-ip.biz')}", self.a_day()
        f = self.on(c, day)
        for _ in range(self.n(25)):
            self.log.tunnel(self.at(day), f, host, 9000, 4000, 60000)
        self.tell(c, host, "dynamic-dns dyndns", "a dynamic name that nobody else asks for")

    def p_raw_paste(self):
        c, host, day = self.victim(), "pastebin.com", self.a_day()
        self.log.web(self.at(day), self.on(c, day, SHELL), host, "/raw/" + text(self.rng, 8), scheme="https", down=31000, up=300, ctype="text/plain")
        self.tell(c, host, "trusted-sites raw-paste paste lots living-off-trusted-sites pastes file-drops agent-script",
                "a script fetches a raw paste")

    def p_raw_github(self):
        c, host, day = self.victim(), "raw.githubusercontent.com", self.a_day()
        self.log.web(self.at(day), self.on(c, day), host, "/qx81/stage/main/loader.ps1", scheme="https", down=52000, up=500, ctype="text/plain")
        self.tell(c, host, "trusted-sites raw-paste paste lots living-off-trusted-sites pastes file-drops",
                "a script from a trusted site, by no developer")

    def p_file_drop(self):
        c, host, day = self.victim(), self.pick("transfer.sh", "file.io", "gofile.io"), self.a_day()
        self.log.web(self.at(day), self.on(c, day, "curl/8.14.1"), host, "/archive.7z", method="PUT", scheme="https", up=6.4e7, down=200,
                ctype="text/plain", rtype=OCTETS)
        self.tell(c, host, "file-drop file-drops trusted-sites lots living-off-trusted-sites raw-paste", "an archive goes to a file drop")

    def p_lonely_browser(self):
        c, host, days = self.victim(), self.evil("app."), self.workdays(14, 16)
        agent = chrome("Windows NT 10.0; Win64; x64", self.company.laws.chrome) + f" Edg/{self.company.laws.chrome}.0.0.0 OPR/9.1"
        for day in days:
            f = self.on(c, day, agent)
            for _ in range(self.n(70)):
                self.log.web(self.at(day, 8.2, 16.8), f, host, f"/feed/{self.rng.randrange(9)}", scheme="https",
                        down=self.rng.lognormvariate(8, .8), up=self.rng.lognormvariate(6.8, .3))
        self.tell(c, host, "lonely-browser lonely-browsers agent-rare agent-new", "a browser that only talks to one host")

    def p_denied_then_allowed(self):
        c, host, day = self.victim(), self.evil(), self.a_day()
        f, t = self.on(c, day), self.at(day)
        for _ in range(self.n(14)):
            t += self.rng.expovariate(.1)
            self.log.web(t, f, host, "/tools/", status=403, action="TCP_DENIED", reason="content_filter_denied", down=2100, up=700, ip="-",
                    category="Proxy Avoidance")
        for _ in range(9):
            t += self.rng.expovariate(.05)
            self.log.web(t, f, host, "/tools/x.zip", scheme="https", down=9e5, up=700, ctype="application/zip", category="Proxy Avoidance")
        self.tell(c, host, "denied-then-allowed", "denied a dozen times, then it gets through")

    def p_credentials(self):
        c, host, day = self.victim(), self.evil(), self.a_day()
        f = self.on(c, day)
        for _ in range(3):
            self.log.web(self.at(day), f, host, "/login.php", f"user={c.user}&password=Winter{self.rng.randrange(2020, 2027)}!", down=800, up=600)
        self.tell(c, host, "credentials credentials-in-url credentials-in-urls", "a password in a query")

    # ---------------------------------------------------------------------------------------- intelligence

    def p_ioc_domain(self):
        c, host, day = self.victim(), self.evil("login."), self.a_day()
        self.indicators.append(host.split(".", 1)[1])
        for _ in range(3):
            self.log.tunnel(self.at(day), self.on(c, day), host)
        self.tell(c, host, "indicators indicator", "a domain of the list, in a tunnel")

    def p_ioc_ip(self):
        c, host, day = self.victim(), self.evil(), self.a_day()
        self.indicators.append("203.0.113.45")
        self.log.web(self.at(day), self.on(c, day), host, "/", ip="203.0.113.45")
        self.tell(c, host, "indicators indicator pdns", "an address of the list")

    def p_ioc_url(self):
        c, host, day = self.victim(), self.evil("cdn."), self.a_day()
        self.indicators.append(f"hxxp://{host.replace('.', '[.]')}/kit/7/landing.php")
        f = self.on(c, day)
        self.log.web(self.at(day), f, host, "/kit/7/landing.php", down=80000, up=600)
        self.tell(c, host, "indicators indicator", "a URL of the list")

    def p_pdns(self):
        """The log has no address; the host pointed at a listed one while the victim was there. Another client came before that."""
        c, other, host, day = self.victim(), self.victim(), self.evil(), self.a_day(12)
        other.plant = None
        self.indicators.append("203.0.113.150")
        self.log.tunnel(self.at(day), self.on(c, day), host, ip="-")
        early = self.rng.choice(self.workdays(1, day - 4))
        self.log.tunnel(self.at(early), self.on(other, early), host, ip="-")
        begin = self.log.epoch + day * 86400 - 7200
        self.resolutions += [{"rrname": host, "rrtype": "A", "rdata": "203.0.113.150", "time_first": begin, "time_last": begin + 93600, "count": 9},
                             {"rrname": host, "rrtype": "A", "rdata": "198.18.4.4", "time_first": self.log.epoch - 10**7,
                             "time_last": begin - 90000, "count": 400}]
        self.tell(c, host, "pdns pdns-bad-address pdns-indicators indicators", "a name while it pointed at a listed address",
                near_miss=other.ip)
