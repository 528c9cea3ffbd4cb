"""What sign-ins say of MFA, and which sign-in is behind a change: computed the slow and simple way.

Takes sign-ins in the shape of Microsoft Graph beta and events in that of the Activity Log's REST API.
Shares no code with the program and none with the telling of the fixtures. The rules are those of
`formats.md` §6.3 and §7 and of the first lines of `src/fold/link.rs`, written out once more.
"""

import base64
import re
import uuid
from collections import defaultdict
from datetime import timedelta

import oracle
from oracle import instant, low

CATEGORY = {"interactiveuser": "interactive", "noninteractiveuser": "non_interactive", "serviceprincipal": "service_principal",
            "managedidentity": "managed_identity"}
# Codes at which a sign-in ended because of a second factor, and codes that only interrupt.
DEMANDS = {50072, 50074, 50076, 50078, 50079, 50086, 50087, 50088, 50158, 53004, 53010, 90072, 500121}
INTERRUPTS = {16000, 50055, 50058, 50097, 50125, 50127, 50129, 50140, 50144, 50199, 65001, 81010}
SKIPS = {"location": "skipped_location", "remembered device": "skipped_remembered_device", "registered device": "skipped_registered_device",
         "app password": "skipped_app_password"}
# First steps that are two factors at once.
TWO_IN_ONE = ("windows hello", "fido", "passkey", "passwordless", "temporary access pass")


def letters(text):
    return re.sub(r"[^a-z0-9]", "", (text or "").lower())


def token_guid(text):
    """The GUID inside a token identifier; the text itself where there is none."""
    text = (text or "").lstrip("'")
    if re.fullmatch(r"[0-9a-fA-F-]{36}", text):
        return text.lower()
    try:
        data = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return text or None
    if len(data) == 16:
        return str(uuid.UUID(bytes_le=data))
    return data.decode("ascii").lower() if len(data) == 36 else text or None


