"""Generations, activity and rankings in the API's shape (spec 2.11, 2.12, gateway 5.4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from msgspec import UNSET

from trunkline.server.domain.generation.days import Days, day_of
from trunkline.server.domain.generation.record import AttemptRecord, GenerationRecord
from trunkline.server.domain.policy.layers import HOST_WORDS
from trunkline.server.http import schemas_traffic as shown
from trunkline.server.http.views.filling import fill
from trunkline.server.usecases.datasets import AppRanking, Ranking
from trunkline.server.usecases.gateway_ports import Activity, Consumption

VERSION: Final = "v1"


def generation(record: GenerationRecord, app_id: int | None) -> shown.Generation:
    """Return a generation as the API shows it. Tokens are the provider's own counts."""
    used = record.usage
    return fill(
        shown.Generation,
        record,
        request_id=record.id,
        created_at=datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
        model=record.model or record.requested,
        provider_name=record.provider_name or None,
        preset_id=None,
        tokens_prompt=used.prompt_tokens,
        tokens_completion=used.completion_tokens,
        native_tokens_prompt=used.prompt_tokens,
        native_tokens_completion=used.completion_tokens,
        native_tokens_reasoning=used.reasoning_tokens,
        native_tokens_cached=used.cached_tokens,
        native_tokens_completion_images=used.image_output_tokens,
        num_media_prompt=used.images,
        num_media_completion=used.images_output,
        num_input_audio_prompt=None,
        num_search_results=None,
        num_fetches=None,
        web_search_engine=None,
        total_cost=record.charged,
        usage=record.charged,
        upstream_inference_cost=record.prompt_cost + record.completion_cost if record.endpoint else None,
        latency=record.latency_ms,
        generation_time=record.generation_ms if record.endpoint else None,
        moderation_latency=None,
        provider_responses=[_response(record, attempt) for attempt in record.attempts] or None,
        app_id=app_id,
        http_referer=record.referer,
        origin=record.referer or "",
        data_region=HOST_WORDS.get(record.region, "global"),
        response_cache_source_id=record.cache_source_id,
    )


def _response(record: GenerationRecord, attempt: AttemptRecord) -> shown.ProviderResponse:
    return shown.ProviderResponse(
        provider_name=attempt.provider_name,
        status=attempt.status,
        latency=attempt.latency_ms,
        endpoint_id=attempt.endpoint,
        model_permaslug=record.permaslug if attempt.model == record.model else attempt.model,
        id=attempt.upstream_id or UNSET,
        is_byok=attempt.is_byok,
    )


def activity(row: Activity) -> shown.ActivityItem:
    """Return a row of usage as the API shows it."""
    return fill(
        shown.ActivityItem,
        row,
        date=day_of(row.day).isoformat(),
        model_permaslug=row.permaslug,
        endpoint_id=row.endpoint,
        byok_usage_inference=row.byok_usage,
        workspace_id=row.workspace_id or UNSET,
    )


def consumption(row: Consumption) -> shown.Consumption:
    """Return a sum of usage as the API shows it."""
    return fill(shown.Consumption, row, date=day_of(row.day).isoformat(), byok_usage_inference=row.byok_usage)


def rankings(rows: Iterable[Ranking]) -> list[shown.RankingsDailyItem]:
    """Return ranked models as the API shows them."""
    return [shown.RankingsDailyItem(row.date.isoformat(), row.model_permaslug, str(row.total_tokens)) for row in rows]


def apps(rows: Iterable[AppRanking]) -> list[shown.AppRankingsItem]:
    """Return ranked apps as the API shows them."""
    return [fill(shown.AppRankingsItem, row, total_tokens=str(row.total_tokens)) for row in rows]


def meta(days: Days, now: float) -> shown.DataSetMeta:
    """Return what says of a data set when it was read (Unix seconds) and what it covers."""
    as_of = datetime.fromtimestamp(int(now), UTC).isoformat().replace("+00:00", "Z")
    return shown.DataSetMeta(as_of, VERSION, days.start.isoformat(), days.end.isoformat())
