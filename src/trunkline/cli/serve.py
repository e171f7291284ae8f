"""`trunkline serve`: checks what can be checked before starting, then runs the server until it is told to stop."""

from __future__ import annotations

import gc
import socket
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from trunkline import __version__
from trunkline.cli.flags import Listen
from trunkline.server.errors import SettingsError
from trunkline.server.settings import Settings

if TYPE_CHECKING:
    from trunkline.server.runtime import FirstStart

_DEFAULTS = Listen()


def serve(flags: Listen = _DEFAULTS) -> int:
    """Run the server until Ctrl-C or SIGTERM."""
    started = time.monotonic()
    settings = flags.load().settings
    prepare_home(settings.home)
    address, port = free_address(settings.host, settings.port)
    settings = msgspec.structs.replace(settings, port=port)
    url = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
    _say(f"Trunkline {__version__} at {url}/api/v1 (documentation: {url}/docs)")
    _say(f"data in {settings.home}")

    # Loaded here once, after the checks that need none of it: forked workers share its memory (frozen, so that the
    # garbage collector does not write to it), and a replacement starts at once.
    from trunkline.cli.workers import Workers
    from trunkline.server.runtime import first_start

    _introduce(settings, first_start(settings, draw=sys.stdout.isatty()))
    settings = msgspec.structs.replace(settings, management_key=None)  # no worker needs it
    gc.freeze()

    def ready() -> None:
        count = _count(address, port)
        models = "" if count is None else f"{count} models, "
        _say(f"{models}ready in {time.monotonic() - started:.1f} s; Ctrl-C stops")

    Workers(settings, _sockets(address, port, settings.workers), ready).run()
    return 0


def _introduce(settings: Settings, found: FirstStart) -> None:
    if found.made is not None:
        account = found.made.account
        _say(f"made the account {account.name} ({account.id})")
        if settings.management_key is None:
            _say(f"its management key, shown this once: {found.made.text}")
    elif not found.has_account:
        # Whoever reads a log later would read the key: it is drawn only for somebody who sees it at once.
        _say("no account yet: set TRUNKLINE_MANAGEMENT_KEY, or run `trunkline account create NAME`")
    if found.providers:
        _say(f"calls go to {', '.join(sorted(found.providers))}")
    else:
        _say("no provider is configured: the catalogue is served, and no call is passed on")


def prepare_home(home: Path) -> None:
    """Create the data folder, readable by its owner only; leave one that exists as it is. Raises `SettingsError`."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"home {home}: cannot be created: {error.strerror}") from None


def free_address(host: str, port: int) -> tuple[str, int]:
    """Return the numeric address and port to listen on (a free port for 0). Raises `SettingsError` if it is taken.

    Several workers share their port with whoever asks for it in the same way: a second server would go unnoticed.
    """
    try:
        family, kind, protocol, _, (address, *_) = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise SettingsError(f"host {host}: {error.strerror or error}") from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise SettingsError(f"cannot listen on {host} port {port}: {error.strerror}") from None
        return str(address), probe.getsockname()[1]


def _sockets(address: str, port: int, number: int) -> list[socket.socket]:
    """Return sockets of one address among which the system shares out those who come. Raises `SettingsError`.

    They outlive the workers that listen on them: whoever comes while one is replaced waits in its socket.
    """
    made = []
    for _ in range(number):
        listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if number > 1:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            listening.bind((address, port))
        except OSError as error:
            raise SettingsError(f"cannot listen on {address} port {port}: {error.strerror}") from None
        made.append(listening)
    return made


def _count(address: str, port: int) -> int | None:
    # Asks as any client would.
    connection = HTTPConnection(address, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return int(msgspec.json.decode(connection.getresponse().read())["models"])
    except (OSError, HTTPException, msgspec.DecodeError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
