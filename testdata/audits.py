"""Directory audits: told once as records of Microsoft Graph (beta `directoryAudit`), and their shapes.

Sources: https://learn.microsoft.com/graph/api/resources/directoryaudit (beta has `userAgent` and
`linkableIdentifiers`), "Audit log activities" for names, categories and services, "Azure Monitor Logs
reference - AuditLogs", and "How to download logs" for the portal's CSV.
"""

import csv
import io
from datetime import timedelta

import tenant
from shapes import CRLF, moment, portal_time
from signins import EDGE, token_of
from story import at, compact, guid, iso

NAME = tenant.NAME
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


def change(name, old, new):
    return {"displayName": name, "oldValue": old if old is None else compact(old), "newValue": new if new is None else compact(new)}


class Audits:
    def __init__(self, name, tenant_id):
        self.name, self.tenant, self.records = name, tenant_id, []

    def audit(self, when, activity, category, operation, actor, targets, **more):
        """`actor` is a person (with oid) or an application (with app)."""
        number = len(self.records)
        user = None
        if "oid" in actor:
            user = {"id": actor["oid"], "displayName": actor.get("shown"), "userPrincipalName": actor["upn"], "ipAddress": actor.get("ip"), "userType": None,
                    "homeTenantId": None, "homeTenantName": None}
        linked = {"sessionId": more["session"], "deviceId": None,
                  "tokenDetails": {"uniqueTokenIdentifier": token_of(more["token"]) if more.get("token") else None, "issuedAtDateTime": None}} if more.get("session") else None
        record = {
            "id": f"{more.get('prefix', 'Directory')}_{guid(self.name, 'audit', number)}_{number:05d}",
            "category": category, "correlationId": more.get("correlation") or guid(self.name, "audit correlation", number),
            "result": more.get("result", "success"), "resultReason": more.get("reason", ""), "activityDisplayName": activity,
            "activityDateTime": iso(when, 7), "loggedByService": more.get("service", "Core Directory"), "operationType": operation,
            "userAgent": more.get("agent"),
            "initiatedBy": {"app": None if user else {"appId": None, "displayName": actor["name"], "servicePrincipalId": actor["sp"], "servicePrincipalName": None},
                            "user": user, "linkableIdentifiers": linked},
            "targetResources": targets,
            "additionalDetails": more.get("details", [])}
        self.records.append(record)
        return record


def user_target(oid, upn, name=None, *changes):
    return {"id": oid, "displayName": name, "type": "User", "userPrincipalName": upn, "groupType": None, "modifiedProperties": list(changes)}


def target(kind, key, name, *changes):
    return {"id": key, "displayName": name, "type": kind, "userPrincipalName": None, "groupType": None, "modifiedProperties": list(changes)}


def policy_json(state, controls):
    return compact({"id": guid(NAME, "policy", "mfa"), "displayName": "Require MFA for Azure management", "state": state,
                    "conditions": {"applications": {"includeApplications": ["797f4846-ba00-4fd7-ba43-dac1f8f63013"]}, "users": {"includeUsers": ["All"]}},
                    "grantControls": {"operator": "OR", "builtInControls": controls}})


