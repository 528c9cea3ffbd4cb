"""Makes a row hard to read without changing what it says.

Keys of every object in random order, some written with an escape, some twice with the same value,
and claims that neither question reads left out now and then. This takes away what a reader gains
from an exporter's constant key order.
"""

import json

# What the questions and the identity of a principal rest on stays.
KEPT_CLAIMS = ("idtyp", "acrs", "authnmethodsreferences", "/upn", "objectidentifier")
DROPPED_SHARE = 0.15
ESCAPED_SHARE = 0.05
DUPLICATE_SHARE = 0.02


def scramble(text, rng, indent, doubled):
    """The row `text` again, scrambled; `indent` is 0 for one line, else the row's depth.

    `doubled` says whether keys may come twice, which some readers refuse.
    """
    record = json.loads(text)
    claims = record.get("claims") or record["identity"]["claims"]
    for key in list(claims):
        if rng.random() < DROPPED_SHARE and not key.endswith(KEPT_CLAIMS):
            del claims[key]
    return "  " * indent + _write(record, rng, indent, DUPLICATE_SHARE if doubled else 0)


def _write(value, rng, indent, duplicate_share):
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    depth = indent + 1 if indent else 0
    before = "\n" + "  " * depth if indent else ""
    after = "\n" + "  " * indent if indent else ""
    colon = ": " if indent else ":"
    members = []
    for key, child in value.items():
        member = before + _key(key, rng) + colon + _write(child, rng, depth, duplicate_share)
        members.append(member)
        if rng.random() < duplicate_share:
            members.append(member)
    rng.shuffle(members)
    return "{" + ",".join(members) + after + "}"


def _key(key, rng):
    if rng.random() >= ESCAPED_SHARE:
        return f'"{key}"'
    place = rng.randrange(len(key))
    return f'"{key[:place]}\\u{ord(key[place]):04x}{key[place + 1 :]}"'
