"""The blocking twins are what the generator makes, and every call has both."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trunkline import OpenRouter, operations

ROOT = Path(__file__).resolve().parents[2]
TAGS = ("models", "endpoints", "providers", "embeddings")


def methods(tag: str) -> dict[str, Any]:
    operations_of = getattr(OpenRouter(), tag)
    return dict(inspect.getmembers(operations_of, inspect.ismethod))


def public(tag: str) -> list[str]:
    return [name for name in methods(tag) if not name.startswith("_")]


def test_generating_the_twins_anew_changes_nothing():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "unasync.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), "run scripts/unasync.py"


@pytest.mark.parametrize("tag", TAGS)
def test_every_call_has_a_twin_with_the_same_signature_and_documentation(tag: str):
    known = methods(tag)
    blocking = [name for name in public(tag) if not name.endswith("_async")]
    assert blocking
    assert sorted(public(tag)) == sorted([*blocking, *(f"{name}_async" for name in blocking)])
    for name in blocking:
        one, other = known[name], known[f"{name}_async"]
        assert inspect.iscoroutinefunction(other)
        assert not inspect.iscoroutinefunction(one)
        mine, theirs = inspect.signature(one), inspect.signature(other)
        assert list(mine.parameters.values()) == list(theirs.parameters.values())
        assert mine.return_annotation == str(theirs.return_annotation).replace("AsyncModelsPage", "ModelsPage")
        assert one.__doc__ == other.__doc__


@pytest.mark.parametrize("tag", TAGS)
def test_every_parameter_is_documented_and_given_by_keyword(tag: str):
    for name, method in methods(tag).items():
        if name.startswith("_"):
            continue
        parameters = inspect.signature(method).parameters
        documented = re.findall(r":param (\w+):", method.__doc__ or "")
        assert sorted(documented) == sorted(parameters), name
        assert {parameter.kind for parameter in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}


def test_both_pages_offer_the_same():
    def names(kind: type) -> set[str]:
        return {name for name in dir(kind) if name not in ("__aiter__", "__iter__")}

    assert names(operations.ModelsPage) == names(operations.AsyncModelsPage)
