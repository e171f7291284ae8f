"""Signing in with a management key: sessions that end by time, by signing out, and with their key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from trunkline.server.domain.policy import key
from trunkline.server.domain.policy.account import Account
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.errors import Forbidden, Unauthorized
from trunkline.server.usecases.account_ports import Accounts, Entropy
from trunkline.server.usecases.ports import Clock
from trunkline.server.usecases.session_ports import Session, Sessions

IDLE: Final = 2 * 3600
"""Seconds without a request after which a session ends."""
LONGEST: Final = 12 * 3600
"""Seconds after which a session ends however much it is used: a working day."""
TOUCH: Final = 60
"""A use is noted when the last note is this many seconds old; a session lives so much shorter at most."""
UNKNOWN: Final = "This key is not known here, or is disabled or expired."
INFERENCE: Final = "This is an inference key. Signing in takes a management key."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that holds now: whose management key it is, and the account that it acts for."""

    session: Session
    caller: Caller
    account: Account


def sign_in(
    accounts: Accounts, sessions: Sessions, text: str, *, clock: Clock, entropy: Entropy
) -> tuple[str, SignedIn]:
    """Begin a session for a management key and return the token that only the browser keeps.

    Raises `Unauthorized` for what is no valid key and `Forbidden` for one that is no management key.
    """
    now = clock()
    caller = accounts.caller(key.digest(text)) if key.is_key(text) else None
    if caller is None or not caller.counts(datetime.fromtimestamp(now, UTC)) or caller.account is None:
        raise Unauthorized(UNKNOWN)
    if not caller.key.is_management:
        raise Forbidden(INFERENCE)
    sessions.sweep(now - IDLE)
    token = entropy(32).hex()
    session = Session(
        digest=digest(token), key_hash=caller.key.hash, account_id=caller.account.id, created=now, seen=now
    )
    sessions.add(session)
    return token, SignedIn(session, caller, caller.account)


def resume(accounts: Accounts, sessions: Sessions, token: str, *, clock: Clock) -> SignedIn | None:
    """Return the session of a token where it still holds, and its key with it; None for any other token.

    The store is asked for the key every time: one that was revoked or has lost its rights opens nothing any more.
    """
    session = sessions.get(digest(token))
    if session is None:
        return None
    now = clock()
    caller = accounts.caller(session.key_hash)
    good = (
        now - session.seen < IDLE
        and now - session.created < LONGEST
        and caller is not None
        and caller.key.is_management
        and caller.counts(datetime.fromtimestamp(now, UTC))
    )
    if not good or caller is None or caller.account is None or caller.account.id != session.account_id:
        sessions.remove(session.digest)
        return None
    if now - session.seen >= TOUCH:
        sessions.touch(session.digest, now)
    return SignedIn(session, caller, caller.account)


def sign_out(sessions: Sessions, token: str) -> None:
    """End the session of a token: whoever else has it is out as well."""
    sessions.remove(digest(token))


def digest(token: str) -> str:
    """Return what a session is kept under: the SHA-256 of its token, so that who reads the home cannot use it."""
    return sha256(token.encode()).hexdigest()
