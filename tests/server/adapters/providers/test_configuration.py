"""What the settings mean: who can be called and where, and what the catalogue shows of it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from tests.factories import endpoint_fact, layered, model_fact, provider_fact
from trunkline.server.adapters.providers.configuration import Configuration, configure, variable_names
from trunkline.server.adapters.providers.targets import DIALECTS
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.errors import SettingsError
from trunkline.server.settings import Effective, load

SHIPPED: dict[str, dict[str, Any]] = {
    "openai": {
        "name": "OpenAI",
        "base_url": "https://api.openai.com/v1",
        "dialect": "openai",
        "env": ["OPENAI_API_KEY"],
    },
    "anthropic": {
        "name": "Anthropic",
        "base_url": "https://api.anthropic.com/v1",
        "dialect": "anthropic",
        "env": ["ANTHROPIC_API_KEY"],
    },
    "cloudflare": {
        "name": "Cloudflare",
        "base_url": "https://api.cloudflare.com/accounts/{CF_ACCOUNT}/ai/v1",
        "dialect": "openai",
        "env": ["CF_KEY", "CF_ACCOUNT"],
    },
    "amazon-bedrock": {
        "name": "Bedrock",
        "base_url": "https://bedrock.example",
        "dialect": "bedrock",
        "env": ["AWS_TOKEN"],
    },
    "google-ai-studio": {
        "name": "Google AI Studio",
        "base_url": "https://generativelanguage.googleapis.com/v1beta",
        "dialect": "gemini",
        "env": ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    },
    "mara": {"name": "Mara", "base_url": "https://api.mara.example/v1", "dialect": "openai"},
}
ALPHA = """
[providers.alpha]
base_url = "http://127.0.0.1:9200/v1"
dialect = "openai"            # openai | anthropic | gemini
api_key = "${ALPHA_API_KEY}"  # or absent
data_policy = { training = false, retention_days = 0 }

