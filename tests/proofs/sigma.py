#!/usr/bin/env python3
"""Do Sigma rules match the same rows as pySigma's SQLite backend finds?

    sigma.py --dwell target/release/dwell --rules DIR --work DIR [--events 100000] [--seed 1]

Random events (values of the rules' own literals, case turned, cut and lengthened, absent, empty) go in through `dwell
ingest`. For every rule the rows are asked three ways: by pySigma's SQL in SQLite, by `dwell sigma run` (one pass over all
rules), and by the condition that `dwell sigma check` prints, in `dwell sql`. All three must be the same rows. SQLite is
given the events as generated, not as dwell has stored them. Ends with 1 where rows differ. Needs pySigma and
pysigma-backend-sqlite.

What is made equal on purpose: `c-uri` and `cs-uri` are asked of the whole URL and of path with query in both; keywords are
looked for in one text of all fields.
"""
import argparse
import collections
import glob
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.parse

# This file has the name of the package: the package is meant.
sys.path[:] = [path for path in sys.path if os.path.abspath(path) != os.path.dirname(os.path.abspath(__file__))]

import yaml
from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import FieldMappingTransformation
from sigma.rule import SigmaDetection
from sigma.types import SigmaCIDRExpression, SigmaNumber, SigmaRegularExpression, SigmaString, SpecialChars

FIELDS = ["c-useragent", "cs-method", "cs-host", "sc-status", "c-uri-extension", "cs-uri-stem", "c-uri-query",
          "cs-cookie", "dst_ip"]
COLUMNS = ["n", "c_uri", "c_pq", "fulltext"] + [field.replace("-", "_") for field in FIELDS]
CONFIG = """
[[format]]
name = "events"
lexer = "json"
time = { field = "at", spelling = "%Y-%m-%dT%H:%M:%S%#z" }
nulls = []
[format.fields]
client = "client_ip"
method = "method"
url = "url"
status = "status"
agent = "user_agent"
cookie = "cookie"
server = "server_ip"
body = "request_body"
"""
HOSTS = ["www.shop.example", "a.b.example", "203.0.113.7", "files.example", "x.example"]
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "curl/8.9.1", "", "-", "x", "Ünicode/1.0"]
SERVERS = ["10.1.2.3", "172.16.0.1", "172.32.0.1", "192.168.7.7", "169.254.1.1", "127.0.0.1", "203.0.113.9", "2001:db8::1",
           "::1", "fe80::12", "febf::1", "fec0::1", "fc00::7", "fdff::1", "11.0.0.1"]
METHODS = ["GET", "POST", "HEAD", "PUT", "OPTIONS", "PROPFIND"]


def literals(rule):
    """field -> texts that satisfy an item of it, and the selections as lists of (field, texts)."""
    found, selections = collections.defaultdict(list), []

    def walk(detection, own):
        for item in detection.detection_items:
            if isinstance(item, SigmaDetection):
                part = []
                walk(item, part)
                selections.append(part)
                continue
            texts = []
            for value in item.value:
                texts.extend(spelled(value))
            field = item.field or "keyword"
            found[field].extend(texts)
            every = item.value_linking.__name__ == "ConditionAND"
            own.append((field, texts, every))

    for detection in rule.detection.detections.values():
        own = []
        walk(detection, own)
        if own:
            selections.append(own)
    return found, selections


def spelled(value):
    if isinstance(value, SigmaString):
        text = "".join({SpecialChars.WILDCARD_MULTI: "zz", SpecialChars.WILDCARD_SINGLE: "q"}.get(part, part)
                       if not isinstance(part, str) else part for part in value.s)
        return [text]
    if isinstance(value, SigmaNumber):
        return [str(value.number)]
    if isinstance(value, SigmaRegularExpression):
        return ["/a.zip?d=192.0.2.77", "/x?d=1.22.333.4", "/x?d=1.2.3", "ipfs.io/ipfs/q.html?m=a.b@c.example",
                "IPFS.IO/a/b.c@d.ef", "ipfs.io/a"]
    if isinstance(value, SigmaCIDRExpression):
        return SERVERS
    return []


