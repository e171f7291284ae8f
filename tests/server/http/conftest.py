"""The servers that these tests talk to."""

from tests.live.fixtures import at_noon, bundled, site

__all__ = ["at_noon", "bundled", "site"]
