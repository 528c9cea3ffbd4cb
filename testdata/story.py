"""What happened: invented tenants, told once as events in the shape of the Activity Log REST API.

Every name, GUID and address is made up: GUIDs are hashes of a label, addresses come from the
documentation ranges 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24. Nothing depends on the clock.
"""

import base64
import hashlib
import json
import random
import uuid
from datetime import datetime, timedelta, timezone

PORTAL = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
POWERSHELL = "1950a258-227b-4e31-a9cf-717495945fc2"
MOBILE = "0c1307d4-29d6-4389-a11c-5cbe7f65d7fa"
POLICY_INSIGHTS = "1d78a85d-813d-46f0-b496-dd72f50a3ec0"

MS = "http://schemas.microsoft.com/identity/claims/"
MSC = "http://schemas.microsoft.com/claims/"
WS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"

SHOWN = {
    "Microsoft.Storage/storageAccounts/write": "Create/Update Storage Account",
    "Microsoft.Storage/storageAccounts/delete": "Delete Storage Account",
    "Microsoft.Storage/storageAccounts/listKeys/action": "List Storage Account Keys",
    "Microsoft.Compute/virtualMachines/write": "Create or Update Virtual Machine",
    "Microsoft.Compute/virtualMachines/delete": "Delete Virtual Machine",
    "Microsoft.Compute/virtualMachines/start/action": "Start Virtual Machine",
    "Microsoft.Resources/subscriptions/resourceGroups/write": "Update resource group",
    "Microsoft.Resources/deployments/write": "Create Deployment",
}


def guid(*label):
    """A GUID that is always the same for a label; version 4 in its bits."""
    digest = hashlib.sha256("/".join(str(part) for part in label).encode()).digest()[:16]
    return str(uuid.UUID(bytes=digest, version=4))


def iso(when, digits=7):
    """UTC time with so many fractional digits, as Azure writes them."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond:06d}0"[:digits] + "Z"


def at(text):
    """`2026-03-02 08:05:11.201` as a UTC time."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def localizable(value, shown=None):
    return {"value": value, "localizedValue": shown or value}


def shown(operation):
    """How the portal shows an operation."""
    parts = operation.split("/")
    if parts[1] == "policies":
        return f"'{parts[2]}' Policy action."
    return SHOWN.get(operation) or f"{parts[-1].capitalize()} {' '.join(parts[1:-1])}"


class Policy:
    """A policy definition with the assignment that applied it."""

    def __init__(self, definition, display, effect, assignment, scope, **more):
        root = "/providers/Microsoft.Authorization/policyDefinitions/"
        self.effect = effect
        self.record = {
            "policyDefinitionId": more.get("root", root) + definition,
            "policyDefinitionName": definition,
            "policyDefinitionDisplayName": display,
            "policyDefinitionVersion": "1.1.0",
            "policyDefinitionEffect": effect,
            "policyAssignmentId": f"{scope}/providers/Microsoft.Authorization/policyAssignments/{assignment}",
            "policyAssignmentName": assignment,
            "policyAssignmentDisplayName": more.get("shown", assignment),
            "policyAssignmentScope": scope,
            "policyExemptionIds": [],
            "policyEnrollmentIds": [],
        }
        if "set" in more:
            initiative = f"{scope}/providers/Microsoft.Authorization/policySetDefinitions/{more['set']}"
            self.record["policySetDefinitionId"] = initiative
            self.record["policySetDefinitionName"] = more["set"]
            self.record["policyDefinitionReferenceId"] = more["reference"]


WRITE_TEXT = "Users must authenticate with multi-factor authentication to create or update resources"
DELETE_TEXT = "Users must authenticate with multi-factor authentication to delete resources"


