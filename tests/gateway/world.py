"""The spec's world on real sockets: acme/m at three scripted providers, chance and clock in the test's hand."""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

from tests.factories import NOON, delivered, seed
from tests.live.servers import embedded
from tests.live.tenants import Tenant
from tests.live.wire import API, Reply, Site
from tests.upstream.scripted import Call, ScriptedProvider
from trunkline.server import runtime
from trunkline.server.adapters.memory.accounts import NoticedAccounts
from trunkline.server.adapters.memory.answers import LiveAnswers
from trunkline.server.adapters.memory.callers import LiveCallers
from trunkline.server.adapters.memory.catalogue import LiveCatalogue
from trunkline.server.adapters.memory.contents import LiveContents
from trunkline.server.adapters.memory.statistics import LiveStatistics
from trunkline.server.adapters.memory.sticky import LiveStickiness
from trunkline.server.adapters.providers.egress import Resolve
from trunkline.server.adapters.providers.upstreams import Upstreams
from trunkline.server.adapters.providers.vault import Vault
from trunkline.server.adapters.store.contents import SqlContents
from trunkline.server.cohort import Cohort
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.holds import Amount, Hold
from trunkline.server.http import app
from trunkline.server.http.hosts import HostTable
from trunkline.server.http.operations import Context
from trunkline.server.settings import load
from trunkline.server.usecases import accounts
from trunkline.server.usecases.gateway import Gateway

SETTINGS = Path(__file__).with_name("world.toml")
NAMES = ("alpha", "beta", "gamma", "delta", "groq", "epsilon")
PATIENCE = 10.0
HELLO = [{"role": "user", "content": "Hi"}]
METADATA = {"x-openrouter-metadata": "enabled"}
PLAIN = {"model": "acme/m", "messages": HELLO}


@dataclass
class Ledger:
    """Keeps the records of calls and learns from them; nobody runs out of money."""

    learned: LiveStatistics
    records: list[GenerationRecord] = field(default_factory=list)
    heard: Callable[[Sequence[GenerationRecord]], None] = lambda records: None

    def check(self, caller: Caller, now: float, *, free: bool) -> None:
        """Let everybody spend."""

    def reserve(self, caller: Caller, now: float, *, free: bool, most: Callable[[], Amount]) -> Hold | None:
        """Hold nothing: nobody is under a limit."""
        return None

    async def secure(self, hold: Hold) -> None:
        """Agree."""

    def release(self, hold: Hold) -> None:
        """Let go."""

    async def freed(self, hold: Hold) -> None:
        """Nothing is held."""

    def settle(self, record: GenerationRecord, hold: Hold | None = None) -> None:
        """Keep a record."""
        self.learned.settle([record])
        self.heard([record])
        self.records.append(record)


class Clock:
    """Real time, from the noon of the conformance cases on; tests may skip some of it."""

    def __init__(self) -> None:
        self._offset = NOON - time.time()

    def __call__(self) -> float:
        return time.time() + self._offset

    def skip(self, seconds: float) -> None:
        self._offset += seconds


@dataclass(frozen=True)
class Streamed:
    """A streamed answer, read to its end. `said` is every block between blank lines, in order."""

    status: int
    headers: dict[str, str]
    said: tuple[str, ...]

    @property
    def chunks(self) -> list[dict[str, Any]]:
        """The events, without `[DONE]`."""
        found = [block.removeprefix("data: ") for block in self.said if block.startswith("data: ")]
        return [json.loads(text) for text in found if text != "[DONE]"]

    @property
    def comments(self) -> list[str]:
        return [block for block in self.said if block.startswith(":")]

    @property
    def is_done(self) -> bool:
        return self.said[-1] == "data: [DONE]"

    @property
    def choices(self) -> list[dict[str, Any]]:
        return [choice for chunk in self.chunks for choice in chunk["choices"]]

    @property
    def text(self) -> str:
        return "".join(choice["delta"].get("content") or "" for choice in self.choices)

    @property
    def usage(self) -> dict[str, Any]:
        (found,) = [chunk["usage"] for chunk in self.chunks if "usage" in chunk]
        assert isinstance(found, dict)
        return found


