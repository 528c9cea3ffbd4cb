"""Sign-ins of an invented tenant, told once as records of Microsoft Graph (beta `signIn`).

Source of the fields: https://learn.microsoft.com/graph/api/resources/signin (beta). How MFA was
proved is told by one word, `proof`, so that a story reads as a list of people and proofs.
"""

import base64
import uuid
from datetime import timedelta

from story import CLI, MOBILE, PORTAL, POWERSHELL, guid, iso

ARM = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
GRAPH = "00000003-0000-0000-c000-000000000000"
EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
DIRECTORY = "00000002-0000-0000-c000-000000000000"
BROKER = "29d9ed98-a469-4536-ade2-f981bc1d605e"
WINDOWS = "38aa3b87-a06d-4817-b275-7a316988d93b"
RESOURCES = {ARM: "Windows Azure Service Management API", GRAPH: "Microsoft Graph", EXCHANGE: "Office 365 Exchange Online",
             DIRECTORY: "Windows Azure Active Directory"}
APPS = {PORTAL: "Azure Portal", CLI: "Microsoft Azure CLI", POWERSHELL: "Microsoft Azure PowerShell", MOBILE: "Microsoft Azure mobile app",
        BROKER: "Microsoft Authentication Broker", WINDOWS: "Windows Sign In"}

EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0"
AGENTS = {PORTAL: EDGE, CLI: "azsdk-python-core/1.32.0 Python/3.12.8 (Linux) AZURECLI/2.77.0 (DEB)",
          POWERSHELL: "AzurePowershell/v14.4.0 PSVersion/v7.5.2 Az.Accounts/5.3.0", MOBILE: "AzureMobile/6.8.1 (iOS 18.6)"}
PLACES = {"192.0.2.": ("Stockholm", "Stockholms Lan", "SE", 59.33, 18.07, 64500), "198.51.100.": ("Amsterdam", "Noord-Holland", "NL", 52.37, 4.89, 64501),
          "203.0.113.": ("Lisboa", "Lisboa", "PT", 38.72, -9.14, 64502)}

# AADSTS codes: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
FAILURES = {
    0: "Other.",
    50053: "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
    50058: "Session information is not sufficient for single-sign-on.",
    50072: "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication.",
    50074: "Strong Authentication is required.",
    50076: "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication.",
    50079: "User needs to enroll for second factor authentication.",
    50097: "Device authentication is required.",
    50126: "Error validating credentials due to invalid username or password.",
    50140: "This error occurred due to 'Keep me signed in' interrupt when the user was signing-in.",
    50158: "External security challenge was not satisfied.",
    53003: "Access has been blocked by Conditional Access policies.",
    53004: "User needs to complete multi-factor authentication registration.",
    65001: "The user or administrator has not consented to use the application.",
    500121: "Authentication failed during strong authentication request.",
}

PRIMARY, SECOND = "Primary authentication", "Multi-factor authentication"
CLOUD = "MFA completed in Azure AD"
CLAIM = "MFA requirement satisfied by claim in the token"

# proof: (steps as (method, detail, requirement, result, succeeded), requirement, additionalDetails, (mfa method, mfa detail))
PASSWORD = ("Password", "Password in the cloud", PRIMARY, "Correct password", True)
PROOFS = {
    "password": ([PASSWORD], "single", None, None),
    "app": ([PASSWORD, ("Mobile app notification", "iPhone 15", SECOND, CLOUD, True)], "multi", CLOUD, ("Mobile app notification", "iPhone 15")),
    "sms": ([PASSWORD, ("Text message", "+XX XXXXXXXX12", SECOND, CLOUD, True)], "multi", CLOUD, ("Text message", "+XX XXXXXXXX12")),
    "fido2": ([("FIDO2 security key", "Key of 2025", PRIMARY, "MFA requirement satisfied by strong authentication", True)], "multi",
              "MFA requirement satisfied by strong authentication", None),
    "hello": ([("Windows Hello for Business", "", PRIMARY, "MFA requirement satisfied by strong authentication", True)], "multi",
              "MFA requirement satisfied by strong authentication", None),
    "hello_single": ([("Windows Hello for Business", "", PRIMARY, "First factor requirement satisfied by claim in the token", True)], "single", None, None),
    "certificate": ([("X.509 Certificate", "Multifactor", PRIMARY, "MFA requirement satisfied by strong authentication", True)], "multi",
                    "MFA requirement satisfied by strong authentication", None),
    "claim": ([("Previously satisfied", "", PRIMARY, "First factor requirement satisfied by claim in the token", True),
               ("Previously satisfied", "", SECOND, CLAIM, True)], "multi", CLAIM, None),
    "claim_single": ([("Previously satisfied", "", PRIMARY, "First factor requirement satisfied by claim in the token", True)], "single", CLAIM, None),
    "external": ([("Password", "Federated", PRIMARY, "Correct password", True),
                  ("External authentication method", "", SECOND, "MFA requirement satisfied by claim provided by external provider", True)], "multi",
                 "MFA requirement satisfied by claim provided by external provider", None),
    "requirement": ([], "multi", None, None),
    "bare": ([], "single", None, None),
    "skipped": ([PASSWORD, ("Previously satisfied", "", SECOND, "MFA requirement skipped due to location", True)], "multi",
                "MFA requirement skipped due to location", None),
    "remembered": ([PASSWORD, ("Previously satisfied", "", SECOND, "MFA requirement skipped due to remembered device", True)], "multi",
                   "MFA requirement skipped due to remembered device", None),
    "declined": ([PASSWORD, ("Mobile app notification", "iPhone 15", SECOND, "MFA denied; user declined the authentication", False)], "multi",
                 "MFA denied; user declined the authentication", ("Mobile app notification", "iPhone 15")),
    "no_answer": ([PASSWORD, ("Text message", "+XX XXXXXXXX12", SECOND, "MFA denied; user never entered the verification code", False)], "multi",
                  "MFA denied; user never entered the verification code", ("Text message", "+XX XXXXXXXX12")),
    "wrong_password": ([("Password", "Password in the cloud", PRIMARY, "Invalid username or password", False)], "single", None, None),
}


