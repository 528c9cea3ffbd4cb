"""Tailwind Traders: one small tenant, five days in March 2026, the fourth of the month without data.

Every rule of the reports has somebody who shows it; `README.md` lists who stands for what.
"""

from datetime import timedelta

from story import CLI, MOBILE, POLICY_INSIGHTS, PORTAL, POWERSHELL, Story, Who, at, guid

NAME = "tailwind"
SHOP, LAB = guid(NAME, "subscription", "shop"), guid(NAME, "subscription", "lab")


def cast(story):
    def user(key, name, ip, **more):
        return Who(story, key, "user", more.pop("upn", f"{key}@tailwind.example"), name, ip, **more)

    identity = f"/subscriptions/{SHOP}/resourcegroups/rg-orders/providers/Microsoft.Web/sites/app-orders"
    return {
        "ana": user("ana.lima", "Ana Lima", "192.0.2.10", app=PORTAL, amr="pwd,mfa", acrs="p1", role="Owner"),
        "bo": user("bo.svensson", "Bo Svensson", "198.51.100.23", amr="pwd"),
        "chidi": user("chidi.okafor", "Chidi Okafor", "192.0.2.11", app=POWERSHELL, amr="pwd,rsa,mfa"),
        "dana": user("dana.weiss", "Dana Weiß", "192.0.2.12", app=PORTAL, amr="pwd,ngcmfa"),
        "emre": user("emre.kaya", "Emre Kaya", "192.0.2.13", app=POWERSHELL, amr="wiaormfa"),
        "fatima": user("fatima.haddad", "Fatima Haddad", "203.0.113.40", amr="pwd", acrs="p1"),
        "gwen": user("gwen.tran", "Gwen Tran", "203.0.113.77", app=PORTAL, amr="pwd", upn="gwen.tran@fabrikam.example", guest=True),
        "hugo": user("hugo.martin", "Hugo Martin", "192.0.2.14", amr="pwd", idtyp=None),
        "ines": user("ines.duarte", "Ines Duarte", "192.0.2.15", app=MOBILE),
        "terraform": user("svc.terraform", "Terraform (service account)", "198.51.100.200", amr="pwd"),
        "pipeline": Who(story, "sp-pipeline", "app", ip="203.0.113.5", app=guid(NAME, "app", "pipeline"), appidacr="1"),
        "backup": Who(story, "sp-backup", "app", ip="203.0.113.6", app=guid(NAME, "app", "backup")),
        "partner": Who(story, "sp-partner", "app", ip="203.0.113.7", app=guid(NAME, "app", "partner"), idtyp=None),
        "orders": Who(story, "mi-orders", "identity", ip="192.0.2.60", app=guid(NAME, "app", "orders"), mirid=identity),
        "scan": Who(story, "policy-insights", "app", ip="192.0.2.90", app=POLICY_INSIGHTS),
        "autoscale": Who(story, "autoscale", "engine"),
        "nobody": Who(story, "nobody", "nobody"),
    }


