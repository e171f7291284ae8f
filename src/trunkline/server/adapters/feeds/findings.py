"""Collects what is wrong with a document, row by row, and keeps the list readable."""

from __future__ import annotations

from trunkline.server.domain.catalog.facts import Problem

KEPT = 100
"""Problems that are listed; of the others only the number is told."""


class Findings:
    """The problems of one document, those that refuse it apart from those that only warn."""

    def __init__(self) -> None:
        self._kept: dict[bool, list[Problem]] = {True: [], False: []}
        self._count = {True: 0, False: 0}

    def refuse(self, row: str, field: str, message: str) -> None:
        """Add a reason to refuse the document; `row` is the row's key or position, `field` a dotted path."""
        self._add(Problem(row, field, message))

    def warn(self, row: str, field: str, message: str) -> None:
        """Add something that people should know, although the row is taken."""
        self._add(Problem(row, field, message, fatal=False))

    def _add(self, problem: Problem) -> None:
        self._count[problem.fatal] += 1
        if len(self._kept[problem.fatal]) < KEPT:
            self._kept[problem.fatal].append(problem)

    def problems(self) -> tuple[Problem, ...]:
        """Return reasons to refuse first, then warnings, at most `KEPT` of each and the number of the rest."""
        listed: list[Problem] = []
        for fatal, word in ((True, "problems"), (False, "warnings")):
            listed += self._kept[fatal]
            if (more := self._count[fatal] - len(self._kept[fatal])) > 0:
                listed.append(Problem("…", "", f"and {more} more {word}", fatal))
        return tuple(listed)
