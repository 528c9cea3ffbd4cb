"""Which file holds what: every fixture under `formats/` and `broken/`, and what is expected of it."""

import json
from datetime import timedelta

import audits
import oracle
import shapes
import signin_shapes
import spoiled
import tenant
import tenant_signins
from spoiled import broken_array, broken_lines, count, damaged, odd_array, odd_lines, odd_texts
from story import Story, Who, at, compact, guid
from tenant import SHOP, rid

# Shapes whose records are JSON objects: how a record is made, its time, fields that get a wrong type, container.
OBJECTS = {
    "activity_rest": (lambda event: event, ["eventTimestamp"], [["level"], ["caller"], ["claims"], ["properties"], ["httpRequest"]], "value"),
    "activity_rest_old": (shapes.rest_old, ["eventTimestamp"], [["level"], ["caller"], ["claims"], ["eventSource"]], "value"),
    "activity_powershell": (shapes.powershell, ["EventTimestamp"], [["Caller"], ["Claims"], ["Status"], ["HttpRequest"]], None),
    "activity_diagnostic": (shapes.diagnostic, ["time"], [["level"], ["callerIpAddress"], ["identity"], ["resultSignature"]], "lines"),
    "activity_eventhub": (shapes.diagnostic, ["time"], [["level"], ["callerIpAddress"], ["identity"]], "records"),
    "activity_log_analytics": (lambda event: {key: cell for key, cell in shapes.log_analytics(event).items() if cell not in ("", None)},
                               ["TimeGenerated"], [["Level"], ["Caller"], ["Claims_d"], ["HTTPRequest"]], "lines"),
    "activity_event_grid": (shapes.event_grid, ["eventTime"], [["topic"], ["data", "httpRequest"], ["data", "tenantId"]], None),
    "activity_common_alert": (shapes.alert, ["data", "alertContext", "eventTimestamp"],
                              [["data", "alertContext", "claims"], ["data", "alertContext", "level"], ["data", "alertContext", "subStatus"]], None),
    "activity_python_sdk": (shapes.python_sdk, ["event_timestamp"], [["level"], ["caller"], ["claims"], ["http_request"]], "lines"),
}

NO_IDS = ["event_id", "attempt_id"]
SETS = {
    "about": "Which fixtures tell which expected set. `without` names columns that the shape cannot give; compare the others. "
             "Rows are bags: order is not part of what is expected. `value` of summary is text.",
    "full": {"files": {
        "formats/activity_rest/ok.json": [], "formats/activity_rest/az.json": [], "formats/activity_rest_old/ok.json.gz": [],
        "formats/activity_powershell/ok.json": [], "formats/activity_powershell/ok51.json.gz": [],
        "formats/activity_diagnostic/ok.ndjson": NO_IDS, "formats/activity_diagnostic/ok_records.json.gz": NO_IDS,
        "formats/activity_eventhub/ok.json.gz": NO_IDS, "formats/activity_eventhub/capture.avro": NO_IDS,
        "formats/activity_log_analytics/query_api.json": [], "formats/activity_log_analytics/az_query.json.gz": [],
        "formats/activity_log_analytics/portal.csv": [], "formats/activity_log_analytics/export.ndjson": [],
        "formats/activity_log_analytics/job.parquet": [], "formats/activity_log_analytics/job_struct.parquet": [],
        "formats/activity_common_alert/ok.ndjson.gz": [], "formats/activity_python_sdk/ok.ndjson.gz": []}},
    "strict": {"about": "The full set under --strict-policy.", "files": {"formats/activity_rest/az.json": []}},
    "seconds": {"about": "Export-Csv writes times to the second.", "files": {"formats/activity_powershell/export.csv": []}},
    "claimless": {"about": "No claims, ids, requests or properties: nobody's MFA is known, no policy is named, scans look like policy events.",
                  "files": {"formats/activity_powershell/nodetail.json": NO_IDS}},
    "event_grid": {"about": "Ends of writes, deletes and actions only; the address is the one in the token.",
                   "files": {"formats/activity_event_grid/ok.json": []}},
    "grid": {"about": "The portal's grid names operations as they are shown: nothing can be said to be a write.",
             "files": {"formats/activity_portal_csv/ok.csv": []}},
    "odd": {"files": {
        "formats/activity_rest/odd.json": [], "formats/activity_rest_old/odd.json": [], "formats/activity_powershell/odd.json": [],
        "formats/activity_diagnostic/odd.ndjson": NO_IDS, "formats/activity_eventhub/odd.json": NO_IDS,
        "formats/activity_log_analytics/odd.ndjson": [], "formats/activity_common_alert/odd.json": [], "formats/activity_python_sdk/odd.ndjson": []}},
    "demo": {"about": "Events told twice keep the first copy, which has no id.", "files": {"demo/activity": ["event_id", "attempt_id"]}},
}