class SignIn:
    """One row of `sign_in` with what it tells by itself."""

    def __init__(self, record):
        self.record = record
        kinds = record.get("signInEventTypes")
        if kinds:
            self.category = CATEGORY.get(letters(kinds[0]))
        else:
            self.category = {True: "interactive", False: "non_interactive"}.get(record.get("isInteractive"))
        self.id, self.time = low(record["id"]), instant(record["createdDateTime"])
        self.token, self.session = token_guid(record.get("uniqueTokenIdentifier")), low(record.get("sessionId"))
        self.user, self.upn = low(record.get("userId") or record.get("servicePrincipalId")), low(record.get("userPrincipalName"))
        self.app, self.ip = low(record.get("appId")), record.get("ipAddress") or None
        code = (record.get("status") or {}).get("errorCode")
        self.error = None if code is None else int(code)
        self.mfa, self.reason = self.judge()
        self.told = self.mfa

    def is_user(self):
        return self.category not in ("service_principal", "managed_identity")

    def completed(self):
        return self.error == 0 if self.error is not None else self.mfa != "not_completed"

    def judge(self):
        record = self.record
        if not self.is_user():
            return "not_user", "workload"
        if self.error:
            return "not_completed", "mfa_demanded" if self.error in DEMANDS else "interrupted" if self.error in INTERRUPTS else "failed"
        if low(record.get("resourceId")) in ("adfs", "radius"):
            return "unknown", "federation_server"
        steps = record.get("authenticationDetails")
        said = [self.step(step) for step in steps or []]
        for answer in ("performed", "claim", "external", "passwordless"):
            if answer in said:
                return "mfa", answer
        skips = [answer for answer in said if answer and answer.startswith("skipped")]
        if skips:
            return "exempt", skips[0]
        words = self.words((record.get("status") or {}).get("additionalDetails"))
        if words in ("performed", "external", "claim"):
            return "mfa", words
        if words and words.startswith("skipped"):
            return "exempt", words
        if any(step.get("succeeded") is False and letters(step.get("authenticationStepRequirement")).startswith("multifactor") for step in steps or []):
            # Something else let it in.
            return "unknown", "denied"
        if letters(record.get("authenticationRequirement")).startswith("multifactor"):
            return "mfa", "requirement"
        for policy in record.get("appliedConditionalAccessPolicies") or []:
            if low(policy.get("result")) == "success" and "mfa" in [low(control) for control in policy.get("enforcedGrantControls") or []]:
                return "mfa", "policy"
        if self.category == "non_interactive":
            return "unknown", "non_interactive"
        if steps is None and record.get("authenticationRequirement") is None:
            return "unknown", "no_evidence"
        if not steps:
            return "unknown", "no_steps"
        if not letters(record.get("authenticationRequirement")).startswith("singlefactor"):
            return "unknown", "unclear"
        if "first_claim" in said:
            return "unknown", "first_factor_claim"
        if "certificate" in said:
            return "unknown", "certificate"
        return ("non_mfa", "first_factor_only") if "first" in said else ("unknown", "unclear")

    def step(self, step):
        if step.get("succeeded") is not True:
            return None
        method, result = low(step.get("authenticationMethod")) or "", (step.get("authenticationStepResultDetail") or "").lower()
        claim = method.startswith(("previously satisfied", "satisfied by")) or "claim in the token" in result
        if letters(step.get("authenticationStepRequirement")).startswith("multifactor"):
            words = self.words(step.get("authenticationStepResultDetail"))
            if words and words.startswith("skipped"):
                return words
            return "external" if words == "external" else "claim" if claim else "performed"
        if claim:
            return "first_claim"
        if method.startswith(TWO_IN_ONE):
            return "passwordless"
        return "certificate" if "certificate" in method else "first"

    @staticmethod
    def words(text):
        """What `additionalDetails` or a result says: performed, claim, external, skipped_… or nothing."""
        match = re.match(r"mfa (?:requirement )?(satisfied|completed|successfully|skipped)", (text or "").lower())
        if not match:
            return None
        if match[1] == "skipped":
            return next((skip for part, skip in SKIPS.items() if part in text.lower()), "skipped_other")
        return "claim" if "claim in the token" in text.lower() else "external" if "external provider" in text.lower() else "performed"


def resolve(signs, rows):
    """Sign-ins that do not tell learn from the claims of the token they issued, then from their session."""
    proofs = defaultdict(set)
    for row in rows:
        token = token_guid(row.claims.get("uti"))
        if token and row.mfa in ("mfa", "non_mfa"):
            proofs[token].add(row.mfa)
    for sign in signs:
        # The claims are what Azure saw; a lone first factor does not outweigh them.
        if sign.is_user() and sign.completed() and (sign.mfa == "unknown" or sign.reason == "first_factor_only"):
            proof = proofs.get(sign.id, set()) | proofs.get(sign.token, set())
            if proof and ("mfa" in proof or sign.mfa == "unknown"):
                sign.mfa, sign.reason = ("mfa" if "mfa" in proof else "non_mfa"), "token"
    for sign in signs:
        if sign.category != "non_interactive" or not sign.completed() or sign.mfa != "unknown" or not sign.session:
            continue
        before = {other.told for other in signs if other is not sign and other.session == sign.session and other.user == sign.user and other.time <= sign.time}
        proof = "mfa" if "mfa" in before else "non_mfa" if "non_mfa" in before else None
        if proof:
            sign.mfa, sign.reason = proof, "session"


def deduplicated(records):
    """One row per id: the copy with the most steps, else the first."""
    best = {}
    for record in records:
        key = low(record["id"])
        if key not in best or len(record.get("authenticationDetails") or []) > len(best[key].get("authenticationDetails") or []):
            best[key] = record
    return [best[key] for key in best]


