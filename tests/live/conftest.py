"""The server that these tests talk to."""

from tests.live.fixtures import bundled

__all__ = ["bundled"]
