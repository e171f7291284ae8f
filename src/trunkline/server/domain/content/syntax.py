"""Regular expressions as trees, and how RE2 writes them: the whole, and all that may be the beginning of a match."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Char:
    """One character of a class; `text` is RE2's notation."""

    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A condition on a place between characters; `text` is RE2's notation."""

    text: str


@dataclass(frozen=True, slots=True)
class Times:
    """Something repeated: at least `least` times, at most `most` (None: for ever), as few as possible if `lazy`."""

    node: Node
    least: int
    most: int | None
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these, the first that fits."""

    options: tuple[Node, ...]


Node = Char | Mark | Times | Sequence | Choice
LONGEST_BEGINNING: Final = 50_000
"""Characters of a pattern of beginnings, which can be far longer than the expression."""


class TooLong(Exception):
    """The pattern of an expression's beginnings would be too long."""


def whole(node: Node) -> str:
    """Return the RE2 pattern that matches what the tree does, without capturing anything."""
    match node:
        case Char(text) | Mark(text):
            return text
        case Times(inner, least, most, lazy):
            return f"{_grouped(inner, whole)}{_count(least, most)}{'?' if lazy else ''}"
        case Sequence(nodes):
            return "".join(map(whole, nodes))
        case Choice(options):
            return _either(map(whole, options))


def beginning(node: Node) -> str:
    """Return an RE2 pattern that matches every beginning of what the tree matches, nothing and all of it included.

    It may match more: counts of repeats are not minded, nor marks at the end, since what follows is not there yet.
    Raises `TooLong`.
    """
    match node:
        case Char(text):
            return f"(?:{text})?"
        case Mark():
            return ""
        case Times(inner, _, most, _):
            return f"{_grouped(inner, whole)}{_count(0, most)}{beginning(inner)}"
        case Sequence(nodes):
            made = ""
            for each in reversed(nodes):
                made = _either((whole(each) + made, beginning(each)))
                if len(made) > LONGEST_BEGINNING:
                    raise TooLong
            return made
        case Choice(options):
            return _either(map(beginning, options))


def _grouped(node: Node, write: Callable[[Node], str]) -> str:
    return write(node) if isinstance(node, Char) else f"(?:{write(node)})"


def _either(options: Iterable[str]) -> str:
    return f"(?:{'|'.join(options)})"


def _count(least: int, most: int | None) -> str:
    known = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((least, most))
    return known or f"{{{least},{'' if most is None else most}}}"
