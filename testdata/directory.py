"""Side inputs: who has registered what, who may do what, what there is, and where.

Sources: https://learn.microsoft.com/graph/api/resources/userregistrationdetails,
https://learn.microsoft.com/graph/api/resources/unifiedroleassignment,
https://learn.microsoft.com/graph/api/resources/user, and what `az resource list`,
`az role assignment list --all` and `az ad user list` print.
"""

import json

from story import compact, guid, resource_type

# Built-in roles: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles and
# https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
AZURE_ROLES = {"Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
               "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7", "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"}
ENTRA_ROLES = {"Global Administrator": "62e90394-69f5-4237-9190-012177145e10", "Security Administrator": "194ae4cb-b126-40b2-bd5b-6091b380977d",
               "Conditional Access Administrator": "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", "Directory Readers": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
               "Directory Synchronization Accounts": "d29b2b05-8046-44ba-8758-1e26182fcf32"}

# What a person has registered: methods as Graph names them, capable of MFA, passwordless.
REGISTERED = {
    "none": ([], False, False), "email": (["email"], False, False), "app": (["microsoftAuthenticatorPush", "softwareOneTimePasscode"], True, False),
    "sms": (["mobilePhone"], True, False), "hello": (["windowsHelloForBusiness", "microsoftAuthenticatorPush"], True, True),
    "passkey": (["passKeyDeviceBound", "passKeyDeviceBoundAuthenticator"], True, True), "phoneless": (["microsoftAuthenticatorPasswordless"], True, True),
}


def registration(who, kind, admin=False, **more):
    """One row of userRegistrationDetails."""
    methods, capable, passwordless = REGISTERED[kind]
    return {
        "id": who["oid"], "userPrincipalName": who["upn"], "userDisplayName": who["name"], "userType": more.get("type", "member"), "isAdmin": admin,
        "isSsprRegistered": bool(methods), "isSsprEnabled": False, "isSsprCapable": False, "isMfaRegistered": more.get("registered", capable), "isMfaCapable": capable,
        "isPasswordlessCapable": passwordless, "methodsRegistered": methods, "isSystemPreferredAuthenticationMethodEnabled": True,
        "systemPreferredAuthenticationMethods": ["push"] if "microsoftAuthenticatorPush" in methods else [],
        "userPreferredMethodForSecondaryAuthentication": "push" if "microsoftAuthenticatorPush" in methods else "none",
        "lastUpdatedDateTime": more.get("updated", "2026-03-06T02:11:31.5421375Z")}


def graph_page(records, path, version="v1.0", **more):
    body = {"@odata.context": f"https://graph.microsoft.com/{version}/$metadata#{path}"}
    if more.get("next"):
        body["@odata.nextLink"] = f"https://graph.microsoft.com/{version}/{path}?$skiptoken={guid('skip', path)}"
    body["value"] = records
    return compact(body) + "\n"


def az_array(records):
    return json.dumps(records, indent=2, ensure_ascii=False) + "\n"


def resource(identifier, location, tags=None):
    """One element of `az resource list`."""
    parts = identifier.strip("/").split("/")
    return {"changedTime": "2026-02-01T10:00:00.123456+00:00", "createdTime": "2025-06-01T09:50:00.654321+00:00", "extendedLocation": None, "id": identifier,
            "identity": None, "kind": None, "location": location, "managedBy": None, "name": parts[-1], "plan": None, "properties": None,
            "provisioningState": "Succeeded", "resourceGroup": parts[3], "sku": None, "tags": tags, "type": resource_type(identifier)}


def azure_role(name, role, who, scope, kind="User"):
    """One element of `az role assignment list --all`."""
    definition = AZURE_ROLES[role]
    subscription = "/".join(scope.split("/")[:3])
    assignment = guid(name, "azure role", role, who["oid"], scope)
    return {"condition": None, "conditionVersion": None, "createdBy": guid(name, "principal", "root"), "createdOn": "2025-07-01T08:00:00.1234567+00:00",
            "delegatedManagedIdentityResourceId": None, "description": "", "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{assignment}",
            "name": assignment, "principalId": who["oid"], "principalName": who.get("upn") or who["name"], "principalType": kind,
            "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{definition}", "roleDefinitionName": role, "scope": scope,
            "type": "Microsoft.Authorization/roleAssignments", "updatedBy": guid(name, "principal", "root"), "updatedOn": "2025-07-01T08:00:00.1234567+00:00"}


