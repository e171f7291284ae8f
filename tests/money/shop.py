"""Servers as processes with scripted providers, whose callers have limits; they may be killed and started again."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, select

from tests.conftest import COMMAND
from tests.factories import delivered, provider_fact
from tests.live.servers import PATIENCE
from tests.live.tenants import Tenant, operator
from tests.live.wire import API, Reply, Site
from tests.upstream.scripted import ScriptedProvider
from trunkline.server.adapters.store.catalog import open_catalog_store
from trunkline.server.adapters.store.database import Database, open_database
from trunkline.server.adapters.store.traffic_tables import GENERATIONS, HOLDS
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.policy.account import AccountKind
from trunkline.server.usecases import accounts, keys
from trunkline.server.usecases.imports import import_feeds

SETTINGS = Path(__file__).parents[1] / "gateway" / "world.toml"
PROVIDERS = ("alpha", "beta", "gamma", "delta", "groq", "epsilon")
HELLO = [{"role": "user", "content": "Hi"}]
PROMPT = 5
"""The tokens that HELLO is estimated to have."""
CALL: dict[str, Any] = {
    "model": "acme/m", "messages": HELLO, "max_tokens": 95, "provider": {"only": ["alpha"]},
}  # fmt: skip
"""Holds 100 tokens at alpha's price."""
PRICE = Decimal("0.0001")
"""What CALL holds: 100 tokens at a millionth of a USD."""
_RECORD = msgspec.json.Decoder(GenerationRecord)


@dataclass
class Shop:
    """A store with scripted providers, on which any number of servers may run."""

    folder: Path
    location: str
    providers: dict[str, ScriptedProvider]
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def alpha(self) -> ScriptedProvider:
        """The provider of CALL."""
        return self.providers["alpha"]

    @contextmanager
    def open(self) -> Iterator[Database]:
        """Open the store beside the servers."""
        database = open_database(self.location)
        try:
            yield database
        finally:
            database.close()

    def account(self, site: Site) -> Tenant:
        """Make an account, and return it as the one who manages it at a server."""
        account_id = f"00000000-0000-4000-8000-{secrets.token_hex(6)}"
        with self.open() as database:
            body = accounts.AccountCreate(name="An account", kind=AccountKind.ORGANIZATION)
            made = accounts.create(
                database.accounts, operator(account_id), body, clock=time.time, entropy=secrets.token_bytes
            )
        return Tenant(site, account_id, made.text)

    def key(self, account_id: str, **body: Any) -> str:
        """Make a key in the store itself, so that no server has to be told of it."""
        with self.open() as database:
            asked = keys.KeyCreate(name="a key", **body)
            _, text = keys.create(
                database.accounts, operator(account_id), asked, clock=time.time, entropy=secrets.token_bytes
            )
        return text

    def records(self, account_id: str | None = None) -> list[GenerationRecord]:
        """Return the generations that are in the store."""
        with self.open() as database, database.engine.connect() as connection:
            found = [_RECORD.decode(text) for text in connection.scalars(select(GENERATIONS.c.document))]
        return [record for record in found if account_id in (None, record.account_id)]

    def held(self) -> int:
        """Return how many rows say that anything is held."""
        with self.open() as database, database.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(HOLDS)) or 0

    @contextmanager
    def serving(self, name: str = "home", **variables: str) -> Iterator[Running]:
        """Run `trunkline serve` on the store until the block ends; it must then end well, unless it was killed."""
        running = Running(self._home(name), {**self.settings, "TRUNKLINE_DATABASE_URL": self._url, **variables})
        try:
            running.start()
            yield running
            running.end()
        finally:
            running.kill()

    @property
    def _url(self) -> str:
        return self.location if "://" in self.location else f"sqlite:///{self.location}"

    def _home(self, name: str) -> Path:
        home = self.folder / name
        if not home.exists():
            home.mkdir(mode=0o700, parents=True)
            text = SETTINGS.read_text()
            for provider, scripted in self.providers.items():
                text = text.replace(f"http://{provider}.example/v1", scripted.url)
            (home / "trunkline.toml").write_text(text)
        return home


@dataclass
class Running:
    """One `trunkline serve`, with all of its worker processes."""

    home: Path
    variables: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    site: Site = field(default_factory=lambda: Site("127.0.0.1", 0))

    def start(self) -> Site:
        """Start it, and return where it listens once it does."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
        log = self.home.with_name(f"{self.home.name}.log")
        with log.open("wb") as said:
            self.process = subprocess.Popen(
                [COMMAND, "serve", "--home", self.home, "--port", "0"],
                env=clean | self.variables,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            if " ready in " in (text := log.read_text()):
                self.site = Site("127.0.0.1", int(re.findall(r" at http://[^/]*:([0-9]+)/", text)[0]))
                return self.site
            time.sleep(0.01)
        raise AssertionError(f"the server did not start:\n{log.read_text()}")

    def workers(self) -> list[int]:
        """Return the ids of its worker processes."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(number) for number in children.read_text().split()]

    def kill(self) -> None:
        """End every process of it at once, without a word (`kill -9`)."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def end(self) -> None:
        """Ask it to end, which it must do well; one that was killed has."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(PATIENCE) == 0
            self.process = None


@contextmanager
def shop(folder: Path, location: str, **settings: str) -> Iterator[Shop]:
    """Make a store with the world of the conformance cases, and providers that the test scripts."""
    store = open_catalog_store(location)
    try:
        facts = delivered(*(provider_fact(name, name=name.title()) for name in PROVIDERS))
        import_feeds(
            store,
            [facts],
            title="a test",
            clock=time.time,
            check=lambda rows: build(rows, 0, time.time())[1],
            accept=True,
        )
    finally:
        store.close()
    with ExitStack() as stack:
        providers = {name: stack.enter_context(ScriptedProvider()) for name in PROVIDERS}
        variables = {f"TRUNKLINE_{name.upper()}": value for name, value in settings.items()}
        yield Shop(folder, location, providers, variables)


def ask(site: Site, key: str, **body: Any) -> Reply:
    """Call a model, by default as CALL says, and read the answer to its end."""
    sent = json.dumps({**CALL, **body}).encode()
    return site.ask("POST", "/chat/completions", sent, authorization=f"Bearer {key}", content_type="application/json")


def begin(site: Site, key: str, **body: Any) -> socket.socket:
    """Call a model as `ask` does, and return the connection on which the answer would come."""
    sent = json.dumps({**CALL, **body}).encode()
    head = (
        f"POST {API}/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(sent)}\r\n\r\n"
    )
    connection = socket.create_connection((site.host, site.port), timeout=PATIENCE)
    connection.sendall(head.encode() + sent)
    return connection


def eventually(holds: Any, seconds: float = PATIENCE) -> None:
    """Return when something holds; fail when it does not after a long while."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def statuses(replies: Sequence[Reply]) -> dict[int, int]:
    """Return how often each status came."""
    found: dict[int, int] = {}
    for reply in replies:
        found[reply.status] = found.get(reply.status, 0) + 1
    return found
