"""The sign-ins behind the week of Tailwind Traders, and some that led to nothing.

A token of an event was issued on the hour: the sign-in's id is the GUID in its `uti`. What each
person shows is in `README.md`.
"""

from datetime import datetime, timedelta, timezone

import tenant
from signins import BROKER, DIRECTORY, EDGE, EXCHANGE, GRAPH, WINDOWS, SignIns, request_id, tokens
from story import CLI, MOBILE, MS, PORTAL, POWERSHELL, at, guid

NAME = tenant.NAME
POLICIES = {"mfa": ("Require MFA for Azure management", ["Mfa"], "mfa"),
            "legacy": ("Block legacy authentication", ["Block"], "notApplied"),
            "device": ("Compliant device (report-only)", ["RequireCompliantDevice"], "reportOnlyFailure")}
FABRIKAM = guid("fabrikam", "tenant")
MACHINES = {"sp-pipeline": "clientSecret", "sp-backup": "certificate", "sp-partner": "clientAssertion"}

# Who: proof of the first token of a day, proof of later ones, what else their records say.
HABITS = {
    "ana.lima": ("app", "claim", {}),
    "bo.svensson": ("password", "bare", {}),
    "chidi.okafor": ("app", "claim_single", {"transfer": "deviceCodeFlow", "protocol": "deviceCode"}),
    "dana.weiss": ("hello", "claim", {"device": {"deviceId": guid(NAME, "device", "dana"), "displayName": "LT-DANA", "operatingSystem": "Windows11",
                                                 "browser": "Edge 139.0.0", "isCompliant": True, "isManaged": True, "trustType": "Azure AD joined"}}),
    "emre.kaya": ("bare", "bare", {"interactive": False, "incoming": "primaryRefreshToken",
                                   "agent": "AzurePowershell/v12.1.0 PSVersion/v5.1.22621 Az.Accounts/3.0.2"}),
    "fatima.haddad": ("password", "bare", {}),
    "gwen.tran": ("password", "bare", {"guest": True, "home": FABRIKAM, "cross": "b2bCollaboration"}),
    "ines.duarte": ("requirement", "bare", {"requirement": "multi"}),
    "svc.terraform": ("password", "password", {"interactive": False, "protocol": "ropc", "agent": "azsdk-python-identity/1.15.0 Python/3.10.12 (Linux)"}),
}


def people(story):
    """Key to what a sign-in says of somebody."""
    return {who.key: {"oid": who.oid, "upn": who.upn, "name": who.name or who.key, "ip": who.ip or "192.0.2.90", "mirid": who.more.get("mirid"), "key": who.key}
            for who in tenant.cast(story).values()}


def tell(story):
    """Every sign-in, in the order of time."""
    signs = SignIns(NAME, story.tenant, POLICIES)
    known = people(story)
    by_oid = {who["oid"]: who for who in known.values()}
    behind_tokens(signs, story, by_oid)
    others(signs, known)
    signs.records.sort(key=lambda record: (record["createdDateTime"], record["id"]))
    return signs


def behind_tokens(signs, story, by_oid):
    begun = set()
    for uti, claims in tokens(story.events).items():
        who = by_oid.get(claims.get(MS + "objectidentifier"))
        issued = datetime.fromtimestamp(int(claims["iat"]), timezone.utc) + timedelta(milliseconds=int(who["oid"][:2], 16))
        request, app = request_id(uti), claims["appid"]
        if who["key"] in MACHINES:
            # A partner's application: its sign-ins are in its own tenant's log.
            if who["key"] != "sp-partner":
                signs.program(issued, who, app, id=request, credential=MACHINES[who["key"]])
        elif who["mirid"]:
            signs.program(issued, who, app, identity=who["mirid"], id=request)
        elif who["key"] in HABITS:
            person(signs, who, claims, issued, request, app, begun)
        elif who["key"] == "hugo.martin":
            # An export of another token of his: nothing but person, address and time ties it to the change.
            signs.user(issued - timedelta(minutes=4), who, app, "password")


