#!/usr/bin/env python3
"""Do the hunts find what is hidden in three weeks of a company, and leave the rest alone?

    hunts.py generate --out DIR [--seed 1] [--laws a|b|c|d|e] [--scale 1.0]
    hunts.py run      --out DIR --dwell target/release/dwell [--days 7] [--keep-store] [--hunts ID ...] [--hunt-dir DIR] [--param NAME=VALUE ...]
    hunts.py score    --out DIR [--dwell PATH --evidence 40] [--noise 40]
    hunts.py big      --out DIR [--days 1] [--lines 10000000] [--packed]

`generate` writes a log for each day, truth.json (plants, decoys, clients), indicators.txt and pdns.ndjson. `run` makes a store of
them, hunts over all days and over each of the last ones, and keeps findings and times. `score` compares findings with the truth:
a table for people, score.json for programs. The sets of laws are companies with other habits, times, names and formats.
"""
import argparse
import datetime
import gzip
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time

from planted.benign import Benign
from planted.company import Company, laws_of
from planted.decoys import Decoys
from planted.judge import days_found, findings_of, judge, markdown
from planted.lines import SQUID, Log
from planted.odd import Odd
from planted.pairs import Pairs
from planted.plants import Plants


def generate(args):
    begin = time.monotonic()
    shutil.rmtree(os.path.join(args.out, "logs"), ignore_errors=True)
    os.makedirs(os.path.join(args.out, "logs"))
    laws = laws_of(args.laws, args.seed)
    company = Company(args.seed, laws)
    log = Log(laws.start, laws.days, laws.squid)
    benign = (Pairs if laws.pairs else Benign)(company, log, args.scale)
    plants = Plants(company, benign, log)
    decoys = Decoys(company, benign, log)
    Odd(company, benign, log)
    count = 0
    for day in range(laws.days + 1):
        if day < laws.days:
            benign.day(day)
        if day:
            name = (laws.start + datetime.timedelta(days=day - 1)).isoformat()
            with gzip.open(os.path.join(args.out, "logs", f"access-{name}.log.gz"), "wt", compresslevel=1) as file:
                count += log.write(day - 1, file)
    truth = {"seed": args.seed, "laws": args.laws, "scale": args.scale, "lines": count, "first": str(laws.start), "days": laws.days,
             "logformat": SQUID if laws.squid else None, "plants": plants.truth, "decoys": decoys.truth,
             "clients": [{"client_ip": c.ip, "computer": c.computer, "user": c.user, "kind": c.kind} for c in company.clients]}
    with open(os.path.join(args.out, "truth.json"), "w") as file:
        json.dump(truth, file, indent=1)
    with open(os.path.join(args.out, "indicators.txt"), "w") as file:
        file.write("# indicators of the planted company\n" + "".join(f"{value}\n" for value in plants.indicators))
    with open(os.path.join(args.out, "pdns.ndjson"), "w") as file:
        file.writelines(json.dumps(r) + "\n" for r in plants.resolutions)
    print(f"{count} lines, {len(company.clients)} clients, {len(plants.truth)} plants, {len(decoys.truth)} decoys, {time.monotonic() - begin:.0f} s")