def policies(tenant, group):
    """The policies of a tenant whose management group is `group`."""
    root = f"/providers/Microsoft.Management/managementGroups/{tenant}"
    scope = f"/providers/Microsoft.Management/managementGroups/{group}"
    write, delete = "4e6c27d5-a6ee-49cf-b2b4-d8fe90fa2b8b", "db4a9d17-db75-4f46-9fcb-9f9526604417"
    system = "Microsoft Azure Multi Factor Authentication Enforcement for Resource "
    return {
        "write_audit": Policy(write, WRITE_TEXT, "Audit", "mfa-write-audit", scope, shown="MFA for writes, audit"),
        "write_deny": Policy(write, WRITE_TEXT, "Deny", "mfa-write-deny-neu", scope, shown="MFA for writes, North Europe"),
        "delete_audit": Policy(delete, DELETE_TEXT, "AuditAction", "mfa-delete-audit", scope, shown="MFA for deletes, audit"),
        "system_write": Policy("54f51f64-eaa5-44cf-8674-830bcfd14d21", system + "Write Actions", "Deny", "sys.mfa-write", root),
        "system_delete": Policy("f69cd8b8-9a6e-46b4-be84-244e8b127944", system + "Delete Actions", "DenyAction", "sys.mfa-delete", root),
        "https": Policy(guid(group, "https"), "Storage accounts must use HTTPS", "audit", "storage-https", scope,
                        root=f"{scope}/providers/Microsoft.Authorization/policyDefinitions/", set="storage-baseline", reference="https"),
        "locations": Policy(guid(group, "locations"), "Allowed locations", "deny", "allowed-locations", scope,
                            root=f"{scope}/providers/Microsoft.Authorization/policyDefinitions/"),
        "tags": Policy(guid(group, "tags"), "Inherit the cost centre tag", "modify", "inherit-tag", scope,
                       root=f"{scope}/providers/Microsoft.Authorization/policyDefinitions/"),
        "diagnostics": Policy(guid(group, "diagnostics"), "Diagnostic settings must exist", "AuditIfNotExists", "diagnostics", scope,
                              root=f"{scope}/providers/Microsoft.Authorization/policyDefinitions/"),
    }


class Who:
    """Somebody or something that holds a token. `token` is a user, app, identity, scan, engine or nobody."""

    def __init__(self, story, key, token="user", upn=None, name=None, ip=None, **more):
        self.story, self.key, self.token, self.upn, self.name, self.ip = story, key, token, upn, name, ip
        self.oid = guid(story.name, "principal", key)
        self.app = more.pop("app", CLI)
        self.amr, self.acrs = more.pop("amr", None), more.pop("acrs", None)
        self.idtyp = more.pop("idtyp", "user" if token == "user" else "app")
        self.more = more

    def caller(self):
        if self.token == "nobody":
            return None
        if self.token == "engine":
            return "Microsoft.Insights/autoscaleSettings"
        if self.token == "user":
            return ("live.com#" if self.more.get("guest") else "") + self.upn
        return self.oid

    def claims(self, when, app, amr, acrs):
        """The claims of a token issued on the hour before `when`."""
        if self.token == "nobody":
            return {}
        if self.token == "engine":
            return {WS + "spn": "Microsoft.Insights/autoscaleSettings"}
        tenant, issued = self.story.tenant, int(when.timestamp()) // 3600 * 3600
        token = uuid.UUID(guid(self.story.name, "token", self.key, app, issued, amr))
        claims = {
            "aud": "https://management.core.windows.net/",
            "iat": str(issued),
        }
        if self.token == "user":
            if amr is not None:
                claims[MSC + "authnclassreference"] = "1"
                claims[MSC + "authnmethodsreferences"] = amr
            if acrs is not None:
                claims["acrs"] = acrs
        claims["appid"] = app
        claims["appidacr"] = "0" if self.token == "user" else self.more.get("appidacr", "2")
        if self.more.get("app_name"):
            claims["app_displayname"] = self.more["app_name"]
        if self.more.get("guest"):
            claims[MS + "identityprovider"] = "live.com"
        if self.idtyp:
            claims["idtyp"] = self.idtyp
        if self.token == "user":
            claims["ipaddr"] = self.ip
            claims["name"] = self.name
        claims[MS + "objectidentifier"] = self.oid
        if self.token == "user":
            if not self.idtyp:
                claims["puid"] = "10032000" + self.oid[:8].upper()
            claims[MS + "scope"] = "user_impersonation"
            if self.idtyp:
                claims["sid"] = guid(self.story.name, "session", self.key, when.date())
        claims[MS + "tenantid"] = tenant
        if self.token == "user":
            claims[WS + ("name" if self.more.get("guest") else "upn")] = self.caller()
        claims["uti"] = base64.urlsafe_b64encode(token.bytes_le).decode().rstrip("=")
        claims["ver"] = "1.0"
        if self.token == "identity":
            claims["xms_mirid"] = self.more["mirid"]
        return claims


