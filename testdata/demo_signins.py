"""The sign-ins, directory audits and side inputs of Woodgrove Freight, May 2026.

Behind every change stands the sign-in that issued its token. Beside them: a password that a script
sends (ROPC), a service that signs in round the clock, a forgotten mail program, a contractor whom
Conditional Access stops, a colleague whom the office's address spares MFA, and the noise of Windows.
"""

import random
from datetime import datetime, timedelta, timezone

import demo
import directory
from audits import Audits, change, policy_json, target, user_target
from signins import BROKER, DIRECTORY, EDGE, EXCHANGE, GRAPH, WINDOWS, SignIns, request_id, tokens
from story import CLI, MS, MSC, PORTAL, at, guid

NAME = demo.NAME
POLICIES = {
    "mfa": ("MFA for Azure management", ["Mfa"], "mfa"), "legacy": ("Block legacy authentication", ["Block"], "notApplied"),
    "device": ("Compliant device for admins (report-only)", ["RequireCompliantDevice"], "reportOnlyNotApplied"),
    "guests": ("MFA for guests", ["Mfa"], "notApplied"), "countries": ("Block countries we have no office in", ["Block"], "notApplied"),
    "risk": ("MFA at medium risk", ["Mfa"], "reportOnlySuccess"), "flow": ("Block device code flow", ["Block"], "notEnabled"),
    "register": ("Secure registration", ["Mfa"], "notApplied")}
PYTHON = "azsdk-python-identity/1.15.0 Python/3.10.12 (Linux)"
OLD_CLI = "azsdk-python-core/1.30.0 Python/3.11.8 (Linux) AZURECLI/2.61.0 (DEB)"
OLD_POWERSHELL = "AzurePowershell/v11.6.0 PSVersion/v5.1.22621 Az.Accounts/2.19.0"
CONNECT = "cb1056e2-e479-49de-ae31-7812af012ed8"
TERRAFORM = "HashiCorp Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-azurerm/4.40.0"
FABRIKAM, CONTOSO = guid("fabrikam", "tenant"), guid("contoso", "tenant")

# How people with MFA prove it; everybody else uses the app.
PROVEN = {"aino.korhonen": "fido2", "carla.mendes": "hello", "hana.sato": "certificate", "grace.owusu": "sms", "tuva.berg": "external",
          "ivan.petrov": "sms", "lena.vogel": "hello", "zane.cole": "fido2"}
AGENTS = {"quinn.ryan": OLD_CLI, "yara.haddad": OLD_POWERSHELL, "elif.demir": TERRAFORM, "svc.release": PYTHON}


def extra(key, name, ip, upn=None):
    return {"key": key, "oid": guid(NAME, "principal", key), "upn": upn or f"{key}@woodgrove.example", "name": name, "ip": ip, "mirid": None}


EXTRA = {
    "lise.holm": extra("lise.holm", "Lise Holm", "192.0.2.70"), "nils.ek": extra("nils.ek", "Nils Ek", "192.0.2.71"),
    "inventory": extra("svc-inventory", "Nightly inventory", "198.51.100.201"), "mail": extra("mail.room", "Mail room", "192.0.2.72"),
    "sync": extra("Sync_SRV01_5f1c", "On-Premises Directory Synchronization Service Account", "198.51.100.202", "sync_srv01_5f1c@woodgrove.example"),
    "sofia": extra("sofia.reis", "Sofia Reis", "203.0.113.88", "sofia.reis@contoso.example"),
}


class Month:
    def __init__(self, story):
        self.story, self.rng = story, random.Random(20260531)
        self.signs = SignIns(NAME, story.tenant, POLICIES)
        crew, special = demo.cast(demo.Story(NAME, "mg-woodgrove", 20260501))
        self.people = {who.key: {"key": who.key, "oid": who.oid, "upn": who.upn, "name": who.name or who.key, "ip": who.ip, "mirid": who.more.get("mirid")}
                       for who in [*crew, *special.values()]}
        self.crew = [who.key for who in crew]
        self.begun = set()

    def when(self, day, low, high):
        return at(f"2026-05-{day:02d} 00:00:00") + timedelta(seconds=self.rng.randint(low * 3600, high * 3600 - 1), milliseconds=self.rng.randint(0, 999))


def tell(story):
    month = Month(story)
    by_oid = {who["oid"]: who for who in month.people.values()}
    for uti, claims in tokens(story.events).items():
        behind(month, by_oid[claims[MS + "objectidentifier"]], claims, request_id(uti))
    services(month)
    failures(month)
    noise(month)
    month.signs.records.sort(key=lambda record: (record["createdDateTime"], record["id"]))
    return month


