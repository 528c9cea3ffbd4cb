"""The odd and the broken of what has no time of its own or comes as a table: hunting tables of Defender,
the audit CSV, and the side inputs. Each function gives what its fixture has to tell, in plain records.

Sources of PowerShell's members: `PSResource` and `PSRoleAssignment` in https://github.com/Azure/azure-powershell;
the Graph SDK puts what it knows of a `directoryObject` into `AdditionalProperties`. Graph answers a hunting query
with `schema` and `results`: https://learn.microsoft.com/graph/api/security-security-runhuntingquery.
"""

import copy
import csv
import io
import json
import re

import audits
import directory
import signin_shapes as shape
from fixtures import account
from spoiled import broken_array, count, deep, odd_array, shifted
from story import compact, guid

EXTRA = {"": None, "futureKey": deep(40), "moreOfIt": ["x" * 300, 1e300, -0.0, True, None]}


def escaped(record):
    """Letters and slashes as escapes, blanks around every mark."""
    text = json.dumps(record, ensure_ascii=True, separators=(" , ", " :  ")).replace("/", "\\/")
    return re.sub(r'"([A-Za-z@])([^"\\]*)" :', lambda key: f'"\\u{ord(key[1]):04x}{key[2]}" :', text)


def backwards(record):
    return dict(reversed(record.items()))


def other_case(record):
    return {key.swapcase(): cell for key, cell in record.items()}


def dressed(rows):
    """Six rows as text and the first once more: turned round, escaped, in other letter case, with keys nobody knows or twice."""
    first, second, third, fourth, fifth, sixth = rows
    twice = compact(sixth)
    name, cell = next((name, cell) for name, cell in sixth.items() if isinstance(cell, str))
    return [compact(backwards(first)), escaped(second), compact(other_case(third)), compact({**EXTRA, **fourth}),
            json.dumps(fifth, ensure_ascii=False, separators=(" ,\t", "  :\t")), "{" + json.dumps(name) + ':"a copy that is not the last",' + twice[1:],
            compact(first)]


def damage(rows, name, unclaimed):
    """Good rows among damaged ones; `name` is a member with a text, `unclaimed` rows that lack what they are known by."""
    good = [compact(row).encode() for row in rows]
    torn = compact({**rows[1], name: "TORN"}).encode().replace(b"TORN", b"\xc3\x28")
    return [(good[0], None), (b'"a text where an object is due"', "not_a_record"), (b"42", "not_a_record"), (torn, "invalid_utf8"),
            (compact({**rows[2], name: {"value": 7}, "futureKey": 12345}).encode(), None), (good[3][:-1] + b',"deep":' + b"[" * 200 + b"]" * 200 + b"}", "too_deep"),
            *[(compact(row).encode(), "unrecognised") for row in unclaimed], (b"{}", "unrecognised"), (good[0][:-1] + b',"a" "b"}', "syntax"), (good[3], None)]


def write(put, form, table, texts, parts, last, key, **more):
    """The odd and the broken of a shape whose records stand in an array."""
    put(f"formats/{form}/odd.json", odd_array(texts, key), account(form, len(texts), table=table, duplicates=1, comment=more.get(
        "comment", "a mark, blank lines and carriage returns around a page; the last record is the first once more")))
    put(f"formats/{form}/broken.json", broken_array(parts, last, key), account(form, len(parts) + 1, table=table, rejects={**count(parts), "cut_short": 1}))


# --- Defender ------------------------------------------------------------------------------------

HUNTED = ("Timestamp", "LogonType", "ErrorCode", "AccountUpn", "AccountObjectId", "RequestId")


def hunted(told):
    """Six sign-ins of people as the strange rows have them."""
    return told.of("interactive", "non_interactive")[:6]


