"""Limits that bind on running servers: 64 calls at once where ten are paid for, with workers and replicas."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle
from pathlib import Path

import pytest

from tests.live.tenants import Key, Tenant
from tests.live.wire import Reply, Site
from tests.money.shop import PRICE, PROMPT, Shop, ask, begin, eventually, shop, statuses
from tests.upstream.answers import DONE, END, STREAM_HEAD, chunked, completion, delta, usage, whole
from tests.upstream.scripted import Send, Step, Wait

AT_ONCE = 64
PAID = 10
CREDITS = 20
"""Calls that the account of each test may pay in all."""


@dataclass
class Floor:
    """Servers on one store, asked in turn."""

    shop: Shop
    sites: list[Site]

    def storm(self, keys: list[str], open_: int, **body: object) -> list[Reply]:
        """Send calls at once to all servers; let providers answer when all but `open_` calls have been refused."""
        gate = threading.Event()
        self.shop.alpha.calls.clear()
        self.shop.alpha.always(*answer(gate, streamed=bool(body.get("stream"))))
        refused = threading.Semaphore(0)

        def call(site: Site, key: str) -> Reply:
            reply = ask(site, key, **body)
            if reply.status != 200:
                refused.release()
            return reply

        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                places = zip(range(AT_ONCE), cycle(self.sites), cycle(keys), strict=False)
                calls = [pool.submit(call, site, key) for _, site, key in places]
                self.shop.alpha.await_calls(open_)
                for _ in range(AT_ONCE - open_):
                    assert refused.acquire(timeout=20), f"{len(self.shop.alpha.calls)} calls were let in"
            finally:
                gate.set()
            return [each.result() for each in calls]


def answer(gate: threading.Event, *, streamed: bool) -> tuple[Step, ...]:
    """Return an answer that costs exactly what was held, and that begins when the gate opens."""
    if not streamed:
        said = completion("Hello") | {"usage": {"prompt_tokens": PROMPT, "completion_tokens": 95, "total_tokens": 100}}
        return (Wait(gate), *whole(said))
    pieces = (delta(content="Hello"), delta("stop"), usage(PROMPT, 95), DONE)
    return (Wait(gate), Send(STREAM_HEAD), *(Send(chunked(piece)) for piece in pieces), Send(END))


PLACES = {
    "sqlite, one worker": ("sqlite", 1, "1"),
    "sqlite, two workers": ("sqlite", 1, "2"),
    "postgresql, two replicas": ("postgresql", 2, "1"),
}


@pytest.fixture(scope="module", params=PLACES)
def floor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """Run servers in one of the ways in which people do."""
    backend, replicas, workers = PLACES[request.param]
    folder: Path = tmp_path_factory.mktemp("limits")
    if backend == "sqlite":
        location = str(folder / "trunkline.db")
    else:
        location = request.getfixturevalue("postgres").create_prepared()
    with ExitStack() as stack:
        made = stack.enter_context(shop(folder, location, credits=str(PRICE * CREDITS), workers=workers))
        running = [stack.enter_context(made.serving(f"home{number}")) for number in range(replicas)]
        yield Floor(made, [each.site for each in running])


@pytest.fixture
def tenant(floor: Floor) -> Tenant:
    return floor.shop.account(floor.sites[0])


def key_with_a_limit(tenant: Tenant) -> list[Key]:
    return [tenant.key(limit=float(PRICE * PAID))]


def key_under_a_guardrail(tenant: Tenant) -> list[Key]:
    return [tenant.under(limit_usd=float(PRICE * PAID), reset_interval="daily")]


def keys_of_a_workspace(tenant: Tenant) -> list[Key]:
    workspace = tenant.made("/workspaces", {"name": "w", "slug": "w"})["data"]["id"]
    tenant.changed("PUT", f"/workspaces/{workspace}/budgets/monthly", {"limit_usd": float(PRICE * PAID)})
    return [tenant.key(name, workspace_id=workspace) for name in "abc"]


UNDER = {
    "key limit": (key_with_a_limit, 402),
    "guardrail": (key_under_a_guardrail, 403),
    "workspace": (keys_of_a_workspace, 403),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("under", UNDER)
def test_of_64_calls_at_once_ten_are_let_in_where_ten_are_paid_for(
    floor: Floor, tenant: Tenant, under: str, stream: bool
):
    make, status = UNDER[under]
    keys = make(tenant)
    replies = floor.storm([key.text for key in keys], PAID, stream=stream)
    assert statuses(replies) == {200: PAID, status: AT_ONCE - PAID}
    assert all("exceeded" in reply.error(status)["message"] for reply in replies if reply.status != 200)
    assert statuses([ask(site, key.text) for site in floor.sites for key in keys]) == {
        status: len(floor.sites) * len(keys)
    }
    eventually(lambda: len(floor.shop.records(tenant.account_id)) == PAID)
    assert sum(record.charged for record in floor.shop.records(tenant.account_id)) == PRICE * PAID
    eventually(lambda: sum(Decimal(str(key.get("/key").json()["data"]["usage"])) for key in keys) == PRICE * PAID)


def test_credits_are_not_overdrawn_by_all_keys_together(floor: Floor, tenant: Tenant):
    keys = [tenant.key(str(number)).text for number in range(4)]
    replies = floor.storm(keys, CREDITS)
    assert statuses(replies) == {200: CREDITS, 402: AT_ONCE - CREDITS}
    assert ask(floor.sites[-1], keys[0]).error(402)["message"] == "Insufficient credits"


def test_callers_who_leave_make_room_for_others(floor: Floor, tenant: Tenant):
    """Whose call is cut off before its first token has spent nothing."""
    (key,) = key_with_a_limit(tenant)
    never = threading.Event()
    floor.shop.alpha.calls.clear()
    floor.shop.alpha.always(*answer(never, streamed=True))
    sites = [floor.sites[number % len(floor.sites)] for number in range(PAID)]
    connections = [begin(site, key.text, stream=True) for site in sites]
    floor.shop.alpha.await_calls(PAID)
    assert {ask(site, key.text).status for site in floor.sites} == {402}
    for connection in connections:
        connection.close()
    eventually(lambda: len(floor.shop.records(tenant.account_id)) == PAID)
    assert {record.charged for record in floor.shop.records(tenant.account_id)} == {0}
    never.set()
    replies = floor.storm([key.text], PAID)
    assert statuses(replies) == {200: PAID, 402: AT_ONCE - PAID}


def test_calls_that_fail_and_fall_back_hold_nothing_afterwards(floor: Floor, tenant: Tenant):
    (key,) = key_with_a_limit(tenant)
    floor.shop.alpha.always(*whole({"error": {"message": "boom"}}, 500))
    floor.shop.providers["beta"].always(*whole({"error": {"message": "boom"}}, 500))
    both = {"provider": {"only": ["alpha", "beta"]}}
    assert {ask(site, key.text, **both).status for site in floor.sites * 6} == {503}
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    called = completion(
        None, "tool_calls", tool_calls=[{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    )
    floor.shop.providers["beta"].always(*whole(called))
    assert {ask(site, key.text, tools=tools, **both).status for site in floor.sites} == {200}
    eventually(lambda: floor.shop.held() == 0)
    records = [record for record in floor.shop.records(tenant.account_id) if record.charged]
    assert [record.charged for record in records] == [Decimal("0.00002")] * len(floor.sites)
