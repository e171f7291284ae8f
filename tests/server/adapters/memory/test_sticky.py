"""The memory of where conversations stay."""

from trunkline.server.adapters.memory.sticky import LiveStickiness

NOW = 1_787_400_000.0


def test_a_conversation_stays_for_ten_minutes_after_it_was_last_served():
    kept = LiveStickiness()
    kept.remember("c", "m a 0", NOW)
    assert kept.endpoint("c", NOW + 599) == "m a 0"
    kept.remember("c", "m b 0", NOW + 599)
    assert kept.endpoint("c", NOW + 1198) == "m b 0"
    assert kept.endpoint("c", NOW + 1199) is None
    assert kept.endpoint("other", NOW) is None


def test_memory_is_bounded_and_the_longest_quiet_goes_first():
    kept = LiveStickiness(bound=2)
    for second, name in enumerate("abac"):
        kept.remember(name, f"m {name} 0", NOW + second)
    assert [kept.endpoint(name, NOW + 9) for name in "abc"] == ["m a 0", None, "m c 0"]


def test_what_is_over_leaves_memory_without_being_asked_for():
    kept = LiveStickiness()
    for number in range(50):
        kept.remember(str(number), "m a 0", NOW)
    kept.remember("late", "m a 0", NOW + 700)
    assert len(kept) == 1
