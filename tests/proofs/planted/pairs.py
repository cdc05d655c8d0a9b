"""Another kind of company: everybody uses some dozens of hosts, each in a manner of its own, some of them alone and some like a clock."""
import math
import random

from .benign import Benign, Nobody, poll
from .company import Site

EACH = 15


def uniform(rng, day, least, most, first, last):
    return [rng.uniform(*day(first, last)) for _ in range(rng.randrange(least, most))]


def visits(rng, day, most):
    return [rng.uniform(*day(8, 18)) for _ in range(rng.randrange(1, most))]


def browse(rng, day):
    out = []
    for t in visits(rng, day, 4):
        for _ in range(rng.randrange(2, 15)):
            t += rng.lognormvariate(3.6, 1.2)
            out += [t + rng.expovariate(1.2) for _ in range(rng.randrange(1, 5))]
    return out


def third(rng, day):
    starts = visits(rng, day, 8)
    return [rng.choice(starts) + rng.expovariate(1 / 900) for _ in range(rng.randrange(5, 70))]


def pareto(rng, day):
    t, out = day(7, 7)[0], []
    for _ in range(rng.randrange(10, 80)):
        t += 20 * (rng.paretovariate(1.1) - 1) + .5
        out.append(t)
    return out


def refresh(rng, day):
    out = []
    for s in visits(rng, day, 4):
        end = s + rng.lognormvariate(6.6, .9)
        while s < end:
            s += 60 + rng.expovariate(1)
            out.append(s)
    return out


def typing(rng, day):
    out = []
    for t in visits(rng, day, 8):
        for _ in range(rng.randrange(5, 30)):
            t += rng.gammavariate(2, .35)
            out.append(t)
    return out


def clock(period, jitter, first=8.5, last=17.5, missing=0., burst=0.):
    def times(rng, day):
        a, b = day(first, last)
        out = []
        for t in poll(rng, a, b, period, jitter):
            if rng.random() >= missing:
                out.append(t)
                if rng.random() < burst:
                    out += [t + rng.uniform(.2, 3) for _ in range(rng.randrange(1, 4))]
        return out
    return times


def several(rng, day):
    return clock(300, .05)(rng, day) + clock(900, .05)(rng, day) + browse(rng, day)


def stream(rng, day):
    a = day(rng.uniform(9, 17), 17)[0]
    return list(poll(rng, a, a + rng.uniform(1000, 7000), 12, .06))


# name: (weight, like a clock, law, agent, mode, share of days)
CLASSES = {
    "browse": (10, False, browse, None, "tunnel", .6), "third": (10, False, third, None, "tunnel", .7),
    "api": (4, False, lambda r, d: uniform(r, d, 4, 60, 8, 18), None, "tunnel", .7), "pareto": (3, False, pareto, "okhttp/4.12.0", "tunnel", .8),
    "poisson": (2, False, lambda r, d: uniform(r, d, 30, 250, 0, 23), "cpprestsdk/2.10.18", "tunnel", .9), "refresh": (2, False, refresh, None, "decrypted", .6),
    "several": (2, False, several, None, "tunnel", .8), "typing": (2, False, typing, None, "decrypted", .6),
    "chat": (2, False, lambda r, d: uniform(r, d, 20, 120, 8, 18), None, "tunnel", .8), "stream": (.6, True, stream, None, "tunnel", .3),
    "saas": (1, True, clock(120, .02), None, "tunnel", .95), "mail": (1, True, clock(300, .05, burst=.3), "Microsoft Office/16.0", "tunnel", .95),
    "telemetry": (1, True, clock(900, .1, 0, 23, missing=.1), "-", "tunnel", .95), "status": (1, True, clock(600, .01), "StatusCheck/1.0", "plain", .95),
    "updater": (1, True, clock(3600, .08, 0, 23, burst=.8), "Updater/4.1", "plain", .95), "widget": (1, True, clock(1800, .02, 8, 18), None, "plain", .9),
    "longpoll": (1, True, clock(110, .2, 8, 18), None, "decrypted", .8),
}


class Pairs(Benign):
    """Takes the place of Benign: other people, the same servers, printers and cameras."""

    def __init__(self, company, log, scale):
        super().__init__(company, log, scale)
        rng = random.Random(f"pairs {company.seed}")
        people = company.of("windows", "mac", "linux", "phone")
        self.habits = {c.ip: [] for c in people}
        total = sum(c[0] for c in CLASSES.values())
        sites = []
        for name, (weight, periodic, _, _, mode, _) in CLASSES.items():
            left = len(people) * EACH * weight / total
            while left > 0:                                    # pairs are drawn by the law of shares: a host of k clients counts k times
                share = math.exp(rng.gauss(-2.2, 1.3) if periodic else rng.gauss(-3.2, 1.4))
                k = min(max(1, round(share * len(people))), len(people))
                if rng.random() * k > 1:
                    continue
                site = Site(company.name(rng.choice(["www.", "api.", "cdn.", "app.", "data.", ""])), mode, [], "Business/Economy")
                for c in rng.sample(people, k):
                    self.habits[c.ip].append((name, site, rng.randrange(180, 900), rng.randrange(250, 6000)))
                left -= k
                if name == "browse":
                    sites.append((k, site))
        sites.sort(key=lambda s: -s[0])
        company.sites = [site for _, site in sites]

    def person(self, rng, c, day):
        if (self.company.weekend(day) or day in c.absent) and day not in c.must:
            return
        begin, end = self.local(day, 8 + rng.random() + c.early / 3), self.local(day, 16.5 + 1.5 * rng.random())

        def hours(first, last):
            return self.local(day, first), self.local(day, last)
        for name, site, request, response in self.habits[c.ip]:
            _, periodic, law, agent, mode, share = CLASSES[name]
            if rng.random() > share:
                continue
            client = c if agent is None else Nobody(c)
            for t in law(rng, hours):
                if not begin < t < end or rng.random() > self.scale:
                    continue
                up = request + rng.randrange(max(2, request // 50)) if periodic else rng.lognormvariate(6.6, .6) + 120
                down = response + rng.randrange(max(2, response // 50)) if periodic else rng.lognormvariate(9, 1.3) + 200
                if mode == "tunnel":
                    self.log.tunnel(t, client, site.host, down, up, 1000 * rng.uniform(1, 60), agent=agent)
                else:
                    self.log.web(t, client, site.host, "/api/poll" if periodic else f"/p/{rng.randrange(40)}", scheme="http" if mode == "plain" else "https",
                                 down=down, up=up, agent=agent, ctype="application/json" if periodic else "text/html")
        for _ in range(rng.randrange(0, 5)):                    # somewhere new
            host, t = self.company.name("www.", rng), rng.uniform(begin, end)
            for _ in range(rng.randrange(1, 9)):
                t += rng.expovariate(.05)
                self.log.tunnel(t, c, host, rng.lognormvariate(10, 1), rng.lognormvariate(7.5, .7), 20000)
        for t in poll(rng, begin, end, 1800, .5):
            self.log.web(t, Nobody(c), self.hosts["ncsi"], "/connecttest.txt", down=381, up=212, ctype="text/plain", agent="Microsoft NCSI")

    def phone(self, rng, c, day):
        self.person(rng, c, day)
