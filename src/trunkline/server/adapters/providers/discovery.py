"""Asks servers of the operator's own which models they have, and lays those over the catalogue.

Only servers that are configured by their address alone are asked. Their models are new ones of their own,
`<provider>/<name>`: what they are called elsewhere is for `[[endpoints]]` to say.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec import Struct

from trunkline.server.adapters.feeds.facts_document import read_facts
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.adapters.providers import codings, egress
from trunkline.server.adapters.providers.connection import Broken
from trunkline.server.adapters.providers.connections import Connections, Unreachable
from trunkline.server.adapters.providers.request import Unsendable, Writer, headers_of
from trunkline.server.adapters.providers.targets import Target
from trunkline.server.adapters.providers.watch import Watch
from trunkline.server.domain.catalog import layers
from trunkline.server.domain.catalog.facts import BASE, Fact, Layered

SOURCE: Final = "discovery"
SECONDS: Final = 60.0
"""Between two questions to a server."""
_PATIENCE: Final = 10.0
_LARGEST: Final = 4 * 1024 * 1024
_MOST: Final = 1000
"""Models taken of one server."""
_ODD: Final = re.compile(r"[^a-z0-9._-]+")
_LATEST: Final = ":latest"
_EMBEDS: Final = re.compile(r"bert|embed")
_EMBEDDINGS: Final = {"input_modalities": ["text"], "output_modalities": ["embeddings"]}
_FAILURES: Final = (
    egress.EgressRefused, Unreachable, Unsendable, Broken, codings.Undecodable, OSError, msgspec.MsgspecError,
    ValueError,
)  # fmt: skip
_log = logging.getLogger(__name__)


class Found(Struct, frozen=True):
    """One model that a server has: its name there, and its window in tokens where the server says it."""

    name: str
    context_length: int | None = None
    embeds: bool = False


class _Meta(Struct):
    n_ctx_train: int | None = None


class _Row(Struct):
    id: str
    max_model_len: int | None = None
    context_length: int | None = None
    meta: _Meta | None = None


class _Rows(Struct):
    data: list[_Row]


class _Details(Struct):
    family: str | None = None


class _Tag(Struct):
    name: str
    details: _Details | None = None


class _Tags(Struct):
    models: list[_Tag]


class Discovery:
    """Asks in the background, on one event loop. A server that does not answer keeps what it had."""

    def __init__(
        self,
        asked: Iterable[tuple[Target, str]],
        *,
        seconds: float = SECONDS,
        resolve: egress.Resolve | None = None,
    ) -> None:
        """Take the servers to ask, each with its name for people."""
        self._asked = tuple(asked)
        self._targets = tuple(target for target, _ in self._asked)
        self._seconds = seconds
        self._found: dict[str, tuple[Found, ...]] = {}
        self._silent: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._watch = Watch()
        self._connections = {
            target.slug: Connections(
                egress.base(target.base_url),
                self._watch,
                configured=target.configured,
                connect_seconds=target.limits.connect,
                resolve=resolve,
            )
            for target in self._targets
        }

    def over(self, stored: Iterable[Layered]) -> Iterator[Layered]:
        """Yield stored facts and then what was found, except models that are known already."""
        return layers.beneath(stored, facts_of(self._asked, self._found))

    def start(self, changed: Callable[[], None]) -> None:
        """Begin to ask, in the event loop; `changed` is called when what `over` lays over a catalogue has changed."""
        if self._targets:
            self._task = asyncio.get_running_loop().create_task(self._keep(changed))

    async def close(self) -> None:
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._watch.close()

    async def ask(self) -> bool:
        """Ask all servers once; tell whether anything has changed."""
        return any(await asyncio.gather(*(self._ask(target) for target in self._targets)))

    async def _keep(self, changed: Callable[[], None]) -> None:
        while True:
            if await self.ask():
                changed()
            await asyncio.sleep(self._seconds)

    async def _ask(self, target: Target) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await self._models(target)
        except _FAILURES as error:
            if target.slug not in self._silent:  # said once, not every minute
                extra = {"provider": target.slug, "error": type(error).__name__}
                _log.warning("a provider does not say which models it has", extra=extra)
            self._silent.add(target.slug)
            return False
        self._silent.discard(target.slug)
        if self._found.get(target.slug) == found:
            return False
        self._found[target.slug] = found
        _log.info("models found", extra={"provider": target.slug, "models": len(found)})
        return True

    async def _models(self, target: Target) -> tuple[Found, ...]:
        path = self._connections[target.slug].base.path
        tags = await self._get(target, path.removesuffix("/v1") + "/api/tags")  # Ollama's, which says more
        if tags is not None:
            try:
                return tuple(_found_of(tag) for tag in msgspec.json.decode(tags, type=_Tags).models[:_MOST])
            except msgspec.MsgspecError:
                pass  # another server's idea of this path
        rows = await self._get(target, f"{path}/models")
        if rows is None:
            raise ValueError("no list of models")
        return tuple(
            Found(row.id, row.max_model_len or row.context_length or (row.meta.n_ctx_train if row.meta else None))
            for row in msgspec.json.decode(rows, type=_Rows).data[:_MOST]
        )

    async def _get(self, target: Target, path: str) -> bytes | None:
        """Return the body of a successful answer, None for any other."""
        connections = self._connections[target.slug]
        connection = await connections.fresh()  # one that has served a minute ago has mostly been closed
        try:
            limit = self._watch.time() + _PATIENCE
            await connection.ask(Writer(connections.base, headers_of(target)).asked(path), limit, _PATIENCE, limit)
            if connection.fault is not None:
                raise connection.fault
            if connection.status != HTTPStatus.OK:
                return None
            body = codings.decoded(connection.take(), connection.headers().get(b"content-encoding"))
            if len(body) > _LARGEST:
                raise ValueError("the list of models is too long")
            return body
        finally:
            connection.abort()


def _found_of(tag: _Tag) -> Found:
    family = tag.details.family if tag.details is not None else None
    return Found(tag.name, embeds=bool(_EMBEDS.search(f"{family or ''} {tag.name}".lower())))


def facts_of(asked: Sequence[tuple[Target, str]], found: Mapping[str, Sequence[Found]]) -> tuple[Fact, ...]:
    """Return models and endpoints of what servers have.

    They cost nothing where the server is called without a key, for then nobody bills it; else their price is unknown.
    """
    models: dict[str, Any] = {}
    endpoints: dict[str, Any] = {}
    for target, provider in asked:
        for each in found.get(target.slug, ()):
            id_ = model_id(target.slug, each.name)
            if id_ in models:
                continue
            window = {} if each.context_length is None else {"context_length": each.context_length}
            kinds = {"architecture": _EMBEDDINGS} if each.embeds else {}
            models[id_] = {"name": f"{provider}: {each.name}", **window, **kinds}
            free = {"pricing": {"prompt": "0", "completion": "0"}} if target.key is None and not target.headers else {}
            endpoints[id_] = [{"provider": target.slug, "upstream_model": each.name, **window, **free}]
    document = {"trunkline": 1, "layer": BASE, "source": SOURCE, "models": models, "endpoints": endpoints}
    known = Known({provider: target.slug for target, provider in asked})
    delivery = read_facts(document, SOURCE, known)
    for problem in delivery.problems:
        _log.warning("a model that was found is left out", extra={"problem": str(problem)})
    return delivery.facts


def model_id(provider: str, name: str) -> str:
    """Return the id here of a model by its name at a server of the operator's: `<provider>/<name>`, made to fit."""
    plain = _ODD.sub("-", name.lower().removesuffix(_LATEST)).strip("-._")
    return f"{provider}/{plain or 'model'}"
