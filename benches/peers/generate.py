"""Writes the benchmark's exports and, beside them, the exact answers to its two questions.

    python3 benches/peers/generate.py DIR --bytes 1000000000 [--shape az|nd] [--seed N] [--shuffle [--single-keys]]

Writes DIR/az.json (an array as the Azure CLI prints it), DIR/nd.ndjson (lines as a diagnostic
setting writes them) and DIR/expected.json. The answers are counted from the decisions made while
writing, never by reading the text back, so they are independent of every engine that is measured.
Needs nothing but the standard library.
"""

import argparse
import itertools
import json
import random
import time
from collections import Counter
from pathlib import Path

from generator.scramble import scramble
from generator.shapes import POLICY_AUDIT, POLICY_DENY, SHAPES
from generator.tenant import Tenant, guid, inner_json, opaque

TICKS_PER_SECOND = 10_000_000
DAY_SECONDS = 24 * 3600
WINDOW_END = 1_793_491_200  # 2026-11-01T00:00:00Z
UNIX_EPOCH_IN_TICKS = 621_355_968_000_000_000
ROWS_PER_REQUEST = 2.3
REQUESTS_AT_ONCE = 500

# (class, share of requests in percent)
CLASSES = [("write", 45), ("delete", 11), ("action", 30), ("read", 10), ("scan", 4)]
POLICY_EVENT_SHARE = 0.46  # of the writes and deletes by users
DENY_SHARE = 0.04  # of the policy events: present so that Q1 has something to leave out
FAILURE_SHARE = 0.12
ACCEPTED_SHARE = 0.3
METHODS = {"write": "PUT", "delete": "DELETE", "action": "POST", "read": "GET", "scan": "POST"}


class Clock:
    """Ticks (100 ns) to ISO 8601 text with seven digits."""

    def __init__(self):
        self.minutes = {}

    def text(self, ticks):
        minute, rest = divmod(ticks, 60 * TICKS_PER_SECOND)
        prefix = self.minutes.get(minute)
        if prefix is None:
            prefix = time.strftime("%Y-%m-%dT%H:%M:", time.gmtime(minute * 60))
            self.minutes = {minute: prefix} if len(self.minutes) > 10_000 else self.minutes
            self.minutes[minute] = prefix
        second, fraction = divmod(rest, TICKS_PER_SECOND)
        return f"{prefix}{second:02d}.{fraction:07d}Z"


class Log:
    """Invents requests and writes their rows in one shape, counting the answers as it goes."""

    def __init__(self, shape, seed, shuffle, doubled_keys):
        self.shape = shape
        self.rng = random.Random(seed)
        self.tenant = Tenant(self.rng)
        self.clock = Clock()
        self.shuffle = shuffle
        self.doubled_keys = doubled_keys
        self.q1 = Counter()
        self.q2 = Counter()
        self.claims = {}
        self.opaque_texts = [opaque(self.rng, 40) for _ in range(2_000)]
        self.classes = list(itertools.chain.from_iterable([name] * share for name, share in CLASSES))

    def requests(self, start, step, count):
        """The rows of `count` requests, as (ticks, text), ordered as the export orders them."""
        tenant = self.tenant
        who = self.rng.choices(tenant.principals, cum_weights=tenant.cumulative_weights, k=count)
        rows = []
        for number, principal in enumerate(who):
            rows += self._request(start + number * step, principal)
        rows.sort(key=lambda row: row[0], reverse=self.shape.newest_first)
        return rows

    def _request(self, ticks, principal):
        rng = self.rng
        kind = rng.choice(self.classes)
        resource = rng.choice(self.tenant.resources)
        if kind == "scan":
            principal = self.tenant.scanner
        token = rng.choice(principal.tokens)
        values = self._values(ticks, kind, principal, token, resource)
        if kind == "scan":
            return [self._policy_row(ticks, "audit", resource, self._policies(kind, token), values)]
        if kind == "read":
            return [self._row("success", ticks, values)]
        rows = [self._row("begin", ticks, values)]
        if rng.random() < ACCEPTED_SHARE:
            rows.append(self._row("accept", ticks + rng.randrange(1, 3 * TICKS_PER_SECOND), values))
        end = "failure" if rng.random() < FAILURE_SHARE else "success"
        rows.append(self._row(end, ticks + rng.randrange(1, 90 * TICKS_PER_SECOND), values))
        if kind in ("write", "delete") and principal.is_user:
            if token.counts_as_non_mfa:
                self.q2[principal.upn.lower()] += len(rows)
            if rng.random() < POLICY_EVENT_SHARE:
                phase = "deny" if rng.random() < DENY_SHARE else "audit"
                late = ticks + rng.randrange(1, TICKS_PER_SECOND)
                rows.append(self._policy_row(late, phase, resource, self._policies(kind, token), values))
        return rows

    def _policies(self, kind, token):
        """One or two policies; the MFA policy among them if the token lacks MFA."""
        policies = self.rng.sample(self.tenant.other_policies, self.rng.choice((1, 1, 2)))
        if token.counts_as_non_mfa:
            policies[0] = self.tenant.mfa_policies[kind]
        return policies

    def _values(self, ticks, kind, principal, token, resource):
        rng = self.rng
        suffix = {"write": "write", "delete": "delete", "read": "read"}.get(kind, resource.verb)
        operation = f"{resource.provider}/{resource.kind}/{suffix}"
        issued = ticks // TICKS_PER_SECOND - rng.randrange(30, 3000)
        address = rng.getrandbits(16)
        values = {
            "ip": f"203.0.{address >> 8}.{address & 255}",
            "issued": issued,
            "expires": issued + 4_500,
            "aio": rng.choice(self.opaque_texts),
            "uti": self._token_id(principal),
        }
        values["claims"] = self._claims(token) % values
        values |= {
            "resource": resource.id,
            "resource_upper": resource.id_upper,
            "group": resource.group,
            "subscription": resource.subscription,
            "provider": resource.provider,
            "kind": resource.kind,
            "region": resource.region,
            "body": resource.body,
            "tenant": self.tenant.id,
            "caller": principal.upn or principal.oid,
            "correlation": guid(rng),
            "request": guid(rng),
            "method": METHODS[kind],
            "trigger": operation,
            "operation": operation,
            "operation_upper": operation.upper(),
            "operation_display": f"{kind.capitalize()} “{resource.kind}”",
            "duration": rng.randrange(0, 4_000),
            "error": inner_json(
                {
                    "error": {
                        "code": "AuthorizationFailed",
                        "message": f"The client '{principal.oid}' may not do \"{operation}\" on {{{resource.name}}}.",
                    }
                }
            ),
        }
        return values

    def _token_id(self, _principal):
        return opaque(self.rng, 22)

    def _claims(self, token):
        text = self.claims.get(id(token))
        if text is None:
            text = self.claims[id(token)] = self.shape.claims_template(token.claims)
        return text

    def _policy_row(self, ticks, phase, resource, policies, values):
        is_scan = values["caller"] == self.tenant.scanner.oid
        operation = POLICY_DENY if phase == "deny" else POLICY_AUDIT
        texts = (policy.denying if phase == "deny" else policy.auditing for policy in policies)
        values |= {
            "policies": "[" + ",".join(texts) + "]",
            "compliance": "True" if is_scan else "False",
            "operation": operation,
            "operation_upper": operation.upper(),
            "operation_display": f"'{phase}' Policy action.",
        }
        if phase == "audit" and not is_scan:
            for policy in policies:
                self.q1[(resource.id_lower, policy.display_name)] += 1
        return self._row(phase, ticks, values)

    def _row(self, phase, ticks, values):
        values["time"] = self.clock.text(ticks)
        values["submitted"] = self.clock.text(ticks + 70 * TICKS_PER_SECOND)
        values["ticks"] = ticks + UNIX_EPOCH_IN_TICKS
        values["event"] = guid(self.rng)
        text = self.shape.row(phase, values)
        if self.shuffle:
            text = scramble(text, self.rng, 1 if self.shape.name == "az" else 0, self.doubled_keys)
        return ticks, text


