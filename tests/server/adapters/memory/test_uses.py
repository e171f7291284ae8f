"""When keys were last used: told to whoever manages them, for one write a minute and key at most, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.factories import ACCOUNT_X, NOON
from tests.live.servers import in_process
from tests.live.tenants import Tenant, operator
from trunkline.server.adapters.memory.uses import EVERY_SECONDS, LiveUses
from trunkline.server.adapters.store.database import open_database
from trunkline.server.errors import StoreUnavailable
from trunkline.server.settings import Settings
from trunkline.server.usecases import accounts as usecase


class Touched:
    """Stands for the store: remembers what was written, unless it is away."""

    def __init__(self) -> None:
        self.writes: list[Mapping[str, datetime]] = []
        self.away = False

    def __call__(self, used: Mapping[str, datetime]) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.writes.append(used)


def at(now: float) -> datetime:
    """Return a Unix time as the store has it."""
    return datetime.fromtimestamp(now, UTC)


def test_a_thousand_requests_of_a_minute_are_one_write():
    touched = Touched()
    uses = LiveUses(touched)
    for number in range(1000):
        uses.note("a", NOON + number * 0.05)
        uses.note("b", NOON + number * 0.05)
        uses.write()
    assert touched.writes == [{"a": at(NOON), "b": at(NOON)}]
    uses.note("a", NOON + EVERY_SECONDS)
    uses.note("c", NOON + EVERY_SECONDS)
    uses.write()
    assert touched.writes[1:] == [{"a": at(NOON + EVERY_SECONDS), "c": at(NOON + EVERY_SECONDS)}]


def test_what_the_store_did_not_take_is_written_later_the_newer_time_of_a_key():
    touched = Touched()
    uses = LiveUses(touched)
    touched.away = True
    uses.note("a", NOON)
    uses.note("b", NOON)
    uses.write()
    uses.note("a", NOON + 90)
    touched.away = False
    uses.write()
    uses.write()
    assert touched.writes == [{"a": at(NOON + 90), "b": at(NOON)}]


def test_the_rest_is_written_at_the_end():
    touched = Touched()
    uses = LiveUses(touched)
    uses.start()
    uses.note("a", NOON)
    uses.stop()
    assert touched.writes == [{"a": at(NOON)}]


def test_keys_that_are_not_used_any_more_are_forgotten():
    uses = LiveUses(Touched())
    for number in range(100):
        uses.note(str(number), NOON + number * EVERY_SECONDS)
        uses.write()
    assert len(uses._noted) <= 2


def test_a_key_shows_when_it_was_last_used_and_a_refused_one_does_not(location: str, tmp_path: Path):
    time = [NOON]
    database = open_database(location)
    made = usecase.create(
        database.accounts,
        operator(ACCOUNT_X),
        usecase.AccountCreate(name="x"),
        clock=lambda: NOON,
        entropy=lambda size: b"\1" * size,
    )
    database.close()
    settings = Settings(home=tmp_path, database_url=location if "://" in location else None)
    with in_process(settings, lambda: time[0]) as site:
        x = Tenant(site, ACCOUNT_X, made.text)
        used, idle = x.key("used"), x.key("idle")

        def last(key: str) -> str | None:
            found: str | None = x.get(f"/keys/{key}").json()["data"]["last_used_at"]
            return found

        assert (last(used.hash), last(idle.hash)) == (None, None)
        before = x.get("/keys").json()["data"]
        used.get("/models/user")
        assert last(used.hash) == "2026-08-22T12:00:00Z"
        assert {row["hash"]: row["last_used_at"] for row in x.get("/keys").json()["data"]} == {
            used.hash: "2026-08-22T12:00:00Z",
            idle.hash: None,
        }
        assert [row["updated_at"] for row in x.get("/keys").json()["data"]] == [row["updated_at"] for row in before]
        time[0] += 30
        used.get("/key")
        assert last(used.hash) == "2026-08-22T12:00:00Z"
        time[0] += 60
        used.get("/key")
        assert last(used.hash) == "2026-08-22T12:01:30Z"
        x.changed("PATCH", f"/keys/{used.hash}", {"disabled": True})
        time[0] += 600
        used.get("/key").error(401)
        idle.get("/models")
    database = open_database(location)
    try:
        times = {one: database.accounts.caller(one) for one in (used.hash, idle.hash, made.management_key.hash)}
        assert {one: caller.key.last_used_at for one, caller in times.items() if caller} == {
            used.hash: at(NOON + 90),
            idle.hash: at(NOON + 690),
            made.management_key.hash: at(NOON + 90),
        }
    finally:
        database.close()
