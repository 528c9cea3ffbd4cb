"""The same events in every shape in which the Activity Log is exported.

Each function takes events in the shape of the REST API (see `story.py`) and gives text or bytes.
Sources of the shapes: Microsoft's pages "Azure Activity Log event schema", "Send Azure Monitor
activity log data", "Azure Monitor Logs reference - AzureActivity", "Azure Event Grid - subscription
schema", "Common alert schema" and "Event Hubs Capture Avro schema".
"""

import csv
import io
import json
import re
import zlib
from datetime import datetime, timezone

from story import compact, guid, iso

CRLF = "\r\n"


def value(event, key):
    return (event.get(key) or {}).get("value")


def moment(text):
    return datetime.fromisoformat(text.rstrip("Z")[:26]).replace(tzinfo=timezone.utc)


def lines(records):
    return "".join(compact(record) + "\n" for record in records)


# --- REST, Azure CLI, portal ---------------------------------------------------------------------

def rest_pages(events, size):
    """Pages as `az rest` prints them, appended to one file."""
    pages = [events[start:start + size] for start in range(0, len(events), size)]
    text = ""
    for number, page in enumerate(pages):
        body = {"value": page}
        if number + 1 < len(pages):
            body["nextLink"] = ("https://management.azure.com/subscriptions/" + guid("tailwind", "subscription", "shop")
                                + f"/providers/microsoft.insights/eventtypes/management/values?api-version=2015-04-01&$skipToken={number + 1}")
        text += compact(body) + "\n"
    return text


CLI_KEYS = ("authorization caller category claims correlationId description eventDataId eventName eventTimestamp httpRequest id level "
            "operationId operationName properties resourceGroupName resourceId resourceProviderName resourceType status subStatus "
            "submissionTimestamp subscriptionId tenantId").split()


def cli(event):
    """What `az monitor activity-log list` keeps of an event; it also repeats the group as `resourceGroup`."""
    kept = {key: event[key] for key in CLI_KEYS if key in event}
    if "resourceGroupName" in kept:
        kept["resourceGroup"] = kept["resourceGroupName"]
    return kept