def behind(month, who, claims, request):
    """The sign-in that issued a token: a session begins with a person, and goes on without one."""
    key, app, signs = who["key"], claims["appid"], month.signs
    issued = datetime.fromtimestamp(int(claims["iat"]), timezone.utc) + timedelta(milliseconds=int(request[:2], 16))
    if who["mirid"]:
        signs.program(issued, who, app, identity=who["mirid"], id=request)
        return
    if not who["upn"]:
        signs.program(issued, who, app, id=request, credential="clientSecret" if key == "sp-backup" else "federatedIdentityCredential")
        return
    if key == "old.script":
        # Nobody exported its sign-ins: its changes stay unknown.
        return
    facts = {"id": request, "session": claims["sid"]}
    if key in AGENTS:
        facts["agent"] = AGENTS[key]
    if key == "svc.release":
        signs.user(issued, who, app, "password", interactive=False, protocol="ropc", results={"mfa": "notApplied"}, **facts)
        return
    if key == "milo.varga":
        facts.update(guest=True, home=FABRIKAM, cross="b2bCollaboration")
    if claims["sid"] in month.begun:
        signs.user(issued, who, app, "bare", interactive=False, incoming="refreshToken", **facts)
        return
    month.begun.add(claims["sid"])
    amr = claims.get(MSC + "authnmethodsreferences", "")
    if "mfa" in amr.split(","):
        proof = PROVEN.get(key, "app")
    elif key == "jana.kralova":
        proof, facts["trusted"], facts["results"] = "skipped", True, {"mfa": "notApplied"}
    elif amr == "wiaormfa":
        proof, facts["interactive"], facts["incoming"] = "bare", False, "primaryRefreshToken"
    else:
        proof, facts["results"] = "password", {"mfa": "notApplied"}
    if key == "kofi.mensah":
        facts.update(transfer="deviceCodeFlow", protocol="deviceCode")
    signs.user(issued, who, app, proof, **facts)


def services(month):
    """What runs by itself on people's accounts."""
    signs, sync, inventory = month.signs, EXTRA["sync"], EXTRA["inventory"]
    session = guid(NAME, "inventory session")
    for day in range(1, 32):
        for hour in range(0, 24, 2):
            moment = at(f"2026-05-{day:02d} {hour:02d}:07:00") + timedelta(milliseconds=month.rng.randint(0, 59_000))
            signs.user(moment, inventory, CLI, "bare", interactive=False, incoming="refreshToken", session=session, agent=PYTHON, results={"mfa": "notApplied"})
        for hour in range(0, 24, 6):
            moment = at(f"2026-05-{day:02d} {hour:02d}:30:00") + timedelta(milliseconds=month.rng.randint(0, 9_000))
            signs.user(moment, sync, CONNECT, "password", interactive=False, protocol="ropc", resource=DIRECTORY, agent=None,
                       app_name="Microsoft Azure Active Directory Connect")
        if day % 3 == 1:
            signs.user(month.when(day, 6, 8), EXTRA["mail"], guid(NAME, "app", "mail"), "password", interactive=False, protocol="ropc", resource=EXCHANGE,
                       client="IMAP4", app_name="Old mail program", agent="BAV2ROPC")
        if day >= demo.ENFORCED:
            signs.user(month.when(day, 12, 13), month.people["svc.release"], CLI, "bare", interactive=False, protocol="ropc", error=50076, agent=PYTHON,
                       results={"mfa": "failure"})


