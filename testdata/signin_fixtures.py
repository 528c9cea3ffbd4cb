"""Which file holds what of the sign-ins, the audits and the side inputs of Tailwind Traders."""

import copy
import csv
import io
import json
import re

import audits
import directory
import odd_tables
import oracle_readiness
import oracle_signins
import oracle_tables
import shapes
import signin_shapes as shape
import tenant
import tenant_signins
from fixtures import account
from spoiled import broken_array, broken_lines, changed, count, deep, odd_array, odd_lines, shifted
from story import compact

STEPS = "authentication steps, joined to their sign-ins"


class Told:
    """The stories of a tenant, and what becomes of the parts that a shape can tell."""

    def __init__(self, story):
        self.story, self.signs = story, tenant_signins.tell(story)
        self.records, self.audits = self.signs.records, audits.tell(story, self.signs)
        self.people = tenant_signins.people(story)

    def of(self, *kinds):
        return [record for record in self.records if shape.kind(record) in kinds]


def everything(story, put, zipped):
    told = Told(story)
    graph(told, put, zipped)
    diagnostic(told, put, zipped)
    log_analytics(told, put, zipped)
    portal_csv(told, put, zipped)
    defender(told, put, zipped)
    audit(told, put, zipped)
    side_inputs(told, put)
    spoil(told, put)
    mixed(told, put, zipped)
    return told


def signs(put, path, content, form, records, **more):
    put("formats/" + path, content, account(form, records, table="sign_in", **more))


def graph(told, put, zipped):
    form, newest = "entra_signin_graph", told.records[::-1]
    signs(put, f"{form}/ok.json.gz", zipped(shape.pages(newest, 40).encode()), form, len(newest),
          comment="two pages of the beta API in one file, newest first, a nextLink in the first")
    for kind, name in (("interactive", "InteractiveSignIns"), ("non_interactive", "NonInteractiveSignIns"), ("service_principal", "ApplicationSignIns"),
                       ("managed_identity", "MSISignIns")):
        records = [{key: item for key, item in record.items() if key != "signInEventTypes"} for record in told.of(kind)]
        signs(put, f"{form}/{name}_2026-03-02_2026-03-06.json.gz", zipped((json.dumps(records, indent=2, ensure_ascii=False) + "\n").encode()), form, len(records),
              comment="the portal's JSON of one kind: what kind it is stands in the name of the file, and in isInteractive")
    signs(put, f"{form}/powershell.json.gz", zipped(shape.powershell(told.records).encode()), form, len(told.records))
    interactive = told.of("interactive")
    signs(put, f"{form}/v1.json.gz", zipped(shape.v1_page(interactive[::-1]).encode()), form, len(interactive),
          comment="v1.0: interactive sign-ins without requirement, steps or token; MFA is known from status.additionalDetails and from policies only")
    page = {"@odata.context": shape.CONTEXT, "@odata.nextLink": "https://graph.microsoft.com/beta/auditLogs/signIns?$top=2&$skiptoken=2", "value": newest[:2]}
    signs(put, f"{form}/alarm_nextlink.json", compact(page), form, 2, comment="the last page has an @odata.nextLink: the rest was not fetched")
    early = {**interactive[1], "authenticationDetails": interactive[1]["authenticationDetails"][1:]}
    signs(put, f"{form}/twice.json", compact([early, interactive[1], interactive[2]]), form, 3, duplicates=1,
          comment="one sign-in as it was first logged, with a step missing, and once more; the copy with more steps is the one to keep")


def diagnostic(told, put, zipped):
    form = "entra_signin_diagnostic"
    rows = [shape.diagnostic(record, number) for number, record in enumerate(told.records)]
    total = len(rows)
    signs(put, f"{form}/ok.ndjson.gz", zipped(shapes.lines(rows).encode()), form, total,
          comment="Level 4 and \"4\", offsets, conditions as bit masks, some token identifiers as base64 of text")
    signs(put, f"{form}/message.json", json.dumps(shape.messages(told.records[:3], 3)[0], indent=2, ensure_ascii=False), form, 3)
    signs(put, f"{form}/eventhub.json.gz", zipped(compact(shape.messages(told.records, 25)).encode()), form, total)
    bodies = [compact(message).encode() for message in shape.messages(told.records, 20)]
    signs(put, f"{form}/capture.avro", shapes.capture(bodies, "deflate", 3), form, total)


