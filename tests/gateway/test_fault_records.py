"""After every fault in a row on a whole server: the store has one record for each call, and none makes no sense."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path

from tests.factories import ACCOUNT_X, delivered, seed
from tests.gateway.fault_rows import TOKENS
from tests.gateway.fault_tables import GROUPS
from tests.gateway.faulty import GOOD, written
from tests.gateway.world import Clock
from tests.live.servers import in_process
from tests.live.tenants import Tenant, create_account
from tests.upstream.answers import completion, hello, whole
from tests.upstream.scripted import ScriptedProvider
from trunkline.server.adapters.store.journal import REFUSED
from trunkline.server.settings import load

PLAYED = {"alpha", "delta"}


def test_every_call_leaves_one_record_in_the_store(tmp_path: Path):
    rows = [row for rows in GROUPS.values() for row in rows if row.provider in PLAYED and row.patience is None]
    clock = Clock()
    home = seed(tmp_path / "home", [delivered()])
    management = create_account(home, ACCOUNT_X, now=clock)
    with ScriptedProvider() as alpha, ScriptedProvider() as beta, ScriptedProvider() as delta:
        providers = {"alpha": alpha, "beta": beta, "delta": delta}
        (home / "trunkline.toml").write_text(written({name: one.url for name, one in providers.items()}))
        with in_process(load({"home": str(home)}, {}).settings, clock) as site:
            key = Tenant(site, ACCOUNT_X, management).key()
            seen: list[str] = []
            for row in rows:
                broken = None if row.after is None else (*TOKENS, *row.after)
                for stream, steps in ((False, row.whole), (True, row.streamed), (True, broken)):
                    if steps is None:
                        continue
                    providers[row.provider].then(*steps)
                    providers[GOOD].always(*(hello() if stream else whole(completion())))
                    order = {"order": [row.provider, GOOD], "only": [row.provider, GOOD]}
                    sent = {"model": "acme/m", "stream": stream, "provider": order}
                    sent["messages"] = [{"role": "user", "content": "Hi"}]
                    body, bearer = json.dumps(sent).encode(), f"Bearer {key.text}"
                    reply = site.ask("POST", "/chat/completions", body, authorization=bearer)
                    assert reply.status not in {500, 401}, (row.name, reply)
                    seen.append(reply.headers["x-generation-id"])
            told = key.get("/key").json()["data"]
    with sqlite3.connect(home / "trunkline.db") as store:
        ids = [row[0] for row in store.execute("SELECT id FROM generations")]
        (pico,) = store.execute("SELECT SUM(usage_pico) FROM ledger").fetchone()
        records = [json.loads(row[0]) for row in store.execute("SELECT document FROM generations")]
    assert len(seen) > 150
    assert Counter(ids) == Counter(seen)
    charged = [float(record.get("charged", 0)) for record in records]
    assert min(charged) >= 0
    assert round(told["usage"] * 10**12) == pico == round(sum(charged) * 10**12)
    assert not (home / "journal" / REFUSED).exists()
