"""Opening, closing and sharing a client: nothing stays open, and one client serves threads and event loops."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client.conftest import QUICK
from tests.client.rows import model, page
from tests.client.upstream import Answer, Asked, Upstream, answer
from trunkline import OpenRouter


def made(upstream: Upstream) -> OpenRouter:
    upstream.plays(answer(page(model())))
    return OpenRouter(server_url=upstream.url, timeout_ms=QUICK, retry_config=None)


def assert_all_closed(upstream: Upstream) -> None:
    deadline = time.monotonic() + 10
    while upstream.connections and time.monotonic() < deadline:
        time.sleep(0.01)
    assert upstream.connections == 0


def test_a_block_closes_its_connections(upstream: Upstream):
    with made(upstream) as client:
        client.models.list()
        assert upstream.connections == 1
    assert_all_closed(upstream)


def test_an_asynchronous_block_closes_the_connections_of_both_ways(upstream: Upstream):
    async def use() -> None:
        async with made(upstream) as client:
            await client.models.list_async()
            await asyncio.to_thread(client.models.list)
            assert upstream.connections == 2

    asyncio.run(use())
    assert_all_closed(upstream)


def test_close_and_aclose_do_the_same_without_a_block(upstream: Upstream):
    client = made(upstream)
    client.models.list()
    client.close()
    client.close()
    assert_all_closed(upstream)
    client = made(upstream)

    async def use() -> None:
        await client.models.list_async()
        await client.aclose()
        await client.aclose()

    asyncio.run(use())
    assert_all_closed(upstream)


def test_a_client_that_is_forgotten_gives_its_connections_back(upstream: Upstream):
    client = made(upstream)
    client.models.list()
    asyncio.run(client.models.list_async()).data  # noqa: B018 - as a careless caller would
    assert upstream.connections == 2
    del client
    gc.collect()
    assert_all_closed(upstream)


def test_an_error_in_the_block_closes_too(upstream: Upstream):
    def use() -> None:
        with made(upstream) as client:
            client.models.list()
            raise KeyError

    with pytest.raises(KeyError):
        use()
    assert_all_closed(upstream)


def test_a_closed_client_says_so(upstream: Upstream):
    with made(upstream) as client:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        client.models.list()

    async def use() -> None:
        async with made(upstream) as client:
            pass
        await client.models.list_async()

    with pytest.raises(RuntimeError, match="closed"):
        asyncio.run(use())
    assert not upstream.asked


def test_calls_share_one_connection(upstream: Upstream):
    with made(upstream) as client:
        for _ in range(5):
            client.models.list()
        assert upstream.connections == 1


def test_one_client_serves_many_threads(upstream: Upstream):
    with made(upstream) as client, ThreadPoolExecutor(8) as pool:
        shown = list(pool.map(lambda number: client.models.list(q=str(number)).data[0].id, range(64)))
    assert shown == ["acme/one"] * 64
    assert sorted(int(asked.query.removeprefix("q=")) for asked in upstream.asked) == list(range(64))


def test_one_client_serves_many_tasks_and_more_than_one_event_loop(upstream: Upstream):
    client = made(upstream)

    async def many() -> list[str]:
        pages = await asyncio.gather(*(client.models.list_async(q=str(number)) for number in range(20)))
        return [page.data[0].id for page in pages]

    assert asyncio.run(many()) == asyncio.run(many()) == ["acme/one"] * 20
    asyncio.run(client.aclose())
    assert_all_closed(upstream)


def test_a_cancelled_call_leaves_the_client_usable(upstream: Upstream):
    arrived, cancelled = threading.Event(), threading.Event()

    def held(_: Asked) -> Answer:
        arrived.set()
        # Until the call is cancelled there is nothing that it could have ended with.
        cancelled.wait(10)
        return answer(page(model()))

    async def use() -> str:
        async with made(upstream) as client:
            upstream.plays(held)
            task = asyncio.create_task(client.models.list_async())
            assert await asyncio.to_thread(arrived.wait, 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            cancelled.set()
            return (await client.models.list_async()).data[0].id

    assert asyncio.run(use()) == "acme/one"


EXITS = """
import asyncio, atexit
from trunkline import OpenRouter
before = atexit._ncallbacks()
client = OpenRouter(server_url={url!r}, retry_config=None)
made = atexit._ncallbacks()
asyncio.run(client.models.list_async())
client.models.list()
OpenRouter(server_url={url!r}, retry_config=None).models.list()
print(made - before, atexit._ncallbacks() - before)
"""


def test_the_interpreter_waits_for_the_transport_s_threads_once_any_was_opened(upstream: Upstream):
    made(upstream)
    program = EXITS.format(url=upstream.url)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["0", "1"]
