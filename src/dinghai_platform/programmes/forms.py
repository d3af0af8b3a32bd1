"""Forms of programmes. They shape input; the engine and the services decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.experience.own_values import CellFault
from dinghai.supplychain.chain_cells import read_cell
from dinghai_platform.core.forms import DayField

_AMOUNTS: Final = _("Such as 120万 or 1200000")
REASON: Final = {"rows": 2}


class AmountField(forms.CharField):
    """An amount of money as people write it, in fen."""

    def clean(self, value: Any) -> int | None:
        """The amount. Raises ValidationError for what is none."""
        text = super().clean(value).strip()
        if not text:
            return None
        try:
            return int(read_cell("amount", text))
        except CellFault:
            raise forms.ValidationError(_("Write an amount such as 500万 or 2000000.")) from None


class OpenForm(forms.Form):
    """A new programme."""

    name_zh = forms.CharField(label=_("Chinese name"), max_length=200, required=False,
                              help_text=_("Empty: that of the agreement"))
    name_en = forms.CharField(label=_("English name"), max_length=200, required=False)
    layers = forms.FileField(label=_("Layers and shares"), required=False, help_text=_(
        "TOML or JSON as in docs/reference/chain-files.md; without it those of the wording"))
    inception = DayField(label=_p("programme", "First day"))
    expiry = DayField(label=_p("programme", "Last day"), help_text=_("Empty: a year"))
    premium = AmountField(label=_("Premium of the whole period before tax"), max_length=40,
                          required=False, help_text=_AMOUNTS)
    policy = forms.ModelChoiceField(None, label=_("Policy"), required=False, help_text=_(
        "With a policy its claims are settled here, and its premium holds the members of the "
        "first day"))

    def __init__(self, *args: Any, policies: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["policy"].queryset = policies

    def clean(self) -> dict[str, Any]:
        """A period needs its first day."""
        data = super().clean() or {}
        if data.get("inception") is None:
            self.add_error("inception", _("Give a day."))
        elif data.get("expiry") is None:
            data["expiry"] = data["inception"] + timedelta(days=364)
        return data


class EnrolForm(forms.Form):
    """Who joins: a file, or firms that are ticked."""

    file = forms.FileField(label=_("List of members"), required=False, help_text=_(
        "CSV or Excel with the columns firm, first, premium and organisation; all but the first "
        "may be missing"))
    firms = forms.MultipleChoiceField(label=_p("programme", "Firms"), required=False)
    first = DayField(label=_p("member", "First day"), help_text=_("Empty: the programme's"))
    premium = AmountField(label=_("Premium of the whole period before tax"), max_length=40,
                          required=False, help_text=_("Empty: by what it causes, or by revenue"))
    organisation = forms.ModelChoiceField(None, label=_p("programme", "Organisation here"),
                                          required=False)

    def __init__(self, *args: Any, firms: list[tuple[str, str]], organisations: Any,
                 **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["firms"].choices = firms
        self.fields["organisation"].queryset = organisations


class LeaveForm(forms.Form):
    """When and why a member leaves."""

    last = DayField(label=_p("member", "Last day"))
    reason = forms.CharField(label=_("Reason"), max_length=2_000,
                             widget=forms.Textarea(attrs=REASON))


class LinkForm(forms.Form):
    """Which organisation here a member is."""

    organisation = forms.ModelChoiceField(None, label=_p("programme", "Organisation here"))

    def __init__(self, *args: Any, organisations: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["organisation"].queryset = organisations


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=2_000,
                             widget=forms.Textarea(attrs=REASON))


class StudyForm(forms.Form):
    """What is asked of the twin."""

    runs = forms.IntegerField(label=_("Simulated years"), initial=20_000, min_value=100,
                              max_value=200_000)
    seed = forms.IntegerField(label=_("Seed"), initial=1, min_value=0, max_value=2_147_483_647)


class FloatStudyForm(forms.Form):
    """Which version is compared with that of the programme."""

    after = forms.ChoiceField(label=_("Version"))
    runs = forms.IntegerField(label=_("Attempts"), initial=2_000, min_value=100, max_value=10_000)
    seed = forms.IntegerField(label=_("Seed"), initial=1, min_value=0, max_value=2_147_483_647)

    def __init__(self, *args: Any, versions: list[int], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["after"].choices = [(str(one), f"v{one}") for one in versions]


class EventForm(forms.Form):
    """An event of which one section is known; further ones come through the API."""

    event = forms.CharField(label=_p("settlement", "Event"), max_length=100)
    occurred_on = DayField(label=_p("settlement", "Happened on"))
    member = forms.ChoiceField(label=_p("settlement", "Who suffered it"))
    coverage = forms.ChoiceField(label=_p("settlement", "Coverage"))
    amount = AmountField(label=_p("settlement", "Granted before the layers"), max_length=40,
                         help_text=_AMOUNTS)
    root_cause = forms.ChoiceField(label=_p("settlement", "Where the cause lies"), required=False)

    def __init__(self, *args: Any, firms: list[tuple[str, str]],
                 covered: list[tuple[str, str]], sections: list[tuple[str, str]],
                 **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["member"].choices = covered
        self.fields["coverage"].choices = sections
        self.fields["root_cause"].choices = [("", _("Not established")), *firms]


class DecisionForm(forms.Form):
    """A decided claim to settle."""

    decision = forms.ModelChoiceField(None, label=_p("settlement", "Decided claim"))
    root_cause = forms.ChoiceField(label=_p("settlement", "Where the cause lies"), required=False)

    def __init__(self, *args: Any, decisions: Any, firms: list[tuple[str, str]],
                 **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["decision"].queryset = decisions
        self.fields["decision"].label_from_instance = (
            lambda one: f"{one.claim.number} · {one.total_fen / 100:,.2f}")
        self.fields["root_cause"].choices = [("", _("Not established")), *firms]
