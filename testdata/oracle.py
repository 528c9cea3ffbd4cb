"""What the reports must say, computed the slow and simple way from REST-shaped events.

Shares no code with the program and none with the telling of the fixtures. Every rule is written out
where it is used. Rows have the columns of the reports, and no order that matters: compare as bags.
"""

import json
import re
from collections import defaultdict
from datetime import date, datetime, timedelta, timezone

CLIENTS = {
    "c44b4083-3bb0-49c1-b47d-974e53cbdf3c": "Azure portal",
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Azure CLI",
    "1950a258-227b-4e31-a9cf-717495945fc2": "Azure PowerShell",
    "0c1307d4-29d6-4389-a11c-5cbe7f65d7fa": "Azure mobile app",
}
MFA_POLICIES = {
    "4e6c27d5-a6ee-49cf-b2b4-d8fe90fa2b8b": "self_enforced_write",
    "db4a9d17-db75-4f46-9fcb-9f9526604417": "self_enforced_delete",
    "54f51f64-eaa5-44cf-8674-830bcfd14d21": "microsoft_write",
    "f69cd8b8-9a6e-46b4-be84-244e8b127944": "microsoft_delete",
}
ATTEMPT_CATEGORIES = {None, "", "administrative", "write", "delete", "action"}
POLICY_OPERATION = re.compile(r"^microsoft\.authorization/policies/([^/]+)/action$")
OUTCOMES = ["failed", "canceled", "succeeded", "accepted"]


def low(text):
    return text.strip().lower() if isinstance(text, str) and text.strip() else None


