"""Reads answers: the checked JSON object of a success, or the error that the answer is."""

from __future__ import annotations

from typing import Any

import msgspec

from trunkline.client.contracts import Contract
from trunkline.components.failures import ErrorResponse
from trunkline.components.schema import check
from trunkline.components.view import View
from trunkline.errors.exchange import Response
from trunkline.errors.tree import BY_STATUS, OpenRouterDefaultError, ResponseValidationError


def read(contract: Contract, view: type[View], response: Response) -> dict[str, Any]:
    """Return the body of a success, checked against the view class.

    Raises `ResponseValidationError` for a success whose body is not JSON or not of that class, the
    operation's own error for a status that it names, and `OpenRouterDefaultError` for all else.
    """
    json = response.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
    if response.status_code == 200 and json:
        try:
            return _decode(view, response)
        except (ValueError, RecursionError) as error:
            raise ResponseValidationError("Response validation failed", response, error) from error
    if response.status_code in contract.errors and json:
        try:
            reported = ErrorResponse.over(_decode(ErrorResponse, response))
        except (ValueError, RecursionError):
            pass  # a proxy's error, not the API's
        else:
            raise BY_STATUS[response.status_code](reported, response)
    message = "API error occurred" if response.status_code >= 400 else "Unexpected response received"
    raise OpenRouterDefaultError(message, response)


def _decode(view: type[View], response: Response) -> dict[str, Any]:
    data = msgspec.json.decode(response.payload)
    check(view, data)
    checked: dict[str, Any] = data
    return checked