def defender(told, put, zipped):
    form, people = "entra_signin_defender", told.of("interactive", "non_interactive")
    rows = [shape.defender(record) for record in hunted(told)]
    rows[1]["ErrorCode"] = str(rows[1]["ErrorCode"])
    rows[2]["LogonType"] = json.loads(rows[2]["LogonType"])
    rows[3].update(ConditionalAccessPolicies=json.loads(rows[3]["ConditionalAccessPolicies"]), DeviceName=None, City="", Browser="\u202eexe.scr")
    rows[4] = {name: cell if name in (*HUNTED, "AuthenticationRequirement", "ConditionalAccessPolicies", "ResourceId", "ApplicationId") else None
               for name, cell in rows[4].items()}
    texts = dressed(rows)
    texts[0] = shifted(texts[0], "Timestamp")
    parts = damage([shape.defender(record) for record in people[:4]], "AccountDisplayName",
                   [{name: cell for name, cell in rows[0].items() if name != missing} for missing in HUNTED[:4]])
    parts += [(compact({**shape.defender(people[4]), "Timestamp": {"value": 7}}).encode(), "invalid_time"),
              (compact({**shape.defender(people[4]), "Timestamp": None}).encode(), "invalid_time"),
              (compact({**shape.defender(people[4]), "Timestamp": "yesterday"}).encode(), "invalid_time"), (compact(shape.defender(people[5])).encode(), None)]
    write(put, form, "sign_in", texts, parts, compact(shape.defender(people[6])).encode(), None, comment="LogonType and policies as arrays, ErrorCode as a text, "
          "an offset; the last record is the first once more")
    schema = [{"name": name, "type": "DateTime" if name == "Timestamp" else "String"} for name in shape.defender(people[0])]
    answer = {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults", "schema": schema,
              "results": [shape.defender(record) for record in people]}
    put(f"formats/{form}/hunting.json.gz", zipped(compact(answer).encode()), account(form, len(people), table="sign_in", comment="as Graph answers runHuntingQuery"))
    lines = list(csv.reader(io.StringIO(shape.defender_csv(hunted(told)).lstrip("\ufeff"))))
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([line[::-1] for line in [[name.upper() for name in lines[0]]] + lines[1:]])
    put(f"formats/{form}/odd.csv", out.getvalue().encode("utf-16"), account(form, 6, table="sign_in",
        comment="UTF-16, semicolons, everything in quotation marks, columns from last to first, other letter case"))
    rows = shape.defender_csv(people[:4]).split("\r\n")
    never = rows[3].replace(people[2]["createdDateTime"], "soon")
    broken = "\r\n".join([rows[0], rows[1], "ragged,row", rows[2] + ",one,more", never, rows[4][: rows[4].index('"') + 9]]).encode()
    put(f"formats/{form}/broken.csv", broken, account(form, 5, table="sign_in", rejects={"syntax": 2, "invalid_time": 1, "cut_short": 1},
        comment="one row, a row too short, a row too long (both syntax), a time that is none, a row that ends inside a quotation"))


# --- The audit CSV -------------------------------------------------------------------------------

def audit_csv(told, put):
    form, records = "entra_audit_portal_csv", told.audits
    strange = copy.deepcopy(records)
    strange[1]["result"], strange[2]["resultReason"] = "SUCCESS", 'two\r\nlines; "quoted", and a comma'
    strange[3]["initiatedBy"]["user"]["displayName"] = "=Bo & <Söhne>"
    strange[4]["result"] = "unknownFutureValue"
    rows = list(csv.reader(io.StringIO(audits.portal_csv(strange).lstrip("\ufeff"))))
    head = [{"User Agent": "UserAgent", "Date (UTC)": "date  (utc)", "CorrelationId": "CORRELATIONID"}.get(name, f" {name} ") for name in rows[0]]
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\r\n")
    writer.writerow(head[::-1])
    for row in [*rows[1:], rows[1]]:
        writer.writerow(row[::-1])
        out.write("\r\n")
    put(f"formats/{form}/odd.csv", out.getvalue().encode("utf-16"), account(form, len(records) + 1, table="audit", duplicates=1,
        comment="as a spreadsheet saves Unicode text: UTF-16, tabs, line ends inside cells; columns from last to first, blank lines; the last row is the first once more"))
    return strange


# --- Side inputs ---------------------------------------------------------------------------------

def powershell(records):
    """`… | ConvertTo-Json > file` of Windows PowerShell 5.1: UTF-16 with a mark."""
    return json.dumps(records, indent=4, ensure_ascii=False).replace("\n", "\r\n").encode("utf-16")


def ps_resource(record):
    parts = record["id"].split("/")
    return {"ResourceId": record["id"], "Id": record["id"], "Identity": None, "Kind": None, "Location": record["location"], "ManagedBy": None,
            "ResourceName": record["name"], "Name": record["name"], "ExtensionResourceName": None, "ParentResource": None, "Plan": None, "Properties": None,
            "ResourceGroupName": record["resourceGroup"], "Type": record["type"], "ResourceType": record["type"], "ExtensionResourceType": None, "Sku": None,
            "Tags": record["tags"], "TagsTable": None, "SubscriptionId": parts[2], "CreatedTime": None, "ChangedTime": None, "ETag": None}