def instant(text):
    """Text of a time to UTC, digits past the sixth cut."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", text)
    when = datetime.fromisoformat(match[1]).replace(microsecond=int((match[2] or "0")[:6].ljust(6, "0")), tzinfo=timezone.utc)
    if match[3] and match[3] != "Z":
        hours, minutes = match[3][1:].split(":")
        shift = timedelta(hours=int(hours), minutes=int(minutes))
        when += shift if match[3][0] == "-" else -shift
    return when


def shown(when):
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if when else None


class Row:
    """One event, normalised."""

    def __init__(self, event, strict=False):
        claims = {key: text for key, text in (event.get("claims") or {}).items() if text not in (None, "")}
        self.claims = claims

        def claim(uri, short):
            return claims.get(uri) or claims.get(short)

        ms, ws = "http://schemas.microsoft.com/identity/claims/", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
        self.event_id = low(event.get("eventDataId"))
        self.time = instant(event["eventTimestamp"])
        self.resource = (low(event.get("resourceId")) or "").rstrip("/") or None
        self.split()
        self.operation = low(event["operationName"]["value"])
        self.status = low((event.get("status") or {}).get("value")) or ""
        self.category = low((event.get("category") or {}).get("value"))
        self.correlation, self.operation_id = low(event.get("correlationId")), low(event.get("operationId"))
        properties = event.get("properties") or {}
        self.region = low(properties.get("resourceLocation"))
        self.scan = low(properties.get("isComplianceCheck")) == "true"
        self.action = low((event.get("authorization") or {}).get("action"))
        self.caller = unlive(low(event.get("caller")))
        self.oid = low(claim(ms + "objectidentifier", "oid"))
        named = low(claim(ws + "name", "unique_name"))
        self.upn = low(claim(ws + "upn", "upn")) or (self.caller if self.caller and "@" in self.caller else None) or unlive(named)
        self.name = claims.get("name")
        self.app = low(claims.get("appid") or claims.get("azp"))
        self.client = CLIENTS.get(self.app) or claims.get("app_displayname")
        self.ip = (event.get("httpRequest") or {}).get("clientIpAddress") or claims.get("ipaddr")
        self.amr = listed(claim("http://schemas.microsoft.com/claims/authnmethodsreferences", "amr"))
        self.acrs = listed(claims.get("acrs"))
        self.principal = self.principal_type(claim(ms + "scope", "scp"), claim(ws + "upn", "upn"), claims.get(ws + "spn"))
        self.mfa = self.strict_verdict() if strict else self.verdict()
        policies = properties.get("policies") or []
        self.policies = json.loads(policies, strict=False) if isinstance(policies, str) else policies
        match = POLICY_OPERATION.match(self.operation)
        self.effect_named = match[1] if match else None
        self.is_policy = bool(match) and not self.scan
        self.key = self.oid or self.upn or self.caller

    def split(self):
        parts = self.resource.strip("/").split("/") if self.resource else []
        self.subscription = parts[1] if parts and parts[0] == "subscriptions" else None
        self.group = parts[parts.index("resourcegroups") + 1] if "resourcegroups" in parts else None
        self.resource_name = parts[-1] if parts else None
        if "providers" in parts and not (parts[-2] == "managementgroups" and parts.count("providers") == 1 and len(parts) < 4):
            tail = parts[len(parts) - parts[::-1].index("providers"):]
            self.resource_type = "/".join([tail[0], *tail[1::2]])
        elif "resourcegroups" in parts:
            self.resource_type = "microsoft.resources/subscriptions/resourcegroups"
        else:
            self.resource_type = "microsoft.resources/subscriptions" if parts else None

    def principal_type(self, scope, upn, spn):
        if not self.claims:
            return "unknown" if self.caller else "none"
        if spn and len(self.claims) == 1:
            return "azure_service"
        idtyp = low(self.claims.get("idtyp"))
        managed = self.claims.get("xms_mirid") or self.claims.get("xms_az_rid")
        if idtyp == "app":
            return "managed_identity" if managed else "service_principal"
        if idtyp == "user" or scope or upn:
            return "user"
        if self.claims.get("puid") or self.amr:
            return "user"
        if self.claims.get("appidacr") in ("1", "2"):
            return "managed_identity" if managed else "service_principal"
        return "unknown"

    def verdict(self):
        if self.principal in ("service_principal", "managed_identity", "azure_service"):
            return "not_user"
        if self.principal != "user" or not (self.amr or self.acrs):
            return "unknown"
        methods = self.amr.split(",") if self.amr else []
        contexts = self.acrs.split(",") if self.acrs else []
        return "mfa" if {"mfa", "ngcmfa"} & set(methods) or "p1" in contexts else "non_mfa"

    def strict_verdict(self):
        """The rule of the policy definitions to the letter: no idtyp is no answer, absent claims are empty lists."""
        if self.principal == "user" and not self.claims.get("idtyp"):
            return "unknown"
        if self.principal != "user":
            return self.verdict()
        return "mfa" if "mfa" in (self.amr or "").split(",") or "p1" in (self.acrs or "").split(",") else "non_mfa"

    def mfa_policy_effect(self):
        """`audit` or `deny` if the event is about MFA, by the effect of the MFA policy itself."""
        effects = [low(policy["policyDefinitionEffect"]) for policy in self.policies if mfa_policy(policy)]
        if any(effect.startswith("deny") for effect in effects):
            return "deny"
        return "audit" if any(effect.startswith("audit") and "ifnotexists" not in effect for effect in effects) else None

    def evidence(self):
        """Outcome of the attempt that a policy event proves by itself, or None."""
        effects = {low(policy["policyDefinitionEffect"]) for policy in self.policies} or {self.effect_named}
        if effects & {"deny", "denyaction"}:
            return "failed"
        return "open" if effects & {"audit", "auditaction"} else None


def unlive(text):
    return text.split("#", 1)[1] if text and text.startswith("live.com#") else text


def listed(text):
    """A comma-joined claim, trimmed and in lower case."""
    items = [item.strip().lower() for item in (text or "").split(",") if item.strip()]
    return ",".join(items) or None


def mfa_policy(policy):
    return MFA_POLICIES.get((low(policy.get("policyDefinitionId")) or "").rstrip("/").rsplit("/", 1)[-1])


def verb(operation):
    tail = (operation or "").rsplit("/", 1)[-1]
    return tail if tail in ("write", "delete", "action") and not POLICY_OPERATION.match(operation) else None


class Attempt:
    """One request, folded from its rows; `policy` are the events of Azure Policy joined to it."""

    def __init__(self, rows, evidence=None):
        self.rows, self.policy, self.evidence = sorted(rows, key=lambda row: row.time), [], evidence
        first = self.rows[0]
        self.first, self.row = first, next((row for row in self.rows if row.claims), first)
        self.operation = first.action if evidence else first.operation
        self.resource, self.correlation = first.resource, first.correlation
        self.start, self.end = first.time, self.rows[-1].time
        self.verb = verb(self.operation)
        self.write = self.verb in ("write", "delete")
        self.mfa, self.key, self.principal = self.row.mfa, self.row.key, self.row.principal
        words = [next((word for word in OUTCOMES if row.status.startswith(word[:6])), None) for row in self.rows]
        self.outcome = evidence or next((word for word in OUTCOMES if word in words), "open")
        self.id = ("policy:" if evidence else "") + (first.event_id or "")

    def count(self, effect):
        return sum(event.mfa_policy_effect() == effect for event in self.policy)

    def region(self):
        return next((row.region for row in self.rows + self.policy if row.region), None)


def fold(rows):
    """Rows of the log to attempts, policy events joined."""
    groups, attempts = defaultdict(list), []
    for row in rows:
        if row.is_policy or row.scan or row.effect_named or row.category not in ATTEMPT_CATEGORIES or not verb(row.operation):
            continue
        request = row.operation_id or row.correlation
        if request is None:
            attempts.append(Attempt([row]))
        else:
            groups[(row.subscription, request, row.operation, row.resource, row.oid or row.caller)].append(row)
    for members in groups.values():
        trusted = members[0].operation_id is not None
        attempts += [Attempt(part) for part in ([members] if trusted else runs(members))]
    known = list(attempts)
    lost = defaultdict(list)
    for event in rows:
        if not event.is_policy:
            continue
        same = [attempt for attempt in known if event.correlation and attempt.correlation == event.correlation]
        found = ([a for a in same if a.operation == event.action and a.resource == event.resource]
                 or [a for a in same if a.operation == event.action] or [a for a in same if a.resource == event.resource])
        if found:
            # Of several, the one that had begun last when the policy was evaluated.
            begun = [a for a in found if a.start <= event.time] or found
            max(begun, key=lambda a: a.start).policy.append(event)
        elif event.evidence() and verb(event.action):
            lost[(event.subscription, event.correlation, event.action, event.resource, event.oid or event.caller)].append(event)
    for events in lost.values():
        outcome = "failed" if any(event.evidence() == "failed" for event in events) else "open"
        attempt = Attempt(events, outcome)
        attempt.policy = list(attempt.rows)
        attempts.append(attempt)
    return attempts


def runs(rows):
    """Rows without operation ids: a start after an end, or more than a day of silence, is a new request."""
    parts, ended = [], False
    for row in sorted(rows, key=lambda row: row.time):
        silent = parts and row.time - parts[-1][-1].time > timedelta(hours=24)
        if not parts or silent or (ended and row.status.startswith("start")):
            parts.append([])
            ended = False
        parts[-1].append(row)
        ended = ended or row.status.startswith(("succe", "fail", "cancel"))
    return parts


def pivot(attempts, keys):
    """The columns that every pivot shares, per value of `keys`: a function of an attempt to a dict."""
    groups = defaultdict(list)
    for attempt in attempts:
        groups[json.dumps(keys(attempt))].append(attempt)
    return [{**json.loads(text), **figures(members)} for text, members in sorted(groups.items())]


def figures(attempts):
    writes = [attempt for attempt in attempts if attempt.write]
    return {
        "write_attempts": len(writes),
        "mfa_writes": sum(a.mfa == "mfa" for a in writes),
        "non_mfa_writes": sum(a.mfa == "non_mfa" for a in writes),
        "unknown_writes": sum(a.mfa == "unknown" for a in writes),
        "non_mfa_users": len({a.key for a in writes if a.mfa == "non_mfa"}),
        "non_mfa_actions": sum(a.mfa == "non_mfa" for a in attempts if not a.write),
        "policy_audits": sum(a.count("audit") for a in attempts),
        "policy_denies": sum(a.count("deny") for a in attempts),
        "first_seen": shown(min((a.start for a in attempts), default=None)),
        "last_seen": shown(max((a.end for a in attempts), default=None)),
    }


def by_resource(attempts, rows):
    regions = {}
    for row in rows:
        if row.region:
            regions.setdefault(row.resource, row.region)
    table = pivot(attempts, lambda a: {
        "resource_id": a.resource, "resource_name": a.first.resource_name, "resource_type": a.first.resource_type,
        "subscription_id": a.first.subscription, "resource_group": a.first.group, "region": regions.get(a.resource) or a.region()})
    return [{key: cell for key, cell in line.items() if key != "mfa_writes"} for line in table]


def by_user(attempts):
    groups = defaultdict(list)
    for attempt in attempts:
        if attempt.principal in ("user", "unknown", "none"):
            groups[attempt.key].append(attempt)
    table = []
    for members in groups.values():
        row, numbers = members[0].row, figures(members)
        deletes = sum(a.mfa == "non_mfa" for a in members if a.verb == "delete")
        table.append({
            "user": row.upn or row.caller, "user_id": row.oid, "display_name": row.name,
            **{key: numbers[key] for key in ("write_attempts", "mfa_writes", "non_mfa_writes", "unknown_writes")},
            "non_mfa_deletes": deletes, "non_mfa_actions": numbers["non_mfa_actions"],
            "resources": len({a.resource for a in members} - {None}),
            "subscriptions": len({a.first.subscription for a in members} - {None}),
            "client_apps": len({a.row.app for a in members} - {None}),
            **{key: numbers[key] for key in ("policy_audits", "policy_denies", "first_seen", "last_seen")}})
    return table


def by_policy(attempts, rows):
    behind = {id(event): attempt for attempt in attempts for event in attempt.policy}
    groups = defaultdict(list)
    for row in rows:
        if row.is_policy:
            for policy in row.policies:
                key = ((low(policy.get("policyDefinitionId")) or "").rstrip("/"), low(policy.get("policyDefinitionEffect")),
                       (low(policy.get("policyAssignmentId")) or "").rstrip("/"))
                groups[key].append((row, policy))
    table = []
    for (definition, effect, assignment), members in groups.items():
        newest = max(members, key=lambda member: member[0].time)[1]
        callers = {behind[id(row)].key for row, _ in members if id(row) in behind and behind[id(row)].principal == "user"}
        table.append({
            "policy_definition_id": definition, "policy_display_name": newest.get("policyDefinitionDisplayName"),
            "mfa_policy": mfa_policy(newest), "policy_effect": effect, "assignment_id": assignment,
            "assignment_name": low(newest.get("policyAssignmentName")), "assignment_scope": low(newest.get("policyAssignmentScope")),
            "events": len({id(row) for row, _ in members}), "resources": len({row.resource for row, _ in members}), "users": len(callers),
            "first_seen": shown(min(row.time for row, _ in members)), "last_seen": shown(max(row.time for row, _ in members))})
    return table


def policy_audit(rows):
    return [{
        "event_time": shown(row.time), "resource_name": row.resource_name, "resource_id": row.resource,
        "policy_display_name": policy.get("policyDefinitionDisplayName"),
        "policy_definition_id": (low(policy.get("policyDefinitionId")) or "").rstrip("/"),
        "policy_effect": low(policy.get("policyDefinitionEffect")), "mfa_policy": mfa_policy(policy),
        "assignment_name": low(policy.get("policyAssignmentName")), "caller": row.caller, "principal_type": row.principal, "mfa": row.mfa,
        "operation": row.action, "region": row.region, "correlation_id": row.correlation, "event_id": row.event_id,
    } for row in sorted(rows, key=lambda row: row.time) if row.is_policy for policy in row.policies]


def non_mfa_writes(attempts):
    return [{
        "event_time": shown(a.start), "user": a.row.upn or a.row.caller, "user_id": a.row.oid, "client_app": a.row.client,
        "operation": a.operation, "resource_id": a.resource, "resource_name": a.first.resource_name, "outcome": a.outcome,
        "ip": a.row.ip, "amr": a.row.amr, "acrs": a.row.acrs, "policy_audited": a.count("audit") > 0, "policy_denied": a.count("deny") > 0,
        "correlation_id": a.correlation, "attempt_id": a.id, "event_id": a.first.event_id,
    } for a in sorted(attempts, key=lambda a: (a.start, a.id)) if a.write and a.mfa == "non_mfa"]


def timeline(attempts, rows):
    days = [row.time.date() for row in rows]
    table, day = [], min(days, default=date.max)
    while days and day <= max(days):
        table.append({"day": day.isoformat(), **figures([a for a in attempts if a.start.date() == day])})
        day += timedelta(days=1)
    return table


def summary(attempts, rows):
    writes = [a for a in attempts if a.write]
    users = [a for a in writes if a.principal in ("user", "unknown") and a.key]
    metrics = {
        "events": len(rows), "attempts": len(attempts), "write_attempts": len(writes),
        "non_mfa_write_attempts": sum(a.mfa == "non_mfa" for a in writes),
        "unknown_write_attempts": sum(a.mfa == "unknown" for a in writes),
        "users": len({a.key for a in users}), "non_mfa_users": len({a.key for a in writes if a.mfa == "non_mfa"}),
        "policy_events": sum(row.is_policy for row in rows),
        "mfa_policy_audits": sum(row.is_policy and row.mfa_policy_effect() == "audit" for row in rows),
        "mfa_policy_denies": sum(row.is_policy and row.mfa_policy_effect() == "deny" for row in rows),
        "window_start": shown(min(row.time for row in rows)), "window_end": shown(max(row.time for row in rows)),
    }
    return [{"metric": metric, "value": str(number)} for metric, number in metrics.items()]


def reports(events, strict=False):
    """Every report over REST-shaped events; an event told twice counts once. `strict` is `--strict-policy`."""
    rows, seen = [], set()
    for event in events:
        row = Row(event, strict)
        if row.event_id is None or row.event_id not in seen:
            rows.append(row)
            seen.add(row.event_id)
    attempts = fold(rows)
    machines = [a for a in attempts if a.principal in ("service_principal", "managed_identity", "azure_service")]
    return {
        "summary": summary(attempts, rows),
        "by-resource": by_resource(attempts, rows),
        "by-user": by_user(attempts),
        "by-policy": by_policy(attempts, rows),
        "policy-audit": policy_audit(rows),
        "non-mfa-writes": non_mfa_writes(attempts),
        "by-application": pivot(machines, lambda a: {"application": a.row.client, "application_id": a.row.app,
                                                     "principal_id": a.row.oid, "principal_type": a.principal}),
        "by-client": pivot(attempts, lambda a: {"client_app_id": a.row.app, "client_app": a.row.client}),
        "by-operation": pivot(attempts, lambda a: {"operation": a.operation}),
        "by-subscription": pivot(attempts, lambda a: {"subscription_id": a.first.subscription}),
        "by-region": pivot(attempts, lambda a: {"region": a.region()}),
        "timeline": timeline(attempts, rows),
    }
