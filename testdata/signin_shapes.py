"""The same sign-ins in every shape in which they are exported.

Each function takes records in the shape of Microsoft Graph beta (see `signins.py`). Sources of the
shapes: Microsoft's pages "List signIns", "Sign-in logs schema in Azure Monitor", "Azure Monitor Logs
reference" (SigninLogs, AADNonInteractiveUserSignInLogs, AADServicePrincipalSignInLogs,
AADManagedIdentitySignInLogs), "How to download logs" and "EntraIdSignInEvents".
"""

import base64
import csv
import io
import json
from datetime import timedelta

from shapes import CRLF, moment, portal_time
from story import compact, guid, iso

KINDS = {"interactiveUser": "interactive", "nonInteractiveUser": "non_interactive", "servicePrincipal": "service_principal", "managedIdentity": "managed_identity"}


def kind(record):
    return KINDS.get((record.get("signInEventTypes") or ["interactiveUser"])[0], "interactive")


def logged(record):
    """When the row reached Azure Monitor: some minutes later."""
    return iso(moment(record["createdDateTime"]) + timedelta(minutes=3, milliseconds=4111), 7)


# --- Graph, portal JSON, PowerShell --------------------------------------------------------------

CONTEXT = "https://graph.microsoft.com/beta/$metadata#auditLogs/signIns"
V1_KEYS = ("id createdDateTime userDisplayName userPrincipalName userId appId appDisplayName ipAddress clientAppUsed correlationId conditionalAccessStatus "
           "isInteractive riskDetail riskLevelAggregated riskLevelDuringSignIn riskState riskEventTypes_v2 resourceDisplayName resourceId status deviceDetail "
           "location appliedConditionalAccessPolicies").split()


def pages(records, size, what="signIns"):
    """Pages appended to one file, newest first; all but the last name the next."""
    text = ""
    for start in range(0, len(records), size):
        body = {"@odata.context": CONTEXT.replace("signIns", what)}
        if start + size < len(records):
            body["@odata.nextLink"] = f"https://graph.microsoft.com/beta/auditLogs/{what}?$top={size}&$skiptoken={guid('skip', start)}"
        body["value"] = records[start:start + size]
        text += compact(body) + "\n"
    return text


def v1(record):
    """What Graph v1.0 gives of an interactive sign-in: no requirement, no steps, no token."""
    old = {key: record[key] for key in V1_KEYS}
    keep = ("id", "displayName", "enforcedGrantControls", "enforcedSessionControls", "result")
    old["appliedConditionalAccessPolicies"] = [{key: policy[key] for key in keep} for policy in record["appliedConditionalAccessPolicies"]]
    old["createdDateTime"] = record["createdDateTime"][:19] + "Z"
    return old