def account(form, records, rows=None, table="activity", **more):
    """What a run over one file has to say: records = rows + duplicates + rejects + ignored; `rows` are by table."""
    rejects, ignored, duplicates = more.get("rejects", {}), more.get("ignored", {}), more.get("duplicates", 0)
    rows = records - duplicates - sum(rejects.values()) - sum(ignored.values()) if rows is None else rows
    entry = {"format": form, "records": records, "duplicates": duplicates, "rejects": rejects, "ignored": ignored,
             "rows": more.get("tables") or ({table: rows} if rows else {})}
    if more.get("comment"):
        entry["comment"] = more["comment"]
    assert records == sum(entry["rows"].values()) + duplicates + sum(rejects.values()) + sum(ignored.values()), entry
    return entry


def expected(events, odd):
    """Reports per set."""
    grid = [{"metric": metric, "value": value} for metric, value in (("events", str(len(events))), ("attempts", "0"), ("write_attempts", "0"))]
    strict = oracle.reports(events, strict=True)
    return {"full": oracle.reports(events), "strict": {name: strict[name] for name in ("summary", "by-user", "by-resource")},
            "seconds": oracle.reports([seconds(event) for event in events]),
            "claimless": oracle.reports([claimless(event) for event in events]),
            "event_grid": oracle.reports([as_event_grid(event) for event in events if shapes.event_grid_tells(event)]),
            "grid": {"summary": grid}, "odd": oracle.reports(odd)}


def seconds(event):
    return {**event, "eventTimestamp": event["eventTimestamp"][:19] + "Z"}


def claimless(event):
    return {key: value for key, value in event.items() if key not in ("claims", "properties", "eventDataId", "operationId", "httpRequest")}


def as_event_grid(event):
    return {key: value for key, value in event.items() if key not in ("operationId", "httpRequest")}


def everything(events, odd, put, zipped):
    ok(events, put, zipped)
    spoil(events, odd, put)
    sequences(events, put, zipped)
    tables(events, odd, put)
    streams(events, odd, put)
    general(events, put, zipped)


def ok(events, put, zipped):
    total = len(events)

    def plain(path, content, form, records=total, **more):
        put("formats/" + path, content, account(form, records, **more))

    plain("activity_rest/ok.json", shapes.rest_pages(events[::-1], 100), "activity_rest", comment="two pages in one file, newest first as the API gives them, a nextLink in the first")
    plain("activity_rest/az.json", shapes.az_array(events[::-1]), "activity_rest")
    single = next(event for event in events if "policies" in event["properties"])
    plain("activity_rest/portal.json", json.dumps(single, indent=4, ensure_ascii=False), "activity_rest", 1)
    plain("activity_rest_old/ok.json.gz", zipped(compact({"value": [shapes.rest_old(event) for event in events]}).encode()), "activity_rest_old")
    plain("activity_powershell/ok.json", shapes.powershell7(events), "activity_powershell")
    plain("activity_powershell/ok51.json.gz", zipped(shapes.powershell51(events)), "activity_powershell", comment="UTF-16LE with a mark, inside gzip")
    plain("activity_powershell/export.csv", shapes.powershell_csv(events), "activity_powershell")
    plain("activity_powershell/nodetail.json", shapes.powershell_plain(events), "activity_powershell",
          comment="no event ids: the identity keys of all rows differ, so nothing is a duplicate")
    plain("activity_diagnostic/ok.ndjson", shapes.lines(map(shapes.diagnostic, events)), "activity_diagnostic")
    plain("activity_diagnostic/ok_records.json.gz", zipped(shapes.diagnostic_2018(events).encode()), "activity_diagnostic",
          comment="an envelope looks like an Event Hubs message; either name of the format is right")
    plain("activity_eventhub/ok.json.gz", zipped(compact(shapes.messages(events, 40)).encode()), "activity_eventhub")
    one = shapes.messages(events[:3], 3)[0]
    plain("activity_eventhub/message.json", json.dumps(one, indent=2, ensure_ascii=False), "activity_eventhub", 3)
    plain("activity_log_analytics/query_api.json", shapes.query_api(events), "activity_log_analytics")
    plain("activity_log_analytics/az_query.json.gz", zipped(shapes.az_query(events).encode()), "activity_log_analytics")
    plain("activity_log_analytics/portal.csv", shapes.portal_csv(events), "activity_log_analytics")
    plain("activity_log_analytics/export.ndjson", shapes.export_rule(events), "activity_log_analytics")
    grid = [shapes.event_grid(event) for event in events if shapes.event_grid_tells(event)]
    plain("activity_event_grid/ok.json", "[" + ",\n".join(map(compact, grid)) + "]\n", "activity_event_grid", len(grid))
    plain("activity_common_alert/ok.ndjson.gz", zipped(shapes.lines(map(shapes.alert, events)).encode()), "activity_common_alert")
    plain("activity_common_alert/single.json", json.dumps(shapes.alert(single), indent=2, ensure_ascii=False), "activity_common_alert", 1)
    plain("activity_python_sdk/ok.ndjson.gz", zipped(shapes.lines(map(shapes.python_sdk, events)).encode()), "activity_python_sdk")
    plain("activity_portal_csv/ok.csv", shapes.portal_grid(events), "activity_portal_csv",
          comment="no event ids; a policy event and a scan never share time, resource, operation, status and correlation id with another row")