def az_array(events):
    return json.dumps([cli(event) for event in events], indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def rest_old(event):
    """An event as the REST API gave it from 2015 to 2019."""
    old = {key: val for key, val in event.items() if key not in ("category", "resourceType", "tenantId", "relatedEvents", "resourceId")}
    old["eventSource"] = event["category"]
    old["resourceUri"] = event["resourceId"]
    return old


# --- PowerShell ----------------------------------------------------------------------------------

LEVELS = ["Critical", "Error", "Warning", "Informational", "Verbose"]


def pascal(localized):
    return {"LocalizedValue": localized["localizedValue"], "Value": localized["value"]} if localized else None


def powershell(event):
    """`Get-AzActivityLog -DetailedOutput`, one event."""
    allowed, asked = event.get("authorization"), event.get("httpRequest")
    return {
        "Authorization": allowed and {"Scope": allowed["scope"], "Action": allowed["action"], "Role": allowed.get("role"), "Condition": None},
        "Caller": event.get("caller"),
        "Claims": {"Content": event["claims"]},
        "CorrelationId": event["correlationId"],
        "Category": pascal(event["category"]),
        "EventTimestamp": re.sub(r"\.?0+Z$", "Z", event["eventTimestamp"]),
        "OperationName": pascal(event["operationName"]),
        "ResourceGroupName": event.get("resourceGroupName"),
        "ResourceId": event["resourceId"],
        "Status": pascal(event["status"]),
        "SubscriptionId": event.get("subscriptionId"),
        "SubStatus": pascal(event["subStatus"]),
        "EventName": pascal(event.get("eventName")),
        "Description": event["description"],
        "EventDataId": event["eventDataId"],
        "HttpRequest": asked and {"ClientId": asked["clientRequestId"], "ClientIpAddress": asked["clientIpAddress"], "Method": asked["method"], "Url": None},
        "Id": event["id"],
        "Level": LEVELS.index(event["level"]),
        "OperationId": event["operationId"],
        "Properties": {"Content": event["properties"]},
        "ResourceProviderName": pascal(event["resourceProviderName"]),
        "ResourceType": pascal(event["resourceType"]),
        "SubmissionTimestamp": event["submissionTimestamp"],
        "TenantId": event.get("tenantId"),
    }


def powershell7(events):
    """PowerShell 7: `ConvertTo-Json -Depth 10 -Compress`, UTF-8."""
    return compact([powershell(event) for event in events]) + "\n"


def powershell51(events):
    """Windows PowerShell 5.1: `ConvertTo-Json -Compress > file`, UTF-16LE with a mark, CRLF, dates as milliseconds."""
    records = []
    for event in events:
        record = powershell(event)
        for key in ("EventTimestamp", "SubmissionTimestamp"):
            millis = round(moment(record[key].replace("Z", "")).timestamp() * 1000)
            record[key] = f"/Date({millis})/"
        records.append(record)
    text = compact(records).replace('"/Date(', '"\\/Date(').replace(')/"', ')\\/"')
    text = text.replace("'", "\\u0027").replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return ("\ufeff" + text + CRLF).encode("utf-16-le")


def powershell_plain(events):
    """Without `-DetailedOutput`: no claims, no event id, no request, no properties."""
    keep = ("Authorization", "Caller", "CorrelationId", "Category", "EventTimestamp", "OperationName", "ResourceGroupName",
            "ResourceId", "Status", "SubscriptionId", "SubStatus")
    return json.dumps([{key: powershell(event)[key] for key in keep} for event in events], indent=2, ensure_ascii=False) + "\n"


def bag(content):
    """A dictionary as its `ToString` shows it: a line per pair, the key padded to fifteen."""
    return "".join(f"{CRLF}{key:<15}: {text}" for key, text in content.items())


def powershell_csv(events):
    """`Get-AzActivityLog -DetailedOutput | Export-Csv`: times to the second, dictionaries as lines in a cell."""
    head = ["Authorization", "Caller", "Claims", "CorrelationId", "Category", "Description", "EventDataId", "EventName", "EventTimestamp",
            "HttpRequest", "Id", "Level", "OperationId", "OperationName", "Properties", "ResourceGroupName", "ResourceProviderName",
            "ResourceId", "ResourceType", "Status", "SubmissionTimestamp", "SubscriptionId", "SubStatus", "TenantId"]
    out = io.StringIO()
    table = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator=CRLF)
    table.writerow(head)
    for event in events:
        record = powershell(event)
        cells = {key: record.get(key) for key in head}
        for key in ("Category", "EventName", "OperationName", "ResourceProviderName", "ResourceType", "Status", "SubStatus"):
            cells[key] = (record.get(key) or {}).get("Value")
        for key in ("Claims", "Properties"):
            cells[key] = bag(record[key]["Content"])
        for key in ("Authorization", "HttpRequest"):
            cells[key] = bag({name: text or "" for name, text in record[key].items()}) if record[key] else ""
        for key in ("EventTimestamp", "SubmissionTimestamp"):
            when = moment(event[key[0].lower() + key[1:]])
            cells[key] = f"{when.month}/{when.day}/{when.year} {when.hour % 12 or 12}:{when:%M:%S %p}"
        cells["Level"] = event["level"]
        table.writerow([cells[key] if cells[key] is not None else "" for key in head])
    return "#TYPE Microsoft.Azure.Commands.Insights.OutputClasses.PSEventData" + CRLF + out.getvalue()


# --- Diagnostic settings: Storage and Event Hubs -------------------------------------------------

RESULT = {"Started": "Start", "Accepted": "Accept", "Succeeded": "Success", "Failed": "Failure", "Canceled": "Cancel"}


def diagnostic(event):
    """The record that a diagnostic setting sends: upper-case ids, no event id, no operation id, no caller."""
    status, sub = value(event, "status"), value(event, "subStatus") or ""
    allowed = event.get("authorization")
    record = {
        "RoleLocation": "West Europe", "Stamp": "FDWorker", "ReleaseVersion": "6.2026.9.1+synthetic.release",
        "time": event["eventTimestamp"],
        "resourceId": event["resourceId"].upper(),
        "operationName": value(event, "operationName").upper(),
        "category": value(event, "category"),
        "resultType": RESULT.get(status, status),
        "resultSignature": f"{status}.{sub}",
        "durationMs": "0",
        "callerIpAddress": (event.get("httpRequest") or {}).get("clientIpAddress"),
        "correlationId": event["correlationId"],
        "identity": {},
        "level": event["level"].replace("Informational", "Information"),
        "properties": event["properties"],
        "tenantId": event.get("tenantId"),
    }
    if allowed:
        record["identity"]["authorization"] = {"scope": allowed["scope"], "action": allowed["action"], "evidence": {"role": allowed.get("role")}}
    record["identity"]["claims"] = event["claims"]
    return {key: text for key, text in record.items() if text is not None}


