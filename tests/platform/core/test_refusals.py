"""A page for bad input and for a business "no", whatever the error carries."""

from __future__ import annotations

import pytest
from django.http import HttpRequest
from django.template.loader import render_to_string

from dinghai.foundation.errors import InputError, Refusal


@pytest.mark.django_db
@pytest.mark.parametrize(("error", "words"), [
    (InputError("the amount is not a number", field="amount", mend="give 12.50"),
     ["the amount is not a number", "give 12.50"]),
    (Refusal("the policy has lapsed", reasons=["no premium was paid"]),
     ["the policy has lapsed", "no premium was paid"]),
])
def test_an_error_says_what_and_how_to_mend(error: Exception, words: list[str]) -> None:
    page = render_to_string("core/refused.html", {"error": error, "request": HttpRequest()})
    for one in words:
        assert one in page
