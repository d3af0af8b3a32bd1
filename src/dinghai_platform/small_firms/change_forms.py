"""Forms of changes of policies. They shape input; the services decide."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.core.forms import DayField
from dinghai_platform.small_firms.words import CHANNELS


class DayForm(forms.Form):
    """From which day on."""

    day = DayField(label=_p("change", "From this day on"), help_text=_("Empty: as soon as it can"))


class ChangeForm(forms.Form):
    """Who of the firm asks for a change, and why."""

    reason = forms.CharField(label=_("Reason"), max_length=2_000,
                             widget=forms.Textarea({"rows": 2}))
    confirmed_by = forms.CharField(label=_("Your name"), max_length=100, help_text=_(
        "It stands in the endorsement as who asked for it"))


class StaffChangeForm(forms.Form):
    """Who of the firm asked for a change, how, and why."""

    reason = forms.CharField(label=_("Reason"), max_length=2_000,
                             widget=forms.Textarea({"rows": 2}))
    confirmed_by = forms.CharField(label=_("Who asked for it at the firm"), max_length=100)
    channel = forms.ChoiceField(label=_("How it was asked for"), choices=tuple(CHANNELS.items()))
