"""When to call again after a failure, and how long to wait in between."""

from __future__ import annotations


class BackoffStrategy:
    """Waits that grow: before the n-th repeat (from 0) `initial_interval * exponent ** n`, at most `max_interval`.

    All times are milliseconds. `max_elapsed_time` bounds the whole call, first attempt and waits
    included: no wait is begun that would end after it.
    """

    __slots__ = ("exponent", "initial_interval", "max_elapsed_time", "max_interval")

    def __init__(self, initial_interval: int, max_interval: int, exponent: float, max_elapsed_time: int) -> None:
        self.initial_interval = initial_interval
        self.max_interval = max_interval
        self.exponent = exponent
        self.max_elapsed_time = max_elapsed_time

    def __repr__(self) -> str:
        return (
            f"BackoffStrategy(initial_interval={self.initial_interval}, max_interval={self.max_interval}, "
            f"exponent={self.exponent}, max_elapsed_time={self.max_elapsed_time})"
        )

    def wait_ms(self, repeats: int, chance: float) -> float:
        """Return the wait in milliseconds before repeat number `repeats` (from 0); `chance` in [0, 1) is the jitter.

        The jitter takes off up to half, so that many clients that failed together do not come back together.
        """
        # A huge exponent or count overflows floats long after the bound has been reached.
        try:
            grown = self.initial_interval * self.exponent**repeats
        except OverflowError:
            grown = float(self.max_interval)
        return min(grown, self.max_interval) * (1 - chance / 2)


class RetryConfig:
    """Whether a call is repeated: `strategy` is "backoff", or anything else ("none") for a single attempt.

    Answers with a status of 500 and above are repeated; with `retry_connection_errors`, timeouts and
    lost or refused connections are too.
    """

    __slots__ = ("backoff", "retry_connection_errors", "strategy")

    def __init__(self, strategy: str, backoff: BackoffStrategy, retry_connection_errors: bool) -> None:
        self.strategy = strategy
        self.backoff = backoff
        self.retry_connection_errors = retry_connection_errors

    def __repr__(self) -> str:
        return f"RetryConfig({self.strategy!r}, {self.backoff!r}, {self.retry_connection_errors})"