def rid(subscription, group, kind, name, *tail):
    """Resource id; the spelling of `resourceGroups` differs on purpose, as it does in real logs."""
    return "/".join([f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind}/{name}", *tail])


def places():
    storage, vm, web, sql = "Microsoft.Storage/storageAccounts", "Microsoft.Compute/virtualMachines", "Microsoft.Web/sites", "Microsoft.Sql/servers"
    return {
        "stcat": rid(SHOP, "rg-shop", storage, "sttailwindcatalog"), "stimg": rid(SHOP, "rg-shop", storage, "sttailwindimages"),
        "stlog": rid(SHOP, "rg-shop", storage, "sttailwindlogs"), "plan": rid(SHOP, "rg-shop", "Microsoft.Web/serverFarms", "plan-shop"),
        "shop": rid(SHOP, "rg-shop", web, "app-shop"), "cdn": rid(SHOP, "rg-shop", "Microsoft.Cdn/profiles", "cdn-shop"),
        "kv": rid(SHOP, "rg-shop", "Microsoft.KeyVault/vaults", "kv-shop"), "orders": rid(SHOP, "rg-orders", web, "app-orders"),
        "sql": rid(SHOP, "rg-orders", sql, "sql-orders"), "db": rid(SHOP, "rg-orders", sql, "sql-orders", "databases", "orders"),
        "fw": rid(SHOP, "rg-orders", sql, "sql-orders", "firewallRules", "office"), "bus": rid(SHOP, "rg-orders", "Microsoft.ServiceBus/namespaces", "bus-orders"),
        "vnet": rid(SHOP, "rg-orders", "Microsoft.Network/virtualNetworks", "vnet-orders"),
        "subnet": rid(SHOP, "rg-orders", "Microsoft.Network/virtualNetworks", "vnet-orders", "subnets", "web"),
        "nsg": rid(SHOP, "rg-orders", "Microsoft.Network/networkSecurityGroups", "nsg-web"),
        "vm1": rid(LAB, "rg-lab", vm, "vm-lab-01"), "vm2": rid(LAB, "rg-lab", vm, "vm-lab-02"), "vm3": rid(LAB, "rg-lab", vm, "vm-lab-03"),
        "disk": rid(LAB, "rg-lab", "Microsoft.Compute/disks", "disk-lab-01"), "nic": rid(LAB, "rg-lab", "Microsoft.Network/networkInterfaces", "nic-lab-01"),
        "stlab": rid(LAB, "rg-lab", storage, "sttailwindlab"), "stdata": rid(LAB, "rg-data", storage, "sttailwinddata"),
        "ml": rid(LAB, "rg-data", "Microsoft.MachineLearningServices/workspaces", "ml-demand"),
        "lake": rid(LAB, "rg-data", storage, "sttailwindlake"), "adf": rid(LAB, "rg-data", "Microsoft.DataFactory/factories", "adf-demand"),
        "deploy1": rid(SHOP, "rg-shop", "Microsoft.Resources/deployments", "shop-202603021"),
        "deploy2": rid(LAB, "rg-data", "Microsoft.Resources/deployments", "demand-7"),
        "rgdata": f"/subscriptions/{LAB}/resourceGroups/rg-data",
        "role": rid(SHOP, "rg-orders", sql, "sql-orders", "providers", "Microsoft.Authorization", "roleAssignments", guid(NAME, "assignment")),
        "assignment": "/providers/Microsoft.Management/managementGroups/mg-tailwind/providers/Microsoft.Authorization/policyAssignments/mfa-write-audit",
    }


REGIONS = {"rg-shop": "westeurope", "rg-orders": "northeurope", "rg-lab": "eastus", "rg-data": "eastus"}


def region(resource):
    return REGIONS[resource.split("/")[4]]


def tell():
    """The whole week, in the order of the log."""
    story = Story(NAME, "mg-tailwind", 20260302)
    who, res = cast(story), places()
    monday(story, who, res)
    tuesday(story, who, res)
    thursday(story, who, res)
    friday(story, who, res)
    routine(story, who, res)
    story.events.sort(key=lambda event: (event["eventTimestamp"], event["eventDataId"]))
    return story


def told(place, *names, **more):
    return {"names": list(names), "region": region(place), **more}


def op(resource, verb="write"):
    parts = resource.split("/")[6:]
    name = "/".join([parts[0]] + parts[1::2])
    return f"{name}/{verb}"


def monday(story, who, res):
    day = "2026-03-02 "
    story.attempt(day + "08:01:12.345", who["ana"], "Microsoft.Authorization/policyAssignments/write", res["assignment"])
    # Bo writes with a password only; the audit policy sees it.
    story.attempt(day + "08:15:40.120", who["bo"], op(res["stcat"]), res["stcat"], "SAX", policies=[told(res["stcat"], "write_audit")])
    # One event that names two policies, one of them about MFA.
    story.attempt(day + "08:31:05.500", who["bo"], op(res["stimg"]), res["stimg"], policies=[told(res["stimg"], "https", "write_audit")])
    # POST actions without MFA: counted beside the writes.
    story.attempt(day + "08:40:00.750", who["bo"], op(res["stcat"], "listKeys/action"), res["stcat"], "X")
    story.attempt(day + "09:02:33.010", who["chidi"], op(res["shop"]), res["shop"])
    story.attempt(day + "09:20:18.222", who["dana"], op(res["kv"]), res["kv"])
    story.attempt(day + "09:45:51.001", who["emre"], op(res["plan"]), res["plan"], policies=[told(res["plan"], "write_audit")])
    story.attempt(day + "10:03:27.900", who["fatima"], op(res["sql"]), res["sql"], "SAX")
    story.attempt(day + "10:30:00.004", who["gwen"], op(res["vm1"], "start/action"), res["vm1"], "SAX")
    story.attempt(day + "10:41:13.640", who["hugo"], op(res["disk"]), res["disk"])
    story.attempt(day + "11:00:00.100", who["ines"], op(res["vm1"], "delete"), res["vm1"], "SAF")
    deployment(story, who["pipeline"], at(day + "12:00:00.000"), res["deploy1"], [res["stlog"], res["cdn"], res["shop"]])
    # Delete audit: the operation says audit, the policy's own effect says auditAction.
    story.attempt(day + "13:14:15.926", who["bo"], op(res["stlog"], "delete"), res["stlog"], policies=[told(res["stlog"], "delete_audit", effect="audit")])
    story.attempt(day + "14:22:10.333", who["orders"], op(res["bus"], "authorizationRules/listKeys/action"), res["bus"], "X")
    reads(story, who["ana"], day + "15:00:00.000", res["kv"])
    scan(story, who["scan"], day + "16:30:00.000", res["stcat"], "https")
    autoscale(story, who["autoscale"], day + "17:10:00.000", res["plan"])


def tuesday(story, who, res):
    day = "2026-03-03 "
    # Microsoft's own assignment refuses a write: the request's row and the policy's row.
    story.attempt(day + "07:58:01.250", who["bo"], op(res["vm2"]), res["vm2"], "F", **story.denied(["system_write"], "eastus"))
    # Refused again, seconds later, with a Started row this time.
    story.attempt(day + "07:59:30.700", who["bo"], op(res["vm2"]), res["vm2"], "SF", **story.denied(["system_write"], "eastus"))
    # A delete refused by denyAction.
    story.attempt(day + "08:12:45.450", who["terraform"], op(res["nic"], "delete"), res["nic"], "F", **story.denied(["system_delete"], "eastus"))
    # Self-enforced deny in North Europe.
    story.attempt(day + "09:05:05.505", who["terraform"], op(res["sql"]), res["sql"], "SF", **story.denied(["write_deny"], "northeurope"))
    # Nothing but the policy's row tells of this request.
    lost = dict(who=who["bo"], claims=who["bo"].claims(at(day + "09:30:00.000"), CLI, "pwd", None), correlation=guid(NAME, "lost", 1),
                operation_id=guid(NAME, "lost", 1), ip="198.51.100.23", method="PUT", authorization=True)
    story.policy_event(at(day + "09:30:00.000"), op(res["stdata"]), res["stdata"], told(res["stdata"], "system_write"), lost)
    # A policy that is not about MFA refuses a user who did MFA.
    story.attempt(day + "10:10:10.100", who["ana"], op(res["lake"]), res["lake"], "SF", **story.denied(["locations"], "eastus"))
    # The subnet's write is audited on its network: joined by correlation id and operation.
    story.attempt(day + "11:20:00.300", who["terraform"], op(res["subnet"]), res["subnet"], "SAX",
                  policies=[told(res["vnet"], "write_audit", resource=res["vnet"])])
    # The deployment's action on the workspace itself: joined by correlation id and resource.
    story.attempt(day + "12:40:21.210", who["terraform"], op(res["ml"]), res["ml"], "SAX",
                  policies=[told(res["ml"], "write_audit", action="Microsoft.Resources/deployments/write"), told(res["ml"], "tags")])
    deployment(story, who["terraform"], at(day + "13:30:00.000"), res["deploy2"], [res["stdata"], res["adf"], res["stdata"]],
               audited=[res["adf"]], rows=["SF", "SAX", "SX"])
    # A token with an authentication context that is not p1, and one with contexts only.
    story.attempt(day + "14:01:00.060", who["bo"], op(res["nsg"]), res["nsg"], acrs="c1", policies=[told(res["nsg"], "write_audit")])
    story.attempt(day + "14:20:00.800", who["fatima"], op(res["db"]), res["db"], "SA", amr=None, acrs="c1,p1")
    story.attempt(day + "14:45:00.000", who["emre"], op(res["fw"]), res["fw"], amr=None, acrs="c2")
    story.attempt(day + "15:15:15.150", who["backup"], op(res["stimg"]), res["stimg"], policies=[told(res["stimg"], "https")])
    story.attempt(day + "16:00:00.160", who["partner"], op(res["cdn"], "purge/action"), res["cdn"], "SA")
    health(story, who["nobody"], day)


def thursday(story, who, res):
    day = "2026-03-05 "
    story.attempt(day + "06:30:00.630", who["gwen"], op(res["stlab"]), res["stlab"], policies=[told(res["stlab"], "write_audit")])
    story.attempt(day + "06:44:00.640", who["gwen"], op(res["stlab"], "delete"), res["stlab"], policies=[told(res["stlab"], "delete_audit")])
    story.attempt(day + "07:07:07.070", who["hugo"], op(res["vm2"]), res["vm2"], "S")
    story.attempt(day + "07:30:00.730", who["chidi"], op(res["vm3"]), res["vm3"], "SAC", app=CLI)
    story.attempt(day + "08:00:00.800", who["ana"], "Microsoft.Resources/subscriptions/resourceGroups/write", res["rgdata"])
    story.attempt(day + "08:30:00.830", who["ines"], op(res["stdata"]), res["stdata"])
    story.attempt(day + "09:00:00.900", who["ana"], "Microsoft.Authorization/roleAssignments/write", res["role"])
    # A row with neither claims nor caller.
    story.attempt(day + "10:00:00.010", who["nobody"], op(res["nic"]), res["nic"], "X")
    story.attempt(day + "11:11:11.111", who["bo"], op(res["orders"]), res["orders"], app=PORTAL)
    story.attempt(day + "11:40:00.400", who["bo"], op(res["orders"], "restart/action"), res["orders"], "X", app=PORTAL)
    story.attempt(day + "12:12:12.120", who["orders"], op(res["bus"]), res["bus"], "SX")
    story.attempt(day + "13:00:00.130", who["dana"], op(res["kv"], "delete"), res["kv"], "SX")
    scan(story, who["scan"], day + "16:30:00.000", res["shop"], "write_audit")
    reads(story, who["bo"], day + "17:00:00.000", res["shop"])


def friday(story, who, res):
    day = "2026-03-06 "
    story.attempt(day + "08:05:00.850", who["terraform"], op(res["shop"]), res["shop"], "SAX", policies=[
        told(res["shop"], "write_audit"), told(res["shop"], "diagnostics")])
    story.attempt(day + "08:35:00.835", who["terraform"], op(res["vm3"], "delete"), res["vm3"], "SAX", policies=[told(res["vm3"], "delete_audit")])
    story.attempt(day + "09:15:00.915", who["emre"], op(res["disk"], "delete"), res["disk"], "SF")
    story.attempt(day + "10:25:00.025", who["fatima"], op(res["fw"], "delete"), res["fw"], "X")
    story.attempt(day + "11:35:00.135", who["pipeline"], op(res["shop"], "config/write"), res["shop"] + "/config/web")
    story.attempt(day + "12:45:00.245", who["backup"], op(res["db"], "export/action"), res["db"], "SAX")
    story.attempt(day + "13:55:00.355", who["ana"], op(res["vm1"], "deallocate/action"), res["vm1"], "SAX", app=MOBILE)
    autoscale(story, who["autoscale"], day + "17:10:00.000", res["plan"])


def deployment(story, who, when, resource, parts, audited=(), rows=None):
    """One correlation id, several operations."""
    correlation = guid(NAME, "deployment", resource)
    story.attempt(when, who, "Microsoft.Resources/deployments/write", resource, "SAX", correlation=correlation)
    for number, part in enumerate(parts):
        moment = when + timedelta(seconds=40 * (number + 1))
        story.attempt(moment, who, op(part), part, rows[number] if rows else "SX", correlation=correlation,
                      policies=[told(part, "write_audit")] if part in audited else [])


def reads(story, who, when, resource):
    story.attempt(when, who, op(resource, "read"), resource, "X")


def scan(story, who, when, resource, name):
    """A compliance scan: nobody's request, kept out of every figure about policies."""
    when = at(when)
    shared = dict(who=who, claims=who.claims(when, who.app, None, None), correlation=guid(NAME, "scan", resource),
                  operation_id=guid(NAME, "scan", resource), ip=who.ip, method="POST", authorization=True)
    story.policy_event(when, "Microsoft.Resources/checkPolicyCompliance/read", resource,
                       told(resource, name, scan="True", action="Microsoft.Resources/checkPolicyCompliance/read"), shared)


def autoscale(story, who, when, resource):
    correlation = guid(NAME, "autoscale", when)
    for number, status in enumerate(["Started", "Succeeded"]):
        story.event(at(when) + timedelta(seconds=31 * number), "Microsoft.Insights/AutoscaleSettings/Scaleup/Action", resource, status, who=who,
                    claims=who.claims(at(when), None, None, None), correlation=correlation, category="Autoscale",
                    description="The autoscale engine scales the plan from 2 to 3 instances.")


def health(story, who, day):
    subscription = f"/subscriptions/{SHOP}"
    for number, status in enumerate(["Active", "Resolved"]):
        story.event(at(day + "18:00:00.000") + timedelta(hours=number), "Microsoft.ServiceHealth/incident/action", subscription, status, who=who,
                    correlation=guid(NAME, "incident"), category="ServiceHealth", level="Warning",
                    properties={"title": "Storage, West Europe", "service": "Storage", "region": "West Europe", "trackingId": "TW0-000"})
    machine = places()["vm1"]
    for number, status in enumerate(["Active", "Updated", "Resolved"]):
        story.event(at(day + "19:00:00.000") + timedelta(minutes=7 * number), "Microsoft.Resourcehealth/healthevent/Activated/action", machine, status,
                    who=who, correlation=guid(NAME, "health"), category="ResourceHealth", level="Critical",
                    properties={"title": "Unavailable", "currentHealthStatus": "Unavailable", "previousHealthStatus": "Available"})


def routine(story, who, res):
    """Everyday work that fills the days: seeded, two days, people and machines."""
    people = [("ana", ["shop", "kv", "nsg"]), ("chidi", ["vm1", "vm2", "stlab"]), ("pipeline", ["shop", "orders", "stimg"]),
              ("backup", ["stcat", "db"]), ("bo", ["stcat", "cdn"]), ("terraform", ["adf", "lake", "bus"]), ("orders", ["bus"])]
    for day in ("02", "06"):
        for key, names in people:
            when = at(f"2026-03-{day} 18:00:00.000") + timedelta(minutes=story.rng.randint(0, 290)) + story.pick(0, 59)
            resource = res[story.rng.choice(names)]
            audited = key in ("bo", "terraform") and region(resource) != "northeurope"
            story.attempt(when, who[key], op(resource), resource, policies=[told(resource, "write_audit")] if audited else [])