def entra_role(name, role, who, kind="#microsoft.graph.user", expanded=True):
    """One of roleManagement/directory/roleAssignments, with `$expand=principal,roleDefinition` or without."""
    template = ENTRA_ROLES[role]
    record = {"id": guid(name, "entra role", role, who["oid"]).replace("-", "") + "-1", "principalId": who["oid"], "directoryScopeId": "/", "roleDefinitionId": template}
    if expanded:
        record["principal"] = {"@odata.type": kind, "id": who["oid"], "displayName": who["name"], "userPrincipalName": who.get("upn")}
        record["roleDefinition"] = {"id": template, "displayName": role, "isBuiltIn": True, "isEnabled": True, "templateId": template}
    return record


def graph_user(who, **more):
    """One of Graph's users with the properties that readiness reads."""
    return {"id": who["oid"], "userPrincipalName": who["upn"], "displayName": who["name"], "userType": more.get("type", "Member"),
            "accountEnabled": more.get("enabled", True), "onPremisesSyncEnabled": more.get("synced"), "jobTitle": more.get("job"),
            "department": more.get("department"), "createdDateTime": more.get("created", "2024-02-05T09:00:00Z"), "mail": who["upn"]}


def az_user(who, **more):
    """One of `az ad user list`: the default properties of Graph, nothing about type or state."""
    return {"businessPhones": [], "displayName": who["name"], "givenName": None, "id": who["oid"], "jobTitle": more.get("job"), "mail": who["upn"],
            "mobilePhone": None, "officeLocation": None, "preferredLanguage": None, "surname": None, "userPrincipalName": who["upn"]}


# --- Tailwind Traders ----------------------------------------------------------------------------

def tailwind(people, places, regions, shop, lab):
    """The side inputs of the week: name of the shape to (records, what makes a page of them)."""
    name = "tailwind"
    extra = {"oid": guid(name, "principal", "breakglass"), "upn": "breakglass@tailwind.example", "name": "Break glass"}
    have = {"ana.lima": "app", "bo.svensson": "none", "chidi.okafor": "app", "dana.weiss": "hello", "emre.kaya": "sms", "fatima.haddad": "app",
            "gwen.tran": "none", "hugo.martin": "email", "ines.duarte": "app", "svc.terraform": "none"}
    registrations = [registration(people[key], kind, key == "ana.lima", type="guest" if key == "gwen.tran" else "member") for key, kind in have.items()]
    registrations.append(registration(extra, "passkey", True))
    resources = [resource(identifier, regions[identifier.split("/")[4]], {"owner": "shop"} if "rg-shop" in identifier else None)
                 for identifier in places.values() if identifier.startswith("/subscriptions/") and identifier.count("/") == 8 and "/deployments/" not in identifier]
    roles = [azure_role(name, "Owner", people["ana.lima"], f"/subscriptions/{shop}"), azure_role(name, "Contributor", people["bo.svensson"], f"/subscriptions/{shop}"),
             azure_role(name, "Contributor", people["svc.terraform"], f"/subscriptions/{lab}"), azure_role(name, "Reader", people["ines.duarte"], f"/subscriptions/{lab}"),
             azure_role(name, "User Access Administrator", extra, f"/subscriptions/{shop}"),
             azure_role(name, "Contributor", {**people["sp-pipeline"], "upn": None}, f"/subscriptions/{shop}", "ServicePrincipal")]
    entra = [entra_role(name, "Global Administrator", people["ana.lima"]), entra_role(name, "Global Administrator", extra),
             entra_role(name, "Directory Readers", people["chidi.okafor"]),
             entra_role(name, "Security Administrator", {**people["sp-backup"], "upn": None}, "#microsoft.graph.servicePrincipal")]
    users = [(people[key], {"job": "Engineer", "type": "Guest" if key == "gwen.tran" else "Member", "synced": True if key == "hugo.martin" else None,
                            "enabled": key != "emre.kaya"}) for key in have]
    return registrations, resources, roles, entra, users
