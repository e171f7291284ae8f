"""A page of models that knows how to ask for the one after it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol, Self

from trunkline.components.models import Model, ModelsListResponse


class Following(Protocol):
    """Asks for the next page."""

    async def __call__(self) -> AsyncModelsPage: ...


class AsyncModelsPage(ModelsListResponse):
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

    async def next(self) -> AsyncModelsPage | None:
        """Return the page after this one, asking the server for it; None after the last."""
        following = getattr(self, "_following", None)  # a page made by hand has none
        return await following() if following else None

    async def __aiter__(self) -> AsyncIterator[Model]:
        page: AsyncModelsPage | None = self
        while page is not None:
            for model in page.data:
                yield model
            page = await page.next()
