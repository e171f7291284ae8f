"""Stores of a test's own, on both databases."""

from tests.postgres import empty_url, postgres, postgres_url

__all__ = ["empty_url", "postgres", "postgres_url"]
