"""Results: typed attributes over the JSON as it came, readable, comparable, and exact about money."""

from __future__ import annotations

import copy
import json
import pickle
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.rows import endpoint, model, page
from tests.shared_data import shared
from trunkline import components, operations
from trunkline.components.schema import check
from trunkline.components.view import View
from trunkline.types import UNSET, Unset

ALL = [kind for kind in vars(components).values() if isinstance(kind, type) and issubclass(kind, View)]


def shown(**changes: Any) -> components.Model:
    return components.Model.model_validate(model(**changes))


def test_optional_fields_are_none_or_unset_as_in_official_clients():
    row = shown()
    assert (row.description, row.benchmarks, row.reasoning, row.alias_target) == (None, None, None, None)
    assert (row.hugging_face_id, row.expiration_date, row.knowledge_cutoff) == (UNSET, UNSET, UNSET)
    assert (row.top_provider.context_length, row.architecture.instruct_type) == (UNSET, UNSET)
    assert shown(expiration_date=None).expiration_date is None


def test_unset_is_one_false_value_that_survives_copies():
    assert not UNSET
    assert isinstance(UNSET, Unset)
    assert copy.deepcopy(UNSET) is UNSET
    assert pickle.loads(pickle.dumps(UNSET)) is UNSET
    assert repr(UNSET) == "UNSET"


def test_a_required_field_that_is_missing_is_named():
    with pytest.raises(AttributeError, match="Model came without 'name'"):
        _ = components.Model.over({"id": "a/b"}).name
    with pytest.raises(ValueError, match=r"missing required field `name`"):
        components.Model.model_validate({key: value for key, value in model().items() if key != "name"})


def test_a_name_that_nobody_sent_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no field 'nmae'"):
        _ = shown().nmae  # type: ignore[attr-defined]
    assert not hasattr(shown(), "__wrapped__")


def test_fields_cannot_be_assigned():
    with pytest.raises(AttributeError, match="cannot be assigned"):
        shown().name = "other"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        shown().unheard_of = 1  # type: ignore[attr-defined]


def test_objects_inside_are_made_once():
    row = shown()
    assert row.pricing is row.pricing
    assert row.supported_parameters is row.supported_parameters


def test_equality_is_by_class_and_content():
    assert shown() == shown()
    assert shown() != shown(name="other")
    assert components.ErrorData(code=1, message="m") != {"code": 1, "message": "m"}
    assert components.ModelsCountResponseData(count=1) == components.ModelsCountResponseData(count=1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(shown())


def test_results_survive_pickling_and_copying():
    listed = operations.GetModelsResponse.over(page(model()))
    for again in (pickle.loads(pickle.dumps(listed)), copy.deepcopy(listed)):
        assert again == listed
        assert again.next() is None


def test_objects_can_be_made_by_hand():
    pricing = components.PublicPricing(
        prompt="0.1", completion="0.2", overrides=[components.PricingOverride(prompt="1")]
    )
    assert pricing.model_dump() == {"prompt": "0.1", "completion": "0.2", "overrides": [{"prompt": "1"}]}
    assert pricing.overrides is not None
    assert pricing.overrides[0].prompt == "1"
    with pytest.raises(TypeError, match="needs completion"):
        components.PublicPricing(prompt="0.1")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="has no field colour"):
        components.PublicPricing(prompt="0.1", completion="0.2", colour="red")  # type: ignore[call-arg]
    assert operations.GetModelsResponse(data=[shown()]).next() is None


def test_a_dump_is_the_json_as_it_came():
    row = model(novelty=1)
    assert json.loads(shown(novelty=1).model_dump_json()) == shown(novelty=1).model_dump() == row
    assert shown().model_dump_json(indent=2).startswith('{\n  "id": "acme/one"')


def test_a_repr_shows_the_fields_and_never_a_page_of_text():
    assert repr(components.PublicPricing(prompt="0.1", completion="0")) == "PublicPricing(prompt='0.1', completion='0')"
    listed = operations.GetModelsResponse.over(page(*(model(f"a/{n}", description="long " * 90) for n in range(400))))
    assert len(repr(listed)) < 500
    assert "Model(id='a/0', name='A/0', …)" in repr(listed)
    assert "… 397 more" in repr(listed)
    assert "total_count=400" in repr(listed)
    assert len(repr(listed.data[0])) < 1000
    assert "pricing=PublicPricing(prompt='0.00003', completion='0.00006')" in repr(listed.data[0])


