#!/usr/bin/env python3
"""An adversary who may write to the disk, but has no key: is each attack noticed?

    adversary.py --dwell target/release/dwell --work DIR [--instances 50] [--seed 1] [--only WORD]

A store with everything that a store has (sources, quarantine, seals, an addendum, a hold, a retired day, an archive, a
restored set) is attacked in many ways, each with random details. For every instance are run: `verify` (fast), `verify
--deep`, and queries over all rows; where the attack is one that only an exported head or a known key can show, those. A
query may answer right or end with 12, never wrong. Prints a table; ends with 1 if anything was missed.

Re-signing needs the Python package `cryptography`; without it those classes are skipped by name.
"""
import argparse
import base64
import collections
import datetime
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time

try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
except ImportError:
    Ed25519PrivateKey = None

COLUMNS = ("ts, ts_quality, duration_ms, client_ip, client_port, computer, \"user\", method, http_version, url, scheme, host, "
           "domain, port, path, query, extension, server_ip, peer, hierarchy, proxy_name, status, action, verdict, cache, "
           "reason, rule, categories, threat, response_bytes, request_bytes, content_type, user_agent, extra, parse, "
           "source_id, line_no")
QUERIES = {
    "requests": f"SELECT {COLUMNS}, encode(raw, 'hex') FROM requests ORDER BY source_id, line_no, ts",
    "quarantine": "SELECT source_id, line_no, reason, encode(raw, 'hex') FROM quarantine ORDER BY 1, 2",
    "restored": f"SELECT {COLUMNS} FROM restored.old ORDER BY source_id, line_no, ts",
    "one host": "SELECT method, count(*) FROM requests WHERE host = 'h3.example' GROUP BY method ORDER BY method",
}


# --- the ledger, as docs/ledger.md describes it --------------------------------------------------------------------

def leaf(line):
    return hashlib.sha256(b"\0" + line).digest()


def root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])).digest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Signer:
    """A key of the adversary's own, under any name."""

    def __init__(self, name, chance):
        self.name, self.key = name, Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(name.encode() + b"\n\1" + self.public).digest()[:4]

    def line(self):
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([1]) + self.public).decode()}"

    def note(self, text):
        signature = base64.b64encode(self.id + self.key.sign(text.encode())).decode()
        return f"{text}\n\u2014 {self.name} {signature}\n".encode()


class Ledger:
    """The ledger of a store, to read and to forge."""

    def __init__(self, store):
        self.folder = os.path.join(store, "ledger")
        names = sorted(n for n in os.listdir(self.folder) if n.isdigit())
        self.paths = [os.path.join(self.folder, n) for n in names]

    def parts(self, path):
        with open(path, "rb") as file:
            head, note = file.read().split(b"\n\n", 1)
        return head.split(b"\n"), note

    def lines(self):
        return [line for path in self.paths for line in self.parts(path)[0]]

    def store_id(self):
        return json.loads(self.lines()[0])["body"]["store"]

    def checkpoint(self, lines):
        text = f"{self.store_id()}\n{len(lines)}\n{base64.b64encode(root([leaf(x) for x in lines])).decode()}\n"
        return text

    def next_path(self):
        return os.path.join(self.folder, f"{len(self.paths) + 1:010}")

    def append(self, kind, body, signer, version=1):
        """The next file with one record, signed by whoever."""
        lines = self.lines()
        record = canonical({"at": int(time.time() * 1e6), "body": body, "kind": kind, "seq": len(lines) + 1, "v": version})
        note = signer.note(self.checkpoint(lines + [record]))
        write(self.next_path(), record + b"\n\n" + note)

    def sign_anew(self, signer, first=0, change=lambda records: records):
        """All files from number `first` on, under another key."""
        before = []
        for number, path in enumerate(self.paths):
            records, note = self.parts(path)
            if number >= first:
                records = change(records)
                note = signer.note(self.checkpoint(before + records))
                write(path, b"\n".join(records) + b"\n\n" + note)
            before += records

    def find(self, kind):
        return [n for n, path in enumerate(self.paths) if any(json.loads(x)["kind"] == kind for x in self.parts(path)[0])]


