"""What mandatory MFA means for each person: computed the slow and simple way from everything told.

The rules are the tables at the heads of `src/fold/readiness.rs`, `src/mfa/readiness.rs` and
`src/mfa/service_account.rs`, written out once more; shares no code with the program.
"""

import re
from collections import Counter, defaultdict
from datetime import datetime, timezone

import oracle
from oracle import low
from oracle_signins import excluded, known

PORTALS = ("c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "618dd325-23f6-4b6f-8380-4df78026e39b", "00000006-0000-0ff1-ce00-000000000000")
SECOND_PHASE = ("04b07795-8ddb-461a-bbee-02f9e1bf7b46", "1950a258-227b-4e31-a9cf-717495945fc2", "0c1307d4-29d6-4389-a11c-5cbe7f65d7fa")
ARM = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
# Roles of the fixtures that can change who may do what.
PRIVILEGED = ("Owner", "Contributor", "User Access Administrator", "Global Administrator", "Conditional Access Administrator", "Security Administrator")
SYNC_ROLE = "Directory Synchronization Accounts"
RESISTANT = ("windowshello", "fido", "passkey", "platformcredential", "macos")
SERVICE_WORDS = set("ansible batch bot cicd daemon deploy deployer deployment devops jenkins pipeline robot runner script service srv terraform".split())
# Programs that cannot ask for MFA below a version (domain.md §1.4), how they call themselves, and what brings them up to date.
OLD = (("Azure CLI", r"AZURECLI/(\d+\.\d+[.\d]*)", "2.76", ("2.76", "az upgrade")),
       ("Az.Accounts", r"Az\.Accounts/(\d+\.\d+[.\d]*)", "5.2", ("14.3", "Update-Module")))
BEGINNING = datetime.min.replace(tzinfo=timezone.utc)


def phase_of(sign):
    if sign.app in PORTALS:
        return 1
    return 2 if sign.app in SECOND_PHASE or low(sign.record.get("resourceId")) == ARM else None


def counts(sign):
    """Whether a sign-in is seen at all: completed, or ended at a demand for MFA that mandatory MFA makes."""
    return sign.completed() or phase_of(sign) is not None and sign.reason == "mfa_demanded"


class Person:
    def __init__(self, key):
        self.key, self.upn, self.glass, self.enabled, self.sync_role = key, None, False, None, False
        self.roles, self.registration, self.guest, self.resists, self.old = set(), None, False, False, set()
        self.n, self.last, self.seen, self.addresses, self.writes = Counter(), defaultdict(lambda: BEGINNING), [], [], 0

    def note(self, name, when):
        self.n[name] += 1
        self.last[name] = max(self.last[name], when)

    def request(self, attempt):
        self.n["requests"] += 1
        mfa = attempt.mfa if attempt.mfa in ("mfa", "non_mfa") else "unknown"
        if attempt.write:
            self.n["write_attempts"] += 1
            self.note(f"{mfa}_writes", attempt.start)
            self.n["non_mfa_deletes"] += mfa == "non_mfa" and attempt.verb == "delete"
        elif mfa == "mfa":
            self.note("mfa_elsewhere", attempt.start)
        self.n["policy_audits"] += attempt.count("audit")
        if attempt.count("deny"):
            self.n["policy_denies"] += attempt.count("deny")
            self.last["deny"] = max(self.last["deny"], attempt.start)
        self.n["phase_1"] += attempt.row.app in PORTALS
        self.seen.append(attempt.start)
        if attempt.row.ip:
            self.addresses.append(attempt.row.ip)

    def sign_in(self, sign):
        """A row that counts; see `counts`."""
        record = sign.record
        phase = phase_of(sign)
        if not sign.completed():
            self.note("failed_mfa_sign_ins", sign.time)
            self.n[f"phase_{phase}"] += 1
            return
        self.n["completed"] += 1
        self.n[sign.category or "neither"] += 1
        client = (record.get("clientAppUsed") or "").lower()
        self.n["legacy_sign_ins"] += bool(client) and client not in ("browser", "mobile apps and desktop clients")
        if not phase:
            if sign.mfa == "mfa":
                self.note("mfa_elsewhere", sign.time)
            return
        self.n[f"phase_{phase}"] += 1
        self.note("sign_ins", sign.time)
        self.guest |= low(record.get("userType")) == "guest"
        done = [low(step["authenticationMethod"]) or "" for step in record.get("authenticationDetails") or [] if step.get("succeeded") is True]
        self.resists |= any(method.startswith(("fido", "windows hello", "x.509")) for method in done)
        for name, pattern, lowest, steps in OLD:
            used = re.search(pattern, record.get("userAgent") or "")
            if used and tuple(map(int, used[1].split(".")[:2])) < tuple(map(int, lowest.split("."))):
                self.old.add((name, used[1], lowest, steps))
        self.note({"mfa": "mfa", "non_mfa": "non_mfa", "exempt": "exempt"}.get(sign.mfa, "unknown") + "_sign_ins", sign.time)
        self.n["ropc_sign_ins"] += low(record.get("authenticationProtocol")) == "ropc"
        # The portal and the mobile app are what they are, whatever the user agent says.
        self.n["automation"] += sign.app not in PORTALS + SECOND_PHASE[2:] and "terraform" in (record.get("userAgent") or "").lower()
        self.seen.append(sign.time)
        if sign.ip:
            self.addresses.append(sign.ip)

    def can(self):
        """Whether the person can do MFA; None where nothing says."""
        if self.n["mfa_writes"] + self.n["mfa_sign_ins"] + self.n["mfa_elsewhere"]:
            return True
        if self.registration is None:
            return None
        return self.registration["isMfaCapable"] or any(method.lower().startswith(RESISTANT) for method in self.registration["methodsRegistered"])

    def is_sync(self):
        return self.sync_role or bool(self.upn) and self.upn.startswith(("sync_", "adtoaadsyncserviceaccount"))

    def score(self, has_interactive_log):
        points = 25 if self.n["ropc_sign_ins"] else 0
        if has_interactive_log and not self.n["interactive"] and not self.n["neither"] and self.n["non_interactive"] >= 5:
            points += 20
        beats = {}
        for when in sorted(self.seen):
            beats.setdefault((when.date(), when.hour), when.minute)
        days = {day for day, _ in beats}
        if len(beats) >= 12 and len(days) >= 3:
            window = max(sum((minute - start) % 60 < 3 for minute in beats.values()) for start in range(60))
            points += 15 if window * 100 >= 60 * len(beats) else 0
        if self.n["sign_ins"] >= 5 and self.n["automation"] * 2 >= self.n["sign_ins"]:
            points += 10
        if len({hour for _, hour in beats}) >= 18 and len(days) >= 3:
            points += 10
        weekend = sum(day.weekday() >= 5 for day in days)
        if weekend >= 4 and weekend * 100 >= 20 * len(days):
            points += 5
        if len(self.addresses) >= 20 and len(set(self.addresses)) == 1 and len(days) >= 3:
            points += 5
        if self.can() is False:
            points += 5
        name = (self.upn or "").split("@")[0]
        words = re.split(r"[^a-z]+", name)
        if name.startswith(("sa-", "sa_")) or any(word in SERVICE_WORDS or word.startswith(("svc", "automation")) for word in words):
            points += 5
        return points

    def judge(self, score):
        n, last, can = self.n, self.last, self.can()
        uses = n["write_attempts"] + n["sign_ins"] + n["failed_mfa_sign_ins"] > 0
        privileged, lacking = self.glass or bool(self.roles), n["non_mfa_writes"] + n["non_mfa_sign_ins"] + n["exempt_sign_ins"] > 0
        mfa = max(last["mfa_writes"], last["mfa_sign_ins"], last["mfa_elsewhere"])
        rules = [
            ("sync_account", "not_in_scope", self.is_sync() and not uses),
            ("disabled_account", "not_in_scope", self.enabled is False and not n["write_attempts"] and not n["sign_ins"]),
            ("no_management", "not_in_scope", not uses and not privileged),
            ("denied_already", "will_break", n["policy_denies"] > 0 and last["mfa_writes"] <= last["deny"]),
            ("ropc", "will_break", n["ropc_sign_ins"] > 0),
            ("not_capable", "will_break", lacking and can is False),
            ("service_account", "will_break", n["non_mfa_writes"] > 0 and score >= 40),
            ("break_glass_without_mfa", "will_break", self.glass and lacking and can is None),
            ("admin_not_capable", "will_break", privileged and can is False),
            ("non_mfa_writes", "at_risk", n["non_mfa_writes"] > 0),
            ("non_mfa_sign_ins", "at_risk", n["non_mfa_sign_ins"] > 0),
            ("mfa_skipped", "at_risk", n["exempt_sign_ins"] > 0),
            ("mfa_failures", "at_risk", n["failed_mfa_sign_ins"] > 0 and last["failed_mfa_sign_ins"] > max(mfa, last["sign_ins"])),
            ("not_registered", "at_risk", can is False),
            ("mfa_every_time", "ready", n["mfa_writes"] > 0),
            ("mfa_sign_ins_only", "ready", n["mfa_sign_ins"] > 0),
            ("mfa_elsewhere", "ready_not_exercised", n["mfa_elsewhere"] > 0),
            ("registered", "ready_not_exercised", can is True),
            ("no_claims", "cannot_tell", n["unknown_writes"] > 0),
            ("no_mfa_fields", "cannot_tell", n["unknown_sign_ins"] > 0),
            ("never_seen", "cannot_tell", True)]
        return next((rule, verdict) for rule, verdict, holds in rules if holds)

    def words(self, has_interactive_log):
        """What the words have to contain: what the rule rests on `first`, what else the `reasons` name, and every `next_step`,
        of which there is none where nothing is to be done. The facts are those of domain.md §1.3 and §1.4."""
        n, score = self.n, self.score(has_interactive_log)
        rule, verdict = self.judge(score)
        lacks, methods = verdict in ("will_break", "at_risk"), (self.registration or {}).get("methodsRegistered") or []

        def of(name, total, unit, stem=None):
            time = self.last[name]
            return [f"{n[stem or name]} of {n[total]} {unit}"] + ([f"{time:%Y-%m-%d %H:%M}"] if time > BEGINNING else [])

        writes, sign_ins = ("write_attempts", "write"), ("sign_ins", "sign-in")
        capability = ["no method registered", *methods] if self.can() is False else methods
        first = {
            "sync_account": ["synchronisation account"], "disabled_account": ["disabled"], "no_management": ["mandatory MFA covers"],
            "denied_already": ["MFA policy denied", str(n["policy_denies"]), f"{self.last['deny']:%Y-%m-%d %H:%M}"],
            "ropc": of("ropc_sign_ins", *sign_ins) + ["ROPC", "cannot do MFA"], "not_capable": capability, "admin_not_capable": capability,
            "not_registered": capability, "service_account": ["service", f"{score} of 100"], "break_glass_without_mfa": ["break-glass", "mandatory MFA"],
            "non_mfa_writes": of("non_mfa_writes", *writes) + ["without MFA"], "non_mfa_sign_ins": of("non_mfa_sign_ins", *sign_ins) + ["without MFA"],
            "mfa_skipped": of("exempt_sign_ins", *sign_ins) + ["MFA was skipped"],
            "mfa_failures": [f"{n['failed_mfa_sign_ins']} sign-in", "demand for MFA", f"{self.last['failed_mfa_sign_ins']:%Y-%m-%d %H:%M}"],
            "mfa_every_time": of("mfa_writes", *writes) + ["with MFA"], "mfa_sign_ins_only": of("mfa_sign_ins", *sign_ins) + ["with MFA"],
            "mfa_elsewhere": [str(n["mfa_elsewhere"]), f"{self.last['mfa_elsewhere']:%Y-%m-%d %H:%M}"], "registered": ["registered", *methods],
            "no_claims": [f"{n['unknown_writes']} of {n['write_attempts']} write", "no claims"],
            "no_mfa_fields": [f"{n['unknown_sign_ins']} of {n['sign_ins']} sign-in"], "never_seen": ["not seen in the logs"]}[rule]
        reasons = sorted(self.roles) + [part for name, version, lowest, _ in sorted(self.old) for part in (f"{name} {version}", lowest)]
        for name, (total, unit) in (("non_mfa_writes", writes), ("mfa_writes", writes), ("non_mfa_sign_ins", sign_ins), ("mfa_sign_ins", sign_ins),
                                    ("exempt_sign_ins", sign_ins)):
            reasons += of(name, total, unit) if n[name] else []
        reasons += ["break-glass"] if self.glass else []
        reasons += ["guest"] if self.guest else []
        reasons += [f"{score} of 100"] if score >= 40 else []
        steps = []
        if verdict != "not_in_scope":
            resists = self.resists or any(method.lower().startswith(RESISTANT) for method in methods)
            if lacks and (score >= 40 or n["ropc_sign_ins"]):
                steps += ["managed identity", "az login --identity", "service principal", "az login --service-principal"]
            if self.glass and not resists:
                steps += ["FIDO2", "certificate"]
            elif lacks and self.can() is not True:
                steps += ["register", "https://aka.ms/mfasetup"]
            steps += {"denied_already": ["az login", "Connect-AzAccount", "portal"], "non_mfa_writes": ["az login", "Connect-AzAccount", "portal"],
                      "non_mfa_sign_ins": ["az login", "Connect-AzAccount", "portal"], "mfa_skipped": ["trusted locations", "remembered devices"],
                      "mfa_failures": ["https://aka.ms/mfasetup"], "mfa_elsewhere": ["once with MFA"], "registered": ["once with MFA"]}.get(rule, [])
            steps += ["cross-tenant access"] if self.guest and lacks else []
            if verdict == "cannot_tell":
                steps += ["az monitor activity-log list"] if n["unknown_writes"] else []
                steps += ["beta", "auditLogs/signIns"] if n["unknown_sign_ins"] else []
                steps += ["userRegistrationDetails"] if not self.registration else []
            for *_, upgrade in sorted(self.old):
                steps += upgrade
        return {"user_key": self.key, "rule": rule, "first": first, "reasons": reasons, "next_step": steps}

    def listed(self):
        n = self.n
        return bool(n["requests"] or n["sign_ins"] or n["failed_mfa_sign_ins"] or self.is_sync() and n["completed"] or self.roles or self.sync_role or self.glass)

    def row(self, has_interactive_log):
        score = self.score(has_interactive_log)
        rule, verdict = self.judge(score)
        phases = [f"phase_{phase}" for phase, holds in ((1, self.n["phase_1"] or self.glass or self.roles), (2, self.n["phase_2"] or self.n["write_attempts"])) if holds]
        counts = ("write_attempts mfa_writes non_mfa_writes unknown_writes non_mfa_deletes policy_audits policy_denies sign_ins mfa_sign_ins non_mfa_sign_ins "
                  "exempt_sign_ins unknown_sign_ins failed_mfa_sign_ins ropc_sign_ins legacy_sign_ins").split()
        return {"user_key": self.key, "verdict": verdict, "rule": rule, "phase": (",".join(phases) or None) if verdict != "not_in_scope" else None,
                **{name: self.n[name] for name in counts}, "is_mfa_capable": self.registration["isMfaCapable"] if self.registration else None,
                "is_break_glass": self.glass, "service_score": score}


def readiness(*told):
    """Rows of `readiness`; see `gathered`."""
    people, has_interactive_log = gathered(*told)
    return [person.row(has_interactive_log) for person in people]


def words(*told):
    """What the reasons and the next steps of each person have to contain; see `gathered`."""
    people, has_interactive_log = gathered(*told)
    return [person.words(has_interactive_log) for person in people]


def gathered(records, events, registrations=(), roles=(), users=(), glass=()):
    """The people that are listed, and whether there are interactive sign-ins. `roles` are of `az role assignment list` and of Graph alike, `users` of Graph."""
    signs, rows = known(records, events)
    people = {}

    def person(oid, upn):
        key = low(oid) or low(upn)
        found = people.setdefault(key, Person(key))
        found.upn = low(upn) or found.upn
        return found

    for attempt in oracle.fold(rows):
        if attempt.principal == "user" or attempt.principal == "unknown" and attempt.row.upn:
            if attempt.key:
                person(attempt.row.oid, attempt.row.upn).request(attempt)
    for sign in signs:
        if sign.is_user() and not excluded(sign) and (sign.user or sign.upn) and counts(sign):
            person(sign.user, sign.upn).sign_in(sign)
    for record in registrations:
        found = person(record["id"], record["userPrincipalName"])
        found.registration = record
        found.guest |= low(record.get("userType")) == "guest"
    for record in users:
        found = person(record["id"], record["userPrincipalName"])
        found.enabled = record["accountEnabled"]
        found.guest |= low(record.get("userType")) == "guest"
    for record in roles:
        role = record.get("roleDefinitionName") or record["roleDefinition"]["displayName"]
        holder = record.get("principal") or {}
        is_user = record.get("principalType") == "User" or holder.get("@odata.type") == "#microsoft.graph.user"
        if is_user and role in (*PRIVILEGED, SYNC_ROLE):
            found = person(record["principalId"], record.get("principalName") or holder.get("userPrincipalName"))
            found.sync_role |= role == SYNC_ROLE
            if role in PRIVILEGED:
                found.roles.add(role)
    for name in glass:
        found = next((each for each in people.values() if name.lower() in (each.upn, each.key)), None) or person(None, name)
        found.glass = True
    has_interactive_log = any(sign.category == "interactive" for sign in signs)
    return [found for found in sorted(people.values(), key=lambda each: each.key) if found.listed()], has_interactive_log
