"""What a client is set up with: the constructor's arguments, else the environment, else the defaults."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias

from trunkline.types.unset import UNSET, OptionalNullable, Unset
from trunkline.utils.retries import BackoffStrategy, RetryConfig

DEFAULT_URL: Final = "http://127.0.0.1:8080/api/v1"
DEFAULT_TIMEOUT_MS: Final = 60_000
DEFAULT_RETRY_MS: Final = 60_000
"""How long a call is repeated, in milliseconds; an hour in the official client."""

ATTRIBUTION: Final = (
    ("http_referer", "HTTP-Referer", "OPENROUTER_HTTP_REFERER"),
    ("x_open_router_title", "X-OpenRouter-Title", "OPENROUTER_X_OPEN_ROUTER_TITLE"),
    ("x_open_router_categories", "X-OpenRouter-Categories", "OPENROUTER_X_OPEN_ROUTER_CATEGORIES"),
)
"""The arguments that tell the server which app is calling: name, header, variable."""

ApiKey: TypeAlias = str | Callable[[], str | None] | None


class Logger(Protocol):
    """What `debug_logger` has to offer; `logging.Logger` does."""

    def debug(self, msg: str, *args: object) -> None: ...


class Settings:
    """The settings of one client; `attribution` has a value for each row of `ATTRIBUTION`."""

    __slots__ = ("api_key", "attribution", "conditional", "debug_logger", "retry_config", "server_url", "timeout_ms")

    def __init__(
        self,
        *,
        api_key: ApiKey = None,
        attribution: tuple[str | None, ...] = (None, None, None),
        server_url: str | None = None,
        retry_config: OptionalNullable[RetryConfig] = UNSET,
        timeout_ms: int | None = None,
        debug_logger: Logger | None = None,
        conditional: bool = True,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Take what is given, else read the environment. Raises `ValueError` for a value that cannot be used."""
        self.api_key = environment.get("OPENROUTER_API_KEY") if api_key is None else api_key
        self.attribution = tuple(
            environment.get(variable) if value is None else value
            for (_, _, variable), value in zip(ATTRIBUTION, attribution, strict=True)
        )
        self.server_url = base_url(server_url or environment.get("TRUNKLINE_URL") or DEFAULT_URL)
        self.retry_config = _retries(environment) if isinstance(retry_config, Unset) else retry_config
        self.timeout_ms = timeout_ms or _milliseconds(environment, "OPENROUTER_TIMEOUT_MS", DEFAULT_TIMEOUT_MS)
        self.debug_logger = debug_logger or (_stderr_logger() if environment.get("OPENROUTER_DEBUG") else None)
        self.conditional = conditional


def base_url(url: str) -> str:
    """Return the address of a server's API without a slash at its end. Raises `ValueError` unless it is http(s)."""
    if not url.lower().startswith(("http://", "https://")):
        raise ValueError(f"server_url has to begin with http:// or https://, and {url!r} does not")
    return url.rstrip("/")


def _retries(environment: Mapping[str, str]) -> RetryConfig:
    longest = _milliseconds(environment, "OPENROUTER_RETRY_MAX_ELAPSED_MS", DEFAULT_RETRY_MS)
    return RetryConfig("backoff", BackoffStrategy(500, 60_000, 1.5, longest), True)


def _milliseconds(environment: Mapping[str, str], variable: str, default: int) -> int:
    text = environment.get(variable) or str(default)
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{variable} has to be a whole number of milliseconds, and {text!r} is not")
    return int(text)


def _stderr_logger() -> Logger:
    import logging

    logger = logging.getLogger("trunkline.client")
    if not logger.handlers:
        logger.addHandler(logging.StreamHandler())
        logger.setLevel(logging.DEBUG)
    return logger
