"""A request's fields as a translating dialect reads them: decoded one by one as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from trunkline.server.adapters.providers.dialects.dialect import UNREADABLE, Addressee, NotExpressible
from trunkline.server.domain.generation.attempt import Attempt


def listed(value: object, name: str) -> list[Any]:
    """Return a member that is a list; null counts as none. Raises `NotExpressible` for anything else."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise NotExpressible(f"{name} is not a list")
    return value


def arguments(function: dict[str, Any]) -> Any:
    """Return a call's arguments as the object that their text is, number by number as it was written.

    Raises `NotExpressible` for anything else.
    """
    stated = function.get("arguments")
    if isinstance(stated, dict):
        return stated
    try:
        text = stated.strip() if isinstance(stated, str) else ""
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw]) if text else {}
    except UNREADABLE:
        raise NotExpressible("a tool call's arguments are not a JSON object") from None


class Fields:
    """What an attempt asks for; null counts as absent, and so does what the provider refuses."""

    def __init__(self, attempt: Attempt, to: Addressee) -> None:
        self._fields = {**attempt.request.fields, **attempt.changes}
        self._attempt = attempt
        self._dropped = to.quirk.drop

    def has(self, name: str) -> bool:
        """Tell whether a field is there."""
        value = self._fields.get(name)
        return value is not None and bytes(value) != b"null" and name not in self._dropped

    def get(self, name: str) -> Any:
        """Return a field's value, None where it is absent. Raises `NotExpressible` where it cannot be read."""
        value = self._fields.get(name)
        if value is None or name in self._dropped:
            return None
        try:
            return msgspec.json.decode(value)
        except UNREADABLE:
            raise NotExpressible(f"{name} cannot be read") from None

    def parameter(self, name: str, *others: str) -> Any:
        """Return a parameter, None where the endpoint declares what it takes and names neither it nor the others."""
        return None if self._attempt.endpoint.refuses(name, *others) else self.get(name)

    def number(self, name: str) -> int | None:
        """Return a whole number of 1 or more, None for what is none."""
        value = self.get(name)
        return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 1 else None

    def limit(self) -> int | None:
        """Return how many tokens the answer may have, None where the request does not say."""
        return self.number("max_completion_tokens") or self.number("max_tokens")

    def messages(self) -> list[Any]:
        """Return the conversation; a bare prompt is one message. Raises `NotExpressible` where there is none."""
        messages = self.get("messages")
        if messages is None and self.has("prompt"):
            messages = [{"role": "user", "content": self.get("prompt")}]
        if not isinstance(messages, list):
            raise NotExpressible("there are no messages")
        return messages

    def options(self) -> Iterator[tuple[str, Any]]:
        """Yield the entries of `provider.options` that are for the provider that serves."""
        options = self._attempt.request.preferences.get("options")
        mine: Any = options.get(self._attempt.endpoint.provider) if isinstance(options, dict) else None
        yield from mine.items() if isinstance(mine, dict) else ()
