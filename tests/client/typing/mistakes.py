# ruff: noqa: B018 - every line here is a mistake, and most of them are no statements
"""What type checkers must refuse: each line marked so, and no other. Never run."""

from __future__ import annotations

from trunkline import OpenRouter, components, operations, types


def mistakes(client: OpenRouter) -> None:
    client.models.list(contxt=1)  # refused
    client.models.list("programming")  # refused
    client.models.list(context="many")  # refused
    client.models.list(zdr="false")  # refused
    client.models.list(region="mars")  # refused
    client.models.list(context=types.UNSET)  # refused
    client.models.list_for_user()  # refused
    client.models.list_for_user(security={"key": "sk"})  # refused
    client.models.get(author="openai")  # refused
    listed = client.models.list()
    listed.dta  # refused
    listed.data[0].nmae  # refused
    listed.data[0].name = "other"  # refused
    listed.data[0].expiration_date.split("-")  # refused
    listed.data[0].description.split()  # refused
    listed.data[0].pricing.usd_per_token("request")  # refused
    components.PublicPricing(prompt="0.1")  # refused
    operations.ListModelsUserSecurity("sk")  # refused
    OpenRouter(sever_url="http://h")  # refused