def nulled(record, bare, shape):
    """The last odd event in a shape whose function cannot make it: its essential keys, the others null."""
    if shape == "activity_rest":
        return bare
    keep = {
        "activity_rest_old": ("eventDataId", "eventTimestamp", "operationName", "resourceUri", "id"),
        "activity_powershell": ("EventDataId", "EventTimestamp", "OperationName", "ResourceId", "Id"),
        "activity_diagnostic": ("time", "operationName", "resourceId", "category", "properties"),
        "activity_eventhub": ("time", "operationName", "resourceId", "category", "properties"),
        "activity_log_analytics": ("TimeGenerated", "OperationNameValue", "_ResourceId", "EventDataId", "Type"),
        "activity_python_sdk": ("event_data_id", "event_timestamp", "operation_name", "resource_id", "id"),
    }.get(shape)
    if keep:
        return {key: value if key in keep else None for key, value in record.items()}
    if shape == "activity_common_alert":
        keep = ("eventDataId", "eventTimestamp", "operationName", "properties")
        context = {key: value if key in keep else None for key, value in record["data"]["alertContext"].items()}
        return {**record, "data": {**record["data"], "alertContext": context}}
    keep = ("resourceUri", "operationName", "claims", "subscriptionId")
    return {**record, "data": {key: value if key in keep else None for key, value in record["data"].items()}}


def whole(bare):
    """The bare event with the parts that the shape functions read."""
    empty = {"value": "", "localizedValue": ""}
    return {**bare, "claims": {}, "properties": {"hierarchy": ""}, "correlationId": None, "operationId": None, "level": "Informational",
            "status": empty, "subStatus": empty, "category": {"value": "Administrative", "localizedValue": ""}, "channels": None,
            "description": None, "resourceProviderName": empty, "resourceType": empty, "submissionTimestamp": bare["eventTimestamp"],
            "subscriptionId": bare["resourceId"].split("/")[2], "tenantId": None}


