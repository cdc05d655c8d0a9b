"""Writes a log of each lexer, for its speed: `lexers.py FOLDER [BYTES]`, then, with a release build,
`cargo run --release -p dwell-ingest --example parse_speed -- FOLDER/zeek_json.log zeek_json`.

The requests are the same in all files: names, clients and agents are drawn with few frequent and many rare ones."""

import datetime
import json
import os
import random
import sys

random.seed(7)


def names(count, make):
    return [make(i) for i in range(count)]


HOSTS = names(4000, lambda i: f"{random.choice(['www', 'cdn', 'api', 'img', 'mail'])}{i}.{random.choice(['example', 'sample', 'shop'])}{i % 97}.{random.choice(['com', 'net', 'org', 'de', 'io'])}")
AGENTS = names(400, lambda i: f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.{i} (KHTML, like Gecko) Chrome/1{i % 30}.0.{i * 7}.{i % 90} Safari/537.{i}") + ["curl/8.5", "python-requests/2.31"]
USERS = names(3000, lambda i: f"user{i:04d}")
CLIENTS = names(5000, lambda i: f"10.{i % 200}.{i * 7 % 250}.{i * 13 % 250}")
SERVERS = names(3000, lambda i: f"192.{i % 100}.{i * 7 % 250}.{i * 13 % 250}")
METHODS = ["GET"] * 80 + ["POST"] * 10 + ["CONNECT"] * 8 + ["HEAD", "PUT"]
TYPES = ["text/html", "image/png", "application/json", "application/javascript", "text/css", "video/mp4"]
CATEGORIES = ["Business/Economy", "Web Ads/Analytics", "Social Networking", "Technology/Internet", "Malicious Sources"]
STATUSES = [200] * 20 + [304, 404, 403, 302, 407, 500]


def drawn(values):
    return values[int(random.paretovariate(1.1) - 1) % len(values)]


class Request:
    def __init__(self, nth):
        self.t = 1763600000 + nth / 37
        self.at = datetime.datetime.fromtimestamp(int(self.t), datetime.timezone.utc)
        self.host, self.method = drawn(HOSTS), random.choice(METHODS)
        self.path = "/" + "/".join(random.choice(["a", "img", "js", "v1", "item", "page"]) + str(random.randrange(200)) for _ in range(random.randrange(1, 4)))
        self.query = f"id={random.randrange(10**6)}&s={random.randrange(1000)}" if random.random() < 0.5 else ""
        self.target = self.path + ("?" + self.query if self.query else "")
        self.user, self.client, self.server, self.agent = drawn(USERS), drawn(CLIENTS), drawn(SERVERS), drawn(AGENTS)
        self.type, self.category, self.status = random.choice(TYPES), random.choice(CATEGORIES), random.choice(STATUSES)
        self.down, self.up, self.ms = random.randrange(100, 200000), random.randrange(100, 3000), random.randrange(1, 5000)
        self.port, self.connect = random.randrange(1024, 65000), self.method == "CONNECT"


def squid(r):
    url = f"{r.host}:443" if r.connect else f"http://{r.host}{r.target}"
    return f"{r.t:.3f} {r.ms:6d} {r.client} TCP_MISS/{r.status} {r.down} {r.method} {url} {r.user} HIER_DIRECT/{r.server} {r.type}"


def syslog_squid(r):
    return f"<134>{r.at:%b %d %H:%M:%S} px1 squid[77]: " + squid(r)


def proxysg(r):
    path, query = ("/", "-") if r.connect else (r.path, "?" + r.query if r.query else "-")
    scheme, port = ("tcp", 443) if r.connect else ("http", 80)
    return f'{r.at:%Y-%m-%d %H:%M:%S} {r.ms} {r.client} {r.status} TCP_NC_MISS {r.down} {r.up} {r.method} {scheme} {r.host} {port} {path} {query} {r.user} - DIRECT {r.host} {r.type} - "{r.agent}" OBSERVED "{r.category}" - 10.9.9.1'


def fortigate(r):
    return f'date={r.at:%Y-%m-%d} time={r.at:%H:%M:%S} devname="fw1" devid="FGT1" logid="0317013312" type="utm" subtype="webfilter" eventtype="ftgd_allow" level="notice" vd="root" policyid=12 sessionid={random.randrange(10**7)} user="{r.user}" srcip={r.client} srcport={r.port} dstip={r.server} dstport=443 proto=6 service="HTTPS" hostname="{r.host}" profile="default" action="passthrough" reqtype="direct" url="{r.target}" sentbyte={r.up} rcvdbyte={r.down} direction="outgoing" msg="URL belongs to an allowed category in policy" method="domain" cat=52 catdesc="{r.category}"'


def zscaler_cef(r):
    return f"CEF:0|Zscaler|NSSWeblog|5.0|Allowed|Allowed|3|act=Allowed reason=Allowed app=HTTPS cat={r.category} dhost={r.host} dst={r.server} src={r.client} sourceTranslatedAddress=198.51.100.4 in={r.down} out={r.up} request={r.host}{r.path} requestContext=None outcome={r.status} requestClientApplication={r.agent} requestMethod={r.method} suser={r.user}@corp.example spriv=HQ externalId={random.randrange(10**15)} fileType=None destinationServiceName=General Browsing rt={int(r.t) * 1000}"


def zeek_json(r):
    row = {"ts": round(r.t, 6), "uid": "C%x" % random.randrange(10**12), "id.orig_h": r.client, "id.orig_p": r.port, "id.resp_h": r.server, "id.resp_p": 80, "trans_depth": 1, "method": r.method, "host": r.host, "uri": r.target, "version": "1.1", "user_agent": r.agent, "request_body_len": r.up, "response_body_len": r.down, "status_code": r.status, "status_msg": "OK", "tags": []}
    if random.random() < 0.5:
        row["resp_mime_types"] = [r.type]
    return json.dumps(row, separators=(",", ":"))


def zeek_tsv(r):
    return "\t".join([f"{r.t:.6f}", "C%x" % random.randrange(10**12), r.client, str(r.port), r.server, "80", "1", r.method, r.host, r.target, "-", "1.1", r.agent, "-", str(r.up), str(r.down), str(r.status), "OK", "-", "-", "(empty)", r.user, "-", "-", "-", "-", "-", "-", "-", r.type])


def cisco_umbrella(r):
    values = [f"{r.at:%Y-%m-%d %H:%M:%S}", r.user, r.client, "198.51.100.4", r.server, r.type, "ALLOWED", f"https://{r.host}{r.target}", "", r.agent, r.status, r.up, r.down, r.down, "", r.category, "", "", "", "", "", "AD Users", ""]
    return ",".join(f'"{value}"' for value in values)


def nginx_combined(r):
    return f'{r.client} - {r.user} [{r.at:%d/%b/%Y:%H:%M:%S} +0000] "{r.method} {r.target} HTTP/1.1" {r.status} {r.down} "-" "{r.agent}"'


HEADERS = {
    proxysg: "#Software: SGOS 6.7.5.14\n#Version: 1.0\n#Fields: date time time-taken c-ip sc-status s-action sc-bytes cs-bytes cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-username cs-auth-group s-hierarchy s-supplier-name rs(Content-Type) cs(Referer) cs(User-Agent) sc-filter-result cs-categories x-virus-id s-ip\n",
    zeek_tsv: "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\thttp\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\ttrans_depth\tmethod\thost\turi\treferrer\tversion\tuser_agent\torigin\trequest_body_len\tresponse_body_len\tstatus_code\tstatus_msg\tinfo_code\tinfo_msg\ttags\tusername\tpassword\tproxied\torig_fuids\torig_filenames\torig_mime_types\tresp_fuids\tresp_filenames\tresp_mime_types\n",
}


def main():
    folder, size = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200_000_000
    lexers = [squid, syslog_squid, nginx_combined, proxysg, fortigate, zscaler_cef, zeek_json, zeek_tsv, cisco_umbrella]
    files = {lexer: open(os.path.join(folder, lexer.__name__ + ".log"), "w") for lexer in lexers}
    for lexer, header in HEADERS.items():
        files[lexer].write(header)
    written, nth = {lexer: 0 for lexer in lexers}, 0
    while any(done < size for done in written.values()):
        request, nth = Request(nth), nth + 1
        for lexer in lexers:
            if written[lexer] < size:
                written[lexer] += files[lexer].write(lexer(request) + "\n")


main()
