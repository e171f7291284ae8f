"""Counts programs that the transport's threads abort at their end: `python -m benchmarks.client.exits URL [N]`."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

BARE = """
import asyncio
from pyreqwest.client import ClientBuilder
async def main():
    async with ClientBuilder().build() as client:
        answer = await client.get({url!r} + "/models").build().send()
        await answer.bytes()
asyncio.run(main())
"""
OURS = """
import asyncio
from trunkline import OpenRouter
async def main():
    async with OpenRouter(server_url={url!r}) as client:
        await client.models.list_async()
asyncio.run(main())
"""
UNPAUSED = "from trunkline.client import exits\nexits.wait_at_exit = lambda: None\n" + OURS


def main(url: str, programs: int) -> None:
    """Run each kind of program so many times, six at once, and say how many ended badly."""
    for name, code in (("bare transport", BARE), ("client without the pause", UNPAUSED), ("client", OURS)):
        command = [sys.executable, "-c", code.format(url=url)]
        with ThreadPoolExecutor(6) as pool:
            ended = list(pool.map(lambda _, c=command: _ending(c), range(programs)))
        print(f"{name}: {sum(code != 0 for code in ended)} of {programs} ended badly")


def _ending(command: list[str]) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200)