# --- files ---------------------------------------------------------------------------------------------------------

def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    if os.path.lexists(path):
        os.remove(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(content)


def below(folder, ending=""):
    found = []
    for base, _, names in os.walk(folder):
        found += [os.path.join(base, name) for name in names if name.endswith(ending)]
    return sorted(found)


def parquet(store, table=""):
    folders = [table] if table else ["requests", "lines"]
    return [f for t in folders for f in below(os.path.join(store, t), ".parquet")]


def flip(path, chance):
    content = bytearray(read(path))
    for _ in range(chance.randint(1, 4)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    if bytes(content) == read(path):
        content[0] ^= 1
    write(path, bytes(content))


def cut(path, chance):
    content = read(path)
    write(path, content[:chance.randrange(len(content))])


def exchange(a, b):
    one, other = read(a), read(b)
    write(a, other), write(b, one)


def two_of(paths, chance):
    for _ in range(100):
        a, b = chance.sample(paths, 2)
        if read(a) != read(b):
            return a, b
    raise RuntimeError("no two different files")


# --- the world -----------------------------------------------------------------------------------------------------

class World:
    def __init__(self, args):
        self.args, self.without = args, args.without.split(",")
        self.base = os.path.join(args.work, "base")
        self.here = os.path.join(args.work, "here")

    def path(self, *parts):
        # An archive has one place: who has seen it there knows whether it is older.
        if parts[0] == "archive":
            return os.path.join(self.args.work, *parts)
        return os.path.join(self.here, *parts)

    def run(self, *words, keys="keys", store="store", root=None, limit=120):
        root = root or self.here

        def limits():
            resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))

        command = [self.args.dwell, "--store", os.path.join(root, store), "--key-dir", os.path.join(root, keys), *words]
        env = {"HOME": os.path.join(root, "home"), "USER": "mallory", "PATH": os.environ["PATH"]}
        return subprocess.run(command, capture_output=True, env=env, timeout=limit, preexec_fn=limits, cwd=root)

    def ok(self, *words, codes=(0,), **options):
        done = self.run(*words, root=self.base, **options)
        if done.returncode not in codes:
            sys.exit(f"{words}: {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}")
        return done.stdout.decode()

    def log(self, name, day, lines, odd=0):
        chance = random.Random(f"{name} {day}")
        begin = datetime.datetime.combine(day, datetime.time(6), datetime.timezone.utc).timestamp()
        text = ""
        for number in range(lines):
            text += (f"{begin + 17 * number:.3f} {chance.randrange(900):6} 10.9.{chance.randrange(4)}.{chance.randrange(9)} "
                     f"TCP_MISS/200 {chance.randrange(90000)} GET http://h{chance.randrange(9)}.example/{name}/{number}.html "
                     f"user{chance.randrange(5)} HIER_DIRECT/192.0.2.{chance.randrange(9)} text/html\n")
        text += "".join(f"no line of a log {chance.random()}\n" for _ in range(odd))
        path = os.path.join(self.base, name)
        write(path, text.encode())
        return path

    def build(self):
        """The store that is attacked, its archive, an older state of both, and stores of others."""
        shutil.rmtree(self.args.work, ignore_errors=True)
        os.makedirs(os.path.join(self.base, "home"))
        today = datetime.datetime.now(datetime.timezone.utc).date()
        days = [today - datetime.timedelta(days=n) for n in (12, 11, 10, 9, 8)]
        self.ok("init")
        settings = os.path.join(self.base, "store", "dwell.toml")
        assert b"# max_days = 3650" in read(settings)
        write(settings, read(settings).replace(b"# max_days = 3650", b"max_days = 11"))
        for number, day in enumerate(days[:3]):
            for part in range(2):
                self.ok("ingest", self.log(f"proxy{number}{part}.log", day, 60, odd=3), codes=(0, 3))
        self.ok("seal", "--before", str(today))
        shutil.copytree(os.path.join(self.base, "store"), os.path.join(self.base, "older"), symlinks=True)
        self.ok("archive", "--to", self.path("archive"))
        shutil.copytree(self.path("archive"), os.path.join(self.base, "older-archive"), symlinks=True)
        for number, day in enumerate(days[3:]):
            self.ok("ingest", self.log(f"later{number}.log", day, 60, odd=2), codes=(0, 3))
        self.ok("ingest", self.log("late.log", days[1], 9), codes=(0, 3))
        self.ok("seal", "--before", str(today))
        self.ok("archive", "--to", self.path("archive"))
        self.ok("hold", "place", "--days", f"{days[1]}..{days[1]}", "--reason", "case", "--case", "7", "--by", "anna")
        self.ok("retain", "apply", "--yes")
        assert self.gone(), "nothing was retired"
        if "restored" not in self.without:
            self.ok("restore", "--from", self.path("archive"), "--days", f"{days[0]}..{days[1]}",
                    "--as", "old")
        self.ok("ingest", self.log("last.log", days[4], 20), codes=(0, 3))
        self.ok("checkpoint", "export", "--to", "head.note")
        # Another store of another owner, with another key.
        self.ok("init", store="other", keys="other-keys")
        self.ok("ingest", os.path.join(self.base, "proxy00.log"), store="other", keys="other-keys", codes=(0, 3))
        self.ok("verify", "--deep", "--trusted", "head.note")
        if "archive" not in self.without:
            self.ok("verify", self.path("archive"), "--deep")
        write(os.path.join(self.base, "own.key"), self.public_key())
        shutil.copytree(self.path("archive"), os.path.join(self.base, "newest-archive"), symlinks=True)
        self.right = {}
        for name in self.without:
            QUERIES.pop(name, None)
        for name, query in QUERIES.items():
            self.right[name] = self.ok("sql", query, "--format", "csv")
            assert self.right[name].count("\n") > 1, (name, self.right[name])

    def gone(self, root=None):
        """Files that the store once had, in the older copy, and has no more."""
        store, older = (os.path.join(root or self.base, name) for name in ("store", "older"))
        there = {os.path.relpath(f, store) for f in parquet(store)}
        return [f for f in parquet(older) if os.path.relpath(f, older) not in there]

    def public_key(self):
        known = read(os.path.join(self.base, "keys", "known_keys")).decode().split()
        return known[-1].encode()

    def fresh(self):
        shutil.rmtree(self.here, ignore_errors=True)
        shutil.copytree(self.base, self.here, symlinks=True)
        shutil.rmtree(self.path("archive"), ignore_errors=True)
        shutil.copytree(self.path("newest-archive"), self.path("archive"), symlinks=True)

    @property
    def store(self):
        return self.path("store")