[[endpoints]]
model = "openai/gpt-4"        # a catalogue id, or a new one with its own name, context_length, ...
provider = "alpha"
upstream_model = "gpt-4"
pricing = { prompt = "0.00003", completion = "0.00006" }
"""


@pytest.fixture
def read(tmp_path: Path):
    def one(text: str, **environ: str) -> Effective:
        (tmp_path / "trunkline.toml").write_text(text)
        return load({"home": str(tmp_path)}, environ)

    return one


@pytest.fixture
def configured(read):
    def one(text: str, **environ: str) -> Configuration:
        return configure(read(text, **environ).settings, SHIPPED, environ)

    return one


def served(configuration: Configuration, *facts) -> Snapshot:
    """Return the catalogue of some stored facts under a configuration; every row must be sound."""
    snapshot, problems = build(configuration.over(layered(*facts)), 1, 1_787_400_000.0)
    assert not problems
    return snapshot


def row_of(snapshot: Snapshot, model: str):
    return next(row for row in snapshot.rows if row.id == model)


def test_a_model_of_the_catalogue_gets_the_operator_s_endpoint_beside_the_others(configured):
    snapshot = served(
        configured(ALPHA, ALPHA_API_KEY="sk-1"),
        provider_fact("openai", name="OpenAI"),
        model_fact("openai/gpt-4", name="GPT-4", context_length=8000),
        endpoint_fact("openai/gpt-4", "openai", pricing={"prompt": "0.1", "completion": "0.1"}),
    )
    ours = {endpoint.provider: endpoint for endpoint in row_of(snapshot, "openai/gpt-4").endpoints}
    assert set(ours) == {"openai", "alpha"}
    assert ours["alpha"].wire["pricing"] == {"prompt": "0.00003", "completion": "0.00006"}
    assert ours["alpha"].notes["upstream_model"] == "gpt-4"
    assert ours["alpha"].zdr
    assert row_of(snapshot, "openai/gpt-4").decode()["name"] == "GPT-4"


def test_an_own_endpoint_that_does_not_say_what_it_takes_may_be_asked_for_anything(configured):
    def note(text: str, **environ: str) -> object:
        endpoints = row_of(served(configured(text, **environ)), "openai/gpt-4").endpoints
        return endpoints[0].notes.get("parameters")

    assert note(ALPHA, ALPHA_API_KEY="k") == "unstated"
    assert note(ALPHA + 'supported_parameters = ["tools"]', ALPHA_API_KEY="k") is None
    shipped = ALPHA.replace("providers.alpha", "providers.openai").replace('provider = "alpha"', 'provider = "openai"')
    assert note(shipped, ALPHA_API_KEY="k") is None


def test_a_new_model_is_listed_with_its_own_facts(configured):
    text = ALPHA + (
        '[[endpoints]]\nmodel = "acme/new"\nprovider = "alpha"\nname = "Acme New"\ncontext_length = 32000\n'
        'created = "2026-08-01"\ninput_modalities = ["text", "image"]\npricing = { prompt = "0", completion = "0" }\n'
        'supported_parameters = ["temperature", "tools"]\n'
    )
    shown = row_of(served(configured(text, ALPHA_API_KEY="k")), "acme/new").decode()
    assert (shown["name"], shown["context_length"], shown["created"]) == ("Acme New", 32000, 1785542400)
    assert shown["architecture"]["input_modalities"] == ["text", "image"]
    assert shown["supported_parameters"] == ["temperature", "tools"]
    assert shown["pricing"] == {"prompt": "0", "completion": "0"}


def test_what_the_settings_say_of_a_model_yields_to_what_the_catalogue_says(configured):
    text = ALPHA.replace('upstream_model = "gpt-4"', 'name = "Ours"')
    known = served(configured(text, ALPHA_API_KEY="k"), model_fact("openai/gpt-4", name="GPT-4"))
    assert row_of(known, "openai/gpt-4").decode()["name"] == "GPT-4"
    assert row_of(served(configured(text, ALPHA_API_KEY="k")), "openai/gpt-4").decode()["name"] == "Ours"


def test_a_price_for_a_provider_of_the_catalogue_takes_the_place_of_its_own(configured):
    text = '[[endpoints]]\nmodel = "openai/gpt-4"\nprovider = "openai"\npricing = { prompt = "1e-6", completion = "2" }'
    snapshot = served(
        configured(text),
        model_fact("openai/gpt-4"),
        endpoint_fact(
            "openai/gpt-4", "openai", notes={"upstream_model": "gpt-4-0613"}, pricing={"prompt": "9", "completion": "9"}
        ),
    )
    (endpoint,) = row_of(snapshot, "openai/gpt-4").endpoints
    assert endpoint.wire["pricing"] == {"prompt": "0.000001", "completion": "2"}
    assert endpoint.notes["upstream_model"] == "gpt-4-0613"


def test_an_endpoint_without_a_price_has_an_unknown_one(configured):
    text = ALPHA.replace("pricing", "# pricing")
    (endpoint,) = row_of(served(configured(text, ALPHA_API_KEY="k")), "openai/gpt-4").endpoints
    assert endpoint.wire["pricing"] == {"prompt": "-1", "completion": "-1"}


@pytest.mark.parametrize(
    ("discount", "prompt", "shown"),
    [
        ('"0.2"', "0.000024", 0.2),
        ("0.2", "0.000024", 0.2),
        ("-0.1", "0.000033", None),
        ("1.5", "0.00003", None),
        ('"1"', "0.00003", None),
    ],
)
def test_an_operator_s_discount_is_taken_off_once(configured, discount, prompt, shown):
    text = ALPHA.replace('completion = "0.00006"', f'completion = "0.00006", discount = {discount}')
    (endpoint,) = row_of(served(configured(text, ALPHA_API_KEY="k")), "openai/gpt-4").endpoints
    assert endpoint.wire["pricing"]["prompt"] == prompt
    assert endpoint.wire["pricing"].get("discount") == shown


def test_a_discount_reaches_the_prices_of_overrides_and_none_of_their_conditions(configured):
    text = ALPHA.replace(
        'completion = "0.00006"',
        'completion = "2", discount = "0.5",'
        ' overrides = [{ min_prompt_tokens = 200000, prompt = "4", completion = "6" }]',
    )
    (endpoint,) = row_of(served(configured(text, ALPHA_API_KEY="k")), "openai/gpt-4").endpoints
    assert endpoint.wire["pricing"]["overrides"] == [{"min_prompt_tokens": 200000, "prompt": "2", "completion": "3"}]


def test_a_provider_is_usable_only_with_the_key_that_it_names(configured):
    assert configured(ALPHA, ALPHA_API_KEY="sk-1").targets.usable() == {"alpha"}
    without = configured(ALPHA)
    assert without.targets.usable() == frozenset()
    assert without.notes == ("provider alpha is off: it has no key",)
    assert configured(ALPHA, ALPHA_API_KEY="").targets.usable() == frozenset()


def test_a_provider_without_a_key_setting_is_called_without_one(configured):
    text = '[providers.local]\nbase_url = "http://127.0.0.1:8000/v1"'
    target = configured(text).targets.by_slug("local")
    assert (target.key, target.configured) == (None, True)


def test_a_provider_of_the_catalogue_is_on_when_its_variable_is_set(configured):
    targets = configured("", OPENAI_API_KEY="sk-1", AWS_TOKEN="x").targets
    assert targets.usable() == {"openai"}
    target = targets.by_slug("openai")
    assert (target.base_url, target.key, target.configured) == ("https://api.openai.com/v1", "sk-1", False)


@pytest.mark.parametrize("variable", ["GEMINI_API_KEY", "GOOGLE_API_KEY"])
def test_google_is_spoken_to_in_its_own_dialect(configured, variable):
    target = configured("", **{variable: "AIza"}).targets.by_slug("google-ai-studio")
    assert (target.dialect, target.key) == (DIALECTS["gemini"], "AIza")
    assert target.base_url == "https://generativelanguage.googleapis.com/v1beta"


def test_an_address_with_parts_needs_all_of_them_and_takes_no_more_than_names(configured):
    assert configured("", CF_KEY="k").targets.usable() == frozenset()
    assert configured("", CF_KEY="k", CF_ACCOUNT="evil.example/x?").targets.usable() == frozenset()
    target = configured("", CF_KEY="k", CF_ACCOUNT="abc123").targets.by_slug("cloudflare")
    assert target.base_url == "https://api.cloudflare.com/accounts/abc123/ai/v1"
    assert target.key == "k"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1:11500", "http://127.0.0.1:11500/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("gpu-box", "http://gpu-box:11434/v1"),
        ("http://gpu-box:9/", "http://gpu-box:9/v1"),
        ("https://gpu.example", "https://gpu.example:443/v1"),
        ("https://gpu.example/ollama/v1", "https://gpu.example:443/ollama/v1"),
        ("[::1]:11434", "http://[::1]:11434/v1"),
    ],
)
def test_ollama_is_called_where_its_variable_says(configured, host, url):
    target = configured("", OLLAMA_HOST=host).targets.by_slug("ollama")
    assert (target.base_url, target.key, target.configured) == (url, None, True)


def test_an_ollama_address_that_is_none_is_refused(configured):
    with pytest.raises(SettingsError, match="OLLAMA_HOST"):
        configured("", OLLAMA_HOST="http://user:pw@box")


def test_the_usual_key_is_never_sent_to_an_unusual_address(configured):
    text = '[providers.openai]\nbase_url = "https://proxy.example/v1"'
    assert configured(text, OPENAI_API_KEY="sk-usual").targets.by_slug("openai").key is None
    named = configured('[providers.openai]\napi_key = "${MINE}"', OPENAI_API_KEY="sk-usual", MINE="sk-mine")
    target = named.targets.by_slug("openai")
    assert (target.key, target.base_url, target.configured) == ("sk-mine", "https://api.openai.com/v1", False)


def test_a_provider_can_be_switched_off(configured):
    assert configured("[providers.openai]\nenabled = false", OPENAI_API_KEY="k").targets.usable() == frozenset()


def test_an_imported_address_is_never_called(configured):
    """Keys are for addresses that the operator wrote or that come with the package."""
    configuration = configured("", OPENAI_API_KEY="sk-1")
    served(configuration, provider_fact("openai", notes={"base_url": "https://evil.example/v1"}), model_fact("a/b"))
    assert configuration.targets.by_slug("openai").base_url == "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[providers.x]\nbase_url = "http://x/v1"\napi_kye = "a"',
            "unknown key providers.x.api_kye; did you mean providers.x.api_key?",
        ),
        (
            '[[endpoints]]\nmodel = "a/b"\nprovder = "x"',
            "unknown key endpoints[0].provder; did you mean endpoints[0].provider?",
        ),
        (
            '[providers.x]\nbase_url = "http://x/v1"\ndata_policy = { trainig = false }',
            "did you mean providers.x.data_policy.training?",
        ),
        ('[providers.x]\nbase_url = "ftp://x/v1"', "providers.x in FILE: expected str matching regex"),
        (
            '[providers.x]\nbase_url = "http://x/v1"\napi_key = 3',
            "providers.x in FILE: expected str, got int at api_key",
        ),
        ('[providers.x]\nbase_url = "http://x/v1"\napi_key = ""', "expected a text that is not empty at api_key"),
        (
            '[providers.x]\nbase_url = "http://x/v1"\napi_key = "a\\nb"',
            "expected printable ASCII characters at api_key",
        ),
        (
            '[providers.x]\nbase_url = "http://x/v1"\ndialect = "grpc"',
            "providers.x in FILE: invalid enum value 'grpc' at dialect",
        ),
        ('[providers.x]\nbase_url = "http://u:p@x/v1"', "keys belong into api_key or headers"),
        (
            '[providers.x]\nbase_url = "http://x/v1"\nheaders = { Host = "y" }',
            "headers.Host is not a header that can be set",
        ),
        ('[providers.X]\nbase_url = "http://x/v1"', "providers.X in FILE: a provider's name is written in a-z"),
        ('[[endpoints]]\nmodel = "a/b"', "endpoints in FILE: object missing required field provider"),
        ("endpoints = 3", "endpoints in FILE: expected array, got int"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_by_name(read, tmp_path, text, said):
    with pytest.raises(SettingsError) as refused:
        read(text)
    assert said.replace("FILE", str(tmp_path / "trunkline.toml")) in refused.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[endpoints]]\nmodel = "a/b"\nprovider = "openia"',
            "endpoints[0]: there is no provider openia; did you mean openai?",
        ),
        ('[providers.x]\nname = "X"', "providers.x: base_url is missing, and the catalogue knows none"),
        (
            '[providers.x]\nbase_url = "http://2130706433/v1"',
            "providers.x: the base URL's host is neither a name nor an address",
        ),
        ('[[endpoints]]\nmodel = "no id"\nprovider = "openai"', "no id"),
        (
            '[[endpoints]]\nmodel = "a/b"\nprovider = "openai"\npricing = { prompt = 0.1, completion = "1" }',
            "pricing.prompt",
        ),
        (
            '[[endpoints]]\nmodel = "a/b"\nprovider = "openai"\npricing = { prompt = "-2", completion = "1" }',
            "pricing.prompt",
        ),
        (
            (
                '[[endpoints]]\nmodel = "a/b"\nprovider = "openai"\n'
                'pricing = { prompt = "1", completion = "1", discount = "x" }'
            ),
            "endpoints[0]: pricing.discount is not a number",
        ),
        ('[[endpoints]]\nmodel = "a/b"\nprovider = "openai"\ntag = "other/fp8"', "does not begin with the provider"),
        (
            '[providers.amazon-bedrock]\napi_key = "k"',
            "providers.amazon-bedrock: the dialect bedrock is not spoken here",
        ),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_by_name(configured, text, said):
    with pytest.raises(SettingsError) as refused:
        configured(text)
    assert said in refused.value.message
    assert "\n" not in refused.value.message


def test_a_secret_is_shown_nowhere(read, configured):
    text = (
        ALPHA
        + '[providers.beta]\nbase_url = "http://b/v1"\napi_key = "sk-canary-1"\nheaders = { X-Key = "canary-2" }\n'
    )
    effective = read(text, ALPHA_API_KEY="canary-3")
    configuration = configured(text, ALPHA_API_KEY="canary-3")
    target = configuration.targets.by_slug("beta")
    assert (target.key, target.headers) == ("sk-canary-1", (("x-key", "canary-2"),))
    everything = f"{effective.settings}{list(effective.shown())}{target}{configuration}{effective.settings.providers}"
    assert "canary" not in everything
    assert "${ALPHA_API_KEY}" in everything
    assert pickle.loads(pickle.dumps(effective.settings)).providers["beta"].api_key.reveal() == "sk-canary-1"


def test_the_variables_that_count_are_those_of_the_package_and_ollama_s():
    assert variable_names(SHIPPED) == {
        "OLLAMA_HOST",
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "CF_KEY",
        "CF_ACCOUNT",
        "AWS_TOKEN",
        "GEMINI_API_KEY",
        "GOOGLE_API_KEY",
    }
