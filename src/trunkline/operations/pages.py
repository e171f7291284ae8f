# Made from operations/async_pages.py by scripts/unasync.py: change that file and run it.
"""A page of models that knows how to ask for the one after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, Self

from trunkline.components.models import Model, ModelsListResponse


class Following(Protocol):
    """Asks for the next page."""

    def __call__(self) -> ModelsPage: ...


class ModelsPage(ModelsListResponse):
    """A page of models. Iterating over it goes on through all pages after it; `data` holds its own models."""

    __slots__ = ("_following",)

    _following: Following | None

    @classmethod
    def over(cls, data: dict[str, Any], following: Following | None = None) -> Self:
        """Return a page over a decoded answer; `following` asks for the next one, None on the last."""
        page = super().over(data)
        object.__setattr__(page, "_following", following)
        return page

    @property
    def result(self) -> Self:
        """The page itself, which newer official clients wrap into an object of its own."""
        return self

    def next(self) -> ModelsPage | None:
        """Return the page after this one, asking the server for it; None after the last."""
        following = getattr(self, "_following", None)  # a page made by hand has none
        return following() if following else None

    def __iter__(self) -> Iterator[Model]:
        page: ModelsPage | None = self
        while page is not None:
            yield from page.data
            page = page.next()
