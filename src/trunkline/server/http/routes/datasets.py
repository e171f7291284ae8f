"""`/datasets/rankings-daily` and `/datasets/app-rankings`."""

from __future__ import annotations

from functools import partial

from trunkline.server.domain.catalog import parsers, vocabulary
from trunkline.server.domain.catalog.query import Parameter
from trunkline.server.http import acting, answer, parameters, schemas_traffic
from trunkline.server.http.access import Access
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context, Operation
from trunkline.server.http.request import Request
from trunkline.server.http.views import traffic as view
from trunkline.server.usecases import datasets as usecase

_LARGEST = 100
_read = partial(Operation, tag="Datasets", access=Access.KEY, blocking=True, errors=(400, 401, 429))


def _admit(context: Context, request: Request) -> None:
    key = acting.caller(request).key
    if context.limits is not None:
        context.limits.take(key.hash, key.account_id, context.clock())


def _rankings(context: Context, request: Request) -> Answer:
    _admit(context, request)
    now = context.clock()
    days, rows = usecase.rankings(context.traffic(), context.snapshot(), now, **RANKINGS.read(request))
    return answer.json({"data": view.rankings(rows), "meta": view.meta(days, now)})


def _apps(context: Context, request: Request) -> Answer:
    _admit(context, request)
    now = context.clock()
    days, rows = usecase.app_rankings(context.traffic(), now, **APPS.read(request))
    return answer.json({"data": view.apps(rows), "meta": view.meta(days, now)})


def _one_of(name: str, words: tuple[str, ...], meaning: str) -> Parameter:
    return Parameter(name, parsers.one_of(words), {"type": "string", "enum": list(words)}, meaning)


_DATES = (
    parameters.day("start_date", "First day, 2025-01-01 at the earliest; 30 days up to the end when absent."),
    parameters.day("end_date", "Last day; the last completed one when absent."),
)
RANKINGS = _read(
    id="getRankingsDaily",
    path=f"{API}/datasets/rankings-daily",
    summary="Rank models by tokens",
    description="The fifty most used models of each period, and all others as one row `other`. Private models and "
    "endpoints and traffic without data retention are left out. 30 calls a minute and key, 500 a day and account.",
    parameters=(
        *_DATES,
        _one_of("period", usecase.PERIODS, "Length of a period: `day` when absent; a week begins on Monday."),
        _one_of(
            "modality",
            tuple(usecase.MODALITIES),
            "Only models with this output (`text`, `image_output`) or input (`image`, `audio`), or calls of tools.",
        ),
        _one_of("context_bucket", tuple(usecase.CONTEXTS), "Only prompts that fit in so many tokens and no fewer."),
        _one_of("category", vocabulary.CATEGORIES, "Only requests of a use case; none are classified by this server."),
        _one_of(
            "language_type", usecase.LANGUAGE_TYPES, "Only requests of a kind; none are classified by this server."
        ),
    ),
    answers=schemas_traffic.RankingsDailyResponse,
    handler=_rankings,
)
APPS = _read(
    id="getAppRankings",
    path=f"{API}/datasets/app-rankings",
    summary="Rank apps by tokens or growth",
    description="Apps name themselves by the header `HTTP-Referer`. 30 calls a minute and key, 500 a day and account.",
    parameters=(
        _one_of("category", tuple(usecase.APP_CATEGORIES), "Only apps of a group of categories."),
        _one_of("subcategory", usecase.SUBCATEGORIES, "Only apps of this category."),
        _one_of("sort", usecase.APP_SORTS, "`popular` when absent; `trending` is by growth over the weeks before."),
        *_DATES,
        Parameter(
            "limit",
            parsers.integer(1, _LARGEST),
            {"type": "integer", "minimum": 1, "maximum": _LARGEST, "default": usecase.TOP},
            "Rows of a page.",
        ),
        Parameter(
            "offset",
            parsers.integer(0, _LARGEST, nullable=True),
            {"type": ["integer", "null"], "minimum": 0, "maximum": _LARGEST, "default": 0},
            "Rows to skip.",
        ),
    ),
    answers=schemas_traffic.AppRankingsResponse,
    handler=_apps,
)
OPERATIONS = (RANKINGS, APPS)
