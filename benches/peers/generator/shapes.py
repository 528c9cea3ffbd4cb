"""The two export shapes: how one row of the log is written.

A shape turns the values of a row into text by filling a template that was written once by
`json.dumps`; that is what makes a gigabyte take a minute. Keys and their order follow what
`az monitor activity-log list -o json` prints (sorted, two spaces) and what a diagnostic setting
writes to a storage account (JSON lines, resource id and operation name in capitals):
https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema
"""

import json
import re

POLICY_AUDIT = "Microsoft.Authorization/policies/audit/action"
POLICY_DENY = "Microsoft.Authorization/policies/deny/action"
# A value `"@name"` of a template is replaced by raw JSON text, quotes included.
RAW_SLOT = re.compile(r'"@(\w+)"')

# Rows of a request, then rows of Azure Policy about one.
PHASES = ("begin", "accept", "success", "failure", "audit", "deny")
POLICY_PHASES = ("audit", "deny")
LEVEL = {"failure": "Error", "audit": "Warning", "deny": "Error"}



def properties_of(phase):
    """The `properties` of a row, which differ by phase."""
    common = {
        "eventCategory": "Policy" if phase in POLICY_PHASES else "Administrative",
        "entity": "%(resource)s",
        "message": "%(operation)s",
        "hierarchy": "%(tenant)s/%(subscription)s",
    }
    extra = {
        "begin": {"requestbody": "%(body)s"},
        "accept": {"statusCode": "Accepted", "serviceRequestId": "%(request)s"},
        "success": {
            "statusCode": "Created",
            "serviceRequestId": "%(request)s",
            "responseBody": "%(body)s",
        },
        "failure": {
            "statusCode": "Forbidden",
            "serviceRequestId": "%(request)s",
            "statusMessage": "%(error)s",
        },
        "audit": {
            "isComplianceCheck": "%(compliance)s",
            "resourceLocation": "%(region)s",
            "ancestors": "%(tenant)s,platform,landing zones",
            "policies": "%(policies)s",
        },
    }
    extra["deny"] = extra["audit"]
    return extra[phase] | common


class AzShape:
    """Rows as the Azure CLI prints them: one array, sorted keys, two spaces."""

    name = "az"
    file_name = "az.json"
    first, between, last = "[\n", ",\n", "\n]\n"
    bytes_per_row = 4_900
    newest_first = True

    STATUS = {"begin": "Started", "accept": "Accepted", "success": "Succeeded", "failure": "Failed", "audit": "Succeeded", "deny": "Failed"}
    SUB_STATUS = {"begin": "", "accept": "Accepted", "success": "Created", "failure": "Forbidden", "audit": "", "deny": ""}

    def __init__(self):
        self.templates = {phase: self._template(phase) for phase in PHASES}

    def claims_template(self, claims):
        """The text of a token's claims at the depth it has in a row."""
        return json.dumps(claims, indent=2, sort_keys=True, ensure_ascii=False).replace("\n", "\n    ")

    def row(self, phase, values):
        """One row as text."""
        return self.templates[phase] % values

    def _template(self, phase):
        def pair(value, localized=None):
            return {"localizedValue": value if localized is None else localized, "value": value}

        record = {
            "authorization": {"action": "%(trigger)s", "role": "Owner", "scope": "%(resource)s"},
            "caller": "%(caller)s",
            "category": pair("Policy" if phase in POLICY_PHASES else "Administrative"),
            "claims": "@claims",
            "correlationId": "%(correlation)s",
            "description": "",
            "eventDataId": "%(event)s",
            "eventName": pair("BeginRequest", "Begin request") if phase == "begin" else pair("EndRequest", "End request"),
            "eventTimestamp": "%(time)s",
            "httpRequest": {
                "clientIpAddress": "%(ip)s",
                "clientRequestId": "%(request)s",
                "method": "%(method)s",
                "uri": "https://management.azure.com%(resource)s?api-version=2024-07-01",
            },
            "id": "%(resource)s/events/%(event)s/ticks/%(ticks)s",
            "level": LEVEL.get(phase, "Informational"),
            "operationId": "%(correlation)s",
            "operationName": pair("%(operation)s", "%(operation_display)s"),
            "properties": properties_of(phase),
            "resourceGroup": "%(group)s",
            "resourceGroupName": "%(group)s",
            "resourceId": "%(resource)s",
            "resourceProviderName": pair("%(provider)s"),
            "resourceType": pair("%(provider)s/%(kind)s"),
            "status": pair(self.STATUS[phase]),
            "subStatus": pair(self.SUB_STATUS[phase]),
            "submissionTimestamp": "%(submitted)s",
            "subscriptionId": "%(subscription)s",
            "tenantId": "%(tenant)s",
        }
        if phase == "begin":
            del record["httpRequest"]["uri"]
        text = json.dumps([record], indent=2, sort_keys=True, ensure_ascii=False)
        return RAW_SLOT.sub(r"%(\1)s", text.removeprefix("[\n").removesuffix("\n]"))


class DiagnosticShape:
    """Rows as a diagnostic setting writes them: JSON lines, ids in capitals."""

    name = "nd"
    file_name = "nd.ndjson"
    first, between, last = "", "\n", "\n"
    bytes_per_row = 3_400
    newest_first = False

    RESULT = {"begin": "Start", "accept": "Accept", "success": "Success", "failure": "Failure", "audit": "Success", "deny": "Failure"}
    SIGNATURE = {
        "begin": "Started.",
        "accept": "Accepted.Accepted",
        "success": "Succeeded.Created",
        "failure": "Failed.Forbidden",
        "audit": "Succeeded.",
        "deny": "Failed.",
    }

    def __init__(self):
        self.templates = {phase: self._template(phase) for phase in PHASES}

    def claims_template(self, claims):
        """The text of a token's claims, in the token's own order."""
        return json.dumps(claims, separators=(",", ":"), ensure_ascii=False)

    def row(self, phase, values):
        """One row as text."""
        return self.templates[phase] % values

    def _template(self, phase):
        record = {
            "RoleLocation": "France South",
            "ReleaseVersion": "6.2026.40.4+0123456.release_2026w40",
            "time": "%(time)s",
            "resourceId": "%(resource_upper)s",
            "operationName": "%(operation_upper)s",
            "category": "Policy" if phase in POLICY_PHASES else "Administrative",
            "resultType": self.RESULT[phase],
            "resultSignature": self.SIGNATURE[phase],
            "durationMs": "%(duration)s",
            "callerIpAddress": "%(ip)s",
            "correlationId": "%(correlation)s",
            "identity": {
                "authorization": {
                    "scope": "%(resource)s",
                    "action": "%(trigger)s",
                    "evidence": {
                        "role": "Owner",
                        "roleAssignmentScope": "/subscriptions/%(subscription)s",
                        "roleAssignmentId": "0123456789abcdef0123456789abcdef",
                        "roleDefinitionId": "8e3af657a8ff443ca75c2fe8c4bcb635",
                        "principalId": "fedcba9876543210fedcba9876543210",
                        "principalType": "Group",
                    },
                },
                "claims": "@claims",
            },
            "level": LEVEL.get(phase, "Information"),
            "properties": properties_of(phase),
            "tenantId": "%(tenant)s",
        }
        text = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
        return RAW_SLOT.sub(r"%(\1)s", text)


SHAPES = {shape.name: shape for shape in (AzShape, DiagnosticShape)}
