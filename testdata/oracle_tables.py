"""Rows of the tables that are read as they stand: audits, policies of sign-ins, side inputs; and the
rows of Microsoft's own report. Computed the slow and simple way.

Takes records in the shapes of Microsoft Graph and of the Azure CLI. Shares no code with the program
and none with the telling of the fixtures. The rules: `formats.md` §2.2 and §2.3 for audits and
policies, the descriptions of the columns (`azmfa schema`) for side inputs, `peers.md` §5.1 for
Export-MsIdAzureMfaReport.
"""

from oracle import instant, low, shown
from oracle_signins import SignIn, deduplicated, token_guid


def text(value):
    """A text without blanks around it; nothing for an empty one."""
    return str(value).strip() or None if value is not None else None


def only(rows, columns):
    return [{name: row[name] for name in columns} for row in rows] if columns else rows


# --- Audits --------------------------------------------------------------------------------------

def audits(records, columns=None):
    """Rows of `audit`, of which a shape may tell some columns only."""
    return only([audit(record) for record in records], columns)


def audit(record):
    user, app = record["initiatedBy"].get("user"), record["initiatedBy"].get("app")
    linked = record["initiatedBy"].get("linkableIdentifiers") or {}
    target = (record["targetResources"] or [{}])[0]
    actor = {"actor_type": None, "actor_id": None, "actor_upn": None, "actor_name": None, "ip": None}
    if user:
        actor = {"actor_type": "user", "actor_id": low(user["id"]), "actor_upn": low(user["userPrincipalName"]), "actor_name": text(user["displayName"]),
                 "ip": low(user["ipAddress"])}
    elif app:
        actor.update(actor_type="application", actor_id=low(app["servicePrincipalId"]) or low(app["appId"]), actor_name=text(app["displayName"]))
    result = low(record["result"])
    return {"event_id": low(record["id"]), "event_time": shown(instant(record["activityDateTime"])), "correlation_id": low(record["correlationId"]),
            "activity": text(record["activityDisplayName"]), "category": text(record["category"]), "service": text(record["loggedByService"]),
            "operation_type": low(record["operationType"]), "result": result if result in (None, "success", "failure", "timeout") else "other",
            "result_reason": text(record["resultReason"]), **actor, "user_agent": text(record.get("userAgent")), "target_type": text(target.get("type")),
            "target_id": low(target.get("id")), "target_name": text(target.get("displayName")) or text(target.get("userPrincipalName")),
            "token_id": token_guid((linked.get("tokenDetails") or {}).get("uniqueTokenIdentifier")), "session_id": text(linked.get("sessionId"))}


# --- Sign-ins ------------------------------------------------------------------------------------

REQUIREMENTS = {"singleFactorAuthentication": "single_factor", "multiFactorAuthentication": "multi_factor"}


def sign_ins(records, less=(), digits=6):
    """What rows of `sign_in` say beside their verdicts; a shape may lack columns, and digits of the time."""
    rows = []
    for record in deduplicated(records):
        sign, device, place = SignIn(record), record.get("deviceDetail") or {}, record.get("location") or {}
        status = record.get("status") or {}
        when = instant(record["createdDateTime"])
        row = {"event_id": sign.id, "event_time": shown(when if digits else when.replace(microsecond=0)), "correlation_id": low(record.get("correlationId")),
               "category": sign.category, "user_id": sign.user, "upn": sign.upn if sign.is_user() and "@" in (sign.upn or "") else None,
               "display_name": text(record.get("userDisplayName")) or text(record.get("servicePrincipalName")), "user_type": low(record.get("userType")),
               "home_tenant_id": low(record.get("homeTenantId")), "cross_tenant_type": low(record.get("crossTenantAccessType")), "app_id": sign.app,
               "app": text(record.get("appDisplayName")), "resource_app_id": low(record.get("resourceId")), "resource_app": text(record.get("resourceDisplayName")),
               "client_app_used": text(record.get("clientAppUsed")), "auth_protocol": low(record.get("authenticationProtocol")),
               "transfer_method": low(record.get("originalTransferMethod")), "ip": sign.ip, "country": text(place.get("countryOrRegion")),
               "city": text(place.get("city")), "user_agent": text(record.get("userAgent")), "device_id": low(device.get("deviceId")),
               "device_os": text(device.get("operatingSystem")), "device_compliant": device.get("isCompliant"), "device_trust_type": text(device.get("trustType")),
               "requirement": REQUIREMENTS.get(record.get("authenticationRequirement")), "ca_status": low(record.get("conditionalAccessStatus")),
               "error_code": sign.error, "failure_reason": text(status.get("failureReason")) if sign.error else None, "token_id": sign.token,
               "session_id": text(record.get("sessionId")), "incoming_token_type": low(record.get("incomingTokenType")),
               "risk_sign_in": low(record.get("riskLevelDuringSignIn")), "risk_user": low(record.get("riskLevelAggregated"))}
        rows.append({name: cell for name, cell in row.items() if name not in less})
    return rows