def v1_page(records):
    return compact({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#auditLogs/signIns", "value": [v1(record) for record in records]}) + "\n"


def pascal(item):
    """Objects as the Graph PowerShell SDK's classes print: PascalCase, with a bag for what they do not know."""
    if isinstance(item, list):
        return [pascal(each) for each in item]
    if not isinstance(item, dict):
        return item
    names = {"ipAddress": "IPAddress", "ipAddressFromResourceProvider": "IPAddressFromResourceProvider", "riskEventTypes_v2": "RiskEventTypesV2"}
    return {**{names.get(key, key[:1].upper() + key[1:]): pascal(each) for key, each in item.items()}, "AdditionalProperties": {}}


def powershell(records):
    """`Get-MgBetaAuditLogSignIn -All | ConvertTo-Json -Depth 10`."""
    return json.dumps([pascal(record) for record in records], indent=2, ensure_ascii=False) + "\n"


# --- Diagnostic settings -------------------------------------------------------------------------

CATEGORIES = {"interactive": "SignInLogs", "non_interactive": "NonInteractiveUserSignInLogs", "service_principal": "ServicePrincipalSignInLogs",
              "managed_identity": "ManagedIdentitySignInLogs"}
MASK = {"application": 1, "users": 2, "devicePlatform": 4, "location": 8, "clientType": 16, "signInRisk": 32, "userRisk": 64, "none": 0}


def masked(policies):
    """Policies with their conditions as bit masks, as Azure Monitor has them."""
    def bits(names):
        return sum(MASK[name] for name in names.split(",")) if isinstance(names, str) else names

    return [{**policy, "conditionsSatisfied": bits(policy["conditionsSatisfied"]), "conditionsNotSatisfied": bits(policy["conditionsNotSatisfied"])}
            for policy in policies or []]


def diagnostic(record, number=0):
    """The record that a diagnostic setting sends: the Graph record inside an envelope, a few things changed."""
    tenant, where, error = record.get("resourceTenantId"), record.get("location") or {}, (record.get("status") or {}).get("errorCode")
    inner = {key: item for key, item in record.items() if key != "signInEventTypes"}
    inner["appliedConditionalAccessPolicies"] = masked(record.get("appliedConditionalAccessPolicies"))
    if number % 7 == 3 and inner.get("uniqueTokenIdentifier"):
        # Exports of 2022 hold base64 of the text of the GUID.
        inner["uniqueTokenIdentifier"] = base64.b64encode(record["id"].encode()).decode()
    if number % 5 == 2:
        # Trailing zeros dropped, an offset in place of Z.
        inner["createdDateTime"] = record["createdDateTime"].rstrip("Z").rstrip("0").rstrip(".") + "+00:00"
    if number % 5 == 4:
        when = moment(record["createdDateTime"]) - timedelta(hours=5)
        inner["createdDateTime"] = when.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0-05:00"
    envelope = {
        "time": logged(record), "resourceId": f"/tenants/{tenant}/providers/Microsoft.aadiam", "operationName": "Sign-in activity", "operationVersion": "1.0",
        "category": CATEGORIES[kind(record)], "tenantId": tenant, "resultType": str(error), "resultSignature": "None",
        "resultDescription": (record.get("status") or {}).get("failureReason") if error else None,
        "durationMs": 0, "callerIpAddress": record.get("ipAddress"), "correlationId": record.get("correlationId"),
        "identity": record.get("userDisplayName"), "Level": 4 if number % 2 else "4", "location": where.get("countryOrRegion"), "properties": inner}
    return {key: item for key, item in envelope.items() if item is not None}


def messages(records, size):
    told = [diagnostic(record, number) for number, record in enumerate(records)]
    return [{"records": told[start:start + size]} for start in range(0, len(told), size)]


# --- Log Analytics -------------------------------------------------------------------------------

TABLES = {"interactive": "SigninLogs", "non_interactive": "AADNonInteractiveUserSignInLogs", "service_principal": "AADServicePrincipalSignInLogs",
          "managed_identity": "AADManagedIdentitySignInLogs"}
SHARED = ("TenantId SourceSystem TimeGenerated OperationName OperationVersion Category ResultType ResultSignature ResultDescription DurationMs CorrelationId "
          "ResourceGroup Level Location AppId AuthenticationProcessingDetails ConditionalAccessPolicies ConditionalAccessStatus CreatedDateTime Id IPAddress "
          "LocationDetails NetworkLocationDetails ResourceDisplayName ResourceIdentity ResourceServicePrincipalId ServicePrincipalId ServicePrincipalName "
          "UniqueTokenIdentifier AutonomousSystemNumber AADTenantId SessionId Type").split()
USERS = ("Identity AppDisplayName AuthenticationContextClassReferences AuthenticationDetails AuthenticationMethodsUsed AuthenticationRequirement "
         "AuthenticationRequirementPolicies ClientAppUsed DeviceDetail IsInteractive MfaDetail OriginalRequestId ProcessingTimeInMilliseconds RiskDetail "
         "RiskLevelAggregated RiskLevelDuringSignIn RiskState Status TokenIssuerName TokenIssuerType UserAgent UserDisplayName UserId UserPrincipalName UserType "
         "FlaggedForReview SignInIdentifier ResourceTenantId HomeTenantId SessionLifetimePolicies AuthenticationProtocol CrossTenantAccessType IncomingTokenType "
         "OriginalTransferMethod").split()
COLUMNS = {"interactive": SHARED + ["ResourceId", "Resource"] + USERS, "non_interactive": SHARED + USERS,
           "service_principal": SHARED + ["ClientCredentialType", "ServicePrincipalCredentialKeyId", "ServicePrincipalCredentialThumbprint"],
           "managed_identity": SHARED + ["ClientCredentialType", "ManagedServiceIdentity", "ServicePrincipalCredentialKeyId"]}
# Columns of JSON in SigninLogs; in the other tables every one of them is text.
DYNAMIC = ("ConditionalAccessPolicies", "DeviceDetail", "LocationDetails", "MfaDetail", "Status")
NAMED = {"Id": "id", "IPAddress": "ipAddress", "ResourceIdentity": "resourceId", "LocationDetails": "location", "ManagedServiceIdentity": "managedServiceIdentity"}


def log_analytics(record):
    """A row of the table of the record's kind: nested columns as text, but dynamic ones of SigninLogs as objects."""
    table, status = kind(record), record.get("status") or {}
    row = {}
    for column in COLUMNS[table]:
        item = record.get(NAMED.get(column) or column[0].lower() + column[1:])
        if column in ("ProcessingTimeInMilliseconds", "AutonomousSystemNumber") and item is not None:
            item = str(item)
        if isinstance(item, (dict, list)) and not (table == "interactive" and column in DYNAMIC):
            item = compact(item)
        row[column] = item
    policies = masked(record.get("appliedConditionalAccessPolicies"))
    tenant = record.get("resourceTenantId")
    row.update({
        "TenantId": guid("tailwind", "workspace"), "SourceSystem": "Azure AD", "Type": TABLES[table], "TimeGenerated": logged(record),
        "OperationName": "Sign-in activity", "OperationVersion": "1.0", "Category": CATEGORIES[table], "ResultType": str(status.get("errorCode")),
        "ResultSignature": "None", "ResultDescription": status.get("failureReason") if status.get("errorCode") else "", "DurationMs": 0,
        "ResourceGroup": "Microsoft.aadiam", "Level": "4", "Location": (record.get("location") or {}).get("countryOrRegion"), "AADTenantId": tenant,
        "ConditionalAccessPolicies": policies if table == "interactive" else compact(policies)})
    if table == "interactive":
        row.update({"ResourceId": f"/tenants/{tenant}/providers/Microsoft.aadiam", "Resource": "Microsoft.aadiam", "Identity": record.get("userDisplayName")})
    return row


def by_table(records):
    """Rows per table, in the order of the tables."""
    return [(table, [log_analytics(record) for record in records if kind(record) == table]) for table in TABLES]


def query_api(records):
    """Answers of the query API, one per table, appended to one file."""
    text = ""
    for table, rows in by_table(records):
        dynamic = DYNAMIC if table == "interactive" else ()
        types = {**dict.fromkeys(dynamic, "dynamic"), "TimeGenerated": "datetime", "CreatedDateTime": "datetime", "IsInteractive": "bool",
                 "FlaggedForReview": "bool", "DurationMs": "long"}
        columns = [{"name": name, "type": types.get(name, "string")} for name in COLUMNS[table]]
        cells = [[compact(row[name]) if isinstance(row[name], (dict, list)) else row[name] for name in COLUMNS[table]] for row in rows]
        text += compact({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": cells}]}) + "\n"
    return text


def az_query(records):
    """`az monitor log-analytics query`, run once per table: every value is text, null is "None", true is "True"."""
    text = ""
    for _, rows in by_table(records):
        flat = [{**{name: compact(cell) if isinstance(cell, (dict, list)) else str(cell) for name, cell in row.items()}, "TableName": "PrimaryResult"}
                for row in rows]
        text += json.dumps(flat, indent=2, ensure_ascii=False) + "\n"
    return text


def portal_csvs(records):
    """"Export to CSV" per table."""
    files = {}
    for table, rows in by_table(records):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator=CRLF)
        times = ("TimeGenerated", "CreatedDateTime")
        writer.writerow([name + " [UTC]" if name in times else name for name in COLUMNS[table]])
        for row in rows:
            writer.writerow([cell_of(name, row[name], times) for name in COLUMNS[table]])
        files[TABLES[table]] = "\ufeff" + out.getvalue()
    return files


def cell_of(name, cell, times):
    if name in times:
        return portal_time(cell)
    if isinstance(cell, bool):
        return str(cell).lower()
    return compact(cell) if isinstance(cell, (dict, list)) else "" if cell is None else cell


def export_rule(records):
    """Continuous export of all four tables into one folder: lines without empty columns."""
    return [{name: cell for name, cell in log_analytics(record).items() if cell not in ("", None)} for record in records]


def parquets(records):
    """An export job per table; nested columns as JSON text. Needs pyarrow."""
    import pyarrow
    import pyarrow.parquet

    files = {}
    for table, rows in by_table(records):
        for row in rows:
            for name, cell in row.items():
                if name in ("TimeGenerated", "CreatedDateTime"):
                    row[name] = moment(cell)
                elif isinstance(cell, (dict, list)):
                    row[name] = compact(cell)
        kinds = {"TimeGenerated": pyarrow.timestamp("us", tz="UTC"), "CreatedDateTime": pyarrow.timestamp("us", tz="UTC"), "IsInteractive": pyarrow.bool_(),
                 "FlaggedForReview": pyarrow.bool_(), "DurationMs": pyarrow.int64()}
        schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in COLUMNS[table]])
        sink = pyarrow.BufferOutputStream()
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), sink, compression="snappy")
        files[TABLES[table]] = sink.getvalue().to_pybytes()
    return files


