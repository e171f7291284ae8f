"""The way to a first answer, typed as docs/gateway.md has it: the settings, a key, and the call with curl."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

from tests.conftest import COMMAND
from tests.factories import fixture_delivery, seed
from tests.live.servers import process
from tests.upstream.answers import completion, whole
from tests.upstream.scripted import ScriptedProvider

PAGE = (Path(__file__).parents[2] / "docs" / "gateway.md").read_text()


def code(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def test_the_first_call_of_the_manual_is_answered(tmp_path):
    home = seed(tmp_path / "home", [fixture_delivery()])
    with ScriptedProvider() as alpha:
        alpha.always(*whole(completion("Good day")))
        (home / "trunkline.toml").write_text(code("toml").replace("http://127.0.0.1:9200/v1", alpha.url))
        secrets = {"ALPHA_API_KEY": "sk-alpha", "TRUNKLINE_MANAGEMENT_KEY": "sk-or-v1-" + "d" * 64}
        with process(home, **secrets) as site:
            command = re.search(r"`trunkline (keys create [a-z]+)`", PAGE)
            assert command
            made = subprocess.run(
                [COMMAND, *shlex.split(command[1]), "--home", home], capture_output=True, text=True, check=True
            )
            key = re.search(r"sk-or-v1-[0-9a-f]{64}", made.stdout + made.stderr)
            assert key
            typed = code("sh").replace("http://127.0.0.1:8080", f"http://{site.host}:{site.port}")
            said = subprocess.run(
                ["bash", "-c", typed.replace("curl ", "curl -sS ", 1)],
                env=os.environ | {"TRUNKLINE_KEY": key[0]},
                capture_output=True,
                text=True,
                check=True,
            )
    answer = json.loads(said.stdout)
    assert answer["choices"][0]["message"]["content"] == "Good day"
    assert answer["provider"] == "alpha"
    assert answer["usage"]["cost"] == 0.00039
    (call,) = alpha.calls
    assert call.header("authorization") == "Bearer sk-alpha"
    assert json.loads(call.body)["model"] == "gpt-4"
