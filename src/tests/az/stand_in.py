"""Stands in for Azure on loopback, so that the real Azure CLI can list events without Azure.

    stand_in.py EVENTS.json CERTIFICATE.pem KEY.pem

Two servers on free ports of 127.0.0.1: Azure Resource Manager over TLS (the CLI sends no token
without it) and the managed-identity endpoint of App Service over plain HTTP. The first line on
stdout is one JSON object with both ports. EVENTS.json is an array as the Azure CLI prints it; it is
served newest first as it stands, in pages of 200 with `nextLink`, whatever `$filter` says: the limit
of `--max-events` is the client's own. Ends by itself when its parent ends, or after ten minutes.
Shapes of the answers: https://learn.microsoft.com/rest/api/monitor/activity-logs/list and
https://learn.microsoft.com/azure/app-service/overview-managed-identity (read 2026-11-20).
"""

import base64
import json
import os
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGE_EVENTS = 200
LIFETIME_SECONDS = 600
TENANT = "11111111-1111-4111-8111-111111111111"
SUBSCRIPTION = "22222222-2222-4222-8222-222222222222"
PRINCIPAL = "33333333-3333-4333-8333-333333333333"
EVENTS_PATH = f"/subscriptions/{SUBSCRIPTION}/providers/microsoft.insights/eventtypes/management/values"


def unsigned_token(claims):
    """A JWT whose signature nobody looks at."""

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}.c2lnbmF0dXJl"


class Handler(BaseHTTPRequestHandler):
    """Answers GET with JSON; what to answer is the server's `routes`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit("/" + self.path.lstrip("/"))
        found = self.server.routes(url.path.lower().rstrip("/"), parse_qs(url.query))
        code, answer = (200, found) if found is not None else (404, {"error": {"code": "NotFound", "message": url.path}})
        body = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, text, *arguments):
        sys.stderr.write(f"{text % arguments}\n")


def identity_routes(path, query):
    """The managed-identity endpoint."""
    if path != "/msi/token":
        return None
    resource = query.get("resource", [""])[0]
    now = int(time.time())
    claims = {"aud": resource, "iss": f"https://sts.windows.net/{TENANT}/", "tid": TENANT, "oid": PRINCIPAL}
    claims |= {"appid": PRINCIPAL, "idtyp": "app", "iat": now, "nbf": now, "exp": now + 3_600, "ver": "1.0"}
    token = unsigned_token(claims)
    return {"access_token": token, "expires_on": str(now + 3_600), "resource": resource, "token_type": "Bearer"}


class ResourceManager:
    """Azure Resource Manager, as much of it as the CLI asks."""

    def __init__(self, events, base):
        self.events = events
        self.base = base

    def routes(self, path, query):
        if path == "/metadata/endpoints":
            return self.metadata()
        if path == "/tenants":
            return {"value": [{"id": f"/tenants/{TENANT}", "tenantId": TENANT, "displayName": "Stand-in"}]}
        if path == "/subscriptions":
            return {"value": [self.subscription()]}
        if path == f"/subscriptions/{SUBSCRIPTION}":
            return self.subscription()
        if path == EVENTS_PATH:
            return self.page(int(query.get("$skiptoken", ["0"])[0]))
        return None

    def subscription(self):
        return {
            "id": f"/subscriptions/{SUBSCRIPTION}",
            "subscriptionId": SUBSCRIPTION,
            "displayName": "Stand-in subscription",
            "state": "Enabled",
            "tenantId": TENANT,
        }

    def page(self, start):
        end = start + PAGE_EVENTS
        answer = {"value": self.events[start:end]}
        if end < len(self.events):
            answer["nextLink"] = f"{self.base}{EVENTS_PATH}?api-version=2015-04-01&$skiptoken={end}"
        return answer

    def metadata(self):
        return {
            "name": "Local",
            "portal": self.base,
            "resourceManager": f"{self.base}/",
            "authentication": {
                "loginEndpoint": f"{self.base}/",
                "audiences": [f"{self.base}/"],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "graphAudience": f"{self.base}/",
            "graph": f"{self.base}/",
            "microsoftGraphResourceId": f"{self.base}/",
            "batch": f"{self.base}/",
            "gallery": f"{self.base}/",
            "sqlManagement": f"{self.base}/",
            "media": f"{self.base}/",
            "suffixes": {"storage": "localhost", "keyVaultDns": "vault.localhost"},
        }


def as_rest(event):
    """A printed event as the service sends it: `resourceGroup` is the CLI's own addition."""
    return {key: value for key, value in event.items() if key != "resourceGroup"}


def wait_for_the_end(parent):
    """Ends the process when its parent is gone or its time is over."""
    deadline = time.monotonic() + LIFETIME_SECONDS
    while os.getppid() == parent and time.monotonic() < deadline:
        time.sleep(0.2)
    os._exit(0)


def serve(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    parent = os.getppid()
    events_path, certificate, key = sys.argv[1:]
    with open(events_path, encoding="utf-8") as text:
        events = [as_rest(event) for event in json.load(text)]
    identity = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    identity.routes = identity_routes
    manager = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    manager.socket = context.wrap_socket(manager.socket, server_side=True)
    manager.routes = ResourceManager(events, f"https://localhost:{manager.server_port}").routes
    serve(identity)
    serve(manager)
    print(json.dumps({"manager": manager.server_port, "identity": identity.server_port}), flush=True)
    wait_for_the_end(parent)


main()
