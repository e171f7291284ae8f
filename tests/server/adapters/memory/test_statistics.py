"""Live statistics of endpoints."""

from tests.server.adapters.memory.records import NOW, attempt, record
from trunkline.server.adapters.memory import statistics as module
from trunkline.server.adapters.memory.statistics import LiveStatistics


def test_a_failure_is_known_to_the_next_request():
    learned = LiveStatistics(lambda: NOW)
    assert learned.statistics(NOW).get("m a 0") is None
    learned.settle([record(attempts=(attempt(),))])
    assert learned.statistics(NOW)["m a 0"].failures_30s == 0
    learned.settle([record(attempts=(attempt(status=429, ok=False, counts=False, rate_limited=True, retry_after=7),))])
    assert learned.statistics(NOW)["m a 0"].cooling_until == NOW + 7


def test_figures_of_successes_are_at_most_a_second_old():
    learned = LiveStatistics(lambda: NOW)
    for _ in range(3):
        learned.settle([record(attempts=(attempt(),))])
        seen = learned.statistics(NOW)["m a 0"].requests_30m
    assert seen == 1
    assert learned.statistics(NOW + 1)["m a 0"].requests_30m == 3


def test_an_attempt_that_was_heeded_early_is_counted_once():
    learned = LiveStatistics(lambda: NOW)
    failed = attempt(status=500, ok=False, started=NOW - 5)
    learned.observe(failed)
    assert learned.statistics(NOW)["m a 0"].failures_30s == 1
    learned.settle([record(attempts=(failed, attempt(endpoint="m b 0", started=NOW - 4)))])
    assert learned.statistics(NOW)["m a 0"].attempts_30s == 1
    assert learned.statistics(NOW)["m b 0"].attempts_30s == 1


def test_calls_on_own_keys_say_nothing_about_shared_endpoints():
    learned = LiveStatistics(lambda: NOW)
    own = attempt(status=500, ok=False, is_byok=True)
    learned.observe(own)
    learned.settle([record(is_byok=True, attempts=(own,))])
    assert list(learned.statistics(NOW)) == []
    learned.settle([record(attempts=(own, attempt()))])
    (seen,) = learned.statistics(NOW).values()
    assert (seen.attempts_30s, seen.failures_30s) == (1, 0)


def test_endpoints_kept_are_bounded():
    learned = LiveStatistics(lambda: NOW)
    for number in range(module.REMEMBERED + 10):
        learned.settle([record(attempts=(attempt(endpoint=f"m {number} 0"),))])
    assert len(learned.statistics(NOW)) == module.REMEMBERED
    assert "m 0 0" not in learned.statistics(NOW)


def test_silent_endpoints_are_forgotten_after_a_day():
    learned = LiveStatistics(lambda: NOW)
    learned.settle([record(attempts=(attempt(),))])
    learned.forget(NOW + 3600)
    assert list(learned.statistics(NOW)) == ["m a 0"]
    learned.forget(NOW + 2 * 86_400)
    assert list(learned.statistics(NOW)) == []
