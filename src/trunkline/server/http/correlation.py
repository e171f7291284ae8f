"""Which call this is about, for everything that is logged while it is worked on."""

from __future__ import annotations

from contextvars import ContextVar

_CURRENT: ContextVar[str] = ContextVar("generation_id", default="")


def begin(generation_id: str) -> None:
    """Note the id of the call that this task, and those that it starts, work on; empty for none."""
    _CURRENT.set(generation_id)


def current() -> str | None:
    """Return the id of the call under way, None outside of one."""
    return _CURRENT.get() or None