# --- the attacks: each changes the store (or archive) at `world.here`; the name says what it does ----------------------

def edit_rows(w, c): flip(c.choice(parquet(w.store, "requests")), c)
def edit_quarantine(w, c): flip(c.choice(parquet(w.store, "lines")), c)
def swap_files(w, c): exchange(*two_of(parquet(w.store), c))


def swap_days(w, c):
    days = sorted(os.listdir(w.path("store", "requests")))
    a, b = c.sample(days, 2)
    a, b = (w.path("store", "requests", day) for day in (a, b))
    os.rename(a, a + "x"), os.rename(b, a), os.rename(a + "x", b)


def truncate_data(w, c): cut(c.choice(parquet(w.store)), c)
def delete_data(w, c): os.remove(c.choice(parquet(w.store)))


def delete_day(w, c):
    shutil.rmtree(w.path("store", "requests", c.choice(os.listdir(w.path("store", "requests")))))


def older_version_of_file(w, c):
    """A file of the retired day comes back, or a file takes the content that another had once."""
    source = c.choice(w.gone(w.here))
    write(os.path.join(w.store, os.path.relpath(source, w.path("older"))), read(source))


def insert_parquet(w, c):
    source = c.choice(parquet(w.store) + parquet(w.path("other")))
    day = os.path.dirname(c.choice(parquet(w.store)))
    write(os.path.join(day, f"{c.randrange(1 << 40):012}.parquet"), read(source))


