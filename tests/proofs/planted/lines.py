"""How does one request look in the log of a ProxySG (W3C) or of Squid with a logformat of its own?"""
import datetime
import zlib

ELFF = ("date time time-taken c-ip c-dns cs-username cs-method cs-version cs-uri-scheme cs-host cs-uri-port cs-uri-path "
        "cs-uri-query sc-status s-action sc-filter-result x-exception-id sc-bytes cs-bytes rs(Content-Type) "
        "cs(Content-Type) cs(User-Agent) cs(Referer) cs-categories r-ip x-cs-connection-negotiated-ssl-version "
        "x-cs-client-hello-server-name")
SQUID = ('%ts.%03tu %6tr %>a %>A %[un %Ss/%03>Hs %<st %>st %rm %ru HTTP/%rv %Sh/%<a %mt "%{Content-Type}>h" '
         '"%{User-Agent}>h" "%{Referer}>h" %ssl::>sni %ssl::>negotiated_version')
CLOCK = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(86400)]
SQUID_ACTION = {"TCP_NC_MISS": "TCP_MISS", "TCP_HIT": "TCP_HIT", "TCP_TUNNELED": "TCP_TUNNEL", "TCP_DENIED": "TCP_DENIED",
                "TCP_ERR_MISS": "TCP_MISS", "TCP_REFRESH_HIT": "TCP_REFRESH_UNMODIFIED"}


def address_of(host):
    """A made-up address of a host, in the range for benchmarks; the indicators' addresses lie elsewhere."""
    n = zlib.crc32(host.encode()) & 0x1FFFF
    return f"198.{18 + (n >> 16)}.{n >> 8 & 255}.{n & 255}"


class Log:
    """Takes requests by day and writes each day as a file of the chosen format."""

    def __init__(self, start, days, squid):
        self.start, self.count, self.squid = start, days, squid
        self.epoch = int(datetime.datetime.combine(start, datetime.time(), datetime.timezone.utc).timestamp())
        self.days = [[] for _ in range(days)]
        self.addresses = {}

    def add(self, t, ms, client, method, version, scheme, host, port, path, query, status, action, reason, down, up,
            ctype, rtype, agent, referer, category, ip, sni):
        """One request that ends at second t of the set; what lies outside of the days is left out."""
        day = int(t // 86400)
        if not 0 <= day < self.count:
            return
        if ip is None:
            ip = self.addresses.get(host)
            if ip is None:
                ip = self.addresses[host] = host if host[0].isdigit() and host.replace(".", "").isdigit() else address_of(host)
        self.days[day].append((t, ms, client, method, version, scheme, host, port, path, query, status, action, reason,
                               int(down), int(up), ctype, rtype, agent, referer, category, ip, sni))

    def web(self, t, client, host, path="/", query="", method="GET", scheme="http", port=None, status=200,
            action="TCP_NC_MISS", reason="-", down=5000, up=700, ctype="text/html", rtype="-", agent=None, referer="-",
            version="1.1", category="Business", ms=90, ip=None, sni=None, userinfo=""):
        """A request whose URL the proxy sees: plain, or decrypted."""
        if scheme == "https" and sni is None:
            sni = host
        self.add(t, ms, client, method, version, scheme, userinfo + host, port or (443 if scheme == "https" else 80), path,
                 query, status, action, reason, down, up, ctype, rtype, client.agent if agent is None else agent, referer,
                 category, ip, sni or "-")

    def tunnel(self, t, client, host, down=9000, up=2500, ms=30000, port=443, agent=None, status=200,
               action="TCP_TUNNELED", reason="-", category="Business", ip=None, sni=None, version="1.1"):
        """A CONNECT that ends at t."""
        if sni is None:
            sni = "-" if host[0].isdigit() and host.replace(".", "").isdigit() or status != 200 else host
        self.add(t, ms, client, "CONNECT", version, "tcp", host, port, "/", "", status, action, reason, down, up, "-", "-",
                 client.agent if agent is None else agent, "-", category, ip, sni)

    def write(self, day, file):
        """Writes a day in order of time and forgets it; returns the number of lines."""
        rows = self.days[day]
        rows.sort(key=lambda row: row[0])
        self.days[day] = []
        date = (self.start + datetime.timedelta(days=day)).isoformat()
        file.write("".join(self.as_squid(rows) if self.squid else self.as_elff(rows, date, day)))
        return len(rows)

    def as_elff(self, rows, date, day):
        yield f"#Software: SGOS 7.3.5.1\n#Version: 1.0\n#Date: {date} 00:00:00\n#Fields: {ELFF}\n"
        zero = day * 86400
        for (t, ms, c, method, version, scheme, host, port, path, query, status, action, reason, down, up, ctype, rtype, agent,
             referer, category, ip, sni) in rows:
            result = "DENIED" if action == "TCP_DENIED" else "OBSERVED"
            tls = "TLSv1.3" if sni != "-" else "-"
            quoted = f'"{agent}"' if agent != "-" else "-"
            yield (f"{date} {CLOCK[int(t) - zero]} {ms:.0f} {c.ip} {c.computer} {c.user} {method} HTTP/{version} {scheme} {host} "
                   f"{port} {path} {'?' + query if query else '-'} {status} {action} {result} {reason} {down} {up} {ctype} "
                   f"{rtype} {quoted} {referer} \"{category}\" {ip} {tls} {sni}\n")

    def as_squid(self, rows):
        for (t, ms, c, method, version, scheme, host, port, path, query, status, action, reason, down, up, ctype, rtype, agent,
             referer, category, ip, sni) in rows:
            if method == "CONNECT":
                url = f"{host}:{port}"
            else:
                standard = port == (443 if scheme == "https" else 80)
                url = f"{scheme}://{host}{'' if standard else f':{port}'}{path}{'?' + query if query else ''}"
            direct = "HIER_NONE/-" if action in ("TCP_DENIED", "TCP_HIT") or ip == "-" else f"HIER_DIRECT/{ip}"
            tls = "TLS/1.3" if sni != "-" else "-"
            yield (f"{self.epoch + t:.3f} {ms:6.0f} {c.ip} {c.computer} {c.user} {SQUID_ACTION[action]}/{status:03} {down} {up} "
                   f"{method} {url} HTTP/{version} {direct} {ctype} \"{rtype}\" \"{agent}\" \"{referer}\" {sni} {tls}\n")
