"""Who is in the company, which programs do they use, and which laws does its traffic follow?"""
import dataclasses
import datetime
import random

FIRST = "anna ben carla david emma felix greta hugo ines jonas karin lukas mara nils olga paul rosa simon tina uwe".split()
LAST = "albers brandt costa dietz ebert fuchs graf hahn ivanov jung keller lenz meyer novak otto peters quast roth sommer thoma".split()
WORD1 = ("amber blue bright cedar clear coral crisp delta ember fair fern gold grand green harbor iron ivory jade lake lark maple "
         "mint nova oak ocean opal pine prime quiet rapid river ruby sage silver solar stone summit swift terra true urban vivid "
         "west wild wind north garden market travel health sport music photo recipe school city bank law paper book").split()
WORD2 = ("base beam bridge cast cloud craft dock field flow forge gate grid hub lane layer line link loop mark mesh mill net node "
         "path peak point port post press pulse ridge root shift spark stack stream switch trade vault view ware wave wire works "
         "yard zone shop blog news forum guide times daily store club group world online center report").split()


@dataclasses.dataclass
class Laws:
    """What differs between two companies."""
    start: datetime.date
    days: int = 21
    zone: float = 1            # hours east of UTC
    squid: bool = False        # else ProxySG
    decrypted: float = .15     # share of HTTPS sites whose URLs the proxy sees
    plain: float = .05         # share of sites without HTTPS
    pages: float = 48          # pages a person reads a day
    tail: float = .10          # share of pages on sites nobody has been to
    sites: int = 2500
    favourites: float = .55    # share of pages on a person's own sites
    absent: float = .06
    windows: int = 124
    macs: int = 24
    linux: int = 6
    phones: int = 16
    servers: int = 14
    vendor_names: bool = True  # real names of vendors, else made-up ones
    chrome: int = 145
    firefox: int = 147
    wave: int = 8              # day on which the browsers begin to renew themselves
    upper: bool = True         # LT-0042, else nb00042.ad.corp.example
    pairs: bool = False        # people as in pairs.py, else as in benign.py
    first_plant: int = 12      # no plant begins later than it may because of this; small: already in the first days
    odd: int = 0               # odd things of honest people on a working day
    varied: bool = True        # plants of drawn strength and looks


def laws_of(name, seed):
    """`a`, `b` and `d` are fixed, `c` draws everything from the seed, `e` too, with plants from the second day on and honest people's oddities."""
    if name == "a":
        return Laws(datetime.date(2026, 3, 2), varied=False)
    if name == "b":
        return Laws(datetime.date(2026, 6, 1), zone=-5, squid=True, decrypted=.8, plain=.08, pages=40, tail=.18, sites=900,
                    favourites=.4, absent=.12, windows=110, macs=60, linux=14, phones=30, servers=20, vendor_names=False,
                    chrome=148, firefox=151, wave=12, upper=False)
    if name == "d":
        return Laws(datetime.date(2026, 9, 7), zone=0, windows=170, macs=20, phones=10, vendor_names=False, chrome=150, firefox=152, pairs=True)
    r = random.Random(f"laws {seed}")
    early = 1 if name == "e" else 12
    return Laws(datetime.date(2026, 1, 5) + datetime.timedelta(days=7 * r.randrange(40)), zone=r.choice([-8, -5, 0, 1, 2, 5.5, 9]),
                squid=r.random() < .5, decrypted=r.random(), plain=r.uniform(.02, .15), pages=r.uniform(25, 60),
                tail=r.uniform(.04, .25), sites=r.randrange(500, 4000), favourites=r.uniform(.3, .7), absent=r.uniform(.02, .15),
                windows=r.randrange(90, 150), macs=r.randrange(10, 60), linux=r.randrange(4, 20), phones=r.randrange(0, 30),
                servers=r.randrange(12, 24), vendor_names=r.random() < .5, chrome=145, firefox=147, wave=r.randrange(5, 16),
                upper=r.random() < .5, first_plant=early, odd=5 if early == 1 else 0)


