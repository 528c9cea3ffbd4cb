"""Woodgrove Freight, May 2026: thirty people, three subscriptions, sixty resources, one month.

A contractor deletes with a password only, a release pipeline runs on a person's account, a
break-glass account is used on a Sunday night, and enforcement moves from audit in West Europe to
deny in North Europe on the 18th, after which most people come back with MFA. The 10th has no data.
"""

from datetime import timedelta

from story import CLI, MOBILE, PORTAL, POWERSHELL, Story, Who, at, guid
from tenant import op, rid

NAME = "woodgrove"
PRODUCTION, STAGING, SANDBOX = (guid(NAME, "subscription", name) for name in ("production", "staging", "sandbox"))
REGIONS = {"weu": "westeurope", "neu": "northeurope", "eus": "eastus"}
ENFORCED = 18

PEOPLE = """aino.korhonen Aino Korhonen|bruno.costa Bruno Costa|carla.mendes Carla Mendes|david.novak David Novák|elif.demir Elif Demir|
farid.nazari Farid Nazari|grace.owusu Grace Owusu|hana.sato Hana Satō|ivan.petrov Ivan Petrov|jana.kralova Jana Králová|kofi.mensah Kofi Mensah|
lena.vogel Lena Vogel|mateo.rios Mateo Ríos|noor.jansen Noor Jansen|olga.melnyk Olga Melnyk|pablo.soto Pablo Soto|quinn.ryan Quinn Ryan|
rosa.greco Rosa Greco|samir.aziz Samir Aziz|tuva.berg Tuva Berg|umar.khan Umar Khan|vera.lind Vera Lind|wanda.nowak Wanda Nowak|
xavier.roy Xavier Roy|yara.haddad Yara Haddad|zane.cole Zane Cole"""


def cast(story):
    people, rng = [], story.rng
    for number, entry in enumerate(PEOPLE.replace("\n", "").split("|")):
        key, name = entry.split(" ", 1)
        habit = [("pwd,mfa", "p1"), ("pwd,rsa,mfa", None), ("pwd,mfa", None)][number % 3]
        if number in (3, 9, 14, 20):
            habit = ("pwd", None)
        if number == 17:
            habit = ("wiaormfa", None)
        people.append(Who(story, key, upn=f"{key}@woodgrove.example", name=name, ip=f"192.0.2.{20 + number}", amr=habit[0], acrs=habit[1],
                          app=rng.choice([PORTAL, PORTAL, CLI, POWERSHELL])))
    special = {
        "contractor": Who(story, "milo.varga", upn="milo.varga@fabrikam.example", name="Milo Varga (contractor)", ip="198.51.100.66", amr="pwd", guest=True),
        "release": Who(story, "svc.release", upn="svc.release@woodgrove.example", name="Release pipeline", ip="198.51.100.200", amr="pwd"),
        "glass": Who(story, "breakglass-01", upn="breakglass-01@woodgrove.example", name="Break glass 01", ip="203.0.113.250", amr="pwd", app=PORTAL, role="Owner"),
        "quiet": Who(story, "old.script", upn="old.script@woodgrove.example", name="Old inventory script", ip="192.0.2.99", app=POWERSHELL),
        "deployer": Who(story, "sp-deploy", "app", ip="203.0.113.15", app=guid(NAME, "app", "deploy"), app_name="woodgrove-deploy", appidacr="2"),
        "backup": Who(story, "sp-backup", "app", ip="203.0.113.16", app=guid(NAME, "app", "backup"), app_name="woodgrove-backup", appidacr="1"),
        "identity": Who(story, "mi-dispatch", "identity", ip="192.0.2.200", app=guid(NAME, "app", "dispatch"),
                        mirid=rid(PRODUCTION, "rg-dispatch-weu", "Microsoft.Web/sites", "app-dispatch")),
    }
    return people, special


