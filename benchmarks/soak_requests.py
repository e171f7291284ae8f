"""What a soak asks, and what each answer has to be."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlencode

from benchmarks.queries import queries
from benchmarks.soak_lists import MARKS

API = "/api/v1"
WHOLE = f"{API}/models?output_modalities=all"
_MARKS = tuple(mark.encode() for mark in MARKS)
_WRONG = (
    f"{API}/models?sort=cheapest",
    f"{API}/models?limit=0",
    f"{API}/models?output_modalities=hologram&max_price=-1",
    f"{API}/models?q=%zz",
    f"{API}/models/count?output_modalities=smell",
)
_MISSING = (f"{API}/model/acme/nothing", f"{API}/models/acme/nothing/endpoints", f"{API}/nothing", f"{API}/model/a%2Fb")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: `statuses` are those that are right; answers to the same `key` must not differ within a list."""

    sent: bytes
    key: str
    statuses: tuple[int, ...]
    head: bool = False
    marked: bool = True


class Judge:
    """Knows both lists and remembers every answer's digest."""

    def __init__(self, lists: Iterable[list[dict[str, Any]]]) -> None:
        self.lists = [{row["id"]: row for row in rows} for rows in lists]
        self.models = sorted(set().union(*self.lists))
        self.answered = 0
        self.failures: list[str] = []
        self.statuses: Counter[str] = Counter()
        self.served: Counter[str] = Counter()
        self.tag = b'"none"'
        self._bodies: dict[tuple[str, str], bytes] = {}
        self._tags: dict[bytes, bytes] = {}
        self._lock = threading.Lock()

    def judge(self, asked: Asked, status: int, headers: dict[bytes, bytes], body: bytes) -> None:
        """Note a failure when an answer is not what it has to be."""
        wrong = self._wrong(asked, status, headers, body)
        with self._lock:
            self.answered += 1
            self.statuses[str(status)] += 1
            if wrong and len(self.failures) < 20:
                self.failures.append(f"{asked.key}: {wrong}")

    def _wrong(self, asked: Asked, status: int, headers: dict[bytes, bytes], body: bytes) -> str | None:
        if status not in asked.statuses:
            return f"{status} instead of {asked.statuses}: {body[:200]!r}"
        tag = headers.get(b"etag", b"")
        if asked.key == WHOLE and status in (200, 304):
            self.tag = tag
        if status != 200 or asked.head:
            return None
        return self._torn(asked, tag, gzip.decompress(body) if headers.get(b"content-encoding") else body)

    def _torn(self, asked: Asked, tag: bytes, body: bytes) -> str | None:
        digest = hashlib.blake2b(body, digest_size=16).digest()
        if self._tags.setdefault(tag, digest) != digest:
            return f"two bodies have the tag {tag!r}"
        marks = [mark for mark in _MARKS if mark in body]
        if len(marks) > 1:
            return "rows of both lists in one answer"
        if not marks:
            empty = not asked.marked or b'"total_count":0,' in body or b'"data":[]' in body
            return None if empty else f"no marked row: {body[:200]!r}"
        kind = marks[0].decode()
        self.served[kind] += 1
        if self._bodies.setdefault((asked.key, kind), digest) != digest:
            return f"another body than before for {kind}"
        return self._whole(_MARKS.index(marks[0]), body) if asked.key == WHOLE else None

    def _whole(self, number: int, body: bytes) -> str | None:
        rows = len(self.lists[number])
        if body.count(_MARKS[number]) != rows or not body.endswith(b'],"total_count":%d,"links":{"next":null}}' % rows):
            return f"not the {rows} rows of {MARKS[number]}"
        return None


def mixed(judge: Judge, seed: int) -> Iterator[Asked]:
    """Yield requests for ever: lists, filters, single models, their endpoints, conditional requests, mistakes."""
    chance = Random(seed)
    # Ages go with the clock, so a list may have more than one right answer for them.
    lists = [f"{API}/models?{query}" for query in queries(400) if "age_days" not in query]
    kinds: tuple[tuple[int, Callable[[], Asked]], ...] = (
        (2, lambda: _get(WHOLE)),
        (2, lambda: _get(WHOLE, b"accept-encoding: gzip\r\n")),
        (20, lambda: _get(chance.choice(lists))),
        (5, lambda: _get(f"{API}/models?{urlencode({'q': chance.choice(judge.models)[:12], 'limit': '20'})}")),
        (25, lambda: _get(f"{API}/model/{chance.choice(judge.models)}", statuses=(200, 404))),
        (15, lambda: _get(f"{API}/models/{chance.choice(judge.models)}/endpoints", statuses=(200, 404))),
        (3, lambda: _get(f"{API}/models/count", marked=False)),
        (2, lambda: _get(f"{API}/providers", marked=False)),
        (10, lambda: _get(WHOLE, b"if-none-match: %b\r\n" % judge.tag, statuses=(200, 304))),
        (3, lambda: _get(WHOLE, method=b"HEAD")),
        (8, lambda: _get(chance.choice(_WRONG), statuses=(400,))),
        (5, lambda: _get(chance.choice(_MISSING), statuses=(404,))),
        (2, lambda: _get(WHOLE, b"content-length: 0\r\n", statuses=(405,), method=b"POST")),
    )
    weights = [weight for weight, _ in kinds]
    makers = [make for _, make in kinds]
    while True:
        for make in chance.choices(makers, weights, k=64):
            yield make()


def _get(
    path: str, headers: bytes = b"", *, statuses: tuple[int, ...] = (200,), method: bytes = b"GET", marked: bool = True
) -> Asked:
    sent = b"%b %b HTTP/1.1\r\nhost: soak\r\n%b\r\n" % (method, path.encode(), headers)
    return Asked(sent, path, statuses, method == b"HEAD", marked and "embeddings" not in path)