def tell(story, signs):
    """What changed in the directory that week."""
    cast = {who.key: {"oid": who.oid, "upn": who.upn, "ip": who.ip} for who in tenant.cast(story).values()}
    ana, bo = cast["ana.lima"], cast["bo.svensson"]
    sessions = {record["userId"]: record for record in reversed(signs.records) if record.get("sessionId")}
    mine = {"session": sessions[ana["oid"]]["sessionId"], "token": sessions[ana["oid"]]["id"], "agent": EDGE}
    log = Audits(NAME, story.tenant)
    when = at("2026-03-02 08:30:00.500")
    policy, both = guid(NAME, "policy", "mfa"), guid(NAME, "policy change")
    # One change, two rows: the directory's own comes first.
    log.audit(when, "Update policy", "Policy", "Update", ana, [target("Policy", policy, "Require MFA for Azure management", change(
        "PolicyDetail", ['{"Version":0,"State":"Reporting"}'], ['{"Version":0,"State":"Enabled"}']))], correlation=both)
    log.audit(when + timedelta(milliseconds=412), "Update conditional access policy", "Policy", "Update", ana, [target(
        "Policy", policy, "Require MFA for Azure management", {"displayName": "ConditionalAccessPolicy", "oldValue": policy_json(
            "enabledForReportingButNotEnforced", ["mfa"]), "newValue": policy_json("enabled", ["mfa"])})],
        prefix="IPCGraph", service="Conditional Access", correlation=both, details=[{"key": "Category", "value": "Conditional Access"}], **mine)
    log.audit(at("2026-03-02 09:10:00.123"), "Add named location", "Policy", "Add", ana, [target("Other", guid(NAME, "location"), "Head office")],
              prefix="IPCGraph", service="Conditional Access", **mine)
    log.audit(at("2026-03-02 11:00:00.010"), "User registered security info", "UserManagement", "Update", bo,
              [user_target(bo["oid"], bo["upn"], "Bo Svensson")], service="Authentication Methods", reason="User registered Authenticator App", prefix="AuthMethods")
    log.audit(at("2026-03-03 10:30:00.300"), "Add member to role", "RoleManagement", "Assign", ana, [
        user_target(bo["oid"], bo["upn"], None, change("Role.ObjectID", None, guid(NAME, "role")), change("Role.DisplayName", None, "Global Administrator"),
                    change("Role.TemplateId", None, GLOBAL_ADMINISTRATOR), change("Role.WellKnownObjectName", None, "TenantAdmins")),
        target("Role", guid(NAME, "role"), None)], **mine)
    log.audit(at("2026-03-05 12:00:00.000"), "Hard Delete user", "UserManagement", "Delete", ana,
              [user_target(guid(NAME, "principal", "left"), "left.long.ago@tailwind.example", "Left Longago", change("Is Hard Deleted", "False", "True"))], **mine)
    log.audit(at("2026-03-05 12:05:00.050"), "Hard Delete user", "UserManagement", "Delete", {"name": "Microsoft Azure AD Internal - Purge", "sp": guid(NAME, "purge")},
              [user_target(guid(NAME, "principal", "gone"), "gone@tailwind.example")])
    log.audit(at("2026-03-05 13:00:00.005"), "Update the company default cross-tenant access setting", "CrossTenantAccessSettings", "Update", bo,
              [target("Policy", guid(NAME, "cross"), "Default", *[change(f"Setting{number}", [], [f"value {number}"]) for number in range(1, 8)])],
              result="failure", reason="Microsoft.Online.Directory.AuthorizationDeniedException")
    log.audit(at("2026-03-06 09:00:00.900"), "Add member to group", "GroupManagement", "Assign", {"name": "Lifecycle flow", "sp": guid(NAME, "flow")},
              [user_target(cast[key]["oid"], cast[key]["upn"]) for key in ("chidi.okafor", "dana.weiss", "emre.kaya")]
              + [target("Group", guid(NAME, "group"), "All staff")], details=[{"key": "User-Agent", "value": "flow/1.0"}])
    return log.records


# --- Shapes --------------------------------------------------------------------------------------

V1_LESS = ("userAgent",)


def v1(record):
    """Graph v1.0: no user agent, nothing to link by."""
    old = {key: item for key, item in record.items() if key not in V1_LESS}
    old["initiatedBy"] = {key: item for key, item in record["initiatedBy"].items() if key != "linkableIdentifiers"}
    if old["initiatedBy"]["user"]:
        old["initiatedBy"]["user"] = {key: item for key, item in old["initiatedBy"]["user"].items() if key in ("id", "displayName", "userPrincipalName", "ipAddress")}
    return old


def logged(record):
    return iso(moment(record["activityDateTime"]) + timedelta(minutes=2, milliseconds=77), 7)


def actor_name(record):
    by = record["initiatedBy"]
    return (by["user"] or {}).get("displayName") or (by["app"] or {}).get("displayName") or ""


def diagnostic(record, tenant_id):
    inner = {"tenantId": tenant_id, "resultType": "", "resultDescription": "", "operationName": record["activityDisplayName"], "identity": "",
             "tenantGeo": "EU", **record}
    inner["activityDateTime"] = record["activityDateTime"].replace("Z", "+00:00")
    by = {key: item for key, item in record["initiatedBy"].items() if item is not None}
    if "user" in by:
        by["user"] = {**by["user"], "roles": []}
    inner["initiatedBy"] = by
    return {"time": record["activityDateTime"], "resourceId": f"/tenants/{tenant_id}/providers/Microsoft.aadiam", "operationName": record["activityDisplayName"],
            "operationVersion": "1.0", "category": "AuditLogs", "tenantId": tenant_id, "resultSignature": "None", "durationMs": 0,
            "callerIpAddress": (record["initiatedBy"]["user"] or {}).get("ipAddress") or "", "correlationId": record["correlationId"],
            "identity": actor_name(record), "level": "Informational", "properties": inner}


LA_COLUMNS = ("TenantId SourceSystem TimeGenerated ResourceId OperationName OperationVersion Category ResultType ResultSignature ResultDescription DurationMs "
              "CorrelationId Resource ResourceGroup ResourceProvider Identity Level Location AdditionalDetails Id InitiatedBy LoggedByService Result ResultReason "
              "TargetResources AADTenantId ActivityDisplayName ActivityDateTime AADOperationType Type").split()