def log_analytics(told, put, zipped):
    form, total = "entra_signin_log_analytics", len(told.records)
    signs(put, f"{form}/query_api.json.gz", zipped(shape.query_api(told.records).encode()), form, total, comment="four answers, one per table, in one file")
    signs(put, f"{form}/az_query.json.gz", zipped(shape.az_query(told.records).encode()), form, total, comment='four arrays; null is "None", true is "True"')
    signs(put, f"{form}/export.ndjson.gz", zipped(shapes.lines(shape.export_rule(told.records)).encode()), form, total)
    counts = {table: len(rows) for table, rows in ((shape.TABLES[kind], told.of(kind)) for kind in shape.TABLES)}
    for table, text in shape.portal_csvs(told.records).items():
        signs(put, f"{form}/{table}.csv.gz", zipped(text.encode()), form, counts[table])
    try:
        jobs = shape.parquets(told.records)
    except ImportError:
        jobs = dict.fromkeys(counts)
    for table, content in jobs.items():
        signs(put, f"{form}/{table}.parquet", content, form, counts[table])


def portal_csv(told, put, zipped):
    form = "entra_signin_portal_csv"
    span = "2026-03-02_2026-03-06"
    for kind, name in (("interactive", "InteractiveSignIns"), ("non_interactive", "NonInteractiveSignIns")):
        records = told.of(kind)
        base = f"{form}/{name}_{span}.csv"
        signs(put, base, shape.portal_csv(records), form, len(records))
        companion = f"{form}/{name}_AuthDetails_{span}.csv"
        alone = shape.steps(records)
        put("formats/" + companion, shape.steps_csv(records), account(form, alone, table="sign_in", ignored={STEPS: alone} if alone else {},
            comment="steps without their sign-ins are no rows"))
        put(f"formats/{base} + formats/{companion}", None, account("", len(records) + alone, table="sign_in", ignored={STEPS: alone} if alone else {},
            comment="the companion joins by Request ID"))
    interactive = told.of("interactive")
    for language in ("fr", "es"):
        signs(put, f"{form}/InteractiveSignIns_{language}.csv", shape.portal_csv(interactive[:8], language), form, 8,
              comment="the headings known from public samples are in the language, the others in English")
    half = [record for number, record in enumerate(interactive[:8]) if number % 2]
    steps = shape.steps(half)
    put(f"formats/{form}/InteractiveSignIns_AuthDetails_half.csv", shape.steps_csv(half), account(form, steps, table="sign_in", ignored={STEPS: steps}))
    put(f"formats/{form}/InteractiveSignIns_fr.csv + formats/{form}/InteractiveSignIns_AuthDetails_half.csv", None, account(
        "", 8 + steps, table="sign_in", ignored={STEPS: steps}, comment="the companion has every other sign-in only: a half-joined pair, to be named"))
    rows = shape.portal_csv(interactive[:4]).split("\r\n")
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    for number, row in enumerate(csv.reader(rows[:4])):
        writer.writerow([name.strip().lstrip("\ufeff").replace("Username", "username") for name in row] if number == 0 else row)
    odd = "\ufeff" + out.getvalue()
    signs(put, f"{form}/odd.csv", odd.encode(), form, 3, comment="semicolons, other letter case, no blanks at the end of headings, no carriage returns")
    cut = rows[4][: rows[4].index('"') + 9] if '"' in rows[4] else rows[4][:50]
    never = re.sub(r"^[^,]*", "never", rows[3])
    broken = "\r\n".join([rows[0], rows[1], "ragged,row", rows[2] + ",one,more", never, cut]).encode()
    put(f"formats/{form}/broken.csv", broken, account(form, 5, table="sign_in", rejects={"syntax": 2, "invalid_time": 1, "cut_short": 1},
        comment="one row, a row too short, a row too long (both syntax), a time that is none, a row that ends inside a quotation"))


def defender(told, put, zipped):
    form, people = "entra_signin_defender", told.of("interactive", "non_interactive")
    signs(put, f"{form}/ok.json.gz", zipped((json.dumps([shape.defender(record) for record in people], ensure_ascii=False) + "\n").encode()), form, len(people))
    signs(put, f"{form}/AADSignInEventsBeta.csv.gz", zipped(shape.defender_csv(people).encode()), form, len(people))
    odd_tables.defender(told, put, zipped)


