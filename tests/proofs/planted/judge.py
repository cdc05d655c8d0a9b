"""Are all plants found, are the decoys left alone, and how much else is told?"""
import collections
import datetime
import json
import os

LEVELS = ["informational", "low", "medium", "high", "critical"]


def at_least(finding, level):
    return LEVELS.index(finding["level"]) >= LEVELS.index(level)


def findings_of(path):
    with open(path) as file:
        document = json.load(file)
    return document["findings"] if isinstance(document, dict) else document


def names_client(finding, ip, computer, user):
    """True or false; None if the finding names no client at all."""
    given = [(finding.get(k), v) for k, v in (("client_ip", ip), ("computer", computer), ("user", user)) if finding.get(k) not in (None, "", "-")]
    return any(a == b or str(a).lower() == str(b).lower() for a, b in given) if given else None


def names_host(finding, hosts):
    given = [finding.get(k) for k in ("host", "domain") if finding.get(k)]
    if not given:
        return None
    return any(h == g or h.endswith("." + g) for g in given for h in hosts)


def days_of(finding):
    """The days a finding is about: its own, and those from first to last."""
    first, last = finding["first"][:10], finding["last"][:10]
    out, d = {finding["day"]}, datetime.date.fromisoformat(first)
    while d.isoformat() <= last and len(out) < 100:
        out.add(d.isoformat())
        d += datetime.timedelta(days=1)
    return out


def is_about(finding, plant):
    """Whether a finding tells of a plant: its day, its client, its host, each as far as the finding names one."""
    if not days_of(finding) & set(plant["days"]):
        return False
    client, host = names_client(finding, plant["client_ip"], plant["computer"], plant["user"]), names_host(finding, plant["hosts"])
    if client is False or host is False:
        return False
    if client is None and host is None:
        return "agent" in plant and finding.get("user_agent") == plant["agent"]
    return True


def is_decoy(finding, decoy):
    client = finding.get("client_ip")
    if client is not None and client not in decoy["client_ips"]:
        return False
    host = names_host(finding, decoy["hosts"]) if decoy["hosts"] else None
    if client is None:
        return host is True
    return host is not False


def judge(findings, truth, rows_of_clients):
    """Everything that can be said about one run over all days."""
    plants, decoys = truth["plants"], truth["decoys"]
    by_plant = collections.defaultdict(list)
    for f in findings:
        f["_plants"] = [p["id"] for p in plants if is_about(f, p)]
        for p in f["_plants"]:
            by_plant[p].append(f)
    table = []
    for p in plants:
        told = by_plant[p["id"]]
        expected = [f for f in told if f["hunt"] in p["expected"] or any(f["hunt"].startswith(e) for e in p["expected"])]
        best = max((LEVELS.index(f["level"]) for f in told), default=-1)
        table.append({"id": p["id"], "kind": p["kind"], "client_ip": p["client_ip"], "hosts": p["hosts"][:2], "days": p["days"],
                      "found": bool(told), "expected": sorted({f["hunt"] for f in expected}), "level": LEVELS[best] if best >= 0 else None,
                      "named": any(names_client(f, p["client_ip"], p["computer"], p["user"]) for f in told),
                      "others": sorted({f["hunt"] for f in told} - {f["hunt"] for f in expected}), "note": p["note"],
                      "medium": sum(at_least(f, "medium") for f in told)})
    loud = [f for f in findings if at_least(f, "high")]
    bad = [{"decoy": d["id"], "hunt": f["hunt"], "level": f["level"], "client": f.get("client_ip"), "host": f.get("host") or f.get("domain"),
            "why": f["why"]}
           for d in decoys for f in loud if not f["_plants"] and is_decoy(f, d)]
    victims = {p["client_ip"] for p in plants}
    clean = {c["client_ip"]: c for c in rows_of_clients if c["client_ip"] not in victims}
    blamed = collections.defaultdict(set)
    for f in loud:
        if f["_plants"]:
            continue
        for ip, c in clean.items():
            if names_client(f, ip, c["computer"], c["user"]):
                blamed[ip].add(f["hunt"])
    hunts = {}
    for f in findings:
        h = hunts.setdefault(f["hunt"], {"findings": 0, **{level: 0 for level in LEVELS}, "true": 0, "false": 0, "false_medium": 0, "false_high": 0})
        h["findings"] += 1
        h[f["level"]] += 1
        h["true" if f["_plants"] else "false"] += 1
        h["false_medium"] += not f["_plants"] and at_least(f, "medium")
        h["false_high"] += not f["_plants"] and at_least(f, "high")
    medium = [f for f in findings if at_least(f, "medium")]
    return {"plants": table, "found": sum(p["found"] for p in table), "found_medium": sum(p["level"] in LEVELS[2:] for p in table),
            "found_expected": sum(bool(p["expected"]) for p in table), "of": len(table), "findings": len(findings), "medium": len(medium),
            "medium_per_plant": len(medium) / len(table), "medium_true": sum(bool(f["_plants"]) for f in medium),
            "decoys_high": bad, "decoys": len(decoys), "clean_clients": len(clean), "blamed": {ip: sorted(h) for ip, h in blamed.items()},
            "blamed_share": len(blamed) / max(1, len(clean)), "hunts": hunts,
            "noise": [{k: f.get(k) for k in ("hunt", "level", "day", "client_ip", "computer", "host", "domain", "user_agent", "count", "why")}
                      for f in findings if not f["_plants"] and at_least(f, "medium")]}