def log_analytics(record, tenant_id):
    row = dict.fromkeys(LA_COLUMNS, "")
    row.update({
        "TenantId": guid("tailwind", "workspace"), "SourceSystem": "Azure AD", "TimeGenerated": logged(record), "Type": "AuditLogs",
        "ResourceId": f"/tenants/{tenant_id}/providers/Microsoft.aadiam", "OperationName": record["activityDisplayName"], "OperationVersion": "1.0",
        "Category": record["category"], "ResultSignature": "None", "DurationMs": 0, "CorrelationId": record["correlationId"], "Resource": "Microsoft.aadiam",
        "ResourceGroup": "Microsoft.aadiam", "Identity": actor_name(record), "Level": "4", "AdditionalDetails": record["additionalDetails"], "Id": record["id"],
        "InitiatedBy": {key: item for key, item in record["initiatedBy"].items() if item is not None}, "LoggedByService": record["loggedByService"],
        "Result": record["result"], "ResultReason": record["resultReason"], "TargetResources": record["targetResources"], "AADTenantId": tenant_id,
        "ActivityDisplayName": record["activityDisplayName"], "ActivityDateTime": record["activityDateTime"], "AADOperationType": record["operationType"]})
    return row


LA_TIMES = ("TimeGenerated", "ActivityDateTime")


def la_text(cell):
    return compact(cell) if isinstance(cell, (dict, list)) else cell


def la_query(rows):
    types = {"AdditionalDetails": "dynamic", "InitiatedBy": "dynamic", "TargetResources": "dynamic", "TimeGenerated": "datetime", "ActivityDateTime": "datetime"}
    columns = [{"name": name, "type": types.get(name, "string")} for name in LA_COLUMNS]
    return compact({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": [[la_text(row[name]) for name in LA_COLUMNS] for row in rows]}]}) + "\n"


def la_csv(rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=CRLF)
    writer.writerow([name + " [UTC]" if name in LA_TIMES else name for name in LA_COLUMNS])
    for row in rows:
        writer.writerow([portal_time(row[name]) if name in LA_TIMES else la_text(row[name]) for name in LA_COLUMNS])
    return "\ufeff" + out.getvalue()


def portal_csv(records):
    """The portal's CSV: no event id, three targets of five properties, six details."""
    head = ("Date (UTC),CorrelationId,Service,Category,Activity,Result,ResultReason,User Agent,ActorType,ActorDisplayName,ActorObjectId,ActorUserPrincipalName,"
            "IPAddress,ActorHomeTenantId,ActorHomeTenantName,ActorServicePrincipalId,ActorServicePrincipalName").split(",")
    for place in (1, 2, 3):
        head += [f"Target{place}{part}" for part in ("Type", "DisplayName", "ObjectId", "UserPrincipalName")]
        for number in range(1, 6):
            head += [f"Target{place}ModifiedProperty{number}{part}" for part in ("Name", "OldValue", "NewValue")]
    for number in range(1, 7):
        head += [f"AdditionalDetail{number}{part}" for part in ("Key", "Value")]
    out = io.StringIO()
    writer = csv.DictWriter(out, head, restval="", lineterminator=CRLF)
    writer.writeheader()
    for record in records:
        user, app = record["initiatedBy"]["user"], record["initiatedBy"]["app"]
        cells = {"Date (UTC)": record["activityDateTime"], "CorrelationId": record["correlationId"], "Service": record["loggedByService"],
                 "Category": record["category"], "Activity": record["activityDisplayName"], "Result": record["result"], "ResultReason": record["resultReason"],
                 "User Agent": record["userAgent"], "ActorType": "User" if user else "Application"}
        if user:
            cells.update({"ActorDisplayName": user["displayName"], "ActorObjectId": user["id"], "ActorUserPrincipalName": user["userPrincipalName"],
                          "IPAddress": user["ipAddress"]})
        else:
            cells.update({"ActorDisplayName": app["displayName"], "ActorServicePrincipalId": app["servicePrincipalId"]})
        for place, hit in enumerate(record["targetResources"][:3], 1):
            cells.update({f"Target{place}Type": hit["type"], f"Target{place}DisplayName": hit["displayName"], f"Target{place}ObjectId": hit["id"],
                          f"Target{place}UserPrincipalName": hit["userPrincipalName"]})
            for number, edit in enumerate(hit["modifiedProperties"][:5], 1):
                cells.update({f"Target{place}ModifiedProperty{number}Name": edit["displayName"],
                              f"Target{place}ModifiedProperty{number}OldValue": edit["oldValue"], f"Target{place}ModifiedProperty{number}NewValue": edit["newValue"]})
        for number, detail in enumerate(record["additionalDetails"][:6], 1):
            cells.update({f"AdditionalDetail{number}Key": detail["key"], f"AdditionalDetail{number}Value": detail["value"]})
        writer.writerow({name: "" if cell is None else cell for name, cell in cells.items()})
    return "\ufeff" + out.getvalue()