def diagnostic_2018(events):
    """A blob from before November 2018: one object, the category names the kind of operation."""
    records = []
    for event in events:
        record = diagnostic(event)
        verb = record["operationName"].rsplit("/", 1)[1].capitalize()
        if record["category"] == "Administrative" and verb in ("Write", "Delete", "Action"):
            record["category"] = verb
            record["properties"] = {key: text for key, text in record["properties"].items() if key != "eventCategory"}
        record["location"] = "global"
        records.append(record)
    return compact({"records": records})


def messages(events, size):
    """Bodies of Event Hubs messages."""
    records = [diagnostic(event) for event in events]
    return [{"records": records[start:start + size]} for start in range(0, len(records), size)]


def zigzag(number):
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def avro_bytes(data):
    return zigzag(len(data)) + data


CAPTURE = {"type": "record", "name": "EventData", "namespace": "Microsoft.ServiceBus.Messaging", "fields": [
    {"name": "SequenceNumber", "type": "long"}, {"name": "Offset", "type": "string"}, {"name": "EnqueuedTimeUtc", "type": "string"},
    {"name": "SystemProperties", "type": {"type": "map", "values": ["long", "double", "string", "bytes"]}},
    {"name": "Properties", "type": {"type": "map", "values": ["long", "double", "string", "bytes", "null"]}},
    {"name": "Body", "type": ["null", "bytes"]}]}


def capture(bodies, codec, per_block):
    """An Event Hubs Capture file: Avro object container, written by hand. A body of None is a null body."""
    head = {"avro.codec": codec.encode(), "avro.schema": compact(CAPTURE).encode()}
    sync = bytes.fromhex(guid("capture", codec).replace("-", ""))
    out = b"Obj\x01" + zigzag(len(head)) + b"".join(avro_bytes(key.encode()) + avro_bytes(text) for key, text in head.items()) + zigzag(0) + sync
    rows = []
    for number, body in enumerate(bodies):
        row = zigzag(1000 + number) + avro_bytes(str(4096 * number).encode()) + avro_bytes(b"3/2/2026 8:20:00 AM")
        row += zigzag(1) + avro_bytes(b"x-opt-enqueued-time") + zigzag(0) + zigzag(1772439600000 + number) + zigzag(0)
        row += zigzag(0)
        row += zigzag(0) if body is None else zigzag(1) + avro_bytes(body)
        rows.append(row)
    for start in range(0, len(rows), per_block):
        block = rows[start:start + per_block]
        data = b"".join(block)
        if codec == "deflate":
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            data = packer.compress(data) + packer.flush()
        out += zigzag(len(block)) + avro_bytes(data) + sync
    return out


# --- Log Analytics -------------------------------------------------------------------------------

LA_COLUMNS = ("TenantId SourceSystem CallerIpAddress CategoryValue CorrelationId Authorization Authorization_d Claims Claims_d Level "
              "OperationNameValue Properties Properties_d Caller EventDataId EventSubmissionTimestamp HTTPRequest OperationId ResourceGroup "
              "ResourceProviderValue ActivityStatusValue ActivitySubstatusValue Hierarchy TimeGenerated SubscriptionId OperationName "
              "ActivityStatus ActivitySubstatus Category ResourceId ResourceProvider Resource Type _ResourceId").split()
LA_DYNAMIC = ("Authorization_d", "Claims_d", "Properties_d")
LA_TIMES = ("TimeGenerated", "EventSubmissionTimestamp")


def log_analytics(event):
    """A row of AzureActivity; dynamic columns as objects, columns that are no longer filled as empty text."""
    status, allowed, asked = value(event, "status"), event.get("authorization"), event.get("httpRequest")
    row = dict.fromkeys(LA_COLUMNS, "")
    row.update({
        "TenantId": guid("tailwind", "workspace"), "SourceSystem": "Azure", "Type": "AzureActivity",
        "CallerIpAddress": (asked or {}).get("clientIpAddress", ""), "CategoryValue": value(event, "category"),
        "CorrelationId": event["correlationId"], "Level": event["level"].replace("Informational", "Information"),
        "OperationNameValue": value(event, "operationName").upper(), "Caller": event.get("caller", ""), "EventDataId": event["eventDataId"],
        "EventSubmissionTimestamp": event["submissionTimestamp"], "TimeGenerated": event["eventTimestamp"],
        "HTTPRequest": compact(asked) if asked else "", "OperationId": event["operationId"],
        "ResourceGroup": event.get("resourceGroupName", ""), "ResourceProviderValue": value(event, "resourceProviderName").upper(),
        "ActivityStatusValue": RESULT.get(status, status), "ActivitySubstatusValue": value(event, "subStatus") or "",
        "Hierarchy": event["properties"]["hierarchy"], "SubscriptionId": event.get("subscriptionId", ""),
        "Resource": event["resourceId"].rsplit("/", 1)[1], "_ResourceId": event["resourceId"].lower(),
        "Authorization_d": {"scope": allowed["scope"], "action": allowed["action"], "evidence": {"role": allowed.get("role")}} if allowed else None,
        "Claims_d": event["claims"] or None, "Properties_d": event["properties"],
    })
    return row


