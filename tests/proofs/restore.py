#!/usr/bin/env python3
"""Restores 30 days of the store that year.py has left, while logs are taken in and queries run: equal to the originals?

    restore.py --dwell target/release/dwell --work DIR-OF-YEAR [--from URL] [--days 30]

The days are live as well as archived, so that the restored ones can be compared: by `verify --deep` of the set (every digest, every
seal) and by twenty queries over both. Prints how long it took, and per GB of archive. With --from another archive of the same store
is used, such as `s3://bucket/prefix` (credentials from the environment; `dwell archive --to` it before).
"""
import argparse
import datetime
import glob
import os
import subprocess
import sys
import threading
import time

QUERIES = [
    "SELECT count(*), min(ts), max(ts) FROM {t}",
    "SELECT day, count(*) FROM {t} GROUP BY day ORDER BY day",
    "SELECT client_ip, count(*) AS n FROM {t} GROUP BY client_ip ORDER BY n DESC, client_ip LIMIT 20",
    "SELECT host, sum(response_bytes) FROM {t} GROUP BY host ORDER BY host",
    "SELECT status, method, count(*) FROM {t} GROUP BY status, method ORDER BY 1, 2",
    "SELECT domain, count(DISTINCT client_ip) FROM {t} GROUP BY domain ORDER BY domain",
    "SELECT sum(duration_ms), avg(response_bytes) FROM {t}",
    "SELECT url FROM {t} ORDER BY url LIMIT 50",
    "SELECT url, ts FROM {t} ORDER BY ts DESC, url LIMIT 50",
    "SELECT source_id, min(line_no), max(line_no), count(*) FROM {t} GROUP BY source_id ORDER BY source_id",
    "SELECT action, verdict, cache, count(*) FROM {t} GROUP BY action, verdict, cache ORDER BY 1",
    "SELECT content_type, count(*) FROM {t} GROUP BY content_type ORDER BY 1",
    "SELECT server_ip, hierarchy, count(*) FROM {t} GROUP BY server_ip, hierarchy ORDER BY 1, 2",
    "SELECT port, scheme, count(*) FROM {t} GROUP BY port, scheme ORDER BY 1, 2",
    "SELECT count(*) FROM {t} WHERE is_nonstandard_port(port, scheme)",
    "SELECT ua_class(user_agent), count(*) FROM {t} GROUP BY 1 ORDER BY 1",
    "SELECT client_ip, host, round(beacon_score(ts, request_bytes), 6) FROM {t} GROUP BY client_ip, host ORDER BY 1, 2 LIMIT 100",
    "SELECT date_trunc('hour', ts), count(*) FROM {t} GROUP BY 1 ORDER BY 1",
    "SELECT path, count(*) FROM {t} GROUP BY path ORDER BY path LIMIT 100",
    "SELECT max(length(url)), min(length(url)), count(DISTINCT url) FROM {t}",
]


class Busy:
    """Takes in logs and asks queries until it is told to stop."""

    def __init__(self, command, folder):
        self.command, self.folder = command, folder
        self.ingests = self.queries = 0
        self.failed = []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.ingest), threading.Thread(target=self.query)]
        [thread.start() for thread in self.threads]

    def run(self, *words):
        answer = subprocess.run([*self.command, *words], capture_output=True, text=True)
        if answer.returncode not in (0, 3):
            self.failed.append((words, answer.returncode, answer.stderr))

    def ingest(self):
        while not self.stop.is_set():
            self.ingests += 1
            path = os.path.join(self.folder, f"busy-{os.getpid()}-{self.ingests}.txt")
            with open(path, "w") as log:
                for at in range(200):
                    log.write(f"{int(time.time())}.{at:03} 5 10.1.1.{at % 9} TCP_MISS/200 77 GET http://busy.example/{self.ingests}/{at} "
                              "- HIER_DIRECT/192.0.2.1 text/html\n")
            self.run("ingest", path, "--format", "squid")

    def query(self):
        while not self.stop.is_set():
            self.queries += 1
            self.run("sql", "SELECT host, count(*) FROM requests GROUP BY host ORDER BY 2 DESC LIMIT 5", "--format", "csv")

    def end(self):
        self.stop.set()
        [thread.join() for thread in self.threads]
        if self.failed:
            sys.exit(f"while restoring: {self.failed[0]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--from", dest="archive")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--name", default="thirty")
    args = parser.parse_args()
    work = os.path.abspath(args.work)
    command = [os.path.abspath(args.dwell), "--store", os.path.join(work, "store"), "--key-dir", os.path.join(work, "keys")]
    archive = args.archive or os.path.join(work, "archive")
    out = subprocess.run([*command, "sql", "SELECT min(day) FROM requests WHERE day > DATE '2025-08-15'", "--format", "csv"],
                         capture_output=True, text=True).stdout.split()
    first = datetime.date.fromisoformat(out[-1][:10])
    last = first + datetime.timedelta(days=args.days - 1)
    busy = Busy(command, work)
    begin = time.monotonic()
    answer = subprocess.run([*command, "restore", "--from", archive, "--days", f"{first}..{last}", "--as", args.name, "--json"],
                            capture_output=True, text=True)
    took = time.monotonic() - begin
    busy.end()
    if answer.returncode != 0:
        sys.exit(f"restore: {answer.returncode}\n{answer.stdout}\n{answer.stderr}")
    size = sum(os.path.getsize(path) for path in glob.glob(os.path.join(work, "store", "restored", args.name, "**"), recursive=True)
               if os.path.isfile(path))
    print(f"{args.days} days from {archive}: {took:.2f} s, {size / 1e6:.2f} MB, {took / (size / 1e9):.0f} s per GB; meanwhile "
          f"{busy.ingests} logs were taken in and {busy.queries} queries answered")
    deep = subprocess.run([*command, "verify", os.path.join(work, "store", "restored", args.name), "--deep"], capture_output=True, text=True)
    if deep.returncode != 0:
        sys.exit(f"verify of the set: {deep.returncode}\n{deep.stdout}\n{deep.stderr}")
    live = f"(SELECT * FROM requests WHERE day BETWEEN DATE '{first}' AND DATE '{last}')"
    for query in QUERIES:
        answers = []
        for table in (f"restored.{args.name}", live):
            answer = subprocess.run([*command, "sql", query.format(t=table), "--format", "csv"], capture_output=True, text=True)
            if answer.returncode != 0:
                sys.exit(f"{query}: {answer.stderr}")
            answers.append(answer.stdout)
        if answers[0] != answers[1] or len(answers[0].splitlines()) < 2:
            sys.exit(f"not equal: {query}\n{answers[0][:500]}\n{answers[1][:500]}")
    print(f"verify --deep of the set: 0; {len(QUERIES)} queries: equal")
    subprocess.run([*command, "restore", "drop", args.name], check=True, capture_output=True)


if __name__ == "__main__":
    main()
