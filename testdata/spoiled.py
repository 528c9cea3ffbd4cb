"""Records that are odd but right, and records that are wrong: what real exports do to a reader.

`odd` keeps every fact and changes its clothes; `broken` mixes good records with damaged ones.
"""

import copy
import json
import re
from datetime import timedelta

from story import CLI, PORTAL, Story, Who, at, compact, guid
from tenant import rid

NAME = "odd"
SUBSCRIPTION = guid(NAME, "subscription")


def story():
    """Nine events: their names are hard to write, their facts are plain."""
    told = Story(NAME, "mg-odd", 7)
    zoe = Who(told, "zoe", upn="zoë.數@tailwind.example", name="Zoë 數 Ångström", ip="2001:db8::17", amr="pwd")
    maryam = Who(told, "maryam", upn="maryam@tailwind.example", name="مريم حداد", ip="192.0.2.33", amr=" pwd , MFA ", app=PORTAL)
    rocket = Who(told, "rocket", upn="o'brien@tailwind.example", name="O'Brien <🚀> & \"Söhne\"", ip="192.0.2.34", amr="pwd,rsa")
    robot = Who(told, "robot", "app", ip="203.0.113.9", app=guid(NAME, "app"), app_name="Nachtlauf ☾")
    storage = rid(SUBSCRIPTION, "rg odd (1)", "Microsoft.Storage/storageAccounts", "stodd")
    team = rid(SUBSCRIPTION, "rg odd (1)", "microsoft.insights/actionGroups", "on-call 🚨 team")
    write, delete = "Microsoft.Storage/storageAccounts/write", "microsoft.insights/ActionGroups/DELETE"
    told.attempt("2026-04-01 00:00:00.000001", zoe, write, storage, "X",
                 policies=[{"names": ["write_audit", "https"], "region": "westeurope"}])
    told.attempt("2026-04-01 05:30:00.123456", maryam, delete, team, "X")
    told.attempt("2026-04-01 23:59:59.999999", rocket, write, storage, "F", error={"code": "Conflict", "message": "„nein“ \u2028 next"})
    told.attempt("2026-04-02 01:00:00.100000", zoe, delete, team + "/", "X", app=CLI)
    told.attempt("2026-04-02 02:00:00.000000", robot, write, storage, "X")
    told.attempt("2026-04-02 03:00:00.120000", rocket, write, storage, "X", acrs=" c1 , P1 ")
    told.attempt("2026-04-02 04:00:00.000000", maryam, write, storage, "F", failure="BadRequest")
    told.attempt("2026-04-02 05:00:00.000000", Who(told, "nobody", "nobody"), write, storage, "X")
    events = told.events
    events[-2]["properties"]["statusMessage"] = "plain words, no JSON: {"
    events[-2]["properties"]["responseBody"] = {"error": {"code": "BadRequest", "details": [{"code": 1}]}}
    policy = next(event for event in events if "policies" in event["properties"])
    policy["properties"]["policies"] = json.loads(policy["properties"]["policies"])
    for record in policy["properties"]["policies"]:
        record["policyDefinitionId"] += "/"
        record["policyAssignmentId"] = record["policyAssignmentId"].replace("/providers/", "/PROVIDERS/")
    bare = events[-1]
    keep = ("eventDataId", "eventTimestamp", "operationName", "resourceId", "id")
    events[-1] = {key: (value if key in keep else None) for key, value in bare.items()}
    return events


def escaped(record):
    """Every key with its first letter as an escape, every slash escaped, nothing but ASCII."""
    text = json.dumps(record, ensure_ascii=True, separators=(" , ", " :  ")).replace("/", "\\/")
    return re.sub(r'"([A-Za-z$])([^"\\]*)" :', lambda key: f'"\\u{ord(key[1]):04x}{key[2]}" :', text)


