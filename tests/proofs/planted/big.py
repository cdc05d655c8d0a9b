"""A day of ten million lines, or many days: the company once, and then again for each floor of a tower."""
import datetime
import gzip
import os
import random

from .benign import Benign
from .company import Company, laws_of
from .lines import CLOCK, ELFF, Log


def towers(seed, days, lines, out, packed):
    """Writes `days` files of about `lines` lines each; the same habits on each floor, other names and times."""
    laws = laws_of("a", seed)
    laws.days = days
    company = Company(seed, laws)
    log = Log(laws.start, days + 1, False)
    benign = Benign(company, log, 1.)
    rng = random.Random(f"towers {seed}")
    written = []
    for day in range(days):
        benign.day(day)
        rows = log.days[day]
        rows.sort(key=lambda row: row[0])
        log.days[day] = []
        floors = max(1, round(lines / len(rows)))
        name = os.path.join(out, f"tower-{laws.start + datetime.timedelta(days=day)}.log")
        with (gzip.open(name + ".gz", "wt", compresslevel=1) if packed else open(name, "w", 1 << 20)) as file:
            written.append(day_of_floors(rows, (laws.start + datetime.timedelta(days=day)).isoformat(), day, floors, rng, file))
    return written


def day_of_floors(rows, date, day, floors, rng, file):
    shifts = [rng.randrange(3600) for _ in range(floors)]
    owners = {}
    for row in rows:
        owners.setdefault(row[6], set()).add(row[2].ip)
    hours = [[] for _ in range(24)]
    for (t, ms, c, method, version, scheme, host, port, path, query, status, action, reason, down, up, ctype, rtype, agent, referer, category, ip,
            sni) in rows:
        second = int(t) - day * 86400
        alone = len(owners[host]) == 1 and host.endswith(".example")
        quoted = f'"{agent}"' if agent != "-" else "-"
        head = f" {method} HTTP/{version} {scheme} "
        tail = (f" {port} {path} {'?' + query if query else '-'} {status} {action} {'DENIED' if action == 'TCP_DENIED' else 'OBSERVED'} {reason} {down} {up} "
                f"{ctype} {rtype} {quoted} {referer} \"{category}\" {ip} {'TLSv1.3' if sni != '-' else '-'} ")
        _, b, c3, c4 = c.ip.split(".")
        hours[second // 3600].append((second % 3600, f" {ms:.0f} 10.", f".{c3}.{c4} {c.computer}-", "" if c.user == "-" else c.user, int(b), head, host[:-8] if alone else host, alone, tail, sni))
    file.write(f"#Software: SGOS 7.3.5.1\n#Version: 1.0\n#Date: {date} 00:00:00\n#Fields: {ELFF}\n")
    count = 0
    for hour, events in enumerate(hours):
        lines = []
        for k in range(floors):
            shift, suffix, name = shifts[k], f"-{k}.example", f"{k:03}"
            for second, a, b, user, net, head, host, alone, tail, sni in events:
                if alone:
                    host = host + suffix
                    sni = host if sni != "-" else sni
                s = (second + shift) % 3600
                lines.append((s, f"{date} {CLOCK[hour * 3600 + s]}{a}{(net + 3 * k) % 250 + 1}{b}{name} {user + name if user else '-'}{head}{host}{tail}{sni}\n"))
        lines.sort(key=lambda line: line[0])
        file.write("".join(line for _, line in lines))
        count += len(lines)
    return count