def spoil(events, odd, put):
    for form, (make, path, fields, container) in OBJECTS.items():
        kept = [event for event in odd if form != "activity_event_grid" or "policies" not in (event["properties"] or {})]
        records = [make(event) for event in kept[:-1]]
        full = whole(kept[-1])
        if form == "activity_event_grid":
            full["status"] = {"value": "Succeeded"}
        if form != "activity_rest":
            full = {key: value for key, value in full.items() if not (key == "caller" and value is None)}
        for key in ("authorization", "httpRequest"):
            full.pop(key, None)
        records.append(nulled(make(full) if form != "activity_rest" else None, kept[-1], form))
        texts = odd_texts(records, path[-1])
        sources = [event for event in events if form != "activity_event_grid" or shapes.event_grid_tells(event)]
        # Where the time is part of what a shape is known by, a record without one is nobody's.
        timeless = "unrecognised" if form in ("activity_log_analytics", "activity_diagnostic", "activity_eventhub") else "invalid_time"
        parts = damaged([make(event) for event in sources[:6]], path, fields, timeless)
        last = compact(make(sources[6])).encode()
        rejects = count(parts)
        comment = "the last record is the first once more"
        torn = f"a record without any time counts as {timeless} (unrecognised and invalid_time are both defensible). "
        if container == "lines":
            put(f"formats/{form}/odd.ndjson", odd_lines(texts), account(form, len(texts), duplicates=1, comment=comment))
            rejects = {**rejects, "syntax": 2, "cut_short": 2}
            put(f"formats/{form}/broken.ndjson", broken_lines(parts, last),
                account(form, len(parts) + 4, rejects=rejects, comment=torn + "syntax: a line of garbage, a line of 64 zero bytes; "
                        "lines are the way back, so the line after each is whole again. cut_short: a line torn in the middle, and the last line, without its end"))
        else:
            key = {"records": "records", "value": "value"}.get(container)
            put(f"formats/{form}/odd.json", odd_array(texts, key), account(form, len(texts), duplicates=1, comment=comment))
            rejects = {**rejects, "cut_short": 1}
            put(f"formats/{form}/broken.json", broken_array(parts, last, key),
                account(form, len(parts) + 1, rejects=rejects, comment=torn + "every damaged element is still well formed to its closing mark except the last, "
                        "in which the file ends; the array that is never closed is that same reject"))
    good = [compact(event) for event in events[:3]]
    put("formats/activity_rest/broken_unclosed.json", "[" + ",\n".join(good) + ",\n", account(
        "activity_rest", 4, rejects={"cut_short": 1}, comment="three whole records, then a comma and the end: one reject says that the array was not closed"))
    put("formats/activity_rest/broken_garbage.json", "[" + ",\n".join([good[0], "{\"eventTimestamp\": \"2026-03-02T08:00:00Z\", oops}", good[1], good[2]]) + "]\n",
        account("activity_rest", 4, rejects={"syntax": 1}, comment="the damaged element's braces balance, so the element ends where its brace does"))


def sequences(events, put, zipped):
    """What people do to files of the az command: cut them, join them, save them in another encoding."""
    joined = shapes.az_array(events[:3]) + shapes.az_array(events[2:4])
    put("formats/activity_rest/odd_concatenated.json", joined, account("activity_rest", 5, duplicates=1, comment="two arrays in one file, one event in both"))
    put("formats/activity_rest/odd_utf16be.json", ("\ufeff" + shapes.az_array(events[:2])).encode("utf-16-be"), account("activity_rest", 2))
    alarm = Story("alarm", "mg-tailwind", 50)
    robot = Who(alarm, "robot", "app", ip="203.0.113.5", app=guid("alarm", "app"))
    for number in range(25):
        alarm.attempt(at("2026-03-02 09:00:00.000") + timedelta(minutes=10 * number), robot, "Microsoft.Web/sites/write",
                      rid(SHOP, "rg-shop", "Microsoft.Web/sites", "app-shop"), "SX")
    fifty = alarm.events[::-1]
    put("formats/activity_rest/alarm_fifty.json.gz", zipped(shapes.az_array(fifty).encode()), account(
        "activity_rest", 50, comment="exactly 50 events in less than six hours: the default of the az command, so the truncation alarm has to ring"))
    page = {"value": events[:2], "nextLink": "https://management.azure.com/subscriptions/" + SHOP + "/providers/microsoft.insights/eventtypes/management/values?$skipToken=2"}
    put("formats/activity_rest/alarm_nextlink.json", compact(page), account("activity_rest", 2, comment="the last page has a nextLink: the rest was not fetched"))
    both = 2 * len(events)
    for other in ("activity_diagnostic/ok.ndjson", "activity_log_analytics/export.ndjson", "activity_eventhub/capture.avro"):
        put(f"formats/activity_rest/az.json + formats/{other}", None, account("", both, duplicates=len(events), comment="the same events in two shapes, read in one run"))
    keys = {identity(event) for event in events}
    assert len(keys) == len(events), "two events with one identity"


