"""Answers kept until the catalogue changes, bounded in bytes, least recently used first out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from trunkline.server.http.answer import Answer


class AnswerCache:
    """Answers by request, all of one epoch: asking with another epoch finds nothing and forgets the old ones."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._epoch: object = None
        self._answers: OrderedDict[Hashable, tuple[Answer, int]] = OrderedDict()
        self._held = 0

    def get(self, epoch: object, key: Hashable) -> Answer | None:
        """Return the answer kept for a request in this epoch (compared by identity)."""
        if epoch is not self._epoch:
            self._epoch, self._held = epoch, 0
            self._answers.clear()
            return None
        found = self._answers.get(key)
        if found is None:
            return None
        self._answers.move_to_end(key)
        return found[0]

    def put(self, epoch: object, key: Hashable, answer: Answer) -> None:
        """Keep an answer, or count it anew after it has grown by a coding; one larger than the bound is not kept."""
        if epoch is not self._epoch:
            return
        self._held -= self._answers.pop(key, (answer, 0))[1]
        size = answer.size + 500
        if size > self._bound:
            return
        self._answers[key] = (answer, size)
        self._held += size
        while self._held > self._bound:
            _, (_, freed) = self._answers.popitem(last=False)
            self._held -= freed
