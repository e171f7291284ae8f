"""A world in which a model is offered by providers of whom each fails in its own way, and by one that never does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tests.gateway.world import World, running
from tests.upstream import listeners

PATIENT: Final = "alpha"
IMPATIENT: Final = "delta"
GOOD: Final = "beta"
PROVIDER: Final = """
[providers.{name}]
base_url = "{url}"
dialect = "openai"
name = "{name}"
api_key = "sk-canary-{name}"
data_policy = {{ training = false, retention_days = 0 }}
timeouts = {{ connect = {connect}, first_byte = {wait}, first_byte_slow = {wait}, idle = {wait} }}

[[endpoints]]
model = "acme/m"
provider = "{name}"
upstream_model = "m-upstream"
pricing = {{ prompt = "0.000001", completion = "0.000001" }}
context_length = 8192
supported_parameters = ["tools", "tool_choice", "max_tokens", "response_format", "structured_outputs", "stop"]
name = "M"
"""


async def resolve(host: str, port: int) -> list[str]:
    """Know no name but that of a metadata service."""
    if host == "metadata.example":
        return ["169.254.169.254"]
    raise OSError("the name is not known")


def written(urls: Mapping[str, str]) -> str:
    """Return the settings of providers at these addresses, all of whom offer acme/m."""
    return "".join(
        PROVIDER.format(name=name, url=url, connect=0.2 if name == "full" else 5, wait=0.6 if name == IMPATIENT else 10)
        for name, url in urls.items()
    )


@contextmanager
def faulty(folder: Path) -> Iterator[World]:
    """Run the world until the block ends."""
    with ExitStack() as stack:
        ports = {
            "closed": stack.enter_context(listeners.closed()),
            "full": stack.enter_context(listeners.full()),
            "plain": stack.enter_context(listeners.talking(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")),
            "untrusted": stack.enter_context(listeners.untrusted(folder)),
        }
        urls = {name: f"http{'s' * (name in SECURE)}://127.0.0.1:{port}/v1" for name, port in ports.items()}
        urls |= {"unknown": "http://unknown.example/v1", "metadata": "http://metadata.example/v1"}
        scripted = ("alpha", "beta", "gamma", "delta")
        urls |= {name: f"http://{name}.example/v1" for name in scripted}
        yield stack.enter_context(running(folder, written(urls), scripted, resolve))


SECURE: Final = ("plain", "untrusted")
"""Where TLS is expected."""
