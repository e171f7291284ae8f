"""The servers whose answers are held to the contracts."""

from tests.live.fixtures import bundled, site

__all__ = ["bundled", "site"]