def shifted(text, key):
    """The time under `key` five hours west of Greenwich."""
    def move(match):
        moved = at(match[2].replace("T", " ")) - timedelta(hours=5)
        return match[1] + moved.strftime("%Y-%m-%dT%H:%M:%S") + match[3] + '-05:00"'

    return re.sub(rf'("{key}":")([^".Z]*)(\.?\d*)Z"', move, text, count=1)


def deep(levels):
    nested = "bottom"
    for level in range(levels):
        nested = [nested] if level % 2 else {"level": nested}
    return nested


def odd_texts(records, time_key):
    """JSON texts of the nine odd records and, last, the first once more. `records` are in a shape's own keys."""
    texts = [compact(record) for record in records]
    texts[0] = shifted(texts[0], time_key)
    texts[2] = escaped(records[2])
    texts[3] = texts[3].replace('"correlationId"', '"CORRELATIONID"').replace('"CorrelationId"', '"correlationid"')
    texts[4] = compact({**records[4], "": None, "futureKey": deep(40), "moreOfIt": ["x" * 300, 1e300, -0.0, True, None]})
    texts[5] = json.dumps(records[5], ensure_ascii=False, separators=(" ,\t", "  :\t"))
    texts[5] = re.sub(r'"iat"  :\t"(\d+)"', r'"iat"  :\t\1', texts[5])
    texts[6] = '{"level":"Verbose","level":"Warning",' + texts[6][1:]
    return texts + [compact(records[0])]


def with_bom(text):
    return ("\ufeff" + text.replace("\n", "\r\n")).encode()


def odd_array(texts, key=None):
    body = "[\n" + "\n,\n".join(texts) + "\n]"
    return with_bom(f'\n\n{{ "{key}" : {body} }}\n' if key else body + "\n\n")


def odd_lines(texts):
    return with_bom("\n".join(texts) + "\n\n  \n")


# --- damage --------------------------------------------------------------------------------------

def wrong_time(record, path):
    return changed(record, path, {"value": 7})


def no_time(record, path):
    return changed(record, path, None)


def changed(record, path, value):
    record = copy.deepcopy(record)
    place = record
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return record


def damaged(records, path, fields, timeless):
    """(bytes, reason or None for a row) per record; `path` leads to the time, `fields` to what may have a wrong type,
    `timeless` is the reason for a record without a time."""
    good = [compact(record).encode() for record in records]
    strange = records[2]
    for field in fields:
        strange = changed(strange, field, 12345)
    return [
        (good[0], None),
        (b'"a text where an object is due"', "not_a_record"),
        (b"42", "not_a_record"),
        (good[1].replace(b'"Microsoft', b'"Micro\xc3\x28soft', 1).replace(b'"MICROSOFT', b'"MICRO\xc3\x28SOFT', 1), "invalid_utf8"),
        (compact(strange).encode(), None),
        (compact(wrong_time(records[3], path)).encode(), "invalid_time"),
        (compact(no_time(records[4], path)).encode(), timeless),
        (b'{"hello":"world","deep":' + b"[" * 200 + b"]" * 200 + b"}", "too_deep"),
        (b'{"hello":"world"}', "unrecognised"),
        (b"{}", "unrecognised"),
        (good[5], None),
    ]


def count(parts):
    """Rejects by reason of what `damaged` gave."""
    reasons = {}
    for _, reason in parts:
        if reason:
            reasons[reason] = reasons.get(reason, 0) + 1
    return reasons


def broken_array(parts, last, key=None):
    """The parts in an array that is cut inside its last record."""
    head = f'{{"{key}":['.encode() if key else b"["
    return head + b",\n".join(part for part, _ in parts) + b",\n" + last[: len(last) // 2]


def broken_lines(parts, last):
    """The parts as lines, with garbage, a torn line and zero bytes between them, cut inside the last."""
    lines = [part for part, _ in parts]
    lines[1:1] = [b"this line is no JSON", b'{"time": "2026-03-02T08:00:00Z", "resourceId": "/subscr']
    lines.insert(6, b"\0" * 64)
    return b"\n".join(lines) + b"\n" + last[: len(last) // 2]