class Maker:
    def __init__(self, rules, seed):
        self.random = random.Random(seed)
        self.pool, self.selections = collections.defaultdict(list), []
        for rule in rules:
            found, selections = literals(rule)
            for field, texts in found.items():
                self.pool[field].extend(texts)
            self.selections.append(selections)
        for field in self.pool:
            self.pool[field] = sorted(set(self.pool[field]))
        self.uris = self.pool["c-uri"] + self.pool["cs-uri"] + self.pool["cs-uri-stem"]

    def bent(self, text):
        """A text as it is, or near it."""
        r, roll = self.random, self.random.random()
        if roll < .45 or not text:
            return text
        if roll < .6:
            return "".join(c.swapcase() if r.random() < .5 and c.isascii() else c for c in text)
        if roll < .7:
            return text + r.choice([" ", "x", ".", "/9", "é"])
        if roll < .8:
            return r.choice([" ", "x", "."]) + text
        if roll < .9:
            at = r.randrange(len(text))
            return text[:at] + text[at + 1:]
        at = r.randrange(len(text))
        return text[:at] + r.choice("ab_%?*.") + text[at + 1:]

    def wanted(self):
        """Values that satisfy a selection of a rule, if it likes."""
        r = self.random
        values = collections.defaultdict(list)
        if r.random() < .75:
            for selection in r.sample(rule := r.choice(self.selections), min(len(rule), r.choice([1, 1, 2, 3]))):
                for field, texts, every in selection:
                    if texts:
                        values[field].extend(texts if every else [r.choice(texts)])
        return values

    def url(self, wanted):
        r = self.random
        host = wanted["cs-host"][0] if wanted["cs-host"] else r.choice(HOSTS + self.pool["cs-host"])
        host = host if r.random() < .7 else self.bent(host)
        if host.startswith(".") or r.random() < .1:
            host = "h" + str(r.randrange(9)) + host
        host = re.sub(r"[^A-Za-z0-9.-]", "", host).strip(".") or "x.example"
        pieces = wanted["c-uri"] + wanted["cs-uri"] + wanted["cs-uri-stem"]
        if not pieces and r.random() < .4:
            pieces = [r.choice(self.uris)]
        text = ""
        for piece in pieces:
            piece = self.bent(piece) if r.random() < .4 else piece
            exact = r.random() < .5
            text += piece if exact else r.choice(["", "a", "/b"]) + piece + r.choice(["", "c", "/d"])
        if "://" in text:
            scheme, rest = text.split("://", 1)
            text = rest[rest.find("/"):] if "/" in rest else "/" + rest
        if not text.startswith("/"):
            text = r.choice(["/", "/p", "/q/"]) + text
        extension = wanted["c-uri-extension"] or ([r.choice(self.pool["c-uri-extension"])] if r.random() < .2 else [])
        if extension and "?" not in text:
            text += "f." + extension[0] if r.random() < .9 else extension[0]
        if wanted["c-uri-query"] or r.random() < .2:
            texts = wanted["c-uri-query"] or [r.choice(self.pool["c-uri-query"])]
            text += ("&" if "?" in text else "?") + "&".join(texts)
        text = re.sub(r"[\x00-\x20\"#\\^`{|}<>]", "_", text)
        return f"{r.choice(['http', 'http', 'https'])}://{host}{text}"

    def event(self, n):
        r, wanted = self.random, self.wanted()

        def drawn(field, others, absent):
            if wanted[field]:
                return " ".join(self.bent(text) if r.random() < .3 else text for text in wanted[field])
            if r.random() < absent:
                return None
            return self.bent(r.choice(self.pool[field] if self.pool[field] and r.random() < .5 else others))

        method = wanted["cs-method"][0] if wanted["cs-method"] and r.random() < .9 else r.choice(METHODS)
        status = wanted["sc-status"][0] if wanted["sc-status"] and r.random() < .9 else r.choice(["200", "302", "404", None])
        server = wanted["dst_ip"][0] if wanted["dst_ip"] else r.choice(SERVERS + [None] * 5)
        agent = drawn("c-useragent", AGENTS, .1)
        cookie = drawn("cs-cookie", ["a=b; c=d", "session=1"], .5)
        words = self.pool["keyword"]
        body = " ".join(self.bent(text) if r.random() < .3 else text for text in wanted["keyword"]) or None
        if body is None and words and r.random() < .05:
            body = r.choice(words)
        return {
            "at": f"2026-11-{1 + n % 20:02d}T{n % 24:02d}:{n % 60:02d}:{n // 7 % 60:02d}Z", "n": str(n),
            "client": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}", "method": method, "url": self.url(wanted),
            "status": status, "agent": agent, "cookie": cookie, "server": server, "body": body,
        }


def as_sigma(event):
    """The event under Sigma's names, by the letter of the URL."""
    scheme, rest = event["url"].split("://", 1)
    at = min((rest + "/").find("/"), (rest + "?").find("?"))
    host, target = rest[:at], rest[at:]
    path, _, query = target.partition("?")
    name = path.rsplit("/", 1)[-1]
    stem, dot, extension = name.rpartition(".")
    fits = dot and stem and extension.isascii() and extension.isalnum() and not extension.isdigit()
    values = [event["url"], event["agent"], event["cookie"], event["body"], event["method"], event["status"]]
    return {
        "n": int(event["n"]), "c_uri": event["url"], "c_pq": target, "c_useragent": event["agent"],
        "cs_method": event["method"], "cs_host": host.lower(), "sc_status": event["status"] and int(event["status"]),
        "c_uri_extension": extension.lower() if fits else None, "cs_uri_stem": path,
        "c_uri_query": query if "?" in target else None, "cs_cookie": event["cookie"], "dst_ip": event["server"],
        "fulltext": "\n".join(value for value in values if value is not None),
    }