def person(signs, who, claims, issued, request, app, begun):
    first, later, more = HABITS[who["key"]]
    session = claims["sid"]
    proof = later if session in begun else first
    facts = {"session": session, **more}
    if session in begun:
        facts.pop("requirement", None)
        facts.update(interactive=False, incoming="refreshToken", agent=more.get("agent"))
        if facts["agent"] is None:
            facts.pop("agent")
    begun.add(session)
    if who["key"] == "svc.terraform" and issued.day == 3 and issued.hour == 11:
        # This token's own row was not exported; its session's first is.
        return
    if who["key"] == "gwen.tran":
        who = {**who, "upn": "gwen.tran@fabrikam.example"}
    if who["key"] == "emre.kaya" and (claims.get("acrs") == "c2"):
        facts["contexts"] = ["c2"]
    signs.user(issued, who, app, proof, id=request, **facts)


def others(signs, known):
    """What led to no change: failures, interruptions, noise, and other resources."""
    ana, bo, chidi, dana, emre = (known[key] for key in ("ana.lima", "bo.svensson", "chidi.okafor", "dana.weiss", "emre.kaya"))
    fatima, hugo, ines, gwen, terraform = (known[key] for key in ("fatima.haddad", "hugo.martin", "ines.duarte", "gwen.tran", "svc.terraform"))
    glass = {"oid": guid(NAME, "principal", "breakglass"), "upn": "breakglass@tailwind.example", "name": "Break glass", "ip": "203.0.113.250", "key": "breakglass"}
    jun = {"oid": guid(NAME, "principal", "jun.park"), "upn": "jun.park@tailwind.example", "name": "Jun Park", "ip": "192.0.2.16", "key": "jun.park"}
    correlation = guid(NAME, "bo tries")
    signs.user(at("2026-03-02 07:40:10.120"), bo, PORTAL, "password", error=50074, requirement="multi", correlation=correlation)
    signs.user(at("2026-03-02 07:40:41.700"), bo, PORTAL, "declined", error=500121, correlation=correlation)
    signs.user(at("2026-03-03 07:50:00.500"), terraform, CLI, "bare", interactive=False, protocol="ropc", error=50076,
               agent="azsdk-python-identity/1.15.0 Python/3.10.12 (Linux)", results={"mfa": "failure"})
    signs.user(at("2026-03-03 08:00:00.000"), ana, PORTAL, "bare", error=50140)
    signs.user(at("2026-03-03 08:00:05.000"), ana, PORTAL, "bare", error=50058)
    signs.user(at("2026-03-03 09:00:00.900"), emre, PORTAL, "skipped", ip="192.0.2.1", trusted=True)
    signs.user(at("2026-03-03 09:30:00.900"), fatima, PORTAL, "external")
    signs.user(at("2026-03-03 10:00:00.100"), ines, PORTAL, "password", error=53003, results={"device": "failure"}, risk="medium")
    signs.user(at("2026-03-03 10:15:00.150"), ines, MOBILE, "bare", interactive=False, session=guid(NAME, "lost session"), incoming="refreshToken")
    signs.user(at("2026-03-05 06:55:00.550"), dana, WINDOWS, "hello_single", resource=DIRECTORY, agent=None, client="Mobile Apps and Desktop clients")
    signs.user(at("2026-03-05 06:56:00.560"), dana, BROKER, "claim", interactive=False, resource=GRAPH, incoming="primaryRefreshToken")
    signs.user(at("2026-03-05 07:00:00.700"), hugo, guid(NAME, "app", "mail"), "password", resource=EXCHANGE, client="IMAP4", app_name="Old mail program",
               agent="BAV2ROPC", protocol="ropc", interactive=False)
    signs.user(at("2026-03-05 08:00:00.800"), gwen, PORTAL, "remembered", guest=True, home=FABRIKAM, cross="b2bCollaboration")
    signs.user(at("2026-03-05 09:09:00.909"), jun, PORTAL, "fido2", agent=EDGE)
    signs.user(at("2026-03-05 09:40:00.940"), jun, CLI, "bare", interactive=False, incoming="refreshToken", results={"mfa": "success"})
    signs.user(at("2026-03-05 22:30:00.030"), glass, PORTAL, "fido2")
    signs.user(at("2026-03-06 05:30:00.530"), chidi, POWERSHELL, "wrong_password", error=50126)
    signs.user(at("2026-03-06 05:31:00.531"), chidi, POWERSHELL, "no_answer", error=500121)
    signs.program(at("2026-03-06 06:00:00.600"), known["sp-backup"], guid(NAME, "app", "backup"), error=53003, credential="certificate")

