"""What do people and machines do that is nobody's business?"""
import random

from .company import WORD1, WORD2

B64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
HEX = "0123456789abcdef"
OFFICE = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.19530; Pro)"
TYPES = [("/css/{}.css", "text/css"), ("/js/{}.min.js", "application/javascript"), ("/img/{}.jpg", "image/jpeg"),
         ("/img/{}.png", "image/png"), ("/img/{}.jpg", "image/webp"), ("/media/{}.svg", "image/svg+xml"),
         ("/api/v2/items/{}", "application/json"), ("/fonts/{}.woff2", "font/woff2"), ("/fonts/{}.woff", "application/octet-stream"),
         ("/js/{}.js", "text/html"), ("/t/{}.gif", "image/gif"), ("/p.php", "image/gif")]
DOWNLOADS = [("/files/{}-setup-{}.{}.exe", "application/octet-stream"), ("/dl/{}-{}.{}.zip", "application/zip"),
             ("/docs/{}-{}.v{}.pdf", "application/pdf"), ("/dl/{}_{}.{}_amd64.deb", "application/x-debian-package"),
             ("/install/{}.{}.{}.msi", "application/x-msi"), ("/dl/{}-{}.{}.tar.gz", "application/x-gzip"),
             ("/dl/{}-{}.{}.dmg", "application/x-apple-diskimage")]


def text(rng, n, alphabet=B64):
    return "".join(rng.choices(alphabet, k=n))


def poll(rng, start, end, period, jitter, first=None):
    t = start + rng.random() * period if first is None else first
    while t < end:
        yield t
        t += max(1., period * (1 + jitter * rng.gauss(0, 1)))