# --- Policies of sign-ins ------------------------------------------------------------------------

def policies(records, less=()):
    """Rows of `sign_in_policy`."""
    rows = []
    for record in deduplicated(records):
        for policy in record.get("appliedConditionalAccessPolicies") or []:
            row = {"event_id": low(record["id"]), "event_time": shown(instant(record["createdDateTime"])), "policy_id": low(policy.get("id")),
                   "policy_name": text(policy.get("displayName")), "result": low(policy.get("result")),
                   "grant_controls": low(",".join(policy.get("enforcedGrantControls") or [])),
                   "session_controls": low(",".join(policy.get("enforcedSessionControls") or [])),
                   "conditions_satisfied": low(policy.get("conditionsSatisfied")), "conditions_not_satisfied": low(policy.get("conditionsNotSatisfied"))}
            rows.append({name: cell for name, cell in row.items() if name not in less})
    return rows


# --- Side inputs ---------------------------------------------------------------------------------

def once(rows, *keys):
    """The first of the rows that agree in the columns that tell them apart."""
    seen = {}
    for row in rows:
        seen.setdefault(tuple(row[key] for key in keys), row)
    return list(seen.values())


def registrations(records):
    """Rows of `registration`, of Graph's userRegistrationDetails."""
    return once([{"user_id": low(record.get("id")), "upn": low(record.get("userPrincipalName")), "display_name": text(record.get("userDisplayName")),
                  "user_type": low(record.get("userType")), "is_admin": record.get("isAdmin"), "is_mfa_registered": record.get("isMfaRegistered"),
                  "is_mfa_capable": record.get("isMfaCapable"), "is_passwordless_capable": record.get("isPasswordlessCapable"),
                  "methods": ",".join(record.get("methodsRegistered") or []) or None,
                  "last_updated": shown(instant(record["lastUpdatedDateTime"])) if record.get("lastUpdatedDateTime") else None}
                 for record in records], "user_id", "upn")


def resources(records):
    """Rows of `resource`, of `az resource list`; tags are compared elsewhere, they are JSON as it was written."""
    return once([{"resource_id": low(record["id"].rstrip("/")), "resource_name": text(record["name"]), "resource_type": low(record["type"]),
                  "resource_group": low(record.get("resourceGroup")), "region": low(record["location"])} for record in records], "resource_id")


# Roles of the fixtures, by template id: their names, and whether they can change who may do what.
ROLES = {"8e3af657-a8ff-443c-a75c-2fe8c4bcb635": ("Owner", True), "b24988ac-6180-42a0-ab88-20f7382dd24c": ("Contributor", True),
         "acdd72a7-3385-48ef-bd42-f606fba81ae7": ("Reader", False), "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": ("User Access Administrator", True),
         "62e90394-69f5-4237-9190-012177145e10": ("Global Administrator", True), "194ae4cb-b126-40b2-bd5b-6091b380977d": ("Security Administrator", True),
         "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9": ("Conditional Access Administrator", True), "88d8e3e3-8f55-4a1e-953a-9b9898b8876b": ("Directory Readers", False),
         "d29b2b05-8046-44ba-8758-1e26182fcf32": ("Directory Synchronization Accounts", False)}


