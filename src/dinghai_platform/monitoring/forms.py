"""Forms of monitoring."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from dinghai_platform.catalogue.models import FeedTable


class FeedForm(forms.Form):
    """A threat table to load."""

    kind = forms.ChoiceField(label=_("Table"), choices=FeedTable.Kind.choices)
    table = forms.FileField(label=_("File"), help_text=_("CISA's JSON or CSV; FIRST's CSV."))
    as_of = forms.DateField(
        label=_("As of"), required=False, widget=forms.DateInput({"type": "date"}),
        help_text=_("Only where the file does not say it."),
    )


class RescanForm(forms.Form):
    """The ZIP of a re-scan."""

    archive = forms.FileField(
        label=_("Re-scan (ZIP)"), help_text=_("A ZIP with the folders scans and inventory."),
        widget=forms.ClearableFileInput({"accept": ".zip,application/zip"}),
    )


class VerifyForm(forms.Form):
    """That a planned fix is done."""

    verified_by = forms.CharField(label=_("Verified by"), max_length=200)
    evidence = forms.FileField(label=_("Evidence"))
