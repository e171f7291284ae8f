"""Forms as they were typed: read into the bodies of use cases, and given back with what is wrong beside each field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

import msgspec

from trunkline.server.errors import BadRequest, Conflict, Issue, TrunklineError

T = TypeVar("T")
_INDEX: Final = re.compile(r"[.\[].*")
_SEPARATORS: Final = re.compile(r"[\s,]+")
_PLAINLY: Final[Sequence[tuple[re.Pattern[str], str]]] = (
    (re.compile(r"Expected `str` of length >= 1$"), "is needed"),
    (re.compile(r"Expected `str` of length >= (\d+)$"), r"takes at least \1 characters"),
    (re.compile(r"Expected `str` of length <= (\d+)$"), r"takes at most \1 characters"),
    (re.compile(r"Expected `str` matching regex .*$"), "has not the form that is expected here"),
    (re.compile(r"Expected `(?:float|int)` >= (.+)$"), r"takes \1 or more"),
    (re.compile(r"Expected `(?:float|int)` > (.+)$"), r"takes more than \1"),
    (re.compile(r"Expected `(?:float|int)` <= (.+)$"), r"takes at most \1"),
    (re.compile(r"Invalid enum value '(.*)'$"), r"takes no \1"),
    (re.compile(r"Invalid UUID$"), "is no id"),
    (re.compile(r"limit_usd and reset_interval "), "an amount and its interval are set and removed together"),
)
"""What the reader of bodies says, for people."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A form: `texts` by field as it was or as it begins, `problems` by field, `general` what belongs to none."""

    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    general: str = ""

    def text(self, name: str) -> str:
        """Return what is in a field, "" where nothing is."""
        return next(iter(self.texts.get(name, ())), "")

    def has(self, name: str, value: str) -> bool:
        """Tell whether one of a field's choices is made."""
        return value in self.texts.get(name, ())

    def all(self, name: str) -> Sequence[str]:
        """Return everything chosen in a field."""
        return self.texts.get(name, ())


BLANK: Final = Typed()


def begun(**values: object) -> Typed:
    """Return a form that begins with some values: None and "" as nothing, lists as several, True as `on`."""
    return Typed({name: _texts(value) for name, value in values.items()})


def of(pairs: Sequence[tuple[str, str]], secrets: Sequence[str] = ()) -> Typed:
    """Return a form as it was sent, without what is secret."""
    texts: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in secrets and name != "form_token":
            texts.setdefault(name, []).append(value)
    return Typed(texts)


def refused(
    pairs: Sequence[tuple[str, str]], error: TrunklineError, fields: Sequence[str], secrets: Sequence[str] = ()
) -> Typed:
    """Return a form as it was sent, with what a use case has against it; what concerns none of `fields` is general."""
    problems: dict[str, str] = {}
    general = [] if error.issues else [error.message]
    for issue in error.issues:
        name, message = _INDEX.sub("", issue.path), said(issue.message)
        if name in fields:
            said_before = f"{problems[name]}. " if name in problems else ""
            problems[name] = said_before + message[:1].upper() + message[1:]
        else:
            general.append(f"{issue.path} {message}")
    return Typed(of(pairs, secrets).texts, problems, ". ".join(general))


REFUSALS: Final = (BadRequest, Conflict)
"""What a form is shown again for."""


def said(message: str) -> str:
    """Return what a reader of bodies says in the words of people."""
    for pattern, plain in _PLAINLY:
        if (found := pattern.match(message)) is not None:
            return found.expand(plain)
    return message.replace("`", "")


def body(values: Mapping[str, Any], kind: type[T]) -> T:
    """Return a form's values as the body of a use case. Raises `BadRequest` naming the field."""
    try:
        return msgspec.convert(dict(values), kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        missing = re.search(r"missing required field `(\w+)`", message)
        name = missing[1] if missing else path.strip("`").lstrip(".") or "body"
        raise BadRequest(issues=[Issue(name, "is needed" if missing else message)]) from None


def amount(text: str, name: str) -> float | None:
    """Return USD as typed (`12.50`, `$1,000`), None for an empty field. Raises `BadRequest`."""
    plain = text.strip().removeprefix("$").replace(",", "").strip()
    if not plain:
        return None
    try:
        exact = Decimal(plain)
    except InvalidOperation:
        raise BadRequest(issues=[Issue(name, "expected an amount in USD, such as 12.50")]) from None
    if not exact.is_finite():
        raise BadRequest(issues=[Issue(name, "expected an amount in USD, such as 12.50")])
    return float(exact)


def moment(text: str, name: str) -> str | None:
    """Return a date or time in UTC as bodies state it (`2027-01-31` is its midnight), None for an empty field."""
    if not text.strip():
        return None
    try:
        read = datetime.fromisoformat(text.strip().removesuffix("Z"))
    except ValueError:
        raise BadRequest(issues=[Issue(name, "expected a day, such as 2027-01-31")]) from None
    if read.utcoffset():
        raise BadRequest(issues=[Issue(name, "expected a time in UTC, without an offset")])
    return read.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")


def words(text: str) -> list[str]:
    """Return what is listed in a field: separated by blanks, commas or lines."""
    return [word for word in _SEPARATORS.split(text) if word]


def _texts(value: object) -> list[str]:
    if value is None or value is False or value == "":
        return []
    if value is True:
        return ["on"]
    if isinstance(value, list | tuple | set | frozenset):
        return [str(one) for one in value]
    return [f"{value:f}" if isinstance(value, Decimal) else str(value)]
