"""What people type into forms, read."""

from __future__ import annotations

import pytest

from trunkline.server.errors import BadRequest
from trunkline.server.web import typed


@pytest.mark.parametrize("text", ["2027-01-31", "2027-01-31T00:00", "2027-01-31T00:00:00Z", "2027-01-31T00:00+00:00"])
def test_a_moment_is_read_in_utc(text: str):
    assert typed.moment(f" {text} ", "expires_at") == "2027-01-31T00:00:00Z"


@pytest.mark.parametrize("text", ["2027-01-31T00:00+05:00", "0001-01-01T00:00+23:59", "tomorrow", "2027-02-30"])
def test_a_moment_elsewhere_is_refused_and_not_taken_for_one_in_utc(text: str):
    with pytest.raises(BadRequest) as refused:
        typed.moment(text, "expires_at")
    assert [issue.path for issue in refused.value.issues] == ["expires_at"]
