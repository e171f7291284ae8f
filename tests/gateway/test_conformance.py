"""Every numbered case of the gateway's conformance list has a test here, or a reason not to have one."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LAST = 105

GATEWAY = "gateway/test_"
ROUTING = "server/domain/routing/test_"
DIALECTS = "server/adapters/providers/test_"
LEDGER = "server/adapters/store/test_live_ledger.py::test_"
ANTHROPIC = DIALECTS + "anthropic_requests.py::test_"
COST = "server/domain/generation/test_cost.py::test_"
FAILURES = GATEWAY + "failures.py::test_"
SHAPES = GATEWAY + "shapes.py::test_"
LEAVING = GATEWAY + "leaving.py::test_"

CASES: dict[int, tuple[str, ...]] = {
    1: (
        SHAPES + "a_whole_answer_has_every_documented_member",
        "clients/openai/test_inference.py::test_the_openrouter_client_chats_streams_and_raises_what_it_documents",
    ),
    2: (
        SHAPES + "a_stream_ends_in_reason_usage_and_done",
        "clients/openai/test_inference.py::test_the_openrouter_client_chats_streams_and_raises_what_it_documents",
    ),
    3: (SHAPES + "what_an_upstream_leaves_out_of_its_chunks_is_filled_in",),
    4: (SHAPES + "usage_comes_even_where_it_was_not_wanted",),
    5: (SHAPES + "a_foreign_finish_reason_is_translated_and_kept",),
    6: (SHAPES + "what_is_not_as_documented_is_refused_before_any_provider_hears_of_it",),
    7: (
        SHAPES + "without_a_valid_key_there_is_no_generation",
        GATEWAY + "headers.py::test_a_key_that_is_switched_off_calls_nobody_until_it_is_on_again",
    ),
    8: (SHAPES + "parameters_that_the_endpoint_does_not_list_are_dropped_and_none_is_added",),
    9: (SHAPES + "a_tool_call_in_fragments_arrives_in_fragments",),
    10: (SHAPES + "names_of_speakers_become_text_where_the_dialect_has_no_place_for_them",),
    11: (SHAPES + "providers_see_a_hash_for_a_user_and_the_record_the_user",),
    12: (SHAPES + "excluded_reasoning_is_not_shown_but_paid",),
    13: (SHAPES + "embeddings_keep_the_order_of_their_inputs",),
    17: (ROUTING + "cases.py::test_17_an_endpoint_in_outage_is_never_first_and_the_others_share_by_price",),
    18: (
        ROUTING + "cases.py::test_18_healthy_endpoints_are_first_by_the_inverse_square_of_their_price",
        ROUTING + "shares.py::test_first_places_follow_the_inverse_squares_of_prices",
    ),
    19: (ROUTING + "cases.py::test_19_free_endpoints_share_alike_and_go_before_paid_ones",),
    20: (ROUTING + "cases.py::test_20_a_sort_by_price_is_without_chance",),
    21: (ROUTING + "cases.py::test_21_a_sort_by_throughput_puts_the_unknown_last",),
    22: (ROUTING + "cases.py::test_22_a_listed_provider_that_does_not_host_the_model_is_skipped",),
    23: (ROUTING + "cases.py::test_23_without_fallbacks_only_the_listed_are_attempted_and_the_upstream_error_returns",),
    24: (ROUTING + "cases.py::test_24_without_fallbacks_there_is_one_attempt",),
    25: (ROUTING + "cases.py::test_25_only_and_the_accounts_list_have_nothing_in_common",),
    26: (ROUTING + "cases.py::test_26_what_request_and_account_ignore_adds_up",),
    27: (ROUTING + "cases.py::test_27_a_provider_means_all_of_its_regions_and_a_tag_just_one",),
    28: (ROUTING + "cases.py::test_28_a_provider_does_not_mean_its_service_tiers",),
    29: (
        ROUTING + "cases.py::test_29_a_maximal_price_may_be_a_number_or_a_string",
        ROUTING + "cases.py::test_29_a_maximal_price_under_all_prices_filters_everything",
    ),
    30: (ROUTING + "cases.py::test_30_fp8_covers_mxfp8_and_undeclared_is_unknown",),
    31: (
        ROUTING + "cases.py::test_31_tools_go_only_where_they_are_supported",
        ROUTING + "cases.py::test_31_tools_are_stripped_where_nobody_supports_them",
    ),
    32: (ROUTING + "cases.py::test_32_a_required_parameter_that_nobody_supports_filters_everything",),
    33: (ROUTING + "cases.py::test_33_a_request_cannot_relax_the_accounts_zdr",),
    34: (ROUTING + "byok.py::test_policy_is_asked_first",),
    35: (ROUTING + "cases.py::test_35_a_threshold_puts_those_that_miss_it_behind_but_keeps_them",),
    36: (ROUTING + "cases.py::test_36_a_fallback_model_that_meets_a_threshold_precedes_the_first_that_misses_it",),
    37: (ROUTING + "cases.py::test_37_a_partition_decides_whether_models_or_endpoints_come_first",),
    38: (
        ROUTING + "cases.py::test_38_nitro_admits_priority_endpoints_unless_the_tier_is_said",
        GATEWAY + "tiers.py::test_the_tier_that_is_asked_for_is_used_and_paid",
    ),
    39: (
        ROUTING + "cases.py::test_39_flex_has_no_other_endpoints_to_fall_back_to",
        GATEWAY + "tiers.py::test_a_flex_endpoint_without_capacity_has_no_stand_in",
    ),
    40: (GATEWAY + "tiers.py::test_what_the_upstream_says_it_served_is_reported_and_paid",),
    41: (ROUTING + "cases.py::test_41_tool_requests_go_to_the_good_then_the_unproven_then_the_clumsy",),
    42: (ROUTING + "cases.py::test_42_uptime_counts_only_from_a_hundred_requests",),
    43: (
        ROUTING + "cases.py::test_43_a_conversation_stays_with_its_endpoint_unless_an_order_is_given_or_it_fails",
        GATEWAY + "conversations.py::test_a_session_stays_with_who_served_it_until_it_has_been_quiet",
    ),
    44: (
        ROUTING + "cases.py::test_44_an_unnamed_conversation_is_remembered_once_its_cache_was_of_use",
        GATEWAY + "conversations.py::test_a_conversation_without_a_name_stays_once_its_cache_was_of_use",
    ),
    45: (GATEWAY + "byok.py::test_an_own_key_goes_first_and_costs_the_fee",),
    46: (GATEWAY + "byok.py::test_one_that_is_always_used_is_not_replaced_by_the_operators",),
    47: (ROUTING + "cases.py::test_47_slugs_that_lead_nowhere_say_why",),
    48: (ROUTING + "cases.py::test_48_a_family_raises_an_effort_of_none_and_a_named_model_refuses_it",),
    49: (FAILURES + "a_failure_moves_on_to_the_next_provider_and_only_that_one_is_paid",),
    50: (
        FAILURES + "when_all_are_rate_limited_the_shortest_pause_is_told_and_kept",
        FAILURES + "a_provider_that_asked_for_a_pause_gets_it",
        FAILURES + "a_pause_holds_while_the_call_that_was_asked_for_it_goes_on_and_is_counted_once",
    ),
    51: (FAILURES + "what_all_providers_say_is_what_the_caller_hears",),
    52: (FAILURES + "what_all_providers_say_is_what_the_caller_hears",),
    53: (FAILURES + "a_credential_of_ours_that_is_refused_is_not_the_callers_fault",),
    54: (FAILURES + "a_silent_provider_is_given_up_and_the_caller_hears_comments_meanwhile",),
    55: (FAILURES + "when_all_fail_after_a_keep_alive_the_stream_says_so",),
    56: (FAILURES + "when_all_fail_at_once_a_streaming_caller_gets_a_status",),
    57: (FAILURES + "a_role_is_no_token",),
    58: (FAILURES + "a_stream_that_breaks_after_tokens_ends_in_an_error_and_costs_nothing",),
    59: (FAILURES + "a_whole_answer_that_comes_as_a_stream_and_breaks_is_partial_and_free",),
    60: (FAILURES + "garbage_before_a_token_fails_over_and_after_one_ends_the_stream",),
    61: (FAILURES + "an_answer_that_is_none_moves_on_and_as_the_last_one_is_the_providers_fault",),
    62: (FAILURES + "an_error_inside_a_success_is_what_it_says",),
    63: (FAILURES + "an_answer_that_is_none_moves_on_and_as_the_last_one_is_the_providers_fault",),
    64: (FAILURES + "an_empty_answer_that_ends_properly_is_an_answer",),
    65: (
        GATEWAY + "windows.py::test_a_prompt_that_fits_only_one_window_goes_there",
        GATEWAY + "windows.py::test_a_prompt_that_fits_nowhere_is_shortened_and_that_is_told",
    ),
    66: (GATEWAY + "windows.py::test_a_window_that_is_smaller_than_said_counts_for_nothing",),
    67: (FAILURES + "a_bad_request_is_tried_once_and_once_more_by_the_next_model",),
    68: (FAILURES + "a_refusal_to_speak_moves_on_to_the_next_model_and_its_refusal_is_the_last_word",),
    69: (LEAVING + "leaving_a_stream_ends_the_upstream_and_costs_what_came",),
    70: (LEAVING + "leaving_an_upstream_that_goes_on_anyway_costs_all_of_it",),
    71: (LEAVING + "leaving_a_whole_answer_changes_nothing_but_who_hears_it",),
    72: (LEAVING + "nobody_is_tried_for_a_caller_who_has_left",),
    73: (LEAVING + "a_caller_who_reads_slowly_slows_the_upstream_down",),
    74: (FAILURES + "text_survives_however_it_is_cut",),
    75: (FAILURES + "usage_is_the_last_word_of_the_upstream_or_our_own_count",),
    76: (FAILURES + "an_answer_that_is_none_moves_on_and_as_the_last_one_is_the_providers_fault",),
    77: (FAILURES + "the_echo_shows_each_body_that_went_upstream",),
    78: (COST + "case_78_every_class_at_its_own_price",),
    79: (COST + "case_79_a_price_for_long_prompts_holds_beyond_its_limit_and_for_all_tokens",),
    80: (COST + "case_80_a_window_holds_from_its_start_until_before_its_end_and_across_midnight",),
    81: (
        COST + "case_81_a_published_discount_is_not_taken_off_again",
        DIALECTS + "configuration.py::test_an_operator_s_discount_is_taken_off_once",
    ),
    82: (COST + "case_82_a_search_is_billed_only_if_the_upstream_produced_anything",),
    83: (
        LEDGER + "a_key_limit_that_is_reached_is_402_from_the_next_call_on",
        LEDGER + "credits_are_unlimited_unless_set_and_an_empty_account_calls_what_is_free",
        LEDGER + "budgets_are_checked_in_the_order_of_their_layers",
    ),
    84: (
        GATEWAY + "limits.py::test_the_call_after_the_last_one_of_a_minute_is_refused",
        GATEWAY + "limits.py::test_the_call_after_the_last_one_of_a_day_is_refused_until_the_next_day",
    ),
    85: (
        GATEWAY + "caching.py::test_the_same_body_twice_is_made_once_and_costs_once",
        GATEWAY + "caching.py::test_only_whitespace_outside_of_texts_makes_no_difference",
        GATEWAY + "caching.py::test_who_calls_makes_a_difference_and_attribution_makes_none",
        GATEWAY + "caching.py::test_the_time_to_keep_is_read_as_documented",
    ),
    86: (GATEWAY + "caching.py::test_a_hit_has_no_routing_to_tell",),
    87: (GATEWAY + "caching.py::test_errors_and_what_ends_in_one_are_not_kept",),
    88: (GATEWAY + "guardrails.py::test_a_prompt_injection_is_blocked_with_its_patterns_and_no_provider_hears_of_it",),
    89: (GATEWAY + "guardrails.py::test_what_is_redacted_reaches_no_provider_and_the_caller_is_answered",),
    91: (GATEWAY + "headers.py::test_routing_is_told_to_those_who_enable_it_and_to_nobody_else",),
    92: (GATEWAY + "headers.py::test_an_app_is_its_address_and_has_a_title_where_the_address_is_anybodys",),
    94: (
        GATEWAY + "contents.py::test_by_default_nothing_is_kept",
        GATEWAY + "contents.py::test_what_another_account_said_is_not_found",
    ),
    96: (
        DIALECTS
        + "anthropic_requests.py::test_instructions_go_to_the_top_and_roles_alternate_with_results_before_text",
    ),
    97: (DIALECTS + "anthropic_answers.py::test_usage_counts_what_the_cache_gave_and_took",),
    98: (ANTHROPIC + "effort_becomes_a_budget_below_the_limit",),
    99: (DIALECTS + "anthropic_answers.py::test_overload_before_any_text_is_a_fault_and_after_it_the_end",),
    100: (DIALECTS + "gemini_answers.py::test_parallel_calls_without_ids_have_different_ones_over_a_whole_stream",),
    101: (DIALECTS + "gemini_answers.py::test_a_prompt_that_is_refused_has_no_candidates",),
    102: (DIALECTS + "gemini_conversations.py::test_signatures_return_to_the_parts_that_they_came_with",),
}
WITHOUT: dict[int, str] = {
    14: "/responses is not served",
    15: "/responses is not served",
    16: "/messages is not served",
    90: "there are no presets",
    93: "nothing is broadcast",
    95: "files are not parsed: they go to endpoints that read them",
    103: "Bedrock's own format is not spoken",
    104: "Ollama is spoken to in OpenAI's format, in which arguments are texts",
    105: "pictures are not fetched for providers that take no addresses: another endpoint is tried",
}


@cache
def names_in(path: str) -> frozenset[str]:
    """Return the names of a file's tests."""
    tree = ast.parse((TESTS / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("number", range(1, LAST + 1))
def test_each_case_has_a_test_or_a_reason_not_to_have_one(number: int):
    assert (number in CASES) != (number in WITHOUT)
    for place in CASES.get(number, ()):
        path, _, name = place.partition("::")
        assert name in names_in(path), place
