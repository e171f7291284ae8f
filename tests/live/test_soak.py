"""A short soak: mixed requests while another process imports a list every second; each answer is judged by content."""

from __future__ import annotations

import pytest

from benchmarks import soak

SECONDS = 15


@pytest.mark.slow
def test_no_answer_fails_or_mixes_revisions_while_lists_are_imported():
    report = soak.run(seconds=SECONDS)
    assert report.failures == []
    # Both lists were served, again and again, and the last import is what is served in the end.
    assert report.imports >= 5
    assert report.revision == report.before + report.imports
    assert all(report.served[mark] > 100 for mark in soak.soak_lists.MARKS)
    assert {"200", "304", "400", "404", "405"} <= report.statuses.keys()
    # A worker that kept one old catalogue or answer a second would hold tens of megabytes more.
    assert report.growth < 20_000_000
