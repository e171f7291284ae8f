"""How calls are repeated: `RetryConfig` and `BackoffStrategy`, under the names that the API's documentation uses."""

from __future__ import annotations

from trunkline.utils.retries import BackoffStrategy, RetryConfig

__all__ = ["BackoffStrategy", "RetryConfig"]