def backend():
    mapping = {"c-uri": ["c_uri", "c_pq"], "cs-uri": ["c_uri", "c_pq"]}
    mapping |= {field: field.replace("-", "_") for field in FIELDS}
    return sqliteBackend(ProcessingPipeline(items=[ProcessingItem(FieldMappingTransformation(mapping))]), collate_nocase=True)


def condition(rule_file):
    """pySigma's condition. Keywords, for which SQLite wants a full-text index, become a field that holds all."""
    with open(rule_file) as text:
        rule = yaml.safe_load(text)
    for name, selection in rule["detection"].items():
        if name == "condition":
            continue
        if isinstance(selection, list) and not any(isinstance(one, dict) for one in selection):
            rule["detection"][name] = {"fulltext|contains": selection}
        elif isinstance(selection, dict):
            rule["detection"][name] = {
                f"fulltext|contains{key}" if key.startswith("|") else key: value for key, value in selection.items()}
    return backend().convert(SigmaCollection.from_dicts([rule]))[0].split(" WHERE ", 1)[1]


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command[:6]))} ...: {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--rules", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    work = os.path.abspath(args.work)
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    files = sorted(glob.glob(os.path.join(args.rules, "*.yml")))
    rules = [SigmaCollection.from_yaml(open(path).read()).rules[0] for path in files]
    maker = Maker(rules, args.seed)
    base = sqlite3.connect(":memory:")
    base.execute(f"CREATE TABLE logs ({', '.join(COLUMNS)})")
    patterns = {}

    def regexp(pattern, value):
        if value is None:
            return None
        return (patterns.get(pattern) or patterns.setdefault(pattern, re.compile(pattern))).search(str(value)) is not None

    base.create_function("REGEXP", 2, regexp)
    log = os.path.join(work, "events.json")
    with open(log, "w") as out:
        for n in range(args.events):
            event = maker.event(n)
            out.write(json.dumps({key: value for key, value in event.items() if value is not None}) + "\n")
            row = as_sigma(event)
            base.execute(f"INSERT INTO logs VALUES ({', '.join('?' * len(COLUMNS))})", [row[name] for name in COLUMNS])
    config = os.path.join(work, "dwell.toml")
    with open(config, "w") as out:
        out.write(CONFIG)
    store = os.path.join(work, "store")
    dwell = [args.dwell, "--store", store, "--key-dir", os.path.join(work, "keys"), "--config", config]
    run(*dwell, "init")
    run(*dwell, "ingest", log, "--format", "events")
    checked = {it["id"]: it for it in json.loads(run(*dwell, "sigma", "check", args.rules, "--format", "json"))["rules"]}
    told = json.loads(run(*dwell, "sigma", "run", args.rules, "--format", "json"))
    passed = collections.defaultdict(set)
    for finding in told["findings"]:
        assert finding["count"] == 1 and finding["author"], finding
        _, a, b, c = map(int, finding["client_ip"].split("."))
        passed[finding["hunt"]].add(a << 16 | b << 8 | c)
    wrong, total = 0, 0
    for path, rule in zip(files, rules):
        ours = checked[str(rule.id)]
        if ours["status"] == "refused":
            print(f"REFUSED {os.path.basename(path)}: {ours['why']}")
            wrong += 1
            continue
        oracle = {n for n, in base.execute(f"SELECT n FROM logs WHERE {condition(path)}")}
        query = f"SELECT extra_get(extra, 'n') AS n FROM requests WHERE {ours['sql']}"
        by_sql = {int(n) for n in run(*dwell, "sql", query, "--format", "csv").split()[1:]}
        by_pass = passed[f"sigma:{rule.id}"]
        total += len(oracle)
        same = oracle == by_sql == by_pass
        wrong += not same
        note = "" if same else f"  DIFFERENT: sql {len(by_sql)}, one pass {len(by_pass)}"
        print(f"{len(oracle):7} {os.path.basename(path)}{note}")
        for name, others in (("sql", by_sql), ("one pass", by_pass)):
            for n in sorted(oracle ^ others)[:3]:
                row = base.execute("SELECT * FROM logs WHERE n = ?", [n]).fetchone()
                print(f"        {name} {'lacks' if n in oracle else 'adds'}", dict(zip(COLUMNS, row)))
    print(f"{len(rules)} rules, {args.events} events, {total} matches, {wrong} rules differ")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
