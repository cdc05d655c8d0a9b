"""What looks like an incident and is none: no finding about it may be high or critical."""
import random

from .benign import HEX, Nobody, poll, text
from .company import WORD1, WORD2, chrome

SHELL = "Mozilla/5.0 (Windows NT; Windows NT 10.0; de-DE) WindowsPowerShell/5.1.26100.2161"


class Decoys:
    """Adds them all; `truth` lists what each is made of."""

    def __init__(self, company, benign, log):
        self.company, self.benign, self.log = company, benign, log
        self.rng = random.Random(f"decoys {company.seed}")
        self.truth = []
        people = [c for c in company.of("windows") if not c.plant]
        self.rng.shuffle(people)
        self.people = people
        self.macs = [c for c in company.of("mac") if not c.plant]
        self.servers = company.of("server")
        self.days = company.laws.days
        for name in sorted(n for n in dir(self) if n.startswith("d_")):
            clients, hosts, note = getattr(self, name)()
            self.truth.append({"id": name[2:].replace("_", "-"), "client_ips": [c.ip for c in clients], "hosts": hosts, "note": note})

    def take(self, n=1):
        return [self.people.pop() for _ in range(n)]

    def many(self, n):
        """Whoever it may be, those with a plant, too."""
        return self.rng.sample(self.company.of("windows"), n)

    def workdays(self, clients_absent=(), first=0, last=99):
        return [d for d in range(self.days) if first <= d <= last and not self.company.weekend(d) and d not in clients_absent]

    def hours(self, day, a, b):
        return self.benign.local(day, a), self.benign.local(day, b)

    def d_printers(self):
        clients = self.company.of("printer")
        for c in clients:
            for t in poll(self.rng, 0, self.days * 86400, 14400, .02):
                self.log.web(t, c, "telemetry.printworks.example", "/device/status", method="POST", version="1.0", agent="PrintWorks-Device/3.1",
                        up=1240,
                             down=310, ctype="text/xml", rtype="text/xml")
            for t in poll(self.rng, 0, self.days * 86400, 86400, .01):
                self.log.web(t, c, "firmware.printworks.example", f"/fw/{c.computer.lower()[:3]}/latest.txt", version="1.0",
                        agent="PrintWorks-Device/3.1", up=150, down=402,
                             ctype="text/plain")
        return clients, ["telemetry.printworks.example", "firmware.printworks.example"], "printers speak HTTP/1.0 and post at fixed times"

    def d_cameras(self):
        clients = self.company.of("camera")
        for c in clients:
            for t in poll(self.rng, 0, self.days * 86400, 300, .004):
                self.log.web(t, c, "p2p.camview.example", "/ka", f"id={c.ip.replace('.', '')}", version="1.0", agent="-", up=118, down=204,
                        ctype="-", status=204)
        return clients, ["p2p.camview.example"], "cameras keep alive over HTTP/1.0 without an agent"

    def d_updater(self):
        clients, host = self.many(18), "update.penflow.example"
        for c in clients:
            for d in self.workdays(c.absent):
                a, b = self.hours(d, 9, 16)
                for t in poll(self.rng, a, b, 1800, .02):
                    self.log.web(t, Nobody(c), host, "/v3/check.json", f"v=8.2.{d // 7}", down=533, up=240, ctype="application/json",
                            agent="PenFlow Updater/8.2")
        return clients, [host], "an updater that always gets the same answer"

    def d_niche_updater(self):
        clients, host = self.take(2), "lic.labmeter.example"
        for c in clients:
            for d in self.workdays(c.absent):
                a, b = self.hours(d, 8.6, 16.8)
                for t in poll(self.rng, a, b, 900, .01):
                    self.log.web(t, Nobody(c), host, "/license/heartbeat", method="POST", down=96, up=388, ctype="text/plain", rtype="text/plain",
                                 agent="LabMeter/2.4 (Windows NT 10.0)")
        return clients, [host], "the licence of a program that two people have, since the first day"

    def d_backup(self):
        c, host = self.servers[0], "eu1.vaultcopy.example"
        for d in range(self.days):
            t = d * 86400 + 1.2 * 3600
            for _ in range(self.rng.randrange(25, 60)):
                t += self.rng.uniform(60, 200)
                self.log.web(t, c, host, f"/vault/corp/{d}/{text(self.rng, 20, HEX)}", method="PUT", scheme="https",
                        up=self.rng.lognormvariate(19.3, .3), down=240,
                             ctype="-", rtype="application/octet-stream", agent="VaultCopy/6.1 Go-http-client/1.1", ms=55000)
        return [c], [host], "the nightly backup uploads gigabytes"

    def d_monitoring(self):
        c = self.servers[1]
        hosts = [f"status.{self.company.name()}" for _ in range(10)]
        for host in hosts:
            for t in poll(self.rng, 0, self.days * 86400, 60 if host != hosts[0] else 30, .002):
                if self.rng.random() < .998:
                    self.log.web(t, c, host, "/health", down=187, up=143, ctype="text/plain", agent="Uptimer/2.1", ms=40)
                else:
                    self.log.web(t, c, host, "/health", status=503, action="TCP_ERR_MISS", reason="tcp_error", down=900, up=143, ctype="text/html",
                            agent="Uptimer/2.1")
        return [c], hosts, "monitoring polls ten pages every minute, some of them for itself alone"

    def d_health_checks(self):
        c, host = self.servers[6], "old-gateway.corp.example"
        for t in poll(self.rng, 0, self.days * 86400, 120, .002):
            self.log.web(t, c, host, "/ping", status=503, action="TCP_ERR_MISS", reason="tcp_error", down=1400, up=160, agent="HealthProbe/1.0",
                    ip="-")
        return [c], [host], "a check of something that was switched off long ago: nothing but errors"

    def d_scanner(self):
        c = self.servers[7]
        hosts = [f"app{i}.corp.example" for i in range(30)]
        for d in (2, 9, 16):
            for host in hosts:
                t = d * 86400 + 3 * 3600 + self.rng.random() * 7200
                for _ in range(60):
                    t += self.rng.expovariate(3)
                    self.log.web(t, c, host, "/" + self.rng.choice(["admin/", ".git/config", "cgi-bin/test-cgi", "manager/html", "?id=1'",
                            "server-status", "wp-login.php"]),
                                 method=self.rng.choice(["GET", "GET", "GET", "OPTIONS", "TRACE", "PUT", "PROPFIND", "DELETE"]),
                                 status=self.rng.choice([404, 404, 403, 405, 400]),
                                 down=900, up=400, port=self.rng.choice([80, 80, 8080, 8443, 9090]),
                                 agent="Mozilla/5.0 (compatible; Nessus SOAP; scanner.corp.example)", ip="10.1.9.20")
            for _ in range(12):
                self.log.tunnel(d * 86400 + 3600 + self.rng.random() * 900, c, "plugins.scanvendor.example", 5e6, 4000, agent="ScanVendor-Feed/10.8")
        return [c], hosts + ["plugins.scanvendor.example"], "the house's own vulnerability scanner, every second day of the week"

    def d_admin_shell(self):
        c, = self.take()
        gallery = self.benign.hosts["gallery"]
        for d in self.workdays(c.absent)[::2]:
            a, b = self.hours(d, 9, 16)
            for _ in range(self.rng.randrange(2, 9)):
                t = a + self.rng.random() * (b - a)
                self.log.web(t, c, gallery, "/api/v2/FindPackagesById()", "id='Az.Accounts'", scheme="https", down=24000, up=500,
                        ctype="application/atom+xml", agent=SHELL)
                self.log.tunnel(t + 5, c, self.company.vendor("graph.microsoft.com"), 22000, 9000, agent=SHELL)
        return [c], [gallery, self.company.vendor("graph.microsoft.com")], "an administrator's PowerShell asks its maker"

    def d_mail_sync(self):
        clients, host = self.many(35), "mail.hostedex.example"
        for c in clients:
            for d in self.workdays(c.absent):
                a, b = self.hours(d, 8.5, 16.5)
                for t in poll(self.rng, a, b, 640, .3):
                    self.log.web(t, c, host, "/mapi/emsmdb/", f"MailboxId={c.user}", method="POST", scheme="https",
                            down=self.rng.lognormvariate(7.5, .8),
                                 up=self.rng.lognormvariate(7.2, .9), ctype="application/mapi-http", rtype="application/octet-stream",
                                 agent="Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.19530; Pro)")
        return clients, [host], "mail is synchronised by POST of application/octet-stream"

    def d_new_saas(self):
        clients, host = self.many(45) + self.rng.sample(self.macs, min(8, len(self.macs))), "app.boardly.example"
        for c in clients:
            start = 14 + self.rng.randrange(0, 3)
            for d in self.workdays(c.absent, start):
                c.on_day(d, self.company.laws)
                a, b = self.hours(d, 9, 16.3)
                for t in poll(self.rng, a, b, 60, .05):
                    if self.rng.random() < .4:
                        self.log.web(t, self.frozen(c), host, "/api/board/poll", scheme="https", down=214, up=self.rng.randrange(880, 900),
                                ctype="application/json",
                                     referer=f"https://{host}/")
                self.log.web(a, self.frozen(c), host, "/download/boardly-setup-1.4.exe", scheme="https", down=8.3e7, up=900,
                        ctype="application/octet-stream")
        return clients, [host], "a new online service, adopted by many in the third week, with a poll every minute"

    def frozen(self, c):
        """The client as it is on the day at hand; its agent changes with the days."""
        f = Nobody(c)
        f.user = c.user
        return f

    def d_holiday(self):
        c, = self.take()
        c.absent = set(range(0, 14))
        return [c], [], "back from two weeks of holiday, with a new browser"

    def d_developer_ports(self):
        c = self.company.of("linux")[0]
        hosts = ["build.corp.example", "10.1.7.31", "artifacts.corp.example"]
        for d in self.workdays(c.absent):
            c.on_day(d, self.company.laws)
            a, b = self.hours(d, 9, 16)
            for _ in range(self.rng.randrange(10, 60)):
                host, port = self.rng.choice([(hosts[0], 8443), (hosts[1], 9000), (hosts[2], 8081), (hosts[0], 3000)])
                self.log.web(a + self.rng.random() * (b - a), self.frozen(c), host, f"/job/{self.rng.choice(WORD2)}",
                        scheme="https" if port == 8443 else "http", port=port,
                             down=self.rng.lognormvariate(9, 1), ip="10.1.7.31", sni="-")
        return [c], hosts, "a developer works with internal servers at 8443, 9000, 8081 and 3000"

    def d_video_days(self):
        clients, host = self.take(6), "room.holdmeet.example"
        for c in clients:
            for d in self.workdays(c.absent)[:: self.rng.randrange(2, 4)]:
                c.on_day(d, self.company.laws)
                self.log.tunnel(self.hours(d, 8, 15.9)[1], self.frozen(c), host, 2.4e9 * self.rng.uniform(.5, 1.5),
                        1.3e9 * self.rng.uniform(.5, 1.5), 1000 * 6.2 * 3600)
        return clients, [host], "video training: tunnels of six hours with a gigabyte up"

    def d_marketing(self):
        clients, host = self.many(30), "promo-studio.ddns.net"
        for c in clients:
            for d in self.workdays(c.absent)[self.rng.randrange(3)::3]:
                c.on_day(d, self.company.laws)
                for _ in range(self.rng.randrange(2, 15)):
                    self.log.web(self.hours(d, 9 + 6 * self.rng.random(), 0)[0], self.frozen(c), host, f"/campaign/{self.rng.randrange(50)}",
                            scheme="https",
                                 down=self.rng.lognormvariate(10, 1), up=900)
        return clients, [host], "a marketing tool below a dynamic name, used by many since the first week"

    def d_ticker(self):
        clients, host = self.take(2), "quotes.tinyticker.example"
        for c in clients:
            for d in self.workdays(c.absent):
                c.on_day(d, self.company.laws)
                a, b = self.hours(d, 9, 16.5)
                for t in poll(self.rng, a, b, 120, .01):
                    self.log.tunnel(t, self.frozen(c), host, self.rng.randrange(5200, 5400), self.rng.randrange(1900, 1950), 1500)
        return clients, [host], "a page with a ticker that two people leave open, since the first day"

    def d_virtual_machine(self):
        c = self.macs.pop()
        for d in self.workdays(c.absent):
            a, b = self.hours(d, 9, 16)
            for _ in range(self.rng.randrange(5, 40)):
                f = self.frozen(c)
                f.agent = chrome("Windows NT 10.0; Win64; x64", self.company.laws.chrome)
                self.log.tunnel(a + self.rng.random() * (b - a), f, self.rng.choice(c.favourites).host, self.rng.lognormvariate(10, 1), 5000)
        return [c], [], "a Mac with Windows in a virtual machine, on all days"

    def d_home_camera(self):
        c, = self.take()
        host = "albers-home.dyndns.org"
        for d in self.workdays(c.absent):
            c.on_day(d, self.company.laws)
            for _ in range(self.rng.randrange(0, 3)):
                self.log.tunnel(self.hours(d, 12 + self.rng.random(), 0)[0], self.frozen(c), host, 2e6, 4000, 60000)
        return [c], [host], "somebody looks at his door at home at noon, since the first day"

    def d_big_files(self):
        clients, host = self.many(12), "send.parcelbox.example"
        for c in clients:
            d = self.rng.choice(self.workdays(c.absent))
            c.on_day(d, self.company.laws)
            self.log.tunnel(self.hours(d, 10 + 5 * self.rng.random(), 0)[0], self.frozen(c), host, 40000, self.rng.lognormvariate(18.7, .5), 90000)
        return clients, [host], "files of some hundred megabytes go to a parcel service that many use"

    def d_payroll(self):
        c, host = self.servers[8], "edi.bankport.example"
        for d in self.workdays():
            for hour in (6, 12, 18):
                self.log.web(self.hours(d, hour, 0)[0] + self.rng.uniform(0, 20), c, host, "/edi/submit", method="POST", scheme="https", down=512,
                             up=self.rng.lognormvariate(13, .4), ctype="application/xml", rtype="application/octet-stream",
                             agent="EDI-Connector/4.0 Java/21.0.8")
        return [c], [host], "payments go to the bank three times a day, as octet-stream"

    def d_remote_site(self):
        clients, host = self.take(3), "198.18.77.10"
        for c in clients:
            for d in self.workdays(c.absent):
                for _ in range(self.rng.randrange(1, 6)):
                    c.on_day(d, self.company.laws)
                    self.log.tunnel(self.hours(d, 9 + 7 * self.rng.random(), 0)[0], self.frozen(c), host, 50000, 9000, 200000, port=8443)
        return clients, [host], "a partner's portal that has no name, at 8443, used by three since the first day"

    def d_office_post(self):
        clients, host = self.many(20), "docs.signwell.example"
        for c in clients:
            for d in self.workdays(c.absent)[self.rng.randrange(5)::5]:
                c.on_day(d, self.company.laws)
                self.log.web(self.hours(d, 9 + 7 * self.rng.random(), 0)[0], self.frozen(c), host, "/api/documents", method="POST", scheme="https",
                        down=900,
                             up=self.rng.lognormvariate(12, .8), ctype="application/json", referer=f"https://{host}/",
                             rtype="application/vnd.openxmlformats-officedocument.wordprocessingml.document")
        return clients, [host], "documents to be signed are posted to a service that twenty use"

    def d_retired_site(self):
        clients, host = self.many(5), f"www.{self.rng.choice(WORD1)}gone.example"
        for c in clients:
            for d in self.workdays(c.absent):
                c.on_day(d, self.company.laws)
                for _ in range(self.rng.randrange(1, 5)):
                    self.log.web(self.hours(d, 9 + 7 * self.rng.random(), 0)[0], self.frozen(c), host, "/widget.js", status=404, down=700,
                            ctype="text/html")
        return clients, [host], "a widget that is no longer there"