# --- Portal CSV ----------------------------------------------------------------------------------

HEADINGS = ["Date (UTC)", "Request ID", "User agent", "Correlation ID", "User ID", "User", "Username", "User type", "Cross tenant access type",
            "Incoming token type", "Authentication Protocol", "Unique token identifier", "Original transfer method", "Client credential type",
            "Token Protection - Sign In Session", "Token Protection - Sign In Session StatusCode", "Application", "Application ID ", "Resource", "Resource ID ",
            "Resource tenant ID", "Resource owner tenant ID", "Home tenant ID", "Home tenant name", "IP address", "Location", "Status", "Sign-in error code",
            "Failure reason", "Client app", "Device ID", "Browser", "Operating System", "Compliant", "Managed", "Join Type",
            "Multifactor authentication result", "Multifactor authentication auth method", "Multifactor authentication auth detail",
            "Authentication requirement", "Sign-in identifier", "Session ID", "IP address (seen by resource)", "Through Global Secure Access",
            "Global Secure Access IP address", "Autonomous system  number", "Flagged for review", "Token issuer type", "Incoming token type",
            "Token issuer name", "Latency", "Conditional Access"]
# Only the headings that are known from public samples are in the language; the others stay in English.
LOCALISED = {
    "fr": {"Username": "Nom d'utilisateur", "IP address": "Adresse IP", "Authentication requirement": "Exigence d’authentification",
           "Multifactor authentication auth method": "Méthode d’authentification multifacteur", "Status": "Statut"},
    "es": {"Correlation ID": "Id. de correlación", "Status": "Estado", "Authentication requirement": "Requisito de autenticación",
           "Failure reason": "Motivo del error"},
}
INTERRUPTS = (50058, 50072, 50074, 50076, 50079, 50097, 50140, 50158, 65001)
SHOWN = {"success": "Success", "failure": "Failure", "notApplied": "Not Applied", "singleFactorAuthentication": "Single-factor authentication",
         "multiFactorAuthentication": "Multifactor authentication"}