class Client:
    """One computer, telephone or thing, with the person at it if there is one."""

    def __init__(self, kind, ip, computer, user="-"):
        self.kind, self.ip, self.computer, self.user = kind, ip, computer, user
        self.agent = "-"          # of its browser on the day that is being made
        self.browser = None
        self.renewed = 999        # day on which its browser got the next version
        self.favourites = []
        self.absent = set()
        self.must = set()         # days on which it is there for a plant
        self.early = 0.           # hours by which its person is early or late
        self.busy = 1.
        self.plant = None

    def on_day(self, day, laws):
        """The browser's agent on a day."""
        late = day >= self.renewed
        if self.browser == "chrome":
            system = {"windows": "Windows NT 10.0; Win64; x64", "mac": "Macintosh; Intel Mac OS X 10_15_7", "linux": "X11; Linux x86_64"}
            self.agent = chrome(system[self.kind], laws.chrome + late)
        elif self.browser == "edge":
            self.agent = chrome("Windows NT 10.0; Win64; x64", laws.chrome + late) + f" Edg/{laws.chrome + late}.0.0.0"
        elif self.browser == "firefox":
            system = {"windows": "Windows NT 10.0; Win64; x64", "mac": "Macintosh; Intel Mac OS X 10.15", "linux": "X11; Linux x86_64"}
            v = laws.firefox + late
            self.agent = f"Mozilla/5.0 ({system[self.kind]}; rv:{v}.0) Gecko/20100101 Firefox/{v}.0"
        elif self.browser == "safari":
            self.agent = ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                          f"Version/26.{2 + late} Safari/605.1.15")
        elif self.browser == "iphone":
            self.agent = ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                          f"Version/26.{2 + late} Mobile/15E148 Safari/604.1")
        elif self.browser == "android":
            self.agent = ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
                          f"Chrome/{laws.chrome + late}.0.0.0 Mobile Safari/537.36")


def chrome(system, version):
    return f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"


class Site:
    """A web site with what its pages load from elsewhere."""

    def __init__(self, host, mode, thirds, category):
        self.host, self.mode, self.thirds, self.category, self.known = host, mode, thirds, category, True