class Story:
    """Events of one tenant in the order in which they are told."""

    def __init__(self, name, group, seed):
        self.name, self.group, self.tenant = name, group, guid(name, "tenant")
        self.rng, self.events, self.requests = random.Random(seed), [], 0
        self.policies = policies(self.tenant, group)

    def pick(self, low, high):
        """Whole milliseconds between two numbers of seconds."""
        return timedelta(milliseconds=self.rng.randint(int(low * 1000), int(high * 1000)))

    def event(self, when, operation, resource, status, **more):
        """One row of the log, in the shape of the REST API."""
        number = len(self.events)
        event_id = guid(self.name, "event", number)
        parts = resource.strip("/").split("/")
        lower = [part.lower() for part in parts]
        subscription = parts[1] if lower[0] == "subscriptions" else None
        group = parts[lower.index("resourcegroups") + 1] if "resourcegroups" in lower else None
        kind = resource_type(resource)
        category, who = more.get("category", "Administrative"), more.get("who")
        record = {}
        if more.get("authorization", True) and who and who.token not in ("engine", "nobody"):
            record["authorization"] = {"action": more.get("action", operation), "scope": more.get("scope", resource),
                                       "role": who.more.get("role", "Contributor")}
        if who and who.caller():
            record["caller"] = who.caller()
        record["channels"] = "Admin, Operation" if category != "Administrative" else "Operation"
        record["claims"] = more.get("claims", {})
        record["correlationId"] = more["correlation"]
        record["description"] = more.get("description", "")
        record["eventDataId"] = event_id
        if "phase" in more:
            record["eventName"] = localizable(more["phase"], {"BeginRequest": "Begin request", "EndRequest": "End request"}.get(more["phase"]))
        record["category"] = localizable(category)
        if who and who.ip and more.get("method"):
            record["httpRequest"] = {"clientRequestId": guid(self.name, "request", more["correlation"]),
                                     "clientIpAddress": more.get("ip", who.ip), "method": more["method"]}
        ticks = int((when - datetime(1, 1, 1, tzinfo=timezone.utc)) / timedelta(microseconds=1)) * 10
        record["id"] = f"{resource}/events/{event_id}/ticks/{ticks}"
        record["level"] = more.get("level", "Informational")
        if group:
            record["resourceGroupName"] = group
        record["resourceProviderName"] = localizable(kind.split("/")[0])
        record["resourceId"] = resource
        record["resourceType"] = localizable(more.get("type", kind))
        record["operationId"] = more.get("operation_id", more["correlation"])
        record["operationName"] = localizable(operation, shown(operation))
        place = f"{self.tenant}/{self.group}" + (f"/{subscription}" if subscription else "")
        record["properties"] = {"eventCategory": category, "hierarchy": place, **more.get("properties", {})}
        record["status"] = localizable(status)
        sub = more.get("sub", "")
        record["subStatus"] = localizable(sub, f"{sub} (HTTP Status Code: {CODES[sub]})" if sub in CODES else None)
        record["eventTimestamp"] = iso(when)
        record["submissionTimestamp"] = iso(when + timedelta(seconds=97))
        if subscription:
            record["subscriptionId"] = subscription
        record["tenantId"] = self.tenant
        record["relatedEvents"] = []
        self.events.append(record)
        return record

    def attempt(self, when, who, operation, resource, rows="SX", **more):
        """One request: `rows` are its rows, S(tarted) A(ccepted) X (succeeded) F(ailed) C(anceled)."""
        when = at(when) if isinstance(when, str) else when
        self.requests += 1
        app, amr, acrs = more.get("app", who.app), more.get("amr", who.amr), more.get("acrs", who.acrs)
        claims = who.claims(when, app, amr, acrs)
        correlation = more.get("correlation") or guid(self.name, "correlation", self.requests)
        operation_id = more.get("operation_id") or (guid(self.name, "operation", self.requests) if "correlation" in more else correlation)
        verb = operation.rsplit("/", 1)[1]
        shared = dict(who=who, claims=claims, correlation=correlation, operation_id=operation_id, ip=more.get("ip", who.ip),
                      method={"write": "PUT", "delete": "DELETE"}.get(verb, "POST"), authorization=more.get("authorization", True))
        moment = when
        for row in rows:
            status, sub = {"S": ("Started", ""), "A": ("Accepted", "Accepted"), "C": ("Canceled", ""),
                           "F": ("Failed", more.get("failure", "Conflict")),
                           "X": ("Succeeded", "Created" if verb == "write" else "OK")}[row]
            extra = {"statusCode": sub} if sub else {}
            if row == "F":
                extra["statusMessage"] = compact({"error": more.get("error", {"code": sub, "message": f"The request ended with {sub}."})})
            self.event(moment, operation, resource, status, sub=sub, phase="BeginRequest" if row == "S" else "EndRequest",
                       level="Error" if row == "F" else "Informational", properties=extra, **shared)
            moment += self.pick(1.3, 9)
        for told in more.get("policies", []):
            self.policy_event(when + self.pick(0.2, 1.1), operation, resource, told, shared)
        return shared

    def policy_event(self, when, action, resource, told, shared):
        """What Azure Policy wrote: `told` is {names, effect (in the operation name), region, …}."""
        named = [self.policies[name] for name in told["names"]]
        effect = told.get("effect") or named[0].effect[0].lower() + named[0].effect[1:]
        deny = effect.lower().startswith("deny")
        properties = {"isComplianceCheck": told.get("scan", "False"), "resourceLocation": told["region"],
                      "ancestors": f"{self.group},{self.tenant}", "policies": compact([policy.record for policy in named])}
        self.event(when, f"Microsoft.Authorization/policies/{effect}/action", told.get("resource", resource),
                   "Failed" if deny else "Succeeded", category="Policy", phase="EndRequest", properties=properties,
                   level="Error" if deny else "Warning" if effect.lower().startswith("audit") else "Informational",
                   action=told.get("action", action), **{key: value for key, value in shared.items() if key != "method"},
                   method=shared["method"])

    def denied(self, names, region, **more):
        """Arguments of an attempt that a policy refused, with its own row and the policy's."""
        info = [{"type": "PolicyViolation", "info": {
            "policyDefinitionId": self.policies[name].record["policyDefinitionId"],
            "policyDefinitionDisplayName": self.policies[name].record["policyDefinitionDisplayName"],
            "policyAssignmentId": self.policies[name].record["policyAssignmentId"]}} for name in names]
        error = {"code": "RequestDisallowedByPolicy", "message": "Resource was disallowed by policy. Reasons: MFA is required.",
                 "additionalInfo": info}
        return {"failure": "Forbidden", "error": error, "policies": [{"names": names, "region": region, **more}]}


CODES = {"Created": 201, "OK": 200, "Accepted": 202, "Forbidden": 403, "Conflict": 409}


def resource_type(resource):
    """Provider and type of a resource id; resource groups and subscriptions have the type that ARM gives them."""
    parts = resource.strip("/").split("/")
    lower = [part.lower() for part in parts]
    if "providers" not in lower:
        if "resourcegroups" in lower:
            return "Microsoft.Resources/subscriptions/resourceGroups"
        return "Microsoft.Resources/subscriptions"
    last = len(lower) - 1 - lower[::-1].index("providers")
    tail = parts[last + 1:]
    return "/".join([tail[0]] + tail[1::2])
