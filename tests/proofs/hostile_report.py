#!/usr/bin/env python3
"""Does a report stay harmless in a real browser, whatever stands in the log?

Makes reports whose every text is hostile (script tags, ANSI, marks that reorder text, NUL, a URL of 1 MB), lets
`cargo run -p dwell-detect --example report` write the page, and opens it in headless Chromium through the DevTools
protocol. Shown must be: no script ran (title as written, no sentinel, no dialog), nothing was asked of the network, the
page is no wider than the window, and the hostile text can be read.

Beside that it writes a plausible week (`week.html`), its screenshots and its print, for people to look at.

    python3 tests/proofs/hostile_report.py [--out DIR] [--chromium PATH] [--example PATH]

Needs Chromium; nothing else beside Python's own library.
"""

import argparse
import base64
import hashlib
import json
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BEGIN = datetime(2026, 11, 14, tzinfo=timezone.utc)


def at(seconds):
    return (BEGIN + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


# ---------------------------------------------------------------------------------------------------------- reports


def frame(title):
    draw = random.Random(4)
    hours = []
    for hour in range(7 * 24):
        day, of_day = divmod(hour, 24)
        busy = 9000 if day not in (1, 0) and 7 <= of_day < 18 else 900
        hours.append({"at": at(hour * 3600), "rows": int(busy * draw.uniform(0.7, 1.3))})
    days = [
        {"day": at(day * 86400)[:10], "rows": sum(h["rows"] for h in hours[day * 24 : day * 24 + 24])}
        for day in range(7)
    ]
    sources = [
        {
            "source_id": n + 1,
            "path": f"/var/log/squid/access-{days[n]['day']}.log.zst",
            "format": "squid",
            "state": "complete",
            "bytes": days[n]["rows"] * 231,
            "lines": days[n]["rows"] + 3 * n,
            "rows": days[n]["rows"],
            "quarantined": 3 * n,
        }
        for n in range(7)
    ]
    return {
        "schema": "dwell.report.v1",
        "title": title,
        "since": at(0),
        "until": at(7 * 86400),
        "made": at(7 * 86400 + 17000),
        "by": "dwell 0.1.0",
        "store": "6f1d3a9c2b7e4850",
        "head": {
            "origin": "dwell/6f1d3a9c2b7e4850",
            "size": 4127,
            "root": "0c5b8e1f3d7a92648be05f7d1c3a9e86f24d7b50c8e19a3f6d02b47c5e8f1a93",
        },
        "hunts": [],
        "skipped": [
            {"hunt": "domain-fronting", "missing": ["sni"]},
            {"hunt": "missing-referer", "missing": ["referer"]},
            {"hunt": "uncategorised", "missing": ["categories"]},
        ],
        "excused": 14,
        "below": 31,
        "findings": [],
        "details": {},
        "new": [],
        "coverage": {"sources": sources, "days": days, "hours": hours},
    }


HUNTS = {
    "beacons": (
        "Regular check-ins to a rare host",
        "Requests of one client to one host at regular times over a long span.",
        "Implants ask for work at regular times; people do not.",
        ["T1071.001", "T1573"],
        ["Updaters and telemetry of an application that only one client has", "Monitoring"],
    ),
    "nonstandard-port": (
        "Connection to an unusual port",
        "Requests to ports that no web server usually has.",
        "Reverse shells and panels avoid 80 and 443.",
        ["T1571"],
        ["Appliances with a web interface on a port of their own"],
    ),
    "agent-scripted": (
        "Program that fetches by script",
        "User agents of curl, PowerShell, certutil, BITS and others from an office computer.",
        "A foothold gets its tools with what the system has.",
        ["T1105", "T1059.001"],
        ["Administrators", "Package managers"],
    ),
    "upload-volume": (
        "More sent than received",
        "Clients that send a host far more than they receive from it.",
        "Data leaves by uploads.",
        ["T1048", "T1567.002"],
        ["Backups to a cloud"],
    ),
    "methods-increase": (
        "Method far above its own past",
        "A client's count of a method far above its own past and the fleet's.",
        "Tunnels and web shells change how a client speaks.",
        ["T1071.001"],
        ["A new application"],
    ),
    "new-domain": (
        "Domain that nobody has visited before",
        "Registered domains first seen in this range, visited by one client.",
        "Infrastructure of attacks is young.",
        ["T1583.001"],
        ["Almost everything else: read it beside other findings"],
    ),
    "dga-names": ("Names that nobody would type", "Many random-looking names.", "Algorithms find their server.", ["T1568.002"], []),
    "double-extension": ("File with two extensions", "Downloads like invoice.pdf.exe.", "It hides what it is.", ["T1036.007"], []),
}
WEIGHTS = ["critical", "high", "medium", "low", "informational"]


def finding(report, hunt, level, day, entity, why, count, first, last, score, rows, charts, parts=None):
    title, finds, because, attack, _ = HUNTS[hunt]
    key = json.dumps([hunt, entity, day], sort_keys=True)
    ident = hashlib.sha256(key.encode()).hexdigest()[:16]
    where = " AND ".join(f"{name} = '{value}'" for name, value in entity.items())
    report["findings"].append(
        {
            "id": ident,
            "hunt": hunt,
            "level": level,
            "title": title,
            **entity,
            "day": at(day * 86400)[:10],
            "first": at(first),
            "last": at(last),
            "count": count,
            "score": score,
            "score_parts": parts or {},
            "why": why,
            "evidence": f"SELECT * FROM requests\nWHERE ts >= TIMESTAMP '{at(first)}' AND ts <= TIMESTAMP '{at(last)}'\n"
            f"  AND {where}\nORDER BY ts",
            "attack": attack,
        }
    )
    report["details"][ident] = {"rows": rows, "charts": charts}
    return ident


def rows_of(times, draw, method, url, agent, total):
    columns = ["ts", "method", "url", "status", "request_bytes", "response_bytes", "user_agent"]
    rows = [
        [at(t), method, url, "200", str(draw.randrange(380, 440)), str(draw.randrange(180, 9000)), agent]
        for t in times[:10]
    ]
    return {"columns": columns, "rows": rows, "total": total}


def hourly(times):
    counts = {}
    for t in times:
        counts[int(t // 3600)] = counts.get(int(t // 3600), 0) + 1
    return {"chart": "activity", "hours": [{"at": at(h * 3600), "count": c} for h, c in sorted(counts.items())]}


def gaps_of(times, period):
    width = period * 1.25 / 40
    bins = [{"from_s": n * width, "to_s": (n + 1) * width, "count": 0} for n in range(40)]
    longer = 0
    for a, b in zip(times, times[1:]):
        n = int((b - a) // width)
        if n < 40:
            bins[n]["count"] += 1
        else:
            longer += 1
    return {"chart": "gaps", "period_s": period, "bins": bins, "longer": longer}


def bytes_of(times, draw, sent, received):
    counts = {}
    for t in times:
        hour = counts.setdefault(int(t // 3600), [0, 0])
        hour[0] += int(sent * draw.uniform(0.5, 1.5))
        hour[1] += int(received * draw.uniform(0.5, 1.5))
    return {
        "chart": "bytes",
        "hours": [{"at": at(h * 3600), "sent": s, "received": r} for h, (s, r) in sorted(counts.items())],
    }


AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"


def beacon(report, draw, client, computer, host, day, period, level):
    start = day * 86400 + draw.randrange(3600)
    times, t = [], float(start)
    while t < (day + 1) * 86400 - 600:
        times.append(t)
        t += period * draw.uniform(0.9, 1.1)
    share = draw.uniform(0.9, 0.99)
    why = (
        f"{len(times)} requests to {host}, one every {period} s with a jitter of 10 %, through the night; "
        f"{share:.0%} have the same length; no other client has this host"
    )
    entity = {"client_ip": client, "computer": computer, "host": host}
    parts = {"regularity": 0.94, "rarity": 1.0, "sizes": round(share, 2), "span": 0.99}
    rows = rows_of(times, draw, "POST", f"https://{host}/v2/collect", AGENT, len(times))
    charts = [hourly(times), gaps_of(times, period), bytes_of(times, draw, 412, 230)]
    finding(report, "beacons", level, day, entity, why, len(times), int(times[0]), int(times[-1]), 0.93, rows, charts, parts)


def week(findings):
    """A week with a few incidents and a long tail of weak signs."""
    report = frame("Hunt report, 14 to 20 November 2026")
    draw = random.Random(7)
    for ident, (title, finds, because, attack, other) in HUNTS.items():
        report["hunts"].append(
            {"id": ident, "title": title, "finds": finds, "because": because, "attack": attack, "false_positives": other}
        )
    for n in range(22):
        report["hunts"].append({"id": f"quiet-{n}", "title": f"A hunt that found nothing, number {n}", "attack": []})
    for day in range(2, 7):
        beacon(report, draw, "10.20.4.41", "WS-0412", "sync.metrics-cloud.example", day, 60, "high")
    report["findings"][0]["level"] = "critical"
    beacon(report, draw, "10.20.7.133", "NB-0733", "cdn-assets-eu.example", 5, 900, "high")
    who = {"client_ip": "10.20.4.41"}
    times = [3 * 86400 + 36000 + n * 7 for n in range(9)]
    url = "http://files.paste-drop.example/a/inv-2291.ps1"
    shell = "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4522"
    finding(
        report, "agent-scripted", "high", 3, {**who, "user_agent": shell, "host": "files.paste-drop.example"},
        "9 requests by PowerShell to a host that nobody else visits, the first 40 s after a new domain was seen",
        9, times[0], times[-1], 0.8, rows_of(times, draw, "GET", url, shell, 9), [hourly(times)], {"rarity": 1.0},
    )
    times = sorted(4 * 86400 + 39600 + draw.randrange(5 * 3600) for _ in range(140))
    finding(
        report, "upload-volume", "high", 4, {**who, "host": "upload.share-box.example"},
        "sent 6.2 GB and received 1.1 MB; this client usually sends 40 MB a day",
        140, times[0], times[-1], 0.88,
        rows_of(times, draw, "PUT", "https://upload.share-box.example/u/1", "curl/8.13.0", 140),
        [bytes_of(times, draw, 44_000_000, 8_000)], {"ratio": 1.0, "rarity": 0.9},
    )
    past = [draw.randrange(3, 12) for _ in range(20)] + [412]
    days = [{"day": at((n - 16) * 86400)[:10], "count": c} for n, c in enumerate(past)]
    times = [4 * 86400 + 30000 + n * 61 for n in range(412)]
    finding(
        report, "methods-increase", "medium", 4, {"client_ip": "10.20.9.12", "method": "OPTIONS"},
        "412 OPTIONS on one day against a median of 7 over 20 days; the fleet's 99th percentile is 31",
        412, times[0], times[-1], 0.71, rows_of(times, draw, "OPTIONS", "http://intra.example/dav/", "Microsoft-WebDAV-MiniRedir/10.0", 412),
        [{"chart": "increase", "of": "OPTIONS", "days": days, "usual": 7.0}, hourly(times)],
    )
    tail = [hunt for hunt in HUNTS if hunt not in ("beacons", "methods-increase")]
    while len(report["findings"]) < findings:
        hunt = draw.choice(tail)
        day = draw.randrange(7)
        client = f"10.20.{draw.randrange(1, 12)}.{draw.randrange(1, 250)}"
        host = f"{draw.choice(['cdn', 'api', 'www', 'img', 'dl'])}.{draw.choice('abcdefgh')}{draw.randrange(1000)}.example"
        level = draw.choices(WEIGHTS, [0, 1, 12, 60, 20])[0]
        times = sorted(day * 86400 + draw.randrange(25_000, 65_000) for _ in range(draw.randrange(2, 60)))
        url = f"http://{host}/{draw.choice(['a', 'b', 'update', 'v1/list'])}?id={draw.randrange(1 << 40):x}" + "x" * draw.randrange(80)
        finding(
            report, hunt, level, day, {"client_ip": client, "host": host},
            f"{len(times)} requests to {host}, which no other client visited in 21 days",
            len(times), times[0], times[-1], round(draw.uniform(0.2, 0.7), 2),
            rows_of(times, draw, "GET", url, AGENT, len(times)), [hourly(times)], {"rarity": 1.0, "age": 0.4},
        )
    report["new"] = [f["id"] for f in report["findings"][::9]]
    return report


SENTINEL = "document.title='owned';window.owned=1;alert(1)"
HOSTILE = [
    f"<script>{SENTINEL}</script>",
    f"</title><script>{SENTINEL}</script>",
    f"</style></svg></pre><script>{SENTINEL}</script>",
    f"<img src=x onerror=\"{SENTINEL}\">",
    f"\"><svg onload=\"{SENTINEL}\">",
    f"' onmouseover='{SENTINEL}' autofocus onfocus='{SENTINEL}",
    f"javascript:{SENTINEL}",
    f"--><!--><script>{SENTINEL}</script>",
    f"<iframe srcdoc=\"<script>parent.{SENTINEL}</script>\"></iframe>",
    "<link rel=stylesheet href=http://127.0.0.1:PORT/a.css><img src=http://127.0.0.1:PORT/b.png>",
    "<meta http-equiv=refresh content=\"0;url=http://127.0.0.1:PORT/c\">",
    "<base href=http://127.0.0.1:PORT/><form action=http://127.0.0.1:PORT/d><button>go</button></form>",
    "<style>@import url(http://127.0.0.1:PORT/e.css);*{display:none!important}</style>",
    "\x1b[2J\x1b[31mred\x1b]0;owned\x07\x9b31m",
    "invoice\u202egpj.exe",
    "pay\u200bpal\u2060.exam\u00adple\ufeff",
    "nul\x00here \r\n\t tab",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
    "z" + "\u0351" * 400 + "algo",
    "\U000e0041\U000e0042 tags \ufff9\ufffb",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} <%= 1 %>",
    "]]>&lt;script&gt;&#x3c;script&#x3e;",
]


def hostile(port):
    texts = [text.replace("PORT", str(port)) for text in HOSTILE]
    texts.append("http://long.example/" + "a" * (1 << 20))
    texts.append("http://wide.example/" + "<b>\u202e" * 40_000)
    report = frame("Hostile week " + texts[0] + texts[1])
    report["by"] = texts[3]
    report["store"] = texts[14]
    report["head"]["origin"] = texts[2]
    report["head"]["root"] = "f" * (1 << 20)
    for n, text in enumerate(texts):
        report["hunts"].append({"id": f"h{n}", "title": text, "finds": text, "because": text, "attack": [text], "false_positives": [text]})
        report["skipped"].append({"hunt": text, "missing": [text], "reason": text})
        report["coverage"]["sources"].append({"source_id": 100 + n, "path": text, "format": text, "state": text})
        other = texts[(n + 1) % len(texts)]
        ident = hashlib.sha256(f"{n}".encode()).hexdigest()[:16]
        report["findings"].append(
            {
                "id": ident if n % 3 else text[:200] + ident, "hunt": f"h{n}" if n % 2 else text, "level": WEIGHTS[n % 5],
                "title": text, "client_ip": text, "user_agent": other, text[:300] + "x": text, "day": at(86400)[:10],
                "first": at(86400 + n), "last": at(90000 + n), "count": 3, "score": 0.5, "score_parts": {text: 0.5},
                "why": text, "evidence": f"SELECT * FROM requests WHERE url = '{text}'", "attack": [text], "author": text,
            }
        )
        report["details"][report["findings"][-1]["id"]] = {
            "rows": {"columns": [text, "url", "user_agent"], "rows": [[text, other, None], [other, text, text]], "total": 2},
            "charts": [
                {"chart": "increase", "of": text, "days": [{"day": at(0)[:10], "count": 3}], "usual": 1.0},
                hourly([86400 + n]),
            ],
        }
    return report


# ---------------------------------------------------------------------------------------------------------- browser


class Socket:
    """As much of a WebSocket client as the DevTools protocol needs."""

    def __init__(self, url):
        host, path = url.removeprefix("ws://").split("/", 1)
        name, port = host.split(":")
        self.socket = socket.create_connection((name, int(port)), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            self.rest += self.socket.recv(4096)
        self.rest = self.rest.split(b"\r\n\r\n", 1)[1]

    def take(self, count):
        while len(self.rest) < count:
            piece = self.socket.recv(1 << 16)
            if not piece:
                raise EOFError("the browser has gone")
            self.rest += piece
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def send(self, text):
        data = text.encode()
        size = len(data)
        head = b"\x81" + (
            struct.pack("!B", 0x80 | size) if size < 126
            else struct.pack("!BH", 0xFE, size) if size < 1 << 16
            else struct.pack("!BQ", 0xFF, size)
        )
        self.socket.sendall(head + b"\0\0\0\0" + data)

    def receive(self):
        whole = b""
        while True:
            first, size = self.take(2)
            size &= 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", self.take(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self.take(8))
            whole += self.take(size)
            if first & 0x80:
                return json.loads(whole)


class Browser:
    """Headless Chromium with one page, and everything that it tells."""

    def __init__(self, program, folder):
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0",
             "--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        port = Path(folder) / "DevToolsActivePort"
        for _ in range(600):
            if port.exists() and len(port.read_text().split()) == 2:
                break
            time.sleep(0.05)
        number = port.read_text().split()[0]
        pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{number}/json"))
        page = next(page for page in pages if page["type"] == "page")
        self.socket = Socket(page["webSocketDebuggerUrl"])
        self.number, self.events = 0, []
        for domain in ("Page", "Network", "Runtime", "Log", "Security"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            answer = self.socket.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, path, width, height, media="screen", dark=False):
        self.events.clear()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.call("Page.navigate", url=Path(path).resolve().as_uri())
        for _ in range(600):
            state = self.evaluate("document.readyState")
            if state == "complete" and any(e.get("method") == "Page.loadEventFired" for e in self.events):
                break
            time.sleep(0.05)

    def evaluate(self, text):
        return self.call("Runtime.evaluate", expression=text, returnByValue=True)["result"].get("value")

    def shot(self, path, whole=False):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        Path(path).write_bytes(base64.b64decode(data))

    def print(self, path):
        self.call("Emulation.setEmulatedMedia", media="", features=[])
        data = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
        Path(path).write_bytes(base64.b64decode(data))

    def close(self):
        self.process.terminate()
        self.process.wait(20)


class Trap:
    """A server that nobody may ask for anything."""

    def __init__(self):
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(204)
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


# ------------------------------------------------------------------------------------------------------------ proof

FAILED = []


def check(holds, what):
    print(("ok    " if holds else "FAIL  ") + what)
    if not holds:
        FAILED.append(what)


def write(example, report, path):
    text = json.dumps(report, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
    page = subprocess.run([example], input=text, stdout=subprocess.PIPE, check=True).stdout
    Path(path).write_bytes(page)
    return len(page)


def prove(browser, trap, path, size, title):
    check(size < 2_000_000, f"{path.name}: {size:,} bytes, less than 2 MB")
    for width, dark in ((1280, False), (1280, True), (420, False)):
        browser.open(path, width, 1000, dark=dark)
        browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        # What waits for a gesture gets one.
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            browser.call("Input.dispatchMouseEvent", type=kind, x=200, y=300, button="left", clickCount=1)
        name = f"{path.name} at {width}{' dark' if dark else ''}"
        dialogs = [e for e in browser.events if e.get("method") == "Page.javascriptDialogOpening"]
        asked = [e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
        outside = [url for url in asked if not url.startswith(("file:", "data:"))]
        check(not dialogs, f"{name}: no dialog")
        check(not outside and not trap.asked, f"{name}: nothing asked of the network {outside[:3]}{trap.asked[:3]}")
        check(browser.evaluate("typeof window.owned") == "undefined", f"{name}: no script has set its mark")
        check(browser.evaluate("document.title").startswith(title), f"{name}: the title is the report's")
        check(browser.evaluate("document.title") != "owned", f"{name}: the title is nobody else's")
        scripts = "document.querySelectorAll('script,iframe,object,embed,form,base,img,[onload],[onerror],[onclick]').length"
        check(browser.evaluate(scripts) == 0, f"{name}: no element of the log's own")
        wide = browser.evaluate("document.documentElement.scrollWidth")
        check(wide <= width, f"{name}: {wide} px, no wider than the window")
        sections = browser.evaluate("[...document.querySelectorAll('main > section')].map(s => s.id).join()")
        expected = "summary,timeline,findings,hunts,skipped,coverage,ledger"
        check(sections == expected, f"{name}: its sections are whole ({sections})")
        over = browser.evaluate(
            "[...document.querySelectorAll('article,td,th,summary')].filter(e => e.getBoundingClientRect().height > 2500).length"
        )
        check(over == 0 or width < 600, f"{name}: nothing is stretched over pages ({over})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="where the pages and pictures go (else a folder that is removed)")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome"))
    parser.add_argument("--example", help="the built example `report` (else cargo builds it)")
    args = parser.parse_args()
    if not args.chromium:
        sys.exit("no chromium found: install it, or name it with --chromium")
    example = args.example
    if not example:
        subprocess.run(["cargo", "build", "-q", "-p", "dwell-detect", "--example", "report"], cwd=ROOT, check=True)
        target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
        example = str(target / "debug/examples/report")
    kept = tempfile.TemporaryDirectory()
    out = args.out or Path(kept.name)
    out.mkdir(parents=True, exist_ok=True)
    trap = Trap()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(args.chromium, profile)
        try:
            for name, report, title in (
                ("hostile", hostile(trap.port), "Hostile week"),
                ("week", week(500), "Hunt report"),
            ):
                path = out / f"{name}.html"
                size = write(example, report, path)
                prove(browser, trap, path, size, title)
                browser.open(path, 1280, 2400)
                browser.shot(out / f"{name}.png")
                browser.open(path, 1280, 2400, dark=True)
                browser.shot(out / f"{name}-dark.png")
                browser.print(out / f"{name}.pdf")
        finally:
            browser.close()
    print(f"{len(FAILED)} failed" if FAILED else "all hold")
    sys.exit(bool(FAILED))


if __name__ == "__main__":
    main()
