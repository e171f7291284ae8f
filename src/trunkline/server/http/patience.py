"""How long callers are waited for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds after which a connection is given up; each may end two `look`s later than it says."""

    head: float = 30
    """From the first byte of a request's head to its last."""
    body: float = 60
    """Between two pieces of a request's body."""
    idle: float = 75
    """Between two requests: longer than most proxies keep a connection that they do not use."""
    taking: float = 120
    """How long a caller may take nothing of what is sent to it."""
    lingering: float = 10
    """How long what a refused caller still sends is thrown away: to close at once could cost it the refusal."""
    look: float = 1
    """Between two looks at all connections."""
