"""What tests of the server share: databases on a real PostgreSQL."""

from tests.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]