def as_text(row, dynamic, plain):
    """A row whose three JSON columns stand as text in the `_d` columns, in the plain ones, or both."""
    row = dict(row)
    for name in LA_DYNAMIC:
        text = compact(row[name]) if row[name] else ""
        row[name], row[name[:-2]] = (text if dynamic else ""), (text if plain else "")
    return row


def query_api(events):
    """Answer of the Log Analytics query API."""
    kinds = {**dict.fromkeys(LA_COLUMNS, "string"), **dict.fromkeys(LA_DYNAMIC, "dynamic"), **dict.fromkeys(LA_TIMES, "datetime")}
    columns = [{"name": name, "type": kinds[name]} for name in LA_COLUMNS]
    rows = [list(as_text(log_analytics(event), True, False).values()) for event in events]
    return '{"tables":[{"name":"PrimaryResult","columns":' + compact(columns) + ',"rows":[\n' + ",\n".join(map(compact, rows)) + "\n]}]}\n"


def az_query(events):
    """`az monitor log-analytics query`: flat objects, every value made text, null as "None"."""
    rows = []
    for event in events:
        row = as_text(log_analytics(event), False, True)
        rows.append({**{name: "None" if text == "" and name != "HTTPRequest" else text for name, text in row.items()}, "TableName": "PrimaryResult"})
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def portal_time(text):
    when = moment(text)
    return f"{when.month}/{when.day}/{when.year}, {when.hour % 12 or 12}:{when:%M:%S}.{when.microsecond // 1000:03d} {when:%p}"


