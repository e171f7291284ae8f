"""The server that the examples talk to."""

from tests.live.fixtures import bundled

__all__ = ["bundled"]