def failures(month):
    """Sign-ins that did not come to an end, and people who changed nothing."""
    signs, people = month.signs, month.people
    for day in (19, 20, 22, 26):
        moment, correlation = month.when(day, 8, 10), guid(NAME, "umar", day)
        signs.user(moment, people["umar.khan"], PORTAL, "password", error=50074, requirement="multi", correlation=correlation)
        signs.user(moment + timedelta(seconds=9), people["umar.khan"], PORTAL, "password", error=50072, requirement="multi", correlation=correlation)
    for day, key, proof in ((12, "david.novak", "declined"), (19, "ivan.petrov", "no_answer"), (21, "olga.melnyk", "declined")):
        moment, correlation = month.when(day, 7, 9), guid(NAME, "refused", day)
        signs.user(moment, people[key], PORTAL, proof, error=500121, correlation=correlation)
        signs.user(moment + timedelta(seconds=48), people[key], PORTAL, "app", correlation=correlation)
    for day, key in enumerate(month.crew[:14], 4):
        signs.user(month.when(day, 7, 9), people[key], PORTAL, "bare", error=50140)
        signs.user(month.when(day, 9, 17), people[key], PORTAL, "bare", error=50058)
    milo = {"guest": True, "home": FABRIKAM, "cross": "b2bCollaboration"}
    signs.user(at("2026-05-23 22:14:05.5"), people["milo.varga"], PORTAL, "password", error=53003, ip="203.0.113.201", results={"countries": "failure"},
               risk="high", **milo)
    signs.user(at("2026-05-24 22:20:00.25"), people["milo.varga"], PORTAL, "wrong_password", error=50126, **milo)
    for day in (4, 11, 18, 25):
        signs.user(month.when(day, 8, 16), EXTRA["lise.holm"], PORTAL, "password", results={"mfa": "notApplied"})
        signs.user(month.when(day, 8, 16), EXTRA["nils.ek"], CLI, "bare", interactive=False, incoming="refreshToken", results={"mfa": "notApplied"})
        signs.user(month.when(day, 8, 16), EXTRA["sofia"], PORTAL, "claim", guest=True, home=CONTOSO, cross="b2bCollaboration")
        signs.user(month.when(day, 8, 16), people["pablo.soto"], PORTAL, "remembered")
        signs.user(month.when(day, 8, 16), people["david.novak"], None, "password", resource="adfs", app_name="", agent=None)
    signs.user(at("2026-05-25 06:00:00"), people["noor.jansen"], guid(NAME, "app", "mail"), "password", resource=EXCHANGE, client="Authenticated SMTP",
               app_name="Label printer", agent="BAV2ROPC", protocol="ropc", interactive=False)
    signs.program(at("2026-05-19 03:00:00"), people["sp-backup"], guid(NAME, "app", "backup"), error=53003, credential="clientSecret")


def noise(month):
    """Devices that are unlocked, brokers that fetch tokens, mail and chat."""
    signs, people = month.signs, month.people
    for day in range(1, 32):
        for key in month.rng.sample(month.crew, 3):
            who = people[key]
            hello = key in ("carla.mendes", "lena.vogel")
            moment = month.when(day, 6, 9)
            signs.user(moment, who, WINDOWS, "hello_single" if hello else "password", resource=DIRECTORY, agent=None, client="Mobile Apps and Desktop clients",
                       device={"deviceId": guid(NAME, "device", key), "displayName": f"LT-{key.split('.')[0].upper()}", "operatingSystem": "Windows11",
                               "browser": "", "isCompliant": True, "isManaged": True, "trustType": "Azure AD joined"})
            signs.user(moment + timedelta(seconds=3), who, BROKER, "claim" if hello else "bare", interactive=False, resource=GRAPH, incoming="primaryRefreshToken")
    for key in month.crew:
        signs.user(month.when(month.rng.randint(1, 31), 8, 17), people[key], guid(NAME, "app", "chat"), "bare", interactive=False, resource=GRAPH,
                   incoming="refreshToken", app_name="Chat", agent=EDGE)


def audits(month):
    """Who changed policies, and who registered a method, in the directory's own log."""
    people, log = month.people, Audits(NAME, month.story.tenant)
    root = people["aino.korhonen"]
    session = next(record for record in month.signs.records if record["userId"] == root["oid"] and record["sessionId"])
    mine = {"session": session["sessionId"], "token": session["id"], "agent": EDGE}
    when, both, policy = at("2026-05-18 05:40:00.5"), guid(NAME, "policy change"), guid(NAME, "policy", "mfa")
    log.audit(when, "Update policy", "Policy", "Update", root, [target("Policy", policy, "MFA for Azure management", change(
        "PolicyDetail", ['{"Version":0,"State":"Reporting"}'], ['{"Version":0,"State":"Enabled"}']))], correlation=both)
    log.audit(when + timedelta(milliseconds=388), "Update conditional access policy", "Policy", "Update", root, [target(
        "Policy", policy, "MFA for Azure management", {"displayName": "ConditionalAccessPolicy", "oldValue": policy_json("enabledForReportingButNotEnforced", ["mfa"]),
                                                       "newValue": policy_json("enabled", ["mfa"])})],
        prefix="IPCGraph", service="Conditional Access", correlation=both, details=[{"key": "Category", "value": "Conditional Access"}], **mine)
    for day, key in ((19, "david.novak"), (20, "olga.melnyk"), (20, "jana.kralova"), (20, "rosa.greco")):
        who = people[key]
        log.audit(month.when(day, 9, 16), "User registered security info", "UserManagement", "Update", who, [user_target(who["oid"], who["upn"], who["name"])],
                  service="Authentication Methods", reason="User registered Authenticator App", prefix="AuthMethods")
    log.audit(at("2026-05-17 03:20:00"), "Hard Delete user", "UserManagement", "Delete", people["breakglass-01"],
              [user_target(guid(NAME, "principal", "left"), "left@woodgrove.example", None, change("Is Hard Deleted", "False", "True"))])
    log.records.sort(key=lambda record: (record["activityDateTime"], record["id"]))
    return log.records


