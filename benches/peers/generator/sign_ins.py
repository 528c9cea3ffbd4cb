"""Sign-ins as Microsoft Graph's beta gives them: compact, about 7.6 kB each, eight policies in each.

Templates are written once by `json.dumps` and filled, as in `shapes.py`. Keys follow
https://learn.microsoft.com/graph/api/resources/signin (beta).
"""

import base64
import json
import uuid
from collections import Counter
from itertools import accumulate

from generator.shapes import RAW_SLOT
from generator.tenant import CLIENT_APPS, guid

ARM = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
PRIMARY, SECOND = "Primary authentication", "Multi-factor authentication"
PASSWORD = ("Password", PRIMARY, "Correct password", True)
CLAIM = "MFA requirement satisfied by claim in the token"
SKIPPED = "MFA requirement skipped due to location"
# (share in percent, interactive, error code, requirement, steps, additionalDetails, an MFA policy was met, verdict)
PROOFS = [
    (24, True, 0, "multi", [PASSWORD, ("Mobile app notification", SECOND, "MFA completed in Azure AD", True)], "MFA completed in Azure AD", True, "mfa"),
    (14, False, 0, "multi", [("Previously satisfied", SECOND, CLAIM, True)], CLAIM, True, "mfa"),
    (8, False, 0, "single", [], CLAIM, False, "mfa"),
    (4, True, 0, "multi", [], None, False, "mfa"),
    (4, True, 0, "multi", [PASSWORD, ("Previously satisfied", SECOND, SKIPPED, True)], SKIPPED, False, "exempt"),
    (6, False, 0, "single", [], None, True, "mfa"),
    (12, True, 0, "single", [PASSWORD], None, False, "non_mfa"),
    (20, False, 0, "single", [], None, False, "unknown"),
    (4, True, 50074, "multi", [PASSWORD], None, False, "not_completed"),
    (4, True, 50126, "single", [("Password", PRIMARY, "Invalid username or password", False)], None, False, "not_completed"),
]
POLICIES = 8


def policy(number, met):
    """One policy of a sign-in; the first is the one that asks for MFA."""
    applies = number == 0 and met
    result = "success" if applies else ("notApplied", "reportOnlySuccess", "notEnabled")[number % 3]
    rule = {"conditionalAccessCondition": "users", "ruleSatisfied": "allUsers"}
    return {
        "id": f"00000000-aaaa-4000-8000-{number:012d}",
        "displayName": f"CA{number:03d}: „{{MFA}}“ for \"management\" \\ région {number}",
        "enforcedGrantControls": ["Mfa", "RequireCompliantDevice"] if number == 0 else ["Block"],
        "enforcedSessionControls": ["SignInFrequency"] if number % 2 else [],
        "sessionControlsNotSatisfied": [],
        "result": result,
        "conditionsSatisfied": "application,users,devicePlatform,location,clientType",
        "conditionsNotSatisfied": "none" if applies else "application",
        "includeRulesSatisfied": [rule],
        "excludeRulesSatisfied": [],
    }


