"""The invented tenant: who acts, on what, with which token, under which policies.

Everything comes from one seeded `random.Random`, so the same seed gives the same tenant. Names, ids
and texts are made up; only claim keys and Microsoft's own application and policy ids are real.
"""

import json
import string
from dataclasses import dataclass, field
from itertools import accumulate

SUBSCRIPTIONS = 12
RESOURCES = 50_000
PRINCIPALS = 5_000
ZIPF_EXPONENT = 1.05
# 3 in 20 principals are service principals, spread evenly over the ranks.
SERVICE_PRINCIPAL_RANKS = {3, 9, 16}
OTHER_POLICIES = 38

AMR = "http://schemas.microsoft.com/claims/authnmethodsreferences"
UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"

# (amr, acrs, weight): which tokens users hold. `p1` counts as MFA without `mfa`, `c1` does not, and
# a token with neither claim cannot be judged.
USER_TOKENS = [
    ("pwd,mfa", "p1", 34),
    ("pwd,rsa,mfa", "p1", 14),
    ("fido,rsa,mfa", None, 7),
    ("pwd", None, 24),
    ("pwd,wia", "c1,c2", 6),
    ("rsa", None, 5),
    ("pwd", "p1", 4),
    (None, "c1", 3),
    (None, "p1", 2),
    (None, None, 1),
]

CLIENT_APPS = [
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46",  # Azure CLI
    "1950a258-227b-4e31-a9cf-717495945fc2",  # Azure PowerShell
    "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",  # Azure portal
]

# (provider, type, its POST operation)
TYPES = [
    ("Microsoft.Compute", "virtualMachines", "start/action"),
    ("Microsoft.Storage", "storageAccounts", "listKeys/action"),
    ("Microsoft.Network", "networkSecurityGroups", "join/action"),
    ("Microsoft.KeyVault", "vaults", "deploy/action"),
    ("Microsoft.Web", "sites", "restart/action"),
    ("Microsoft.Sql", "servers", "failover/action"),
    ("Microsoft.ContainerService", "managedClusters", "listClusterUserCredential/action"),
    ("Microsoft.ManagedIdentity", "userAssignedIdentities", "assign/action"),
]

REGIONS = ["westeurope", "northeurope", "swedencentral", "eastus2", "australiaeast", "japaneast"]

# Texts with what breaks careless scanners: braces, brackets, quotes, backslashes, other scripts.
TAG_TEXTS = [
    "Zürich – Büro {3}",
    "コスト部門 [42]",
    'the "blue" team',
    "C:\\deploy\\out {a: [1, 2]}",
    "line one\nline two\t}",
    "Приложение «Учёт»",
    "naïve café 🚀",
    "plain",
]

# Microsoft's built-in MFA policies: (definition id, display name, effect that audits, that denies).
MFA_POLICIES = {
    "write": (
        "4e6c27d5-a6ee-49cf-b2b4-d8fe90fa2b8b",
        "Users must authenticate with multi-factor authentication to create or update resources",
        "Audit",
        "Deny",
    ),
    "delete": (
        "db4a9d17-db75-4f46-9fcb-9f9526604417",
        "Users must authenticate with multi-factor authentication to delete resources",
        "AuditAction",
        "DenyAction",
    ),
}
# The service that runs compliance scans.
POLICY_INSIGHTS_APP = "1d78a85d-813d-46f0-b496-dd72f50a3ec0"