def insert_anything(w, c):
    places = ["", "requests", "lines", "ledger", "salts", "restored", "summaries", "tables", "findings", "restored/old"]
    write(w.path("store", c.choice(places), f"x{c.randrange(99)}"), c.randbytes(c.randrange(99)))


def link_in_place_of_file(w, c):
    path = c.choice(parquet(w.store))
    shutil.move(path, w.path("aside"))
    os.symlink(w.path("aside") if c.random() < 0.5 else "/etc/passwd", path)


def link_in_place_of_folder(w, c):
    folder = c.choice([os.path.dirname(c.choice(parquet(w.store))), w.path("store", c.choice(["requests", "lines", "salts"]))])
    shutil.move(folder, w.path("aside"))
    os.symlink(w.path("aside"), folder)


def bomb(w, c):
    """A few bytes that claim, or unpack to, very much."""
    path = c.choice(parquet(w.store))
    content = read(path)
    kind = c.randrange(3)
    if kind == 0:
        import zlib
        zeros = zlib.compressobj(9)
        content = b"PAR1" + b"".join(zeros.compress(bytes(1 << 20)) for _ in range(64)) + zeros.flush() + content[-400:]
    elif kind == 1:
        content = content[:-8] + (0x7FFFFFF0).to_bytes(4, "little") + b"PAR1"
    else:
        with open(path, "r+b") as file:
            file.truncate((1 << 34) + c.randrange(999))
        return
    write(path, content)


def edit_ledger(w, c): flip(c.choice(Ledger(w.store).paths), c)
def truncate_ledger(w, c): cut(c.choice(Ledger(w.store).paths), c)
def swap_ledger_files(w, c): exchange(*two_of(Ledger(w.store).paths, c))


def reorder_records(w, c):
    ledger = Ledger(w.store)
    path = c.choice([p for p in ledger.paths if len(ledger.parts(p)[0]) > 1])
    records, note = ledger.parts(path)
    while True:
        mixed = c.sample(records, len(records))
        if mixed != records:
            break
    write(path, b"\n".join(mixed) + b"\n\n" + note)


def edit_record(w, c):
    """A record says something else: rows, sizes, digests, days, times."""
    ledger = Ledger(w.store)
    path = c.choice(ledger.paths)
    records, note = ledger.parts(path)
    at = c.randrange(len(records))
    digits = [n for n, byte in enumerate(records[at]) if chr(byte).isdigit()]
    n = c.choice(digits)
    digit = str((int(chr(records[at][n])) + c.randrange(1, 10)) % 10).encode()
    records[at] = records[at][:n] + digit + records[at][n + 1:]
    write(path, b"\n".join(records) + b"\n\n" + note)


def delete_record(w, c):
    ledger = Ledger(w.store)
    path = c.choice([p for p in ledger.paths if len(ledger.parts(p)[0]) > 1])
    records, note = ledger.parts(path)
    records.pop(c.randrange(len(records)))
    write(path, b"\n".join(records) + b"\n\n" + note)


def delete_ledger_file(w, c):
    """One from the middle, with the later ones moved up or not."""
    paths = Ledger(w.store).paths
    at = c.randrange(1, len(paths) - 1)
    os.remove(paths[at])
    if c.random() < 0.5:
        for n in range(at + 1, len(paths)):
            os.rename(paths[n], paths[n - 1])
            if os.path.exists(paths[n] + ".text"):
                os.rename(paths[n] + ".text", paths[n - 1] + ".text")


def delete_tail(w, c):
    paths = Ledger(w.store).paths
    for path in paths[-c.randint(1, len(paths) - 1):]:
        os.remove(path)
        if c.random() < 0.8 and os.path.exists(path + ".text"):
            os.remove(path + ".text")