def ps_azure_role(record):
    name = record["principalName"]
    return {"RoleAssignmentId": record["id"], "Scope": record["scope"], "DisplayName": name.split("@")[0], "SignInName": name if "@" in name else None,
            "RoleDefinitionName": record["roleDefinitionName"], "RoleDefinitionId": record["roleDefinitionId"].rsplit("/", 1)[-1],
            "ObjectId": record["principalId"], "ObjectType": record["principalType"], "CanDelegate": False, "Description": None, "Condition": None,
            "ConditionVersion": None}


def ps_entra_role(record):
    told = shape.pascal({key: cell for key, cell in record.items() if key != "principal"})
    holder = {key: cell for key, cell in record["principal"].items() if key != "id" and cell is not None}
    return {**told, "Principal": {"DeletedDateTime": None, "Id": record["principalId"], "AdditionalProperties": holder}}


def sides(name, registrations, resources, roles, entra, users, put):
    """The fixtures; gives the plain records of the odd ones by the shape's name."""
    odd = {"azure_resource": odd_resources(resources), "azure_role_assignment": odd_roles(name, roles),
           "entra_role_assignment": odd_entra_roles(name, entra), "entra_user": odd_users(users), "entra_registration": odd_registrations(registrations)}

    def without(record, *keys):
        return {key: cell for key, cell in record.items() if key not in keys}

    good = {"azure_resource": resources, "azure_role_assignment": roles, "entra_role_assignment": entra, "entra_user": users, "entra_registration": registrations}
    tables = {"azure_resource": "resource", "azure_role_assignment": "role_assignment", "entra_role_assignment": "role_assignment",
              "entra_user": "directory_user", "entra_registration": "registration"}
    names = {"azure_resource": "managedBy", "azure_role_assignment": "principalName", "entra_role_assignment": "roleId", "entra_user": "displayName",
             "entra_registration": "userDisplayName"}
    unclaimed = {
        "azure_resource": [{**resources[0], "id": 5}, {**resources[0], "location": None}, {**resources[0], "type": ["a"]}, without(resources[0], "name"),
                           {**resources[0], "id": "/providers/Microsoft.Management/managementGroups/mg"}],
        "azure_role_assignment": [without(roles[0], "roleDefinitionId"), without(roles[0], "scope"), without(roles[0], "principalId")],
        "entra_role_assignment": [without(entra[0], "roleDefinitionId"), without(entra[0], "principalId"), without(entra[0], "directoryScopeId")],
        "entra_user": [{**users[0], "id": 7}, {**users[0], "userPrincipalName": None}, without(users[0], "displayName", "accountEnabled", "mail"),
                       {**users[0], "appId": guid(name, "no person")}],
        "entra_registration": [without(registrations[0], "isMfaCapable", "isMfaRegistered"), without(registrations[0], "id", "userPrincipalName")]}
    for form, records in good.items():
        # The last is the first once more, in plain clothes.
        written = dressed([told for _, told in odd[form]])[:-1] + [compact(odd[form][0][0])]
        cycle = [records[number % len(records)] for number in range(5)]
        write(put, form, tables[form], written, damage(cycle[:4], names[form], unclaimed[form]), compact(cycle[4]).encode(), "value")
    put("formats/azure_resource/powershell.json", powershell([ps_resource(record) for record in resources]),
        account("azure_resource", len(resources), table="resource", comment="Get-AzResource | ConvertTo-Json in Windows PowerShell 5.1: UTF-16"))
    put("formats/azure_role_assignment/powershell.json", powershell([ps_azure_role(record) for record in roles]),
        account("azure_role_assignment", len(roles), table="role_assignment", comment="Get-AzRoleAssignment | ConvertTo-Json"))
    put("formats/entra_role_assignment/powershell.json", powershell([ps_entra_role(record) for record in entra]),
        account("entra_role_assignment", len(entra), table="role_assignment",
                comment="Get-MgRoleManagementDirectoryRoleAssignment -ExpandProperty Principal: what is known of a principal stands in AdditionalProperties"))
    put("formats/entra_user/powershell.json", powershell([shape.pascal(record) for record in users]),
        account("entra_user", len(users), table="directory_user", comment="Get-MgUser -All | ConvertTo-Json"))
    return {form: [plain for plain, _ in pairs] for form, pairs in odd.items()}


def pairs(plain, *told):
    """(what a record means, how it is told) of six records; `told` are changes of their members."""
    return [(record, {**record, **change}) for record, change in zip(plain, told, strict=True)]


def six(records):
    return [copy.deepcopy(records[number % len(records)]) for number in range(6)]