def identity(event):
    """What makes two rows one event where an id is missing."""
    policies = (event["properties"] or {}).get("policies", "")
    parts = (event["eventTimestamp"], event["resourceId"], event["operationName"]["value"], event["status"]["value"],
             event["subStatus"]["value"], event["correlationId"], policies)
    return compact(parts).lower()


def tables(events, odd, put):
    """CSV and Parquet."""
    head = "Correlation id;Operation name;Status;Event category;Level;Time;Subscription;Event initiated by;Resource type;Resource group;Resource"
    odd_rows = [head, '"a1";"Create ""Storage"" Account";Succeeded;Administrative;Informational;4/1/2026, 2:03:04 PM;"Odd; Ltd";"=cmd|calc";x;rg;"line\none"',
                "a2;Delete 🚨;Échec;Administrative;Error;2026-04-01T12:00:00.000Z;;zoë@tailwind.example;;;"]
    put("formats/activity_portal_csv/odd.csv", "\ufeff" + "\n".join(odd_rows) + "\n",
        account("activity_portal_csv", 2, comment="semicolons, a line break in a cell, no carriage returns"))
    put("formats/activity_portal_csv/broken.csv", (head.replace(";", ",") + "\r\nb1,Write,Succeeded,Administrative,Informational,2026-04-01T12:00:00.000Z,s,u,t,g,r\r\n"
        "b2,Write\r\nb3,Write,Succeeded,Administrative,Informational,never,s,u,t,g,r\r\nb4,\"Write,Succeeded\r\n").encode(),
        account("activity_portal_csv", 4, rejects={"syntax": 1, "invalid_time": 1, "cut_short": 1},
                comment="b2 has too few cells (syntax), b3 no readable time, b4 a quotation that never ends (cut_short)"))
    rows = shapes.portal_csv(events[:4]).split("\r\n")
    put("formats/activity_log_analytics/odd.csv", odd_portal_csv(events[:6]), account(
        "activity_log_analytics", 6, comment="other columns in another order, JSON over several lines, `$table` first, no mark"))
    put("formats/activity_log_analytics/broken.csv", ("\r\n".join([rows[0], rows[1], "ragged,row", rows[2] + ",one,more", rows[3], rows[4][:200]])).encode()
        .replace(b"sttailwindcatalog", b"sttail\xffwindcatalog", 1),
        account("activity_log_analytics", 5, rejects={"syntax": 2, "invalid_utf8": 1, "cut_short": 1},
                comment="one row, a row too short, a row too long (both syntax), a row with a byte that is no UTF-8, a row that ends inside a quotation"))
    try:
        job, struct = shapes.parquet(events, False), shapes.parquet(events, True)
        odd_job = odd_parquet(events[:6])
    except ImportError:
        job = struct = odd_job = None
    total = len(events)
    put("formats/activity_log_analytics/job.parquet", job, account("activity_log_analytics", total))
    put("formats/activity_log_analytics/job_struct.parquet", struct, account("activity_log_analytics", total))
    put("formats/activity_log_analytics/odd.parquet", odd_job, account(
        "activity_log_analytics", 6, comment="dictionary and large strings, times in nanoseconds without a zone, most columns missing"))
    put("formats/activity_log_analytics/broken.parquet", job and job[: len(job) // 2], account(
        "activity_log_analytics", 1, rejects={"unreadable": 1}, comment="no footer, so no row group can be found: the whole file is one reject"))


def odd_portal_csv(events):
    names = ["Type", "_ResourceId", "Claims", "OperationNameValue", "TimeGenerated", "EventDataId", "Caller", "ActivityStatusValue", "CorrelationId", "Properties"]
    lines = ["$table," + ",".join(name + (" [UTC]" if name == "TimeGenerated" else "") for name in names)]
    for event in events:
        row = shapes.log_analytics(event)
        row["Claims"] = json.dumps(row["Claims_d"], indent=2) if row["Claims_d"] else ""
        row["Properties"] = json.dumps(row["Properties_d"], indent=2)
        row["TimeGenerated"] = shapes.portal_time(row["TimeGenerated"])
        lines.append("AzureActivity," + ",".join('"' + row[name].replace('"', '""') + '"' for name in names))
    return "\n".join(lines) + "\n"