def template(proof, kind):
    """The record of one proof with places for what differs."""
    _, interactive, code, requirement, steps, words, met, _ = proof
    record = {
        "id": "%(id)s", "createdDateTime": "%(time)s", "userDisplayName": "%(name)s", "userPrincipalName": "%(upn)s", "userId": "%(oid)s",
        "appId": "%(app)s", "appDisplayName": "Application of „Zoë“ \\ {Azure}", "ipAddress": "%(ip)s", "ipAddressFromResourceProvider": None,
        "clientAppUsed": "Mobile Apps and Desktop clients",
        "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
        "correlationId": "%(correlation)s", "conditionalAccessStatus": "success" if met else "notApplied", "originalRequestId": "%(id)s",
        "isInteractive": interactive and kind == "user", "tokenIssuerName": "", "tokenIssuerType": "AzureAD", "clientCredentialType": "none",
        "processingTimeInMilliseconds": 137, "riskDetail": "none", "riskLevelAggregated": "none", "riskLevelDuringSignIn": "none", "riskState": "none",
        "riskEventTypes_v2": [], "resourceDisplayName": "Windows Azure Service Management API", "resourceId": ARM, "resourceTenantId": "%(tenant)s",
        "homeTenantId": "%(tenant)s", "homeTenantName": "", "authenticationMethodsUsed": [], "signInIdentifier": "%(upn)s", "signInIdentifierType": None,
        "servicePrincipalName": None, "userType": "member", "flaggedForReview": False, "isTenantRestricted": False, "autonomousSystemNumber": 64500,
        "crossTenantAccessType": "none", "servicePrincipalCredentialKeyId": None, "servicePrincipalCredentialThumbprint": "",
        "uniqueTokenIdentifier": "%(token)s", "incomingTokenType": "none", "authenticationProtocol": "none", "originalTransferMethod": "none",
        "resourceServicePrincipalId": "6f0c5d63-9c5f-4e8a-9d42-1f0f3c2b7d11", "sessionId": "%(session)s", "isThroughGlobalSecureAccess": False,
        "globalSecureAccessIpAddress": None, "signInTokenProtectionStatus": "none", "appliedEventListeners": [],
        "signInEventTypes": ["interactiveUser" if interactive else "nonInteractiveUser"],
        "authenticationRequirement": requirement + "FactorAuthentication",
        "status": {"errorCode": code, "failureReason": "Strong Authentication is required." if code else "Other.", "additionalDetails": words},
        "deviceDetail": {"deviceId": "", "displayName": "", "operatingSystem": "Windows10", "browser": "Chrome 139.0.0", "isCompliant": False,
                         "isManaged": False, "trustType": ""},
        "location": {"city": "Åmål", "state": "Västra Götaland", "countryOrRegion": "SE", "geoCoordinates": {"altitude": None, "latitude": 59.05, "longitude": 12.7}},
        "mfaDetail": None,
        "authenticationContextClassReferences": [], "authenticationAppDeviceDetails": None, "authenticationAppPolicyEvaluationDetails": [],
        "authenticationProcessingDetails": [{"key": "Login Hint Present", "value": "True"}, {"key": "Is CAE Token", "value": "False"},
                                            {"key": "Oauth Scope Info", "value": json.dumps(["user_impersonation"])}],
        "networkLocationDetails": [{"networkType": "namedNetwork", "networkNames": ["Office “Nord”"]}],
        "authenticationRequirementPolicies": [{"requirementProvider": "multiConditionalAccess", "detail": "Conditional Access"}],
        "sessionLifetimePolicies": [{"expirationRequirement": "signInFrequencyPeriodicReauthentication", "detail": "Conditional Access"}],
        "authenticationDetails": [
            {"authenticationStepDateTime": "%(time)s", "authenticationMethod": method, "authenticationMethodDetail": "", "succeeded": succeeded,
             "authenticationStepResultDetail": result, "authenticationStepRequirement": need} for method, need, result, succeeded in steps],
        "appliedConditionalAccessPolicies": [policy(number, met) for number in range(POLICIES)],
        "managedServiceIdentity": {"msiType": "none", "associatedResourceId": "", "federatedTokenId": "", "federatedTokenIssuer": ""},
        "privateLinkDetails": {"policyId": "", "policyName": "", "resourceId": "", "policyTenantId": ""},
    }
    if kind != "user":
        record |= {"userId": None, "userPrincipalName": None, "userDisplayName": None, "userType": None, "servicePrincipalId": "%(oid)s",
                   "servicePrincipalName": "%(name)s", "signInEventTypes": ["servicePrincipal"], "authenticationDetails": []}
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    return RAW_SLOT.sub(r"%(\1)s", text)


class SignIns:
    """Invents sign-ins of a tenant's principals and counts the answer as it goes."""

    def __init__(self, rng, tenant, clock, shares_sessions=False):
        self.rng, self.tenant, self.clock = rng, tenant, clock
        # Sessions of the log's tokens; else one of its own for each, so that none resolves another.
        self.shares_sessions = shares_sessions
        self.proofs = [(proof, template(proof, "user")) for proof in PROOFS]
        self.weights = list(accumulate(proof[0] for proof in PROOFS))
        self.program = template(PROOFS[7], "program")
        self.q3 = Counter()
        self.completed = self.failed = 0
        self.people = set()
        # Token identifiers by object id, for events that are to be linked.
        self.issued = {}

    def record(self, ticks, principal):
        rng = self.rng
        request = guid(rng)
        address = rng.getrandbits(16)
        token = base64.urlsafe_b64encode(uuid.UUID(request).bytes_le).decode().rstrip("=")
        app = rng.choice(CLIENT_APPS) if principal.is_user else principal.tokens[0].claims["appid"]
        values = {"id": request, "time": self.clock.text(ticks), "name": "Zoë O'Hara", "upn": principal.upn, "oid": principal.oid, "app": app,
                  "ip": f"203.0.{address >> 8}.{address & 255}", "correlation": guid(rng), "token": token, "tenant": self.tenant.id}
        values["session"] = rng.choice(principal.tokens).claims.get("sid", "") if self.shares_sessions else guid(rng)
        if not principal.is_user:
            self.q3[(app, "not_user")] += 1
            return self.program % values
        proof, text = rng.choices(self.proofs, cum_weights=self.weights)[0]
        self.q3[(app, proof[-1])] += 1
        if proof[2] in (0, 50074):
            self.people.add(principal.oid)
            self.completed += proof[2] == 0
            self.failed += proof[2] == 50074
        if proof[2] == 0:
            self.issued.setdefault(principal.oid, []).append(token)
        return text % values

    def principals(self, count):
        return self.rng.choices(self.tenant.principals, cum_weights=self.tenant.cumulative_weights, k=count)
