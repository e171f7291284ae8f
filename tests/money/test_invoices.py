"""Usage as providers state it, priced to the last digit; the invoices in `tests/data` were worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from trunkline.server.adapters.providers.dialects import anthropic_answers, gemini_usage, openai_answers
from trunkline.server.domain.generation.cost import Rates, bill, cost_of, pico, rates_for
from trunkline.server.domain.generation.usage import Usage

INVOICES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "data" / "invoices.yaml").read_text())
NOON = datetime(2026, 8, 22, 12, tzinfo=UTC)
READ: dict[str, Callable[[Any], Usage]] = {
    "openai": openai_answers.usage,
    "anthropic": anthropic_answers.usage,
    "gemini": gemini_usage.usage,
}


def named(invoice: dict[str, Any]) -> str:
    return str(invoice["name"])


@pytest.mark.parametrize("invoice", INVOICES, ids=named)
def test_the_lines_of_an_invoice_add_up_to_it(invoice: dict[str, Any]):
    """So that a slip of the hand is not taken for one of the code."""
    for count, price, product in invoice["lines"]:
        assert count * Decimal(price) == Decimal(product)
    assert sum(Decimal(product) for _, _, product in invoice["lines"]) == Decimal(invoice["cost"])


@pytest.mark.parametrize("invoice", INVOICES, ids=named)
def test_an_invoice_is_charged_to_the_last_digit(invoice: dict[str, Any]):
    usage = READ[invoice["dialect"]](invoice["usage"])
    rates = rates_for(invoice["prices"], usage.prompt_tokens, invoice.get("at", NOON).timestamp())
    completes = invoice.get("completes", True)
    billed = bill(usage, rates, finish_reason="stop", produced=True, completes=completes)
    assert billed.charged == Decimal(invoice["cost"])
    assert cost_of(usage, rates).inference + billed.cost.extras == billed.charged
    assert Decimal(pico(billed.charged)).scaleb(-12) == Decimal(invoice.get("ledger", invoice["cost"]))


def test_every_class_of_tokens_and_every_kind_of_price_is_on_some_invoice():
    prices = {name for invoice in INVOICES for name in invoice["prices"]}
    classes = set(Rates.__struct_fields__) - {"image", "image_token"}  # nobody states images apart from their tokens
    assert prices >= classes | {"overrides", "discount"}
    conditions = {name for invoice in INVOICES for entry in invoice["prices"].get("overrides", ()) for name in entry}
    assert conditions >= {"min_prompt_tokens", "utc_start", "utc_end"}
