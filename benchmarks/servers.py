"""The servers side by side, each pinned to the same core: Trunkline, nginx with the same bytes, LiteLLM."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from secrets import token_hex

from benchmarks.machine import COMMAND, ROOT, SERVER_CORE, WORK, pinned, tree

PATIENCE = 120
LITELLM_KEY = f"sk-{token_hex(32)}"
"""LiteLLM does not start without a master key, and not with a weak one."""
LITELLM = WORK / "litellm" / "bin" / "litellm"

NGINX_CONF = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; default_type application/json;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; gzip_static on; gzip_vary on; {more} }}
}}
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its headers are lower-case, its body as sent."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers: `pid` is the process that was started, its children included in measurements."""

    port: int
    pid: int

    @property
    def worker(self) -> int:
        """Return the process that answers."""
        return tree(self.pid)[-1]

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path: str, **headers: str) -> Reply:
        """GET a path; header names take `_` for `-`."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, told, response.read())
        finally:
            connection.close()

    def drain(self, path: str, **headers: str) -> int:
        """GET a path, hold nothing of the answer, and return its bytes; header names take `_` for `-`."""
        connection, taken, room = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE), 0, bytearray(1 << 16)
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            while part := response.readinto(room):
                taken += part
            return taken
        finally:
            connection.close()

    def wait(self, path: str, **headers: str) -> None:
        """Return when a path answers 200."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(OSError):
                if self.get(path, **headers).status == 200:
                    return
            time.sleep(0.002)
        raise SystemExit(f"no answer from {self.url(path)}")

    def accept(self) -> None:
        """Return when it takes connections."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise SystemExit(f"nobody listens on {self.port}")


@contextmanager
def trunkline(home: Path) -> Iterator[Server]:
    """Run one worker on a home."""
    port = free_port()
    command = pinned(SERVER_CORE, COMMAND, "serve", "--home", home, "--port", str(port))
    with running(command, WORK / "trunkline.log") as pid:
        server = Server(port, pid)
        server.wait("/readyz")
        yield server


@contextmanager
def nginx(files: dict[str, bytes], more: str = "") -> Iterator[Server]:
    """Run one nginx worker that serves files; those named `.gz` instead of their namesakes to whoever takes gzip."""
    port = free_port()
    folder = WORK / f"nginx-{port}"
    (folder / "www").mkdir(parents=True)
    for name, body in files.items():
        (folder / "www" / name).write_bytes(body)
    for place in (folder, *folder.parents):
        if os.geteuid() == 0 and place.is_relative_to(WORK):
            place.chmod(0o755)  # the worker is not root
    conf = folder / "nginx.conf"
    conf.write_text(NGINX_CONF.format(folder=folder, port=port, more=more))
    with running(pinned(SERVER_CORE, "nginx", "-e", folder / "error.log", "-c", conf), WORK / "nginx.log") as pid:
        server = Server(port, pid)
        server.wait("/" + next(iter(files)))
        yield server
    shutil.rmtree(folder)


@contextmanager
def litellm(models: list[str]) -> Iterator[Server]:
    """Run LiteLLM's proxy with one worker and the given models, offline."""
    port, config = free_port(), WORK / "litellm.json"
    listed = [
        {"model_name": model, "litellm_params": {"model": f"openrouter/{model}", "api_key": "none"}} for model in models
    ]
    config.write_text(json.dumps({"model_list": listed, "litellm_settings": {"telemetry": False}}))
    offline = {
        "LITELLM_MASTER_KEY": LITELLM_KEY,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOG": "ERROR",
        "DISABLE_SCHEMA_UPDATE": "true",
        "PYTHONWARNINGS": "ignore",
    }
    command = pinned(
        SERVER_CORE, LITELLM, "--config", config, "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"
    )
    with running(command, WORK / "litellm.log", **offline) as pid:
        server = Server(port, pid)
        server.wait("/v1/models", authorization=f"Bearer {LITELLM_KEY}")
        yield server


@contextmanager
def running(command: list[str], log: Path, **variables: str) -> Iterator[int]:
    """Run a command with its output in a file, yield its process id, and end it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRUNKLINE_", "LITELLM_"))}
    with log.open("wb") as said:
        running = subprocess.Popen(command, env=kept | variables, stdout=said, stderr=subprocess.STDOUT)
    try:
        yield running.pid
    finally:
        below: list[int] = []
        with suppress(OSError):
            below = tree(running.pid)[1:]
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        for pid in below:  # some leave others behind
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def install_litellm() -> bool:
    """Install LiteLLM's proxy into an environment of its own unless it is there; tell whether it is."""
    uv, home, python = ROOT / ".tools" / "uv" / "bin" / "uv", LITELLM.parents[1], LITELLM.with_name("python")
    if not LITELLM.exists():
        for command in (
            [uv, "venv", "--quiet", "--python", sys.executable, home],
            [uv, "pip", "install", "--quiet", "--python", python, "litellm[proxy]"],
        ):
            if subprocess.run(command, check=False).returncode:
                break
    return LITELLM.exists()


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def entity_tag(reply: Reply) -> str:
    """Return the entity tag of an answer."""
    return re.sub("^W/", "", reply.headers["etag"])
