"""Other people's tools against a running server: schemathesis on its OpenAPI document, promtool on its metrics, and the
reference library of Standard Webhooks on its real deliveries (and its own signatures on `usersync listen`).

    python Tests/Tools/foreign.py [BINARY]

Starts BINARY (the debug build unless said) on a folder that goes afterwards, on ports of its own. Ends with 1 where a tool finds a
fault. Needs the packages schemathesis and standardwebhooks, and promtool (PROMTOOL names another).
"""

import base64
import datetime
import http.client
import http.server
import json
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = secrets.token_urlsafe(32)
WRAPPER_KEY = secrets.token_urlsafe(48)
SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
# Fixed, so that a finding is found again.
SEED = 20251127
EXAMPLES = 40
faults = []


def found(text):
    faults.append(text)
    print(f"FOUND: {text}", flush=True)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes webhooks and has the reference library verify each."""

    verified = []
    refused = []
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = Webhook(SECRET).verify(body, dict((name.lower(), value) for name, value in self.headers.items()))
            Receiver.verified.append(event)
            if self.headers["x-internal-api-key"]:
                Receiver.refused.append("the key came along")
        except WebhookVerificationError as error:
            Receiver.refused.append(f"{error}: {dict(self.headers)}")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Process:
    """A command of usersync and what it says; ends with the block."""

    def __init__(self, binary, arguments, environment, folder):
        self.log = open(folder / f"{arguments[0]}.log", "w+b")
        clean = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
        self.process = subprocess.Popen(
            [binary, *arguments], env=clean | environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def text(self):
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def port(self):
        """The port it listens on, once it does."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            # Whole lines only: of the last one a part may be there.
            match = re.search(r"(?:127\.0\.0\.1:|\"port\":\"?|port=)(\d{2,5})", self.text().rpartition("\n")[0])
            if match:
                return int(match.group(1))
            time.sleep(0.05)
        raise SystemExit(f"it does not listen:\n{self.text()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            found("it did not stop within 2 minutes")
        self.log.close()


def call(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"X-Internal-API-Key": KEY} | (headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def sync(port, count, tenant):
    users = [{"id": f"{tenant}-{n}", "email": f"u{n}@{tenant}.example", "name": f"User {n}"} for n in range(count)]
    # One user whom the format allows and the directory knows twice: a failed result in the webhook.
    body = {"operation": "user_sync", "tenant": {"id": tenant, "name": "Firma é"}, "users": users}
    return call(
        port, "POST", "/api/internal/sync/users", json.dumps(body),
        {"Content-Type": "application/json", "X-Tenant-ID": tenant, "X-Sync-Source": "foreign", "Prefer": "wait=25"})


def ended(port, job):
    """Whether a job ends, however slow the machine is."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if json.loads(call(port, "GET", f"/api/internal/sync/jobs/{job}")[1]).get("endedAt"):
            return True
        time.sleep(0.1)
    return False


def webhooks(port):
    """Every delivery is verified by the reference library, whatever the result that it carries."""
    for count, tenant in [(0, "none"), (1, "one"), (250, "many")]:
        status, body = sync(port, count, tenant)
        if status not in (200, 202) or not ended(port, json.loads(body)["jobId"]):
            found(f"a sync of {count} users: {status} {body[:300]!r}")
    removal = {"operation": "user_removal", "tenant": {"id": "one", "name": "One"}, "userId": "one-0"}
    call(
        port, "POST", "/api/internal/sync/remove-user", json.dumps(removal),
        {"Content-Type": "application/json", "X-Tenant-ID": "one"})
    call(port, "POST", "/api/internal/sync/deliveries/test")
    deadline = time.monotonic() + 120
    while len(Receiver.verified) + len(Receiver.refused) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    for refusal in Receiver.refused:
        found(f"a delivery that the reference library does not take: {refusal}")
    if len(Receiver.verified) < 5:
        found(f"only {len(Receiver.verified)} of 5 deliveries came and were verified")
    print(f"standardwebhooks: {len(Receiver.verified)} deliveries verified", flush=True)


def listen(binary, folder):
    """What the reference library signs, `usersync listen` takes; changed, it does not."""
    environment = {"WEBHOOK_SECRET": SECRET, "INTERNAL_API_KEY": KEY, "NO_COLOR": "1"}
    with Process(binary, ["listen", "--port", "0"], environment, folder) as process:
        port = process.port()
        now = datetime.datetime.now(tz=datetime.timezone.utc)
        body = json.dumps({"type": "user_sync.completed", "timestamp": now.isoformat(), "data": {"jobId": "é"}})
        for id, shift, sent, expected in [
            ("msg_1", 0, body, 204), ("msg_2", 0, body + " ", 401), ("msg_3", -240, body, 204), ("msg_4", -400, body, 401),
        ]:
            moment = now + datetime.timedelta(seconds=shift)
            headers = {
                "webhook-id": id, "webhook-timestamp": str(int(moment.timestamp())),
                "webhook-signature": Webhook(SECRET).sign(id, moment, body), "Content-Type": "application/json",
            }
            status, _ = call(port, "POST", "/hook", sent.encode(), headers)
            if status != expected:
                found(f"`listen` answers {status} to {id}, which is to be {expected}")
    print("standardwebhooks: its signatures are taken, and changed ones are not", flush=True)


def metrics(port):
    """promtool reads the metrics and has nothing to say of them."""
    tool = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if not tool:
        raise SystemExit("promtool is missing: Debian and Ubuntu have it in the package prometheus")
    status, text = call(port, "GET", "/metrics")
    if status != 200:
        return found(f"/metrics answers {status}")
    outcome = subprocess.run([tool, "check", "metrics"], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    if outcome.returncode or outcome.stdout.strip():
        found(f"promtool: {outcome.stdout.decode()}")
    print(f"promtool: {text.count(b'# TYPE')} metrics, {len(text)} bytes", flush=True)


HOOKS = '''
import base64
import hashlib
import hmac
import json
import os
import time

import schemathesis


def base64url(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def token(organisation):
    """A token of the platform for an organisation (RFC 7515, HS256)."""
    claims = {"iss": "wrapper.zopkit.com", "role": "admin", "org_code": organisation, "iat": int(time.time()), "exp": int(time.time()) + 300}
    head = b".".join(base64url(json.dumps(part).encode()) for part in [{"alg": "HS256", "typ": "JWT"}, claims])
    signature = hmac.new(os.environ["WRAPPER_SECRET_KEY"].encode(), head, hashlib.sha256).digest()
    return (head + b"." + base64url(signature)).decode()


def readable(value):
    # JSON of ours has no NUL in its texts, which a schema cannot say.
    if isinstance(value, dict):
        return {readable(key): readable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [readable(inner) for inner in value]
    return value.replace(chr(0), "") if isinstance(value, str) else value


def sendable(id):
    # No header can carry a control character, nor blanks at its ends.
    return "".join(c for c in id if c > chr(0x20) and c != chr(0x7F)) or "t"


def header(id):
    return id.encode("utf-8", "replace").decode("latin-1")


@schemathesis.hook
def before_call(context, case, kwargs):
    """What a document cannot say: the header names the body's tenant, and so do the token and each user of version 2; a cursor is one
    that the server gave; times are not ahead.
    """
    if not case.meta:
        return
    if not case.meta.generation.mode.is_positive:
        # The accessibility check needs no tenant: not a request that lacks one.
        if case.body == {"test": "connection"}:
            case.body = {"test": "connection", "operation": 1}
        return
    headers = dict(case.headers or {})
    # Only a body that is one can say gzip; a key that comes again with another body is a 422.
    headers.pop("Content-Encoding", None)
    headers.pop("Idempotency-Key", None)
    if isinstance(case.body, dict):
        body = case.body = readable(case.body)
        body.pop("removedAt", None)
        if isinstance(body.get("metadata"), dict):
            body["metadata"].pop("syncTime", None)
            body["metadata"].pop("callbackUrl", None)
        tenant = body.get("tenant")
        if isinstance(tenant, dict) and isinstance(tenant.get("id"), str):
            id = tenant["id"] = sendable(tenant["id"])
            tenant["name"] = tenant.get("name") or "T"
            headers["X-Tenant-ID"] = header(id)
        if isinstance(tenant, dict):
            # Before the guide's members they would make it a body of version 2.
            for name in ["mode", "orgCode", "forceUpdate"]:
                body.pop(name, None)
        elif isinstance(body.get("orgCode"), str):
            organisation = body["orgCode"] = sendable(body["orgCode"])
            # A list of all users is not empty.
            if not body["users"]:
                body["mode"] = "upsert"
            for user in body["users"]:
                user["orgCode"] = organisation
            # By its first members a body is known to be one of version 2.
            case.body = {"mode": body["mode"], "orgCode": organisation} | body
            headers["X-Tenant-ID"] = header(organisation)
        headers["Authorization"] = "Bearer " + token(body.get("orgCode", "org_acme9f3"))
    case.headers = headers
    if case.query:
        case.query.pop("cursor", None)
'''


# Where no user is in, for an address that is another's for instance, the answer to the platform's own call is 422.
CONFIGURATION = """
[[operations]]
include-path = "/api/admin/users/sync"

[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 409, 422, 429, "5xx"]
"""


def schema(port, folder):
    """schemathesis asks what the document allows and what it does not, and holds the answers against it."""
    (folder / "hooks.py").write_text(HOOKS)
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    # Left out: ignored_auth, for after 20 wrong keys a minute they are answered with 429, which it takes for no refusal.
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/openapi.json", "--seed", str(SEED),
        "--max-examples", str(EXAMPLES), "--phases", "examples,coverage,fuzzing", "--checks", "all",
        "--exclude-checks", "ignored_auth", "--header", f"X-Internal-API-Key: {KEY}", "--request-timeout", "60",
        "--continue-on-failure", "--suppress-health-check", "all", "--no-color", "--warnings", "off",
    ]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(folder), "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
        "COLUMNS": "150", "WRAPPER_SECRET_KEY": WRAPPER_KEY,
    }
    try:
        outcome = subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=2400)
    except subprocess.TimeoutExpired as late:
        return found(f"schemathesis took more than 40 minutes:\n{(late.stdout or b'').decode()[-3000:]}")
    text = outcome.stdout.decode(errors="replace")
    if outcome.returncode:
        return found(f"schemathesis:\n{text[-8000:]}")
    cases = re.search(r"(\d+) generated", text)
    if not cases or int(cases.group(1)) < 500:
        return found(f"schemathesis asked next to nothing:\n{text[-3000:]}")
    print(f"schemathesis: {cases.group(1)} cases, none with a fault", flush=True)


def main():
    binary = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/debug/usersync").resolve()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="usersync-foreign-"))
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    environment = {
        "HOST": "127.0.0.1", "PORT": "0", "DATA_DIR": str(folder / "data"), "INTERNAL_API_KEY": KEY, "WEBHOOK_SECRET": SECRET,
        "WRAPPER_WEBHOOK_URL": f"http://127.0.0.1:{receiver.server_port}/hook", "RATE_LIMIT_MAX": "0",
        "MIN_FREE_DISK_BYTES": "1048576", "LOG_LEVEL": "info", "WRAPPER_SECRET_KEY": WRAPPER_KEY, "WRAPPER_WAIT": "1",
    }
    started = time.monotonic()
    try:
        with Process(binary, ["serve"], environment, folder) as server:
            port = server.port()
            webhooks(port)
            listen(binary, folder)
            schema(port, folder)
            metrics(port)
            if server.process.poll() is not None:
                found(f"the server ended:\n{server.text()[-3000:]}")
            for line in server.text().splitlines():
                if '"level":"critical"' in line or "Fatal error" in line:
                    found(line)
        if Receiver.refused:
            found(f"a delivery that the reference library does not take: {Receiver.refused[0]}")
    finally:
        receiver.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(faults)} faults in {time.monotonic() - started:.0f} s", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
