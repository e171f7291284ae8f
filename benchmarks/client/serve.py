"""Serves one file as JSON at /api/v1/models for ever, and its first row alone at ?limit=1; prints its port.

Usage: serve.py FILE. Answers are made and compressed beforehand, in the coding that the client likes
best (as Trunkline's server does), so that the clients are what is measured.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import brotli
import zstandard

CODINGS = {
    b"zstd": lambda body: zstandard.ZstdCompressor(level=6).compress(body),
    b"br": lambda body: brotli.compress(body, quality=5),
    b"gzip": lambda body: gzip.compress(body, compresslevel=3),
}


def answers(rows: list[Any], total: int) -> dict[bytes, bytes]:
    """Return the whole HTTP answer in each coding."""
    page = {"data": rows, "total_count": total, "links": {"next": None}}
    body = json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: %b\r\ncontent-length: %d\r\n\r\n%b"
    packed = {coding: pack(body) for coding, pack in CODINGS.items()}
    return {coding: head % (coding, len(small), small) for coding, small in packed.items()}


async def main(rows: list[Any]) -> None:
    """Serve until the process is ended."""
    whole, one = answers(rows, len(rows)), answers(rows[:1], len(rows))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := (await reader.readuntil(b"\r\n\r\n")).lower():
                accepted = request.partition(b"accept-encoding:")[2].partition(b"\r\n")[0]
                coding = next(coding for coding in CODINGS if coding in accepted)
                writer.write((one if b"limit=1 " in request.partition(b"\r\n")[0] else whole)[coding])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(json.loads(Path(sys.argv[1]).read_bytes())["data"]))
