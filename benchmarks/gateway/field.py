"""The gateways that are compared, each on the servers' core, in front of the same provider; and how each is asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from secrets import token_hex
from typing import Any

from benchmarks.gateway import upstream
from benchmarks.machine import COMMAND, ROOT, SERVER_CORE, WORK, pinned
from benchmarks.servers import LITELLM, LITELLM_KEY, PATIENCE, Server, free_port, install_litellm, running

MODEL = "openai/gpt-4"
BENCH = Path(".tools") / "bench"
NODE = ROOT / ".tools" / "clients" / "node" / "venv" / "bin" / "node"
TENSORZERO = ROOT / BENCH / "tensorzero" / "venv" / "bin" / "python"
PORTKEY = ROOT / BENCH / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
_MESSAGES = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Hello!"},
]
_CONFIG = """
[providers.alpha]
base_url = "{url}"
dialect = "openai"
api_key = "sk-of-the-provider"
data_policy = {{ training = false, retention_days = 0 }}

[[endpoints]]
model = "{model}"
provider = "alpha"
upstream_model = "gpt-4"
pricing = {{ prompt = "0.00003", completion = "0.00006" }}
"""


class Missing(Exception):
    """A gateway that cannot be installed here; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A gateway that runs, and the request that it is asked."""

    server: Server
    path: str
    model: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The request's body: 170 bytes or so."""
        body = {"model": self.model, "messages": _MESSAGES, "temperature": 0.7, "max_tokens": 100}
        return json.dumps(body).encode()

    def post(self, body: bytes | None = None) -> bytes:
        """Send the request once and return the answer's body. Raises `SystemExit` for an answer that is not 200."""
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        try:
            sent = {"content-type": "application/json", **self.headers}
            connection.request("POST", self.path, self.body if body is None else body, sent)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise SystemExit(f"{self.path}: {response.status} {answer[:300]!r}")
        return answer


Start = Callable[[Server], AbstractContextManager[Asked]]


@contextmanager
def direct(provider: Server) -> Iterator[Asked]:
    """Ask the provider itself."""
    yield Asked(provider, "/v1/chat/completions", "gpt-4")


@contextmanager
def nginx(provider: Server) -> Iterator[Asked]:
    """Ask through nginx, which reads nothing of what it passes on."""
    with upstream.passing(provider) as server:
        yield Asked(server, "/v1/chat/completions", "gpt-4")


@contextmanager
def trunkline(provider: Server) -> Iterator[Asked]:
    """Ask through Trunkline as it is installed: key, policy, routing, accounting, journal, statistics, log."""
    home, port, management = WORK / "home-gateway", free_port(), f"sk-or-v1-{token_hex(32)}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / "trunkline.toml").write_text(_CONFIG.format(url=provider.url("/v1"), model=MODEL))
    command = pinned(SERVER_CORE, COMMAND, "serve", "--home", home, "--port", str(port))
    with running(command, WORK / "trunkline.log", TRUNKLINE_MANAGEMENT_KEY=management) as pid:
        server = Server(port, pid)
        server.wait("/readyz")
        yield Asked(server, "/api/v1/chat/completions", MODEL, {"authorization": f"Bearer {_key(server, management)}"})


@contextmanager
def tensorzero(provider: Server) -> Iterator[Asked]:
    """Ask through TensorZero's gateway, which the Python package carries; nothing switched on, nothing recorded."""
    _install("tensorzero")
    config, log = WORK / "tensorzero.toml", WORK / "tensorzero.log"
    config.write_text(
        "[gateway]\nobservability.enabled = false\n"
        '[models."gpt-4"]\nrouting = ["local"]\n[models."gpt-4".providers.local]\ntype = "openai"\n'
        f'model_name = "gpt-4"\napi_base = "{provider.url("/v1/")}"\napi_key_location = "none"\n'
    )
    quiet = {"TENSORZERO_DISABLE_PSEUDONYMOUS_USAGE_ANALYTICS": "1", "RUST_LOG": "error"}
    script = Path(__file__).with_name("tensorzero_gateway.py")
    told = WORK / "tensorzero.port"
    told.unlink(missing_ok=True)
    with running(pinned(SERVER_CORE, TENSORZERO, script, config, told), log, **quiet) as pid:
        server = Server(_told(told), pid)
        server.accept()
        yield Asked(server, "/openai/v1/chat/completions", "tensorzero::model_name::gpt-4")


@contextmanager
def portkey(provider: Server) -> Iterator[Asked]:
    """Ask through Portkey's open gateway, by the Node that the tests use."""
    _install("portkey")
    port = free_port()
    command = pinned(SERVER_CORE, NODE, PORTKEY, "--headless", f"--port={port}")
    with running(command, WORK / "portkey.log", NODE_ENV="production") as pid:
        server = Server(port, pid)
        server.wait("/")
        headers = {
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": provider.url("/v1"),
            "authorization": "Bearer sk-of-the-provider",
        }
        yield Asked(server, "/v1/chat/completions", "gpt-4", headers)


@contextmanager
def litellm(provider: Server) -> Iterator[Asked]:
    """Ask through LiteLLM's proxy, one worker, with a key and without a database."""
    if not install_litellm():
        raise Missing("litellm[proxy] could not be installed")
    port, config = free_port(), WORK / "litellm-gateway.json"
    params = {"model": "openai/gpt-4", "api_base": provider.url("/v1"), "api_key": "sk-of-the-provider"}
    config.write_text(
        json.dumps(
            {
                "model_list": [{"model_name": MODEL, "litellm_params": params}],
                "litellm_settings": {"telemetry": False},
            }
        )
    )
    offline = {
        "LITELLM_MASTER_KEY": LITELLM_KEY,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOG": "ERROR",
        "DISABLE_SCHEMA_UPDATE": "true",
        "PYTHONWARNINGS": "ignore",
    }
    served = ("--host", "127.0.0.1", "--port", str(port), "--num_workers", "1")
    command = pinned(SERVER_CORE, LITELLM, "--config", config, *served)
    with running(command, WORK / "litellm.log", **offline) as pid:
        server = Server(port, pid)
        server.wait("/v1/models", authorization=f"Bearer {LITELLM_KEY}")
        yield Asked(server, "/v1/chat/completions", MODEL, {"authorization": f"Bearer {LITELLM_KEY}"})


FIELD: dict[str, Start] = {
    "trunkline": trunkline,
    "nginx": nginx,
    "tensorzero": tensorzero,
    "portkey": portkey,
    "litellm": litellm,
}
"""Who is compared, by the names of the tables."""


def _install(name: str) -> None:
    made = subprocess.run(
        ["make", "--silent", BENCH / name / ".installed"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if made.returncode:
        lines = (made.stdout + made.stderr).strip().splitlines() or ["make failed"]
        raise Missing(f"{name} could not be installed: {lines[-1][:200]}")


def _told(file: Path) -> int:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if file.exists() and (text := file.read_text().strip()):
            return int(text)
        time.sleep(0.05)
    raise SystemExit(f"nothing was written to {file}")


def _key(server: Server, management: str) -> str:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request("POST", "/api/v1/keys", json.dumps({"name": "load"}), {"authorization": f"Bearer {management}"})
    made: Any = json.load(connection.getresponse())
    connection.close()
    return str(made["key"])