def known(records, events=(), strict=False):
    """Sign-ins with their final verdicts, rows and attempts of the log beside them."""
    rows, seen = [], set()
    for event in events:
        row = oracle.Row(event, strict)
        if row.event_id is None or row.event_id not in seen:
            rows.append(row)
            seen.add(row.event_id)
    signs = [SignIn(record) for record in deduplicated(records)]
    resolve(signs, rows)
    return signs, rows


def verdicts(records, events=()):
    """Rows of `sign_in`, as many columns as there is an opinion of."""
    signs, _ = known(records, events)
    return [{"event_id": sign.id, "category": sign.category, "user_id": sign.user, "error_code": sign.error, "mfa": sign.mfa, "mfa_reason": sign.reason}
            for sign in sorted(signs, key=lambda sign: sign.id)]


LIFE = timedelta(minutes=90)


def behind(change, signs):
    """(kind, sign-in) of a change: a dict of time, token, session, user, upn, ip and app."""
    def nearest(found):
        """The latest at or before the change, else the earliest after it."""
        past = [sign for sign in found if sign.time <= change["time"]]
        if past:
            latest = max(sign.time for sign in past)
            return min((sign for sign in past if sign.time == latest), key=lambda sign: sign.id)
        return min(found, key=lambda sign: (sign.time, sign.id), default=None)

    if change["token"]:
        for key in ("id", "token"):
            found = nearest([sign for sign in signs if getattr(sign, key) == change["token"]])
            if found:
                return "token", found
    people = [sign for sign in signs if sign.is_user() and sign.completed()]
    if change["session"]:
        same = [sign for sign in people if sign.session == change["session"]]
        for past in (True, False):
            for interactive in (True, False):
                found = nearest([sign for sign in same if (sign.time <= change["time"]) == past and (sign.category == "interactive") == interactive])
                if found:
                    return "session", found
    if change["ip"]:
        def same_user(sign):
            return sign.user == change["user"] if sign.user and change["user"] else bool(sign.upn) and sign.upn == change["upn"]

        near = [sign for sign in people if not excluded(sign) and sign.ip == change["ip"] and same_user(sign)
                and (sign.app == change["app"] or not sign.app or not change["app"])
                and timedelta() <= change["time"] - sign.time <= LIFE]
        found = nearest(near)
        if found:
            return "heuristic", found
    return None, None


def excluded(sign):
    """Rows that are left out of figures: Windows, its broker, device registration, federation servers."""
    record = sign.record
    return (sign.app in ("38aa3b87-a06d-4817-b275-7a316988d93b", "29d9ed98-a469-4536-ade2-f981bc1d605e")
            or low(record.get("resourceId")) in ("adfs", "radius", "01cb2876-7ebd-4aa4-9cc9-d28bd4d359a9"))


def links(records, events, audits=()):
    """Rows of `link`."""
    signs, rows = known(records, events)
    table = []
    for attempt in oracle.fold(rows):
        row = attempt.row
        if attempt.principal not in ("user", "unknown") or attempt.verb is None or attempt.first.event_id is None:
            continue
        kind, sign = behind({"time": attempt.start, "token": token_guid(row.claims.get("uti")), "session": low(row.claims.get("sid")), "user": row.oid,
                             "upn": row.upn, "ip": row.ip, "app": row.app}, signs)
        if sign:
            table.append({"activity_event_id": attempt.first.event_id, "sign_in_id": sign.id, "audit_event_id": None, "kind": kind})
    for record in audits:
        user, linked = record["initiatedBy"].get("user"), record["initiatedBy"].get("linkableIdentifiers") or {}
        if not user:
            continue
        kind, sign = behind({"time": instant(record["activityDateTime"]), "token": token_guid((linked.get("tokenDetails") or {}).get("uniqueTokenIdentifier")),
                             "session": low(linked.get("sessionId")), "user": low(user.get("id")), "upn": low(user.get("userPrincipalName")),
                             "ip": user.get("ipAddress"), "app": None}, signs)
        if sign:
            table.append({"activity_event_id": None, "sign_in_id": sign.id, "audit_event_id": low(record["id"]), "kind": kind})
    return table
