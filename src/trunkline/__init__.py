"""Trunkline: the OpenRouter API on your own machines.

Importing this package does nothing else: what it offers is loaded when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trunkline import components, errors, operations, types, utils
    from trunkline.client.openrouter import OpenRouter

__version__ = "0.1.0"

__all__ = ["OpenRouter", "components", "errors", "operations", "types", "utils"]


def __getattr__(name: str) -> object:
    # PEP 562: `import trunkline` stays free for the server and the command line, which need none of this.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if name == "OpenRouter":
        from trunkline.client.openrouter import OpenRouter

        globals()[name] = OpenRouter
        return OpenRouter
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
