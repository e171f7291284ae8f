"""Log lines are written by a thread of their own, in order, and a reader that does not read holds up nobody."""

from __future__ import annotations

import io
import threading

from trunkline.server.adapters.telemetry.lines import Lines


class Slow(io.BytesIO):
    """Somebody who reads nothing until told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.go_on = threading.Event()

    def write(self, text: bytes) -> int:
        self.asked.set()
        self.go_on.wait(10)
        return super().write(text)


def lost(count: int) -> bytes:
    return b"%d lost" % count


def test_lines_come_in_order_and_in_few_writes():
    class Counted(io.BytesIO):
        writes = 0

        def write(self, text: bytes) -> int:
            self.writes += 1
            return super().write(text)

    out = Counted()
    lines = Lines(lambda: out, lost)
    for number in range(100):
        lines.put(lambda number=number: b"%d" % number)
    lines.flush()
    assert out.getvalue().splitlines() == [b"%d" % number for number in range(100)]
    assert out.writes <= 2


def test_who_does_not_read_holds_up_nobody_and_is_told_what_is_missing():
    out = Slow()
    lines = Lines(lambda: out, lost, bound=3)
    lines.put(lambda: b"first")
    assert out.asked.wait(10)
    for number in range(10):
        lines.put(lambda number=number: b"%d" % number)
    out.go_on.set()
    lines.flush()
    assert out.getvalue().splitlines() == [b"first", b"0", b"1", b"2", b"7 lost"]


def test_a_line_that_cannot_be_made_is_missing_alone():
    out = io.BytesIO()
    lines = Lines(lambda: out, lost)
    lines.put(lambda: b"a")
    lines.put(lambda: str(1 / 0))
    lines.put(lambda: b"b")
    lines.flush()
    assert out.getvalue().splitlines() == [b"a", b"b", b"1 lost"]


def test_a_file_that_has_been_closed_is_no_reason_to_fail():
    out = io.BytesIO()
    out.close()
    lines = Lines(lambda: out, lost)
    lines.put(lambda: b"unheard")
    lines.flush()
