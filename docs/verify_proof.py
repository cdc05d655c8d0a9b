#!/usr/bin/env python3
"""Checks what `dwell export --proof DIR` wrote, or one day of an archive (days/DAY/CONTENT/), from the documented format.

    python3 verify_proof.py DIR [KEYFILE]     KEYFILE: the verifier key line, as it was got from elsewhere
"""
import base64, hashlib, json, pathlib, sys

def need(holds, otherwise):
    if not holds: sys.exit(f"NOT PROVEN: {otherwise}")

def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()

def root(leaf, index, size, path):                       # RFC 9162, section 2.1.3.2
    at, last, node = index, size - 1, leaf
    need(0 <= index < size, "a leaf beyond the tree")
    for sibling in map(bytes.fromhex, path):
        need(last > 0, "a path that is too long")
        if at & 1 or at == last:
            node = sha(b"\x01", sibling, node)
            while not at & 1 and at: at, last = at >> 1, last >> 1
        else:
            node = sha(b"\x01", node, sibling)
        at, last = at >> 1, last >> 1
    need(last == 0, "a path that is too short")
    return node

def signed(note, key):                                   # C2SP signed note and checkpoint
    name, key_id, data = key.strip().split("+", 2)
    public = base64.b64decode(data)
    need(public[0] == 1 and key_id == sha(name.encode(), b"\n", public).hex()[:8], "no Ed25519 key line")
    text, line = note.rsplit("\n\n", 1)
    signature = base64.b64decode(line.split(" ")[2])
    need(line.startswith(f"\u2014 {name} ") and signature[:4].hex() == key_id, "signed by another key")
    try:                                                 # either raises an error if the signature does not hold
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature[4:], (text + "\n").encode())
    except ImportError:
        from nacl.signing import VerifyKey
        VerifyKey(public[1:]).verify((text + "\n").encode(), signature[4:])
    origin, size, tree = text.split("\n")[:3]
    need(origin == name, "the checkpoint of another store")
    return int(size), base64.b64decode(tree)

folder = pathlib.Path(sys.argv[1])
jsonl = lambda name: [json.loads(line) for line in (folder / name).read_bytes().splitlines()]
key = (folder / "key").read_text()
need(len(sys.argv) < 3 or pathlib.Path(sys.argv[2]).read_text().strip() == key.strip(), "not the key that is trusted")
size, head = signed((folder / "checkpoint").read_text(), key)
records = {}
for proven in jsonl("ledger.jsonl"):
    line = proven["record"].encode()
    need(root(sha(b"\x00", line), proven["index"], size, proven["proof"]) == head, "a record is not in the ledger")
    records[proven["index"] + 1] = json.loads(line)
print(f"{len(records)} records lie under the checkpoint of {size} records, signed by {key.split('+')[0]}")
if (folder / "rows.jsonl").exists():                     # rows of a proof
    lines = b""
    for row in jsonl("rows.jsonl"):
        seal, line = records[row["seal"]], base64.b64decode(row["line"])
        need(seal["kind"] == "seal" and seal["body"]["day"] == row["day"], "no seal of that day")
        leaf = sha(b"\x00", bytes.fromhex(row["salt"]), line)
        found = root(leaf, row["index"], int(seal["body"]["leaves"]), row["proof"])
        need(found.hex() == seal["body"]["root"], f"line {row['line_no']} is not what was sealed")
        start, place = 0, None                           # the leaves of a source stand together, in the order of sources
        for source, first, last, rows in seal["body"]["sources"]:
            if start <= row["index"] < start + int(rows): place = (source, int(first) <= row["line_no"] <= int(last))
            start += int(rows)
        need(place == (row["source_id"], True), "not a line of that source")
        lines += line + b"\n"
    need(lines == (folder / "rows.log").read_bytes(), "rows.log holds other lines")
    print(f"{len(jsonl('rows.jsonl'))} lines are what was sealed")
if (folder / "manifest.json").exists():                  # an archived day
    named, objects = json.dumps(list(records.values())), json.loads((folder / "manifest.json").read_bytes())["objects"]
    for it in objects:
        data = (folder / it["name"]).read_bytes()
        need((len(data), hashlib.sha256(data).hexdigest()) == (int(it["bytes"]), it["sha256"]), f"{it['name']} differs")
        if it["name"].split("/")[0] in ("requests", "lines", "salts", "files"):
            need(it["sha256"] in named, f"no record names {it['name']}")
    print(f"{len(objects)} files are what the records name")
