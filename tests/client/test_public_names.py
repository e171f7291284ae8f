"""What the package offers: every name listed, and nothing loaded before it is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from types import ModuleType

import pytest

import trunkline
from trunkline import components, errors, operations, types, utils

PUBLIC = (trunkline, components, errors, operations, types, utils)


@pytest.mark.parametrize("module", PUBLIC, ids=lambda module: module.__name__)
def test_every_name_is_there_and_listed(module: ModuleType):
    assert all(hasattr(module, name) for name in module.__all__)
    assert set(module.__all__) <= set(dir(module))
    if module is not trunkline:
        offered = {
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and not isinstance(value, ModuleType) and name not in ("annotations", "Final")
        }
        assert offered == set(module.__all__)


def test_an_unknown_name_is_an_import_error():
    with pytest.raises(ImportError, match="nonsense"):
        from trunkline import nonsense  # noqa: F401


def loaded_after(code: str) -> set[str]:
    before = "import sys; before = set(sys.modules)"
    after = "new = sorted(set(sys.modules) - before); import json; print(json.dumps(new))"
    done = subprocess.run(
        [sys.executable, "-c", f"{before}; {code}; {after}"], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.parametrize(
    "code", ["import trunkline", "from trunkline import OpenRouter; OpenRouter(api_key='k', server_url='http://h')"]
)
def test_importing_and_making_a_client_loads_no_library(code: str):
    assert not loaded_after(code) & {"msgspec", "pyreqwest", "asyncio", "inspect", "decimal", "ssl", "email"}


def test_the_client_loads_nothing_of_the_server():
    use = "from trunkline import OpenRouter, components, errors, operations, types, utils; OpenRouter().models"
    known = {"httptools", "uvloop", "sqlalchemy", "alembic", "structlog", "numpy", "cyclopts", "jinja2", "yaml"}
    assert not loaded_after(use) & known