def write(log, path, byte_count, days):
    """Writes rows of the last `days` days until `byte_count` bytes are full; returns (bytes, rows)."""
    shape = log.shape
    requests = max(1, int(byte_count / shape.bytes_per_row / ROWS_PER_REQUEST))
    window = int(days * DAY_SECONDS * TICKS_PER_SECOND)
    step = window // (requests + requests // 8 + 1)
    chunk = min(REQUESTS_AT_ONCE, max(1, requests // 4))
    end = WINDOW_END * TICKS_PER_SECOND
    written, rows, done = 0, 0, 0
    with open(path, "wb", buffering=1 << 20) as out:
        written += out.write(shape.first.encode())
        while written < byte_count:
            if shape.newest_first:
                start = end - (done + chunk) * step
            else:
                start = end - window + done * step
            texts = [row[1] for row in log.requests(start, step, chunk)]
            lead = shape.between if rows else ""
            written += out.write((lead + shape.between.join(texts)).encode())
            rows += len(texts)
            done += chunk
        written += out.write(shape.last.encode())
    return written, rows


def answers(log):
    """The answers as sorted rows."""
    q1 = sorted([resource, policy, count] for (resource, policy), count in log.q1.items())
    q2 = sorted([upn, count] for upn, count in log.q2.items())
    return {"q1": q1, "q2": q2}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--bytes", type=int, default=1_000_000_000, help="size of each file")
    parser.add_argument("--shape", choices=sorted(SHAPES), help="only this file")
    parser.add_argument("--days", type=float, default=90, help="how long a time the rows span")
    parser.add_argument("--seed", type=int, default=20261101)
    parser.add_argument("--shuffle", action="store_true", help="random key order, escaped, doubled and dropped keys")
    parser.add_argument("--single-keys", action="store_true", help="with --shuffle: no key twice")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    expected_path = options.directory / "expected.json"
    expected = json.loads(expected_path.read_text("utf-8")) if expected_path.exists() else {}
    for name in [options.shape] if options.shape else sorted(SHAPES):
        started = time.perf_counter()
        shape = SHAPES[name]()
        log = Log(shape, options.seed, options.shuffle, not options.single_keys)
        path = options.directory / shape.file_name
        byte_count, rows = write(log, path, options.bytes, options.days)
        expected[name] = {
            "file": shape.file_name,
            "bytes": byte_count,
            "records": rows,
            "seed": options.seed,
            "shuffled": options.shuffle,
        } | answers(log)
        expected_path.write_text(json.dumps(expected, ensure_ascii=False, indent=0) + "\n", "utf-8")
        seconds = time.perf_counter() - started
        print(f"{path}: {byte_count:,} bytes, {rows:,} rows, {byte_count / rows:,.0f} B/row, {seconds:.1f} s")


if __name__ == "__main__":
    main()
