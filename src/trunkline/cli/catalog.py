"""`trunkline catalog`: imports into this home's catalogue, what they changed, and the way back."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from trunkline.cli import catalog_output as output
from trunkline.cli.flags import Place
from trunkline.cli.progress import progress
from trunkline.cli.serve import prepare_home
from trunkline.server.adapters.feeds.documents import LARGEST_JSON, MEBIBYTE
from trunkline.server.adapters.feeds.fetch import fetch, is_url, shown_url
from trunkline.server.adapters.feeds.formats import FORMATS, read_feed
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.adapters.store.catalog import SqlCatalogStore
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.facts import Delivery, Fact, Layered, Problem
from trunkline.server.errors import FeedRefused, RevisionNotFound, SettingsError, TrunklineError
from trunkline.server.settings import Feed
from trunkline.server.usecases import imports
from trunkline.server.usecases.ports import Progress

app = App(name="catalog", help="Import into the catalogue, and see or undo what changed.")

_HERE = Place()
Json = Annotated[bool, Parameter(negative="", help="Print JSON.")]
Merge = Annotated[bool, Parameter(negative="", help="Keep models, endpoints and providers that a full list lacks.")]
Accept = Annotated[bool, Parameter(negative="", help="Take prices and numbers of models that are far from before.")]
Form = Annotated[
    str | None, Parameter(name="--format", help="Take only this format: " + ", ".join(row.name for row in FORMATS))
]
Trial = Annotated[bool, Parameter(negative="", help="Only tell what would change.")]


@app.command(name="import")
def import_(
    *sources: str,
    merge: Merge = False,
    accept: Accept = False,
    form: Form = None,
    dry_run: Trial = False,
    json: Json = False,
    place: Place = _HERE,
) -> int:
    """Import files or URLs as one revision; all or nothing.

    Example: `trunkline catalog import models.json endpoints.json`

    Parameters
    ----------
    sources
        Files or https URLs: OpenRouter's models, endpoints and providers, models.dev, our own YAML.
    """
    if not sources:
        raise SettingsError("name at least one file or URL to import")
    if form is not None and form not in (row.name for row in FORMATS):
        raise SettingsError(f"there is no format {form}; known are " + ", ".join(row.name for row in FORMATS))
    title = "import " + ", ".join(_source_name(source) for source in sources)
    with _store(place) as store:
        return _bring(store, [(s, form) for s in sources], title, json, merge=merge, accept=accept, write=not dry_run)


@app.command
def sync(
    name: str | None = None,
    *,
    merge: Merge = False,
    accept: Accept = False,
    dry_run: Trial = False,
    json: Json = False,
    place: Place = _HERE,
) -> int:
    """Fetch and import the feeds that the settings enable, one revision each.

    Parameters
    ----------
    name
        Only this feed, enabled or not.
    """
    feeds = _feeds(place.load().settings.feeds, name)
    with _store(place) as store:
        codes = [
            _bring(
                store, [(feed.url, feed.format)], f"sync {label}", json, merge=merge, accept=accept, write=not dry_run
            )
            for label, feed in feeds.items()
        ]
    return max(codes)


@app.command
def diff(older: int | None = None, newer: int | None = None, *, json: Json = False, place: Place = _HERE) -> None:
    """Show what changed between two revisions, by default in the newest one.

    Parameters
    ----------
    older
        The revision to compare with; with this one alone, what changed since then. 0 is the empty catalogue.
    newer
        The revision to compare, the newest by default.
    """
    with _store(place) as store:
        changes = list(imports.diff(store, older, newer))
    output.changes(changes, json)


@app.command
def history(
    *,
    limit: Annotated[int, Parameter(help="How many revisions.")] = 20,
    json: Json = False,
    place: Place = _HERE,
) -> None:
    """List revisions, newest first."""
    if limit < 1:
        raise SettingsError("--limit takes a number from 1")
    with _store(place) as store:
        output.revisions(imports.history(store, limit), json)


@app.command
def rollback(revision: int, *, json: Json = False, place: Place = _HERE) -> None:
    """Make the catalogue what it was at a revision; this is a new revision, nothing is lost.

    Parameters
    ----------
    revision
        The number that `trunkline catalog history` shows.
    """
    with _store(place) as store, progress() as shown:
        try:
            made = imports.rollback(store, revision, clock=time.time, progress=shown)
        except RevisionNotFound as missing:
            raise SettingsError(missing.message) from None
    output.rolled_back(made, revision, json)


@app.command
def check(*, json: Json = False, place: Place = _HERE) -> int:
    """Check the catalogue as it is stored; exit code 1 when rows cannot be served."""
    with _store(place) as store, progress() as shown:
        shown("Checking", 0, 1)
        facts = list(store.facts())
        problems = _judge(facts)
    output.state(facts, problems, json)
    return int(any(problem.fatal for problem in problems))


def _bring(
    store: SqlCatalogStore,
    sources: Sequence[tuple[str, str | None]],
    title: str,
    as_json: bool,
    *,
    merge: bool,
    accept: bool,
    write: bool,
) -> int:
    try:
        with progress() as shown:
            deliveries = list(_read(store, sources, shown))
            outcome = imports.import_feeds(
                store,
                deliveries,
                title=title,
                clock=time.time,
                check=_judge,
                merge=merge,
                accept=accept,
                write=write,
                progress=shown,
            )
    except FeedRefused as refusal:
        output.refusal(refusal, as_json)
        return 1
    output.outcome(outcome, as_json, written=write)
    return 0


def _read(store: SqlCatalogStore, sources: Sequence[tuple[str, str | None]], shown: Progress) -> Iterator[Delivery]:
    facts: list[Fact] = [layered.fact for layered in store.facts()]
    for source, form in sources:
        name = _source_name(source)
        data = _load(source, lambda done, total, name=name: shown(f"Fetching {name}", done, total))
        shown(f"Reading {name}", 0, 1)
        # What the files before it brought counts as known: an overlay may come with its base.
        delivery = read_feed(data, name, format=form, known=Known.of(facts))
        shown(f"Reading {name}", 1, 1)
        facts += delivery.facts
        yield delivery


def _load(source: str, received: object) -> bytes:
    if is_url(source):
        return fetch(source, received=received)  # type: ignore[arg-type]
    try:
        with Path(source).expanduser().open("rb") as file:
            data = file.read(LARGEST_JSON + 1)
    except OSError as error:
        raise SettingsError(f"{source}: cannot be read: {error.strerror}") from None
    if len(data) > LARGEST_JSON:
        raise FeedRefused(f"{source}: larger than {LARGEST_JSON // MEBIBYTE} MiB")
    return data


def _source_name(source: str) -> str:
    return shown_url(source) if is_url(source) else Path(source).name


def _feeds(configured: dict[str, Feed], name: str | None) -> dict[str, Feed]:
    if name is not None:
        if name not in configured:
            raise SettingsError(f"there is no feed {name}; configured are {', '.join(configured)}")
        return {name: configured[name]}
    enabled = {label: feed for label, feed in configured.items() if feed.enabled}
    if not enabled:
        names = ", ".join(configured)
        raise SettingsError(f"no feed is enabled: name one ({names}), or set feeds.NAME.enabled in the settings file")
    return enabled


def _judge(facts: Iterable[Layered]) -> tuple[Problem, ...]:
    snapshot, problems = build(facts, 0, time.time())
    return (*problems, *(Problem("catalogue", "", warning, fatal=False) for warning in snapshot.warnings))


@contextmanager
def _store(place: Place) -> Iterator[SqlCatalogStore]:
    from trunkline.server.runtime import open_store

    settings = place.load().settings
    prepare_home(settings.home)
    store = open_store(settings)
    try:
        yield store
    except RevisionNotFound as missing:
        raise TrunklineError(missing.message) from None
    finally:
        store.close()