def replay_ledger(w, c):
    shutil.rmtree(w.path("store", "ledger"))
    shutil.copytree(w.path("older", "ledger"), w.path("store", "ledger"))


def replay_store(w, c):
    shutil.rmtree(w.store)
    shutil.copytree(w.path("older"), w.store)


def unseal(w, c):
    """The records of a seal are cut out of the file that brings them."""
    ledger = Ledger(w.store)
    path = ledger.paths[c.choice(ledger.find("seal"))]
    records, note = ledger.parts(path)
    kept = [r for r in records if json.loads(r)["kind"] != "seal"] or records[1:] or [records[0][:-1] + b" }"]
    write(path, b"\n".join(kept) + b"\n\n" + note)


def sign_with_another_key(w, c):
    """The whole ledger anew, the same id, the adversary's key in record 1."""
    ledger = Ledger(w.store)
    signer = Signer(ledger.store_id(), c)

    def change(records):
        if json.loads(records[0])["kind"] == "key":
            first = json.loads(records[0])
            first["body"]["key"] = signer.line()
            return [canonical(first)] + records[1:]
        return records

    ledger.sign_anew(signer, 0, change)
    snapshot = w.path("store", "ledger", "snapshot")
    if os.path.exists(snapshot):
        os.remove(snapshot)


def sign_tail_with_another_key(w, c):
    ledger = Ledger(w.store)
    signer = Signer(ledger.store_id(), c)
    ledger.sign_anew(signer, c.randrange(1, len(ledger.paths)))


def own_commit(w, c):
    """One more file, with a record that dwell would write, without a signature that holds."""
    ledger = Ledger(w.store)
    if c.random() < 0.5:
        ledger.append("config", {"sha256": None}, Signer(ledger.store_id(), c))
        return
    lines = ledger.lines()
    record = canonical({"at": 0, "body": {"sha256": None}, "kind": "config", "seq": len(lines) + 1, "v": 1})
    text = ledger.checkpoint(lines + [record])
    _, note = ledger.parts(ledger.paths[-1])
    forged = text.encode() + b"\n" + note.split(b"\n\n", 1)[1]
    write(ledger.next_path(), record + b"\n\n" + forged)


def commit_of_another_store(w, c):
    other = Ledger(w.path("other"))
    write(Ledger(w.store).next_path(), read(c.choice(other.paths)))


def commit_twice(w, c):
    ledger = Ledger(w.store)
    write(ledger.next_path(), read(ledger.paths[-1]))


def forge_retirement(w, c):
    ledger = Ledger(w.store)
    day = c.choice(os.listdir(w.path("store", "requests")))
    files = [{"bytes": os.path.getsize(f), "path": os.path.relpath(f, w.store), "rows": 60,
              "sha256": hashlib.sha256(read(f)).hexdigest()} for f in below(w.path("store", "requests", day))]
    ledger.append("retire", {"days": [{"bytes": 1, "day": day[4:], "files": files, "rows": 60, "seals": [], "sources": [],
                                       "why": "keep_days"}], "lines": []}, Signer(ledger.store_id(), c))
    shutil.rmtree(w.path("store", "requests", day))


def forge_release(w, c):
    ledger = Ledger(w.store)
    ledger.append("release", {"id": 1}, Signer(ledger.store_id(), c))


def forge_rotation(w, c):
    """A new key that only its owner has signed, and a ledger that goes on with it."""
    ledger = Ledger(w.store)
    mine = Signer(ledger.store_id(), c)
    first = json.loads(ledger.lines()[0])
    fake = base64.b64encode(c.randbytes(64)).decode()
    text = "".join(f"{x}\n" for x in ["dwell key rotation 1", ledger.store_id(), len(ledger.lines()) + 1,
                                       first["body"]["key"], mine.line()])
    by_new = base64.b64encode(mine.key.sign(text.encode())).decode()
    ledger.append("key", {"by_new": by_new, "by_old": c.choice([fake, by_new]), "key": mine.line(),
                          "old": first["body"]["key"], "store": ledger.store_id()}, mine, version=2)
    if c.random() < 0.5:
        Ledger(w.store).append("config", {"sha256": None}, mine)