def audit(told, put, zipped):
    records, total, tenant_id = told.audits, len(told.audits), told.story.tenant

    def plain(path, content, form, number=total, **more):
        put("formats/" + path, content, account(form, number, table="audit", **more))

    plain("entra_audit_graph/ok.json", shape.pages(records[::-1], 5, "directoryAudits"), "entra_audit_graph")
    v1 = {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#auditLogs/directoryAudits", "value": [audits.v1(record) for record in records]}
    plain("entra_audit_graph/v1.json", compact(v1) + "\n", "entra_audit_graph")
    plain("entra_audit_graph/AuditLogs_2026-03-02_2026-03-06.json", json.dumps([audits.v1(record) for record in records], indent=2, ensure_ascii=False) + "\n",
          "entra_audit_graph")
    plain("entra_audit_graph/powershell.json", shape.powershell(records), "entra_audit_graph")
    rows = [audits.diagnostic(record, tenant_id) for record in records]
    plain("entra_audit_diagnostic/ok.ndjson", shapes.lines(rows), "entra_audit_diagnostic")
    plain("entra_audit_diagnostic/message.json", compact({"records": rows}), "entra_audit_diagnostic")
    plain("entra_audit_diagnostic/capture.avro", shapes.capture([compact({"records": [row]}).encode() for row in rows], "null", 2), "entra_audit_diagnostic")
    table = [audits.log_analytics(record, tenant_id) for record in records]
    plain("entra_audit_log_analytics/query_api.json", audits.la_query(table), "entra_audit_log_analytics")
    plain("entra_audit_log_analytics/portal.csv", audits.la_csv(table), "entra_audit_log_analytics")
    flat = [{**{name: "None" if cell == "" else str(audits.la_text(cell)) for name, cell in row.items()}, "TableName": "PrimaryResult"} for row in table]
    plain("entra_audit_log_analytics/az_query.json", json.dumps(flat, indent=2, ensure_ascii=False) + "\n", "entra_audit_log_analytics")
    plain("entra_audit_log_analytics/export.ndjson", shapes.lines({name: cell for name, cell in row.items() if cell != ""} for row in table), "entra_audit_log_analytics")
    plain("entra_audit_portal_csv/ok.csv", audits.portal_csv(records), "entra_audit_portal_csv",
          comment="three targets of five properties; the rest is not in the file. No event ids: no two rows share time, activity, actor, target and correlation id")
    cells = audits.portal_csv(records[:3]).split("\r\n")
    plain("entra_audit_portal_csv/broken.csv", "\r\n".join([cells[0], cells[1], "2026-03-02,short", re.sub(r"^[^,]*", "soon", cells[3])]),
          "entra_audit_portal_csv", 3, rejects={"syntax": 1, "invalid_time": 1})
    told.odd_audits = odd_tables.audit_csv(told, put)


def side_inputs(told, put):
    people, places = told.people, tenant.places()
    registrations, resources, roles, entra, users = directory.tailwind(people, places, tenant.REGIONS, tenant.SHOP, tenant.LAB)

    def plain(path, content, form, table, number, **more):
        put("formats/" + path, content, account(form, number, table=table, **more))

    path = "reports/authenticationMethods/userRegistrationDetails"
    plain("entra_registration/ok.json", directory.graph_page(registrations, path), "entra_registration", "registration", len(registrations))
    plain("entra_registration/powershell.json", shape.powershell(registrations), "entra_registration", "registration", len(registrations),
          comment="Get-MgReportAuthenticationMethodUserRegistrationDetail -All | ConvertTo-Json")
    plain("azure_resource/ok.json", directory.az_array(resources), "azure_resource", "resource", len(resources))
    plain("azure_role_assignment/ok.json", directory.az_array(roles), "azure_role_assignment", "role_assignment", len(roles))
    plain("entra_role_assignment/ok.json", directory.graph_page(entra, "roleManagement/directory/roleAssignments", next=True), "entra_role_assignment",
          "role_assignment", len(entra), comment="$expand=principal,roleDefinition; a nextLink that was not followed")
    bare = [{key: item for key, item in record.items() if key not in ("principal", "roleDefinition")} for record in entra]
    plain("entra_role_assignment/bare.json", directory.graph_page(bare, "roleManagement/directory/roleAssignments"), "entra_role_assignment",
          "role_assignment", len(bare), comment="without $expand: ids only")
    graph_users = [directory.graph_user(who, **more) for who, more in users]
    plain("entra_user/ok.json", directory.graph_page(graph_users, "users"), "entra_user", "directory_user", len(users))
    plain("entra_user/az.json", directory.az_array([directory.az_user(who, **more) for who, more in users]), "entra_user", "directory_user", len(users))
    told.odd_sides = odd_tables.sides(tenant.NAME, registrations, resources, roles, entra, graph_users, put)


# --- odd and broken ------------------------------------------------------------------------------

def strange(records):
    """Nine sign-ins whose facts are plain and whose clothes are not."""
    told = copy.deepcopy([record for record in records if record["userId"]][:9])
    told[0]["userDisplayName"], told[0]["deviceDetail"]["displayName"] = "O'Brien <🚀> & \"Söhne\"", "\u202eexe.scr"
    told[1].update(conditionalAccessStatus="unknownFutureValue", riskState="unknownFutureValue", incomingTokenType="primaryRefreshToken,refreshToken",
                   crossTenantAccessType="unknownFutureValue")
    told[1]["appliedConditionalAccessPolicies"][0]["result"] = "unknownFutureValue"
    told[3]["userPrincipalName"] = "ZOË.數@Tailwind.example"
    told[4]["authenticationDetails"] = None
    told[5]["status"]["errorCode"] = str(told[5]["status"]["errorCode"])
    told[7].update(userPrincipalName=told[7]["userId"], deviceDetail=None, location=None, appliedConditionalAccessPolicies=None)
    keep = ("id", "createdDateTime", "appId", "userId", "resourceId", "status", "correlationId", "resourceTenantId", "isInteractive")
    told[8] = {key: item if key in keep else None for key, item in told[8].items()}
    told[8].update(status={"errorCode": 0}, isInteractive=True)
    return told


def dressed(records):
    """The nine as text, and the first once more: escaped, shifted, doubled keys, another letter case."""
    texts = [compact(record) for record in records]
    texts[0] = shifted(texts[0], "createdDateTime")
    escaped = json.dumps(records[2], ensure_ascii=True, separators=(" , ", " :  ")).replace("/", "\\/")
    texts[2] = re.sub(r'"([A-Za-z@])([^"\\]*)" :', lambda key: f'"\\u{ord(key[1]):04x}{key[2]}" :', escaped)
    texts[3] = texts[3].replace('"correlationId"', '"CORRELATIONID"').replace('"CorrelationId"', '"correlationid"')
    texts[4] = compact({**records[4], "": None, "futureKey": deep(40), "moreOfIt": ["x" * 300, 1e300, -0.0, True, None]})
    texts[6] = '{"flaggedForReview":true,"flaggedForReview":false,' + texts[6][1:]
    return texts + [compact(records[0])]


def damaged(records, untimed, wrong, timeless):
    """Parts as `spoiled.damaged` makes them, for records whose time may stand in two places."""
    good = [compact(record).encode() for record in records]
    torn = good[1].replace(b'"userDisplayName":"', b'"userDisplayName":"\xc3\x28', 1).replace(b'"UserDisplayName":"', b'"UserDisplayName":"\xc3\x28', 1)
    torn = torn.replace(b'"activityDisplayName":"', b'"activityDisplayName":"\xc3\x28', 1).replace(b'"ActivityDisplayName":"', b'"ActivityDisplayName":"\xc3\x28', 1)
    assert torn != good[1]
    return [
        (good[0], None), (b'"a text where an object is due"', "not_a_record"), (b"42", "not_a_record"), (torn, "invalid_utf8"),
        (compact(wrong(records[3])).encode(), "invalid_time"), (compact(untimed(records[4])).encode(), timeless),
        (b'{"hello":"world","deep":' + b"[" * 200 + b"]" * 200 + b"}", "too_deep"), (b'{"hello":"world"}', "unrecognised"), (b"{}", "unrecognised"), (good[5], None)]


def spoil(told, put):
    tenant_id = told.story.tenant
    users = [record for record in told.records if record["userId"]]
    odd = strange(told.records)
    inner = ["properties", "createdDateTime"]

    forms = {
        # shape, wrong time, no time, reason of the latter, container, table
        "entra_signin_graph": (lambda record, _: record, lambda r: changed(r, ["createdDateTime"], {"value": 7}), lambda r: changed(r, ["createdDateTime"], None),
                               "unrecognised", "value"),
        "entra_signin_diagnostic": (shape.diagnostic, lambda r: wronged(r, [["time"], inner]), lambda r: without(r, [["time"], inner]),
                                    "unrecognised", "lines"),
        "entra_signin_log_analytics": (lambda record, _: {name: cell for name, cell in shape.log_analytics(record).items() if cell not in ("", None)},
                                       lambda r: changed(changed(r, ["CreatedDateTime"], {"value": 7}), ["TimeGenerated"], "soon"),
                                       lambda r: changed(changed(r, ["CreatedDateTime"], None), ["TimeGenerated"], None), "unrecognised", "lines"),
    }
    for form, (make, wrong, untimed, timeless, container) in forms.items():
        rows = [make(record, number) for number, record in enumerate(odd)]
        texts = dressed(rows)
        parts = damaged([make(record, 0) for record in users[:6]], untimed, wrong, timeless)
        write_pair(put, form, texts, parts, compact(make(users[6], 0)).encode(), container, "sign_in")
    audit_forms = {
        "entra_audit_graph": (lambda record: record, ["activityDateTime"], "value"),
        "entra_audit_diagnostic": (lambda record: audits.diagnostic(record, tenant_id), None, "lines"),
        "entra_audit_log_analytics": (lambda record: {name: cell for name, cell in audits.log_analytics(record, tenant_id).items() if cell != ""}, None, "lines"),
    }
    for form, (make, path, container) in audit_forms.items():
        rows = [make(record) for record in told.audits]
        times = {"entra_audit_graph": [path], "entra_audit_diagnostic": [["time"], ["properties", "activityDateTime"]],
                 "entra_audit_log_analytics": [["ActivityDateTime"], ["TimeGenerated"]]}[form]
        parts = damaged(rows[:6], lambda r, times=times: without(r, times), lambda r, times=times: wronged(r, times),
                        "invalid_time" if form == "entra_audit_log_analytics" else "unrecognised")
        texts = [compact(row) for row in rows]
        escaped = json.dumps(rows[2], ensure_ascii=True).replace("/", "\\/")
        texts[2] = re.sub(r'"([A-Za-z@])([^"\\]*)":', lambda key: f'"\\u{ord(key[1]):04x}{key[2]}":', escaped)
        texts[3] = compact({**rows[3], "": 1, "futureKey": deep(30)})
        write_pair(put, form, texts + [texts[0]], parts, compact(rows[6]).encode(), container, "audit")


def without(record, paths):
    for path in paths:
        record = changed(record, path, None)
    return record


def wronged(record, paths):
    for path in paths:
        record = changed(record, path, {"value": 7})
    return record


def write_pair(put, form, texts, parts, last, container, table):
    rejects = count(parts)
    if container == "lines":
        put(f"formats/{form}/odd.ndjson", odd_lines(texts), account(form, len(texts), table=table, duplicates=1, comment="the last record is the first once more"))
        put(f"formats/{form}/broken.ndjson", broken_lines(parts, last), account(form, len(parts) + 4, table=table, rejects={**rejects, "syntax": 2, "cut_short": 2}))
        return
    put(f"formats/{form}/odd.json", odd_array(texts, container), account(form, len(texts), table=table, duplicates=1, comment="the last record is the first once more"))
    put(f"formats/{form}/broken.json", broken_array(parts, last, container), account(form, len(parts) + 1, table=table, rejects={**rejects, "cut_short": 1}))


def mixed(told, put, zipped):
    """Changes, sign-ins and audits of one hub in one stream, as one diagnostic setting after another wrote them."""
    rows = [(event["eventTimestamp"], shapes.diagnostic(event)) for event in told.story.events]
    rows += [(record["createdDateTime"], shape.diagnostic(record, number)) for number, record in enumerate(told.records)]
    rows += [(record["activityDateTime"], audits.diagnostic(record, told.story.tenant)) for record in told.audits]
    rows.sort(key=lambda row: row[0])
    tables = {"activity": len(told.story.events), "sign_in": len(told.records), "audit": len(told.audits)}
    put("formats/entra_signin_diagnostic/mixed.ndjson.gz", zipped(shapes.lines(row for _, row in rows).encode()), account(
        "entra_signin_diagnostic", len(rows), tables=tables, comment="changes, sign-ins and audits in one stream, in the order of time"))


# --- what is expected ----------------------------------------------------------------------------

FORMS = "formats/entra_signin_"
SPAN = "2026-03-02_2026-03-06"
AZ = "formats/activity_rest/az.json"
PORTAL_JSON = " + ".join(f"{FORMS}graph/{name}_{SPAN}.json.gz" for name in ("InteractiveSignIns", "NonInteractiveSignIns", "ApplicationSignIns", "MSISignIns"))
ALL = [f"{FORMS}graph/ok.json.gz", PORTAL_JSON, f"{FORMS}graph/powershell.json.gz", f"{FORMS}diagnostic/ok.ndjson.gz", f"{FORMS}diagnostic/eventhub.json.gz",
       f"{FORMS}diagnostic/capture.avro", f"{FORMS}log_analytics/query_api.json.gz", f"{FORMS}log_analytics/az_query.json.gz",
       f"{FORMS}log_analytics/export.ndjson.gz"] + [" + ".join(f"{FORMS}log_analytics/{table}{end}" for table in shape.TABLES.values()) for end in (".csv.gz", ".parquet")]
CSVS = [f"{FORMS}portal_csv/{name}_{SPAN}.csv" for name in ("InteractiveSignIns", "NonInteractiveSignIns")]
PAIRS = CSVS + [f"{FORMS}portal_csv/{name}_AuthDetails_{SPAN}.csv" for name in ("InteractiveSignIns", "NonInteractiveSignIns")]


def less(records, *keys):
    """Records without what a shape cannot tell."""
    return [{key: item for key, item in record.items() if key not in keys} for record in records]


def wordless(records):
    return [{**record, "status": {"errorCode": record["status"]["errorCode"]}} for record in records]


SIDES = [f"formats/{name}/ok.json" for name in ("entra_registration", "azure_role_assignment", "entra_role_assignment", "entra_user")]


def sides(told):
    """Registrations, roles and accounts as the oracle takes them."""
    registrations, _, roles, entra, users = directory.tailwind(told.people, tenant.places(), tenant.REGIONS, tenant.SHOP, tenant.LAB)
    return registrations, roles + entra, [directory.graph_user(who, **more) for who, more in users]


def expected(told, month, demo_sides):
    """Sets: what they are about, their fixtures, the rows of `sign_in`, and those of `link` where the set has any."""
    records, events, people = told.records, told.story.events, told.of("interactive", "non_interactive")
    interactive, csv_keys = told.of("interactive"), ("appliedConditionalAccessPolicies",)
    half = {record["id"] for number, record in enumerate(interactive[:8]) if number % 2}
    halved = [record if record["id"] in half else less([record], "authenticationDetails")[0] for record in less(interactive[:8], *csv_keys)]
    signs, changes = month.signs.records, month.story.events

    def entry(about, files, rows, links=None):
        return {"about": about, "files": files, "sign_in": rows, **({"link": links} if links is not None else {})}

    verdicts, links = oracle_signins.verdicts, oracle_signins.links
    def ready(about, files, *known, **more):
        return {"about": about, "files": files, **more, "readiness": oracle_readiness.readiness(*known), "words": oracle_readiness.words(*known)}

    return {
        "all": entry("Every sign-in of the week, by itself.", ALL, verdicts(records)),
        "linked": entry("The same beside the changes: tokens tell what their sign-ins do not.", [f"{name} + {AZ}" for name in ALL], verdicts(records, events),
                        links(records, events)),
        "audited": entry("With directory audits as well; only beta links them by session and token.",
                         [f"{FORMS}graph/ok.json.gz + {AZ} + formats/entra_audit_graph/ok.json"], verdicts(records, events), links(records, events, told.audits)),
        "csv": entry("People's sign-ins of the portal's CSV with their steps; policies are not in it.", [" + ".join(PAIRS)], verdicts(less(people, *csv_keys))),
        "csv_alone": entry("The same without the AuthDetails files.", [" + ".join(CSVS)], verdicts(less(people, *csv_keys, "authenticationDetails"))),
        "half": entry("Headings partly in French; half of the steps.", [f"{FORMS}portal_csv/InteractiveSignIns_fr.csv + {FORMS}portal_csv/InteractiveSignIns_AuthDetails_half.csv"], verdicts(halved)),
        "v1": entry("Graph v1.0: no requirement and no steps.", [f"{FORMS}graph/v1.json.gz"], verdicts([shape.v1(record) for record in interactive])),
        "v1_linked": entry("Graph v1.0 beside the changes: ids still decode from the tokens.", [f"{FORMS}graph/v1.json.gz + {AZ}"],
                           verdicts([shape.v1(record) for record in interactive], events)),
        "defender": entry("Defender has neither steps nor words about MFA.", [f"{FORMS}defender/{name}" for name in (
            "ok.json.gz", "AADSignInEventsBeta.csv.gz", "hunting.json.gz")], verdicts(wordless(less(people, "authenticationDetails")))),
        "defender_odd": entry("Strange clothes, plain facts.", [f"{FORMS}defender/odd.json", f"{FORMS}defender/odd.csv"],
                              verdicts(wordless(less(odd_tables.hunted(told), "authenticationDetails")))),
        "odd": entry("Strange clothes, plain facts.", [f"{FORMS}{form}" for form in ("graph/odd.json", "diagnostic/odd.ndjson", "log_analytics/odd.ndjson")],
                     verdicts(strange(records))),
        "twice": entry("The copy with more steps is kept.", [f"{FORMS}graph/twice.json"], verdicts([interactive[1], interactive[2]])),
        "ready": ready("What mandatory MFA means for each person, by every shape of sign-ins and the changes.", [f"{name} + {AZ}" for name in ALL], records, events),
        "ready_known": ready("The same with what is registered, who holds which role, and the accounts.", [f"{FORMS}graph/ok.json.gz + {AZ} + {' + '.join(SIDES)}"],
                             records, events, *sides(told)),
        "ready_signed": ready("By sign-ins alone.", [f"{FORMS}graph/ok.json.gz"], records, []),
        "ready_v1": ready("By sign-ins of Graph v1.0 alone: nothing tells of MFA but words and policies.", [f"{FORMS}graph/v1.json.gz"],
                          [shape.v1(record) for record in interactive], []),
        "demo_ready": ready("Woodgrove Freight with all that is known of it.", ["demo/signin + demo/activity + " + " + ".join(f"demo/{name}.json" for name in (
            "registrations", "azure-roles", "entra-roles", "users", "resources"))], signs, changes, *demo_sides, ["breakglass-01@woodgrove.example"],
            exempt="demo/break-glass.txt"),
        "demo": entry("A month of Woodgrove Freight.", ["demo/signin"], verdicts(signs)),
        "demo_linked": entry("With its changes.", ["demo/signin + demo/activity"], verdicts(signs, changes)),
        **tables(told, month, demo_sides),
    }


AUDIT = "formats/entra_audit_"
# What is in no CSV of the portal, and what v1.0 of Graph lacks.
NO_CSV = ("event_id", "operation_type", "token_id", "session_id")
NO_V1 = ("user_agent", "token_id", "session_id")
# What these shapes of sign-ins do not tell, or tell in words of their own.
CSV_LESS = ("risk_sign_in", "risk_user")
DEFENDER_LESS = (*CSV_LESS, "home_tenant_id", "cross_tenant_type", "auth_protocol", "transfer_method", "failure_reason", "incoming_token_type")


def tables(told, month, demo_sides):
    """Sets of the tables that are read as they stand, and of Microsoft's own report."""
    records, people, rows_of = told.records, told.of("interactive", "non_interactive"), oracle_tables
    registrations, resources, roles, entra, users = directory.tailwind(told.people, tenant.places(), tenant.REGIONS, tenant.SHOP, tenant.LAB)
    graph_users = [directory.graph_user(who, **more) for who, more in users]
    az_users = [directory.az_user(who, **more) for who, more in users]
    columns = list(rows_of.audit(told.audits[0]))

    def audited(about, files, changes, less=()):
        return {"about": about, "files": [AUDIT + name for name in files], "audit": rows_of.audits(changes, [name for name in columns if name not in less])}

    def side(about, table, files, rows, form):
        return {"about": about, "files": [f"formats/{form}/{name}" for name in files], table: rows}

    def facts(about, files, signs, less=(), digits=6):
        return {"about": about, "files": files, "sign_in": rows_of.sign_ins(signs, less, digits)}

    interactive = told.of("interactive")
    odd, bare = told.odd_sides, [{key: item for key, item in record.items() if key not in ("principal", "roleDefinition")} for record in entra]
    graph, audit_files = f"{FORMS}graph/ok.json.gz", [f"{name}/{file}" for name, file in (
        ("graph", "ok.json"), ("graph", "powershell.json"), ("diagnostic", "ok.ndjson"), ("diagnostic", "message.json"), ("diagnostic", "capture.avro"))]
    known = f"{graph} + formats/entra_registration/"
    return {
        "audits": audited("Every directory audit of the week.", audit_files, told.audits),
        "audits_log_analytics": audited("Log Analytics has no user agent.", [f"log_analytics/{name}" for name in (
            "query_api.json", "az_query.json", "portal.csv", "export.ndjson")], told.audits, ("user_agent",)),
        "audits_v1": audited("Graph v1.0 and the portal's JSON: no user agent, nothing to link by.",
                             ["graph/v1.json", "graph/AuditLogs_2026-03-02_2026-03-06.json"], told.audits, NO_V1),
        "audits_csv": audited("The portal's CSV.", ["portal_csv/ok.csv"], told.audits, NO_CSV),
        "audits_csv_odd": audited("Strange clothes, plain facts.", ["portal_csv/odd.csv"], told.odd_audits, NO_CSV),
        "facts": facts("What sign-ins say beside their verdicts.", [f"{FORMS}graph/ok.json.gz", f"{FORMS}graph/powershell.json.gz", PORTAL_JSON] + [
            f"{FORMS}diagnostic/{name}" for name in ("ok.ndjson.gz", "eventhub.json.gz", "capture.avro")], records),
        "facts_log_analytics": facts("Programs have fewer columns in Log Analytics.", ALL[6:], people + less(
            told.of("service_principal", "managed_identity"), "homeTenantId", "crossTenantAccessType", "authenticationProtocol", "originalTransferMethod",
            "incomingTokenType", "riskLevelDuringSignIn", "riskLevelAggregated")),
        "facts_v1": facts("Graph v1.0 has no user agent, no token and no tenants.", [f"{FORMS}graph/v1.json.gz"], [shape.v1(record) for record in interactive]),
        "facts_csv": facts("The portal's CSV has times to the second.", [" + ".join(CSVS)], people, CSV_LESS, 0),
        "facts_csv_fr": facts("Headings partly in French.", [f"{FORMS}portal_csv/InteractiveSignIns_fr.csv"], interactive[:8], CSV_LESS, 0),
        "facts_csv_es": facts("Headings partly in Spanish.", [f"{FORMS}portal_csv/InteractiveSignIns_es.csv"], interactive[:8], CSV_LESS, 0),
        "facts_defender": facts("Defender tells fewer things, some in other words.", [f"{FORMS}defender/ok.json.gz", f"{FORMS}defender/hunting.json.gz"], people, DEFENDER_LESS),
        "facts_odd": facts("Strange clothes, plain facts.", [f"{FORMS}{form}" for form in ("graph/odd.json", "diagnostic/odd.ndjson", "log_analytics/odd.ndjson")], strange(records)),
        "policies": {"about": "Every policy of every sign-in.", "files": ALL, "sign_in_policy": rows_of.policies(records)},
        "policies_v1": {"about": "Graph v1.0 does not tell conditions.", "files": [f"{FORMS}graph/v1.json.gz"], "sign_in_policy": rows_of.policies(
            [shape.v1(record) for record in told.of("interactive")])},
        "policies_defender": {"about": "Defender has them as JSON in a text.", "files": [f"{FORMS}defender/ok.json.gz", f"{FORMS}defender/AADSignInEventsBeta.csv.gz"],
                              "sign_in_policy": rows_of.policies(people)},
        "policies_odd": {"about": "Strange clothes, plain facts.", "files": [f"{FORMS}{form}" for form in ("graph/odd.json", "diagnostic/odd.ndjson", "log_analytics/odd.ndjson")],
                         "sign_in_policy": rows_of.policies(strange(records))},
        "registrations": side("Who has registered what.", "registration", ["ok.json", "powershell.json"], rows_of.registrations(registrations), "entra_registration"),
        "registrations_odd": side("Strange clothes, plain facts.", "registration", ["odd.json"], rows_of.registrations(odd["entra_registration"]), "entra_registration"),
        "resources": side("What there is, by the CLI and by PowerShell.", "resource", ["ok.json", "powershell.json"], rows_of.resources(resources), "azure_resource"),
        "resources_odd": side("Strange clothes, plain facts.", "resource", ["odd.json"], rows_of.resources(odd["azure_resource"]), "azure_resource"),
        "azure_roles": side("Who may do what.", "role_assignment", ["ok.json", "powershell.json"], rows_of.roles(roles), "azure_role_assignment"),
        "azure_roles_odd": side("Strange clothes, plain facts.", "role_assignment", ["odd.json"], rows_of.roles(odd["azure_role_assignment"]), "azure_role_assignment"),
        "entra_roles": side("Who may do what in the directory.", "role_assignment", ["ok.json", "powershell.json"], rows_of.roles(entra), "entra_role_assignment"),
        "entra_roles_bare": side("Ids only.", "role_assignment", ["bare.json"], rows_of.roles(bare), "entra_role_assignment"),
        "entra_roles_odd": side("Strange clothes, plain facts.", "role_assignment", ["odd.json"], rows_of.roles(odd["entra_role_assignment"]), "entra_role_assignment"),
        "accounts": side("Accounts by Graph and its PowerShell.", "directory_user", ["ok.json", "powershell.json"], rows_of.users(graph_users), "entra_user"),
        "accounts_az": side("The Azure CLI tells neither type nor state.", "directory_user", ["az.json"], rows_of.users(az_users), "entra_user"),
        "accounts_odd": side("Strange clothes, plain facts.", "directory_user", ["odd.json"], rows_of.users(odd["entra_user"]), "entra_user"),
        "msid": {"about": "Who Microsoft's own tool lists, and its status.", "files": [known + "ok.json", known + "powershell.json"],
                 "msid": rows_of.msid(records, registrations)},
        "msid_unregistered": {"about": "Without registrations there is no status.", "files": [graph], "msid": rows_of.msid(records, [])},
        "msid_odd": {"about": "Some are registered by methods that the tool has no name for.", "files": [known + "odd.json"], "msid": rows_of.msid(records, odd["entra_registration"])},
        "msid_demo": {"about": "Woodgrove Freight.", "files": ["demo/signin + demo/activity + demo/registrations.json"],
                      "msid": rows_of.msid(month.signs.records, demo_sides[0])},
    }