def csv_row(record):
    status, device, mfa, where = record["status"], record["deviceDetail"], record["mfaDetail"] or {}, record["location"]
    error, token = status["errorCode"], record["uniqueTokenIdentifier"]
    yes = {True: "Yes", False: "No"}
    cells = {
        "Date (UTC)": record["createdDateTime"][:19] + "Z", "Request ID": record["id"], "User agent": record["userAgent"],
        "Correlation ID": record["correlationId"], "User ID": record["userId"], "User": record["userDisplayName"], "Username": record["userPrincipalName"],
        "User type": record["userType"].capitalize(), "Cross tenant access type": record["crossTenantAccessType"],
        "Incoming token type": record["incomingTokenType"], "Authentication Protocol": record["authenticationProtocol"],
        # A leading - or + would be a formula.
        "Unique token identifier": "'" + token if token[0] in "-+" else token,
        "Original transfer method": record["originalTransferMethod"], "Client credential type": record["clientCredentialType"],
        "Application": record["appDisplayName"], "Application ID ": record["appId"], "Resource": record["resourceDisplayName"],
        "Resource ID ": record["resourceId"], "Resource tenant ID": record["resourceTenantId"], "Home tenant ID": record["homeTenantId"],
        "IP address": record["ipAddress"], "Location": f"{where['city']}, {where['state']}, {where['countryOrRegion']}",
        "Status": "Success" if not error else "Interrupted" if error in INTERRUPTS else "Failure", "Sign-in error code": error or "",
        "Failure reason": status["failureReason"], "Client app": record["clientAppUsed"], "Device ID": device["deviceId"], "Browser": device["browser"],
        "Operating System": device["operatingSystem"], "Compliant": yes[device["isCompliant"]], "Managed": yes[device["isManaged"]],
        "Join Type": device["trustType"], "Multifactor authentication result": status["additionalDetails"],
        "Multifactor authentication auth method": mfa.get("authMethod"), "Multifactor authentication auth detail": mfa.get("authDetail"),
        "Authentication requirement": SHOWN[record["authenticationRequirement"]], "Sign-in identifier": record["signInIdentifier"],
        "Session ID": record["sessionId"], "Through Global Secure Access": "No", "Autonomous system  number": record["autonomousSystemNumber"],
        "Flagged for review": "No", "Token issuer type": record["tokenIssuerType"], "Latency": f"{record['processingTimeInMilliseconds']}ms",
        "Conditional Access": SHOWN[record["conditionalAccessStatus"]]}
    return ["" if cells.get(name) is None else cells.get(name, "") for name in HEADINGS]


