"""Forms of the actuary's room. They shape input; services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.actuarial.kinds import KINDS


def table_choices() -> list[tuple[str, str]]:
    """Every table that has versions, as kind/table."""
    return [(f"{kind.code}/{table}", f"{kind.label} · {table}")
            for kind in KINDS.values() for table in kind.table_ids()]


class DraftForm(forms.Form):
    """A new version as a copy of the table in force."""

    table = forms.ChoiceField(label=_p("rates", "Table"), choices=table_choices)
    label = forms.CharField(label=_("Name of the version"), max_length=40,
                            help_text=_("For example 2026.2"))
    reason = forms.CharField(label=_("Why a new version"), max_length=2_000,
                             widget=forms.Textarea(attrs={"rows": 2}))


class UploadForm(forms.Form):
    """A new version from a TOML file."""

    kind = forms.ChoiceField(label=_("Kind"),
                             choices=lambda: [(one.code, one.label) for one in KINDS.values()])
    file = forms.FileField(label=_("TOML file"))
    reason = forms.CharField(label=_("Why a new version"), max_length=2_000,
                             widget=forms.Textarea(attrs={"rows": 2}))


class DecisionForm(forms.Form):
    """A step with its reason, and the day where one is asked for."""

    reason = forms.CharField(max_length=2_000, required=False)
    in_force_from = forms.DateField(required=False)
    label = forms.CharField(max_length=40, required=False)

    def said(self, name: str) -> Any:
        """What was given; None or "" when it was left out or makes no sense."""
        self.is_valid()
        return self.cleaned_data.get(name)