def edit_words(w, c): flip(c.choice(below(w.path("store", "ledger"), ".text")), c)
def delete_words(w, c): os.remove(c.choice(below(w.path("store", "ledger"), ".text")))
def swap_words(w, c): exchange(*two_of(below(w.path("store", "ledger"), ".text"), c))


def reword(w, c):
    """The words of a record say another person or reason, with a digest that fits nothing."""
    path = c.choice(below(w.path("store", "ledger"), ".text"))
    lines = [json.loads(line) for line in read(path).splitlines()]
    line = c.choice(lines)
    line["text"]["by"] = f"eve{c.randrange(99)}"
    write(path, b"".join(canonical(line) + b"\n" for line in lines))


def forge_snapshot(w, c):
    path = w.path("store", "ledger", "snapshot")
    other = c.choice(["random", "signed", "edited"])
    ledger = Ledger(w.store)
    payload = c.randbytes(200)
    text = (f"{ledger.store_id()} snapshot 2\n{len(ledger.paths)}\n{len(ledger.lines())}\n"
            f"{base64.b64encode(hashlib.sha256(payload).digest()).decode()}\n")
    if other == "edited" and os.path.exists(path):
        flip(path, c)
    elif other == "signed" and Ed25519PrivateKey:
        write(path, Signer(ledger.store_id(), c).note(text) + payload)
    else:
        write(path, c.randbytes(300))


def edit_settings(w, c):
    path = w.path("store", "dwell.toml")
    write(path, read(path) + f"\n# {c.random()}\n".encode() if c.random() < 0.7 else b"")


def edit_salts(w, c): flip(c.choice(below(w.path("store", "salts"))), c)
def swap_salts(w, c): exchange(*two_of(below(w.path("store", "salts")), c))
def delete_salts(w, c): os.remove(c.choice(below(w.path("store", "salts"))))
def edit_restored(w, c): flip(c.choice(below(w.path("store", "restored", "old"))), c)
def delete_restored(w, c): os.remove(c.choice(below(w.path("store", "restored", "old"))))


def swap_restored(w, c):
    live, old = parquet(w.store, "requests"), below(w.path("store", "restored", "old"), ".parquet")
    a, b = c.choice(old), c.choice(live + old)
    if read(a) == read(b):
        a, b = two_of(old, c)
    write(a, read(b))


def forge_time_stamp(w, c):
    write(w.path("store", "ledger", f"{c.randint(1, len(Ledger(w.store).paths)):010}.tsr"), c.randbytes(c.randrange(900)))


def forged_intent(w, c):
    """What a dead writer left is forged, so that the next writer would delete what is not his."""
    write(w.path("victim"), b"not part of the store")
    victim = c.choice(["../victim", "requests/../../victim", w.path("victim"), "ledger/0000000001", "dwell.toml"])
    intent = {"place": [victim], "remove": [], "shred": [victim], "version": 1}
    write(w.path("store", "staging", f"change-{c.randrange(1 << 60):016x}", "intent"), canonical(intent))


def new_store(w, c):
    """The whole store forged under a new id: every line of it is consistent."""
    shutil.rmtree(w.store)
    shutil.copytree(w.path("other"), w.store)


# An archive of the store.

def objects(w):
    """Of the packages that the newest index names; those that others have superseded count no more."""
    index = json.loads(read(below(w.path("archive", "index"))[-1]).splitlines()[1])
    packages = [w.path("archive", "days", day["day"], day["content"]) for day in index["days"]]
    return [f for package in packages for f in below(package)]


def edit_object(w, c): flip(c.choice(objects(w)), c)
def delete_object(w, c): os.remove(c.choice(objects(w)))
def truncate_object(w, c): cut(c.choice([f for f in objects(w) if os.path.getsize(f)]), c)
def swap_objects(w, c): exchange(*two_of([f for f in objects(w) if f.endswith(".parquet")], c))
def insert_object(w, c): write(os.path.join(os.path.dirname(c.choice(objects(w))), f"x{c.randrange(99)}.parquet"), c.randbytes(99))


