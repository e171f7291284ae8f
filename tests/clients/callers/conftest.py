"""What callers need: a server with a provider for each dialect, and Node."""

from tests.clients.node.conftest import node
from tests.dialects.conftest import speakers

__all__ = ["node", "speakers"]
