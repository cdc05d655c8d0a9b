"""What do honest people do now and then that looks odd, each time at another place nobody knew before?"""
import random

from .benign import HEX, B64, text
from .company import WORD2, Client


class Odd:
    """Some odd things on every working day, by whoever it may be, but not by those with a plant."""

    def __init__(self, company, benign, log):
        self.company, self.benign, self.log = company, benign, log
        self.rng = rng = random.Random(f"odd {company.seed}")
        people = [c for c in company.of("windows", "mac") if not c.plant]
        ways = [getattr(self, name) for name in sorted(dir(self)) if name.startswith("o_")]
        for day in range(company.laws.days):
            for _ in range(0 if company.weekend(day) else company.laws.odd):
                c = rng.choice(people)
                if day in c.absent:
                    continue
                c.on_day(day, company.laws)
                f = Client(c.kind, c.ip, c.computer, c.user)
                f.agent = c.agent
                rng.choice(ways)(f, benign.local(day, rng.uniform(9, 15)), company.name(rng.choice(["www.", "app.", "my.", ""])))

    def later(self, t, n, mean):
        for _ in range(n):
            t += self.rng.expovariate(1 / mean)
            yield t

    def o_send_file(self, c, t, host):
        for t in self.later(t, self.rng.randrange(1, 4), 120):
            self.log.web(t, c, host, "/portal/upload", method="POST", scheme="https", up=self.rng.lognormvariate(16.8, 1), down=900,
                    rtype="multipart/form-data", ctype="application/json",
                         referer=f"https://{host}/portal", ms=20000)

    def o_send_tunnel(self, c, t, host):
        self.log.tunnel(t, c, host, 90000, self.rng.lognormvariate(17.5, .8), 200000)

    def o_survey(self, c, t, host):
        self.log.web(t - 5, c, host, "/survey", scheme="https", down=60000)
        for t in self.later(t, self.rng.randrange(20, 60), 20):
            self.log.web(t, c, host, "/survey/next", method="POST", scheme="https", up=self.rng.lognormvariate(7, .3),
                    down=self.rng.lognormvariate(8, .3),
                         rtype="application/x-www-form-urlencoded", referer=f"https://{host}/survey")

    def o_chat(self, c, t, host):
        for t in self.later(t, self.rng.randrange(40, 160), 60):
            self.log.web(t, c, host, "/chat/poll", scheme="https", up=self.rng.randrange(700, 740), down=62, ctype="application/json",
                    referer=f"https://{host}/")

    def o_program(self, c, t, host):
        self.log.web(t - 20, c, host, "/download", scheme="https", down=50000)
        self.log.web(t, c, host, f"/files/{self.rng.choice(WORD2)}-setup.exe", scheme="https", down=self.rng.lognormvariate(16.5, .8),
                ctype="application/octet-stream",
                     referer=f"https://{host}/download")

    def o_port(self, c, t, host):
        port = self.rng.choice([8080, 8443, 8443, 10443, 2096, 8888])
        for t in self.later(t, self.rng.randrange(3, 15), 30):
            self.log.tunnel(t, c, host, 30000, 4000, 20000, port=port)

    def o_address(self, c, t, host):
        address = f"192.0.2.{self.rng.randrange(1, 250)}"
        for t in self.later(t, self.rng.randrange(1, 6), 30):
            self.log.tunnel(t, c, address, 20000, 3000, 9000, ip=address)

    def o_tunnel(self, c, t, host):
        self.log.tunnel(t + 5 * 3600, c, host, 4e7, 2e6, 1000 * self.rng.uniform(4.1, 7) * 3600)

    def o_broken(self, c, t, host):
        for t in self.later(t, self.rng.randrange(10, 50), 15):
            self.log.web(t, c, host, "/app/status", scheme="https", status=self.rng.choice([404, 500, 503]), down=600, ctype="application/json",
                    referer=f"https://{host}/app")

    def o_script(self, c, t, host):
        self.log.web(t, c, self.company.vendor("raw.githubusercontent.com"), f"/{self.rng.choice(WORD2)}/tools/main/setup.ps1", scheme="https",
                down=9000, ctype="text/plain")

    def o_long_query(self, c, t, host):
        for t in self.later(t, self.rng.randrange(2, 8), 30):
            self.log.web(t, c, host, "/sso/redirect", "state=" + text(self.rng, self.rng.randrange(900, 2600), B64), scheme="https", status=302,
                    up=3000, down=900)

    def o_watch(self, c, t, host):
        """A page that is left open and asks for itself like a clock."""
        period = self.rng.choice([30, 60, 120])
        for i in range(self.rng.randrange(30, 200)):
            self.log.tunnel(t + i * period + self.rng.uniform(0, .8), c, host, self.rng.randrange(4000, 4100), self.rng.randrange(1500, 1530), 800)

    def o_denied(self, c, t, host):
        for i, t in enumerate(self.later(t, 9, 200)):
            if i < 5:
                self.log.web(t, c, host, "/", status=403, action="TCP_DENIED", reason="content_filter_denied", down=2100, ip="-",
                        category="Uncategorized")
            else:
                self.log.web(t, c, host, "/", down=30000)

    def o_home(self, c, t, host):
        name = f"{text(self.rng, 7, HEX)}.{self.rng.choice(['ddns.net', 'dyndns.org', 'synology.me', 'myds.me'])}"
        for t in self.later(t, self.rng.randrange(2, 9), 100):
            self.log.tunnel(t, c, name, 400000, 9000, 60000, port=self.rng.choice([443, 443, 5001]))

    def o_document(self, c, t, host):
        self.log.web(t, c, host, "/apply", method="POST", scheme="https", up=self.rng.lognormvariate(13.5, .5), down=2000,
                referer=f"https://{host}/jobs",
                     rtype=self.rng.choice(["application/msword", "application/octet-stream", "application/pdf"]))

    def o_password_link(self, c, t, host):
        self.log.web(t, c, host, "/reset", "email=a.person%40corp.example&token=" + text(self.rng, 40), scheme="https", down=9000)