def odd_parquet(events):
    import pyarrow
    import pyarrow.parquet

    rows = [shapes.log_analytics(event) for event in events]
    table = pyarrow.table({
        "TimeGenerated": pyarrow.array([shapes.moment(row["TimeGenerated"]).replace(tzinfo=None) for row in rows], pyarrow.timestamp("ns")),
        "Type": pyarrow.array([row["Type"] for row in rows]).dictionary_encode(),
        "OperationNameValue": pyarrow.array([row["OperationNameValue"] for row in rows]).dictionary_encode(),
        "Claims": pyarrow.array([compact(row["Claims_d"] or {}) for row in rows], pyarrow.large_string()),
        "_ResourceId": [row["_ResourceId"] for row in rows], "Caller": [row["Caller"] or None for row in rows],
        "EventDataId": [row["EventDataId"] for row in rows], "CorrelationId": [row["CorrelationId"] for row in rows],
        "ActivityStatusValue": pyarrow.array([row["ActivityStatusValue"] for row in rows], pyarrow.large_string()),
        "Level": pyarrow.array([4] * len(rows), pyarrow.int32())})
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def streams(events, odd, put):
    """Avro, and other logs in the same stream."""
    bodies = [compact(message).encode() for message in shapes.messages(events, 10)]
    put("formats/activity_eventhub/capture.avro", shapes.capture(bodies, "deflate", 6), account("activity_eventhub", len(events)))
    put("formats/activity_eventhub/empty.avro", shapes.capture([], "null", 1), account("activity_eventhub", 0, comment="no blocks: valid, and empty"))
    diagnostics = [compact(shapes.diagnostic(event)).encode() for event in events[:4]]
    mixed = [diagnostics[0], b"[" + diagnostics[1] + b"]", None, b"", b'{"records":[' + diagnostics[2] + b"]}\n", b"\xef\xbb\xbf" + diagnostics[3]]
    put("formats/activity_eventhub/odd.avro", shapes.capture(mixed, "null", 2), account(
        "activity_eventhub", 4, comment="codec null; bodies: a bare record, an array, null, nothing, an envelope, one with a mark. A null or empty body is no record"))
    bad = [bodies[0], b"hello", b"\xff\xfe\x00", bodies[1][:-40]]
    whole_file = shapes.capture(bad, "null", 1)
    put("formats/activity_eventhub/broken.avro", whole_file + b"\x02\x80", account(
        "activity_eventhub", 23, rejects={"syntax": 1, "invalid_utf8": 1, "cut_short": 2},
        comment="ten records; a body that is no JSON (syntax); a body of stray bytes (invalid_utf8); a body cut inside its tenth record "
                "(nine records and one cut_short); then the head of a block and the end of the file (cut_short)"))
    others, entra = other_logs(), entra_logs()
    lines = []
    for number, event in enumerate(events[:30]):
        lines.append(compact(shapes.diagnostic(event)))
        if number < len(others):
            lines.append(compact(others[number]))
    lines[11:11] = map(compact, entra)
    ignored = {}
    for record in others:
        ignored[record["category"]] = ignored.get(record["category"], 0) + 1
    put("formats/activity_diagnostic/mixed.ndjson", "\n".join(lines) + "\n", account(
        "activity_diagnostic", 32 + len(others), ignored=ignored, tables={"activity": 30, "sign_in": 1, "audit": 1},
        comment="ignored is by the record's own category; several of the others have a resource id that starts with /subscriptions/"))


def entra_logs():
    """One sign-in and one audit, as they stand in the same storage account."""
    story = tenant.tell()
    signs = tenant_signins.tell(story)
    return [signin_shapes.diagnostic(signs.records[0]), audits.diagnostic(audits.tell(story, signs)[0], story.tenant)]