def link_in_archive(w, c):
    path = c.choice(objects(w))
    shutil.move(path, w.path("aside"))
    os.symlink(c.choice([w.path("aside"), "/etc/passwd", "../../../../keys"]), path)


def climb_out_of_archive(w, c):
    """A name in a manifest leads upwards."""
    path = c.choice([f for f in objects(w) if f.endswith("manifest.json")])
    manifest = read(path).decode()
    name = c.choice([o["name"] for o in json.loads(manifest)["objects"]])
    write(path, manifest.replace(f'"{name}"', f'"../../../{c.choice(["keys/x", "store/dwell.toml", "x"])}"').encode())


def bomb_in_archive(w, c):
    path = c.choice([f for f in objects(w) if f.endswith(".parquet")])
    with open(path, "r+b") as file:
        file.truncate((1 << 34) + c.randrange(999))


def edit_index(w, c): flip(c.choice(below(w.path("archive", "index"))[-1:]), c)


def replay_archive(w, c):
    shutil.rmtree(w.path("archive"))
    shutil.copytree(w.path("older-archive"), w.path("archive"))


def sign_index_with_another_key(w, c):
    path = below(w.path("archive", "index"))[-1]
    text = read(path).decode().split("\n\n")[0] + "\n"
    write(path, Signer(Ledger(w.store).store_id(), c).note(text))


FAST, DEEP, QUERY, TRUSTED, KEY, ARCHIVE, WRITER = "fast", "deep", "query", "trusted", "key", "archive", "writer"

# What must notice it in every instance. Everything else is shown, and may notice it.
ATTACKS = [
    (edit_rows, DEEP), (edit_quarantine, DEEP), (swap_files, DEEP), (swap_days, FAST), (truncate_data, FAST), (delete_data, FAST),
    (delete_day, FAST), (older_version_of_file, FAST), (insert_parquet, FAST), (insert_anything, FAST), (link_in_place_of_file, FAST),
    (link_in_place_of_folder, FAST), (bomb, DEEP),
    (edit_ledger, FAST), (truncate_ledger, FAST), (swap_ledger_files, FAST), (reorder_records, FAST), (edit_record, FAST),
    (delete_record, FAST), (delete_ledger_file, FAST), (delete_tail, FAST), (delete_tail, TRUSTED), (replay_ledger, FAST),
    (replay_ledger, TRUSTED), (replay_store, FAST), (replay_store, TRUSTED), (unseal, FAST), (sign_with_another_key, FAST),
    (sign_with_another_key, KEY), (sign_tail_with_another_key, FAST), (own_commit, FAST), (commit_of_another_store, FAST),
    (commit_twice, FAST), (forge_retirement, FAST), (forge_release, FAST), (forge_rotation, FAST),
    (edit_words, FAST), (delete_words, FAST), (swap_words, FAST), (reword, FAST), (forge_snapshot, FAST), (edit_settings, FAST),
    (edit_salts, FAST), (swap_salts, FAST), (delete_salts, FAST), (edit_restored, DEEP), (delete_restored, FAST),
    (swap_restored, DEEP), (forge_time_stamp, FAST), (forged_intent, WRITER), (new_store, TRUSTED), (new_store, KEY),
    (edit_object, ARCHIVE), (delete_object, ARCHIVE), (truncate_object, ARCHIVE), (swap_objects, ARCHIVE), (insert_object, ARCHIVE),
    (link_in_archive, ARCHIVE), (climb_out_of_archive, ARCHIVE), (bomb_in_archive, ARCHIVE), (edit_index, ARCHIVE),
    (replay_archive, ARCHIVE), (sign_index_with_another_key, ARCHIVE),
]
SIGNING = {sign_with_another_key, sign_tail_with_another_key, own_commit, forge_retirement, forge_release, forge_rotation,
           sign_index_with_another_key}