def portal_csv(events):
    """Log Analytics, "Export to CSV"."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator=CRLF)
    table.writerow([name + " [UTC]" if name in LA_TIMES else name for name in LA_COLUMNS])
    for event in events:
        row = as_text(log_analytics(event), True, False)
        for name in LA_TIMES:
            row[name] = portal_time(row[name])
        table.writerow(row.values())
    return "\ufeff" + out.getvalue()


def export_rule(events):
    """Continuous export: lines, dynamic columns as objects, empty columns left out."""
    return lines({name: text for name, text in log_analytics(event).items() if text not in ("", None)} for event in events)


def parquet(events, struct):
    """An export job; `struct` chooses between JSON text and structs. Needs pyarrow."""
    import pyarrow
    import pyarrow.parquet

    rows = []
    for event in events:
        row = log_analytics(event) if struct else as_text(log_analytics(event), True, False)
        for name in LA_TIMES:
            row[name] = moment(row[name])
        if struct:
            # A struct has every field of every row; what a row lacks is null.
            row["Claims_d"] = row["Claims_d"] or {}
        rows.append({name: None if text == "" else text for name, text in row.items()})
    fields = []
    for name in LA_COLUMNS:
        kind = pyarrow.timestamp("us", tz="UTC") if name in LA_TIMES else pyarrow.string()
        if struct and name == "Authorization_d":
            kind = pyarrow.struct([("scope", pyarrow.string()), ("action", pyarrow.string()), ("evidence", pyarrow.struct([("role", pyarrow.string())]))])
        elif struct and name in LA_DYNAMIC:
            keys = sorted({key for row in rows for key in row[name] or {}})
            kind = pyarrow.struct([(key, pyarrow.string()) for key in keys])
        fields.append((name, kind))
    table = pyarrow.Table.from_pylist(rows, schema=pyarrow.schema(fields))
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="snappy", row_group_size=64)
    return sink.getvalue().to_pybytes()


# --- Event Grid, alerts, Python SDK, portal grid -------------------------------------------------

def event_grid_tells(event):
    """Event Grid has the end of writes, deletes and actions in a subscription, nothing else."""
    return (value(event, "category") == "Administrative" and event.get("subscriptionId") and value(event, "status") in ("Succeeded", "Failed", "Canceled")
            and value(event, "operationName").rsplit("/", 1)[1].lower() in ("write", "delete", "action"))


def event_grid(event):
    verb = value(event, "operationName").rsplit("/", 1)[1].capitalize()
    status, allowed = value(event, "status"), event.get("authorization")
    end = {"Succeeded": "Success", "Failed": "Failure", "Canceled": "Cancel"}[status]
    data = {
        "authorization": {"scope": allowed["scope"], "action": allowed["action"], "evidence": {"role": allowed.get("role")}} if allowed else {},
        "claims": event["claims"], "correlationId": event["correlationId"], "httpRequest": {},
        "resourceProvider": value(event, "resourceProviderName"), "resourceUri": event["resourceId"],
        "operationName": value(event, "operationName"), "status": status,
        "subscriptionId": event["subscriptionId"], "tenantId": event["tenantId"],
    }
    return {"subject": event["resourceId"], "eventType": f"Microsoft.Resources.Resource{verb}{end}", "id": event["eventDataId"], "data": data,
            "dataVersion": "2", "metadataVersion": "1", "eventTime": event["eventTimestamp"], "topic": f"/subscriptions/{event['subscriptionId']}"}


def alert(event):
    """An activity-log alert in the common alert schema, `authorization` and `claims` as JSON text."""
    category = value(event, "category")
    context = {
        "channels": event["channels"], "claims": compact(event["claims"]), "correlationId": event["correlationId"],
        "eventSource": category, "eventTimestamp": event["eventTimestamp"], "eventDataId": event["eventDataId"],
        "level": event["level"], "operationName": value(event, "operationName"), "operationId": event["operationId"],
        "properties": {**event["properties"], "entity": event["resourceId"], "message": value(event, "operationName")},
        "status": value(event, "status"), "subStatus": value(event, "subStatus"),
        "submissionTimestamp": event["submissionTimestamp"], "Activity Log Event Description": event["description"],
    }
    for key in ("authorization", "httpRequest"):
        if key in event:
            context[key] = compact(event[key])
    if "caller" in event:
        context["caller"] = event["caller"]
    subscription = event.get("subscriptionId") or guid("tailwind", "subscription", "shop")
    alert_id = guid("alert", event["eventDataId"])
    return {"schemaId": "azureMonitorCommonAlertSchema", "data": {
        "essentials": {
            "alertId": f"/subscriptions/{subscription}/providers/Microsoft.AlertsManagement/alerts/{alert_id}",
            "alertRule": "every-change", "severity": "Sev4", "signalType": "Activity Log", "monitorCondition": "Fired",
            "monitoringService": f"Activity Log - {category}", "alertTargetIDs": [event["resourceId"].lower()],
            "originAlertId": alert_id, "firedDateTime": event["submissionTimestamp"], "description": "",
            "essentialsVersion": "1.0", "alertContextVersion": "1.0"},
        "alertContext": context}}


def snake(name):
    return re.sub(r"(?<!^)([A-Z])", lambda letter: "_" + letter.group(1).lower(), name)


def python_sdk(event):
    """`EventData.as_dict()` of azure-mgmt-monitor: snake case, dictionaries of strings untouched."""
    record = {}
    for key, item in event.items():
        if key in ("channels", "relatedEvents"):
            continue
        if isinstance(item, dict) and key not in ("claims", "properties"):
            item = {snake(name): text for name, text in item.items()}
        record[snake(key)] = item
    return record


def portal_grid(events):
    """The Activity Log blade, "Download as CSV": no claims, no ids, the operation as it is shown."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator=CRLF)
    table.writerow(["Correlation id", "Operation name", "Status", "Event category", "Level", "Time", "Subscription",
                    "Event initiated by", "Resource type", "Resource group", "Resource"])
    for event in events:
        table.writerow([event["correlationId"], event["operationName"]["localizedValue"], value(event, "status"), value(event, "category"),
                        event["level"], iso(moment(event["eventTimestamp"]), 3), event.get("subscriptionId", ""), event.get("caller", ""),
                        value(event, "resourceType"), event.get("resourceGroupName", ""), event["resourceId"]])
    return "\ufeff" + out.getvalue()


def powershell_utf16(events):
    """PowerShell 7, `| Out-File -Encoding unicode`: UTF-16LE with a mark and CRLF."""
    return ("\ufeff" + powershell7(events).replace("\n", CRLF)).encode("utf-16-le")