def markdown(verdict, name):
    out = [f"## Company {name}", "",
           "| question | answer | asked |", "|---|---|---|",
           f"| plants found | {verdict['found']} of {verdict['of']} ({verdict['found_expected']} by a hunt made for it, {verdict['found_medium']} at medium or above) | all |",
           f"| decoys in a finding of high or critical | {len({b['decoy'] for b in verdict['decoys_high']})} of {verdict['decoys']} | none |",
           f"| findings of medium and above, per plant | {verdict['medium_per_plant']:.2f} ({verdict['medium']}, of which {verdict['medium_true']} about a plant) | at most 4 |",
           f"| clients without a plant in a finding of high or critical | {100 * verdict['blamed_share']:.1f} % ({len(verdict['blamed'])} of {verdict['clean_clients']}) | at most 10 % |",
           f"| findings of all levels | {verdict['findings']} | |", "",
           "| plant | what | level | found by | also told by |", "|---|---|---|---|---|"]
    for p in verdict["plants"]:
        out.append(f"| {p['kind']} | {p['note']} | {p['level'] or '**missed**'} | {', '.join(p['expected']) or '-'} | {', '.join(p['others']) or '-'} |")
    out += ["", "| hunt | findings | critical | high | medium | low | informational | about a plant | about none, medium and above |", "|---|---|---|---|---|---|---|---|---|"]
    for hunt, h in sorted(verdict["hunts"].items(), key=lambda kv: -kv[1]["false_medium"]):
        out.append(f"| {hunt} | {h['findings']} | {h['critical']} | {h['high']} | {h['medium']} | {h['low']} | {h['informational']} | {h['true']} | {h['false_medium']} |")
    return "\n".join(out) + "\n"


def days_found(folder, truth):
    """How many plants the runs over single days found, of those that lie in these days."""
    seen, days = {}, []
    for name in sorted(os.listdir(folder)):
        if name.startswith("findings-2") and name.endswith(".json"):
            day = name[9:19]
            days.append(day)
            for f in findings_of(os.path.join(folder, name)):
                for p in truth["plants"]:
                    if day in p["days"] and is_about(f, p):
                        seen.setdefault(p["id"], set()).add(f["hunt"])
    due = [p for p in truth["plants"] if set(p["days"]) & set(days)]
    return {"days": days, "due": len(due), "found": sum(p["id"] in seen for p in due), "missed": [p["kind"] for p in due if p["id"] not in seen]}
