"""The contract that OpenRouter publishes, where it is at hand, ready to hold answers to it."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

from tests.live.wire import Reply
from tests.shared_data import shared


class Published:
    """Validators for the answers of published operations; each is made once."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        # A provider that the hosted service does not know is on no list of names; its clients take any name.
        document["components"]["schemas"]["ProviderName"] = {"type": "string", "minLength": 1}
        self._components = {"components": document["components"]}
        self.validator = cache(self._make)

    def check(self, path: str, reply: Reply) -> None:
        """Hold the answer of a GET operation, named by its templated path, to what is published for its status."""
        errors = sorted(
            self.validator(path, str(reply.status)).iter_errors(reply.json()), key=lambda one: one.json_path
        )
        assert not errors, [f"{error.json_path}: {error.message[:300]}" for error in errors[:10]]

    def _make(self, path: str, status: str) -> Validator:
        response = self._document["paths"][path]["get"]["responses"][status]
        while "$ref" in response:
            response = self._document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
        schema = response["content"]["application/json"]["schema"]
        kind = validator_for(schema, Draft202012Validator)
        made: Validator = kind({**schema, **self._components}, format_checker=kind.FORMAT_CHECKER)
        return made


def published() -> Published:
    """Read the published contract; skip the test where it is absent."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Published(yaml.load(shared("spec/openapi.yaml").read_text(), Loader=loader))