class Benign:
    def __init__(self, company, log, scale):
        self.company, self.log, self.scale = company, log, scale
        self.laws = company.laws
        v = company.vendor
        self.hosts = {name: v(host) for name, host in {
            "ncsi": "www.msftconnecttest.com", "ocsp": "ocsp.digicert.com", "crl": "crl3.digicert.com", "ocsp2": "o.lencr.org",
            "update": "fe3cr.delivery.mp.microsoft.com", "range": "2.tlu.dl.delivery.mp.microsoft.com", "ctl": "ctldl.windowsupdate.com",
            "telemetry": "v10.events.data.microsoft.com", "outlook": "outlook.office365.com", "teams": "teams.microsoft.com",
            "drive": "corp-my.sharepoint.com", "share": "corp.sharepoint.com", "login": "login.microsoftonline.com",
            "chrome": "update.googleapis.com", "crx": "edgedl.me.gvt1.com", "edge": "edge.microsoft.com", "captive": "captive.apple.com",
            "mesu": "mesu.apple.com", "swcdn": "swcdn.apple.com", "apns": "gateway.icloud.com", "detect": "detectportal.firefox.com",
            "pypi": "pypi.org", "files": "files.pythonhosted.org", "npm": "registry.npmjs.org", "docker": "registry-1.docker.io",
            "github": "api.github.com", "raw": "raw.githubusercontent.com", "ubuntu": "archive.ubuntu.com", "android": "play.googleapis.com",
            "search": "www.google.com", "video": "googlevideo.com", "gallery": "www.powershellgallery.com"}.items()}
        self.av, self.edr = "update.shieldav.example", "ts01.sentrylab.example"
        self.call, self.music, self.office = "relay{}.meetwell.example", "stream{}.tonelake.example", "web.meetwell.example"
        self.patch = next((d for d in range(7, 14) if not company.weekend(d)), 8) + 1

    def day(self, day):
        """Everything of one local day."""
        for c in self.company.clients:
            c.on_day(day, self.laws)
            rng = random.Random(f"{self.company.seed}|{c.ip}|{day}")
            if c.kind in ("windows", "mac", "linux"):
                self.person(rng, c, day)
            elif c.kind == "phone":
                self.phone(rng, c, day)
            elif c.kind == "server":
                self.server(rng, c, day)

    def local(self, day, hour):
        return day * 86400 + (hour - self.laws.zone) * 3600

    # ------------------------------------------------------------------------------------------ people

    def person(self, rng, c, day):
        working = not self.company.weekend(day) and day not in c.absent or day in c.must
        if not working:
            if rng.random() > .05:
                return
            begin = self.local(day, rng.uniform(9, 18))
            end = begin + rng.uniform(.3, 3) * 3600
        else:
            begin = self.local(day, min(max(rng.gauss(8.2 + c.early, .4), 5.5), 11))
            end = self.local(day, min(max(rng.gauss(17.2 + c.early, .7), 14.5), 21.5))
        {"windows": self.windows, "mac": self.mac, "linux": self.linux}[c.kind](rng, c, day, begin, end)
        pages = self.laws.pages * self.scale * c.busy * rng.lognormvariate(0, .35) * (end - begin) / 32000
        self.browse(rng, c, begin, end, int(pages) + 1)
        for _ in range(rng.randrange(4, 16)):                   # the browser is asked who it is
            site = rng.choice(c.favourites)
            self.log.tunnel(begin + rng.random() * (end - begin), Nobody(c), site.host, 0, 400, 2, status=407, action="TCP_DENIED",
                            reason="authentication_failed", category=site.category)

    def browse(self, rng, c, begin, end, pages):
        left, company = pages, self.company
        while left > 0:
            t = begin + rng.random() * (end - begin) * .97
            site, stay = None, 0
            for _ in range(min(left, rng.randrange(3, 22))):
                if stay <= 0:
                    x = rng.random()
                    if x < self.laws.tail:
                        mode = "tunnel" if rng.random() > self.laws.decrypted + self.laws.plain else rng.choice(["plain", "decrypted"])
                        site = type(c.favourites[0])(company.name(rng.choice(["www.", "", "www.", "blog."]), rng), mode,
                                                     rng.choices(company.thirds[:60], k=3),
                                                     "Uncategorized" if rng.random() < .1 else "Business/Economy")
                        site.known = False
                    elif x < self.laws.tail + self.laws.favourites:
                        site = rng.choice(c.favourites)
                    else:
                        site = rng.choices(company.sites, cum_weights=company.cumulative)[0]
                    stay = rng.randrange(1, 8)
                    if rng.random() < .3:
                        self.search(rng, c, t - 3)
                if t > end:
                    break
                self.page(rng, c, t, site)
                stay -= 1
                left -= 1
                t += rng.lognormvariate(3.6, 1.1)

    def search(self, rng, c, t):
        words = "+".join(rng.choice(WORD1 + WORD2) for _ in range(rng.randrange(1, 5)))
        if self.laws.decrypted > .5:
            self.log.web(t, c, self.hosts["search"], "/search", f"q={words}&sca_esv={text(rng, 16, HEX)}&ei={text(rng, 40)}&ved={text(rng, 60)}",
                         scheme="https", down=rng.lognormvariate(10.8, .4), up=rng.lognormvariate(7.3, .3), category="Search Engines/Portals")
        else:
            self.log.tunnel(t, c, self.hosts["search"], rng.lognormvariate(11, .6), rng.lognormvariate(8, .4), 1000 * rng.uniform(5, 240))

    def page(self, rng, c, t, site):
        log = self.log
        if site.mode == "tunnel":
            if rng.random() < .55:
                log.tunnel(t + rng.uniform(2, 120), c, site.host, rng.lognormvariate(10.5, 1.3), rng.lognormvariate(8, .8),
                           1000 * rng.uniform(5, 240), category=site.category)
        else:
            scheme = "https" if site.mode == "decrypted" else "http"
            root = f"{scheme}://{site.host}/"
            path = rng.choice(["/", "/", f"/{rng.choice(WORD2)}/{text(rng, 8, HEX)}.html", f"/{rng.choice(WORD1)}-{rng.choice(WORD2)}",
                               f"/{rng.choice(WORD2)}/index.php"])
            query = "" if rng.random() < .6 else f"id={rng.randrange(10**6)}&s={text(rng, rng.randrange(4, 30))}"
            if rng.random() < .05:
                log.web(t - .5, c, site.host, "/", scheme=scheme, status=302, down=420, up=rng.lognormvariate(6.4, .2))
            log.web(t, c, site.host, path, query, scheme=scheme, down=rng.lognormvariate(10, 1), up=rng.lognormvariate(6.6, .4),
                    referer="-" if rng.random() < .4 else root, category=site.category)
            for _ in range(rng.randrange(1, 7)):
                stem, ctype = rng.choice(TYPES)
                x = rng.random()
                status, action = (304, "TCP_REFRESH_HIT") if x < .07 else (404, "TCP_NC_MISS") if x < .09 else (200,
                        "TCP_HIT" if x < .25 else "TCP_NC_MISS")
                log.web(t + rng.expovariate(1.2), c, site.host, stem.format(rng.choice(WORD1) + str(rng.randrange(400))), scheme=scheme,
                        status=status, action=action, down=280 if status == 304 else rng.lognormvariate(9, 1.3), up=rng.lognormvariate(6.5, .3),
                        ctype="-" if status == 304 else ctype, referer=root, category=site.category, ms=rng.lognormvariate(4, .8))
            x = rng.random()
            if x < .05:
                log.web(t + rng.uniform(10, 90), c, site.host, "/api/v2/" + rng.choice(WORD2), scheme=scheme, method="POST",
                        up=rng.lognormvariate(7.3, .8),
                        down=rng.lognormvariate(7, .8), ctype="application/json", rtype="application/json", referer=root)
            elif x < .07:
                log.web(t + rng.uniform(10, 90), c, site.host, "/form/" + rng.choice(WORD2), scheme=scheme, method="POST", status=302,
                        up=rng.lognormvariate(7.2, .5),
                        down=600, rtype="application/x-www-form-urlencoded", referer=root)
            elif x < (.076 if site.known else .0712):
                stem, ctype = rng.choice(DOWNLOADS)
                log.web(t + rng.uniform(5, 60), c, site.host, stem.format(rng.choice(WORD1), rng.randrange(9), rng.randrange(30)), scheme=scheme,
                        ctype=ctype, down=rng.lognormvariate(16, 1.3), up=rng.lognormvariate(6.5, .2), referer=root, ms=rng.lognormvariate(9, 1))
            elif x < .079:
                log.web(t + rng.uniform(20, 90), c, site.host, "/upload", scheme=scheme, method="POST", rtype="multipart/form-data",
                        ctype="application/json",
                        up=rng.lognormvariate(13, 1.3), down=700, referer=root, ms=rng.lognormvariate(8, 1))
        for third in site.thirds:
            if rng.random() < .35:
                self.third(rng, c, t + rng.expovariate(.7), third, site)

    def third(self, rng, c, t, third, site):
        if third.mode == "tunnel":
            self.log.tunnel(t + rng.uniform(1, 90), c, third.host, rng.lognormvariate(9.3, 1.2), rng.lognormvariate(7.8, .6),
                            1000 * rng.uniform(2, 120), category=third.category)
            return
        scheme = "https" if third.mode == "decrypted" else "http"
        x = rng.random()
        if x < .04:
            self.log.web(t, c, third.host, "/sync", "uid=" + text(rng, 22), scheme=scheme, status=403, action="TCP_DENIED",
                         reason="content_filter_denied", down=2100, up=800, ip="-", category=third.category)
        elif x < .5:
            self.log.web(t, c, third.host, "/collect", f"v=2&tid=G-{text(rng, 9)}&cid={rng.randrange(10**9)}.{rng.randrange(10**9)}&dl=https%3A%2F%2F"
                         f"{site.host}%2F&dt={rng.choice(WORD1)}%20{rng.choice(WORD2)}&_p={text(rng, int(rng.lognormvariate(4, .9)))}", scheme=scheme,
                         method="POST" if x < .12 else "GET", status=204 if x < .3 else 200, down=350 if x < .3 else 430,
                         up=rng.lognormvariate(6.9, .4),
                         ctype="-" if x < .3 else "image/gif", rtype="text/plain" if x < .12 else "-", referer=f"https://{site.host}/",
                         category=third.category)
        else:
            stem, ctype = rng.choice(TYPES)
            self.log.web(t, c, third.host, stem.format(text(rng, 12, HEX)), scheme=scheme, down=rng.lognormvariate(9.4, 1.2),
                    up=rng.lognormvariate(6.6, .3),
                         ctype=ctype, referer=f"https://{site.host}/", category=third.category, action="TCP_HIT" if x > .8 else "TCP_NC_MISS")

    # ---------------------------------------------------------------------------------------- machines

    def windows(self, rng, c, day, a, b):
        log, h, span = self.log, self.hosts, b - a
        machine = Nobody(c)
        for t in [a + rng.uniform(0, 20)] + [a + rng.random() * span for _ in range(rng.randrange(1, 6))]:
            log.web(t, machine, h["ncsi"], "/connecttest.txt", down=381, up=212, ctype="text/plain", agent="Microsoft NCSI", ms=30)
        self.certificates(rng, machine, a, span, "Microsoft-CryptoAPI/10.0")
        for t in poll(rng, a, b, 3600, .05):
            log.web(t, machine, self.av, "/defs/v9/manifest.xml", down=1187, up=262, ctype="text/xml", agent="ShieldAV-Updater/12.4.1 (Windows)")
            if rng.random() < .12:
                log.web(t + 2, machine, self.av, f"/defs/v9/delta-{day}{rng.randrange(8)}.bin", down=188000 + 137 * day, up=268,
                        ctype="application/octet-stream", agent="ShieldAV-Updater/12.4.1 (Windows)", action="TCP_HIT")
        for t in poll(rng, a, b, 600, .03):
            log.tunnel(t, machine, self.edr, rng.randrange(3900, 4300), rng.randrange(2900, 3600), 4000, agent="SentrySensor/7.21.18110 (Windows)")
        for t in poll(rng, a, b, 420, .3):
            log.tunnel(t, c, h["outlook"], rng.lognormvariate(9.5, 1), rng.lognormvariate(8.4, .7), 1000 * rng.uniform(20, 300), agent=OFFICE)
        teams = c.agent.replace(" Safari/537.36", "") + " Teams/26032.1205 Safari/537.36" if c.browser != "firefox" else c.agent
        for t in poll(rng, a, b, 900, .4):
            log.tunnel(t, c, h["teams"], rng.lognormvariate(9.5, .9), rng.lognormvariate(8.6, .7), 1000 * rng.uniform(60, 900), agent=teams)
        for t in poll(rng, a, b, 1700, .5):
            log.tunnel(t, c, h["drive"], rng.lognormvariate(9.5, 1.5), rng.lognormvariate(9, 1.8), 1000 * rng.uniform(2, 120),
                       agent="Microsoft SkyDriveSync 26.021.0201.0002 ship; Windows NT 10.0 (26100)")
        for t in poll(rng, a, b, 1900, .25):
            log.tunnel(t, machine, h["telemetry"], rng.randrange(4100, 4700), rng.lognormvariate(8.8, .8), 3000, agent="-")
        for t in poll(rng, a, b, 18000, .1):
            log.tunnel(t, machine, h["chrome"] if c.browser == "chrome" else h["edge"], 5200, 3100, 3000, agent=c.agent)
        for t in poll(rng, a, b, 15000, .3):
            log.tunnel(t, machine, h["update"], 21000 + rng.randrange(900), 9800 + rng.randrange(300), 6000,
                       agent="Windows-Update-Agent/10.0.10011.16384 Client-Protocol/2.71")
            log.web(t + 4, machine, h["ctl"], "/msdownload/update/v3/static/trustedr/en/disallowedcertstl.cab", text(rng, 16, HEX), status=304,
                    down=290, up=310, ctype="-", action="TCP_REFRESH_HIT", agent="Microsoft-CryptoAPI/10.0")
        if day == self.patch + sum(map(ord, c.ip)) % 3 or day == c.renewed:
            self.download(rng, machine, a + rng.random() * span * .6, day == c.renewed)
        if rng.random() < .35:                                  # calls
            for _ in range(rng.randrange(1, 4)):
                t = a + rng.random() * span
                log.tunnel(t + 60, c, self.call.format(rng.randrange(4)), rng.lognormvariate(18, .8), rng.lognormvariate(17.3, .8),
                           1000 * min(rng.lognormvariate(7.7, .5), span), agent=c.agent)
        if rng.random() < .12:                                  # radio
            log.tunnel(b - rng.uniform(10, 3000), c, self.music.format(rng.randrange(6)), rng.lognormvariate(18.5, .4), 90000,
                       1000 * rng.uniform(.3, .9) * span)
        if rng.random() < .1:
            self.webdav(rng, c, a + rng.random() * span)
        if sum(map(ord, c.ip)) % 9 == 0:                        # the browser asks whether the network invents names
            for _ in range(3):
                name = text(rng, rng.randrange(7, 16), "abcdefghijklmnopqrstuvwxyz")
                log.web(a + rng.uniform(5, 9), c, name, method="HEAD", status=503, action="TCP_ERR_MISS", reason="dns_unresolved_hostname",
                        down=1400, up=310, ip="-")
        if rng.random() < .3:                                   # signing in, with the long query of SAML
            log.web(a + rng.uniform(30, 900), c, h["login"], "/saml2", "SAMLRequest=" + text(rng, rng.randrange(600, 1500)) + "&RelayState="
                    + text(rng, 120), scheme="https", down=29000, up=3300)

    def certificates(self, rng, machine, a, span, agent):
        for _ in range(rng.randrange(4, 16)):
            host = self.hosts[rng.choice(["ocsp", "ocsp", "ocsp2", "crl"])]
            crl = host == self.hosts["crl"]
            self.log.web(a + rng.random() * span, machine, host, "/DigiCertGlobalRootG2.crl" if crl else "/MFEwTzBNMEswSTAJBgUrDgMCGgUABBT"
                         + text(rng, 60) + "%3D", down=1290 if crl else 754, up=rng.randrange(288, 296), agent=agent, action="TCP_HIT",
                         ctype="application/pkix-crl" if crl else "application/ocsp-response", ms=12)

    def download(self, rng, machine, t, browser):
        """Pieces of an update, all of one size."""
        guid, host = text(rng, 8, HEX) + "-" + text(rng, 4, HEX), self.hosts["crx" if browser else "range"]
        agent = "Microsoft BITS/7.8" if browser else "Microsoft-Delivery-Optimization/10.1"
        query = f"P1=1773{rng.randrange(10**6)}&P2=404&P3=2&P4={text(rng, 86)}%3d%3d"
        for _ in range(rng.randrange(30, 90)):
            t += rng.expovariate(.3)
            self.log.web(t, machine, host, f"/filestreamingservice/files/{guid}", query, status=206, down=1049000, up=570,
                         ctype="application/octet-stream", agent=agent, ms=800, action=rng.choice(["TCP_HIT", "TCP_NC_MISS"]))

    def webdav(self, rng, c, t):
        agent = "Microsoft-WebDAV-MiniRedir/10.0.26100"
        for i in range(rng.randrange(4, 14)):
            method = "OPTIONS" if i == 0 else rng.choice(["PROPFIND", "PROPFIND", "GET", "LOCK", "PUT"])
            t += rng.uniform(.2, 20)
            self.log.web(t, c, self.hosts["share"], "/sites/team/Shared%20Documents/plan.xlsx", method=method, scheme="https",
                         status=207 if method == "PROPFIND" else 200, down=rng.lognormvariate(8, .6),
                         up=rng.lognormvariate(7 + 4 * (method == "PUT"), .6),
                         ctype="text/xml", rtype="text/xml" if method == "PROPFIND" else "-", agent=agent)

    def mac(self, rng, c, day, a, b):
        log, h, span = self.log, self.hosts, b - a
        machine = Nobody(c)
        for _ in range(rng.randrange(2, 8)):
            log.web(a + rng.random() * span, machine, h["captive"], "/hotspot-detect.html", down=330, up=190,
                    version="1.0" if rng.random() < .5 else "1.1",
                    agent="CaptiveNetworkSupport-482.60.2 wispr")
        self.certificates(rng, machine, a, span, "com.apple.trustd/3.0")
        for t in poll(rng, a, b, 600, .03):
            log.tunnel(t, machine, self.edr, rng.randrange(3900, 4300), rng.randrange(2900, 3600), 4000, agent="SentrySensor/7.21.18110 (macOS)")
        for t in poll(rng, a, b, 1300, .6):
            log.tunnel(t, c, h["apns"], rng.lognormvariate(9, 1), rng.lognormvariate(8, .7), 1000 * rng.uniform(30, 900),
                    agent="cloudd/2440.61.2 CFNetwork/3860.300.31 Darwin/25.3.0")
        for t in poll(rng, a, b, 420, .3):
            log.tunnel(t, c, h["outlook"], rng.lognormvariate(9.5, 1), rng.lognormvariate(8.4, .7), 1000 * rng.uniform(20, 300),
                       agent="Outlook/16.106 (Macintosh; Intel Mac OS X)")
        if day == c.renewed:
            t = a + rng.random() * span * .5
            for i in range(rng.randrange(20, 60)):
                t += rng.expovariate(.2)
                log.web(t, machine, h["swcdn"], f"/content/downloads/{rng.randrange(99)}/Update{i}.pkg", down=rng.lognormvariate(15, 1), up=300,
                        ctype="application/octet-stream", agent="swcd/1.0 CFNetwork/3860.300.31 Darwin/25.3.0")
        if rng.random() < .3:
            t = a + rng.random() * span
            log.tunnel(t, c, self.call.format(rng.randrange(4)), rng.lognormvariate(18, .8), rng.lognormvariate(17.3, .8),
                    1000 * rng.uniform(900, 7000))

    def linux(self, rng, c, day, a, b):
        """A developer: packages, repositories, registries."""
        log, h, span = self.log, self.hosts, b - a
        for _ in range(rng.randrange(3, 15)):
            t = a + rng.random() * span
            host, agent = rng.choice([("pypi", "pip/25.3 {\"ci\":null,\"cpu\":\"x86_64\"}".replace('"', "'")),
                    ("npm", "npm/11.6.2 node/v24.11.0 linux x64 workspaces/false"),
                                      ("github", "curl/8.14.1"), ("github", "git/2.51.0"), ("raw", "curl/8.14.1"),
                                      ("docker", "docker/28.5.1 go/go1.24.8")])
            for _ in range(rng.randrange(1, 12)):
                t += rng.expovariate(.5)
                log.tunnel(t, c, h[host], rng.lognormvariate(10, 2), rng.lognormvariate(7.5, .4), 1000 * rng.uniform(1, 30), agent=agent)
        for _ in range(rng.randrange(0, 3)):
            log.web(a + rng.random() * span, c, h["raw"], f"/{rng.choice(WORD1)}/{rng.choice(WORD2)}/main/install.sh", scheme="https",
                    ctype="text/plain",
                    down=rng.lognormvariate(8.5, .6), up=420, agent="curl/8.14.1")
        for t in poll(rng, a, b, 20000, .2):
            log.web(t, c, h["ubuntu"], "/ubuntu/dists/noble-updates/InRelease", status=304, down=250, up=330, ctype="-",
                    agent="Debian APT-HTTP/1.3 (2.8.3)")

    def phone(self, rng, c, day):
        if self.company.weekend(day) or day in c.absent:
            return
        a, b = self.local(day, 8 + rng.random()), self.local(day, 16.5 + rng.random())
        log, h = self.log, self.hosts
        apple = c.browser == "iphone"
        for t in poll(rng, a, b, 1500, .5):
            log.tunnel(t, c, h["apns" if apple else "android"], rng.lognormvariate(8.6, .9), rng.lognormvariate(7.9, .5), 1000 * rng.uniform(10, 600),
                       agent="MobileMail/3826 CFNetwork/3860.300.31 Darwin/25.3.0" if apple else "okhttp/4.12.0")
        for t in poll(rng, a, b, 900, .15):                     # mail by ActiveSync
            log.web(t, c, h["outlook"], "/Microsoft-Server-ActiveSync", f"Cmd=Ping&User={c.user}&DeviceId={c.ip.replace('.', '')}&DeviceType=iPhone",
                    method="POST", scheme="https", down=rng.choice([412, 412, 9800]), up=rng.lognormvariate(6.8, .2),
                    ctype="application/vnd.ms-sync.wbxml",
                    rtype="application/vnd.ms-sync.wbxml", agent="Apple-iPhone17C1/2305.61" if apple else "Android-Mail/2026.02.15")
        self.browse(rng, c, a, b, rng.randrange(2, 14))

    def server(self, rng, c, day):
        log, h, zero = self.log, self.hosts, day * 86400
        number = self.company.of("server").index(c)
        for t in poll(rng, zero, zero + 86400, 600, .03):
            log.tunnel(t, c, self.edr, rng.randrange(3900, 4300), rng.randrange(2900, 3600), 4000, agent="SentrySensor/7.21.18110 (Linux)")
        for t in poll(rng, zero, zero + 86400, 21600, .1):
            log.web(t, c, h["ubuntu"], "/ubuntu/dists/noble-security/InRelease", down=127000, up=330, ctype="-", agent="Debian APT-HTTP/1.3 (2.8.3)")
        if number in (2, 3):                                    # building machines
            for _ in range(int(60 * (.3 if self.company.weekend(day) else 1))):
                t = zero + rng.random() * 86400
                host, agent = rng.choice([("pypi", "pip/25.3"), ("files", "pip/25.3"), ("npm", "npm/11.6.2 node/v24.11.0 linux x64"),
                        ("docker", "docker/28.5.1"),
                                          ("github", "python-requests/2.32.5"), ("github", "curl/8.14.1"), ("npm", "curl/8.14.1")])
                for _ in range(rng.randrange(1, 20)):
                    t += rng.expovariate(1)
                    log.tunnel(t, c, h[host], rng.lognormvariate(11, 2), rng.lognormvariate(7.5, .4), 1000 * rng.uniform(1, 20), agent=agent)
        elif number in (4, 5):                                  # programs that talk to partners
            for t in poll(rng, zero, zero + 86400, 1200, .4):
                log.web(t, c, f"api.partner{number}.example", f"/v1/orders/{rng.randrange(10**6)}", method=rng.choice(["GET", "POST", "PUT"]),
                        scheme="https",
                        down=rng.lognormvariate(7.5, .8), up=rng.lognormvariate(7.3, .6), ctype="application/json", rtype="application/json",
                        agent="Java-http-client/21.0.8")


class Nobody:
    """A computer's own programs, which don't say who is at it."""

    def __init__(self, client):
        self.ip, self.computer, self.user, self.agent = client.ip, client.computer, "-", client.agent