def request_id(uti):
    """The sign-in that issued a token: its request id is the GUID inside `uti`."""
    return str(uuid.UUID(bytes_le=base64.urlsafe_b64decode(uti + "==")))


def token_of(request):
    """The unique token identifier of a request id."""
    return base64.urlsafe_b64encode(uuid.UUID(request).bytes_le).decode().rstrip("=")


def place(ip):
    city, state, country, latitude, longitude, network = next((there for start, there in PLACES.items() if ip.startswith(start)),
                                                             ("", "", "", None, None, 0))
    return {"city": city, "state": state, "countryOrRegion": country,
            "geoCoordinates": {"altitude": None, "latitude": latitude, "longitude": longitude}}, network


class SignIns:
    """Sign-ins of one tenant in the order in which they are told."""

    def __init__(self, name, tenant, policies):
        self.name, self.tenant, self.policies, self.records = name, tenant, policies, []

    def common(self, when, ip, app, app_name, resource, more):
        number = len(self.records)
        request = more.get("id") or guid(self.name, "sign-in", number)
        where, network = place(ip)
        error = more.get("error", 0)
        return {
            "id": request,
            "createdDateTime": iso(when, more.get("digits", 7)),
            "userDisplayName": None, "userPrincipalName": None, "userId": None,
            "appId": app,
            "appDisplayName": app_name,
            "ipAddress": ip,
            "ipAddressFromResourceProvider": None,
            "clientAppUsed": None, "userAgent": more.get("agent"),
            "correlationId": more.get("correlation") or guid(self.name, "sign-in correlation", number),
            "conditionalAccessStatus": "notApplied",
            "originalRequestId": more.get("original", request),
            "isInteractive": False,
            "tokenIssuerName": "", "tokenIssuerType": "AzureAD",
            "clientCredentialType": "none",
            "processingTimeInMilliseconds": 80 + number * 37 % 400,
            "riskDetail": "none", "riskLevelAggregated": more.get("risk_user", "none"), "riskLevelDuringSignIn": more.get("risk", "none"), "riskState": "none",
            "riskEventTypes_v2": [],
            "resourceDisplayName": RESOURCES.get(resource, resource), "resourceId": resource,
            "resourceTenantId": self.tenant, "homeTenantId": more.get("home", self.tenant),
            "authenticationMethodsUsed": [],
            "flaggedForReview": False, "isTenantRestricted": False,
            "autonomousSystemNumber": network,
            "crossTenantAccessType": more.get("cross", "none"),
            "uniqueTokenIdentifier": token_of(request),
            "incomingTokenType": more.get("incoming", "none"),
            "authenticationProtocol": more.get("protocol", "none"),
            "originalTransferMethod": more.get("transfer", "none"),
            "resourceServicePrincipalId": guid(self.name, "resource", resource),
            "sessionId": more.get("session"),
            "status": {"errorCode": error, "failureReason": FAILURES[error], "additionalDetails": None},
            "location": where,
            "appliedConditionalAccessPolicies": [],
            "authenticationProcessingDetails": [{"key": "Is CAE Token", "value": "False"}],
            "networkLocationDetails": [{"networkType": "trustedNamedLocation", "networkNames": ["Head office"]}] if more.get("trusted") else [],
            "privateLinkDetails": {"policyId": "", "policyName": "", "resourceId": "", "policyTenantId": ""},
        }

    def user(self, when, who, app, proof, **more):
        """A person's sign-in. `who` has oid, upn, name and ip; `proof` says how it was proved."""
        interactive = more.get("interactive", True)
        steps, requirement, words, mfa = PROOFS[proof]
        resource = more.get("resource", ARM)
        browser = app in (PORTAL, None) or more.get("browser", False)
        more.setdefault("agent", AGENTS.get(app, EDGE))
        record = self.common(when, more.get("ip", who["ip"]), app, more.get("app_name") or APPS.get(app), resource, more)
        guest = more.get("guest", False)
        record.update({
            "userDisplayName": who["name"], "userPrincipalName": who["upn"], "userId": who["oid"],
            "clientAppUsed": more.get("client") or ("Browser" if browser else "Mobile Apps and Desktop clients"),
            "isInteractive": interactive,
            "signInEventTypes": ["interactiveUser" if interactive else "nonInteractiveUser"],
            "userType": "guest" if guest else "member",
            "signInIdentifier": who["upn"], "signInIdentifierType": None,
            "servicePrincipalName": None, "servicePrincipalId": "", "servicePrincipalCredentialKeyId": "", "servicePrincipalCredentialThumbprint": "",
            "authenticationRequirement": more.get("requirement", requirement) + "FactorAuthentication",
            "deviceDetail": more.get("device") or {"deviceId": "", "displayName": "", "operatingSystem": "Windows10" if browser else "Linux",
                                                   "browser": "Edge 139.0.0" if browser else "", "isCompliant": False, "isManaged": False, "trustType": ""},
            "mfaDetail": {"authMethod": mfa[0], "authDetail": mfa[1]} if mfa else None,
            "authenticationContextClassReferences": [{"id": context, "detail": "required"} for context in more.get("contexts", [])],
            "authenticationDetails": [{
                "authenticationStepDateTime": iso(when - timedelta(seconds=12 * (len(steps) - 1 - place_)), 7),
                "authenticationMethod": method, "authenticationMethodDetail": detail, "succeeded": succeeded,
                "authenticationStepResultDetail": result, "authenticationStepRequirement": need,
            } for place_, (method, detail, need, result, succeeded) in enumerate(steps)],
            "authenticationRequirementPolicies": [{"requirementProvider": "multiConditionalAccess", "detail": "Conditional Access"}]
            if requirement == "multi" else [],
            "sessionLifetimePolicies": [],
        })
        record["status"]["additionalDetails"] = more.get("words", words)
        self.conditional_access(record, more)
        self.records.append(record)
        return record

    def conditional_access(self, record, more):
        """Each policy of the tenant with what it came to; `results` names exceptions."""
        results, applied = more.get("results", {}), []
        for key, (name, controls, default) in self.policies.items():
            result = results.get(key) or default
            if default == "mfa":
                asked = record["authenticationRequirement"].startswith("multi") and record["resourceId"] == ARM
                result = results.get(key) or (("failure" if record["status"]["errorCode"] in (50074, 50076, 500121) else "success") if asked else "notApplied")
            met = result in ("success", "failure") or result.startswith("reportOnly") and result != "reportOnlyNotApplied"
            applied.append({
                "id": guid(self.name, "policy", key), "displayName": name,
                "enforcedGrantControls": controls if met else [], "enforcedSessionControls": [],
                "result": result, "conditionsSatisfied": "application,users" if met else "users", "conditionsNotSatisfied": "none" if met else "application",
                "includeRulesSatisfied": [{"conditionalAccessCondition": "users", "ruleSatisfied": "allUsers"}], "excludeRulesSatisfied": []})
        record["appliedConditionalAccessPolicies"] = applied
        outcomes = {policy["result"] for policy in applied}
        record["conditionalAccessStatus"] = "failure" if "failure" in outcomes else "success" if "success" in outcomes else "notApplied"

    def program(self, when, who, app, identity=None, **more):
        """A service principal's sign-in, or a managed identity's when `identity` is its resource."""
        record = self.common(when, who["ip"] if not identity else "", app, None, more.get("resource", ARM), more)
        record.update({
            "userType": None, "servicePrincipalName": who["name"], "servicePrincipalId": who["oid"],
            "signInEventTypes": ["managedIdentity" if identity else "servicePrincipal"],
            "clientCredentialType": "managedIdentity" if identity else more.get("credential", "clientSecret"),
            "servicePrincipalCredentialKeyId": "" if identity else guid(self.name, "credential", app), "servicePrincipalCredentialThumbprint": "",
            "status": {**record["status"], "failureReason": None if not more.get("error") else record["status"]["failureReason"]},
        })
        if identity:
            record["managedServiceIdentity"] = {"msiType": "systemAssigned", "associatedResourceId": identity, "federatedTokenId": "", "federatedTokenIssuer": ""}
        self.records.append(record)
        return record


def tokens(events):
    """Token id to (claims, time of its first use), in order of first use."""
    found = {}
    for event in events:
        uti = event["claims"].get("uti") if event["claims"] else None
        if uti and uti not in found:
            found[uti] = event["claims"]
    return found