def look(world, must, seen, failures, place):
    """Runs everything that might notice; returns what has."""
    noticed = set()

    def verify(what, *words, **options):
        done = world.run("verify", *words, **options)
        if done.returncode == 12:
            noticed.add(what)
        elif done.returncode != 0:
            failures.append((place, what, f"ended with {done.returncode}", done.stderr[-300:]))

    if must == ARCHIVE:
        verify(FAST, world.path("archive"))
        verify(DEEP, world.path("archive"), "--deep")
        verify(ARCHIVE, world.path("archive"), "--deep", "--trusted", "head.note")
        done = world.run("restore", "--from", world.path("archive"), "--days", "2000-01-01..2100-01-01", "--as", "again")
        if done.returncode == 12:
            noticed.add("restore")
        elif done.returncode != 0:
            failures.append((place, "restore", f"ended with {done.returncode}", done.stderr[-300:]))
        return noticed
    if must == TRUSTED:
        # A machine that knows nothing of the store but the head that was sent to it.
        verify(TRUSTED, "--trusted", "head.note", keys="nothing")
    elif must == KEY:
        verify(KEY, "--key", "own.key", keys="nothing")
    elif must == WRITER:
        world.run("ingest", world.path("other-keys", "known_keys"))
        whole = world.run("verify", "--deep").returncode == 0 and os.path.exists(world.path("victim"))
        if whole:
            noticed.add(WRITER)
        return noticed
    if must not in (TRUSTED, KEY):
        verify(FAST)
        verify(DEEP, "--deep")
    wrong = 0
    for name, query in QUERIES.items():
        done = world.run("sql", query, "--format", "csv")
        if done.returncode == 12 and done.stderr.strip():
            noticed.add(QUERY)
        elif done.returncode != 0 and must not in (TRUSTED, KEY):
            failures.append((place, f"query {name}", f"ended with {done.returncode}", done.stderr[-300:]))
        elif done.stdout.decode() != world.right[name] and must not in (TRUSTED, KEY):
            wrong += 1
            failures.append((place, f"query {name}", "a wrong answer", done.stdout[-200:]))
    seen["right"] += not wrong and QUERY not in noticed
    return noticed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--instances", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--without", default="", help="parts of the store to leave out: restored,archive")
    args = parser.parse_args()
    args.dwell, args.work = os.path.abspath(args.dwell), os.path.abspath(args.work)
    world = World(args)
    world.build()
    failures, missed, instances = [], 0, 0
    print(f"{'attack':32} {'must':>8} {'n':>4} | {'fast':>5} {'deep':>5} {'query':>6} {'right':>6} {'other':>6}", flush=True)
    for attack, must in ATTACKS:
        name = attack.__name__.replace("_", " ")
        if args.only not in name or any(word and word in name for word in world.without):
            continue
        if must == ARCHIVE and "archive" in world.without:
            continue
        if attack in SIGNING and Ed25519PrivateKey is None:
            print(f"{name:32} skipped: the package cryptography is not there")
            continue
        seen = collections.Counter()
        for number in range(args.instances):
            chance = random.Random(f"{args.seed} {name} {number}")
            world.fresh()
            attack(world, chance)
            place = f"{name} #{number}"
            noticed = look(world, must, seen, failures, place)
            seen.update(noticed)
            instances += 1
            # What fast must see, deep must, too.
            if must not in noticed or (must == FAST and DEEP not in noticed):
                missed += 1
                failures.append((place, "missed by", must, sorted(noticed)))
        other = sum(seen[what] for what in (TRUSTED, KEY, ARCHIVE, WRITER))
        print(f"{name:32} {must:>8} {args.instances:>4} | {seen[FAST]:>5} {seen[DEEP]:>5} {seen[QUERY]:>6} "
              f"{seen['right']:>6} {other:>6}", flush=True)
    for failure in failures[:40]:
        print("FAILED", *failure)
    print(f"{instances} instances, {missed} missed, {len(failures)} failures (seed {args.seed})")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