def roles(records):
    """Rows of `role_assignment`, of `az role assignment list` and of Graph alike."""
    rows = []
    for record in records:
        holder, definition = record.get("principal") or {}, record.get("roleDefinition") or {}
        role_id = low((definition.get("templateId") or record["roleDefinitionId"]).rsplit("/", 1)[-1])
        known = ROLES.get(role_id)
        kind = low(record.get("principalType")) or low((holder.get("@odata.type") or "").rsplit(".", 1)[-1])
        rows.append({"principal_id": low(record["principalId"]), "principal_upn": low(record.get("principalName")) or low(
            holder.get("userPrincipalName")) or low(holder.get("displayName")), "principal_type": kind, "role_id": role_id,
            "role": text(record.get("roleDefinitionName")) or text(definition.get("displayName")) or (known[0] if known else None),
            "scope": low(record.get("scope") or record.get("directoryScopeId")), "is_privileged": known[1] if known else None})
    return once(rows, "principal_id", "role_id", "scope")


def users(records):
    """Rows of `directory_user`, of Graph's users and `az ad user list` alike."""
    return once([{"user_id": low(record["id"]), "upn": low(record["userPrincipalName"]), "display_name": text(record.get("displayName")),
                  "user_type": low(record.get("userType")), "is_enabled": record.get("accountEnabled"), "is_synced": record.get("onPremisesSyncEnabled"),
                  "job_title": text(record.get("jobTitle")), "department": text(record.get("department")),
                  "created": shown(instant(record["createdDateTime"])) if record.get("createdDateTime") else None} for record in records], "user_id", "upn")


# --- Export-MsIdAzureMfaReport -------------------------------------------------------------------

APPS = {"Az Portal": "c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "Az CLI": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        "Az PowerShell": "1950a258-227b-4e31-a9cf-717495945fc2", "Az Mobile App": "0c1307d4-29d6-4389-a11c-5cbe7f65d7fa",
        "M365 Admin Portal": "618dd325-23f6-4b6f-8380-4df78026e39b"}
METHODS = {"passKeyDeviceBoundAuthenticator": "Passkey (Microsoft Authenticator)", "passKeyDeviceBound": "Passkey (other device-bound)",
           "microsoftAuthenticatorPush": "Microsoft Authenticator", "microsoftAuthenticatorPasswordless": "Microsoft Authenticator", "mobilePhone": "Phone",
           "softwareOneTimePasscode": "Authenticator app (TOTP)", "windowsHelloForBusiness": "Windows Hello for Business",
           "platformCredential": "Platform Credential for MacOS", "email": "Email", "password": "Password", "temporaryAccessPass": "Temporary Access Pass"}
CLAIM = "MFA requirement satisfied by claim in the token"


def msid(records, details):
    """The users that the tool lists, in its columns: completed interactive sign-ins to its five applications."""
    listed = {}
    for record in deduplicated(records):
        sign = SignIn(record)
        if sign.category == "interactive" and record["status"]["errorCode"] == 0 and low(record["appId"]) in APPS.values() and record.get("userId"):
            listed.setdefault(low(record["userId"]), []).append(record)
    known = {low(record["id"]): record for record in details}
    rows = []
    for user, mine in listed.items():
        has_signed_in = any(record.get("authenticationRequirement") == "multiFactorAuthentication" or record["status"].get("additionalDetails") == CLAIM
                            for record in mine)
        detail = known.get(user)
        status = None
        if detail:
            status = "MFA Capable + Signed in with MFA" if has_signed_in else "MFA Capable" if detail["isMfaCapable"] else "Not MFA Capable"
        used = {low(record["appId"]) for record in mine}
        methods = ", ".join(METHODS.get(method, method) for method in (detail or {}).get("methodsRegistered") or [])
        rows.append({"Name": text(mine[-1]["userDisplayName"]), "UserId": user, " ": None if status is None else "❌" if status.startswith("Not") else "✅",
                     "MFA Status": status, **{name: "🔵" if app in used else None for name, app in APPS.items()}, "Authentication Methods": methods or None})
    return rows
