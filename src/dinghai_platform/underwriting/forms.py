"""Forms of underwriting. They shape input; services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.models import Organisation


class CaseForm(forms.Form):
    """A new case: an enterprise the insurer knows, or a new one."""

    insured = forms.ModelChoiceField(
        label=_("Enterprise"), queryset=Organisation.objects.none(), required=False,
        empty_label=_("a new one: give its name below"),
    )
    name_zh = forms.CharField(label=_("Chinese name"), max_length=200, required=False)
    name_en = forms.CharField(label=_("English name"), max_length=200, required=False)
    credit_code = forms.CharField(
        label=_("Unified social credit code"), max_length=18, required=False
    )
    title = forms.CharField(label=_("What the case is about"), max_length=200)

    def __init__(self, *args: Any, organisations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["insured"].queryset = organisations

    def clean(self) -> dict[str, Any]:
        """One of the two must be given."""
        data = super().clean() or {}
        if not data.get("insured") and not data.get("name_zh", "").strip():
            self.add_error("name_zh", _("Choose an enterprise or name a new one."))
        return data


class ImportForm(forms.Form):
    """The ZIP of a dossier's folder."""

    archive = forms.FileField(
        label=_("Dossier (ZIP)"),
        help_text=_(
            "A ZIP of the folder with profile.toml, answers.csv, scans, inventory and evidence."
        ),
        widget=forms.ClearableFileInput({"accept": ".zip,application/zip"}),
    )


class ReasonForm(forms.Form):
    """A reason, and a file if there is one."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea({"rows": 3}))
    evidence = forms.FileField(label=_("Evidence"), required=False)


class PriceForm(forms.Form):
    """What a slider asks for. Amounts in fen."""

    limit_fen = forms.IntegerField(min_value=1, max_value=10**13, required=False)
    deductible_fen = forms.IntegerField(min_value=0, max_value=10**13, required=False)
    inception = forms.DateField(required=False)


class BudgetForm(forms.Form):
    """What may be spent on fixes, in yuan."""

    budget = forms.IntegerField(label=_("Budget in yuan"), min_value=1, max_value=10**9)
