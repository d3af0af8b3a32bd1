"""Forms of underwriting. They shape input; services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.vocabulary.perils import perils
from dinghai_platform.core.models import Organisation
from dinghai_platform.site.words import name_of
from dinghai_platform.underwriting.words import CLAIM_STATES, SCREENING_RESULTS


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


class YearsForm(forms.Form):
    """For which years every claim is known."""

    first = forms.DateField(label=_p("history", "First day"), widget=forms.DateInput(
        {"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_p("history", "Last day"), widget=forms.DateInput(
        {"type": "date"}, format="%Y-%m-%d"))
    uses_held = forms.BooleanField(
        label=_("Claims under policies that this platform holds count too"), required=False)


class StatedClaimForm(forms.Form):
    """One claim as people write it: amounts in yuan, or with a unit such as 12万."""

    claim_no = forms.CharField(label=_("Claim number"), max_length=80, required=False,
                               help_text=_("Blank: the page gives one"))
    occurred_on = forms.CharField(label=_("Day on which it occurred"), max_length=20,
                                  widget=forms.DateInput({"type": "date"}))
    notified_on = forms.CharField(label=_("Day on which it was notified"), max_length=20,
                                  required=False, widget=forms.DateInput({"type": "date"}))
    peril = forms.ChoiceField(label=_("Peril"), required=False)
    ground_up = forms.CharField(
        label=_("Loss before deductible and limit, in yuan"), max_length=40, required=False,
        help_text=_("Blank: payment and deductible stand for it; without either it is unknown"))
    paid = forms.CharField(label=_("Paid, in yuan"), max_length=40, required=False)
    outstanding = forms.CharField(label=_("Outstanding, in yuan"), max_length=40, required=False)
    deductible = forms.CharField(label=_("Deductible, in yuan"), max_length=40, required=False)
    state = forms.ChoiceField(label=_("State"), required=False, choices=list(
        CLAIM_STATES.items()))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["peril"].choices = [
            ("", _("not said")), *((code, name_of(one)) for code, one in perils().items())]


class ClaimsFileForm(forms.Form):
    """A file of claims by the published schema."""

    file = forms.FileField(label=_("Claims (CSV, Excel or Parquet)"),
                           widget=forms.ClearableFileInput({"accept": ".csv,.xlsx,.parquet,.gz"}))
    key = forms.CharField(
        label=_("The insured's key in the file"), max_length=80, required=False,
        help_text=_("Blank: credit code or name"))


class ScreeningForm(forms.Form):
    """What somebody found in lists of sanctioned parties."""

    lists = forms.CharField(label=_("Lists that were searched, one a line"), max_length=5_000,
                            widget=forms.Textarea({"rows": 3}))
    screened_on = forms.DateField(label=_("Day of the search"), widget=forms.DateInput(
        {"type": "date"}, format="%Y-%m-%d"))
    result = forms.ChoiceField(label=_("Result"), choices=list(SCREENING_RESULTS.items()))
    reference = forms.CharField(label=_("Reference"), max_length=200,
                                help_text=_("The number under which the search is kept"))
    valid_until = forms.DateField(label=_("Valid until"), required=False, widget=forms.DateInput(
        {"type": "date"}, format="%Y-%m-%d"))
    note = forms.CharField(label=_("Note"), max_length=2_000, required=False,
                           widget=forms.Textarea({"rows": 2}))
    evidence = forms.FileField(label=_("Evidence"), required=False)


class BudgetForm(forms.Form):
    """What may be spent on fixes, in yuan."""

    budget = forms.IntegerField(label=_("Budget in yuan"), min_value=1, max_value=10**9)
