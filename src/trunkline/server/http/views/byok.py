"""Accounts' own credentials at providers in the API's shape."""

from __future__ import annotations

from trunkline.server.domain.policy.byok import Credential
from trunkline.server.http import schemas_byok as shown
from trunkline.server.http.views.filling import fill


def credential(stored: Credential) -> shown.ByokKey:
    """Return a credential as the API shows it, without its secret."""
    return fill(shown.ByokKey, stored)
