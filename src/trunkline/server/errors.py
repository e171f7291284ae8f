"""The server's error tree: each class with its HTTP status and the message the API shows.

    TrunklineError
    ├── BadRequest            400  a parameter or body that is not as documented
    ├── Unauthorized          401  no key where one is needed, or one that is not valid
    ├── PaymentRequired       402  a key's limit or the account's credits are used up
    ├── Forbidden             403  a key of the wrong kind, or a host that the account may not use
    ├── NotFound              404
    ├── MethodNotAllowed      405
    ├── Conflict              409  an update lost a race
    ├── RequestTimeout        408
    ├── PayloadTooLarge       413
    ├── TooManyRequests       429  a limit on how often something may be asked
    ├── HeadTooLarge          431
    ├── Unavailable           503  no catalogue loaded yet
    ├── StoreUnavailable      503  the store cannot be reached
    ├── SettingsError         -    (command line: exit code 2)
    ├── FeedRefused           -    a document that cannot be read or was refused, with its problems
    ├── RevisionConflict      -    somebody else committed first
    ├── RevisionNotFound      -
    └── Unreadable            -    a secret that was encrypted with a key that is not here

Source of statuses and messages: the API's documented error envelope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """One wrong parameter: its name and what is accepted."""

    path: str
    message: str


class TrunklineError(Exception):
    """Base of everything that this server raises on purpose."""

    status = 500
    message = "Internal Server Error"
    error_type: str | None = None
    """The documented kind of an error, for those that have one beside their status."""

    def __init__(self, message: str | None = None, issues: Sequence[Issue] = ()) -> None:
        self.message = message or type(self).message
        self.issues = tuple(issues)
        super().__init__(self.message)

    @property
    def told(self) -> str:
        """What callers of the API are told; `message` may hold more, for who runs the server."""
        return self.message


class BadRequest(TrunklineError):
    status = 400
    message = "Invalid request parameters"


class Unauthorized(TrunklineError):
    status = 401
    message = "Missing Authentication header"


class PaymentRequired(TrunklineError):
    status = 402
    message = "Insufficient credits"


class Forbidden(TrunklineError):
    status = 403
    message = "Only management keys can perform this operation"


class NotFound(TrunklineError):
    status = 404
    message = "Resource not found"


class MethodNotAllowed(TrunklineError):
    """A method that the path does not take; `allowed` lists those that it takes."""

    status = 405
    message = "Method not allowed"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__()
        self.allowed = tuple(allowed)


class Conflict(TrunklineError):
    status = 409
    message = "Resource conflict. Please try again later."


class RequestTimeout(TrunklineError):
    status = 408
    message = "The request did not come in time"


class PayloadTooLarge(TrunklineError):
    status = 413
    message = "Request payload too large"


class TooManyRequests(TrunklineError):
    """Asked too often: `limit` calls a window, which ends at the Unix time `reset`, in `retry_after` seconds."""

    status = 429
    message = "Rate limit exceeded"

    def __init__(self, limit: int, reset: float, retry_after: int) -> None:
        super().__init__()
        self.limit = limit
        self.reset = reset
        self.retry_after = retry_after


class HeadTooLarge(TrunklineError):
    status = 431
    message = "Request headers or URL too long"


class Unavailable(TrunklineError):
    status = 503
    message = "Service temporarily unavailable"


class StoreUnavailable(Unavailable):
    """The store cannot be reached; `message` names it where a database has failed, which is nobody else's business."""

    @property
    def told(self) -> str:
        """The message, without what a database says of itself."""
        return self.message if self.__cause__ is None else "The database cannot be reached at this moment"


class SettingsError(TrunklineError):
    """A setting that cannot be used; the message is one line for the command line."""


class FeedRefused(TrunklineError):
    """A document that was refused whole; `problems` says why, row by row."""

    def __init__(self, message: str, problems: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class RevisionConflict(TrunklineError):
    """Another import was committed first."""


class RevisionNotFound(TrunklineError):
    """There is no revision of that number."""


class Unreadable(TrunklineError):
    """An encrypted secret that this server cannot open; the message says why, and nothing of the secret."""
