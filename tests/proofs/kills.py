#!/usr/bin/env python3
"""Kills every command of retention at random moments: nothing may be lost, nothing doubled, and the next run ends it.

    kills.py --dwell target/release/dwell --work DIR [--kills 1000] [--seed 1] [--lines 400]

A round takes in two logs and seals, compacts, archives, holds, redacts, retires, restores beside and into the live data, and drops.
Each of these is killed (-9) up to --tries times at a random moment of its usual length and then run to its end. After every kill
the rows are those before the step or those after it; now and then, and after each round, everything is verified.
"""
import argparse
import collections
import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

DAY = datetime.date(2025, 3, 1)
GONE = "10.8.8.8"


class Failed(Exception):
    pass


class World:
    def __init__(self, args):
        self.args = args
        self.chance = random.Random(args.seed)
        self.kills = collections.Counter()
        self.ended = collections.Counter()
        self.usual = {}
        self.checks = collections.Counter()
        self.stores = 0
        self.fresh()

    def fresh(self):
        shutil.rmtree(self.args.work, ignore_errors=True)
        os.makedirs(self.args.work)
        self.path = {name: os.path.join(self.args.work, name) for name in ("store", "keys", "archive")}
        self.number = self.rounds = 0
        self.live, self.gone, self.retired = set(), set(), set()
        self.set_rows = {}
        self.stores += 1
        self.run("init")
        with open(os.path.join(self.path["store"], "dwell.toml"), "w") as config:
            config.write("[retention]\nmax_days = 300\ntrash_days = 0\n")

    def command(self, *words):
        return [self.args.dwell, "--store", self.path["store"], "--key-dir", self.path["keys"], *words]

    def run(self, *words, codes=(0,)):
        begin = time.monotonic()
        answer = subprocess.run(self.command(*words), capture_output=True, text=True)
        if answer.returncode not in codes:
            raise Failed(f"{' '.join(words)}: exit {answer.returncode}\n{answer.stdout}\n{answer.stderr}")
        self.usual[words[0]] = time.monotonic() - begin
        return answer

    def numbers(self, table):
        out = self.run("sql", f"SELECT url FROM {table}", "--format", "csv").stdout.splitlines()[1:]
        numbers = [int(url.rsplit("/", 1)[1]) for url in out]
        if len(numbers) != len(set(numbers)):
            raise Failed(f"{len(numbers) - len(set(numbers))} rows of {table} are there twice")
        return set(numbers)

    def log(self, name, day):
        lines = []
        for at in range(self.args.lines):
            self.number += 1
            client = GONE if at % 50 == 7 else f"10.0.0.{at % 90}"
            when = int(datetime.datetime.combine(day, datetime.time(), datetime.timezone.utc).timestamp()) + at * 150
            lines.append(f"{when}.{at % 1000:03} 12 {client} TCP_MISS/200 {900 + at} GET http://h{at % 9}.example.net/n/{self.number}"
                         f" - HIER_DIRECT/192.0.2.7 text/html\n")
        path = os.path.join(self.args.work, name)
        with open(path, "w") as log:
            log.writelines(lines)
        numbers = range(self.number - len(lines) + 1, self.number + 1)
        return path, {n for n in numbers}, {n for at, n in enumerate(numbers) if at % 50 == 7}

    def step(self, words, before, after, done=None, codes=(0, 3)):
        """Kills a command some times, then runs it; `done` tells whether a killed run has done its work already."""
        name = words[0] if words[0] not in ("restore", "hold", "retain") else " ".join(words[:2])
        for _ in range(self.chance.randint(1, self.args.tries)):
            process = subprocess.Popen(self.command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(self.chance.random() * 1.1 * self.usual.get(words[0], 0.3))
            running = process.poll() is None
            process.send_signal(signal.SIGKILL)
            error = process.communicate()[1].decode(errors="replace")
            if not running:
                self.ended[name] += 1
                if process.returncode not in codes:
                    raise Failed(f"{' '.join(words)}: exit {process.returncode} after kills\n{error}")
            else:
                self.kills[name] += 1
            found = self.numbers("requests")
            if found not in (before, after):
                raise Failed(f"{' '.join(words)}: after a kill {len(found)} rows, before {len(before)}, after {len(after)}")
            self.checks["rows"] += 1
            if self.chance.random() < 0.1:
                self.run("verify", "--deep")
                self.checks["verify --deep"] += 1
            if (done and done()) or not running:
                break
        if not (done and done()):
            self.run(*words, codes=codes)
        found = self.numbers("requests")
        if found != after:
            raise Failed(f"{' '.join(words)}: {len(found)} rows at the end, {len(after)} expected")

    def sets(self):
        out = self.run("sql", "SELECT table_name FROM information_schema.tables WHERE table_schema = 'restored'",
                       "--format", "csv").stdout.split()[1:]
        return set(out)

    def round(self):
        self.rounds += 1
        day = DAY + datetime.timedelta(days=self.rounds)
        for part in "ab":
            path, numbers, gone = self.log(f"{day}-{part}.log", day)
            self.step(["ingest", path, "--format", "squid"], set(self.live), self.live | numbers)
            self.live |= numbers
            self.gone |= gone
        self.step(["seal", "--before", str(day + datetime.timedelta(days=1))], self.live, self.live)
        self.step(["compact"], self.live, self.live)
        self.step(["archive", "--to", self.path["archive"]], self.live, self.live)
        holds = lambda: json.loads(self.run("sql", "SELECT count(*) AS n FROM system.holds", "--format", "json").stdout)[0]["n"]
        had = holds()
        self.step(["hold", "place", "--days", "2024-01-01..2024-01-02", "--reason", "practice", "--case", "K", "--by", "kills"],
                  self.live, self.live, done=lambda: holds() > had)
        if self.rounds % 2 == 0:
            after = self.live - self.gone
            self.step(["redact", "--where", f"client_ip = '{GONE}'", "--reason", "practice", "--case", "K", "--by", "kills",
                       "--archives", "--yes"],
                      set(self.live), after)
            self.live = after
        whole = f"{DAY}..{day}"
        name = f"set_{self.rounds}"
        self.step(["restore", "--from", self.path["archive"], "--days", whole, "--as", name], self.live, self.live,
                  done=lambda: name in self.sets())
        there = self.numbers(f"restored.{name}")
        if there != self.live:
            raise Failed(f"restored.{name} has {len(there)} rows, {len(self.live)} expected")
        self.step(["retain", "apply", "--yes"], set(self.live), set())
        self.step(["restore", "--from", self.path["archive"], "--days", whole, "--into-live"], set(), self.live)
        self.step(["restore", "drop", name], self.live, self.live, done=lambda: name not in self.sets())
        self.run("verify", "--deep")
        self.checks["verify --deep"] += 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--tries", type=int, default=4)
    parser.add_argument("--lines", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=4, help="after so many rounds a new store is made")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.dwell, args.work = os.path.abspath(args.dwell), os.path.abspath(args.work)
    world = World(args)
    begin = time.monotonic()
    try:
        while sum(world.kills.values()) < args.kills:
            if world.rounds >= args.rounds:
                world.fresh()
            world.round()
            print(f"{sum(world.kills.values())} kills, {time.monotonic() - begin:.0f} s", flush=True)
    except Failed as failed:
        sys.exit(f"seed {args.seed}, store {world.stores}, round {world.rounds}: {failed}")
    print(f"{'command':18}{'kills':>7}{'ended before':>14}")
    for name in sorted(set(world.kills) | set(world.ended)):
        print(f"{name:18}{world.kills[name]:>7}{world.ended[name]:>14}")
    print(f"{sum(world.kills.values())} kills in {world.stores} stores; checked: {dict(world.checks)}; nothing lost, nothing doubled")


if __name__ == "__main__":
    main()