class World:
    """A gateway that serves, its providers, and the records of what was called."""

    def __init__(
        self, site: Site, gateway: Gateway, clock: Clock, providers: dict[str, ScriptedProvider], key: str
    ) -> None:
        self.site = site
        self.gateway = gateway
        self.providers = providers
        self.alpha, self.beta, self.gamma = (providers[name] for name in ("alpha", "beta", "gamma"))
        self.key = key
        self.clock = clock
        self.context: Context
        self.tenant: Tenant
        self.forget()

    def forget(self) -> None:
        """Begin anew: nothing called, nothing learned, chance at nought, which makes the cheapest first."""
        for provider in self.providers.values():
            provider.calls.clear()
            provider._scripts.clear()
            provider._always = None
        self.gateway.learned = learned = LiveStatistics(self.clock)
        self.ledger = self.gateway.ledger = Ledger(learned)
        self.gateway.stickiness = LiveStickiness()
        self.gateway.chance = lambda: 0.0
        self.gateway.keep_alive_seconds = 10.0
        self.gateway.pre_token_seconds = 300.0
        self.gateway.metrics = None
        self.gateway.answers = LiveAnswers(1 << 20, self.clock)
        self.gateway.screening.answers = False
        self.gateway.free_calls = None
        self.gateway.docs_url = "/docs"

    def post(self, path: str, body: Any, **headers: str) -> Reply:
        """Send a body, JSON unless it is bytes, with the key."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers.setdefault("authorization", f"Bearer {self.key}")
        return self.site.ask("POST", path, sent, **headers)

    def chat(self, **body: Any) -> Reply:
        """Ask for a whole completion; the answer carries its id, and a record."""
        headers = body.pop("headers", {})
        return self.post("/chat/completions", {**PLAIN, **body}, **headers)

    def stream(self, **body: Any) -> Streamed:
        """Ask for a streamed completion and read it."""
        headers = body.pop("headers", {})
        path = body.pop("path", "/chat/completions")
        sent = {"model": "acme/m", **({"messages": HELLO} if path.startswith("/chat") else {}), "stream": True, **body}
        reply = self.post(path, sent, **headers)
        assert reply.headers["content-type"] == "text/event-stream; charset=utf-8", reply
        text = reply.body.decode()
        assert text.endswith("\n\n")
        return Streamed(reply.status, dict(reply.headers), tuple(text[:-2].split("\n\n")))

    @contextmanager
    def listening(self, **body: Any) -> Iterator[HTTPResponse]:
        """Send a chat and give the answer's beginning; leaving the block closes the connection."""
        sent = json.dumps({**PLAIN, **body}).encode()
        head = (
            f"POST {API}/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {self.key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(sent)}\r\n\r\n"
        )
        with socket.create_connection((self.site.host, self.site.port), timeout=PATIENCE) as connection:
            connection.sendall(head.encode() + sent)
            with HTTPResponse(connection, method="POST") as response:  # it would keep the socket open
                yield response

    def record(self) -> GenerationRecord:
        """Return the one record there is, once it is there."""
        eventually(lambda: len(self.ledger.records) >= 1)
        (record,) = self.ledger.records
        return record

    def attempts(self) -> list[tuple[str, int]]:
        """Return who was tried, and the status that came of it."""
        return [(attempt.provider, attempt.status) for attempt in self.record().attempts]

    def called(self) -> list[Call]:
        """Return all calls that reached a provider."""
        return [call for provider in self.providers.values() for call in provider.calls]

    def always(self, *steps: Any) -> None:
        """Have all providers answer alike."""
        for provider in self.providers.values():
            provider.always(*steps)


def eventually(holds: Callable[[], bool]) -> None:
    """Return when something holds; fail when it does not after a long while."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def running(
    folder: Path,
    text: str | None = None,
    names: Sequence[str] = NAMES,
    resolve: Resolve | None = None,
    cohort: Cohort | None = None,
) -> Iterator[World]:
    """Run the world, or another one whose settings are `text`, until the block ends; `names` are its providers."""
    with ExitStack() as stack:
        clock = Clock()
        providers = {name: stack.enter_context(ScriptedProvider()) for name in names}
        home = seed(folder / "home", [delivered()])
        text = text or SETTINGS.read_text()
        for name, provider in providers.items():
            text = text.replace(f"http://{name}.example/v1", provider.url)
        (home / "trunkline.toml").write_text(text)
        settings = load({"home": str(home)}, {}).settings
        configuration = runtime.read_configuration(settings, {})
        database = runtime.open_home(settings)
        stack.callback(database.close)
        made = accounts.bootstrap(database.accounts, clock=clock, entropy=secrets.token_bytes, management_key=None)
        assert made is not None
        catalogue = LiveCatalogue(database.catalog, clock, configuration.over)
        callers = LiveCallers(database.accounts, clock)
        catalogue.refresh()
        callers.refresh()
        learned = LiveStatistics(clock)
        gateway = Gateway(
            upstreams=Upstreams(configuration.targets, b"secret", clock=clock, resolve=resolve),
            usable=configuration.targets.usable(),
            ledger=Ledger(learned),
            learned=learned,
            stickiness=LiveStickiness(),
            clock=clock,
            chance=lambda: 0.0,
            new_id=lambda: f"gen-{secrets.token_hex(8)}",
        )
        gateway.contents = LiveContents(SqlContents(database.engine), Vault(lambda: b"k" * 32), clock, days=90)
        context = Context(
            catalogue=catalogue,
            callers=callers,
            accounts=NoticedAccounts(database.accounts, callers.refresh),
            clock=clock,
            entropy=secrets.token_bytes,
            rss_title="",
            site_url="http://x",
            credentials=configuration.targets.usable(),
            gateway=gateway,
            cohort=cohort or Cohort(),
        )

        def make() -> app.App:
            return app.create(
                context, HostTable({}), body_limit=1 << 20, start=lambda: None, stop=lambda: None, close=gateway.close
            )

        site = stack.enter_context(embedded(make))
        asked = json.dumps({"name": "tests"}).encode()
        reply = site.ask("POST", "/keys", asked, authorization=f"Bearer {made.text}")
        world = World(site, gateway, clock, providers, reply.json()["key"])
        world.context = context
        world.tenant = Tenant(site, made.account.id, made.text)
        yield world
