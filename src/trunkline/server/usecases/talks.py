"""The conversation that a call belongs to, and the endpoint that it stays with (spec gateway 3.7)."""

from __future__ import annotations

from trunkline.server.domain.generation.request import GenerationRequest
from trunkline.server.domain.generation.usage import Usage
from trunkline.server.domain.routing import sticky
from trunkline.server.domain.routing.targets import Target
from trunkline.server.usecases.gateway_ports import Stickiness


class Talk:
    """Finds out which conversation it is when somebody asks: most calls have one endpoint, and nothing to remember."""

    __slots__ = ("_account", "_is_read", "_now", "_request", "_stickiness", "_talk")

    def __init__(self, request: GenerationRequest, account: str, stickiness: Stickiness, now: float) -> None:
        self._request = request
        self._account = account
        self._stickiness = stickiness
        self._now = now
        self._is_read = False
        self._talk: sticky.Conversation | None = None

    def endpoint(self, model: str) -> str | None:
        """Return the key of the endpoint that it stays with for a model or router, None for none."""
        talk = self._conversation()
        return None if talk is None else self._stickiness.endpoint(talk.key(self._account, model), self._now)

    def stay(self, target: Target, used: Usage, now: float) -> None:
        """Stay with the endpoint that has served, where its prompt cache will be of use."""
        tokens = used.prompt_tokens
        if not sticky.caches(target, tokens) or (talk := self._conversation()) is None:
            return
        if sticky.worth_keeping(talk, target, prompt_tokens=tokens, cached_tokens=used.cached_tokens):
            self._stickiness.remember(talk.key(self._account, target.model), target.key, now)

    def _conversation(self) -> sticky.Conversation | None:
        if not self._is_read:
            self._is_read = True
            self._talk = sticky.conversation(self._request)
        return self._talk