def places():
    """Sixty resources; the group's last part names the region."""
    kinds = [("Microsoft.Storage/storageAccounts", "stwoodgrove"), ("Microsoft.Web/sites", "app-"), ("Microsoft.Compute/virtualMachines", "vm-"),
             ("Microsoft.Sql/servers", "sql-"), ("Microsoft.KeyVault/vaults", "kv-"), ("Microsoft.Network/networkSecurityGroups", "nsg-")]
    topics = ["dispatch", "billing", "tracking", "customs", "fleet", "portal", "maps", "labels", "yard", "rates"]
    found = {PRODUCTION: [], STAGING: [], SANDBOX: []}
    for number in range(60):
        kind, prefix = kinds[number % 6]
        topic = topics[number // 6]
        subscription = PRODUCTION if number < 30 else STAGING if number < 48 else SANDBOX
        region = ["weu", "neu", "weu", "eus", "neu", "weu"][number // 5 % 6] if subscription != SANDBOX else "eus"
        found[subscription].append(rid(subscription, f"rg-{topic}-{region}", kind, prefix + topic))
    return found


def region(resource):
    return REGIONS[resource.split("/")[4].rsplit("-", 1)[1]]


def tell():
    story = Story(NAME, "mg-woodgrove", 20260501)
    people, special = cast(story)
    found = places()
    for day in range(1, 32):
        if day == 10:
            continue
        weekend = at(f"2026-05-{day:02d} 00:00:00").weekday() >= 5
        ordinary(story, people, found, day, 2 if weekend else 18)
        automation(story, special, found, day)
    contractor(story, special["contractor"], found)
    break_glass(story, special["glass"], found)
    old_script(story, special["quiet"], found)
    story.events.sort(key=lambda event: (event["eventTimestamp"], event["eventDataId"]))
    return story


def when(story, day, low, high):
    return at(f"2026-05-{day:02d} 00:00:00") + timedelta(hours=low) + timedelta(microseconds=story.rng.randrange((high - low) * 3_600_000_000))


def write(story, moment, who, resource, verb="write", **more):
    """A write as the tenant's policies see it: audited in West Europe, refused in North Europe from the 18th."""
    place, day = region(resource), moment.day
    single = who.token == "user" and "mfa" not in (more.get("amr", who.amr) or "mfa").split(",")
    if single and place == "northeurope" and day >= ENFORCED and verb == "write":
        return story.attempt(moment, who, op(resource, verb), resource, "SF", **more, **story.denied(["write_deny"], place))
    if single and place == "westeurope":
        more["policies"] = [{"names": ["delete_audit" if verb == "delete" else "write_audit"], "region": place}]
    return story.attempt(moment, who, op(resource, verb), resource, "SX", **more)


def ordinary(story, people, found, day, number):
    rng = story.rng
    for _ in range(number):
        who = rng.choice(people)
        resource = rng.choice(found[rng.choice([PRODUCTION, PRODUCTION, STAGING, SANDBOX])])
        moment = when(story, day, 6, 18)
        # People without MFA learn: from the 21st on, most of them have registered.
        learned = {"amr": "pwd,mfa", "acrs": "p1"} if who.amr in ("pwd", "wiaormfa") and day >= 21 and who.key != "umar.khan" else {}
        chance = rng.random()
        if chance < 0.12:
            write(story, moment, who, resource, "delete", **learned)
        elif chance < 0.22 and "/storageAccounts/" in resource:
            story.attempt(moment, who, op(resource, "listKeys/action"), resource, "X", **learned)
        elif chance < 0.26 and "/virtualMachines/" in resource:
            story.attempt(moment, who, op(resource, "restart/action"), resource, "SX", app=MOBILE, **learned)
        else:
            write(story, moment, who, resource, **learned)


def automation(story, special, found, day):
    rng = story.rng
    for hour in (2, 10, 18):
        # The release pipeline on a person's account: round the clock, weekends too, one address.
        resource = rng.choice(found[PRODUCTION][:18])
        write(story, when(story, day, hour, hour + 1), special["release"], resource)
    for key, number in (("deployer", 3), ("backup", 1), ("identity", 2)):
        for _ in range(number):
            resource = rng.choice(found[PRODUCTION] + found[STAGING])
            story.attempt(when(story, day, 0, 23), special[key], op(resource), resource, "SX")


def contractor(story, who, found):
    for day, hour in ((6, 21), (7, 22), (13, 21), (14, 23), (15, 22), (20, 21), (27, 22)):
        for resource in story.rng.sample(found[PRODUCTION], 3):
            write(story, when(story, day, hour, hour + 1), who, resource, "delete")


def break_glass(story, who, found):
    night = at("2026-05-17 03:12:08.441702")
    firewall = next(resource for resource in found[PRODUCTION] if "/Microsoft.Sql/servers/" in resource)
    story.attempt(night, who, "Microsoft.Authorization/roleAssignments/write",
                  f"/subscriptions/{PRODUCTION}/providers/Microsoft.Authorization/roleAssignments/{guid(NAME, 'role')}", "SX")
    story.attempt(night + timedelta(minutes=4), who, "Microsoft.Sql/servers/firewallRules/write", firewall + "/firewallRules/allow-all", "SX")
    story.attempt(night + timedelta(minutes=9), who, op(found[PRODUCTION][4], "delete"), found[PRODUCTION][4], "SX")


def old_script(story, who, found):
    """A token with neither amr nor acrs: unknown, and shown as such."""
    for day in (5, 12, 19, 26):
        write(story, when(story, day, 4, 5), who, found[SANDBOX][0])