def known(month):
    """Registrations, resources, roles of Azure, roles of Entra, and accounts."""
    people = month.people
    have = {**{key: "app" for key in month.crew}, "aino.korhonen": "passkey", "zane.cole": "passkey", "carla.mendes": "hello", "lena.vogel": "hello",
            "grace.owusu": "sms", "ivan.petrov": "sms", "umar.khan": "none", "milo.varga": "email", "svc.release": "none", "breakglass-01": "none"}
    guests, admins = ("milo.varga", "sofia"), ("aino.korhonen", "breakglass-01", "zane.cole")
    registrations = [directory.registration(people[key], kind, key in admins, type="guest" if key in guests else "member", updated="2026-05-31T03:00:00.1234567Z")
                     for key, kind in have.items()]
    registrations += [directory.registration(EXTRA[key], kind, type="guest" if key in guests else "member", updated="2026-05-31T03:00:00.1234567Z")
                      for key, kind in (("lise.holm", "none"), ("nils.ek", "app"), ("inventory", "none"), ("mail", "none"), ("sync", "none"), ("sofia", "none"))]
    resources = [directory.resource(place, demo.region(place), {"env": env}) for env, subscription in (
        ("production", demo.PRODUCTION), ("staging", demo.STAGING), ("sandbox", demo.SANDBOX)) for place in demo.places()[subscription]]
    production, staging = f"/subscriptions/{demo.PRODUCTION}", f"/subscriptions/{demo.STAGING}"
    roles = [directory.azure_role(NAME, "Owner", people[key], production) for key in ("aino.korhonen", "breakglass-01", "zane.cole")]
    roles += [directory.azure_role(NAME, "Contributor", people[key], staging) for key in month.crew]
    roles += [directory.azure_role(NAME, "Contributor", people[key], production) for key in ("svc.release", "milo.varga", "umar.khan")]
    roles += [directory.azure_role(NAME, "Reader", EXTRA[key], production) for key in ("inventory", "lise.holm", "nils.ek")]
    roles += [directory.azure_role(NAME, "Contributor", {**people[key], "upn": None}, production, "ServicePrincipal") for key in ("sp-deploy", "sp-backup", "mi-dispatch")]
    entra = [directory.entra_role(NAME, "Global Administrator", people[key]) for key in ("aino.korhonen", "breakglass-01")]
    entra += [directory.entra_role(NAME, "Conditional Access Administrator", people["zane.cole"]), directory.entra_role(NAME, "Directory Synchronization Accounts", EXTRA["sync"])]
    users = [directory.graph_user(who, type="Guest" if who["key"] in ("milo.varga", "sofia.reis") else "Member", synced=who["key"].startswith("Sync") or None,
                                  job="Service account" if who["key"].startswith("svc") else "Planner", created=f"2025-{1 + number % 12:02d}-03T08:00:00Z")
             for number, who in enumerate([people[key] for key in have] + list(EXTRA.values()))]
    return registrations, resources, roles, entra, users


def side_inputs(month):
    """Name of the file to its text and what it accounts for: (format, table, records)."""
    registrations, resources, roles, entra, users = known(month)
    path = "reports/authenticationMethods/userRegistrationDetails"
    return {
        "registrations.json": (directory.graph_page(registrations, path), "entra_registration", "registration", len(registrations)),
        "resources.json": (directory.az_array(resources), "azure_resource", "resource", len(resources)),
        "azure-roles.json": (directory.az_array(roles), "azure_role_assignment", "role_assignment", len(roles)),
        "entra-roles.json": (directory.graph_page(entra, "roleManagement/directory/roleAssignments"), "entra_role_assignment", "role_assignment", len(entra)),
        "users.json": (directory.graph_page(users, "users"), "entra_user", "directory_user", len(users)),
    }


# Lists that are given by name, and are no exports.
LISTS = {
    "break-glass.txt": "# Accounts for emergencies, one a line\nbreakglass-01@woodgrove.example\n",
    "apps.csv": "app_id,name\n" + guid(NAME, "app", "deploy") + ",Deployments of Woodgrove\n" + guid(NAME, "app", "backup") + ",Backup of Woodgrove\n",
}