def odd_resources(resources):
    rows = six(resources)
    assert len({row["id"] for row in rows}) == 6
    rows[3].update(tags=None, resourceGroup=None, sku={"name": "Standard_LRS"})
    rows[4]["name"] = "naïve 数 <b>"
    changes = [{"id": rows[0]["id"].upper() + "/"}, {"tags": {"cost center": "a/b", "": None}}, {"location": "WestEurope", "type": rows[2]["type"].upper()},
               {"resourceGroup": ""}, {"id": rows[4]["id"].lower(), "tags": []}, {"properties": {"id": "/subscriptions/of/another"}}]
    rows[2]["location"] = "westeurope"
    return pairs(rows, *changes)


def odd_roles(name, roles):
    rows = six(roles)
    rows[2].update(roleDefinitionId=f"{rows[2]['scope']}/providers/Microsoft.Authorization/roleDefinitions/{guid(name, 'own role')}", roleDefinitionName="Shop keeper")
    rows[4].update(principalName=None, roleDefinitionName=None)
    rows[5].update(scope="/", roleDefinitionName=None)
    nested = {"principalId": rows[4]["principalId"], "principalType": "User", "roleDefinitionId": rows[4]["roleDefinitionId"].upper(), "scope": rows[4]["scope"]}
    changes = [{"principalId": rows[0]["principalId"].upper(), "scope": rows[0]["scope"].upper()}, {"description": "directoryScope: /"}, {}, {"principalName": f" {rows[3]['principalName']} "},
               {"principalId": None, "principalType": None, "roleDefinitionId": None, "scope": None, "properties": nested}, {"principalType": "serviceprincipal"}]
    return pairs(rows, *changes)


def odd_entra_roles(name, entra):
    rows = six(entra)
    rows[1]["directoryScopeId"] = "/administrativeUnits/" + guid(name, "unit")
    rows[2].update(principal=None, roleDefinition=None)
    rows[3]["roleDefinition"].update(displayName="Own rôle", templateId=guid(name, "own entra role"))
    rows[4].update(principalId=guid(name, "guest holder"), principal=None)
    rows[5].update(roleDefinition=None)
    changes = [{"principalId": rows[0]["principalId"].upper()}, {}, {"principal": {}, "appScopeId": None}, {}, {"principal": "gone"}, {"resourceScope": "/"}]
    return pairs(rows, *changes)


def odd_users(users):
    rows = six(users)
    rows[1].update(accountEnabled=False, displayName="O'Brien <🚀> & \"Söhne\"", jobTitle=None, department=None)
    rows[2].update(userPrincipalName="gwen.tran_fabrikam.example#EXT#@tailwind.example", userType="Guest", createdDateTime=None)
    rows[3] = {key: rows[3][key] for key in ("id", "userPrincipalName", "displayName")}
    rows[4].update(onPremisesSyncEnabled=True, accountEnabled=None)
    changes = [{"id": rows[0]["id"].upper(), "userPrincipalName": rows[0]["userPrincipalName"].upper()}, {"accountEnabled": "False", "jobTitle": "", "department": "  "},
               {"userPrincipalName": "Gwen.Tran_fabrikam.example#EXT#@Tailwind.example", "createdDateTime": "0"}, {}, {"onPremisesSyncEnabled": "TRUE", "accountEnabled": "maybe"},
               {"createdDateTime": rows[5]["createdDateTime"].replace("Z", "+00:00"), "userPrincipalNames": ["a", "b"]}]
    return pairs(rows, *changes)


def odd_registrations(registrations):
    rows = six(registrations)
    rows[0]["methodsRegistered"] = ["passKeyDeviceBoundWindowsHello", "passKeyDeviceBound", "email", "alternateMobilePhone", "emailish"]
    rows[1].update(methodsRegistered=None, isMfaCapable=None)
    rows[2]["userPrincipalName"] = "gwen.tran_fabrikam.example#EXT#@tailwind.example"
    rows[3] = {key: rows[3][key] for key in ("id", "userPrincipalName", "isMfaCapable", "isMfaRegistered", "methodsRegistered")}
    rows[5]["isMfaCapable"] = None
    changes = [{"id": rows[0]["id"].upper()}, {"methodsRegistered": []}, {"userPrincipalName": rows[2]["userPrincipalName"].upper()}, {"isMfaCapable": str(rows[3]["isMfaCapable"])},
               {"userDisplayName": f"  {rows[4]['userDisplayName']}\t"}, {"isMfaCapable": {"is": True}}]
    return pairs(rows, *changes)
