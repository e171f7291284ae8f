"""Software of others reads our list: `openai`, LangChain, Pydantic AI and llm-openrouter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import Environment
from tests.live.wire import Site

RUN = Path(__file__).with_name("run_readers.py")


def read(readers: Environment, name: str, site: Site, folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = readers.run(RUN, name, site.url, str(folder))
    return told


@pytest.mark.parametrize("name", ["openai", "langchain_openai", "langchain_openrouter", "pydantic_ai"])
def test_every_model_is_read(readers: Environment, bundled: Site, tmp_path: Path, name: str):
    told = read(readers, name, bundled, tmp_path)
    assert told["ids"] == bundled.get("/models?output_modalities=all").ids


def test_the_openai_client_reads_when_models_were_made_and_raises_its_own_errors(
    readers: Environment, site: Site, tmp_path: Path
):
    told = read(readers, "openai", site, tmp_path)
    rows = site.get("/models?output_modalities=all").json()["data"]
    assert told["created"] == [row["created"] for row in rows]
    wrong = [400, 400, "Invalid request parameters"]
    assert told["faults"] == [wrong, wrong, [404, 404, "Resource not found"]]


def test_pydantic_ai_makes_a_model_of_every_id(readers: Environment, bundled: Site, tmp_path: Path):
    told = read(readers, "pydantic_ai", bundled, tmp_path)
    assert told["profiles"] == len(told["ids"])


def test_llm_registers_every_text_model_with_what_it_can_do(readers: Environment, bundled: Site, tmp_path: Path):
    told = read(readers, "llm_openrouter", bundled, tmp_path)
    rows = bundled.get("/models").json()["data"]
    assert told["ids"] == [row["id"] for row in rows]
    assert told["shown"] == rows
    assert told["vision"] == [row["id"] for row in rows if "image" in row["architecture"]["input_modalities"]]
    assert told["tools"] == [row["id"] for row in rows if "tools" in row["supported_parameters"]]
    assert told["schema"] == [row["id"] for row in rows if "structured_outputs" in row["supported_parameters"]]
    assert told["refreshed"] == "No changes"
    assert set(told["asked"]) == {"https://openrouter.ai/api/v1/models"}
