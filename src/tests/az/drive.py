"""Pipes the real Azure CLI into azmfa, against a stand-in for Azure on loopback.

    drive.py EVENTS.json AZMFA_BINARY [--az AZ] [-- ARGUMENTS OF `azmfa report`…]

EVENTS.json is an array as the Azure CLI prints it, newest first. AZ is the path of the CLI, else the
environment variable AZMFA_AZ, else `az` on the path. Prints one JSON object:

    {"az_version": …, "requests": [request lines the stand-in saw],
     "all":     {"command": …, "az_exit": …, "azmfa_exit": …, "stdout": …, "stderr": …, "az_stderr": …},
     "default": {the same for a plain `az monitor activity-log list`, which stops at 50 events}}

`stdout` and `stderr` are those of azmfa. Exit code 0 says that both pipes ran, not that azmfa was
content; 1 says what went wrong on stderr. Everything is written to a temporary folder that is removed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
STEP_SECONDS = 240
LIST = ["monitor", "activity-log", "list"]
EVERYTHING = ["--offset", "90d", "--max-events", "100000"]
OPENSSL = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
# For machines without openssl: the Azure CLI's own Python has this package.
CRYPTOGRAPHY = """
import datetime, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
now = datetime.datetime.now(datetime.timezone.utc)
certificate = (
    x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    .serial_number(x509.random_serial_number())
    .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=2))
    .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    .sign(key, hashes.SHA256())
)
pem = serialization.Encoding.PEM
open(sys.argv[1], "wb").write(certificate.public_bytes(pem))
open(sys.argv[2], "wb").write(
    key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
)
"""


class Failed(Exception):
    """A step that did not work; the text says which and why."""


def make_certificate(folder, az):
    """A self-signed certificate for localhost; returns (certificate, key)."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if shutil.which("openssl"):
        command = [*OPENSSL.split(), "-out", str(certificate), "-keyout", str(key)]
    else:
        python = Path(az).resolve().parent / "python"
        command = [str(python), "-c", CRYPTOGRAPHY, str(certificate), str(key)]
    finish(command, os.environ)
    return certificate, key


def finish(command, environment):
    """Runs a command to its end and returns its stdout; raises Failed otherwise."""
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=STEP_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"cannot run `{command[0]}`: {error}") from error
    if done.returncode != 0:
        raise Failed(f"`{' '.join(command[:6])}` gave {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def start_stand_in(events, certificate, key, log):
    """Starts the stand-in; returns (process, its ports)."""
    command = [sys.executable, str(HERE / "stand_in.py"), str(events), str(certificate), str(key)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
    first_line = process.stdout.readline()
    if not first_line:
        process.wait(timeout=STEP_SECONDS)
        raise Failed(f"the stand-in did not start: {Path(log.name).read_text('utf-8').strip()[-2000:]}")
    return process, json.loads(first_line)


def cli_environment(folder, ports, certificate):
    """The environment of the CLI: its own settings folder, no proxies, no telemetry."""
    proxies = {"http_proxy", "https_proxy", "all_proxy"}
    kept = {key: value for key, value in os.environ.items() if key.lower() not in proxies}
    return kept | {
        "AZURE_CONFIG_DIR": str(folder / "azure"),
        "AZURE_CORE_COLLECT_TELEMETRY": "0",
        "AZURE_CORE_NO_COLOR": "1",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "1",
        "REQUESTS_CA_BUNDLE": str(certificate),
        "NO_PROXY": "localhost,127.0.0.1",
        "IDENTITY_ENDPOINT": f"http://127.0.0.1:{ports['identity']}/msi/token",
        "IDENTITY_HEADER": "x",
    }


def pipe(az_command, azmfa_command, environment, folder):
    """`az … | azmfa …`; returns what both said."""
    az_log, stdout, stderr = (folder / name for name in ("az.log", "azmfa.out", "azmfa.err"))
    with open(az_log, "wb") as az_err, open(stdout, "wb") as out, open(stderr, "wb") as err:
        az = subprocess.Popen(
            az_command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=az_err
        )
        try:
            azmfa = subprocess.Popen(azmfa_command, stdin=az.stdout, stdout=out, stderr=err)
            az.stdout.close()
            exits = [process.wait(timeout=STEP_SECONDS) for process in (azmfa, az)]
        except (OSError, subprocess.TimeoutExpired) as error:
            az.kill()
            raise Failed(f"cannot run `{azmfa_command[0]}`: {error}") from error

    def text(path):
        return path.read_text("utf-8", errors="replace")

    return {
        "command": f"az {' '.join(az_command[1:])} | azmfa {' '.join(azmfa_command[1:])}",
        "az_exit": exits[1],
        "azmfa_exit": exits[0],
        "stdout": text(stdout),
        "stderr": text(stderr),
        "az_stderr": text(az_log),
    }


def drive(options, folder):
    """Sets the CLI up and runs both pipes; returns the object to print."""
    az, report = options.az, [options.azmfa, "report", *options.report]
    certificate, key = make_certificate(folder, az)
    requests = folder / "requests.log"
    with open(requests, "wb") as log:
        stand_in, ports = start_stand_in(options.events, certificate, key, log)
    try:
        environment = cli_environment(folder, ports, certificate)
        manager = f"https://localhost:{ports['manager']}/"
        finish([az, "cloud", "register", "-n", "Local", "--endpoint-resource-manager", manager], environment)
        finish([az, "cloud", "set", "-n", "Local"], environment)
        finish([az, "login", "--identity"], environment)
        version = json.loads(finish([az, "version", "-o", "json"], environment))["azure-cli"]
        result = {"az_version": version}
        for name, extra in (("all", EVERYTHING), ("default", [])):
            result[name] = pipe([az, *LIST, *extra, "-o", "json"], report, environment, folder)
    finally:
        stand_in.terminate()
        stand_in.wait(timeout=STEP_SECONDS)
        stand_in.stdout.close()
    result["requests"] = requests.read_text("utf-8").splitlines()
    return result


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], epilog="after `--`: arguments of `azmfa report`"
    )
    parser.add_argument("events", type=Path)
    parser.add_argument("azmfa")
    parser.add_argument("--az", default=os.environ.get("AZMFA_AZ") or "az")
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:cut])
    options.report = words[cut + 1 :]
    return options


def main():
    options = arguments()
    options.az = shutil.which(options.az) or options.az
    with tempfile.TemporaryDirectory(prefix="azmfa-az-") as folder:
        try:
            print(json.dumps(drive(options, Path(folder)), ensure_ascii=False, indent=1))
        except Failed as reason:
            sys.exit(f"drive.py: {reason}")


main()