def portal_csv(records, language=None):
    """"Download" of interactive or non-interactive sign-ins; one heading comes twice, two end in a blank."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=CRLF)
    writer.writerow([LOCALISED.get(language, {}).get(name, name) for name in HEADINGS])
    writer.writerows(csv_row(record) for record in records)
    return "\ufeff" + out.getvalue()


def steps_csv(records):
    """The AuthDetails file that comes with it: a row per step, joined by the request id."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=CRLF)
    writer.writerow(["Request ID", "Date (UTC)", "Authentication method", "Authentication method detail", "Succeeded", "Result detail", "Requirement"])
    for record in records:
        for step in record["authenticationDetails"]:
            writer.writerow([record["id"], step["authenticationStepDateTime"][:19] + "Z", step["authenticationMethod"], step["authenticationMethodDetail"],
                             str(step["succeeded"]).lower(), step["authenticationStepResultDetail"],
                             step["authenticationStepRequirement"].replace("Multi-factor", "Multifactor")])
    return "\ufeff" + out.getvalue()


def steps(records):
    return sum(len(record["authenticationDetails"]) for record in records)


# --- Defender ------------------------------------------------------------------------------------

LOGON = {"interactive": '["interactiveUser"]', "non_interactive": '["nonInteractiveUser"]'}
CA_STATUS = {"success": 0, "failure": 1, "notApplied": 2}
RISK = {"none": 0, "low": 10, "medium": 50, "high": 100}


def defender(record):
    """A row of EntraIdSignInEvents: no steps, Conditional Access as a number."""
    device, where = record["deviceDetail"], record["location"]
    return {
        "Timestamp": record["createdDateTime"], "Application": record["appDisplayName"], "ApplicationId": record["appId"], "LogonType": LOGON[kind(record)],
        "EndpointCall": "OAuth2:Token", "ErrorCode": record["status"]["errorCode"], "CorrelationId": record["correlationId"], "SessionId": record["sessionId"],
        "AccountDisplayName": record["userDisplayName"], "AccountObjectId": record["userId"], "AccountUpn": record["userPrincipalName"],
        "IsExternalUser": 1 if record["userType"] == "guest" else 0, "IsGuestUser": record["userType"] == "guest",
        "ResourceDisplayName": record["resourceDisplayName"], "ResourceId": record["resourceId"], "ResourceTenantId": record["resourceTenantId"],
        "DeviceName": device["displayName"], "EntraIdDeviceId": device["deviceId"], "OSPlatform": device["operatingSystem"],
        "DeviceTrustType": device["trustType"], "IsManaged": int(device["isManaged"]), "IsCompliant": int(device["isCompliant"]),
        "AuthenticationProcessingDetails": compact(record["authenticationProcessingDetails"]), "AuthenticationRequirement": record["authenticationRequirement"],
        "TokenIssuerType": 0, "RiskLevelAggregated": RISK[record["riskLevelDuringSignIn"]], "RiskState": 0, "UserAgent": record["userAgent"],
        "ClientAppUsed": record["clientAppUsed"], "Browser": device["browser"], "ConditionalAccessPolicies": compact(record["appliedConditionalAccessPolicies"]),
        "ConditionalAccessStatus": CA_STATUS[record["conditionalAccessStatus"]], "IPAddress": record["ipAddress"], "Country": where["countryOrRegion"],
        "State": where["state"], "City": where["city"], "Latitude": where["geoCoordinates"]["latitude"], "Longitude": where["geoCoordinates"]["longitude"],
        "NetworkLocationDetails": compact(record["networkLocationDetails"]), "RequestId": record["id"], "ReportId": record["id"],
        "UniqueTokenId": record["uniqueTokenIdentifier"]}


def defender_csv(records):
    """The older AADSignInEventsBeta, exported as CSV: no UniqueTokenId and no EndpointCall."""
    rows = [{("AadDeviceId" if name == "EntraIdDeviceId" else name): cell for name, cell in defender(record).items() if name not in ("UniqueTokenId", "EndpointCall")}
            for record in records]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=CRLF)
    writer.writerow(rows[0])
    writer.writerows(["" if cell is None else cell for cell in row.values()] for row in rows)
    return "\ufeff" + out.getvalue()
