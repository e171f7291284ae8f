"""What headers of a call say: how it was routed, which app calls, whose key it is (spec gateway 1.1)."""

from __future__ import annotations

import pytest

from tests.gateway.world import World
from tests.upstream.answers import completion, whole

OK = whole(completion())


def test_a_key_that_is_switched_off_calls_nobody_until_it_is_on_again(world: World):
    world.always(*OK)
    made = world.tenant.key("to be disabled")
    authorization = {"authorization": f"Bearer {made.text}"}
    assert world.chat(headers=authorization).status == 200
    world.tenant.changed("PATCH", f"/keys/{made.hash}", {"disabled": True})
    for stream in (False, True):
        reply = world.chat(headers=authorization, stream=stream)
        reply.error(401)
        assert "x-generation-id" not in reply.headers
    world.tenant.changed("PATCH", f"/keys/{made.hash}", {"disabled": False})
    assert world.chat(headers=authorization).status == 200
    assert len(world.called()) == 2


@pytest.mark.parametrize("name", ["x-openrouter-metadata", "x-openrouter-experimental-metadata"])
@pytest.mark.parametrize(
    ("said", "is_there"),
    [("ENABLED", True), ("enabled", True), ("Enabled", True), ("yes", False), ("true", False), ("disabled", False)],
)
def test_routing_is_told_to_those_who_enable_it_and_to_nobody_else(world: World, name: str, said: str, is_there: bool):
    world.always(*OK)
    assert ("openrouter_metadata" in world.chat(headers={name: said}).json()) is is_there
    world.always(*whole({"error": {"message": "no"}}, 500))
    assert ("openrouter_metadata" in world.chat(headers={name: said}).json()) is is_there


@pytest.mark.parametrize(
    ("headers", "app"),
    [
        ({"x-title": "A"}, (None, None)),
        ({"x-openrouter-title": "A"}, (None, None)),
        ({"http-referer": "http://localhost:3000/chat"}, (None, None)),
        ({"http-referer": "http://127.0.0.1"}, (None, None)),
        ({"http-referer": "http://localhost:3000/chat", "x-title": "A"}, ("http://localhost:3000", "A")),
        ({"http-referer": "https://App.example/chat?x=1"}, ("https://app.example", None)),
        ({"http-referer": "https://app.example", "x-openrouter-title": "A"}, ("https://app.example", "A")),
        ({"http-referer": "no address", "x-title": "A"}, (None, None)),
    ],
)
def test_an_app_is_its_address_and_has_a_title_where_the_address_is_anybodys(
    world: World, headers: dict[str, str], app: tuple[str | None, str | None]
):
    world.always(*OK)
    assert world.chat(headers=headers).status == 200
    assert (world.record().referer, world.record().app_title) == app


def test_of_an_apps_categories_the_first_two_that_are_well_formed_count(world: World):
    world.always(*OK)
    said = "cli-agent, Not One, ide-extension, roleplay, " + "x" * 31
    world.chat(headers={"http-referer": "https://app.example", "x-openrouter-categories": said})
    assert world.record().app_categories == ("cli-agent", "ide-extension")