def guid(rng):
    """A random GUID, lower case."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def opaque(rng, length, alphabet=string.ascii_letters + string.digits + "-_"):
    """Random text as tokens have it."""
    return "".join(rng.choices(alphabet, k=length))


def inner_json(value):
    """`value` as JSON text inside a JSON string, without the outer quotes."""
    return json.dumps(json.dumps(value, separators=(",", ":"), ensure_ascii=False), ensure_ascii=False)[1:-1]


@dataclass
class Policy:
    """One policy assigned in the tenant."""

    display_name: str
    # Its element of `properties.policies`, escaped once as JSON inside a string, when it …
    auditing: str
    denying: str


@dataclass
class Resource:
    """One Azure resource."""

    id: str
    name: str
    group: str
    subscription: str
    provider: str
    kind: str
    verb: str
    region: str
    body: str  # its request body as JSON text inside a JSON string
    id_lower: str = field(init=False)
    id_upper: str = field(init=False)

    def __post_init__(self):
        self.id_lower = self.id.lower()
        self.id_upper = self.id.upper()


@dataclass
class Token:
    """A sort of token that a principal holds: its fixed claims and what Q2 makes of them."""

    claims: dict
    counts_as_non_mfa: bool


@dataclass
class Principal:
    """A user or a service principal."""

    is_user: bool
    oid: str
    upn: str
    tokens: list


class Tenant:
    """All principals, resources and policies, with the weights of the principals."""

    def __init__(self, rng):
        self.rng = rng
        self.id = guid(rng)
        self.subscriptions = [guid(rng) for _ in range(SUBSCRIPTIONS)]
        self.groups = [f"rg-{opaque(rng, 6).lower()}-{n:03d}" for n in range(400)]
        self.bodies = [self._body(n) for n in range(256)]
        self.resources = [self._resource(n) for n in range(RESOURCES)]
        self.principals = [self._principal(rank) for rank in range(PRINCIPALS)]
        weights = (1.0 / (rank + 1) ** ZIPF_EXPONENT for rank in range(PRINCIPALS))
        self.cumulative_weights = list(accumulate(weights))
        self.scanner = self._service_principal(POLICY_INSIGHTS_APP)
        self.mfa_policies = {
            kind: self._policy(*policy, n) for n, (kind, policy) in enumerate(MFA_POLICIES.items())
        }
        self.other_policies = [self._other_policy(n) for n in range(OTHER_POLICIES)]

    def _body(self, n):
        rng = self.rng
        return inner_json(
            {
                "location": rng.choice(REGIONS),
                "tags": {
                    "owner": TAG_TEXTS[n % len(TAG_TEXTS)],
                    "cost center": rng.choice(TAG_TEXTS),
                    "note": "{" * (n % 4) + "]" * (n % 3) + opaque(rng, 12),
                },
                "properties": {
                    "sku": {"name": "Standard_D2s_v5", "tier": "Standard", "capacity": n % 9},
                    "rules": [
                        {"name": f"rule-{i}", "priority": 100 + i, "access": "Allow", "ports": ["443"]}
                        for i in range(n % 3)
                    ],
                    "uniqueId": guid(rng),
                },
            }
        )

    def _resource(self, n):
        rng = self.rng
        provider, kind, verb = TYPES[n % len(TYPES)]
        group = rng.choice(self.groups)
        subscription = rng.choice(self.subscriptions)
        name = f"{kind[:3]}-Prod-{n:05d}"
        return Resource(
            id=f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{provider}/{kind}/{name}",
            name=name,
            group=group,
            subscription=subscription,
            provider=provider,
            kind=kind,
            verb=verb,
            region=rng.choice(REGIONS),
            body=self.bodies[n % len(self.bodies)],
        )

    def _principal(self, rank):
        if rank % 20 in SERVICE_PRINCIPAL_RANKS:
            return self._service_principal(guid(self.rng))
        rng = self.rng
        weights = [weight for _, _, weight in USER_TOKENS]
        oid = guid(rng)
        upn = f"User{rank:04d}.{opaque(rng, 5, string.ascii_lowercase)}@Contoso.example"
        kept = rng.choices(USER_TOKENS, weights=weights, k=3)
        tokens = [self._user_token(oid, upn, rank, amr, acrs) for amr, acrs, _ in kept]
        return Principal(True, oid, upn, tokens)

    def _base_claims(self, app, oid):
        """The claims of every token. `%(…)s` stands for what changes from token to token."""
        return {
            "aud": "https://management.core.windows.net/",
            "iss": f"https://sts.windows.net/{self.id}/",
            "iat": "%(issued)s",
            "nbf": "%(issued)s",
            "exp": "%(expires)s",
            "aio": "%(aio)s",
            "appid": app,
            "http://schemas.microsoft.com/identity/claims/objectidentifier": oid,
            "http://schemas.microsoft.com/identity/claims/tenantid": self.id,
            "rh": f"1.{opaque(self.rng, 52)}.",
            "uti": "%(uti)s",
            "ver": "1.0",
            "xms_tcdt": "1391159646",
        }

    def _user_token(self, oid, upn, rank, amr, acrs):
        rng = self.rng
        claims = self._base_claims(rng.choice(CLIENT_APPS), oid)
        claims |= {
            "http://schemas.microsoft.com/claims/authnclassreference": "1",
            "appidacr": "0",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname": f"O'Hara \"{rank}\"",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname": rng.choice(["Zoë", "Łukasz", "John", "美咲"]),
            "groups": ",".join(guid(rng) for _ in range(1)),
            "idtyp": "user",
            "ipaddr": "%(ip)s",
            "name": f"Zoë O'Hara \"{rank}\"",
            "puid": f"{rng.getrandbits(64):016X}",
            "http://schemas.microsoft.com/identity/claims/scope": "user_impersonation",
            "sid": guid(rng),
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier": opaque(rng, 43),
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name": upn,
            UPN: upn,
            "wids": f"{guid(rng)},b79fbf4d-3ef9-4689-8143-76b194e85509",
            "xms_cc": "CP1",
        }
        if amr is not None:
            claims[AMR] = amr
        if acrs is not None:
            claims["acrs"] = acrs
        judged = amr is not None or acrs is not None
        did_mfa = "mfa" in (amr or "").split(",") or "p1" in (acrs or "").split(",")
        return Token(claims, judged and not did_mfa)

    def _service_principal(self, app):
        oid = guid(self.rng)
        claims = self._base_claims(app, oid)
        claims |= {
            "appidacr": "2",
            "http://schemas.microsoft.com/identity/claims/identityprovider": f"https://sts.windows.net/{self.id}/",
            "idtyp": "app",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier": oid,
            "xms_idrel": "7 12",
        }
        return Principal(False, oid, "", [Token(claims, False)])

    def _other_policy(self, n):
        text = TAG_TEXTS[n % len(TAG_TEXTS)].replace("\n", " ").replace("\t", " ")
        return self._policy(guid(self.rng), f"Audit rule {n}: {text}", "Audit", "Deny", n + 10)

    def _policy(self, definition, name, audit_effect, deny_effect, number):
        scope = f"/providers/Microsoft.Management/managementGroups/{self.id}"
        assignment = f"assign-{number:02d}"

        def element(effect):
            return inner_json(
                {
                    "policyDefinitionId": f"/providers/Microsoft.Authorization/policyDefinitions/{definition}",
                    "policyDefinitionName": definition,
                    "policyDefinitionDisplayName": name,
                    "policyDefinitionVersion": "1.1.0",
                    "policyDefinitionEffect": effect,
                    "policyAssignmentId": f"{scope}/providers/Microsoft.Authorization/policyAssignments/{assignment}",
                    "policyAssignmentName": assignment,
                    "policyAssignmentDisplayName": f"Assignment {number} of {TAG_TEXTS[number % len(TAG_TEXTS)]}",
                    "policyAssignmentScope": scope,
                    "policyExemptionIds": [],
                    "policyEnrollmentIds": [],
                }
            )

        return Policy(name, element(audit_effect), element(deny_effect))