def test_a_repr_shows_what_it_does_not_know():
    assert "novelty={'a': [1, 2]}" in repr(shown(novelty={"a": [1, 2]}))


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_view_says_what_it_is_and_holds_no_dictionary_of_its_own(kind: type[View]):
    assert kind.__doc__
    assert not hasattr(kind.over({}), "__dict__")


@pytest.mark.parametrize(
    ("price", "per_token", "per_million"),
    [
        ("0.00003", "0.00003", "30"),
        ("0", "0", "0"),
        ("0.0000001234567890123456789", "0.0000001234567890123456789", "0.1234567890123456789"),
        ("12", "12", "12000000"),
        ("-1", None, None),
        ("", None, None),
        ("free", None, None),
        ("NaN", None, None),
        ("Infinity", None, None),
        ("-0.5", None, None),
    ],
)
def test_prices_are_exact_decimals_and_unknown_ones_are_none(
    price: str, per_token: str | None, per_million: str | None
):
    pricing = components.PublicPricing(prompt=price, completion="0", input_cache_read=price, request=price)
    exact = None if per_token is None else Decimal(per_token)
    million = None if per_million is None else Decimal(per_million)
    assert pricing.prompt_usd_per_token == pricing.usd_per_token("input_cache_read") == exact
    assert pricing.usd_per_unit("request") == exact
    assert pricing.prompt_usd_per_million_tokens == pricing.usd_per_million_tokens("input_cache_read") == million
    assert (pricing.completion_usd_per_token, pricing.completion_usd_per_million_tokens) == (0, 0)
    assert pricing.usd_per_token("audio") is None


def test_a_price_per_million_reads_as_people_write_it():
    pricing = components.PublicPricing(prompt="0.0000025", completion="0.00003")
    assert f"{pricing.prompt_usd_per_million_tokens} {pricing.completion_usd_per_million_tokens}" == "2.5 30"


def test_no_price_is_rounded_by_the_callers_own_precision():
    with localcontext(prec=3):
        pricing = components.PublicPricing(prompt="0.000001234567", completion="0")
        assert str(pricing.prompt_usd_per_token) == "0.000001234567"
        assert str(pricing.prompt_usd_per_million_tokens) == "1.234567"


@given(st.decimals(0, 1_000, allow_nan=False, places=18))
def test_a_million_tokens_cost_a_million_times_one(price: Decimal):
    pricing = components.PublicPricing(prompt=format(price, "f"), completion="0")
    assert pricing.prompt_usd_per_token == price
    assert pricing.prompt_usd_per_million_tokens == price * 1_000_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(model())) | st.text(max_size=8), JSON, max_size=4))
def test_any_json_is_either_refused_or_shown_as_it_came(changes: dict[str, Any]):
    row = model(**changes) if "name" not in changes else {**model(), **changes}
    try:
        view = components.Model.model_validate(row)
    except ValueError:
        return
    assert view.model_dump() == row
    for name in components.Model.__annotations__:
        getattr(view, name)
    assert len(repr(view)) < 20_000


@pytest.mark.parametrize("month", ["07-22", "08-22"])
def test_every_row_of_the_hosted_catalogue_is_shown_as_it_came(month: str):
    data = json.loads(shared(f"data/openrouter-models-2026-{month}.json").read_text())
    listed = components.ModelsListResponse.model_validate(data)
    assert len(listed.data) > 300
    for row, view in zip(data["data"], listed.data, strict=True):
        assert view.model_dump() == row
        assert view.model_extra == {}
        assert view.architecture.model_extra == view.pricing.model_extra == {}
        for override in view.pricing.overrides or []:
            assert override.model_extra == {}


def test_every_endpoint_of_the_hosted_catalogue_has_fields_that_we_know():
    data = json.loads(shared("data/openrouter-endpoints-2026-07-22.json").read_text())
    rows = [row for rows in data["data"].values() for row in rows]
    assert len(rows) > 1000
    for row in rows:
        whole = endpoint() | row  # the collector of this file left fields out
        check(components.PublicEndpoint, whole)
        assert components.PublicEndpoint.over(whole).model_extra == {}
    assert components.PublicEndpoint.model_validate(endpoint()).latency_last_30m is not None
