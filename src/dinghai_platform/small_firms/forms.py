"""Forms of small firms. They shape input; the engine and the services decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.core.forms import DayField
from dinghai_platform.core.models import Organisation
from dinghai_platform.small_firms.words import CHANNELS, plan_name


class InsurerForm(forms.Form):
    """Which insurer is asked, where there are several."""

    insurer = forms.ChoiceField(label=_("Insurer"), required=False)

    def __init__(self, *args: Any, insurers: Iterable[Organisation], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["insurer"].choices = [(str(one.pk), one.name) for one in insurers]


class FirstDayForm(forms.Form):
    """When cover begins."""

    inception = DayField(label=_("First day of cover"), help_text=_("Empty: tomorrow"))


class ScanForm(forms.Form):
    """A scan that somebody else made."""

    file = forms.FileField(label=_("Scan report"), help_text=_(
        "nmap, nuclei, Greenbone, SARIF and others; nothing is scanned from here"))


class ObjectForm(forms.Form):
    """Why a firm does not agree with a decision."""

    reason = forms.CharField(label=_("What do you not agree with?"), max_length=2_000,
                             widget=forms.Textarea({"rows": 4}))


class BatchForm(forms.Form):
    """A file of firms."""

    file = forms.FileField(label=_("File of firms"), help_text=_(
        "CSV, Excel or Parquet, a row for each firm, at most 2,000"))
    inception = DayField(label=_("First day of cover"), help_text=_(
        "Until this day the offers can be taken and paid. Empty: tomorrow"))


class BindForm(forms.Form):
    """Who at the firm takes the offer."""

    confirmed_by = forms.CharField(label=_("Your name"), max_length=100, help_text=_(
        "It stands in the policy as who confirmed that the terms were explained"))


class StaffBindForm(forms.Form):
    """Who at the firm took the offer, and how the terms were explained to them."""

    confirmed_by = forms.CharField(label=_("Who confirmed it at the firm"), max_length=100)
    channel = forms.ChoiceField(label=_("How the terms were explained"),
                                choices=tuple(CHANNELS.items()))


class BatchBindForm(forms.Form):
    """The declaration under which offers of a batch are bound."""

    confirmed_by = forms.CharField(label=_("Who explained the terms"), max_length=100)
    channel = forms.ChoiceField(label=_("How the terms were explained"),
                                choices=tuple(CHANNELS.items()))
    explained = forms.BooleanField(label=_(
        "Every exclusion, deductible, waiting period and share was highlighted and explained to "
        "each applicant, and each has taken its offer"))


class DecisionForm(forms.Form):
    """An underwriter's decision on a referred firm."""

    plan = forms.ChoiceField(label=_p("small firm", "Plan"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=2_000,
                             widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, plans: Iterable[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["plan"].choices = [(code, plan_name(code)) for code in plans]


class AgainForm(forms.Form):
    """What a firm says against a refusal."""

    text = forms.CharField(label=_("What has changed, or was not known"), max_length=1_000,
                           widget=forms.Textarea({"rows": 3}))


class LookForm(forms.Form):
    """Why a refusal is lifted, or stands."""

    reason = forms.CharField(label=_("Reason"), max_length=2_000,
                             widget=forms.Textarea({"rows": 2}))


class RenewalForm(forms.Form):
    """How far ahead policies are renewed."""

    days = forms.IntegerField(label=_("Days until the last day"), initial=45, min_value=1,
                              max_value=59)


class LinkForm(forms.Form):
    """A new link."""

    label = forms.CharField(label=_("Note"), max_length=100, required=False, help_text=_(
        "For yourself, to tell the links apart"))
    days = forms.IntegerField(label=_("Days it lives"), initial=14, min_value=1, max_value=60)


class PaymentForm(forms.Form):
    """That the premium has arrived."""

    reference = forms.CharField(label=_("Reference of the bank"), max_length=100)


class RunForm(forms.Form):
    """Monthly pages of all firms."""

    language = forms.ChoiceField(label=_("Language of the pages"),
                                 choices=(("zh", "中文"), ("en", "English")))
