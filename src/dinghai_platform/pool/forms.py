"""Forms of the pool. They shape input; services decide."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinghai.experience.pool_cells import TABLES, Table
from dinghai_platform.core.models import Organisation
from dinghai_platform.pool.models import Member
from dinghai_platform.pool.words import purpose_choices, table_name

OFFERED: tuple[Table, ...] = (
    *TABLES, ("section", "size_band"), ("section", "year"),
    ("peril", "section", "size_band", "year"))
"""Tables to choose among; those of `TABLES` are chosen to begin with."""


class ContributionForm(forms.Form):
    """A file of records and what they may be used for."""

    file = forms.FileField(
        label=_("File of records"), help_text=_("CSV, Excel or Parquet, at most 16 MB."),
        widget=forms.ClearableFileInput({"accept": ".csv,.xlsx,.parquet"}))
    purposes = forms.MultipleChoiceField(
        label=_("The records may be used for"), choices=purpose_choices,
        widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("A release of any other purpose leaves them out."))


class ReleaseForm(forms.Form):
    """What to publish."""

    METHODS = (("suppressed", _("Exact figures, small cells withheld")),
               ("private", _("Noisy figures (differential privacy)")))

    purpose = forms.ChoiceField(label=_("Purpose"), choices=purpose_choices)
    method = forms.ChoiceField(label=_("Method"), choices=METHODS)
    tables = forms.MultipleChoiceField(
        label=_("Tables"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=lambda: [("*".join(one), table_name(one)) for one in OFFERED if one],
        help_text=_("The total of all events is always there."))
    epsilon = forms.DecimalField(
        label="ε", required=False, min_value=Decimal("0.01"), max_value=10, decimal_places=6,
        help_text=_("Only for noisy figures: how much of the year's budget to spend."))
    delta = forms.DecimalField(
        label="δ", required=False, min_value=0, max_value=Decimal("0.00001"), decimal_places=9,
        help_text=_("Only for noisy figures: nothing for Laplace noise, above it for Gaussian."))

    def clean(self) -> dict[str, Any]:
        """Noise needs a budget."""
        data = super().clean() or {}
        if data.get("method") == "private" and not data.get("epsilon"):
            self.add_error("epsilon", _("Say how much to spend."))
        return data


class MemberForm(forms.Form):
    """An organisation to admit."""

    organisation = forms.ModelChoiceField(label=_("Organisation"), queryset=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inside = Member.objects.unscoped("whom the operator may still admit").filter(
            state=Member.State.ACTIVE)
        self.fields["organisation"].queryset = Organisation.objects.filter(
            is_active=True, kind__in=("insurer", "reinsurer", "broker", "park"),
        ).exclude(pk__in=inside.values("organisation_id"))