def other_logs():
    storage = rid(SHOP, "rg-shop", "Microsoft.Storage/storageAccounts", "sttailwindcatalog", "blobServices", "default")
    vault = rid(SHOP, "rg-shop", "Microsoft.KeyVault/vaults", "kv-shop").upper()
    tenant = guid("tailwind", "tenant")
    blob = [{"time": f"2026-03-02T08:1{number}:00.0000000Z", "resourceId": storage, "category": category, "operationName": operation, "statusCode": 200,
             "statusText": "Success", "durationMs": 3, "callerIpAddress": "198.51.100.23:55000", "correlationId": guid("blob", number),
             "identity": {"type": "OAuth", "requester": {"appId": guid("blob", "app"), "objectId": guid("blob", "oid"), "tenantId": tenant}},
             "location": "westeurope", "properties": {"accountName": "sttailwindcatalog", "serviceType": "blob"}}
            for number, (category, operation) in enumerate([("StorageRead", "GetBlob"), ("StorageWrite", "PutBlob"), ("StorageDelete", "DeleteBlob"), ("StorageRead", "ListBlobs")])]
    key = {"time": "2026-03-02T08:20:00.0000000Z", "resourceId": vault, "category": "AuditEvent", "operationName": "SecretGet", "operationVersion": "7.4",
           "resultType": "Success", "resultSignature": "OK", "durationMs": "12", "callerIpAddress": "198.51.100.23", "correlationId": guid("vault"),
           "identity": {"claim": {"appid": guid("vault", "app"), "upn": "bo.svensson@tailwind.example"}}, "properties": {"id": "https://kv-shop.example/secrets/x"}}
    graph = {"time": "2026-03-02T08:21:00.0000000Z", "resourceId": f"/TENANTS/{tenant}/PROVIDERS/MICROSOFT.AADIAM", "category": "MicrosoftGraphActivityLogs",
             "operationName": "Microsoft Graph Activity", "operationVersion": "beta", "resultSignature": "200", "durationMs": "120", "callerIpAddress": "198.51.100.23",
             "correlationId": guid("graph"), "level": "Informational", "properties": {"requestMethod": "GET", "requestUri": "https://graph.example/v1.0/me"}}
    return blob + [key, graph]


def general(events, put, zipped):
    """Files that are no export, or one no longer."""
    def broken(name, content, records, rejects, comment, rows=None):
        put("broken/" + name, content, account("", records, rows=rows, rejects=rejects, comment=comment))

    lines = shapes.lines(map(shapes.diagnostic, events[:20])).encode()
    packed = zipped(lines)
    cut = packed[: len(packed) * 2 // 3]
    kept = recovered(cut)
    broken("cut.json.gz", cut, kept + 1, {"compression": 1},
           f"the gzip stream ends early: {kept} whole lines unpack, the torn line and the torn stream are one reject")
    broken("image.png", bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"), 1, {"unrecognised": 1},
           "no export at all. Alone on the command line: 2, nothing readable")
    broken("empty.json", b"", 0, {}, "zero bytes; alone 2 with a hint, among others only counted")
    broken("nothing.json", b"[]\n", 0, {}, "a valid export without events: 0")
    deep = b"[" * 100_000 + b"]" * 100_000
    broken("deep.json.gz", zipped(deep), 1, {"too_deep": 1}, "100,000 brackets; the outer array's one element is too deep")
    broken("scalar.json", b"42\n", 1, {"unrecognised": 1}, "a valid JSON text that is no record; alone 2")
    event = compact(events[0])
    lone = event.replace('"description":""', '"description":"\\ud800 lone, \\udc00 lone, \\ud83d\\ude80 pair"')
    broken("surrogates.json", lone + "\n", 1, {}, "lone surrogates in a text are replaced, not refused: the record is a row")
    head = "EventTimestamp,OperationName,Claims,Authorization,HttpRequest,EventDataId\r\n"
    broken("ragged.csv", head + "2026-03-02T08:00:00Z,Microsoft.Web/sites/write,,,," + guid("ragged", 1) + "\r\nshort\r\n"
           + "2026-03-02T08:00:01Z,Microsoft.Web/sites/write,,,," + guid("ragged", 2) + ",extra,cells\r\n"
           + "2026-03-02T08:00:02Z,Microsoft.Web/sites/write,,,," + guid("ragged", 3) + "\r\n", 4, {"syntax": 2}, "a row too short, a row too long")
    broken("zeros.bin", b"\0" * 512, 1, {"unrecognised": 1}, "nothing but zero bytes; alone 2")
    broken("unknown.json", b'[{"name":"somebody","age":7},{"name":"else","age":8}]\n', 2, {"unrecognised": 2}, "objects that no format claims")


def recovered(cut):
    import zlib
    return zlib.decompressobj(31).decompress(cut).count(b"\n")