class Company:
    def __init__(self, seed, laws):
        self.seed, self.laws = seed, laws
        self.rng = rng = random.Random(f"company {seed}")
        self.taken = set()
        self.clients = []
        people = [f"{a[0]}.{b}" for a in FIRST for b in LAST]
        people = sorted(set(people))
        rng.shuffle(people)
        nets = {"windows": "10.20.{}.{}", "mac": "10.21.{}.{}", "linux": "10.22.{}.{}", "phone": "10.30.{}.{}",
                "server": "10.1.{}.{}", "printer": "10.40.{}.{}", "camera": "10.41.{}.{}"}
        counts = {"windows": laws.windows, "mac": laws.macs, "linux": laws.linux, "phone": laws.phones, "server": laws.servers,
                  "printer": 8, "camera": 5}
        for kind, count in counts.items():
            for i, slot in enumerate(rng.sample(range(1200), count)):
                ip = nets[kind].format(slot // 240 + 1, slot % 240 + 10)
                user = people[(len(self.clients)) % len(people)] if kind in ("windows", "mac", "linux", "phone") else "-"
                if user != "-" and len(self.clients) >= len(people):
                    user += "2"
                self.clients.append(Client(kind, ip, self.named(kind, i, slot), user))
        for c in self.clients:
            c.browser = {"windows": rng.choices(["chrome", "edge", "firefox"], [5, 4, 1])[0], "mac": rng.choice(["safari", "chrome"]),
                         "linux": rng.choice(["firefox", "chrome"]), "phone": rng.choice(["iphone", "android"])}.get(c.kind)
            c.renewed = laws.wave + min(int(rng.expovariate(.45)), 9)
            c.early, c.busy = rng.gauss(0, .7), rng.lognormvariate(0, .4)
        self.thirds = [Site(self.name(label), self.mode(), [], "Web Ads/Analytics")
                       for label in rng.choices(["ads.", "px.", "sync.", "tag.", "stats.", "t.", "cdn.", "static.", "img.", "fonts."], k=140)]
        for _ in range(25):
            hexes = f"{rng.getrandbits(52):013x}"
            self.thirds.append(Site(f"d{hexes}.cloudedge.example", self.mode(), [], "Content Servers"))
        weights = [1 / (i + 1) ** .9 for i in range(len(self.thirds))]
        self.sites = []
        for _ in range(laws.sites):
            self.sites.append(Site(self.name(rng.choice(["www.", "www.", "", "app.", "shop."])), self.mode(),
                                   rng.choices(self.thirds, weights, k=rng.randrange(1, 9)),
                                   rng.choice(["News/Media", "Business/Economy", "Technology/Internet", "Shopping", "Reference", "Travel",
                                               "Health", "Entertainment", "Sports/Recreation", "Government/Legal"])))
        self.popular = [1 / (i + 2) ** .8 for i in range(laws.sites)]
        total = 0.
        self.cumulative = [total := total + w for w in self.popular]
        for c in self.clients:
            c.favourites = rng.choices(self.sites, cum_weights=self.cumulative, k=14) + rng.sample(self.sites, 8)
        self.away()

    def named(self, kind, i, slot):
        rng = self.rng
        number = slot + 17
        if self.laws.upper:
            return {"windows": f"LT-{number:04}" if rng.random() < .7 else f"WS-{number:04}", "mac": f"MB-{number:04}",
                    "linux": f"DEV-{number:04}", "phone": f"PH-{number:04}", "server": f"SRV-{i:02}", "printer": f"PRN-{i:02}",
                    "camera": f"CAM-{i:02}"}[kind]
        return {"windows": f"nb{number:05}.ad.corp.example", "mac": f"mac{number:05}.ad.corp.example", "linux": f"lx{number:05}.ad.corp.example",
                "phone": f"mob{number:05}.mdm.corp.example", "server": f"srv{i:03}.dc.corp.example",
                "printer": f"prn{i:03}.dc.corp.example", "camera": f"cam{i:03}.dc.corp.example"}[kind]

    def mode(self):
        x = self.rng.random()
        return "plain" if x < self.laws.plain else "decrypted" if x < self.laws.plain + (1 - self.laws.plain) * self.laws.decrypted else "tunnel"

    def name(self, label="", rng=None):
        rng = rng or self.rng
        while True:
            number = str(rng.randrange(2, 99)) if rng.random() < .12 else ""
            middle = rng.choice(["", "", "", "-", rng.choice(WORD1)])
            name = f"{rng.choice(WORD1)}{middle}{rng.choice(WORD2)}{number}.example"
            if name not in self.taken:
                self.taken.add(name)
                return label + name

    def vendor(self, host):
        """A vendor's real name, or one like it that is nobody's."""
        if self.laws.vendor_names:
            return host
        labels = host.split(".")
        return ".".join(labels[:-1] + ["example"])

    def of(self, *kinds):
        return [c for c in self.clients if c.kind in kinds]

    def away(self):
        """Holidays and sick days; the first of the holiday makers comes back in the last week, as a decoy."""
        for c in self.of("windows", "mac", "linux", "phone"):
            c.absent = {d for d in range(self.laws.days) if self.rng.random() < self.laws.absent}
        for c in self.rng.sample(self.of("windows"), 8):
            first = self.rng.randrange(0, 12)
            c.absent |= set(range(first, first + self.rng.randrange(4, 9)))

    def weekend(self, day):
        return (self.laws.start + datetime.timedelta(days=day)).weekday() >= 5
