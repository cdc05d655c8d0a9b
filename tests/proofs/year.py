#!/usr/bin/env python3
"""A year of nights with a moved clock: at the end every line ever given is live, archived, held, quarantined or redacted.

    year.py --dwell target/debug/dwell --work DIR [--days 365] [--lines 120] [--keep 180] [--faketime LIBRARY]

Each day a log is written and `dwell nightly` runs at 02:00 of the next day by a faked clock (libfaketime). Rows live for --keep
days, every day is archived; two holds are placed (by days, by query), one old file comes late, some rows are redacted. Every
line has a number of its own in its URL, so that the lines can be told apart at the end; a table by month shows where they are.
"""
import argparse
import collections
import datetime
import glob
import os
import shutil
import subprocess
import sys
import time

START = datetime.date(2025, 1, 1)
LATE = START + datetime.timedelta(days=60)
HELD = "10.9.9.9"
GONE = "10.8.8.8"


class Year:
    def __init__(self, args):
        self.args = args
        self.logs = os.path.join(args.work, "logs")
        self.store = os.path.join(args.work, "store")
        self.archive = os.path.join(args.work, "archive")
        self.keys = os.path.join(args.work, "keys")
        if not args.prove:
            shutil.rmtree(args.work, ignore_errors=True)
            os.makedirs(self.logs)
        self.number = 0
        self.given = {}  # number -> (day of its time, kind)
        self.late = []

    def run(self, day, *words, codes=(0,)):
        """Runs dwell at 02:00 of a day."""
        clock = datetime.datetime.combine(day, datetime.time(2))
        env = dict(os.environ, LD_PRELOAD=self.args.faketime, FAKETIME=f"@{clock:%Y-%m-%d %H:%M:%S}", TZ="UTC",
                   FAKETIME_DONT_FAKE_MONOTONIC="1", DWELL_KEY_DIR=self.keys, USER="night")
        command = [self.args.dwell, "--store", self.store, *words]
        answer = subprocess.run(command, env=env, capture_output=True, text=True)
        if answer.returncode not in codes:
            sys.exit(f"{day}: {' '.join(words)}: exit {answer.returncode}\n{answer.stdout}\n{answer.stderr}")
        return answer

    def line(self, day, second, client):
        self.number += 1
        at = int(datetime.datetime.combine(day, datetime.time(), datetime.timezone.utc).timestamp()) + second
        self.given[self.number] = (day, "redacted" if client == GONE else "row")
        return (f"{at}.{self.number % 1000:03} {self.number % 97:6} {client} TCP_MISS/200 {500 + self.number % 9000} GET "
                f"http://host{self.number % 31}.example.net/n/{self.number} - HIER_DIRECT/192.0.2.{self.number % 250} text/html")

    def lines_of(self, nth, count):
        day = START + datetime.timedelta(days=nth)
        lines = []
        for at in range(count):
            client = f"10.0.{nth % 7}.{at % 50}"
            if nth in (20, 40) and at % 40 == 7:
                client = HELD
            if nth in (100, 230) and at % 30 == 3:
                client = GONE
            lines.append(self.line(day, at * 600 % 86400 + at % 60, client))
        if nth % 10 == 0:
            self.number += 1
            self.given[self.number] = (day, "quarantined")
            lines.append(f"this line says nothing n/{self.number}")
        return lines

    def write(self, name, lines):
        with open(os.path.join(self.logs, name), "w") as log:
            log.writelines(line + "\n" for line in lines)

    def settle(self):
        self.run(START, "init")
        path = os.path.join(self.store, "dwell.toml")
        with open(path, "w") as config:
            config.write(f'[[source]]\npath = "{self.logs}/*.log"\nformat = "squid"\n\n'
                         f'[retention]\nkeep_days = {self.args.keep}\ntrash_days = 2\nonly_archived = true\n\n'
                         f'[[archive]]\nname = "vault"\nto = "{self.archive}"\n')

    def night(self, nth):
        day = START + datetime.timedelta(days=nth + 1)
        answer = self.run(day, "nightly", "--json", codes=(0, 3))
        if nth == 50:
            self.run(day, "hold", "place", "--days", f"{START}..{START + datetime.timedelta(days=2)}", "--reason", "subpoena",
                     "--case", "C-1", "--by", "counsel")
            self.run(day, "hold", "place", "--where", f"client_ip = '{HELD}'", "--reason", "intrusion", "--case", "C-2",
                     "--by", "counsel")
        if nth == 240:
            self.run(day, "redact", "--where", f"client_ip = '{GONE}'", "--reason", "order of the court", "--case", "C-3",
                     "--by", "counsel", "--archives", "--yes")
        return answer

    def numbers(self, day, table):
        sql = f"SELECT url FROM {table}"
        out = self.run(day, "sql", sql, "--format", "csv").stdout.splitlines()[1:]
        return collections.Counter(int(url.rsplit("/", 1)[1]) for url in out)

    def prove(self, last):
        live = self.numbers(last, "requests")
        out = self.run(last, "quarantine", "list", "--format", "csv").stdout
        quarantined = {int(part.split()[0].split(",")[0].strip('"')) for part in out.split("n/")[1:]}
        days = f"{START}..{START + datetime.timedelta(days=self.args.days)}"
        begin = time.monotonic()
        if "year" not in self.run(last, "restore", "list", "--format", "csv").stdout:
            self.run(last, "restore", "--from", self.archive, "--days", days, "--as", "year")
        print(f"all of the archive restored in {time.monotonic() - begin:.1f} s")
        restored = self.numbers(last, "restored.year")
        # What is no row went into the archive with the days of its source.
        out = self.run(last, "sql", "SELECT path, quarantined FROM restored.year_sources", "--format", "csv").stdout
        shelved = {os.path.basename(line.rsplit(",", 1)[0]) for line in out.splitlines()[1:] if line.endswith(",1")}
        both = self.numbers(last, "requests_all")
        doubled = [number for table in (live, restored, both) for number, count in table.items() if count > 1]
        assert not doubled, f"{len(doubled)} rows are there twice: {doubled[:5]}"
        assert set(both) == set(live) | set(restored)
        table = collections.defaultdict(collections.Counter)
        wrong = []
        oldest_live = last - datetime.timedelta(days=self.args.keep)
        for number, (day, kind) in self.given.items():
            month = table[day.strftime("%Y-%m")]
            month["given"] += 1
            places = []
            if number in live:
                places.append("held" if day < oldest_live else "live")
            elif number in restored:
                places.append("archived")
            if number in quarantined:
                places.append("quarantined")
            elif kind == "quarantined" and (f"proxy-{day:%Y%m%d}.log" if day != LATE else "late.log") in shelved:
                places.append("archived")
            if kind == "redacted" and not places:
                places.append("redacted")
            right = {"row": ("live", "held", "archived"), "quarantined": ("quarantined", "archived"), "redacted": ("redacted",)}[kind]
            if len(places) != 1 or places[0] not in right:
                wrong.append((number, day, kind, places))
            for place in places:
                month[place] += 1
        columns = ["given", "live", "held", "archived", "quarantined", "redacted"]
        print(f"{'month':9}" + "".join(f"{name:>13}" for name in columns))
        for month, counts in sorted(table.items()):
            print(f"{month:9}" + "".join(f"{counts[name]:>13}" for name in columns))
        total = sum(table.values(), collections.Counter())
        print(f"{'all':9}" + "".join(f"{total[name]:>13}" for name in columns))
        assert not wrong, f"{len(wrong)} lines are not where they should be: {wrong[:5]}"
        redacted = self.run(last, "sql", "SELECT sum(redacted) FROM system.sources", "--format", "csv").stdout.splitlines()[1]
        assert int(redacted) == total["redacted"], (redacted, total["redacted"])
        lines = self.run(last, "sql", "SELECT sum(lines), sum(rows), sum(quarantined), sum(retired) FROM system.sources",
                         "--format", "csv").stdout.splitlines()[1]
        print("system.sources: lines, rows, quarantined, retired:", lines)
        assert int(lines.split(",")[0]) == total["given"]
        deep = self.run(last, "verify", "--deep", "--json")
        print("verify --deep of the store: 0")
        self.run(last, "verify", self.archive, "--deep")
        print("verify --deep of the archive: 0")
        return deep


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--lines", type=int, default=120)
    parser.add_argument("--keep", type=int, default=180)
    parser.add_argument("--prove", action="store_true", help="only the proof, over a year that has passed")
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    parser.add_argument("--faketime", default=found[0] if found else "")
    args = parser.parse_args()
    args.dwell, args.work = os.path.abspath(args.dwell), os.path.abspath(args.work)
    if not os.path.exists(args.faketime):
        sys.exit("no libfaketime here (Debian's package is faketime): nothing was proven")
    year = Year(args)
    if args.prove:
        for nth in range(args.days):
            year.lines_of(nth, args.lines)
        return year.prove(START + datetime.timedelta(days=args.days))
    year.settle()
    begin = time.monotonic()
    longest = (0.0, None)
    for nth in range(args.days):
        day = START + datetime.timedelta(days=nth)
        lines = year.lines_of(nth, args.lines)
        if nth == 60:
            # Half of this day's lines are delivered four months later.
            year.late, lines = lines[::2], lines[1::2]
        year.write(f"proxy-{day:%Y%m%d}.log", lines)
        if nth == 180:
            year.write("late.log", year.late)
        night = time.monotonic()
        year.night(nth)
        longest = max(longest, (time.monotonic() - night, day))
        if nth % 30 == 29:
            print(f"{day}: {year.number} lines given, {time.monotonic() - begin:.0f} s", flush=True)
    print(f"{args.days} nights in {time.monotonic() - begin:.0f} s, the longest {longest[0]:.2f} s on {longest[1]}")
    year.prove(START + datetime.timedelta(days=args.days))
    print("every line is accounted for")


if __name__ == "__main__":
    main()
