"""The servers that official clients talk to."""

from tests.live.fixtures import bundled, site

__all__ = ["bundled", "site"]
