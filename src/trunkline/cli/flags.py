"""The flags that commands share: where the data is, and where the server listens."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from cyclopts import Parameter

from trunkline.server.settings import ROWS, Effective, load

_HELP = {row.name: row.help for row in ROWS}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Place:
    """Flags of every command that reads or writes data: texts as typed, which the settings judge like variables."""

    home: Annotated[str | None, Parameter(help=_HELP["home"])] = None
    config: Annotated[str | None, Parameter(help=_HELP["config"])] = None

    def load(self) -> Effective:
        """Return the effective settings under these flags. Raises `SettingsError`."""
        return load(asdict(self))


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Listen(Place):
    """Flags of the server."""

    host: Annotated[str | None, Parameter(help=_HELP["host"])] = None
    port: Annotated[str | None, Parameter(help=_HELP["port"])] = None
    workers: Annotated[str | None, Parameter(help=_HELP["workers"])] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class In(Place):
    """Flags of every command that works in an account."""

    account: Annotated[str | None, Parameter(help="Id or name of the account; not needed where there is one.")] = None
