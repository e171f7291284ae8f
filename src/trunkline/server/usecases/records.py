"""The record of a generation, for any key of its account (spec gateway 5.4)."""

from __future__ import annotations

from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.errors import NotFound
from trunkline.server.usecases.gateway_ports import Records


def generation(records: Records, account_id: str, generation_id: str) -> tuple[GenerationRecord, int | None]:
    """Return an account's generation with the number of its app. Raises `NotFound`, for other accounts' too."""
    found = records.generation(account_id, generation_id)
    if found is None:
        raise NotFound
    return found
