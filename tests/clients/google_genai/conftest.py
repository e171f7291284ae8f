"""A server with a provider for each dialect."""

from tests.dialects.conftest import speakers

__all__ = ["speakers"]
