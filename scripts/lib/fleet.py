"""A fleet of its own for a script, with people in it. Standard library only."""

import base64
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "target" / "debug"
SERVICES = ["user", "order", "payment", "catalog", "vendor-management", "notification", "integration"]
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4//9/AwAI/QP9BUNF8gAAAABJRU5ErkJggg=="
)


class Refused(Exception):
    """An answer that is not a good one."""


class Person:
    """Somebody with a phone and a token."""

    def __init__(self, name, phone):
        self.name, self.phone = name, phone
        self.token = self.refresh_token = self.id = ""


class Fleet:
    """Starts on entering, ends on leaving; its data is thrown away."""

    def __init__(self, name, **more):
        self.home = ROOT / ".realserv" / name
        self.base = free_ports()
        self.more = {key: str(value) for key, value in more.items()}

    def __enter__(self):
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        venv = ROOT / ".realserv" / "venv"
        if venv.exists():
            (self.home / "venv").symlink_to(venv)
        self.log = open(self.home / "realserv.log", "w")
        command = [PROGRAMS / "realserv", "up", "--no-build", "--port-base", str(self.base)]
        self.runner = subprocess.Popen(
            command, cwd=ROOT, env=self.environment(), stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL
        )
        try:
            self._wait()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        self.runner.terminate()
        try:
            self.runner.wait(40)
        except subprocess.TimeoutExpired:
            self.runner.kill()
        subprocess.run([PROGRAMS / "realserv", "down"], cwd=ROOT, env=self.environment(), capture_output=True)

    def environment(self):
        return {**os.environ, **self.more, "REALSERV_HOME": str(self.home)}

    def _wait(self):
        until = time.time() + 180
        while time.time() < until:
            if self.runner.poll() is not None:
                break
            if all(self._is_ready(service) for service in SERVICES):
                return
            time.sleep(0.3)
        raise SystemExit(f"the fleet did not start, see {self.home}/realserv.log")

    def _is_ready(self, service):
        try:
            with urllib.request.urlopen(f"{self.url(service)}/health/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def url(self, service):
        """Where a service is without the gateway before it."""
        return f"http://127.0.0.1:{self.base + 1 + SERVICES.index(service)}"

    @property
    def gateway(self):
        return f"http://127.0.0.1:{self.base}"

    @property
    def sandbox(self):
        return f"http://127.0.0.1:{self.base + 8}/_sandbox"

    def call(self, method, path, who=None, body=None, headers=None, base=None):
        """Answers status and document; tries again while somebody is not there."""
        for attempt in range(30):
            status, answer = self._once(method, path, who, body, headers or {}, base or self.gateway)
            if status not in (429, 502, 503, 504):
                return status, answer
            time.sleep(0.3 + attempt / 10)
        return status, answer

    def _once(self, method, path, who, body, headers, base):
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(base + path, data=data, method=method)
        if data is not None and "content-type" not in headers:
            request.add_header("content-type", "application/json")
        for name, value in headers.items():
            request.add_header(name, value)
        if who is not None and who.token:
            request.add_header("authorization", f"Bearer {who.token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            text = error.read()
            try:
                return error.code, json.loads(text or b"null")
            except ValueError:
                return error.code, text.decode(errors="replace")

    def ask(self, method, path, who=None, body=None, **more):
        """The `data` of a good answer."""
        status, answer = self.call(method, path, who, body, **more)
        if not 200 <= status < 300:
            raise Refused(f"{method} {path}: {status} {answer}")
        return (answer or {}).get("data")

    def until(self, path, who, wanted):
        """Asks again until the answer is as wanted."""
        until = time.time() + 60
        while True:
            status, answer = self.call("GET", path, who)
            if status == 200 and wanted(answer["data"]):
                return answer["data"]
            if time.time() > until:
                raise Refused(f"{path} did not become as expected: {status} {answer}")
            time.sleep(0.1)

    def control(self, method, path, body=None):
        """The sandbox's control API."""
        status, answer = self.call(method, path, body=body, base=self.sandbox)
        if status >= 300:
            raise Refused(f"{path}: {status} {answer}")
        return answer.get("data", answer) if isinstance(answer, dict) else answer

    def sign_in(self, who):
        session = self.ask("POST", "/api/v1/auth/send-otp", body={"phone": who.phone})["session_info"]
        code = self.control("GET", f"/phones/{who.phone}/otp")["code"]
        tokens = self.ask("POST", "/api/v1/auth/verify-phone", body={"session_info": session, "code": code})
        who.token, who.refresh_token = tokens["id_token"], tokens["refresh_token"]
        return who

    def refresh(self, who):
        tokens = self.ask("POST", "/api/v1/auth/refresh-token", body={"refresh_token": who.refresh_token})
        who.token, who.refresh_token = tokens["id_token"], tokens["refresh_token"]
        return who

    def super_admin(self, name, phone):
        """Made by the command, in the environment that the running service has."""
        pid = json_or_number(self.home / "run" / "user.pid")
        pairs = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        environment = dict(pair.decode().split("=", 1) for pair in pairs if b"=" in pair)
        command = [PROGRAMS / "user", "bootstrap-admin", "--phone", phone, "--name", name]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        return self.sign_in(Person(name, phone))

    def staff(self, by, name, phone, role):
        person = Person(name, phone)
        person.id = self.ask("POST", "/api/v1/admin/users", by, {"phone": phone, "full_name": name, "role": role})["id"]
        return self.sign_in(person)

    def register(self, name, phone, user_type):
        person = self.sign_in(Person(name, phone))
        body = {"user_type": user_type, "full_name": name}
        user = self.ask("POST", "/api/v1/auth/register", person, body)["user"]
        person.id = user["id"]
        return self.refresh(person), user

    def upload(self, who, category):
        mark = "realserv-part"
        lines = [
            f'--{mark}\r\nContent-Disposition: form-data; name="category"\r\n\r\n{category}\r\n'.encode(),
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'.encode(),
            b"Content-Type: image/png\r\n\r\n" + PICTURE + b"\r\n" + f"--{mark}--\r\n".encode(),
        ]
        headers = {"content-type": f"multipart/form-data; boundary={mark}"}
        return self.ask("POST", "/api/v1/media/upload", who, b"".join(lines), headers=headers)["media_id"]


def json_or_number(path):
    """The process id in a pid file of the runner."""
    text = path.read_text().strip()
    try:
        value = json.loads(text)
    except ValueError:
        return int(text.split()[0])
    return value["pid"] if isinstance(value, dict) else int(value)


def free_ports():
    """The first of eleven ports in a row that nobody uses."""
    for base in range(31000, 32700, 11):
        try:
            for port in range(base, base + 11):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
    raise SystemExit("no eleven free ports in a row")
