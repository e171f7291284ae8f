"""What calls said: kept for workspaces that want it, and read back by those who may (spec gateway 5.4, 6.5)."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from trunkline.server.domain.generation.delta import Delta, Event
from trunkline.server.domain.generation.fault import STATUS
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.generation.request import GenerationRequest, Surface
from trunkline.server.domain.policy.account import AccountKind, Role
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.routing.attempts import Outcome
from trunkline.server.errors import Forbidden, NotFound, Unreadable
from trunkline.server.usecases.inference_ports import Contents

NOT_ALLOWED: Final = "Only management keys and keys of administrators may read what others of an organisation said"
_KEPT: Final = frozenset((Surface.CHAT, Surface.COMPLETIONS))
_log = logging.getLogger(__name__)


def is_kept(request: GenerationRequest, caller: Caller, region: str | None, chance: Callable[[], float]) -> bool:
    """Tell whether what a call says is kept: its workspace wants that, of as many calls as it samples.

    Never of calls through a regional host. A workspace that names keys by number names none of this server's.
    """
    workspace = caller.workspace
    if workspace is None or not workspace.is_observability_io_logging_enabled or request.surface not in _KEPT:
        return False
    if region is not None or workspace.io_logging_api_key_ids is not None:
        return False
    rate = workspace.io_logging_sampling_rate
    return rate >= 1 or chance() < rate


class Failure(NamedTuple):
    """How a call failed, as its caller was told: HTTP status and text."""

    status: int
    message: str


class Said:
    """What one call says, as its provider and its caller see it: after its content filters."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._completion: list[str] = []
        self._reasoning: list[str] = []

    async def heard(self, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
        """Pass an answer on, and note its texts."""
        try:
            async for event in events:
                if isinstance(event, Delta):
                    self._completion += [event.content] if event.content else []
                    self._reasoning += [event.reasoning] if event.reasoning else []
                yield event
        finally:
            await events.aclose()

    def keep(
        self, record: GenerationRecord, request: GenerationRequest, failure: Failure | None, tried: Sequence[Outcome]
    ) -> None:
        """Keep it beside the call's record. `failure` is how the call failed, `tried` the attempts that did."""
        name = "messages" if request.has("messages") else "prompt"
        prompt: Any = request.fields[name]
        if name == "prompt" and isinstance(texts := msgspec.json.decode(prompt), list):
            prompt = "".join(map(str, texts))
        document = {
            "input": {name: prompt},
            "output": {
                "completion": "".join(self._completion) or None,
                "reasoning": "".join(self._reasoning) or None,
            },
            "error": None if failure is None else _error(record, failure, tried),
        }
        kept = msgspec.json.encode(document)
        self._contents.keep(record.id, record.account_id, record.key_hash, record.created, kept)


def content(contents: Contents | None, caller: Caller, generation_id: str) -> msgspec.Raw:
    """Return what a call of the caller's account said, as JSON.

    In an organisation that is for management keys and administrators; a key that nobody made reads its own calls.
    Raises `NotFound` where nothing is kept that can be read, other accounts' calls among them, and `Forbidden` for who
    may not read it.
    """
    try:
        found = None if contents is None else contents.content(caller.key.account_id, generation_id)
    except Unreadable as error:
        _log.warning("what a call said cannot be read", extra={"generation": generation_id, "reason": error.message})
        found = None
    if found is None or caller.account is None:
        raise NotFound
    key_hash, document = found
    if caller.account.kind is AccountKind.ORGANIZATION and not caller.key.is_management:
        own = caller.key.creator_user_id is None and caller.key.hash == key_hash
        is_admin = caller.member is not None and caller.member.role is Role.ADMIN
        if not (own or is_admin):
            raise Forbidden(NOT_ALLOWED)
    return msgspec.Raw(document)


def _error(record: GenerationRecord, failure: Failure, tried: Sequence[Outcome]) -> dict[str, Any]:
    # `raw`, the provider's own body, is kept nowhere.
    last = record.attempts[-1] if record.attempts else None
    return {
        "message": failure.message,
        "status": failure.status,
        "provider_name": None if last is None else last.provider_name,
        "raw": None,
        "previous_errors": [
            {
                "code": STATUS[outcome.fault.type],
                "message": outcome.fault.message,
                "provider_name": outcome.candidate.target.provider_name,
                "raw": None,
            }
            for outcome in tried
        ],
    }