class Dwell:
    def __init__(self, args):
        self.base = [args.dwell, "--store", os.path.join(args.out, "store"), "--key-dir", os.path.join(args.out, "keys")]

    def run(self, *words, codes=(0, 3), out=None):
        """Runs it; returns (exit code, output, seconds, peak megabytes)."""
        begin = time.monotonic()
        with open(out, "w") if out else open(os.devnull, "w") as file:
            process = subprocess.Popen([*self.base, *words], stdout=file if out else subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            stdout, stderr = process.communicate()
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        if codes and process.returncode not in codes:
            sys.exit(f"{' '.join(words)[:400]}: exit {process.returncode}\n{stderr[-3000:]}")
        return process.returncode, stdout or stderr, time.monotonic() - begin, peak


def run(args):
    with open(os.path.join(args.out, "truth.json")) as file:
        truth = json.load(file)
    dwell, times = Dwell(args), {}
    if not args.keep_store:
        for name in ("store", "keys"):
            shutil.rmtree(os.path.join(args.out, name), ignore_errors=True)
        dwell.run("init")
        how = ["--logformat", truth["logformat"]] if truth["logformat"] else []
        code, _, times["ingest"], _ = dwell.run("ingest", *how, os.path.join(args.out, "logs"))
        if code:
            sys.exit("ingest: some lines did not become rows")
        for verb, path in (("intel", "indicators.txt"), ("pdns", "pdns.ndjson")):
            code, said, times[verb], _ = dwell.run(verb, "add", os.path.join(args.out, path), codes=())
            if code:
                print(f"dwell {verb} add: exit {code}: {said.strip()[:300]}")
    for name in os.listdir(args.out):
        if name.startswith("findings-"):
            os.remove(os.path.join(args.out, name))
    whole = os.path.join(args.out, "findings-all.json")
    more = ["--hunts", args.hunt_dir] if args.hunt_dir else []
    more += [word for param in args.param for word in ("--param", param)]
    code, said, times["all"], times["all_mb"] = dwell.run("hunt", "run", *args.hunts, *more, "--format", "json", codes=(0, 1, 3), out=whole)
    if code:
        print(f"hunt run: exit {code}: {said[:2000]}")
    with open(os.path.join(args.out, "run.txt"), "w") as file:
        file.write(said)
    first = datetime.date.fromisoformat(truth["first"])
    for n in range(truth["days"] - args.days, truth["days"]):
        day, after = str(first + datetime.timedelta(days=n)), str(first + datetime.timedelta(days=n + 1))
        _, _, times[day], _ = dwell.run("hunt", "run", *args.hunts, *more, "--since", day, "--until", after, "--format", "json",
                out=os.path.join(args.out, f"findings-{day}.json"))
    with open(os.path.join(args.out, "times.json"), "w") as file:
        json.dump(times, file, indent=1)
    print(", ".join(f"{name} {seconds:.1f}" for name, seconds in times.items()), f"; findings {len(findings_of(whole))}")


def evidence(args, findings):
    """Counts the rows of some findings' evidence, some of every hunt, and compares."""
    dwell, rng, wrong = Dwell(args), random.Random(1), []
    hunts = sorted({f["hunt"] for f in findings})
    sample = []
    for hunt in hunts:
        of = [f for f in findings if f["hunt"] == hunt]
        sample += rng.sample(of, min(len(of), max(1, args.evidence // len(hunts))))
    for f in sample:
        code, said, _, _ = dwell.run("sql", f"SELECT count(*) AS n FROM ({f['evidence'].strip().rstrip(';')}) AS e", "--format", "csv", codes=())
        got = said.split()[-1] if said.split() else ""
        if code or got != str(f["count"]):
            wrong.append({"hunt": f["hunt"], "count": f["count"], "rows": got if not code else said[-300:], "evidence": f["evidence"]})
    return {"checked": len(sample), "wrong": wrong}


def score(args):
    with open(os.path.join(args.out, "truth.json")) as file:
        truth = json.load(file)
    findings = findings_of(os.path.join(args.out, "findings-all.json"))
    verdict = judge(findings, truth, truth["clients"])
    verdict["by_day"] = days_found(args.out, truth)
    if args.dwell and args.evidence:
        verdict["evidence"] = evidence(args, findings)
    with open(os.path.join(args.out, "score.json"), "w") as file:
        json.dump(verdict, file, indent=1)
    print(markdown(verdict, truth["laws"]))
    days = verdict["by_day"]
    print(f"day by day ({len(days['days'])} days): {days['found']} of {days['due']} plants; missed: {', '.join(days['missed']) or 'none'}")
    for bad in verdict["decoys_high"][:args.noise]:
        print("decoy:", json.dumps(bad))
    for ip, hunts in list(verdict["blamed"].items())[:args.noise]:
        print("blamed without a plant:", ip, ", ".join(hunts))
    for noise in verdict["noise"][:args.noise]:
        print("noise:", json.dumps(noise)[:400])
    if "evidence" in verdict:
        print(f"evidence: {verdict['evidence']['checked']} checked, {len(verdict['evidence']['wrong'])} wrong")
        for wrong in verdict["evidence"]["wrong"][:args.noise]:
            print("evidence:", json.dumps(wrong)[:700])
    short = {k: verdict[k] for k in ("found", "found_expected", "found_medium", "of", "findings", "medium", "medium_per_plant", "blamed_share")}
    print(json.dumps({**short, "decoys_high": len({b["decoy"] for b in verdict["decoys_high"]})}))


def big(args):
    from planted.big import towers
    begin = time.monotonic()
    os.makedirs(args.out, exist_ok=True)
    counts = towers(args.seed, args.days, args.lines, args.out, args.packed)
    print(f"{sum(counts)} lines in {len(counts)} files, {time.monotonic() - begin:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    for verb in (generate, run, score, big):
        p = verbs.add_parser(verb.__name__)
        p.set_defaults(verb=verb)
        p.add_argument("--out", required=True)
        p.add_argument("--seed", type=int, default=1)
        if verb is generate:
            p.add_argument("--laws", default="a", choices=list("abcde"))
            p.add_argument("--scale", type=float, default=1.)
        if verb in (run, score):
            p.add_argument("--dwell", required=verb is run)
        if verb is run:
            p.add_argument("--days", type=int, default=7)
            p.add_argument("--keep-store", action="store_true")
            p.add_argument("--hunts", nargs="+", default=["all"])
            p.add_argument("--hunt-dir")
            p.add_argument("--param", nargs="+", default=[])
        if verb is score:
            p.add_argument("--evidence", type=int, default=0)
            p.add_argument("--noise", type=int, default=40)
        if verb is big:
            p.add_argument("--days", type=int, default=1)
            p.add_argument("--lines", type=int, default=10_000_000)
            p.add_argument("--packed", action="store_true")
    args = parser.parse_args()
    args.verb(args)


if __name__ == "__main__":
    main()
